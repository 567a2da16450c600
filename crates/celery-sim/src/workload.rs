//! What a worker says of the tasks that it has: a picture of now, and what happened in between.

use crate::config::WorkerPool;
use crate::simulation::ActorId;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};

/// The tasks that a worker has now.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// What runs them.
    pub pool: WorkerPool,
    /// How many it takes at most, of which none is acknowledged; `None` is as many as there are.
    pub prefetch_limit: Option<usize>,
    /// The queues that it consumes.
    pub queues: Vec<String>,
    /// A BRPOP of it is under way.
    pub parked: bool,
    /// What its pool's processes do; the solo pool has one slot.
    pub slots: Vec<Slot>,
    /// Ids of tasks that it has and could run, in the order in which it will.
    pub prefetched: Vec<String>,
    /// Tasks whose time has not come.
    pub held: Vec<Held>,
}

/// What a worker has, in numbers, as remote control tells them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Its name.
    pub name: String,
    /// What runs its tasks.
    pub pool: WorkerPool,
    /// How many tasks run at once.
    pub processes: usize,
    /// How many messages it takes at most, of which none is acknowledged; `None` is as many as
    /// there are.
    pub prefetch_limit: Option<usize>,
    /// How many messages it has that it did not acknowledge.
    pub unacknowledged: usize,
    /// How many tasks run.
    pub active: usize,
    /// How many it has and could run.
    pub reserved: usize,
    /// How many wait for their time.
    pub scheduled: usize,
    /// How many began to run since it started.
    pub total: u64,
    /// The queues that it consumes.
    pub queues: Vec<String>,
}

/// A place in which a task runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The process.
    pub pid: u32,
    /// What it runs.
    pub running: Option<Running>,
}

/// A task that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The task's id.
    pub task_id: String,
    /// The task's name.
    pub task: String,
    /// When it began to run.
    pub since: UnixMillis,
    /// When it will have run.
    pub until: UnixMillis,
}

/// A task that waits for its time in a worker's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The task's id.
    pub task_id: String,
    /// Its `eta`.
    pub until: UnixMillis,
}

/// Something that became of a task in a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// When.
    pub at: UnixMillis,
    /// The worker.
    pub actor: ActorId,
    /// The task's id.
    pub task_id: String,
    /// What.
    pub what: What,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The worker has its message, and noted it in `unacked`.
    Received,
    /// It waits for its time.
    Held {
        /// Its `eta`.
        until: UnixMillis,
    },
    /// It began to run.
    Started {
        /// The number of the slot.
        slot: usize,
        /// When it will have run.
        until: UnixMillis,
    },
    /// It ended, or will not run.
    Ended {
        /// Celery's name of how: `SUCCESS`, `FAILURE`, `RETRY`, `REVOKED`, or `LOST` where its
        /// process was lost.
        state: String,
    },
    /// Its message was acknowledged.
    Acked,
    /// Its message was put back into its queue.
    Requeued,
}
