//! `timeout`: a client that has done nothing for so many seconds is closed.
//!
//! Clients that wait, listen or monitor are spared. When the next one may be due is known as a
//! bound: whatever a client does moves its own time further away, so nothing is looked at before.

use crate::client::Client;
use crate::engine::Engine;
use crate::time::UnixMillis;

/// When to look for idle clients.
#[derive(Debug, Clone, Default)]
pub(crate) struct Idle {
    /// The setting that this follows from, in milliseconds; 0 is none.
    timeout: i64,
    /// No client is due before.
    pub check_at: Option<UnixMillis>,
}

impl Client {
    /// Whether the client is closed when it does nothing.
    fn may_be_idle(&self) -> bool {
        !self.hidden
            && !self.closing
            && !self.monitoring
            && !self.waits()
            && !self.subscriptions.any()
    }
}

impl Engine {
    /// Looks again where the setting has changed.
    pub(crate) fn plan_idle(&mut self) {
        let timeout = self.config.timeout_secs.saturating_mul(1000);
        if timeout != self.idle.timeout {
            self.idle = Idle { timeout, check_at: (timeout > 0).then_some(self.now) };
            self.close_idle();
        }
    }

    /// A client connects: it may be the first that is due.
    pub(crate) fn plan_idle_client(&mut self) {
        if self.idle.timeout > 0 && self.idle.check_at.is_none() {
            self.idle.check_at = self.now.checked_add(self.idle.timeout);
        }
    }

    /// Closes the clients that are due, and finds when the next one may be.
    pub(crate) fn close_idle(&mut self) {
        let (now, timeout) = (self.now, self.idle.timeout);
        if self.idle.check_at.is_none_or(|at| at > now) {
            return;
        }
        let mut idle = Vec::new();
        let mut first: Option<UnixMillis> = None;
        for client in self.clients.values().filter(|client| !client.hidden && !client.closing) {
            // One that is spared now may be idle when it is no longer.
            let since = if client.may_be_idle() { client.last_interaction_at } else { now };
            if now - since >= timeout {
                idle.push(client.id);
            } else {
                first = Some(first.map_or(since, |first| first.min(since)));
            }
        }
        self.idle.check_at = first.and_then(|since| since.checked_add(timeout));
        for id in idle {
            self.kill_client(id);
        }
    }
}
