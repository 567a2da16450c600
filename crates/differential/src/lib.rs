//! The engine and a real redis-server, given the same random commands and compared: an ordinary
//! member of the workspace, as it needs neither a nightly compiler nor coverage, only a server.
//!
//! A [`Sequence`] follows from its seed alone. [`Pair::play`] plays it on both, with every reply
//! compared, and at the end all data; [`shrink`] leaves of a sequence what still differs, and
//! [`transcript`] writes that as a test of `tests/spec`. What may differ is listed in
//! [`exceptions`], each with its reason.
#![deny(missing_docs)]

mod audit;
mod described;
pub mod exceptions;
mod expected;
mod game;
mod generate;
mod pair;
mod redis_server;
mod same;
mod sequence;
mod shrink;
mod transcript;
mod words;

pub use generate::generate;
pub use pair::{Difference, Pair, Played};
pub use redis_server::RedisServer;
pub use sequence::{Sequence, Step};
pub use shrink::shrink;
pub use transcript::transcript;
