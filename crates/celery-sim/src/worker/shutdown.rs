//! How a worker stops: it is not reached any more, finishes what it runs, puts back the rest.

use super::{Phase, Stop, Then, Worker};
use crate::connection::{Command, Role};
use crate::keys;
use keyspace::UnixMillis;

impl Worker {
    /// Undeclares what belongs to it, and says that it goes.
    pub(super) fn say_goodbye(&mut self, now: UnixMillis) {
        let cold = self.stop == Some(Stop::Cold);
        let soft_ms = (self.config.worker_soft_shutdown_timeout.max(0.0) * 1000.0) as i64;
        let until = cold.then(|| now + soft_ms);
        self.phase = Phase::Draining { until };
        self.timers.clear();
        self.held.clear();
        self.buckets.clear();
        self.pool.clear_waiting();
        if self.config.worker_enable_remote_control {
            let channel = self.keys.channel(keys::PIDBOX_EXCHANGE, "");
            self.process.post(Role::Pidbox, Command::new("PUNSUBSCRIBE").arg(channel));
            self.process.open(Role::Shutdown);
            let queue = self.pidbox_binding();
            queue.delete(&mut self.process, &self.keys, Role::Shutdown);
        }
        let fanout: Vec<String> = self.fanout_channels().collect();
        if !fanout.is_empty() {
            self.process.post(Role::Fanout, Command::new("PUNSUBSCRIBE").args(fanout));
        }
        self.send_heartbeat("worker-offline", now);
        if self.config.worker_gossip {
            let channel = self.gossip_channel();
            self.process.post(Role::Gossip, Command::new("PUNSUBSCRIBE").arg(channel));
            self.process.open(Role::GossipShutdown);
            let queue = self.gossip_binding();
            queue.delete(&mut self.process, &self.keys, Role::GossipShutdown);
        }
    }

    /// Waits for tasks that run; `false` where there is nothing to do.
    pub(super) fn drain(&mut self, until: Option<UnixMillis>, now: UnixMillis) -> bool {
        if self.take_returned(now) {
            return true;
        }
        let waits = self.active_count() > 0 && until.is_none_or(|until| now < until);
        if waits {
            return false;
        }
        self.phase = Phase::Stopping;
        self.process.then(Then::PutBack);
        true
    }

    /// Puts back what is left, and ends.
    pub(super) fn put_back(&mut self) {
        self.pool.abort();
        self.restore_delivered();
        self.process.then(Then::Stopped);
    }
}
