//! `celeryconfig.py`: settings as the Python assignments that users of Celery know.

mod literal;

pub use literal::{Node, Value};

/// A place in a text: line and column, both from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The setting cannot be used.
    Error,
    /// It can, and does something that may surprise.
    Warning,
}

/// Something that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl Problem {
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Problem {
        Problem { place, severity: Severity::Error, message: message.into() }
    }
}
