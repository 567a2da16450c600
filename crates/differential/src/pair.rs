//! The engine and a redis-server side by side.
//!
//! The engine goes first, at the real time; what it sent says how many replies to wait for. A turn,
//! the commands that one client sends in a row, is one write. Before another client has its turn,
//! everything that the engine sent has come from the server too, and whoever waits in the engine
//! waits there, so both see the commands in the same order.

use crate::exceptions;
use crate::expected::{Expected, Unanswered};
use crate::redis_server::{Connection, RedisServer};
use crate::same::{in_common_order, same};
use crate::sequence::{CLIENT_ID, Sequence, Step};
use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

/// Something that the two answer differently.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The last step that was played.
    pub step: Step,
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

/// The engine and a redis-server.
#[derive(Debug)]
pub struct Pair {
    server: RedisServer,
    control: Connection,
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
        if played.difference.is_none() && !played.ended {
            game.settle(&mut played)?;
        }
        if played.difference.is_none() && !played.ended {
            game.audit(&mut played)?;
        }
        let Game { engine, clients, .. } = game;
        for client in clients {
            let is_free =
                played.difference.is_none() && !played.ended && !engine.is_blocked(client.id);
            self.put_back(client.connection, is_free)?;
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

    fn take_connection(&mut self) -> io::Result<Connection> {
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

/// A client, known to both.
struct Player {
    id: ClientId,
    connection: Connection,
    unanswered: Unanswered,
    expected: Vec<Expected>,
}

/// A sequence in play.
struct Game<'p> {
    pair: &'p mut Pair,
    engine: Engine,
    clients: Vec<Player>,
}

impl<'p> Game<'p> {
    fn new(pair: &'p mut Pair, sequence: &Sequence) -> io::Result<Game<'p>> {
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

    fn connect(&mut self) -> io::Result<()> {
        let connection = self.pair.take_connection()?;
        let id = self.engine.connect(now());
        let unanswered = Unanswered::default();
        self.clients.push(Player { id, connection, unanswered, expected: Vec::new() });
        Ok(())
    }

    fn play(&mut self, steps: &[Step], played: &mut Played) -> io::Result<()> {
        let single = self.pair.single_steps;
        for turn in steps.chunk_by(|a, b| !single && a.client == b.client) {
            self.take_turn(turn, played)?;
            if played.difference.is_some() || played.ended {
                break;
            }
        }
        Ok(())
    }

    fn take_turn(&mut self, turn: &[Step], played: &mut Played) -> io::Result<()> {
        let Some(last) = turn.last() else {
            return Ok(());
        };
        let mut for_redis = Vec::new();
        let mut for_engine = Vec::new();
        let current = last.client;
        for step in turn {
            self.clients[current].unanswered.sent(step.args.clone());
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
        let mut received = Vec::new();
        for client in 0..self.clients.len() {
            let difference = self.compare(client, last, &mut received)?;
            if let Some(difference) = difference {
                played.received.push(received);
                played.ended = exceptions::ends(&difference);
                played.difference = Some(difference).filter(|_| !played.ended);
                return Ok(());
            }
        }
        played.received.push(received);
        if self.engine.is_blocked(self.clients[current].id) && !self.waits_there(current)? {
            played.difference = Some(Difference {
                step: last.clone(),
                client: current,
                command: last.args.clone(),
                engine: None,
                redis: self.clients[current].connection.receive(1)?.pop(),
            });
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
        step: &Step,
        received: &mut Vec<(usize, Value)>,
    ) -> io::Result<Option<Difference>> {
        let player = &mut self.clients[client];
        let expected = std::mem::take(&mut player.expected);
        if expected.is_empty() {
            return Ok(None);
        }
        let values = player.connection.receive(expected.len())?;
        received.extend(values.iter().map(|value| (client, value.clone())));
        let expected = in_common_order(expected, |expected| &expected.value);
        let values = in_common_order(values, |value| value);
        let mut difference = None;
        for (index, expected) in expected.into_iter().enumerate() {
            let value = values.get(index);
            if !value.is_some_and(|value| same(&expected, value)) && difference.is_none() {
                difference = Some(Difference {
                    step: step.clone(),
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

    /// Every client that does not wait answers once more: nothing else may come before.
    fn settle(&mut self, played: &mut Played) -> io::Result<()> {
        let free = |client: &usize| !self.engine.is_blocked(self.clients[*client].id);
        let clients: Vec<usize> = (0..self.clients.len()).filter(free).collect();
        for client in clients {
            self.take_turn(&[Step::new(client, "PING end")], played)?;
            if played.difference.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Compares all data, through a client of its own.
    fn audit(&mut self, played: &mut Played) -> io::Result<()> {
        let compared = played.commands;
        let observer = self.clients.len();
        self.connect()?;
        let mut steps = Vec::new();
        for db in 0..keyspace::DATABASES {
            let select = Step::new(observer, &format!("SELECT {db}"));
            let keys = self.ask_engine(&[&select.args[..], &[b"KEYS".to_vec(), b"*".to_vec()]]);
            let keys = keys.as_array().unwrap_or_default().to_vec();
            if keys.is_empty() && db > 2 {
                continue;
            }
            steps.push(select.clone());
            steps.push(Step::new(observer, "KEYS *"));
            for key in keys {
                let key = key.as_bytes().unwrap_or_default().to_vec();
                let kind = self.ask_engine(&[&select.args[..], &[b"TYPE".to_vec(), key.clone()]]);
                let questions = ["TYPE", "OBJECT ENCODING", "PEXPIRETIME"].iter();
                for question in questions.chain(dump(kind.as_bytes().unwrap_or_default())) {
                    let mut args: Vec<Vec<u8>> =
                        question.split(' ').map(|word| word.as_bytes().to_vec()).collect();
                    let place = args.iter().position(|arg| arg == b"KEY").unwrap_or(args.len());
                    args.splice(place..(place + 1).min(args.len()), [key.clone()]);
                    steps.push(Step { client: observer, args });
                }
            }
        }
        self.take_turn(&steps, played)?;
        played.commands = compared;
        Ok(())
    }

    /// The engine's last reply to these commands, on a connection that leaves no trace.
    fn ask_engine(&mut self, commands: &[&[Vec<u8>]]) -> Value {
        let id = self.engine.connect(now());
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
        let with_id = |arg: &Vec<u8>| {
            let number = arg.strip_prefix(CLIENT_ID).and_then(|rest| rest.strip_suffix(b">"));
            let number = number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok());
            match number.map(|number: usize| self.clients.get(number)) {
                None => arg.clone(),
                Some(None) => b"1000000".to_vec(),
                Some(Some(client)) => id(client).to_string().into_bytes(),
            }
        };
        args.iter().map(with_id).collect()
    }
}

/// What shows everything that a key of a type holds.
fn dump(kind: &[u8]) -> &'static [&'static str] {
    match kind {
        b"string" => &["GET"],
        b"list" => &["LRANGE KEY 0 -1"],
        b"hash" => &["HGETALL"],
        b"set" => &["SMEMBERS"],
        b"zset" => &["ZRANGE KEY 0 -1 WITHSCORES"],
        _ => &[],
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
