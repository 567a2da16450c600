//! A Redis-compatible engine: RESP in, RESP out.
//!
//! The engine is pure. It owns no socket, thread, clock or source of randomness: bytes and the
//! time are arguments, and the same inputs with the same seed give the same outputs on every
//! platform. A host connects clients, hands over what they send, and delivers what they are owed.
//!
//! ```
//! use keyspace::{Engine, Options, UnixMillis};
//!
//! let now = UnixMillis(1_700_000_000_000);
//! let mut engine = Engine::new(Options { start: now, ..Options::default() });
//! let client = engine.connect(now);
//! engine.receive(client, b"SET greeting hello PX 100\r\nGET greeting\r\n", now);
//! assert_eq!(engine.take_output(client), b"+OK\r\n$5\r\nhello\r\n");
//!
//! // Time is an argument: the key dies at its millisecond.
//! assert_eq!(engine.next_deadline(), Some(now + 100));
//! engine.receive(client, b"GET greeting\r\n", now + 100);
//! assert_eq!(engine.take_output(client), b"$-1\r\n");
//! ```
#![deny(missing_docs)]
#![cfg_attr(
    not(feature = "scripting"),
    expect(dead_code, reason = "what only scripts use is left out by the compiler")
)]

mod acl;
mod args;
mod blocking;
mod client;
mod client_buffers;
mod client_memory;
mod clients;
pub mod command;
mod config;
mod context;
mod db;
mod dispatch;
mod engine;
mod error;
mod event;
mod eviction;
mod expire;
mod glob;
mod hotkeys;
mod idle;
mod invariants;
mod latency;
mod long_double;
mod multi;
mod notify;
mod output_limit;
mod pause;
mod permission;
mod persistence;
mod pubsub;
mod random;
mod rates;
mod rdb;
mod scan;
mod script;
mod slowlog;
mod sort;
mod sorted;
mod stats;
mod time;
mod timing;
mod tracking;
mod usage;
mod value;

pub use client::ClientId;
pub use db::{DATABASES, DbIndex};
pub use engine::{ConnectOptions, Engine, Options};
pub use event::Event;
pub use rdb::LoadError;
pub use time::UnixMillis;

/// The version of Redis whose behaviour this engine matches, as `INFO` and `HELLO` give it.
pub const REDIS_VERSION: &str = "8.6.0";
