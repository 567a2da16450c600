//! Transactions: the queue of MULTI, and WATCH's check that nothing changed.

use crate::acl::Denied;
use crate::acl::log::LogContext;
use crate::args::Args;
use crate::client::{ClientId, ReplyMode};
use crate::client_memory::arguments_bytes;
use crate::command::{self, Command, InMulti};
use crate::context::Origin;
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::error::CommandError;
use crate::value::{Map, OrderedSet, SmallBytes};
use keyspace_resp::ReplyWriter;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// A client's transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transaction {
    /// The queued commands; `None` outside of MULTI.
    pub queue: Option<Vec<Vec<SmallBytes>>>,
    /// What their arguments take.
    pub queue_bytes: usize,
    /// How many commands EXEC runs, while it runs them.
    pub executing: Option<usize>,
    /// A command could not be queued, so that EXEC must refuse.
    pub has_errors: bool,
    /// A queued command may change data, or tell replicas of something.
    pub may_replicate: bool,
    /// A queued command may need memory.
    pub denyoom: bool,
    /// A watched key changed, so that EXEC does nothing.
    pub watched_key_changed: bool,
    pub watched: OrderedSet<(DbIndex, SmallBytes)>,
}

/// The commands of a transaction that are still to be run.
pub(crate) type Rest = VecDeque<Vec<SmallBytes>>;

/// Who watches which keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchers {
    by_key: Map<(DbIndex, SmallBytes), OrderedSet<ClientId>>,
}

impl Watchers {
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many keys are watched.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}

impl Transaction {
    /// How many commands are queued or executed; `None` outside of a transaction.
    pub fn commands(&self) -> Option<usize> {
        self.queue.as_ref().map(Vec::len).or(self.executing)
    }
}

impl Engine {
    /// WATCH of one key by one client; a second time changes nothing.
    pub(crate) fn watch(&mut self, id: ClientId, db: DbIndex, key: &[u8]) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let pair = (db, SmallBytes::from(key));
        if client.transaction.watched.insert(pair.clone()) {
            self.watchers.by_key.entry(pair).or_default().insert(id);
        }
    }

    /// Forgets everything the client watches, and that any of it changed.
    pub(crate) fn unwatch_all(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.transaction.watched_key_changed = false;
        for pair in std::mem::take(&mut client.transaction.watched) {
            if let Some(ids) = self.watchers.by_key.get_mut(&pair) {
                ids.swap_remove(&id);
                if ids.is_empty() {
                    self.watchers.by_key.swap_remove(&pair);
                }
            }
        }
    }

    /// Panics where the watched keys and those who watch them disagree.
    pub(crate) fn check_watchers(&self) {
        for (pair, ids) in &self.watchers.by_key {
            assert!(!ids.is_empty(), "a key that nobody watches is forgotten");
            for id in ids {
                let client = self.clients.get(id).expect("who watches is connected");
                assert!(client.transaction.watched.contains(pair), "it knows what it watches");
            }
        }
        for (id, client) in &self.clients {
            for pair in &client.transaction.watched {
                let ids = self.watchers.by_key.get(pair);
                assert!(ids.is_some_and(|ids| ids.contains(id)), "a watched key is listed");
            }
        }
    }

    /// Ends the client's transaction without running it.
    pub(crate) fn discard_transaction(&mut self, id: ClientId) {
        self.unwatch_all(id);
        if let Some(client) = self.clients.get_mut(&id) {
            client.transaction = Transaction::default();
        }
    }

    /// Queues a command for EXEC; one that EXEC will not run takes no memory.
    pub(crate) fn queue(&mut self, id: ClientId, command: &Command, args: &Args<'_>) {
        let (may_replicate, denyoom) =
            (self.may_replicate(command, args), self.is_denyoom(command, args));
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let transaction = &mut client.transaction;
        if transaction.has_errors || transaction.watched_key_changed {
            return;
        }
        transaction.may_replicate |= may_replicate;
        transaction.denyoom |= denyoom;
        transaction.queue_bytes += arguments_bytes(args.iter().map(|arg| arg.len()));
        let args = args.iter().map(|&arg| SmallBytes::from(arg)).collect();
        transaction.queue.get_or_insert_default().push(args);
    }

    /// Runs queued commands one after the other. One that fails answers its error in its place,
    /// and the others run all the same.
    pub(crate) fn run_queue(
        &mut self,
        id: ClientId,
        queue: Vec<Vec<SmallBytes>>,
        out: &mut ReplyWriter,
    ) {
        out.array(queue.len());
        self.set_executing(id, Some(queue.len()));
        self.run_rest(id, queue.into(), out);
    }

    /// Runs what is left of a transaction. A script among it that is unfinished takes the rest
    /// with it. What is behind CLIENT REPLY OFF, or behind a command that closes the connection, is
    /// not answered, though the length of the reply was announced.
    pub(crate) fn run_rest(&mut self, id: ClientId, mut rest: Rest, out: &mut ReplyWriter) {
        while let Some(queued) = rest.pop_front() {
            let start = out.len();
            let is_closing = self.clients.get(&id).is_some_and(|client| client.closing);
            let args: SmallVec<[&[u8]; 8]> = queued.iter().map(|arg| &**arg).collect();
            let result = command::find(&args).and_then(|command| {
                self.check_queued(id, command, &args)?;
                self.call(id, command, &args, out, Origin::Transaction)
            });
            if let Err(error) = result {
                self.answer_error(&error, out);
            }
            if self.has_unfinished_script() {
                return self.leave_to_script(rest);
            }
            let client = self.clients.get(&id);
            if is_closing || client.is_some_and(|client| client.reply_mode == ReplyMode::Off) {
                out.truncate(start);
            }
        }
        self.set_executing(id, None);
    }

    /// CLIENT INFO shows a transaction also while it is executed.
    fn set_executing(&mut self, id: ClientId, commands: Option<usize>) {
        if let Some(client) = self.clients.get_mut(&id) {
            client.transaction.executing = commands;
        }
    }

    /// What a user may do can have changed since the command was queued.
    fn check_queued(
        &mut self,
        id: ClientId,
        command: &Command,
        args: &Args<'_>,
    ) -> Result<(), CommandError> {
        self.acl_check(id, command, args, LogContext::Multi).map_err(|denied| {
            let reason = match denied {
                Denied::Command => "no permission to execute the command or subcommand",
                Denied::Key(_) => "no permission to touch the specified keys",
                Denied::Channel(_) => {
                    "no permission to access one of the channels used as arguments"
                }
            };
            CommandError::NoPermission(Box::new(format!(
                "ACLs rules changed between the moment the transaction was accumulated and the \
                 EXEC call. This command is no longer allowed for the following reason: {reason}"
            )))
        })
    }

    /// A command was refused before it could run or be queued: the transaction that it was for
    /// will not be executed, and if it was EXEC, ends here. Returns the error to answer.
    pub(crate) fn refuse_in_transaction(
        &mut self,
        id: ClientId,
        args: &Args<'_>,
        error: CommandError,
    ) -> CommandError {
        let spec = args.first().and_then(|name| command::lookup(name));
        if spec.is_some_and(|spec| spec.in_multi == InMulti::Executes) {
            self.discard_transaction(id);
            return CommandError::ExecRefused(Box::new(error));
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.transaction.has_errors = client.transaction.queue.is_some();
        }
        error
    }

    /// Tells the watchers of a key that it changed.
    #[inline]
    pub(crate) fn touch_watched(&mut self, db: DbIndex, key: &[u8]) {
        if !self.watchers.is_empty() {
            self.tell_watchers(db, key);
        }
    }

    #[cold]
    fn tell_watchers(&mut self, db: DbIndex, key: &[u8]) {
        let Some(ids) = self.watchers.by_key.get(&(db, SmallBytes::from(key))) else {
            return;
        };
        for id in ids {
            if let Some(client) = self.clients.get_mut(id) {
                client.transaction.watched_key_changed = true;
            }
        }
    }

    /// Tells the watchers of a database that it is emptied, or replaced by `other`: a watched key
    /// is touched where it exists here or will exist.
    pub(crate) fn touch_all_watched(&mut self, db: DbIndex, other: Option<DbIndex>) {
        let touched: Vec<_> = self
            .watchers
            .by_key
            .keys()
            .filter(|(watched_db, key)| {
                *watched_db == db
                    && (self.db(db).contains(key)
                        || other.is_some_and(|other| self.db(other).contains(key)))
            })
            .cloned()
            .collect();
        for (db, key) in touched {
            self.touch_watched(db, &key);
        }
    }
}
