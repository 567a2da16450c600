//! Celery's producer and worker as deterministic clients of a keyspace engine.
//!
//! A [`Producer`], a [`Worker`], a [`Beat`] and a [`Control`] are state machines that send what
//! Celery 5.7.0 with kombu 5.7.0 and redis-py 8.1.0 sends, command for command and byte for byte
//! apart from ids, times and host names. They are ordinary RESP clients: a [`Simulation`] drives
//! them on an engine, and over TCP they serve real producers and workers.
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
//! | Celery | the simulation | why |
//! |---|---|---|
//! | asks for the results of a chain's or chord's parents again and again | asks once | how often depends on how slow the machine is |
//! | reads a group's results in the order of a Python set; lets go of a group's results when its garbage collector comes, and listens again | reads them in the group's order; listens until they are there | the order and the moment are Python's |
//! | BRPOP and PSUBSCRIBE in either order when the event loop begins | BRPOP first | both are recorded |
//! | acknowledges early when a pool's process says that it has the task | the same, at once | which of two processes is quicker differs from run to run |
//! | 5.7.0 ends with `AttributeError` where the server goes away while messages are unacknowledged | connects again, after 2, 4, 6 ... 32 seconds | what it means to do |
//! | remote control: `autoscale`, `pool_restart`, `objgraph`, `memsample` | answer as where they are off, or psutil and objgraph are not installed | there is nothing behind them here |
//! | `conf` with its defaults has `result_backend_max_retries: Infinity` | it is not there | JSON has no such number |
//! | `rusage` in `stats` | `N/A` | the simulation uses no machine |
//! | an `election` is counted and the winner acts; a lone worker of 5.7.0 ends with an `IndexError` | `worker-elect` is told, and nothing follows | applications do not use it |
//! | a pool grows, a worker consumes, as far as there is memory | 64 processes, 64 queues at most, one process at least | that is enough to see it |
//! | calls are for workers that match a `pattern` by `glob` or `pcre` | by `glob` | a regular expression of Python's is not simulated |
//! | reads the table of an exchange on another connection when it restores a message | on the same one | which connection of the pool is free is chance |
//! | `socket_timeout`, `socket_connect_timeout`, `max_connections` | have no effect | connections here neither hang nor run out |
#![deny(missing_docs)]

mod act;
mod actor;
mod backend;
mod beat;
mod binding;
pub mod calls;
mod canvas;
pub mod celeryconfig;
pub mod command_line;
mod config;
mod connection;
mod control;
mod event;
mod exchange;
mod faults;
mod fnmatch;
mod ids;
mod json_text;
pub mod keys;
mod mailbox;
pub mod message;
mod object;
mod process;
mod producer;
mod publisher;
pub mod python;
mod restore;
pub mod result;
mod route;
pub mod scenario;
mod scripts;
mod simulation;
pub mod tasks;
mod trace;
mod worker;
mod workload;
mod world;

pub use act::Act;
pub use actor::{Action, Activity, Actor};
pub use beat::Beat;
pub use canvas::{Called, Canvas};
pub use command_line::WorkerOptions;
pub use config::{
    BeatEntry, Config, QueueOrder, RetryPolicy, TaskDefinition, TransportOptions, WorkerPool,
};
pub use connection::{ConnectionId, Role};
pub use control::{Answer, Control, ControlCall};
pub use exchange::{ExchangeType, Publication};
pub use faults::Fault;
pub use message::TaskCall;
pub use producer::Producer;
pub use route::{QueueDefinition, Route};
pub use simulation::{ActorId, ActorKind, ActorSnapshot, Simulation, Step};
pub use worker::Worker;
pub use workload::{Figures, Held, Report, Running, Slot, What, Workload};
pub use world::World;
