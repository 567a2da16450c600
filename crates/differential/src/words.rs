//! What arguments are: values by the name that the syntax of a command gives them.
//!
//! Few of each, so that commands meet; among them the ends of every range. Real time passes while
//! commands run, so relative times are long and far apart from each other, and nothing is random
//! that would change data.

pub(crate) mod streams;

use crate::exceptions;
use crate::sequence::{Placeholder, Side};
use fastrand::Rng;
use keyspace::command::syntax::ValueKind;
use keyspace::command::{CommandSpec, Group};

/// Keys by the family that most often uses them; every family meets those of the others.
const KEYS: &[(Group, &[&str])] = &[
    (Group::String, &["s1", "s2", "n1"]),
    (Group::Bitmap, &["s1", "s2", "b1"]),
    (Group::Hyperloglog, &["p1", "p2", "p3"]),
    (Group::Geo, &["g1", "g2"]),
    (Group::List, &["l1", "l2"]),
    (Group::Hash, &["h1", "h2"]),
    (Group::Set, &["e1", "e2", "e3"]),
    (Group::SortedSet, &["z1", "z2", "z3"]),
    (Group::Stream, &["st1", "st2", "st3"]),
];

const MEMBERS: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "1",
    "2",
    "3",
    "-1",
    "10",
    "007",
    "",
    "aa",
    "A",
    "9223372036854775807",
    "1.5",
    "\u{e9}\r\n",
    "a member that is longer than the sixty-four bytes that a listpack takes at most",
];
const STRINGS: &[&str] = &[
    "",
    "hello",
    "Hello World",
    "10",
    "-7",
    "0",
    "3.25",
    "1e3",
    "9223372036854775807",
    "-9223372036854775808",
    " 1",
    "1 ",
    "+1",
    "01",
    "-0",
    "inf",
    "nan",
    "ohmytext",
    "mynewtext",
    "forty-four bytes are the most of an embstr..",
    "forty-five bytes are one more than an embstr.",
    "\u{1}\u{0}\u{7f}",
];
const INTEGERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "-3",
    "5",
    "10",
    "1",
    "2",
    "9223372036854775807",
    "-9223372036854775808",
    "2147483648",
    "-100",
];
/// Not so far from 0 that a reply or a string would become huge.
const SMALL: &[&str] = &["0", "1", "2", "3", "5", "-1", "-2", "-5", "10", "20"];
const SCORES: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "1",
    "2",
    "-1",
    "1.5",
    "0.1",
    "-0",
    "inf",
    "-inf",
    "+inf",
    "1e308",
    "-1e308",
    "3.0000000000000001",
    "1e-320",
    "12345678901234567890",
    "0x10",
    "1e17",
    "100000",
];
const FLOATS: &[&str] = &[
    "0",
    "1",
    "-1",
    "0.1",
    "3.0e3",
    "1.5",
    "-2.25",
    "1e308",
    "5e-324",
    "inf",
    "-inf",
    "nan",
    "1e4000",
    "10000000000000000",
    "0x1p3",
    " 1",
];
const SCORE_BOUNDS: &[&str] = &[
    "-inf", "+inf", "0", "1", "2", "(1", "(2", "-1", "1.5", "(-inf", "inf", "(0.1", "1e308", "(nan",
];
const LEX_BOUNDS: &[&str] =
    &["-", "+", "[a", "[b", "[d", "(a", "(c", "(", "[", "[1", "a", "(\u{e9}"];
const RANKS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "-3",
    "5",
    "100",
    "-100",
    "9223372036854775807",
    "-9223372036854775808",
];
const PATTERNS: &[&str] =
    &["*", "a*", "?", "[a-c]", "[^a]", "*1", "h?llo", "", "\\*", "[a-", "l*", "**"];
const BY_PATTERNS: &[&str] = &["nosort", "w*", "s*", "*->1", "h*->a", "*", "n1"];
const GET_PATTERNS: &[&str] = &["#", "s*", "h*->a", "h*->", "->a", "*", "n*"];
const CHANNELS: &[&str] = &["news", "sport", "", "n1"];
/// None matches the channel of a notification: 7.0 writes messages into the middle of a RESP3
/// client's own replies.
const CHANNEL_PATTERNS: &[&str] = &["n*", "", "news", "[ns]*"];
const MESSAGES: &[&str] = &["hi", "", "m\r\n"];
const DATABASES: &[&str] = &["0", "1", "2", "0", "1", "15", "16", "-1"];
const TIMEOUTS: &[&str] =
    &["0", "0", "0", "1000", "1e3", "-1", "inf", "9223372036854775807", "0.0"];
const CURSORS: &[&str] = &["0"];
const SCAN_COUNTS: &[&str] = &["10000", "10000", "10000", "100000", "0", "-1"];
const TYPES: &[&str] = &["string", "list", "hash", "set", "zset", "stream", "STRING"];
/// In the past, and far away.
const UNIX_SECONDS: &[&str] = &[
    "4102444800",
    "4102444801",
    "99999999999",
    "1",
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775",
    "-9223372036854775808",
    "1000000000",
];
const UNIX_MILLISECONDS: &[&str] = &[
    "4102444800000",
    "4102444800001",
    "99999999999999",
    "1",
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "1000000000000",
];
const GARBAGE: &[&str] = &[
    "",
    "garbage",
    "0",
    "-1",
    "9223372036854775808",
    "1.5",
    "nan",
    "(",
    "[",
    "*",
    "NX",
    "XX",
    "GT",
    "LT",
    "CH",
    "INCR",
    "GET",
    "EX",
    "PX",
    "KEEPTTL",
    "PERSIST",
    "LIMIT",
    "COUNT",
    "MATCH",
    "WITHSCORES",
    "BYSCORE",
    "REV",
    "LEFT",
    "RIGHT",
    "MIN",
    "MAX",
    "WEIGHTS",
    "AGGREGATE",
    "STORE",
    "ALPHA",
    "DESC",
    "REPLACE",
    "DB",
    "s1",
    "l1",
    "h1",
    "e1",
    "z1",
    "\u{ff}",
];

const USERS: &[&str] = &["u1", "u2", "u3"];
const PASSWORDS: &[&str] = &["p1", "p2", ""];
const RULES: &[&str] = &[
    "on",
    "on",
    "off",
    "nopass",
    "resetpass",
    ">p1",
    ">p2",
    "<p1",
    "#garbage",
    "#0000000000000000000000000000000000000000000000000000000000000000",
    "!0000000000000000000000000000000000000000000000000000000000000000",
    "+@all",
    "-@all",
    "allcommands",
    "nocommands",
    "+get",
    "-get",
    "+set",
    "-SET",
    "+client",
    "-client|id",
    "+client|list",
    "+config|get",
    "+select|0",
    "+nosuch",
    "+client|nosuch",
    "+get|x",
    "+@string",
    "-@string",
    "+@read",
    "-@write",
    "+@connection",
    "-@dangerous",
    "+@nosuch",
    "~*",
    "~s*",
    "~z1",
    "%R~l*",
    "%W~h*",
    "%RW~e*",
    "%X~a",
    "allkeys",
    "resetkeys",
    "&*",
    "&n*",
    "&news",
    "allchannels",
    "resetchannels",
    "(+get ~s1)",
    "(%R~* +@read &n*)",
    "(",
    "clearselectors",
    "reset",
    "sanitize-payload",
    "skip-sanitize-payload",
    "garbage",
    "",
];

/// Which of its kinds of range a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bounds {
    Rank,
    Score,
    Lex,
}

/// The kind of range that a command of this name has, where it has one only.
pub(crate) fn bounds(command: &str) -> Option<Bounds> {
    match command {
        "zadd" | "zrange" | "zrangestore" => None,
        "zcount" => Some(Bounds::Score),
        name if name.ends_with("byscore") => Some(Bounds::Score),
        name if name.ends_with("bylex") || name == "zlexcount" => Some(Bounds::Lex),
        _ => Some(Bounds::Rank),
    }
}

/// A word that fits nowhere, or anywhere, in a call of this command.
pub(crate) fn garbage(rng: &mut Rng, spec: &CommandSpec) -> Vec<u8> {
    let word = pick(rng, GARBAGE);
    let is_newer =
        std::str::from_utf8(&word).is_ok_and(|word| exceptions::is_newer_option(spec.name, word));
    if is_newer { b"garbage".to_vec() } else { word }
}

/// A key: most often one of the command's family. Ranges by member have keys of their own, in
/// which every score is 0: for others their result is not defined.
pub(crate) fn key(rng: &mut Rng, group: Group, bounds: Bounds) -> Vec<u8> {
    if bounds == Bounds::Lex {
        return pick(rng, &["lex1", "lex2"]);
    }
    let own = KEYS.iter().find(|(of, _)| *of == group).filter(|_| rng.u8(..8) > 0);
    let (_, keys) = own.unwrap_or_else(|| &KEYS[rng.usize(..KEYS.len())]);
    pick(rng, keys)
}

/// A value for the argument of this name.
pub(crate) fn value(
    rng: &mut Rng,
    spec: &CommandSpec,
    name: &str,
    kind: ValueKind,
    bounds: Bounds,
) -> Vec<u8> {
    let is = |names: &[&str]| names.contains(&spec.name);
    let words = match name {
        _ if kind == ValueKind::Key => return key(rng, spec.group, bounds),
        "username" if is(&["acl|setuser"]) => USERS,
        "username" => &["u1", "u1", "u2", "u3", "default", "nobody"],
        "password" => PASSWORDS,
        "rule" => RULES,
        "command" => &["GET", "set", "CLIENT", "nosuch", "PUBLISH", "lmove"],
        "arg" => &["s1", "z1", "l1", "id", "news", "LEFT"],
        "bits" => &["1", "5", "4096", "4097", "0", "-1", "x"],
        "field" | "member" | "element" | "pivot" => MEMBERS,
        "by-pattern" => BY_PATTERNS,
        "get-pattern" => GET_PATTERNS,
        "pattern" if spec.group == Group::PubSub => CHANNEL_PATTERNS,
        "pattern" => PATTERNS,
        "channel" | "shardchannel" => CHANNELS,
        "message" => MESSAGES,
        "value" if spec.group == Group::Bitmap => INTEGERS,
        "value" | "ifeq-value" => STRINGS,
        "score" if bounds == Bounds::Lex => &["0"],
        "score" | "weight" => SCORES,
        // The least is out of range since 7.2, and removes before.
        "count" if is(&["lrem"]) => SMALL,
        // The least is out of range since 7.2, and no key is missed then.
        "rank" if is(&["lpos"]) => SMALL,
        "increment" if is(&["zincrby"]) => SCORES,
        "increment" if kind == ValueKind::Double => FLOATS,
        "min" | "max" | "start" | "stop" if spec.group == Group::SortedSet => match bounds {
            Bounds::Rank => RANKS,
            Bounds::Score => SCORE_BOUNDS,
            Bounds::Lex => LEX_BOUNDS,
        },
        "start" | "stop" | "end" | "index" | "rank" => RANKS,
        // A negative count repeats, a large one would fill memory.
        "count" if is(&["srandmember", "hrandfield", "zrandmember"]) => SMALL,
        // A part of a set would be taken by chance.
        "count" if is(&["spop"]) => &["10000", "0", "-1", "9223372036854775807"],
        "count" if is(&["scan", "hscan", "sscan", "zscan"]) => SCAN_COUNTS,
        "offset" if is(&["setrange"]) || spec.group == Group::Bitmap => SMALL,
        "encoding" => &["u8", "i8", "u1", "u63", "i64", "i5", "u64", "i0", "u", "x8"],
        "bit" => &["0", "1", "2"],
        "cursor" => CURSORS,
        "type" => TYPES,
        "seconds" => return after(rng, 1_000, 1_000_000),
        // 7.0 waits for what is beyond the end of time.
        "milliseconds" if is(&["xread", "xreadgroup"]) => &["0", "1000000", "-1", "1.5"],
        "milliseconds" => return after(rng, 1_000_000, 1_000_000_000),
        // 7.0 keeps what has expired until it meets it.
        "unix-time-seconds" if is(&["set"]) => &["4102444800", "99999999999", "0", "-1"],
        "unix-time-milliseconds" if is(&["set"]) => &["4102444800000", "99999999999999", "0"],
        "unix-time-seconds" => UNIX_SECONDS,
        "unix-time-milliseconds" => UNIX_MILLISECONDS,
        "timeout" if is(&["wait"]) => &["0", "1000", "-1"],
        "timeout" => TIMEOUTS,
        "db" | "destination-db" | "index1" | "index2" => DATABASES,
        "protover" => &["2", "3", "3", "1", "4"],
        "client-id" => return client_id(rng),
        "serialized-value" => return payload(rng),
        "ttl" => &["0", "0", "1000000", "4102444800000", "-1", "x"],
        "numreplicas" => &["0"],
        "limit" | "num-matches" | "len" | "min-match-len" => SMALL,
        _ if kind == ValueKind::Integer => INTEGERS,
        _ if kind == ValueKind::Double => FLOATS,
        _ => STRINGS,
    };
    pick(rng, words)
}

/// A time that real time does not reach, unlike any other, or one in the past or beyond the end.
fn after(rng: &mut Rng, least: i64, most: i64) -> Vec<u8> {
    match rng.u8(..4) {
        0 => pick(
            rng,
            &["0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775"],
        ),
        _ => rng.i64(least..most).to_string().into_bytes(),
    }
}

/// What one of the two answers to DUMP, or nothing like it.
fn payload(rng: &mut Rng) -> Vec<u8> {
    let by = if rng.bool() { Side::Engine } else { Side::Redis };
    match rng.u8(..8) {
        0 => pick(rng, &["", "garbage", "\u{0}\u{1}a\u{a}\u{0}........"]),
        _ => {
            let (_, keys) = KEYS[rng.usize(..KEYS.len())];
            Placeholder::Dump { by, key: &pick(rng, keys) }.write()
        }
    }
}

fn client_id(rng: &mut Rng) -> Vec<u8> {
    Placeholder::Client(rng.usize(..4)).write()
}

fn pick(rng: &mut Rng, words: &[&str]) -> Vec<u8> {
    words[rng.usize(..words.len())].as_bytes().to_vec()
}
