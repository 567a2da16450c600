//! The engine and a redis-server side by side: how sequences are played on both, one after another.

use crate::audit::audit;
use crate::exceptions;
use crate::game::Game;
use crate::redis_server::{Connection, RedisServer};
use crate::sequence::{Sequence, Step};
use keyspace_resp::Value;
use std::io;

/// Something that the two answer differently.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The steps that were played last, all at once.
    pub turn: Vec<Step>,
    /// The client that received it.
    pub client: usize,
    /// The command that is answered; empty for a message.
    pub command: Vec<Vec<u8>>,
    /// What the engine sent.
    pub engine: Option<Value>,
    /// What redis-server sent.
    pub redis: Option<Value>,
}

/// What came of a sequence.
#[derive(Debug, Default)]
pub struct Played {
    /// How many commands were compared.
    pub commands: u64,
    /// What the versions did has other consequences, so the sequence ended early.
    pub ended: bool,
    /// The first difference.
    pub difference: Option<Difference>,
    /// For each step, what the clients received from redis-server.
    pub received: Vec<Vec<(usize, Value)>>,
}

impl Played {
    /// Ends it with a difference, or with one that is expected.
    pub(crate) fn differs(&mut self, difference: Difference) {
        self.ended = exceptions::ends(&difference);
        self.difference = Some(difference).filter(|_| !self.ended);
    }
}

/// The engine and a redis-server.
#[derive(Debug)]
pub struct Pair {
    server: RedisServer,
    pub(crate) control: Connection,
    /// Connections without a past, to be used again.
    spare: Vec<Connection>,
    /// Settings to be put back, by name.
    settings: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether each step is a turn of its own.
    pub single_steps: bool,
}

impl Pair {
    /// Starts a server.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn start() -> io::Result<Pair> {
        let server = RedisServer::start()?;
        let mut control = server.connect()?;
        let reply = control.call(&["CONFIG", "GET", "*-max-*", "notify-keyspace-events"])?;
        let items = reply.as_array().unwrap_or_default();
        let bytes = |value: &Value| value.as_bytes().unwrap_or_default().to_vec();
        let settings =
            items.chunks_exact(2).map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect();
        Ok(Pair { server, control, spare: Vec::new(), settings, single_steps: false })
    }

    /// Plays a sequence on both, up to the first difference, and compares all data at its end.
    ///
    /// # Errors
    /// Where the server cannot be reached.
    pub fn play(&mut self, sequence: &Sequence) -> io::Result<Played> {
        self.control.call(&["FLUSHALL"])?;
        let mut game = Game::new(self, sequence)?;
        let mut played = Played::default();
        game.play(&sequence.steps, &mut played)?;
        if played.difference.is_some() {
            game.explain(&mut played)?;
        }
        if played.difference.is_none() && !played.ended {
            game.settle(&mut played)?;
        }
        if played.difference.is_none() && !played.ended {
            audit(&mut game, sequence.seed, &mut played)?;
        }
        let is_over = played.difference.is_some() || played.ended;
        for (connection, is_blocked) in game.into_connections() {
            self.put_back(connection, !is_over && !is_blocked)?;
        }
        if sequence.steps.iter().any(|step| step.is("acl") || step.is("auth")) {
            self.forget_users()?;
        }
        if sequence.steps.iter().any(|step| step.is("config")) {
            let mut args = vec![b"CONFIG".to_vec(), b"SET".to_vec()];
            for (name, value) in &self.settings {
                // An alias sets the same thing twice, which is refused.
                if !name.windows(7).any(|part| part == b"ziplist") {
                    args.extend([name.clone(), value.clone()]);
                }
            }
            self.control.call(&args)?;
        }
        Ok(played)
    }

    fn forget_users(&mut self) -> io::Result<()> {
        let users = self.control.call(&["ACL", "USERS"])?;
        let mut args = vec![b"ACL".to_vec(), b"DELUSER".to_vec()];
        args.extend(users.as_array().into_iter().flatten().filter_map(|user| {
            user.as_bytes().filter(|&name| name != b"default").map(<[u8]>::to_vec)
        }));
        self.control.call(&args)?;
        self.control.call(&["ACL", "LOG", "RESET"])?;
        Ok(())
    }

    pub(crate) fn take_connection(&mut self) -> io::Result<Connection> {
        match self.spare.pop() {
            Some(connection) => Ok(connection),
            None => self.server.connect(),
        }
    }

    fn put_back(&mut self, mut connection: Connection, is_free: bool) -> io::Result<()> {
        if is_free {
            connection.call(&["RESET"])?;
            self.spare.push(connection);
        } else {
            self.control.call(&["CLIENT", "KILL", "ID", &connection.id.to_string()])?;
        }
        Ok(())
    }
}
