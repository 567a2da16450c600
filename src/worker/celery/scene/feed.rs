//! The feed as it grows: each command a line, those that repeat counted.

use super::tokens::shown;
use crate::celery::picture::Line;
use crate::design::units;
use std::collections::{BTreeMap, VecDeque};

/// How much of a command's text goes to the feed.
const TEXT_MAX: usize = 2_000;

/// How many lines wait for the page at most; the page keeps no more.
const FRESH_MAX: usize = 400;

/// The feed as it grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed {
    fresh: VecDeque<Line>,
    /// The last line of each client.
    last: BTreeMap<u64, Line>,
    count: u32,
    /// The client whose EXEC ran last, and when: what follows from it at once ran in it, as its
    /// next command waits for the reply.
    executing: Option<(u64, f64)>,
}

impl Feed {
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Takes the lines that are new or have changed.
    pub fn take(&mut self) -> Vec<Line> {
        self.fresh.drain(..).collect()
    }

    /// Adds a command of a client, or counts it where the client said the same before.
    pub fn add(&mut self, client: u64, mut line: Line) {
        line.in_multi = self.executing == Some((client, line.at));
        if line.text == "EXEC" {
            self.executing = Some((client, line.at));
        } else if !line.in_multi {
            self.executing = None;
        }
        match self.last.get(&client).filter(|last| last.text == line.text) {
            Some(last) => {
                line.number = last.number;
                line.times = last.times.saturating_add(1);
                self.fresh.retain(|known| known.number != line.number);
            }
            None => {
                self.count = self.count.wrapping_add(1);
                line.number = self.count;
            }
        }
        self.fresh.push_back(line.clone());
        if self.fresh.len() > FRESH_MAX {
            self.fresh.pop_front();
        }
        self.last.insert(client, line);
    }

    /// Forgets a client that is gone.
    pub fn forget(&mut self, client: u64) {
        self.last.remove(&client);
    }
}

/// A command as one would type it, cut where it is long.
pub(super) fn typed(args: &[Vec<u8>]) -> String {
    let words: Vec<String> = args.iter().map(|arg| units::argument(arg)).collect();
    shown(words.join(" ").as_bytes(), TEXT_MAX)
}
