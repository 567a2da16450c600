//! A sequence in play.
//!
//! The engine goes first, at the real time; what it sent says how many replies to wait for. A turn,
//! the commands that one client sends in a row, is one write. Before another client has its turn,
//! everything that the engine sent has come from the server too, and whoever waits in the engine
//! waits there, so both see the commands in the same order.

use crate::exceptions;
use crate::expected::{Expected, Unanswered};
use crate::pair::{Difference, Pair, Played};
use crate::redis_server::Connection;
use crate::same::{in_common_order, same};
use crate::sequence::{Placeholder, Sequence, Side, Step};
use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How often the server answers others before it counts as silent.
const ROUNDS_MAX: u32 = 5;

/// A client, known to both.
struct Player {
    id: ClientId,
    connection: Connection,
    unanswered: Unanswered,
    expected: Vec<Expected>,
    /// The connection has ended, on both sides; what it would still send is passed over.
    is_closed: bool,
}

/// A sequence in play.
pub(crate) struct Game<'p> {
    pair: &'p mut Pair,
    engine: Engine,
    clients: Vec<Player>,
}

impl<'p> Game<'p> {
    pub fn new(pair: &'p mut Pair, sequence: &Sequence) -> io::Result<Game<'p>> {
        let start = now();
        let engine = Engine::new(Options { seed: sequence.seed, start, ..Options::default() });
        let mut game = Game { pair, engine, clients: Vec::new() };
        let observer = game.engine.connect(start);
        for line in exceptions::ENGINE_SETTINGS {
            let mut bytes = Vec::new();
            encode_command(&mut bytes, &Step::new(0, line).args);
            game.engine.receive(observer, &bytes, start);
        }
        game.engine.disconnect(observer, start);
        for _ in 0..sequence.clients() {
            game.connect()?;
        }
        Ok(game)
    }

    pub fn connect(&mut self) -> io::Result<()> {
        let mut connection = self.pair.take_connection()?;
        let id = self.engine.connect(now());
        // What CLIENT LIST shows of its past is the same then.
        connection.call(&["RESET"])?;
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &["RESET"]);
        self.engine.receive(id, &bytes, now());
        self.engine.take_output(id);
        let unanswered = Unanswered::default();
        let expected = Vec::new();
        self.clients.push(Player { id, connection, unanswered, expected, is_closed: false });
        Ok(())
    }

    /// The connections that are left, and whether their clients wait.
    pub fn into_connections(self) -> Vec<(Connection, bool)> {
        let Game { engine, clients, .. } = self;
        let client = |client: Player| (client.connection, engine.is_blocked(client.id));
        clients.into_iter().filter(|client| !client.is_closed).map(client).collect()
    }

    /// The number of the client that connects next.
    pub fn next_client(&self) -> usize {
        self.clients.len()
    }

    pub fn play(&mut self, steps: &[Step], played: &mut Played) -> io::Result<()> {
        let single = self.pair.single_steps;
        let is_one_turn = |a: &Step, b: &Step| {
            let is_apart = single || a.may_end_connections() || b.waits_for_others();
            !is_apart && a.client == b.client && a.wait_ms().is_none()
        };
        for turn in steps.chunk_by(is_one_turn) {
            match turn[0].wait_ms() {
                Some(millis) => self.wait(millis, turn, played)?,
                None => self.take_turn(turn, played)?,
            }
            if played.difference.is_some() || played.ended {
                break;
            }
        }
        Ok(())
    }

    /// Lets real time pass on both. What is due in the engine is due on the server, where SCAN
    /// removes the keys that it has not met yet.
    fn wait(&mut self, millis: u64, turn: &[Step], played: &mut Played) -> io::Result<()> {
        std::thread::sleep(Duration::from_millis(millis));
        self.engine.advance(now());
        self.collect();
        for db in 0..keyspace::DATABASES {
            self.pair.control.call(&["SELECT", &db.to_string()])?;
            self.pair.control.call(&["SCAN", "0", "COUNT", "100000"])?;
        }
        self.pair.control.call(&["SELECT", "0"])?;
        self.compare_all(turn, played)
    }

    fn take_turn(&mut self, turn: &[Step], played: &mut Played) -> io::Result<()> {
        let Some(last) = turn.last() else {
            return Ok(());
        };
        let mut for_redis = Vec::new();
        let mut for_engine = Vec::new();
        let current = last.client;
        if self.clients[current].is_closed {
            played.received.push(Vec::new());
            return Ok(());
        }
        for step in turn {
            self.clients[current].unanswered.sent(step.args.clone());
            let step = self.with_dumps(step)?;
            encode_command(
                &mut for_engine,
                &self.with_ids(&step.args, |player| player.id.0 as i64),
            );
            encode_command(
                &mut for_redis,
                &self.with_ids(&step.args, |player| player.connection.id),
            );
            played.commands += 1;
        }
        self.engine.receive(self.clients[current].id, &for_engine, now());
        self.collect();
        self.clients[current].connection.send(&for_redis)?;
        self.compare_all(turn, played)?;
        self.close(turn, played)?;
        if played.difference.is_some() || played.ended {
            return Ok(());
        }
        let id = self.clients[current].id;
        if self.engine.is_blocked(id) && !self.waits_there(current)? {
            // A short wait may be over already.
            self.engine.advance(now());
            self.collect();
            if !self.engine.is_blocked(id) {
                let before = played.received.pop().unwrap_or_default();
                self.compare_all(turn, played)?;
                if let Some(received) = played.received.last_mut() {
                    received.splice(0..0, before);
                }
                return Ok(());
            }
            played.differs(Difference {
                turn: turn.to_vec(),
                client: current,
                command: last.args.clone(),
                engine: None,
                redis: self.clients[current].connection.receive_while(1, || Ok(false))?.pop(),
            });
        }
        Ok(())
    }

    /// Compares what every client received after a turn. An expected difference explains the others.
    fn compare_all(&mut self, turn: &[Step], played: &mut Played) -> io::Result<()> {
        let mut received = Vec::new();
        let mut differences = Vec::new();
        for client in 0..self.clients.len() {
            differences.extend(self.compare(client, turn, &mut received)?);
        }
        let expected = differences.iter().position(exceptions::ends);
        if !differences.is_empty() {
            played.differs(differences.swap_remove(expected.unwrap_or(0)));
        }
        played.received.push(received);
        Ok(())
    }

    /// Ends the connections that the engine closes; the server must close them too.
    fn close(&mut self, turn: &[Step], played: &mut Played) -> io::Result<()> {
        for number in 0..self.clients.len() {
            let client = &mut self.clients[number];
            if client.is_closed || !self.engine.is_closing(client.id) {
                continue;
            }
            client.is_closed = true;
            self.engine.disconnect(client.id, now());
            if !client.connection.is_closed()? && played.difference.is_none() {
                played.differs(Difference {
                    turn: turn.to_vec(),
                    client: number,
                    command: turn.last().map_or_else(Vec::new, |step| step.args.clone()),
                    engine: Some(Value::Simple(b"the connection is closed".to_vec())),
                    redis: None,
                });
            }
        }
        Ok(())
    }

    /// Takes what the engine sent.
    fn collect(&mut self) {
        for id in self.engine.take_active() {
            let bytes = self.engine.take_output(id);
            let Some(client) = self.clients.iter_mut().find(|client| client.id == id) else {
                continue;
            };
            let (values, used) = Value::decode_all(&bytes).expect("the engine sends RESP");
            assert_eq!(used, bytes.len(), "the engine sends whole replies");
            for value in values {
                let expected = client.unanswered.received(value);
                client.expected.push(expected);
            }
        }
    }

    /// Reads as many replies as the engine sent, and compares them.
    fn compare(
        &mut self,
        client: usize,
        turn: &[Step],
        received: &mut Vec<(usize, Value)>,
    ) -> io::Result<Option<Difference>> {
        let player = &mut self.clients[client];
        let expected = std::mem::take(&mut player.expected);
        if expected.is_empty() {
            return Ok(None);
        }
        // The server has one thread: when it has answered others often enough, nothing more comes.
        let mut rounds = 0;
        let control = &mut self.pair.control;
        let values = player.connection.receive_while(expected.len(), || {
            rounds += 1;
            control.call(&["PING"])?;
            Ok(rounds < ROUNDS_MAX)
        })?;
        received.extend(values.iter().map(|value| (client, value.clone())));
        let expected = in_common_order(expected, |expected| &expected.value);
        let values = in_common_order(values, |value| value);
        let mut difference = None;
        for (index, expected) in expected.into_iter().enumerate() {
            let value = values.get(index);
            if !value.is_some_and(|value| same(&expected, value)) && difference.is_none() {
                difference = Some(Difference {
                    turn: turn.to_vec(),
                    client,
                    command: expected.answers.first().cloned().unwrap_or_default(),
                    engine: Some(expected.value),
                    redis: value.cloned(),
                });
            }
        }
        Ok(difference)
    }

    /// Whether a client comes to wait on the server.
    fn waits_there(&mut self, client: usize) -> io::Result<bool> {
        let id = self.clients[client].connection.id.to_string();
        for _ in 0..2000 {
            let list = self.pair.control.call(&["CLIENT", "LIST", "ID", &id])?;
            let list = String::from_utf8_lossy(list.as_bytes().unwrap_or_default()).into_owned();
            let mut fields = list.split(' ');
            if fields
                .any(|field| field.strip_prefix("flags=").is_some_and(|flags| flags.contains('b')))
            {
                return Ok(true);
            }
            std::thread::yield_now();
        }
        Ok(false)
    }

    /// Every client that waits in the engine waits on the server, and every other one answers once
    /// more: nothing else may come before.
    pub fn settle(&mut self, played: &mut Played) -> io::Result<()> {
        for client in 0..self.clients.len() {
            self.settle_waiting(client, played)?;
            if played.difference.is_some() || played.ended {
                return Ok(());
            }
        }
        let free = |&client: &usize| {
            !self.clients[client].is_closed && !self.engine.is_blocked(self.clients[client].id)
        };
        let clients: Vec<usize> = (0..self.clients.len()).filter(free).collect();
        for client in clients {
            self.take_turn(&[Step::new(client, "PING end")], played)?;
            if played.difference.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Looks whether a difference follows from an expected one that nobody has seen: a client that
    /// waits in the engine alone, while on the server it has gone on.
    pub fn explain(&mut self, played: &mut Played) -> io::Result<()> {
        for client in 0..self.clients.len() {
            let mut cause = Played::default();
            self.settle_waiting(client, &mut cause)?;
            if cause.ended {
                played.ended = true;
                played.difference = None;
            }
        }
        Ok(())
    }

    fn settle_waiting(&mut self, client: usize, played: &mut Played) -> io::Result<()> {
        let id = self.clients[client].id;
        if !self.engine.is_blocked(id) || self.waits_there(client)? {
            return Ok(());
        }
        // A short wait may be over already.
        self.engine.advance(now());
        self.collect();
        if !self.engine.is_blocked(id) {
            return self.compare_all(&[], played);
        }
        let received = self.clients[client].connection.receive_while(1, || Ok(false))?;
        played.differs(Difference {
            turn: Vec::new(),
            client,
            command: Vec::new(),
            engine: None,
            redis: received.into_iter().next(),
        });
        Ok(())
    }

    /// The engine's last reply to these commands, on a connection that leaves no trace.
    pub fn ask_engine(&mut self, commands: &[&[Vec<u8>]]) -> Value {
        let observer = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let id = self.engine.connect_with(observer, now());
        for args in commands {
            let mut bytes = Vec::new();
            encode_command(&mut bytes, args);
            self.engine.take_output(id);
            self.engine.receive(id, &bytes, now());
        }
        let bytes = self.engine.take_output(id);
        self.engine.disconnect(id, now());
        Value::decode(&bytes).ok().flatten().map_or(Value::Null, |(value, _)| value)
    }

    /// The arguments with the ids that the clients have on one side.
    fn with_ids(&self, args: &[Vec<u8>], id: impl Fn(&Player) -> i64) -> Vec<Vec<u8>> {
        let with_id = |arg: &Vec<u8>| match Placeholder::read(arg) {
            Some(Placeholder::Client(number)) => {
                let id = self.clients.get(number).map_or(1_000_000, &id);
                id.to_string().into_bytes()
            }
            _ => arg.clone(),
        };
        args.iter().map(with_id).collect()
    }

    /// The step with the payloads that it names; nothing where there is no such key.
    fn with_dumps(&mut self, step: &Step) -> io::Result<Step> {
        let mut step = step.clone();
        for arg in &mut step.args {
            if let Some(Placeholder::Dump { by, key }) = Placeholder::read(arg) {
                let payload = match by {
                    Side::Engine => self.ask_engine(&[&[b"DUMP".to_vec(), key.to_vec()]]),
                    Side::Redis => self.pair.control.call(&[b"DUMP", key])?,
                };
                *arg = match payload {
                    Value::Bulk(payload) if exceptions::is_restored(&payload) => payload,
                    _ => Vec::new(),
                };
            }
        }
        Ok(step)
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
