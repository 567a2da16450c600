//! What a driver needs to know of an actor: bytes and time in, actions out.
//!
//! An actor does no I/O. A driver carries out its actions in order, hands it what arrives on its
//! connections, and calls it again at its deadline. [`Simulation`](crate::Simulation) drives
//! actors on an engine; the example `actor` drives one over TCP.

use crate::connection::{ConnectionId, Role};
use keyspace::UnixMillis;

/// What an actor wants its driver to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Opens a connection to the server.
    Open(ConnectionId, Role),
    /// Sends bytes on a connection.
    Send(ConnectionId, Vec<u8>),
    /// Closes a connection.
    Close(ConnectionId),
}

/// What an actor says that it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// It connects and declares its queues.
    Starting,
    /// It has nothing to do, or waits for a message.
    Idle,
    /// It sends a message, keeps its books, or stores a result.
    Busy,
    /// A worker runs a task.
    Running {
        /// The task's id.
        task_id: String,
        /// The task's name.
        task: String,
        /// When it began to run.
        since: UnixMillis,
        /// When it will have run.
        until: UnixMillis,
    },
    /// A producer waits for this many results.
    AwaitingResults(usize),
    /// It finishes what it has, and then ends.
    Stopping,
    /// It ended as it was told to.
    Stopped,
    /// It was killed.
    Killed,
    /// It ended on an error.
    Crashed(String),
}

impl Activity {
    /// Whether the process is no more.
    pub fn is_over(&self) -> bool {
        matches!(self, Activity::Stopped | Activity::Killed | Activity::Crashed(_))
    }
}

/// A process that talks to a Redis server.
pub trait Actor {
    /// Its name, as in `w1@host`.
    fn name(&self) -> &str;

    /// What it is doing.
    fn activity(&self) -> Activity;

    /// Its open connections.
    fn connections(&self) -> Vec<(ConnectionId, Role)>;

    /// Takes bytes that arrived on a connection.
    fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis);

    /// Is told that the server closed a connection.
    fn disconnected(&mut self, connection: ConnectionId, now: UnixMillis);

    /// Does what is due at `now`.
    fn advance(&mut self, now: UnixMillis);

    /// When it wants [`advance`](Self::advance) to be called.
    fn next_deadline(&self) -> Option<UnixMillis>;

    /// Takes what it wants to be done, in order.
    fn take_actions(&mut self) -> Vec<Action>;

    /// Ends it at once: its connections close, and nothing else happens.
    fn kill(&mut self);
}
