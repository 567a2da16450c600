//! The keys: a live list of them, and one of them in full.

pub mod list;
pub mod stage;
pub mod state;
mod value;

pub use state::{Action, Effect, State};
