//! Celery on the engine: the picture, and what it says to the simulation in the worker.

pub mod lab;
pub mod picture;
mod state;
mod story;
pub mod view;

pub use state::{Action, Effect, State};

use celery_sim::Act;
use picture::{Detail, Line, Picture, TokenId};
use serde::{Deserialize, Serialize};

/// What the picture asks of the simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Lets the producer call a task and wait for its result.
    Send(Task),
    /// Starts a worker.
    StartWorker,
    /// Lets a worker finish its task and end.
    StopWorker(u32),
    /// Ends a worker at once.
    KillWorker(u32),
    /// Which message the page shows in full from now on.
    Open(Option<TokenId>),
    /// Does something to Celery or its server.
    Act(Box<Act>),
    /// Asks what is wrong with a `celeryconfig.py`.
    Check(String),
    /// Begins a scenario, by its name; the run that there is is set aside.
    Begin(String),
    /// Begins the scenario's next step.
    NextStep,
    /// Ends the scenario: the run that was set aside is there again.
    Leave,
}

/// A call that the page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    Add,
    Slow,
    Boom,
    FireAndForget,
}

impl Task {
    /// Every call on offer.
    pub const ALL: [Task; 4] = [Task::Add, Task::Slow, Task::Boom, Task::FireAndForget];

    /// The name of the task.
    pub fn name(self) -> &'static str {
        match self {
            Task::Add => "add",
            Task::Slow => "slow",
            Task::Boom => "boom",
            Task::FireAndForget => "fire_and_forget",
        }
    }

    /// Its arguments.
    pub fn args(self) -> &'static [i64] {
        match self {
            Task::Add => &[2, 3],
            Task::Slow => &[10],
            Task::Boom => &[],
            Task::FireAndForget => &[1],
        }
    }
}

/// What the simulation tells the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// What there is to draw now.
    Picture(Box<Picture>),
    /// Commands that ran since; a line that is known is replaced.
    Lines(Vec<Line>),
    /// The message that the page shows in full.
    Detail(Option<Box<Detail>>),
}
