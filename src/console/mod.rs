//! The console: a `redis-cli` in the page, with several clients side by side.
//!
//! [`state`] is plain data and what happens to it; [`view`] draws it. What the console wants done
//! outside itself it says as [`Effect`]s.

mod client;
mod complete;
mod help;
pub mod highlight;
mod history;
pub mod state;
pub mod view;

pub use client::{Body, Client, Entry, Wait};
pub use complete::Commands;
pub use highlight::{Span, Tone};
pub use state::{Action, Effect, State};
