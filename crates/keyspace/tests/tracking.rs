//! Clients that track, against a model that is too simple to be wrong: each is told of a key once,
//! if it may hold it, and of nothing else.

use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::Value;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const KEYS: [&str; 4] = ["a", "ab", "b", "c"];
const CLIENTS: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Tracks what it reads, and may leave out its own changes.
    Track(usize, bool),
    /// Listens to keys that begin with `a`, or to all.
    Broadcast(usize, bool),
    Stop(usize),
    Read(usize, usize),
    Write(usize, usize),
    Flush(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let client = || 0..CLIENTS;
    let key = || 0..KEYS.len();
    prop_oneof![
        1 => (client(), any::<bool>()).prop_map(|(client, noloop)| Step::Track(client, noloop)),
        1 => (client(), any::<bool>()).prop_map(|(client, all)| Step::Broadcast(client, all)),
        1 => client().prop_map(Step::Stop),
        6 => (client(), key()).prop_map(|(client, key)| Step::Read(client, key)),
        6 => (client(), key()).prop_map(|(client, key)| Step::Write(client, key)),
        1 => client().prop_map(Step::Flush),
    ]
}

/// How a client tracks.
#[derive(Debug, Clone)]
enum Mode {
    Reads { noloop: bool },
    Prefix(&'static str),
}

#[derive(Debug, Default)]
struct Model {
    modes: [Option<Mode>; CLIENTS],
    /// Who has read a key since it was last told of it, while it tracked.
    held: BTreeMap<&'static str, BTreeSet<usize>>,
    told: [Vec<String>; CLIENTS],
}

impl Model {
    fn step(&mut self, step: Step) {
        match step {
            // Another kind of tracking is refused while a client tracks.
            Step::Track(client, noloop) => {
                if !matches!(self.modes[client], Some(Mode::Prefix(_))) {
                    self.modes[client] = Some(Mode::Reads { noloop });
                }
            }
            Step::Broadcast(client, all) => {
                if self.modes[client].is_none() {
                    self.modes[client] = Some(Mode::Prefix(if all { "" } else { "a" }));
                }
            }
            Step::Stop(client) => self.modes[client] = None,
            Step::Read(client, key) => {
                if matches!(self.modes[client], Some(Mode::Reads { .. })) {
                    self.held.entry(KEYS[key]).or_default().insert(client);
                }
            }
            Step::Write(writer, key) => self.write(writer, KEYS[key]),
            Step::Flush(_) => {
                self.held.clear();
                for client in 0..CLIENTS {
                    if self.modes[client].is_some() {
                        self.told[client].push("everything".to_owned());
                    }
                }
            }
        }
    }

    fn write(&mut self, writer: usize, key: &'static str) {
        for client in self.held.remove(key).unwrap_or_default() {
            if let Some(Mode::Reads { noloop }) = self.modes[client]
                && !(noloop && client == writer)
            {
                self.told[client].push(key.to_owned());
            }
        }
        for client in 0..CLIENTS {
            if let Some(Mode::Prefix(prefix)) = self.modes[client]
                && key.starts_with(prefix)
            {
                self.told[client].push(key.to_owned());
            }
        }
    }
}

struct Host {
    engine: Engine,
    clients: Vec<ClientId>,
    told: [Vec<String>; CLIENTS],
}

impl Host {
    fn new() -> Host {
        let mut engine = Engine::new(Options { start: NOW, ..Options::default() });
        let clients = (0..CLIENTS).map(|_| engine.connect(NOW)).collect();
        let mut host = Host { engine, clients, told: Default::default() };
        for client in 0..CLIENTS {
            host.send(client, "HELLO 3");
        }
        host
    }

    /// Sends a command, and notes what everybody is told behind the replies.
    fn send(&mut self, client: usize, line: &str) {
        self.engine.receive(self.clients[client], format!("{line}\r\n").as_bytes(), NOW);
        self.engine.check_invariants();
        for (index, id) in self.clients.iter().enumerate() {
            let output = self.engine.take_output(*id);
            let (values, read) = Value::decode_all(&output).expect("RESP");
            assert_eq!(read, output.len());
            let replies = usize::from(index == client);
            assert!(!matches!(values.first(), Some(Value::Push(_))) || replies == 0, "{values:?}");
            for push in &values[replies..] {
                let Value::Push(parts) = push else { panic!("{push:?} is no push") };
                match &parts[..] {
                    [Value::Bulk(kind), Value::Array(keys)] if kind[..] == *b"invalidate" => {
                        let names = keys.iter().map(|key| match key {
                            Value::Bulk(key) => String::from_utf8_lossy(key).into_owned(),
                            other => panic!("{other:?} is no key"),
                        });
                        self.told[index].extend(names);
                    }
                    [Value::Bulk(_), Value::Null] => self.told[index].push("everything".into()),
                    other => panic!("{other:?} is no invalidation"),
                }
            }
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Track(client, noloop) => {
                let noloop = if noloop { " NOLOOP" } else { "" };
                self.send(client, &format!("CLIENT TRACKING ON{noloop}"));
            }
            Step::Broadcast(client, all) => {
                let prefix = if all { "" } else { " PREFIX a" };
                self.send(client, &format!("CLIENT TRACKING ON BCAST{prefix}"));
            }
            Step::Stop(client) => self.send(client, "CLIENT TRACKING OFF"),
            Step::Read(client, key) => self.send(client, &format!("GET {}", KEYS[key])),
            Step::Write(client, key) => self.send(client, &format!("SET {} x", KEYS[key])),
            Step::Flush(client) => self.send(client, "FLUSHDB"),
        }
    }
}

proptest! {
    #[test]
    fn every_client_is_told_what_it_may_hold(steps in proptest::collection::vec(step(), 0..80)) {
        let (mut model, mut host) = (Model::default(), Host::new());
        // To broadcast adds prefixes; a client has one of them here until it stops.
        let mut broadcasts = [false; CLIENTS];
        for step in steps {
            match step {
                Step::Broadcast(client, _) if broadcasts[client] => continue,
                Step::Broadcast(client, _) => broadcasts[client] = model.modes[client].is_none(),
                Step::Stop(client) => broadcasts[client] = false,
                _ => {}
            }
            model.step(step);
            host.step(step);
            prop_assert_eq!(&host.told, &model.told, "after {:?}", step);
        }
    }
}
