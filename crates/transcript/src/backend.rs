//! What a transcript is played against.

use crate::parse::Block;
use std::io;

/// The number of a connection: the order in which a transcript's clients connected, from 0.
pub type Connection = usize;

/// What has arrived on a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The server closed the connection after them.
    pub closed: bool,
}

/// A server that starts empty, and the connections to it.
pub trait Backend {
    /// Opens the next connection.
    ///
    /// # Errors
    /// What keeps it from opening.
    fn connect(&mut self) -> io::Result<Connection>;

    /// Sends bytes. On a connection that the server has closed they are lost.
    ///
    /// # Errors
    /// What keeps them from being sent.
    fn send(&mut self, connection: Connection, bytes: &[u8]) -> io::Result<()>;

    /// Takes what arrives next, waiting for it; nothing where nothing will.
    ///
    /// # Errors
    /// What keeps it from being read.
    fn receive(&mut self, connection: Connection) -> io::Result<Received>;

    /// Takes what has arrived once the server has worked on everything sent so far.
    ///
    /// # Errors
    /// What keeps it from being read.
    fn receive_settled(&mut self, connection: Connection) -> io::Result<Received>;

    /// Moves the clock, or lets that time pass.
    fn advance(&mut self, millis: u64);

    /// Whether this server is not asked what a block says.
    fn skips(&self, block: &Block) -> bool;
}
