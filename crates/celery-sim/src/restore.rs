//! Messages that were delivered and not acknowledged, and how they come back: kombu's `QoS`.
//!
//! Who looks for messages that are overdue holds `unacked_mutex` meanwhile, so that one looks at a
//! time. A message is put back in a transaction that fails where `unacked` changes meanwhile.

use crate::config::Config;
use crate::connection::{Command, Role};
use crate::exchange::{Declared, Delivery};
use crate::ids;
use crate::keys::{self, Keys};
use crate::message::{self, TakenBack};
use crate::process::{Process, evalsha};
use crate::python;
use crate::route::QueueDefinition;
use crate::scripts;
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;

/// How long `unacked_mutex` is held at most.
const MUTEX_EXPIRE_MS: i64 = 300_000;

/// Where restoring goes on after a step.
#[derive(Debug, Clone)]
pub(crate) enum RestoreStep {
    /// The lock was asked for.
    Locked,
    /// Messages that are unacknowledged for too long are known.
    Visible,
    /// The entry to restore was read.
    Unacked(Restored),
    /// The table of the exchange that its message was sent to is known.
    Table(Restored, Box<Delivery>),
    /// The transaction that restores it ran, or did not as `unacked` changed.
    Tried(Restored),
}

/// A message that is put back.
#[derive(Debug, Clone)]
pub(crate) struct Restored {
    tag: String,
    role: Role,
    /// It is the last of its queue rather than the next.
    leftmost: bool,
}

impl Restored {
    fn push(&self) -> &'static str {
        if self.leftmost { "LPUSH" } else { "RPUSH" }
    }
}

/// Puts messages back.
#[derive(Debug, Clone)]
pub(crate) struct Restorer {
    keys: Keys,
    visibility_timeout_ms: i64,
    limit: Option<u32>,
    interval_ms: i64,
    throttle: i64,
    /// How often it was time to look.
    count: i64,
    token: String,
    exchanges: Declared,
}

impl Restorer {
    pub fn new(config: &Config) -> Restorer {
        let options = &config.broker_transport_options;
        let interval = options.unacked_restore_interval;
        // kombu's own where the setting makes no sense.
        let interval = if interval <= 0 { 10 } else { interval };
        Restorer {
            keys: Keys::new(config),
            visibility_timeout_ms: (options.visibility_timeout * 1000.0) as i64,
            limit: options.unacked_restore_limit,
            interval_ms: interval.saturating_mul(1000),
            throttle: options.unacked_restore_throttle.max(1),
            count: 0,
            token: String::new(),
            exchanges: Declared::default(),
        }
    }

    /// The process has declared a queue, and knows its exchange.
    pub fn learn(&mut self, queue: &QueueDefinition) {
        self.exchanges.insert(&queue.exchange, queue.exchange_type);
    }

    /// The time between two looks, of which not all happen.
    pub fn interval_ms(&self) -> i64 {
        self.interval_ms
    }

    /// Looks for overdue messages, where it is the look's turn: `restore_visible`.
    pub fn look<T: Clone + From<RestoreStep>>(&mut self, process: &mut Process<T>, rng: &mut Rng) {
        self.count += 1;
        if (self.count - 1) % self.throttle != 0 {
            return;
        }
        self.token = ids::lock_token(rng);
        let set = Command::new("SET").arg(self.keys.key(keys::UNACKED_MUTEX)).arg(&self.token);
        let set = set.args(["NX", "PX"]).arg(MUTEX_EXPIRE_MS.to_string());
        process.call_then(Role::Channel, set, RestoreStep::Locked.into());
    }

    /// Takes back one message: `restore_by_tag`.
    pub fn restore<T: Clone + From<RestoreStep>>(
        &self,
        process: &mut Process<T>,
        role: Role,
        tag: &str,
        leftmost: bool,
    ) {
        let unacked = self.keys.key(keys::UNACKED);
        process.call(role, Command::new("WATCH").arg(&unacked));
        let get = Command::new("HGET").arg(&unacked).arg(tag);
        let restored = Restored { tag: tag.to_owned(), role, leftmost };
        process.call_then(role, get, RestoreStep::Unacked(restored).into());
    }

    pub fn go_on<T: Clone + From<RestoreStep>>(
        &self,
        process: &mut Process<T>,
        step: RestoreStep,
        reply: Option<&Value>,
        now: UnixMillis,
    ) {
        match step {
            RestoreStep::Locked => {
                if matches!(reply, Some(Value::Simple(_))) {
                    self.locked(process, now);
                }
            }
            RestoreStep::Visible => {
                for tag in reply.map(members).unwrap_or_default() {
                    self.restore(process, Role::Channel, &tag, false);
                }
            }
            RestoreStep::Unacked(restored) => {
                let entry = reply.and_then(Value::as_bytes);
                self.read(process, restored, entry.and_then(message::restore));
            }
            RestoreStep::Table(restored, delivery) => {
                let pushes = delivery.pushes(reply, restored.push());
                self.put_back(process, restored, pushes);
            }
            RestoreStep::Tried(Restored { tag, role, leftmost }) => {
                if matches!(reply, Some(Value::Null)) {
                    self.restore(process, role, &tag, leftmost);
                }
            }
        }
    }

    fn locked<T: Clone + From<RestoreStep>>(&self, process: &mut Process<T>, now: UnixMillis) {
        let before = UnixMillis(now.0.saturating_sub(self.visibility_timeout_ms));
        let range = Command::new("ZRANGE").arg(self.keys.key(keys::UNACKED_INDEX));
        let mut range = range.arg(python::timestamp(before)).args(["0", "BYSCORE", "REV"]);
        if let Some(limit) = self.limit.filter(|&limit| limit > 0) {
            range = range.args(["LIMIT", "0"]).arg(limit.to_string());
        }
        let range = range.arg("WITHSCORES");
        process.call_then(Role::Channel, range, RestoreStep::Visible.into());
        let mutex = self.keys.key(keys::UNACKED_MUTEX);
        let release = evalsha(&scripts::RELEASE_LOCK, &[mutex], &[&self.token]);
        process.script(Role::Channel, &scripts::RELEASE_LOCK, release, None);
    }

    /// Puts a message back where it was sent to. What was sent by an exchange goes to all queues
    /// that its table has for it now.
    fn read<T: Clone + From<RestoreStep>>(
        &self,
        process: &mut Process<T>,
        restored: Restored,
        taken_back: Option<TakenBack>,
    ) {
        let Some(TakenBack { exchange, routing_key, priority, message }) = taken_back else {
            return self.put_back(process, restored, Vec::new());
        };
        if exchange.is_empty() {
            let list = self.keys.list(&routing_key, priority);
            let push = Command::new(restored.push()).arg(list).arg(message);
            return self.put_back(process, restored, vec![push]);
        }
        let kind = self.exchanges.kind_of(&exchange);
        let keys = self.keys.clone();
        let delivery = Box::new(Delivery { keys, kind, routing_key, priority, message });
        let table = Command::new("SMEMBERS").arg(self.keys.key(&keys::binding(&exchange)));
        process.call_then(restored.role, table, RestoreStep::Table(restored, delivery).into());
    }

    fn put_back<T: Clone + From<RestoreStep>>(
        &self,
        process: &mut Process<T>,
        restored: Restored,
        pushes: Vec<Command>,
    ) {
        let mut commands = forget(&self.keys, &restored.tag);
        commands.extend(pushes);
        let role = restored.role;
        process.transaction_then(role, commands, RestoreStep::Tried(restored).into());
    }
}

/// Forgets a message: it is acknowledged, or back in its queue.
pub(crate) fn forget(keys: &Keys, delivery_tag: &str) -> Vec<Command> {
    vec![
        Command::new("ZREM").arg(keys.key(keys::UNACKED_INDEX)).arg(delivery_tag),
        Command::new("HDEL").arg(keys.key(keys::UNACKED)).arg(delivery_tag),
    ]
}

/// The members of a reply to ZRANGE ... WITHSCORES.
fn members(reply: &Value) -> Vec<String> {
    let pairs = reply.as_array().unwrap_or_default().iter();
    let members = pairs.filter_map(|pair| pair.as_array()?.first()?.as_bytes());
    members.map(|member| String::from_utf8_lossy(member).into_owned()).collect()
}
