//! How a worker starts, and starts again when it lost a connection.

use super::{Phase, Then, Timer, Worker};
use crate::actor::Activity;
use crate::binding;
use crate::connection::{Command, Role};
use crate::control::ControlCall;
use crate::keys;
use crate::mailbox;
use crate::message;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::{Map, Value as Json};

/// The longest time between two tries to connect.
const RETRY_MAX_MS: i64 = 32_000;

impl Worker {
    /// Connects to the broker, and looks for lost messages.
    pub(super) fn start(&mut self) {
        self.phase = Phase::Starting;
        self.process.open(Role::Consumer);
        self.process.call(Role::Consumer, Command::new("PING"));
        self.process.open(Role::Channel);
        self.restorer.look(&mut self.process, &mut self.rng);
        self.process.then(Then::Connected);
    }

    /// The broker is there: asks the others, or goes on without them.
    pub(super) fn connected(&mut self, now: UnixMillis) {
        self.attempts = 0;
        self.connected_at = now;
        self.started_at.get_or_insert(now);
        if self.dispatcher.is_enabled() {
            self.process.open(Role::EventsBroker);
            self.process.call(Role::EventsBroker, Command::new("PING"));
        }
        if !self.config.worker_mingle {
            return self.declare();
        }
        let mut arguments = Map::new();
        arguments.insert("from_node".to_owned(), self.name.as_str().into());
        arguments.insert("revoked".to_owned(), self.revoked.clone().into());
        let hello = ControlCall { arguments, ..ControlCall::inspect("hello") };
        let (process, keys, rng) = (&mut self.process, &self.keys, &mut self.rng);
        self.mailbox.call(process, keys, &hello, rng, now, Then::Mingled);
    }

    /// Another worker answered, with what it knows; or no other did in time.
    pub(super) fn mingled(&mut self, reply: Option<&Value>) {
        let oid = self.mailbox.oid.clone();
        let Some([_, Value::Bulk(reply)]) = reply.and_then(Value::as_array) else {
            let queue = mailbox::reply_queue(&oid);
            queue.delete(&mut self.process, &self.keys, Role::Channel);
            return self.declare();
        };
        if let Some((Json::Object(nodes), _)) = message::open(reply) {
            for node in nodes.values() {
                self.sync_with(node);
            }
        }
        mailbox::wait(&mut self.process, &self.keys, &oid, 1.0, Then::Mingled);
    }

    fn sync_with(&mut self, node: &Json) {
        match node.get("clock").and_then(Json::as_u64) {
            Some(clock) => self.adjust_clock(clock),
            None => self.clock = self.clock.saturating_add(1),
        }
        let revoked = node.get("revoked").and_then(Json::as_array);
        for task_id in revoked.into_iter().flatten().filter_map(Json::as_str) {
            self.revoke(task_id);
        }
    }

    /// Declares the queues, and says that it is there.
    fn declare(&mut self) {
        if self.config.worker_gossip {
            self.process.open(Role::Gossip);
            self.process.call(Role::Gossip, Command::new("PING"));
            self.process.open(Role::GossipChannel);
            let queue = self.gossip_binding();
            queue.declare(&mut self.process, &self.keys, Role::GossipChannel);
        }
        for queue in &self.consumed {
            self.restorer.learn(queue);
            binding::declare_permanent(&mut self.process, &self.keys, Role::Channel, queue);
        }
        if self.config.worker_enable_remote_control {
            self.process.open(Role::Pidbox);
            self.process.call(Role::Pidbox, Command::new("PING"));
            self.process.open(Role::PidboxChannel);
            let queue = self.pidbox_binding();
            queue.declare(&mut self.process, &self.keys, Role::PidboxChannel);
        }
        if self.config.worker_heartbeat {
            self.process.then(Then::Online);
        }
        self.process.then(Then::Ready);
    }

    pub(super) fn online(&mut self, now: UnixMillis) {
        self.send_heartbeat("worker-online", now);
        self.timers.insert(Timer::Heartbeat, now + super::events::HEARTBEAT_MS);
    }

    /// The event loop begins: its timers, and the connections that it listens on.
    pub(super) fn ready(&mut self, now: UnixMillis) {
        self.phase = Phase::Looping;
        let since = self.connected_at;
        self.timers.insert(Timer::RefreshBindings, since + 1000);
        self.timers.insert(Timer::SweepBindings, since + 1000);
        self.timers.insert(Timer::RestoreMessages, since + self.restorer.interval_ms());
        self.timers.insert(Timer::CheckSubscribers, now + self.health_check_ms());
        if self.can_consume() {
            self.poll();
        }
        let fanout: Vec<String> = self.fanout_channels().collect();
        if !fanout.is_empty() {
            self.process.open(Role::Fanout);
            self.process.post(Role::Fanout, Command::new("PSUBSCRIBE").args(fanout));
        }
        if self.config.worker_enable_remote_control {
            let channel = self.keys.channel(keys::PIDBOX_EXCHANGE, "");
            self.process.post(Role::Pidbox, Command::new("PSUBSCRIBE").arg(channel));
        }
        if self.config.worker_gossip {
            let channel = self.gossip_channel();
            self.process.post(Role::Gossip, Command::new("PSUBSCRIBE").arg(channel));
        }
    }

    /// The channels of the fanout exchanges that it consumes.
    pub(super) fn fanout_channels(&self) -> impl Iterator<Item = String> {
        let fanout = self.consumed.iter().filter(|queue| queue.is_fanout());
        fanout.map(|queue| self.keys.channel(&queue.exchange, &queue.routing_key))
    }

    pub(super) fn gossip_channel(&self) -> String {
        self.keys.channel(keys::EVENT_EXCHANGE, "worker.*")
    }

    /// A connection to the broker is lost: what the worker has and did not acknowledge goes back,
    /// also what it runs; then it connects again. Where the broker is away it tries again later.
    pub(super) fn lost_connection(&mut self) {
        if self.phase == Phase::Over {
            return;
        }
        if !self.config.broker_connection_retry {
            return self.crash("ConnectionError: Connection closed by server.".to_owned());
        }
        if self.phase == Phase::Stopping {
            return self.crash("ConnectionError: Connection closed by server.".to_owned());
        }
        // The thread that runs a task notices when it is done with that.
        self.connection_is_lost = self.solo.is_some();
        if self.connection_is_lost {
            return;
        }
        let was_starting = self.phase == Phase::Starting;
        let was_draining = matches!(self.phase, Phase::Draining { .. });
        self.process.unwind();
        self.process.close(Role::is_broker);
        self.polling = false;
        self.timers.clear();
        self.forget_reserved();
        if self.config.worker_cancel_long_running_tasks_on_connection_loss {
            self.cancel_late_tasks();
        }
        if was_draining {
            self.phase = Phase::Stopping;
            return self.process.then(Then::PutBack);
        }
        self.phase = Phase::Starting;
        if was_starting {
            return self.try_again_later();
        }
        self.restore_delivered();
        self.process.then(Then::Reconnect);
    }

    /// Connects again, unless it was told to stop meanwhile.
    pub(super) fn reconnect(&mut self) {
        if self.stop.is_some() {
            return self.end(Activity::Stopped);
        }
        self.start();
    }

    fn try_again_later(&mut self) {
        self.delivered.clear();
        self.attempts += 1;
        if self.config.broker_connection_max_retries.is_some_and(|max| self.attempts > max) {
            return self.crash("OperationalError: Connection refused.".to_owned());
        }
        let millis = i64::from(self.attempts).saturating_mul(2_000).min(RETRY_MAX_MS);
        self.process.sleep_then(millis, Then::Reconnect);
    }

    /// Puts back everything that is not acknowledged, on a connection for that.
    pub(super) fn restore_delivered(&mut self) {
        let tags = std::mem::take(&mut self.delivered);
        if tags.is_empty() {
            return;
        }
        self.process.open(Role::Restorer);
        for tag in tags {
            self.restorer.restore(&mut self.process, Role::Restorer, &tag, false);
        }
    }
}
