//! The table of tasks: which rows the page shows, and what is in them.

use super::picture::TokenId;
use serde::{Deserialize, Serialize};

/// Which tasks the page shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskQuery {
    /// A part of the call, of the id, of the worker's name or of the result.
    pub filter: String,
    pub state: Option<TaskState>,
    pub offset: u32,
    pub count: u32,
}

/// A part of the tasks that match a query, the latest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskWindow {
    pub query: TaskQuery,
    /// How many match.
    pub total: u32,
    pub rows: Vec<TaskRow>,
    /// How many tasks there are in each state, in the order of [`TaskState::ALL`].
    pub states: Vec<u32>,
    /// Tasks that are not remembered any more.
    pub forgotten: u32,
    /// How many are remembered at most, those on their way aside.
    pub limit: u32,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRow {
    pub token: TokenId,
    pub task_id: String,
    /// The call, as in `add(2, 3)`.
    pub label: String,
    pub state: TaskState,
    pub attempts: u32,
    /// The worker of the last attempt.
    pub worker: String,
    /// How long the last attempt ran.
    pub runtime_ms: Option<f64>,
    pub result: String,
    /// When it was sent, as far as that was seen.
    pub at: f64,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TaskState {
    /// Its message is in a list.
    Waiting,
    /// A worker has it, and has not begun.
    Received,
    Running,
    Success,
    Failure,
    /// It will be tried again.
    Retry,
    Revoked,
    /// Its worker ended before it did; there may be a copy in `unacked`.
    Lost,
    /// Its message is gone without a trace.
    Gone,
}

impl TaskState {
    /// Every state.
    pub const ALL: [TaskState; 9] = [
        TaskState::Waiting,
        TaskState::Received,
        TaskState::Running,
        TaskState::Success,
        TaskState::Failure,
        TaskState::Retry,
        TaskState::Revoked,
        TaskState::Lost,
        TaskState::Gone,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            TaskState::Waiting => "waiting",
            TaskState::Received => "received",
            TaskState::Running => "running",
            TaskState::Success => "success",
            TaskState::Failure => "failure",
            TaskState::Retry => "retry",
            TaskState::Revoked => "revoked",
            TaskState::Lost => "lost",
            TaskState::Gone => "gone",
        }
    }
}
