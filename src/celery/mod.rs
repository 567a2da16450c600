//! Celery on the engine: the picture, and what it says to the simulation in the worker.

mod answers;
mod flow;
pub mod lab;
pub mod picture;
pub mod state;
mod story;
pub mod tasks;
pub mod timeline;
pub mod view;

pub use state::{Action, Effect, Side, State};

use celery_sim::Fault;
use picture::{Detail, Line, Picture, TokenId};
use serde::{Deserialize, Serialize};
use tasks::{TaskQuery, TaskWindow};
use timeline::{Timeline, TimelineQuery};

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
    /// What the page looks at from now on.
    Look(Look),
    /// Lets something go wrong.
    Fault(Fault),
    /// Processes that start from now on read this `celeryconfig.py`.
    Configure(String),
    /// Runs remote control as a program says it, or a line for a terminal.
    Program(String),
    /// Asks what is wrong with a `celeryconfig.py`.
    Check(String),
    /// Asks what is wrong with calls of tasks, and, where nothing is, has them made.
    Calls { text: String, make: bool },
    /// Asks what is wrong with a line for a terminal, and, where nothing is, has it run.
    Line { text: String, make: bool },
    /// Whether the page shows the workers in figures from now on.
    Figures(bool),
    /// Begins a scenario, by its name; the run that there is is set aside.
    Begin(String),
    /// Begins the scenario's next step.
    NextStep,
    /// Ends the scenario: the run that was set aside is there again.
    Leave,
}

/// What the page looks at, the picture and the feed aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Look {
    /// A message in full, or none.
    Message(Option<TokenId>),
    /// Some of the tasks, or none.
    Tasks(Option<TaskQuery>),
    /// A stretch of time, or none.
    Timeline(Option<TimelineQuery>),
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
    /// Commands that ran since; a line that is known is replaced. Where `anew`, they are all that
    /// there are: the moment is another.
    Feed { anew: bool, lines: Vec<Line> },
    /// The message that the page shows in full.
    Message(Option<Box<Detail>>),
    /// The tasks that the page shows.
    Tasks(TaskWindow),
    /// The stretch of time that the page shows.
    Timeline(Timeline),
    /// What there is to draw of the scenario's other side.
    OtherPicture(Box<Picture>),
    /// The same stretch of time, of the scenario's other side.
    OtherTimeline(Timeline),
}
