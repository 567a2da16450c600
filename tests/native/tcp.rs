//! A server over TCP as a back end of transcripts: the clock is the real one.

use crate::control::{Control, PATIENCE};
use keyspace_transcript::{Backend, Block, Connection, Received};
use std::any::Any;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Connections to a server that is empty.
pub struct TcpBackend {
    address: SocketAddr,
    // Dropped before the server, which waits for its connections.
    connections: Vec<TcpStream>,
    skips: Box<dyn Fn(&Block) -> bool>,
    /// What keeps the server running.
    _server: Box<dyn Any>,
}

impl TcpBackend {
    /// A back end whose server, at `address`, is empty, and runs as long as `server` lives.
    pub fn new(
        address: SocketAddr,
        server: impl Any,
        skips: impl Fn(&Block) -> bool + 'static,
    ) -> TcpBackend {
        TcpBackend {
            address,
            connections: Vec::new(),
            skips: Box::new(skips),
            _server: Box::new(server),
        }
    }
}

impl Backend for TcpBackend {
    fn connect(&mut self) -> io::Result<Connection> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.connections.push(stream);
        Ok(self.connections.len() - 1)
    }

    fn send(&mut self, connection: Connection, bytes: &[u8]) -> io::Result<()> {
        match self.connections[connection].write_all(bytes) {
            Err(error) if is_lost(&error) => Ok(()),
            sent => sent,
        }
    }

    fn receive(&mut self, connection: Connection) -> io::Result<Received> {
        let stream = &mut self.connections[connection];
        let mut bytes = vec![0; 64 * 1024];
        match stream.read(&mut bytes) {
            Ok(len) => {
                bytes.truncate(len);
                Ok(Received { bytes, closed: len == 0 })
            }
            Err(error) if is_nothing(&error) => Ok(Received::default()),
            Err(error) if is_lost(&error) => Ok(Received { bytes: Vec::new(), closed: true }),
            Err(error) => Err(error),
        }
    }

    /// A server that has answered another connection and then seen its end has gone round all
    /// others in between.
    /// Monitors see nothing of it: the command is unknown.
    fn receive_settled(&mut self, connection: Connection) -> io::Result<Received> {
        let mut other = Control::connect(self.address)?;
        other.call(&["SETTLE"])?;
        other.quit()?;
        self.connections[connection].set_nonblocking(true)?;
        let received = self.receive(connection);
        self.connections[connection].set_nonblocking(false)?;
        received
    }

    fn advance(&mut self, millis: u64) {
        // A millisecond more: the server rounds the start down and the end up.
        std::thread::sleep(Duration::from_millis(millis + 1));
    }

    fn skips(&self, block: &Block) -> bool {
        (self.skips)(block)
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn is_lost(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}
