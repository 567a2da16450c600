//! Every command with arguments at random: none of them panics, each answers RESP, an error has
//! changed nothing, and no key is left that holds nothing.
//!
//! A failure names the seed; `KEYSPACE_SEED` runs that one alone.

mod calls;

use keyspace::command::CommandSpec;
use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_resp::Value;
use std::collections::BTreeMap;

const SEEDS: u64 = 4;
const COMMANDS: usize = 2000;

struct Fuzz {
    engine: Engine,
    rng: fastrand::Rng,
    client: ClientId,
    /// Looks at the data and leaves no trace.
    observer: ClientId,
    now: UnixMillis,
    commands: Vec<&'static CommandSpec>,
}

impl Fuzz {
    fn new(seed: u64) -> Fuzz {
        let now = UnixMillis(1_700_000_000_000);
        let mut engine = Engine::new(Options { seed, start: now, ..Options::default() });
        let client = engine.connect(now);
        let hidden = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let observer = engine.connect_with(hidden, now);
        let commands = calls::commands()
            .into_iter()
            // What these change by intent is not data, or the connection that watches; or no
            // command is answered any longer.
            .filter(|spec| {
                let is = |names: &[&str]| names.contains(&spec.name);
                !spec.name.starts_with("config|") && !is(&["client|kill", "client|pause"])
            })
            .collect();
        let rng = fastrand::Rng::with_seed(seed);
        Fuzz { engine, rng, client, observer, now, commands }
    }

    fn send(&mut self, id: ClientId, args: &[Vec<u8>]) -> Vec<Value> {
        let mut request = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            request.extend(format!("${}\r\n", arg.len()).bytes());
            request.extend(arg.iter().chain(b"\r\n"));
        }
        self.engine.receive(id, &request, self.now);
        let output = self.engine.take_output(id);
        let (values, read) = Value::decode_all(&output).expect("replies are RESP");
        assert_eq!(read, output.len(), "a reply is complete");
        values
    }

    fn words(&mut self, id: ClientId, line: &str) -> Value {
        let args: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        self.send(id, &args).pop().expect("the command answers")
    }

    /// A connection that is neither waiting, subscribed nor inside a transaction, and the data of
    /// the beginning.
    fn start_anew(&mut self) {
        self.engine.disconnect(self.client, self.now);
        self.client = self.engine.connect(self.now);
        self.words(self.client, "CONFIG SET proto-max-bulk-len 1mb");
        self.words(self.client, "FLUSHALL");
        for line in calls::SETUP {
            self.words(self.client, line);
        }
    }

    /// Everything that a client could see of the data.
    fn data(&mut self) -> BTreeMap<Vec<u8>, String> {
        let keys = self.words(self.observer, "KEYS *");
        let Value::Array(keys) = keys else { panic!("KEYS answers an array, not {keys:?}") };
        let mut data = BTreeMap::new();
        for key in keys {
            let Value::Bulk(key) = key else { panic!("a key is a bulk string, not {key:?}") };
            let shown = self.value(&key);
            data.insert(key, shown);
        }
        data
    }

    fn value(&mut self, key: &[u8]) -> String {
        let mut ask = |words: &[&[u8]]| {
            let args: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).collect();
            self.send(self.observer, &args).pop().expect("the command answers")
        };
        let Value::Simple(name) = ask(&[b"TYPE", key]) else { panic!("TYPE answers a name") };
        let value = match &name[..] {
            b"string" => ask(&[b"GET", key]),
            b"list" => ask(&[b"LRANGE", key, b"0", b"-1"]),
            b"hash" => ask(&[b"HGETALL", key]),
            b"set" => ask(&[b"SMEMBERS", key]),
            b"zset" => ask(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]),
            b"array" => {
                let last = (u64::MAX - 1).to_string();
                let elements = ask(&[b"ARSCAN", key, b"0", last.as_bytes()]);
                Value::Array(vec![elements, ask(&[b"ARNEXT", key])])
            }
            b"stream" => ask(&[b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"]),
            other => panic!("unknown type {}", other.escape_ascii()),
        };
        assert_ne!(value, Value::Array(Vec::new()), "no key holds an empty {name:?}");
        let expiry = ask(&[b"PEXPIRETIME", key]);
        // SORT gives up the packed form of a sorted set before it fails.
        let encoding = match &name[..] {
            b"zset" => Value::Null,
            _ => ask(&[b"OBJECT", b"ENCODING", key]),
        };
        format!("{value:?} {expiry:?} {encoding:?}")
    }

    fn run(&mut self) {
        self.start_anew();
        let mut before = self.data();
        for step in 0..COMMANDS {
            if step % 100 == 0 || self.engine.is_blocked(self.client) {
                self.start_anew();
                before = self.data();
            }
            let spec = self.commands[self.rng.usize(..self.commands.len())];
            let args = calls::call(&mut self.rng, spec);
            let shown: Vec<String> =
                args.iter().map(|arg| arg.escape_ascii().to_string()).collect();
            let shown = shown.join(" ");
            let replies = self.send(self.client, &args);
            let after = self.data();
            if let [Value::Error(error)] = &replies[..] {
                let error = String::from_utf8_lossy(error);
                assert_eq!(before, after, "{shown}\nanswers {error}, and has changed something");
            }
            before = after;
            if self.engine.is_closing(self.client) || may_have_left_requests(&args) {
                self.start_anew();
                before = self.data();
            }
            if self.rng.u8(..8) == 0 {
                self.now = self.now + self.rng.i64(0..2000);
                self.engine.advance(self.now);
                before = self.data();
            }
        }
    }
}

/// After these, replies come in another form or not at all.
fn may_have_left_requests(args: &[Vec<u8>]) -> bool {
    ["hello", "client", "multi", "subscribe", "psubscribe", "ssubscribe", "monitor", "select"]
        .iter()
        .any(|name| args[0].eq_ignore_ascii_case(name.as_bytes()))
}

#[test]
fn no_arguments_break_a_command() {
    let only = std::env::var("KEYSPACE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(0..SEEDS, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let result = std::panic::catch_unwind(|| Fuzz::new(seed).run());
        if let Err(panic) = result {
            eprintln!("failed with KEYSPACE_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
