//! What remote control changes in a worker that runs: its queues, its pool, limits of time.

use super::Worker;
use super::panel::{error, ok};
use super::pool::PROCESSES_MAX;
use crate::binding;
use crate::config::WorkerPool;
use crate::connection::Role;
use crate::tasks;
use keyspace::UnixMillis;
use serde_json::Value as Json;

/// How many queues a worker consumes at most when more are added.
pub(crate) const QUEUES_MAX: usize = 64;

impl Worker {
    /// Consumes a queue more, from the next BRPOP on.
    pub(super) fn add_consumer(&mut self, queue: Option<&str>) -> Json {
        let Some(queue) = queue.filter(|queue| !queue.is_empty()) else {
            return error("ValueError('a queue has a name')");
        };
        if !self.consumed.iter().any(|known| known == queue) {
            if self.consumed.len() >= QUEUES_MAX {
                return error("ValueError('too many queues for this worker')");
            }
            binding::declare_permanent(&mut self.process, &self.keys, Role::Channel, queue);
            self.consumed.push(queue.to_owned());
            self.queues.push(queue.to_owned());
        }
        ok(&format!("add consumer {queue}"))
    }

    /// Consumes a queue no more, once the BRPOP that is under way has ended.
    pub(super) fn cancel_consumer(&mut self, queue: Option<&str>) -> Json {
        let queue = queue.unwrap_or("None");
        self.consumed.retain(|known| known != queue);
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
        self.time_limits.insert(task.to_owned(), (seconds("hard"), seconds("soft")));
        ok("time limits set successfully")
    }
}

/// `n`, which is one where it is not said.
fn count(arguments: &Json) -> usize {
    let count = arguments.get("n").map_or(Some(1), Json::as_u64);
    count.and_then(|count| usize::try_from(count).ok()).unwrap_or(0).min(PROCESSES_MAX)
}
