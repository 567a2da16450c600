//! Several clients send commands out of the command table, or bytes of any kind, in any pieces; the
//! clock steps and connections end. Whatever comes: no panic, every index agrees with its data,
//! replies and memory stay bounded, and a clone answers the same.
#![no_main]

#[path = "../../crates/keyspace/tests/calls/mod.rs"]
mod calls;

use arbitrary::Unstructured;
use calls::Choose;
use keyspace::command::{CommandSpec, Flag};
use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::encode_command;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const CLIENTS: usize = 4;
const START: UnixMillis = UnixMillis(1_700_000_000_000);
/// Beyond this the engine refuses to grow.
const MEMORY: &str = "16mb";
/// No reply is longer, as keys and values are few and short.
const OUTPUT_MAX: usize = 8 << 20;

/// How often a long script goes on after each input; one that does not end stays unfinished.
const SLICES: usize = 4;

static COMMANDS: LazyLock<Vec<&'static CommandSpec>> = LazyLock::new(calls::commands);

/// What a host does to an engine.
#[derive(Debug, Clone)]
enum Input {
    Receive(usize, Vec<u8>),
    Reconnect(usize),
    Advance(i64),
}

/// The fuzzer's bytes as choices; the first of each when they are used up.
struct Choices<'a>(Unstructured<'a>);

impl Choose for Choices<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.0.int_in_range(0..=bound - 1).unwrap_or(0)
    }

    fn word(&mut self) -> Option<Vec<u8>> {
        if self.below(4) > 0 {
            return None;
        }
        let len = self.below(24);
        self.0.bytes(len.min(self.0.len())).ok().map(<[u8]>::to_vec)
    }
}

impl Choices<'_> {
    fn input(&mut self) -> Input {
        let client = self.below(CLIENTS);
        match self.below(32) {
            0 => Input::Reconnect(client),
            1..4 => Input::Advance([1, 10, 999, 5_000, 1 << 40][self.below(5)]),
            4 => {
                let len = self.below(48).min(self.0.len());
                Input::Receive(client, self.0.bytes(len).unwrap_or_default().to_vec())
            }
            5 => {
                let mut bytes = self.command();
                bytes.truncate(self.below(bytes.len() + 1));
                Input::Receive(client, bytes)
            }
            6 => Input::Receive(client, b"EXEC\r\n".to_vec()),
            _ => Input::Receive(client, self.command()),
        }
    }

    fn command(&mut self) -> Vec<u8> {
        let mut spec = COMMANDS[self.below(COMMANDS.len())];
        // Settings and the like rarely, or little would be left to work on.
        if spec.flags.contains(&Flag::Admin) && self.below(4) > 0 {
            spec = COMMANDS[0];
        }
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &calls::call(self, spec));
        bytes
    }
}

/// A host with its clients.
#[derive(Clone)]
struct Host {
    engine: Engine,
    clients: Vec<ClientId>,
    now: UnixMillis,
}

impl Host {
    fn new() -> Host {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        let clients = (0..CLIENTS).map(|_| engine.connect(START)).collect();
        let mut host = Host { engine, clients, now: START };
        let limits = format!("CONFIG SET proto-max-bulk-len 1mb maxmemory {MEMORY}");
        for line in [limits.as_str()].iter().chain(calls::SETUP) {
            host.play(&Input::Receive(0, format!("{line}\r\n").into_bytes()));
        }
        host
    }

    /// What all clients received.
    fn play(&mut self, input: &Input) -> Vec<Vec<u8>> {
        match input {
            Input::Receive(client, bytes) => {
                self.engine.receive(self.clients[*client], bytes, self.now);
            }
            Input::Reconnect(client) => self.reconnect(*client),
            Input::Advance(millis) => {
                self.now = self.now + *millis;
                self.engine.advance(self.now);
            }
        }
        // A host lets a long script go on between other things.
        for _ in 0..SLICES {
            if self.engine.has_unfinished_script() {
                self.engine.continue_script();
            }
        }
        let mut outputs = Vec::new();
        for client in 0..CLIENTS {
            outputs.push(self.engine.take_output(self.clients[client]));
            if self.engine.is_closing(self.clients[client]) {
                self.reconnect(client);
            }
        }
        outputs
    }

    fn reconnect(&mut self, client: usize) {
        self.engine.disconnect(self.clients[client], self.now);
        self.clients[client] = self.engine.connect(self.now);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(Unstructured::new(bytes));
    let mut host = Host::new();
    let mut clone = None;
    while !choices.0.is_empty() {
        let input = choices.input();
        if clone.is_none() && choices.0.len() < bytes.len() / 2 {
            clone = Some(host.clone());
        }
        let outputs = host.play(&input);
        let longest = outputs.iter().map(Vec::len).max().unwrap_or(0);
        assert!(longest <= OUTPUT_MAX, "{input:?} is answered with {longest} bytes");
        host.engine.check_invariants();
        if let Some(clone) = &mut clone {
            assert_eq!(clone.play(&input), outputs, "a clone differs after {input:?}");
        }
    }
});
