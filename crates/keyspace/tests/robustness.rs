//! Several clients send random commands and random bytes, the clock steps, connections end: the
//! engine does not panic, a reply is no longer than what there is to answer, two engines that are
//! given the same answer the same, and what the databases, queues and indexes say agrees.
//!
//! A failure names the seed; `KEYSPACE_SEED` runs that one alone.

mod calls;

use keyspace::command::{self, CommandSpec, Flag};
use keyspace::{ClientId, Engine, Options, UnixMillis};

const SEEDS: u64 = 12;
const STEPS: usize = 1500;
const CLIENTS: usize = 5;

/// No reply is longer: keys and values are few and short.
const OUTPUT_MAX: usize = 8 << 20;

/// What a host does to an engine.
#[derive(Debug, Clone)]
enum Input {
    Receive(usize, Vec<u8>),
    Reconnect(usize),
    Advance(i64),
}

/// A host with its clients.
#[derive(Clone)]
struct Host {
    engine: Engine,
    clients: Vec<ClientId>,
    now: UnixMillis,
}

impl Host {
    fn new(seed: u64) -> Host {
        let now = UnixMillis(1_700_000_000_000);
        let mut engine = Engine::new(Options { seed, start: now, ..Options::default() });
        let clients = (0..CLIENTS).map(|_| engine.connect(now)).collect();
        let mut host = Host { engine, clients, now };
        // A string, and so a reply, stays short.
        for line in ["CONFIG SET proto-max-bulk-len 1mb"].iter().chain(calls::SETUP) {
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
            Input::Reconnect(client) => {
                self.engine.disconnect(self.clients[*client], self.now);
                self.clients[*client] = self.engine.connect(self.now);
            }
            Input::Advance(millis) => {
                self.now = self.now + *millis;
                self.engine.advance(self.now);
            }
        }
        let mut outputs = Vec::new();
        for client in &mut self.clients {
            outputs.push(self.engine.take_output(*client));
            if self.engine.is_closing(*client) {
                self.engine.disconnect(*client, self.now);
                *client = self.engine.connect(self.now);
            }
        }
        outputs
    }
}

/// Where inputs come from.
struct Inputs {
    rng: fastrand::Rng,
    commands: Vec<&'static CommandSpec>,
}

impl Inputs {
    fn new(seed: u64) -> Inputs {
        Inputs { rng: fastrand::Rng::with_seed(seed), commands: calls::commands() }
    }

    fn next(&mut self) -> Input {
        let client = self.rng.usize(..CLIENTS);
        match self.rng.u8(..100) {
            0 => Input::Reconnect(client),
            1..8 => Input::Advance(self.rng.i64(0..3000)),
            8..12 => Input::Receive(client, self.noise()),
            12..20 => {
                // Several at once, the last one cut off.
                let mut bytes: Vec<u8> = (0..4).flat_map(|_| self.command()).collect();
                bytes.truncate(self.rng.usize(..=bytes.len()));
                Input::Receive(client, bytes)
            }
            20..26 => Input::Receive(client, b"EXEC\r\n".to_vec()),
            _ => Input::Receive(client, self.command()),
        }
    }

    /// Bytes that look like the protocol, or do not.
    fn noise(&mut self) -> Vec<u8> {
        let pieces: &[&[u8]] = &[
            b"*",
            b"$",
            b"\r\n",
            b"1",
            b"-1",
            b"99999999999",
            b"GET",
            b"\"",
            b"'",
            b"\0",
            b"\xff",
            b" ",
        ];
        (0..self.rng.usize(1..12))
            .flat_map(|_| pieces[self.rng.usize(..pieces.len())].to_vec())
            .collect()
    }

    fn command(&mut self) -> Vec<u8> {
        let mut spec = self.commands[self.rng.usize(..self.commands.len())];
        // One of these rarely, or little would be left to work on.
        let ends_much = spec.flags.contains(&Flag::Admin) || spec.name.starts_with("flush");
        if ends_much && self.rng.u8(..10) > 0 {
            spec = command::lookup(b"set").expect("there is SET");
        }
        let mut bytes = Vec::new();
        keyspace_resp::encode_command(&mut bytes, &calls::call(&mut self.rng, spec));
        bytes
    }
}

fn run(seed: u64) {
    let mut inputs = Inputs::new(seed);
    let mut host = Host::new(seed);
    let mut checkpoint = host.clone();
    let mut since = Vec::new();
    for step in 0..STEPS {
        let input = inputs.next();
        let outputs = host.play(&input);
        let longest = outputs.iter().map(Vec::len).max().unwrap_or(0);
        assert!(longest <= OUTPUT_MAX, "{input:?} is answered with {longest} bytes");
        host.engine.check_invariants();
        since.push((input, outputs));
        if step % 250 == 249 {
            for (input, outputs) in since.drain(..) {
                assert_eq!(checkpoint.play(&input), outputs, "a clone differs after {input:?}");
            }
            checkpoint = host.clone();
        }
    }
}

#[test]
fn random_inputs_leave_an_engine_sound_and_deterministic() {
    let only = std::env::var("KEYSPACE_SEED").ok().and_then(|seed| seed.parse().ok());
    for seed in only.map_or(0..SEEDS, |seed: u64| seed..seed + 1) {
        let result = std::panic::catch_unwind(|| run(seed));
        if let Err(panic) = result {
            eprintln!("failed with KEYSPACE_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
