//! What remote control changes in a worker that runs: its queues, its pool, limits of time.

use super::Worker;
use super::panel::{error, ok};
use super::pool::PROCESSES_MAX;
use crate::binding;
use crate::config::WorkerPool;
use crate::connection::{Command, Role};
use crate::exchange::ExchangeType;
use crate::python;
use crate::route::QueueDefinition;
use crate::tasks;
use keyspace::UnixMillis;
use serde_json::Value as Json;

/// How many queues a worker consumes at most when more are added.
pub(crate) const QUEUES_MAX: usize = 64;

impl Worker {
    /// Consumes a queue more, from the next BRPOP on.
    pub(super) fn add_consumer(&mut self, queue: Option<&str>, arguments: &Json) -> Json {
        let Some(queue) = queue.filter(|queue| !queue.is_empty()) else {
            return error("ValueError('a queue has a name')");
        };
        if !self.consumed.iter().any(|known| known.name == queue) {
            if self.consumed.len() >= QUEUES_MAX {
                return error("ValueError('too many queues for this worker')");
            }
            let definition = match self.defined(queue, arguments) {
                Ok(definition) => definition,
                Err(problem) => return error(&problem),
            };
            self.restorer.learn(&definition);
            let (process, keys) = (&mut self.process, &self.keys);
            binding::declare_permanent(process, keys, Role::Channel, &definition);
            if definition.is_fanout() {
                let channel = keys.channel(&definition.exchange, &definition.routing_key);
                process.ensure_open(Role::Fanout);
                process.post(Role::Fanout, Command::new("PSUBSCRIBE").arg(channel));
            } else {
                self.queues.push(queue.to_owned());
            }
            self.consumed.push(definition);
        }
        ok(&format!("add consumer {queue}"))
    }

    /// The queue of `task_queues`, or one as the call describes it.
    fn defined(&self, queue: &str, arguments: &Json) -> Result<QueueDefinition, String> {
        if self.config.task_queues.iter().any(|known| known.name == queue) {
            return Ok(self.config.queue_named(queue));
        }
        let text = |name: &str| arguments.get(name).and_then(Json::as_str);
        let said = |name: &str| text(name).filter(|it| !it.is_empty()).unwrap_or(queue).to_owned();
        let exchange_type = match text("exchange_type").unwrap_or("direct") {
            "direct" => ExchangeType::Direct,
            "topic" => ExchangeType::Topic,
            "fanout" => ExchangeType::Fanout,
            other => return Err(format!("KeyError({})", python::repr(&other.into()))),
        };
        let (exchange, routing_key) = (said("exchange"), said("routing_key"));
        Ok(QueueDefinition { name: queue.to_owned(), exchange, exchange_type, routing_key })
    }

    /// Consumes a queue no more, once the BRPOP that is under way has ended.
    pub(super) fn cancel_consumer(&mut self, queue: Option<&str>) -> Json {
        let queue = queue.unwrap_or("None");
        let fanout = self.consumed.iter().find(|known| known.name == queue && known.is_fanout());
        if let Some(QueueDefinition { exchange, routing_key, .. }) = fanout {
            let channel = self.keys.channel(exchange, routing_key);
            self.process.post(Role::Fanout, Command::new("PUNSUBSCRIBE").arg(channel));
        }
        self.consumed.retain(|known| known.name != queue);
        self.queues.retain(|known| known != queue);
        ok(&format!("no longer consuming from {queue}"))
    }

    pub(super) fn grow_pool(&mut self, arguments: &Json, now: UnixMillis) -> Json {
        if self.config.worker_pool == WorkerPool::Solo {
            return error("AttributeError(\"'TaskPool' object has no attribute 'grow'\")");
        }
        let more = count(arguments);
        if self.pool.len() + more > PROCESSES_MAX {
            return error(&format!("ValueError('a pool has at most {PROCESSES_MAX} processes')"));
        }
        self.pool.grow(more, now, &mut self.returned);
        ok("pool will grow")
    }

    /// Ends processes that run nothing; one always stays.
    pub(super) fn shrink_pool(&mut self, arguments: &Json) -> Json {
        if self.config.worker_pool == WorkerPool::Solo {
            return error("AttributeError(\"'TaskPool' object has no attribute 'shrink'\")");
        }
        let less = count(arguments);
        if self.pool.shrink(less) < less {
            return error("ValueError(\"Can't shrink pool. All processes busy!\")");
        }
        ok("pool will shrink")
    }

    /// Limits the time of a task's runs that begin from now on.
    pub(super) fn set_time_limit(&mut self, task: Option<&str>, arguments: &Json) -> Json {
        let Some(task) = task.filter(|task| tasks::find(task, &self.config).is_some()) else {
            return error("unknown task");
        };
        let seconds = |name: &str| {
            let seconds = arguments.get(name).and_then(Json::as_f64);
            seconds.filter(|seconds| *seconds > 0.0)
        };
        self.time_limits.retain(|(known, _)| known != task);
        self.time_limits.push((task.to_owned(), (seconds("hard"), seconds("soft"))));
        ok("time limits set successfully")
    }
}

/// `n`, which is one where it is not said.
fn count(arguments: &Json) -> usize {
    let count = arguments.get("n").map_or(Some(1), Json::as_u64);
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0).min(PROCESSES_MAX)
}
