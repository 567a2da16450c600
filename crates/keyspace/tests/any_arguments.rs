//! Every command with arguments at random: none of them panics, each answers RESP, an error has
//! changed nothing, and no key is left that holds nothing.
//!
//! A failure names the seed; `KEYSPACE_SEED` runs that one alone.

use keyspace::command::syntax::{self, Argument, Kind, ValueKind};
use keyspace::command::{self, CommandSpec, Group};
use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_resp::Value;
use std::collections::BTreeMap;

const SEEDS: u64 = 4;
const COMMANDS: usize = 2000;

/// Keys of every type, and one that does not exist.
const SETUP: &[&str] = &[
    "MSET s hello n 10 f 1.5",
    "RPUSH l c a 3 2 b 1 a",
    "HSET h f v g 1 i 2.5",
    "SADD i 3 1 2",
    "SADD m a b 3",
    "ZADD z 1 a 2 b 2.5 c -1 d",
    "RPUSH l2 1 2",
    "ZADD z2 0 a 0 b 0 c",
    "PFADD p a b c 1 2 3",
    "GEOADD g 13.361389 38.115556 a 15.087269 37.502669 b 179.9 -0.25 c",
    "XADD st 1-1 f v",
    "XADD st 2-1 a b c d",
    "XGROUP CREATE st a 0",
    "XGROUP CREATE st b 1-1",
    "XREADGROUP GROUP a c COUNT 1 STREAMS st >",
];

const KEYS: &[&str] = &["s", "n", "f", "l", "h", "i", "m", "z", "st", "nokey"];
const INTEGERS: &[&str] = &[
    "0",
    "1",
    "2",
    "1",
    "2",
    "3",
    "-1",
    "-3",
    "100",
    "9223372036854775807",
    "-9223372036854775808",
];
const DOUBLES: &[&str] = &["1", "0", "-0.25", "1.5", "0x1p3", "inf", "-inf", "1e308", "(1", "0.05"];
const BOUNDS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "-",
    "+",
    "[a",
    "(b",
    "(1",
    "-inf",
    "+inf",
    "1.5",
    "-9223372036854775808",
];
/// Members, fields, patterns, and what is nothing of all this.
const TEXTS: &[&str] = &[
    "a",
    "b",
    "c",
    "f",
    "1",
    "3",
    "",
    "*",
    "a*",
    "[a-",
    "w*->f",
    "#",
    "[a",
    "(b",
    "-",
    "+",
    "nan",
    "1e400",
    "9223372036854775808",
    "0000000000000000",
    "1-1",
    "u8",
    "i64",
    "#1",
    "\u{ff}\u{0}\r\n",
];

struct Fuzz {
    engine: Engine,
    rng: fastrand::Rng,
    client: ClientId,
    /// Looks at the data and leaves no trace.
    observer: ClientId,
    now: UnixMillis,
    commands: Vec<&'static CommandSpec>,
    /// The family of the command that is being written.
    group: Group,
    /// What `numkeys` said, for the keys that follow it.
    times: Option<usize>,
}

impl Fuzz {
    fn new(seed: u64) -> Fuzz {
        let now = UnixMillis(1_700_000_000_000);
        let mut engine = Engine::new(Options { seed, start: now, ..Options::default() });
        let client = engine.connect(now);
        let hidden = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let observer = engine.connect_with(hidden, now);
        let commands = command::all()
            .flat_map(|spec| match spec.subcommands() {
                [] => vec![spec],
                subcommands => subcommands.iter().collect(),
            })
            // What these change by intent is not data, or the connection that watches.
            .filter(|spec| !spec.name.starts_with("config|") && spec.name != "client|kill")
            .collect();
        let rng = fastrand::Rng::with_seed(seed);
        Fuzz { engine, rng, client, observer, now, commands, group: Group::Generic, times: None }
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
        for line in SETUP {
            self.words(self.client, line);
        }
    }

    /// A call as the command's syntax has it, or nearly.
    fn call(&mut self) -> Vec<Vec<u8>> {
        let spec = self.commands[self.rng.usize(..self.commands.len())];
        let mut words: Vec<String> = spec.name.split('|').map(str::to_string).collect();
        let named = words.len();
        self.group = spec.group;
        for argument in syntax::arguments(spec) {
            self.write(&argument, &mut words);
        }
        let place = self.rng.usize(named..words.len() + 1);
        match self.rng.u8(..12) {
            0 => words.insert(place, self.any_word()),
            1 if place < words.len() => words[place] = self.any_word(),
            2 if place < words.len() => {
                words.remove(place);
            }
            _ => {}
        }
        words.into_iter().map(String::into_bytes).collect()
    }

    fn write(&mut self, argument: &Argument, words: &mut Vec<String>) {
        if argument.optional && self.rng.u8(..3) > 0 {
            return;
        }
        let some = self.rng.usize(1..4);
        let times = if argument.multiple { self.times.take().unwrap_or(some) } else { 1 };
        for time in 0..times {
            if time == 0 || argument.multiple_token {
                words.extend(argument.token.clone());
            }
            match &argument.kind {
                Kind::Token => {}
                Kind::Value(_) if argument.name == "numkeys" => {
                    self.times = Some(some);
                    words.push(some.to_string());
                }
                Kind::Value(kind) if *kind != ValueKind::Integer && is_bound(&argument.name) => {
                    words.push(self.pick(BOUNDS).to_string());
                }
                Kind::Value(kind) => words.push(self.value_of(*kind)),
                Kind::Block(parts) => parts.iter().for_each(|part| self.write(part, words)),
                Kind::OneOf(choices) => {
                    let choice = Argument { optional: false, ..self.pick(choices).clone() };
                    self.write(&choice, words);
                }
            }
        }
    }

    fn value_of(&mut self, kind: ValueKind) -> String {
        let words = match kind {
            ValueKind::Key if self.rng.u8(..4) == 0 => KEYS,
            ValueKind::Key => keys_of(self.group),
            ValueKind::Integer | ValueKind::UnixTime => INTEGERS,
            ValueKind::Double => DOUBLES,
            ValueKind::String | ValueKind::Pattern if self.rng.bool() => INTEGERS,
            ValueKind::String | ValueKind::Pattern => TEXTS,
        };
        self.pick(words).to_string()
    }

    fn any_word(&mut self) -> String {
        let words = *self.pick(&[KEYS, INTEGERS, DOUBLES, TEXTS]);
        self.pick(words).to_string()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.rng.usize(..from.len())]
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
            let args = self.call();
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

fn is_bound(name: &str) -> bool {
    matches!(name, "min" | "max" | "start" | "stop")
}

/// The keys that a family's commands are about.
fn keys_of(group: Group) -> &'static [&'static str] {
    match group {
        Group::String => &["s", "n", "f"],
        Group::List => &["l", "l2"],
        Group::Hash => &["h"],
        Group::Set => &["i", "m"],
        Group::SortedSet => &["z", "z2"],
        Group::Bitmap => &["s", "n", "p"],
        Group::Hyperloglog => &["p"],
        Group::Geo => &["g", "z"],
        Group::Stream => &["st"],
        _ => KEYS,
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
