//! A Redis inside a test: no server, no container, no port, no waiting.
//!
//! [`Keyspace`] is an engine with a clock that stands until the test moves it, and [`Client`] is a
//! connection to it on which everything of the [`redis`] crate works: its typed commands, `cmd`,
//! pipelines, transactions and scripts. Code that takes any [`redis::ConnectionLike`] runs on it
//! unchanged, natively and, as the engine is pure Rust, in a browser by `wasm-pack test`.
//!
//! ```
//! use keyspace_client::{Keyspace, redis::TypedCommands};
//! use std::time::Duration;
//!
//! # fn main() -> keyspace_client::redis::RedisResult<()> {
//! let keyspace = Keyspace::new();
//! let mut client = keyspace.client();
//!
//! client.set_ex("session:7f3a", "ada", 30)?;
//! assert_eq!(client.get("session:7f3a")?.as_deref(), Some("ada"));
//!
//! keyspace.advance(Duration::from_secs(30)); // thirty seconds, at once
//! assert_eq!(client.get("session:7f3a")?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Your own code
//!
//! Let it take `&mut impl ConnectionLike`, as it has to for a pool or a cluster anyway. It is given
//! a connection to a server by the program, and a [`Client`] by the test:
//!
//! ```
//! use keyspace_client::{Keyspace, redis::{ConnectionLike, RedisResult, TypedCommands}};
//!
//! fn visits(connection: &mut impl ConnectionLike, page: &str) -> RedisResult<isize> {
//!     connection.incr(format!("visits:{page}"), 1)
//! }
//!
//! let mut client = Keyspace::new().client();
//! assert_eq!(visits(&mut client, "/"), Ok(1));
//! assert_eq!(visits(&mut client, "/"), Ok(2));
//! ```
//!
//! # What waits
//!
//! A blocking command that is answered by time moves the clock to that time: `BRPOP queue 5` on an
//! empty queue returns at once, five seconds later. One that only another client could answer is
//! sent with [`Client::send`], and its reply is taken when it is there:
//!
//! ```
//! use keyspace_client::{Keyspace, redis::{TypedCommands, cmd}};
//!
//! # fn main() -> keyspace_client::redis::RedisResult<()> {
//! let keyspace = Keyspace::new();
//! let (mut worker, mut producer) = (keyspace.client(), keyspace.client());
//!
//! worker.send(cmd("BRPOP").arg("jobs").arg(0))?;
//! assert!(worker.is_blocked());
//!
//! producer.lpush("jobs", "resize")?;
//! let job: Option<(String, String)> = worker.reply()?;
//! assert_eq!(job, Some(("jobs".into(), "resize".into())));
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod client;
mod keyspace;
mod subscriber;

pub use ::keyspace::{Engine, Event, Options, UnixMillis};
pub use client::Client;
pub use keyspace::Keyspace;
pub use redis;
pub use subscriber::Subscriber;
