//! Guided lessons beside the console: what to try, and whether the engine has seen it.

mod state;
pub mod view;

pub use keyspace_lessons::{Condition, Lesson};
pub use state::{Action, Effect, State};

use std::sync::LazyLock;

/// A step of a lesson, both by their number from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub lesson: usize,
    pub step: usize,
}

impl Place {
    /// Reads `strings/2`, the second step; without a number it is the first.
    pub fn from_address(address: &str) -> Option<Place> {
        let (id, step) = address.split_once('/').unwrap_or((address, "1"));
        let lesson = all().iter().position(|lesson| lesson.id == id)?;
        let step = step.parse::<usize>().ok()?.checked_sub(1)?;
        (step < all()[lesson].steps.len()).then_some(Place { lesson, step })
    }

    /// `strings/2`.
    pub fn address(self) -> String {
        format!("{}/{}", all()[self.lesson].id, self.step + 1)
    }

    /// The step behind this one: of the same lesson, or of the next.
    pub fn next(self) -> Option<Place> {
        if self.step + 1 < all()[self.lesson].steps.len() {
            return Some(Place { step: self.step + 1, ..self });
        }
        let lesson = self.lesson + 1;
        (lesson < all().len()).then_some(Place { lesson, step: 0 })
    }
}

/// Every lesson, in order.
pub fn all() -> &'static [Lesson] {
    static LESSONS: LazyLock<Vec<Lesson>> = LazyLock::new(|| {
        let data = include_bytes!(concat!(env!("OUT_DIR"), "/lessons.postcard"));
        postcard::from_bytes(data).expect("the build wrote these very lessons")
    });
    &LESSONS
}
