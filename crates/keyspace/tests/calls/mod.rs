//! Calls of commands as their syntax has them, or nearly: what the tests send that send anything.
//!
//! Words are few, so that calls meet; among them are the ends of every range. Where the choices come
//! from is up to the test: a seeded generator, or the bytes of a fuzzer.

use keyspace::command::syntax::{self, Argument, Kind, ValueKind};
use keyspace::command::{self, CommandSpec, Group};

/// Commands that make keys of every type; `nokey` stays free.
pub const SETUP: &[&str] = &[
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
    "ARINSERT ar a b 3",
    "ARSET ar 18446744073709551614 -2.5",
];

const KEYS: &[&str] = &["s", "n", "f", "l", "h", "i", "m", "z", "st", "ar", "nokey"];
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
    "18446744073709551614",
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

/// Scripts, and a library of functions.
const SCRIPTS: &[&str] = &[
    "return redis.call(unpack(ARGV))",
    "return redis.pcall(unpack(ARGV))",
    "redis.setresp(3) return redis.call(unpack(ARGV))",
    "return {1, 'a', {2.5, true, false}, {ok = 'fine'}, {err = 'E bad'}, nil, 3}",
    "for i = 1, 50 do redis.call('INCR', KEYS[1] or 'n') end error({err = 'E late'})",
    "local t = {} for i = 1, 1000 do t[i] = i end return t",
    "return redis.call('EVAL', 'return 1', 0)",
    "return redis.sha1hex(ARGV[1]) .. nothing",
    "#!lua flags=no-writes\nreturn redis.call('SET', 's', 'x')",
    "#!lua name=lib\nredis.register_function('a', function(keys, args) return redis.call(unpack(args)) end)",
];

/// Where choices come from.
pub trait Choose {
    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize;

    /// A word that stands in no list, where the source has any.
    fn word(&mut self) -> Option<Vec<u8>> {
        None
    }
}

impl Choose for fastrand::Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.usize(..bound)
    }
}

/// Every command that can be called, subcommands by themselves.
pub fn commands() -> Vec<&'static CommandSpec> {
    let called = |spec: &'static CommandSpec| match spec.subcommands() {
        [] => vec![spec],
        subcommands => subcommands.iter().collect(),
    };
    command::all().flat_map(called).collect()
}

/// A call of a command, now and then with an argument too many, too few, or a wrong one.
pub fn call(choices: &mut impl Choose, spec: &'static CommandSpec) -> Vec<Vec<u8>> {
    let words = spec.name.split('|').map(|word| word.as_bytes().to_vec()).collect();
    let mut call = Call { choices, group: spec.group, times: None, words };
    let named = call.words.len();
    for argument in syntax::arguments(spec) {
        call.write(&argument);
    }
    let place = named + call.choices.below(call.words.len() - named + 1);
    match call.choices.below(12) {
        0 => {
            let word = call.any_word();
            call.words.insert(place, word);
        }
        1 if place < call.words.len() => call.words[place] = call.any_word(),
        2 if place < call.words.len() => {
            call.words.remove(place);
        }
        _ => {}
    }
    call.words
}

/// A call that is being written.
struct Call<'c, C> {
    choices: &'c mut C,
    group: Group,
    /// What `numkeys` said, for the keys that follow it.
    times: Option<usize>,
    words: Vec<Vec<u8>>,
}

impl<C: Choose> Call<'_, C> {
    fn write(&mut self, argument: &Argument) {
        if argument.optional && self.choices.below(3) > 0 {
            return;
        }
        let some = 1 + self.choices.below(3);
        let times = if argument.multiple { self.times.take().unwrap_or(some) } else { 1 };
        for time in 0..times {
            if time == 0 || argument.multiple_token {
                self.words.extend(argument.token.as_ref().map(|token| token.as_bytes().to_vec()));
            }
            match &argument.kind {
                Kind::Token => {}
                Kind::Value(_) if argument.name == "numkeys" => {
                    self.times = Some(some);
                    self.words.push(some.to_string().into_bytes());
                }
                Kind::Value(kind) => {
                    let word = self.value(&argument.name, *kind);
                    self.words.push(word);
                }
                Kind::Block(parts) => parts.iter().for_each(|part| self.write(part)),
                Kind::OneOf(choices) => {
                    let choice = choices[self.choices.below(choices.len())].clone();
                    self.write(&Argument { optional: false, ..choice });
                }
            }
        }
    }

    fn value(&mut self, name: &str, kind: ValueKind) -> Vec<u8> {
        let is_bound = matches!(name, "min" | "max" | "start" | "stop");
        let words = match kind {
            ValueKind::Integer | ValueKind::UnixTime => INTEGERS,
            _ if is_bound => BOUNDS,
            ValueKind::Key if self.choices.below(4) == 0 => KEYS,
            ValueKind::Key => keys_of(self.group),
            ValueKind::Double => DOUBLES,
            ValueKind::String if matches!(name, "script" | "function-code") => SCRIPTS,
            ValueKind::String | ValueKind::Pattern => {
                if let Some(word) = self.choices.word() {
                    return word;
                }
                [INTEGERS, TEXTS][self.choices.below(2)]
            }
        };
        self.pick(words)
    }

    fn any_word(&mut self) -> Vec<u8> {
        let words = [KEYS, INTEGERS, DOUBLES, TEXTS][self.choices.below(4)];
        self.pick(words)
    }

    fn pick(&mut self, words: &[&str]) -> Vec<u8> {
        words[self.choices.below(words.len())].as_bytes().to_vec()
    }
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
        Group::Array => &["ar"],
        _ => KEYS,
    }
}
