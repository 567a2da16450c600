//! The engine, as what a transcript is played against.

use crate::backend::{Backend, Connection, Received};
use crate::parse::Block;
use keyspace::{ClientId, Engine, Options, UnixMillis};
use std::io;

/// The engine itself, with a clock that only [`Backend::advance`] moves.
#[derive(Debug)]
pub struct EngineBackend {
    engine: Engine,
    now: UnixMillis,
    clients: Vec<ClientId>,
}

impl EngineBackend {
    /// When the clock starts: 2023-11-14T22:13:20Z.
    pub const START: UnixMillis = UnixMillis(1_700_000_000_000);
}

impl Default for EngineBackend {
    fn default() -> Self {
        let options = Options { start: Self::START, ..Options::default() };
        EngineBackend { engine: Engine::new(options), now: Self::START, clients: Vec::new() }
    }
}

impl Backend for EngineBackend {
    fn connect(&mut self) -> io::Result<Connection> {
        self.clients.push(self.engine.connect(self.now));
        Ok(self.clients.len() - 1)
    }

    fn send(&mut self, connection: Connection, bytes: &[u8]) -> io::Result<()> {
        self.engine.receive(self.clients[connection], bytes, self.now);
        self.engine.continue_script();
        Ok(())
    }

    fn receive(&mut self, connection: Connection) -> io::Result<Received> {
        let client = self.clients[connection];
        let bytes = self.engine.take_output(client);
        let closed = self.engine.is_closing(client);
        if closed {
            self.engine.disconnect(client, self.now);
        }
        Ok(Received { bytes, closed })
    }

    /// The engine is settled whenever `send` or `advance` returns, but for a script that does not
    /// end, which goes on for a while at each of them.
    fn receive_settled(&mut self, connection: Connection) -> io::Result<Received> {
        self.receive(connection)
    }

    fn advance(&mut self, millis: u64) {
        let millis = i64::try_from(millis).unwrap_or(i64::MAX);
        self.now = self.now + millis;
        self.engine.advance(self.now);
        self.engine.continue_script();
    }

    fn skips(&self, _block: &Block) -> bool {
        false
    }
}
