//! What a handler works with: the data of the client's database, and the ways to say what changed.

use crate::acl::log::LogContext;
use crate::args::Args;
use crate::blocking::{Blocked, TimeoutReply, Wait};
use crate::client::{Client, ClientId};
use crate::command::Command;
use crate::config::Config;
use crate::db::{Db, DbIndex, Entry, Removed};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::notify::Class;
use crate::time::UnixMillis;
use crate::usage::Touch;
use crate::value::{SmallBytes, Typed, Value, ValueType};
use keyspace_resp::ReplyWriter;
use smallvec::SmallVec;

/// A command in execution.
///
/// Keys are those of [`db`](Self::db). No lookup meets an expired key: time does not move while a
/// command runs, and everything due was removed before it started.
pub(crate) struct Context<'e> {
    pub engine: &'e mut Engine,
    pub client_id: ClientId,
    pub db: DbIndex,
    pub command: &'static Command,
    /// Where the call comes from. Inside a transaction or a script a command cannot wait: it answers
    /// as if its time was out.
    pub origin: Origin,
    /// The client waits already, and its command is tried again.
    pub is_retry: bool,
    /// The command asked to wait.
    pub wants_block: bool,
    /// The arguments that monitors must not see.
    pub secrets: SmallVec<[usize; 2]>,
}

/// Where a call of a command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A client sent it, and may wait for its reply.
    Client,
    /// EXEC runs what was queued.
    Transaction,
    /// A script or function calls it.
    Script,
}

impl Context<'_> {
    pub fn now(&self) -> UnixMillis {
        self.engine.now
    }

    /// Whether the command may wait.
    pub fn may_block(&self) -> bool {
        self.origin == Origin::Client
    }

    pub fn config(&self) -> &Config {
        &self.engine.config
    }

    /// The client that runs the command.
    #[inline(always)]
    pub fn client(&self) -> &Client {
        &self.engine.clients[&self.client_id]
    }

    pub fn client_mut(&mut self) -> &mut Client {
        self.engine.clients.get_mut(&self.client_id).expect("a client runs this command")
    }

    pub fn database(&self) -> &Db {
        self.engine.db(self.db)
    }

    pub fn database_mut(&mut self) -> &mut Db {
        self.engine.db_mut(self.db)
    }

    /// Runs something on another database than the client's.
    pub fn in_db<T>(&mut self, db: DbIndex, run: impl FnOnce(&mut Self) -> T) -> T {
        let home = std::mem::replace(&mut self.db, db);
        let result = run(self);
        self.db = home;
        result
    }

    /// Looks a key up for reading: counts a hit or a miss and notes the access.
    ///
    /// # Errors
    /// `WRONGTYPE` where the key holds another type.
    pub fn get<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&T>, CommandError> {
        if !self.note_read(key) {
            return Ok(None);
        }
        self.peek(key)
    }

    /// Looks a key of any type up for reading: counts a hit or a miss and notes the access.
    pub fn get_any(&mut self, key: &[u8]) -> Option<Entry<'_>> {
        self.note_read(key);
        self.database().get(key)
    }

    /// Looks a key of any type up without using it: counts a hit or a miss.
    pub fn get_untouched(&mut self, key: &[u8]) -> Option<Entry<'_>> {
        let exists = self.database().contains(key);
        self.count_lookup(key, exists);
        self.database().get(key)
    }

    /// Counts a hit or a miss of which nobody is notified.
    pub fn count_inspection(&mut self, key: &[u8]) {
        let exists = self.database().contains(key);
        if !self.client().hidden {
            self.engine.stats.count_lookup(exists);
        }
    }

    /// Looks a key up and leaves no trace; several can be held at a time.
    ///
    /// # Errors
    /// `WRONGTYPE` where the key holds another type.
    pub fn peek<T: Typed>(&self, key: &[u8]) -> Result<Option<&T>, CommandError> {
        match self.database().get(key) {
            None => Ok(None),
            Some(entry) => right_type(T::from_value(entry.value)).map(Some),
        }
    }

    /// Looks a key up to change its value. After the change call [`changed`](Self::changed), and
    /// [`remove_if_empty`](Self::remove_if_empty) where elements were removed.
    ///
    /// # Errors
    /// `WRONGTYPE` where the key holds another type.
    pub fn get_mut<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&mut T>, CommandError> {
        let touch = self.touch(true);
        match self.database_mut().get_mut(key, touch) {
            None => Ok(None),
            Some(value) => right_type(T::from_value_mut(value)).map(Some),
        }
    }

    /// Like [`get_mut`](Self::get_mut), and creates an empty value where there is no key. The
    /// handler must put something into it.
    pub fn get_or_create<T: Typed + Default>(
        &mut self,
        key: &[u8],
    ) -> Result<&mut T, CommandError> {
        if !self.database().contains(key) {
            self.set_value(key, T::default().into_value(), None);
        }
        right_type(self.get_mut(key)?)
    }

    /// Sets a key to a value with that expiry, whatever it held before, and returns what it held.
    /// Does not announce the change.
    pub fn set_value(
        &mut self,
        key: &[u8],
        value: Value,
        expire_at: Option<UnixMillis>,
    ) -> Option<Removed> {
        self.put_value(key, value, expire_at, false)
    }

    /// Sets a key as [`set_value`](Self::set_value) does, for a command that removes the key before
    /// it adds it anew: it is a new key then, whatever was there.
    pub fn add_value(&mut self, key: &[u8], value: Value, expire_at: Option<UnixMillis>) {
        self.put_value(key, value, expire_at, true);
    }

    fn put_value(
        &mut self,
        key: &[u8],
        value: Value,
        expire_at: Option<UnixMillis>,
        adds: bool,
    ) -> Option<Removed> {
        let touch = self.engine.touch(true).unwrap_or(Touch::At(self.now()));
        let value_type = value.value_type();
        let old = self.database_mut().insert(key, value, expire_at, touch);
        if adds || old.is_none() {
            self.notify(key, Class::NEW, "new");
        }
        if let Some(old) = &old {
            self.notify(key, Class::OVERWRITTEN, "overwritten");
            if old.value.value_type() != value_type {
                self.notify(key, Class::TYPE_CHANGED, "type_changed");
            }
        }
        old
    }

    /// Removes a key and announces it as `del`; `false` where there was none.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        if self.database_mut().remove(key).is_none() {
            return false;
        }
        self.changed(key, Class::GENERIC, "del");
        true
    }

    /// Removes a key whose last element is gone, and announces it as `del`.
    pub fn remove_if_empty(&mut self, key: &[u8]) {
        if self.database().get(key).is_some_and(|entry| entry.value.is_empty_aggregate()) {
            self.delete(key);
        }
    }

    /// Announces a change of a key by the name that keyspace notifications give it.
    pub fn changed(&mut self, key: &[u8], class: Class, event: &'static str) {
        self.engine.key_changed(Some(self.client_id), self.db, key, class, event);
    }

    /// Announces an event that is no change by itself.
    pub fn notify(&mut self, key: &[u8], class: Class, event: &'static str) {
        self.engine.notify(Some(self.client_id), self.db, key, class, event);
    }

    /// Parks the client until one of `keys` holds something of `value_type` that serves the
    /// command, which then runs again from its beginning; answers a null array at `deadline`, and
    /// at once where the command may not wait.
    pub fn block(
        &mut self,
        out: &mut ReplyWriter,
        args: &Args<'_>,
        keys: &[&[u8]],
        value_type: ValueType,
        deadline: Option<UnixMillis>,
    ) {
        let wait = Wait { deadline, ..Wait::new(value_type, ReplyWriter::null_array) };
        self.block_with(out, args, keys, wait);
    }

    /// Parks the client until `deadline`; `reply` answers it then, and at once where the command
    /// may not wait.
    pub fn block_until(
        &mut self,
        out: &mut ReplyWriter,
        args: &Args<'_>,
        deadline: Option<UnixMillis>,
        reply: TimeoutReply,
    ) {
        let wait = Wait { deadline, ..Wait::new(ValueType::String, reply) };
        self.block_with(out, args, &[], wait);
    }

    /// Parks the client until one of `keys` serves the command, as `wait` says. The command runs
    /// again with `args`, which may differ from those it came with.
    pub fn block_with(
        &mut self,
        out: &mut ReplyWriter,
        args: &Args<'_>,
        keys: &[&[u8]],
        wait: Wait,
    ) {
        if !self.may_block() {
            (wait.timeout_reply)(out);
            return;
        }
        let retry_at = wait.retry_at.filter(|&at| at > self.now());
        let wait = Wait { retry_at, ..wait };
        self.wants_block = true;
        if self.is_retry {
            self.engine.set_retry(self.client_id, wait.retry_at);
            return;
        }
        let blocked = Blocked {
            db: self.db,
            keys: keys.iter().map(|&key| SmallBytes::from(key)).collect(),
            wait,
            arrival: self.engine.blocking.next_arrival(),
            args: args.iter().map(|&arg| SmallBytes::from(arg)).collect(),
        };
        self.engine.block_client(self.client_id, blocked);
    }

    /// Whether the client's user may read every key there is by this call.
    pub fn may_read_all_keys(&self, args: &Args<'_>) -> bool {
        let (client, acl) = (self.client(), &self.engine.acl);
        client.hidden || acl.user(client.user).may_read_all_keys(self.command, args)
    }

    /// Where a denial in this command happens: EXEC runs it, or the client itself.
    pub fn log_context(&self) -> LogContext {
        if self.may_block() { LogContext::Toplevel } else { LogContext::Multi }
    }

    /// Hides an argument, a password or the like, from monitors.
    pub fn hide_argument(&mut self, index: usize) {
        self.secrets.push(index);
    }

    /// A number from the engine's generator, below `bound`, which is not 0.
    pub fn random_below(&mut self, bound: usize) -> usize {
        self.engine.rng.usize(..bound)
    }

    /// A generator of its own, for a handler that picks while it holds data.
    pub fn fork_rng(&mut self) -> fastrand::Rng {
        self.engine.rng.fork()
    }

    /// Notes that a client read a key, and says whether it exists. An observer leaves no trace.
    fn note_read(&mut self, key: &[u8]) -> bool {
        let touch = self.touch(false);
        let exists = self.database_mut().touch(key, touch);
        self.count_lookup(key, exists);
        exists
    }

    fn count_lookup(&mut self, key: &[u8], exists: bool) {
        if self.client().hidden {
            return;
        }
        self.engine.stats.count_lookup(exists);
        if !exists {
            self.notify(key, Class::KEY_MISS, "keymiss");
        }
    }

    /// How an access by this client is noted; `None` under CLIENT NO-TOUCH.
    fn touch(&mut self, is_change: bool) -> Option<Touch> {
        if self.client().no_touch { None } else { self.engine.touch(is_change) }
    }
}

/// A value that was asked for as one of some type.
#[inline(always)]
fn right_type<T>(value: Option<T>) -> Result<T, CommandError> {
    match value {
        Some(value) => Ok(value),
        // Not made before it is needed: an error has to be dropped.
        None => Err(CommandError::WrongType),
    }
}
