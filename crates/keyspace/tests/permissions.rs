//! A user who reaches no key learns nothing of one, and changes none: whatever it calls, it is
//! answered what an engine without keys answers.
//!
//! A failure names the seed.

mod calls;

use keyspace::command::CommandSpec;
use keyspace::{ClientId, ConnectOptions, Engine, Event, Options, UnixMillis};
use keyspace_resp::encode_command;

const SEEDS: u64 = 4;
const CALLS: usize = 2000;
const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

/// An engine, and a client that may do everything but with keys.
struct Locked {
    engine: Engine,
    client: ClientId,
}

impl Locked {
    fn new(seed: u64, setup: &[&str]) -> Locked {
        let mut engine = Engine::new(Options { seed, start: NOW, ..Options::default() });
        let hidden = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let admin = engine.connect_with(hidden, NOW);
        let client = engine.connect(NOW);
        for line in setup.iter().chain(&["ACL SETUSER locked on nopass +@all &*"]) {
            engine.receive(admin, format!("{line}\r\n").as_bytes(), NOW);
        }
        engine.receive(client, b"AUTH locked x\r\n", NOW);
        assert_eq!(engine.take_output(client), b"+OK\r\n");
        engine.observe(true);
        engine.take_events();
        Locked { engine, client }
    }

    fn call(&mut self, args: &[Vec<u8>]) -> Vec<u8> {
        let mut request = Vec::new();
        encode_command(&mut request, args);
        self.engine.receive(self.client, &request, NOW);
        self.engine.take_output(self.client)
    }
}

/// Whether the row says where a call has keys.
fn has_keys(spec: &CommandSpec) -> bool {
    !spec.keys.is_empty()
}

#[test]
fn a_user_without_keys_is_answered_as_if_there_were_none() {
    let commands: Vec<_> = calls::commands().into_iter().filter(|spec| has_keys(spec)).collect();
    for seed in 0..SEEDS {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut full, mut empty) = (Locked::new(seed, calls::SETUP), Locked::new(seed, &[]));
        for _ in 0..CALLS {
            let spec = commands[rng.usize(..commands.len())];
            let args = calls::call(&mut rng, spec);
            let shown: Vec<_> = args.iter().map(|arg| arg.escape_ascii().to_string()).collect();
            let shown = format!("seed {seed}: {}", shown.join(" "));
            let (answer, wanted) = (full.call(&args), empty.call(&args));
            assert_eq!(
                answer.escape_ascii().to_string(),
                wanted.escape_ascii().to_string(),
                "{shown}"
            );
            let changes = |event: &Event| matches!(event, Event::KeyChanged { .. });
            for engine in [&mut full.engine, &mut empty.engine] {
                assert!(!engine.take_events().iter().any(changes), "{shown}\nhas changed a key");
            }
        }
    }
}
