//! Guided lessons: a few steps, each with a thing to do and a goal whose reaching the engine sees.
//!
//! The lessons are Markdown in `www/lessons/`. `parse::lesson` (feature `parse`) reads one
//! into plain data, which the page is built with; `Progress` (feature `progress`) asks an engine whether a step's goal
//! is reached. The same files are pages of the documentation, and the tests play every block.
//!
//! A file begins with its `title`, `summary` and `minutes` between `---`; each `##` is a step.
//! Blocks of language `redis` are transcripts (see `keyspace_transcript`), of which the page shows
//! the commands. A block `python` may be followed by a block `sent`: the commands that it sends, as
//! recorded. The last block of a step, `check`, has the goal's words on its fence, and its lines
//! are what must be true, all of them:
//!
//! ```text
//! > GET greeting           an observer asks this, and is answered by the lines that follow
//! "hello"
//! db 1                     what is asked from here on is asked in that database
//! ran SET greeting         a client has run a command that begins so
//! event expired code       this happened to that key, by the names of keyspace notifications
//! waits jobs               a client has waited on that key
//! served jobs              a client that waited on it was served
//! timeout                  a client's wait ran out
//! published news           somebody has published on that channel
//! ```
#![deny(missing_docs)]

#[cfg(feature = "parse")]
pub mod parse;
#[cfg(feature = "progress")]
mod progress;

#[cfg(feature = "progress")]
pub use progress::Progress;
use serde::{Deserialize, Serialize};

/// A lesson.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its word in addresses.
    pub id: String,
    /// Its name.
    pub title: String,
    /// What one learns, in a sentence.
    pub summary: String,
    /// How long it takes.
    pub minutes: u8,
    /// One thing to learn each.
    pub steps: Vec<Step>,
}

/// One thing to learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub title: String,
    /// What it says, and the commands to try.
    pub parts: Vec<Part>,
    /// What the learner is to bring about.
    pub goal: Goal,
}

/// A piece of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Part {
    /// A paragraph.
    Text(Vec<Span>),
    /// Commands to try, in order.
    Try(Vec<Move>),
    /// Code in another language, and the commands that it sends.
    Code {
        /// `python`.
        language: String,
        /// The code.
        text: String,
        /// What arrives at the server, a command a line; empty where that was not recorded.
        sent: Vec<String>,
    },
}

/// A piece of a paragraph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Span {
    /// Plain text.
    Text(String),
    /// What one would type.
    Code(String),
    /// A word that is stressed.
    Stressed(String),
    /// Something elsewhere.
    Link {
        /// What it says.
        text: String,
        /// Where it leads.
        href: String,
    },
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Move {
    /// Type a command, in the first client, the second or the third.
    Type {
        /// The client, from 1.
        client: u8,
        /// The command.
        line: String,
    },
    /// Let so many milliseconds pass.
    Wait(u64),
}

/// What a learner is to bring about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// In words.
    pub text: String,
    /// What must be true, all of it.
    pub conditions: Vec<Condition>,
}

/// Something that an engine can tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// An observer that asks this now is answered so, as `redis-cli --no-raw` prints it.
    Answers {
        /// The database.
        db: u8,
        /// The command.
        args: Vec<String>,
        /// The lines of the reply.
        reply: String,
    },
    /// Some client has run a command that begins so.
    Ran(Vec<String>),
    /// Something happened to a key.
    Happened {
        /// As keyspace notifications call it.
        event: String,
        /// The key.
        key: String,
    },
    /// A client has waited on a key.
    Waits(String),
    /// A client that waited on a key was served.
    Served(String),
    /// A client's wait ran out.
    TimedOut,
    /// Somebody has published on a channel.
    Published(String),
}
