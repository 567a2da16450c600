//! CLIENT PAUSE: commands that wait until a time or until CLIENT UNPAUSE.
//!
//! A client whose command may not run yet is *postponed*: the command is kept as data, and what
//! the client sent behind it waits with it. At the end of the pause the commands run in the order
//! in which they arrived. Blocked clients are not served meanwhile where their command may not run.
//!
//! To expire and to evict keys are writes, so nothing is evicted during a pause. A key whose time
//! comes is gone at its millisecond, as always; that it expired is counted and announced at the end.

use crate::args::Args;
use crate::client::ClientId;
use crate::command::{Command, InMulti};
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::event::Event;
use crate::expire::Expiry;
use crate::time::UnixMillis;
use crate::value::SmallBytes;

/// Which commands wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those that may change data, or tell replicas of something.
    Write,
    All,
}

/// The pause, and what waits for its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pause {
    current: Option<(Scope, UnixMillis)>,
    postponed: Vec<ClientId>,
    expired: Vec<(DbIndex, SmallBytes, Expiry)>,
    /// Keys that could have served a blocked client.
    ready: Vec<(DbIndex, SmallBytes)>,
}

impl Pause {
    pub fn is_on(&self) -> bool {
        self.current.is_some()
    }

    /// When the pause ends by itself.
    pub fn deadline(&self) -> Option<UnixMillis> {
        self.current.map(|(_, until)| until)
    }

    /// How many clients are postponed.
    pub fn clients(&self) -> usize {
        self.postponed.len()
    }

    /// Keeps back that something expired.
    pub fn keep_expiry(&mut self, db: DbIndex, key: SmallBytes, expiry: Expiry) {
        self.expired.push((db, key, expiry));
    }

    /// Keeps back that a key could serve a blocked client.
    pub fn keep_ready(&mut self, db: DbIndex, key: &[u8]) {
        self.ready.push((db, key.into()));
    }
}

/// A command that waits for the end of a pause.
#[derive(Debug, Clone)]
pub(crate) struct Postponed {
    args: Vec<SmallBytes>,
    /// The pause has ended, and the command runs next.
    is_released: bool,
}

impl Postponed {
    pub fn args(&self) -> &[SmallBytes] {
        &self.args
    }
}

impl Engine {
    /// Pauses commands until a time. A pause that is there already is never shortened, nor
    /// narrowed.
    pub(crate) fn pause(&mut self, scope: Scope, until: UnixMillis) {
        let (scope, until) = match self.pause.current {
            Some((Scope::All, current)) => (Scope::All, current.max(until)),
            Some((Scope::Write, current)) => (scope, current.max(until)),
            None => (scope, until),
        };
        if until > self.now {
            self.pause.current = Some((scope, until));
        }
    }

    /// Ends a pause whose time has come.
    pub(crate) fn end_pause_due(&mut self) {
        if self.pause.deadline().is_some_and(|until| until <= self.now) {
            self.unpause();
        }
    }

    /// Ends the pause: what expired is announced, and every client that waited goes on when the
    /// command that is running has ended.
    pub(crate) fn unpause(&mut self) {
        let pause = std::mem::take(&mut self.pause);
        for (db, key, expiry) in pause.expired {
            self.announce_expiry(db, &key, expiry);
        }
        for (db, key) in pause.ready {
            self.signal_key(db, &key);
        }
        for id in pause.postponed {
            if let Some(client) = self.clients.get_mut(&id)
                && let Some(postponed) = &mut client.postponed
            {
                postponed.is_released = true;
                self.blocking.free(id);
                self.record(|at| Event::Unblocked { at, client: id });
            }
        }
    }

    /// Whether a pause keeps this command of this client from running.
    #[inline]
    pub(crate) fn is_paused(&self, id: ClientId, command: &Command, args: &Args<'_>) -> bool {
        self.pause.is_on() && self.is_held_by_pause(id, command, args)
    }

    #[cold]
    fn is_held_by_pause(&self, id: ClientId, command: &Command, args: &Args<'_>) -> bool {
        let Some((scope, _)) = self.pause.current else {
            return false;
        };
        let Some(client) = self.clients.get(&id) else {
            return false;
        };
        let executes = command.spec.in_multi == InMulti::Executes;
        !client.hidden
            && (scope == Scope::All
                || self.may_replicate(command, args)
                || executes && client.transaction.may_replicate)
    }

    /// Keeps a client's command until the end of the pause.
    pub(crate) fn postpone(&mut self, id: ClientId, args: Vec<SmallBytes>) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        client.postponed = Some(Postponed { args, is_released: false });
        self.pause.postponed.push(id);
        let (db, deadline) = (client.db, self.pause.deadline());
        self.record(|at| Event::Blocked { at, client: id, db, keys: Vec::new(), deadline });
    }

    /// The command that a client waited with, where the pause has ended.
    pub(crate) fn take_released(&mut self, id: ClientId) -> Option<Vec<SmallBytes>> {
        let client = self.clients.get_mut(&id)?;
        client.postponed.take_if(|postponed| postponed.is_released).map(|postponed| postponed.args)
    }

    /// Forgets what a client waits with.
    pub(crate) fn forget_postponed(&mut self, id: ClientId) {
        let postponed = self.clients.get_mut(&id).and_then(|client| client.postponed.take());
        if postponed.is_some() {
            self.pause.postponed.retain(|&other| other != id);
        }
    }

    /// Panics where the pause and the clients that wait for its end disagree.
    pub(crate) fn check_pause(&self) {
        let waiting = self.clients.values().filter(|client| client.postponed.is_some());
        assert_eq!(waiting.count(), self.pause.postponed.len(), "postponed clients are listed");
        for id in &self.pause.postponed {
            let postponed = self.clients.get(id).and_then(|client| client.postponed.as_ref());
            assert!(postponed.is_some_and(|it| !it.is_released), "who is listed waits");
        }
        let waits = !self.pause.postponed.is_empty()
            || !self.pause.expired.is_empty()
            || !self.pause.ready.is_empty();
        assert!(!waits || self.pause.is_on(), "without a pause nothing waits");
        assert!(self.pause.deadline().is_none_or(|until| until > self.now), "it ends in time");
    }
}
