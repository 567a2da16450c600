//! Celery's producer and worker as deterministic clients of a keyspace engine.
//!
//! A [`Producer`] and a [`Worker`] are state machines that send what Celery 5.7.0 with kombu 5.7.0
//! and redis-py 8.1.0 sends, command for command and byte for byte apart from ids, times and host
//! names. They are ordinary RESP clients: a [`Simulation`] drives them on an engine, and over TCP
//! they serve real producers and workers. The worker is that of `celery worker -P solo
//! --without-mingle --without-gossip --without-heartbeat`; retries, groups, chords and beat are not
//! simulated.
//!
//! ```
//! use celery_sim::{Config, Simulation, TaskCall};
//! use keyspace::{Engine, Options, UnixMillis};
//!
//! let now = UnixMillis(1_700_000_000_000);
//! let mut engine = Engine::new(Options { start: now, ..Options::default() });
//! let mut celery = Simulation::new(Config::solo(), 7);
//! celery.start_worker();
//! let task_id = celery.send_task(TaskCall::new("app.add", [2, 3]));
//! celery.get_result(&task_id);
//! celery.run(&mut engine, now);
//!
//! let reader = engine.connect(now);
//! let question = format!("SELECT 1\r\nEXISTS celery-task-meta-{task_id}\r\n");
//! engine.receive(reader, question.as_bytes(), now);
//! assert_eq!(engine.take_output(reader), b"+OK\r\n:1\r\n");
//! ```
//!
//! # Where the simulation differs
//!
//! | Celery sends | the simulation sends | why |
//! |---|---|---|
//! | EVALSHA that releases `unacked_mutex` | GET, and DEL where the token is its own | what the script runs, without a script |
//! | EVALSHA that binds the pidbox queue | SADD, TIME, ZADD GT | the same |
//! | SCRIPT EXISTS; MULTI, EVALSHA, EXEC, which renew that binding | TIME; MULTI, SADD, ZADD GT, EXEC | the same; TIME must be known before MULTI |
//! | EVALSHA that sweeps overdue bindings | TIME, ZRANGEBYSCORE; overdue bindings stay | the same |
//! | nothing, but marks a task as revoked whose `expires` has passed | what running it takes | revoking is not simulated |
//! | replies to remote control | nothing: control messages are read and dropped | inspect and revoke are not simulated |
//! | a new connection where one is lost | the process ends with the error | reconnecting is not simulated |
//! | BRPOP and PSUBSCRIBE in either order when the event loop begins | BRPOP first | both are recorded |
#![deny(missing_docs)]

mod act;
mod actor;
pub mod celeryconfig;
mod config;
mod connection;
mod faults;
mod ids;
mod json_text;
pub mod keys;
pub mod message;
mod process;
mod producer;
pub mod python;
mod simulation;
pub mod tasks;
mod worker;
mod workload;
mod world;

pub use act::Act;
pub use actor::{Action, Activity, Actor};
pub use config::{
    BeatEntry, Config, QueueOrder, RetryPolicy, TaskDefinition, TransportOptions, WorkerPool,
};
pub use connection::{ConnectionId, Role};
pub use faults::Fault;
pub use message::TaskCall;
pub use producer::Producer;
pub use simulation::{ActorId, ActorKind, ActorSnapshot, Simulation, Step};
pub use worker::Worker;
pub use workload::{Held, Report, Running, Slot, What, Workload};
pub use world::World;
