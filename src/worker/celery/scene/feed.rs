//! The feed as it grows: each command a line, those that repeat counted.

use super::messages::shown;
use crate::celery::picture::{Line, Weight};
use crate::design::units;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How much of a command's text goes to the feed.
const TEXT_MAX: usize = 2_000;
/// How many lines of each weight are kept; the page keeps no more.
const LINES_MAX: usize = 200;

/// The feed as it grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed {
    messages: VecDeque<Rc<Line>>,
    housekeeping: VecDeque<Rc<Line>>,
    /// Lines that the page has not been told as they are.
    fresh: BTreeMap<u32, Rc<Line>>,
    /// The last line of each client.
    last: BTreeMap<u64, Rc<Line>>,
    count: u32,
    /// The client whose EXEC ran last, and when: what follows from it at once ran in it, as its
    /// next command waits for the reply.
    executing: Option<(u64, f64)>,
}

impl Feed {
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// Takes the lines that are new or have changed, the oldest first.
    pub fn take(&mut self) -> Vec<Line> {
        let fresh = std::mem::take(&mut self.fresh);
        fresh.into_values().map(|line| (*line).clone()).collect()
    }

    /// Every line that is kept, the oldest first.
    pub fn take_all(&mut self) -> Vec<Line> {
        self.fresh.clear();
        let mut lines: Vec<&Rc<Line>> = self.messages.iter().chain(&self.housekeeping).collect();
        lines.sort_by_key(|line| line.number);
        lines.into_iter().map(|line| (**line).clone()).collect()
    }

    /// Adds a command of a client, or counts it where the client said the same before. Returns the
    /// line, if it is a new one.
    pub fn add(&mut self, client: u64, mut line: Line) -> Option<Rc<Line>> {
        line.in_multi = self.executing == Some((client, line.at));
        if line.text == "EXEC" {
            self.executing = Some((client, line.at));
        } else if !line.in_multi {
            self.executing = None;
        }
        let last = self.last.get(&client).filter(|last| last.text == line.text);
        let is_new = last.is_none();
        match last {
            Some(last) => {
                line.number = last.number;
                line.times = last.times.saturating_add(1);
            }
            None => {
                self.count = self.count.wrapping_add(1);
                line.number = self.count;
            }
        }
        let line = Rc::new(line);
        self.keep(&line);
        self.fresh.insert(line.number, line.clone());
        if self.fresh.len() > 2 * LINES_MAX {
            self.fresh.pop_first();
        }
        self.last.insert(client, line.clone());
        is_new.then_some(line)
    }

    /// Forgets a client that is gone.
    pub fn forget(&mut self, client: u64) {
        self.last.remove(&client);
    }

    fn keep(&mut self, line: &Rc<Line>) {
        let lines = match line.weight {
            Weight::Message => &mut self.messages,
            Weight::Housekeeping => &mut self.housekeeping,
        };
        match lines.binary_search_by_key(&line.number, |known| known.number) {
            Ok(at) => lines[at] = line.clone(),
            // One that repeats may be too old to be kept.
            Err(at) if at == lines.len() => lines.push_back(line.clone()),
            Err(_) => {}
        }
        if lines.len() > LINES_MAX {
            lines.pop_front();
        }
    }
}

/// A command as one would type it, cut where it is long.
pub(super) fn typed(args: &[Vec<u8>]) -> String {
    let mut text = String::new();
    for (index, arg) in args.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&units::argument(arg));
        if text.len() > 4 * TEXT_MAX {
            break;
        }
    }
    shown(text.as_bytes(), TEXT_MAX)
}
