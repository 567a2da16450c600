//! Queues and their bindings: `queue_declare`, `queue_bind`, `queue_delete`.
//!
//! A queue of a process that may vanish is bound with a deadline, which it moves on while it
//! lives; whoever has such a queue also sweeps the bindings of those that did not.

use crate::connection::{Command, Role};
use crate::keys::{self, Keys};
use crate::process::{Process, evalsha};
use crate::route::QueueDefinition;
use crate::scripts::{REFRESH_BINDING, SWEEP_BINDINGS};

/// The time to live of a binding, and the third of it after which it is renewed.
const BINDING_TTL_MS: i64 = 3_600_000;
/// How often a binding with a deadline is renewed.
pub(crate) const REFRESH_MS: i64 = BINDING_TTL_MS / 3;
/// How often bindings are swept.
pub(crate) const SWEEP_MS: i64 = 60_000;

/// A queue that is bound to an exchange.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub exchange: &'static str,
    pub routing_key: String,
    pub queue: String,
}

impl Binding {
    fn member(&self, keys: &Keys) -> String {
        keys.binding_member(&self.routing_key, &self.queue)
    }

    fn refresh(&self, keys: &Keys) -> Command {
        let names = [keys.key(&keys::binding(self.exchange)), keys.key(keys::BINDING_DEADLINES)];
        let ttl = BINDING_TTL_MS.to_string();
        evalsha(&REFRESH_BINDING, &names, &[&self.member(keys), self.exchange, &ttl])
    }

    /// Declares the queue and binds it with a deadline.
    pub fn declare<T: Clone>(&self, process: &mut Process<T>, keys: &Keys, role: Role) {
        declare_queue(process, keys, role, &self.queue);
        process.script(role, &REFRESH_BINDING, self.refresh(keys), None);
    }

    /// Moves the deadline on.
    pub fn renew<T: Clone>(&self, process: &mut Process<T>, keys: &Keys, role: Role) {
        process.script_transaction(role, &REFRESH_BINDING, [self.refresh(keys)]);
    }

    /// Unbinds and deletes the queue.
    pub fn delete<T: Clone>(&self, process: &mut Process<T>, keys: &Keys, role: Role) {
        let member = self.member(keys);
        for set in [keys::binding, keys::permanent_binding] {
            let set = keys.key(&set(self.exchange));
            process.call(role, Command::new("SREM").arg(set).arg(&member));
        }
        let delete = keys.lists(&self.queue).map(|list| Command::new("DEL").arg(list));
        process.transaction(role, delete.collect::<Vec<_>>());
    }
}

/// Deletes bindings whose deadline has passed.
pub(crate) fn sweep<T: Clone>(process: &mut Process<T>, keys: &Keys, role: Role) {
    let table = keys.key(keys::BINDING_PREFIX);
    let permanent = keys.key(keys::PERMANENT_BINDING_PREFIX);
    let deadlines = [keys.key(keys::BINDING_DEADLINES)];
    let sweep = evalsha(&SWEEP_BINDINGS, &deadlines, &[&table, &permanent, "100"]);
    process.script(role, &SWEEP_BINDINGS, sweep, None);
}

/// Looks how long a queue is.
pub(crate) fn declare_queue<T: Clone>(
    process: &mut Process<T>,
    keys: &Keys,
    role: Role,
    queue: &str,
) {
    let lengths = keys.lists(queue).map(|list| Command::new("LLEN").arg(list));
    process.transaction(role, lengths.collect::<Vec<_>>());
}

/// Declares a queue and binds it for good.
pub(crate) fn declare_permanent<T: Clone>(
    process: &mut Process<T>,
    keys: &Keys,
    role: Role,
    queue: &QueueDefinition,
) {
    declare_queue(process, keys, role, &queue.name);
    let member = queue.member(keys);
    let sets = [keys::binding(&queue.exchange), keys::permanent_binding(&queue.exchange)];
    let bind = sets.map(|set| Command::new("SADD").arg(keys.key(&set)).arg(&member));
    process.transaction(role, bind);
}
