//! What somebody does to producers, workers and the server while they run.
//!
//! Acts are data: with a seed, a configuration and the times of its acts a run can be played
//! again, command for command.

use crate::canvas::Canvas;
use crate::config::TaskDefinition;
use crate::faults::Fault;
use crate::message::TaskCall;
use serde::{Deserialize, Serialize};

/// Something that somebody does. Workers go by their names, `w1` or `w1@keyspace`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
// On 32 bits it is not large.
#[allow(clippy::large_enum_variant, reason = "there are few acts, and most are calls")]
pub enum Act {
    /// `apply_async`, once or several times.
    Send {
        /// The call.
        call: TaskCall,
        /// How many times.
        count: u32,
        /// Whether the producer waits for the results.
        get: bool,
        /// What the task is called from now on; its id where that is empty.
        name: String,
    },
    /// Sends a group, a chain or a chord, and waits for its result.
    SendCanvas {
        /// What is sent.
        canvas: Canvas,
        /// What the task whose result is that of all is called from now on.
        name: String,
    },
    /// Processes that start from now on have this task; one of the same name is no more.
    Define(TaskDefinition),
    /// Somebody runs a program: remote control as in `app.control.inspect().stats()`, or a line
    /// for a terminal, as in `celery -A app worker`.
    Program(String),
    /// Starts beat, which sends what `beat_schedule` says.
    StartBeat,
    /// `AsyncResult.get()` of a task that has a name.
    GetResult(String),
    /// `AsyncResult.forget()` of a task that has a name.
    ForgetResult(String),
    /// The producer's process ends when it has done what it was told.
    ExitProducer,
    /// Starts a worker with the settings of now.
    StartWorker,
    /// Warm shutdown: SIGTERM.
    StopWorker(String),
    /// Something goes wrong.
    Fault(Fault),
    /// Processes that start from now on read this `celeryconfig.py`.
    Configure(String),
    /// A `redis-cli` runs one command in a database.
    Command {
        /// The database.
        db: u8,
        /// The command and its arguments.
        args: Vec<String>,
    },
}

/// How many characters of a program are shown.
const TITLE_MAX: usize = 100;

impl Act {
    /// Sends a task once, under a name, and lets the producer wait for its result.
    pub fn send(name: &str, call: TaskCall) -> Act {
        Act::Send { call, count: 1, get: true, name: name.to_owned() }
    }

    /// What it is, in a few words.
    pub fn title(&self) -> String {
        match self {
            Act::Send { call, count, .. } => {
                let task = call.task.rsplit('.').next().unwrap_or(&call.task);
                match count {
                    1 => format!("send {task}"),
                    count => format!("send {count} × {task}"),
                }
            }
            Act::SendCanvas { canvas: Canvas::Group(_), .. } => "send a group".to_owned(),
            Act::SendCanvas { canvas: Canvas::Chain(_), .. } => "send a chain".to_owned(),
            Act::SendCanvas { canvas: Canvas::Chord(..), .. } => "send a chord".to_owned(),
            Act::Define(task) => format!("define {}", task.name),
            Act::Program(text) => text.chars().take(TITLE_MAX).collect(),
            Act::StartBeat => "start beat".to_owned(),
            Act::GetResult(name) => format!("get the result of {name}"),
            Act::ForgetResult(name) => format!("forget the result of {name}"),
            Act::ExitProducer => "the producer exits".to_owned(),
            Act::StartWorker => "start a worker".to_owned(),
            Act::StopWorker(worker) => format!("stop {worker}"),
            Act::Fault(fault) => fault.title(),
            Act::Configure(_) => "change celeryconfig.py".to_owned(),
            Act::Command { args, .. } => args.join(" "),
        }
    }
}
