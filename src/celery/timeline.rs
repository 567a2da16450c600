//! The timeline: who ran what when, and how long queue and `unacked` were, over a stretch of time.

use super::picture::TokenId;
use serde::{Deserialize, Serialize};

/// Which stretch of time the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimelineQuery {
    pub span_ms: f64,
    /// Where it ends; where it is `None`, it ends now, and moves with the clock.
    pub until: Option<f64>,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Timeline {
    pub since: f64,
    pub until: f64,
    /// A row a worker, in the order in which they came.
    pub rows: Vec<Row>,
    /// Lines between attempts of the same task.
    pub links: Vec<Link>,
    /// How many messages waited and were unacknowledged, whenever that changed.
    pub samples: Vec<Sample>,
    /// Nothing before this moment is remembered any more.
    pub forgotten_before: Option<f64>,
}

/// A worker's row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub worker: String,
    /// When the worker came, and when it ended.
    pub since: f64,
    pub until: Option<f64>,
    /// How many bars lie above each other.
    pub lanes: u32,
    pub bars: Vec<Bar>,
}

/// An attempt at a task, or several that are too short to be drawn apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// The task; the last one, where it stands for several.
    pub token: TokenId,
    /// The call, where there is room for it.
    pub label: String,
    pub number: u32,
    pub lane: u32,
    /// When the message was taken from the list.
    pub taken: f64,
    /// From here it ran ...
    pub started: Option<f64>,
    /// ... until here, where that is known.
    pub ended: Option<f64>,
    /// When it was acknowledged, or was lost.
    pub closed: Option<f64>,
    pub outcome: Outcome,
    /// How many attempts it stands for.
    pub count: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is not over.
    Open,
    Success,
    Failure,
    /// It raised Retry: another message follows.
    Retry,
    Revoked,
    /// Its worker ended before it did.
    Lost,
    /// It went back to its queue, unrun.
    Returned,
}

impl Outcome {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Open => "open",
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Retry => "retry",
            Outcome::Revoked => "revoked",
            Outcome::Lost => "lost",
            Outcome::Returned => "returned",
        }
    }
}

/// Why there was another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// It is the first.
    Sent,
    /// The task raised Retry.
    Retried,
    /// The message came back from `unacked`.
    Restored,
    /// The same task was sent again.
    SentAgain,
}

/// From one attempt to the next of the same task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub token: TokenId,
    pub cause: Cause,
    /// Row, lane and time.
    pub from: (u32, u32, f64),
    pub to: (u32, u32, f64),
}

/// How much there was at a moment, until the next.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub at: f64,
    pub waiting: u32,
    pub unacked: u32,
}
