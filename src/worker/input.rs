//! What comes into a run from outside. With the seed, the settings and the times of its inputs a
//! run is the same every time.

use crate::backend::ConsoleId;
use celery_sim::Act;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// Something that comes from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Input {
    /// A client of the console connects, or connects anew, and selects a database.
    Connect { console: ConsoleId, db: u8 },
    /// It disconnects.
    Disconnect { console: ConsoleId },
    /// It sends a command.
    Command {
        console: ConsoleId,
        #[serde(with = "typed")]
        args: Vec<ByteBuf>,
    },
    /// Somebody does something to Celery or its server.
    Act(Box<Act>),
    /// The scenario's next step begins.
    NextStep,
    /// An unfinished script went on for a slice.
    Script,
}

/// An input and when it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub at: UnixMillis,
    /// Among things that were due at the same time: after so many had arrived.
    pub amid: Option<u64>,
    pub input: Input,
}

impl Input {
    /// What it is, for a mark on the time bar; nothing where it is not worth one.
    pub fn title(&self) -> Option<String> {
        match self {
            Input::Command { args, .. } => {
                let words = args.iter().take(3).map(|arg| String::from_utf8_lossy(arg));
                let words: Vec<_> =
                    words.map(|word| word.chars().take(20).collect::<String>()).collect();
                Some(words.join(" "))
            }
            Input::Act(act) => Some(act.title()),
            Input::NextStep => Some("next step".to_owned()),
            Input::Connect { .. } | Input::Disconnect { .. } | Input::Script => None,
        }
    }

    /// Bytes in memory, roughly.
    pub fn weight(&self) -> usize {
        let held = match self {
            Input::Command { args, .. } => args.iter().map(|arg| arg.len() + 24).sum(),
            Input::Act(act) => match &**act {
                Act::Configure(text) => text.len(),
                Act::Program(text) => size_of::<Act>() + text.len(),
                _ => size_of::<Act>(),
            },
            _ => 0,
        };
        held + size_of::<Entry>()
    }
}

/// A command as one types it: any bytes, in one line of text.
mod typed {
    use keyspace_resp::{cli, split_args};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_bytes::ByteBuf;

    pub fn serialize<S: Serializer>(args: &[ByteBuf], to: S) -> Result<S::Ok, S::Error> {
        let words: Vec<String> = args.iter().map(|arg| cli::quote(arg)).collect();
        words.join(" ").serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<ByteBuf>, D::Error> {
        let line = String::deserialize(from)?;
        let args = split_args(line.as_bytes());
        let args = args.map_err(|_| D::Error::custom(format!("unbalanced quotes in {line}")))?;
        Ok(args.into_iter().map(ByteBuf::from).collect())
    }
}
