//! The goal of a lesson's step: looked at again whenever something has happened.

use super::observer::Reader;
use crate::lessons::Condition;
use keyspace::Event;
use keyspace_lessons::Progress;

/// What is looked out for, if anything is.
#[derive(Default)]
pub(super) struct Goal {
    progress: Option<Progress>,
    stale: bool,
}

impl Goal {
    pub fn new(conditions: Option<Vec<Condition>>) -> Goal {
        Goal { stale: conditions.is_some(), progress: conditions.map(Progress::new) }
    }

    pub fn see(&mut self, event: &Event) {
        if let Some(progress) = &mut self.progress {
            progress.see(event);
            self.stale = true;
        }
    }

    /// Whether it is to be looked at again.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// Whether the goal is reached; true once, then nothing is looked out for.
    pub fn take_reached(&mut self, ask: &mut Reader<'_>) -> bool {
        if !std::mem::take(&mut self.stale) {
            return false;
        }
        let reached = self
            .progress
            .as_ref()
            .is_some_and(|progress| progress.is_reached(|db, args| ask.ask(db, args)));
        if reached {
            self.progress = None;
        }
        reached
    }
}
