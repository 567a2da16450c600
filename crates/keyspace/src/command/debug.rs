//! DEBUG: what tests of Redis and of its clients need to look behind the scenes.

use super::{CommandSpec, Flag, Group, Handler, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::db::{DATABASES, Db, DbIndex, Entry};
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::value::{Str, StreamId, Typed, Value};
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "debug",
    syntax: "DEBUG",
    summary: "Looks behind the scenes, for tests of servers and clients.",
    since: "1.0.0",
    complexity: "",
    arity: -2,
    flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Protected, Flag::Stale],
    differs: "Few subcommands are here; SLEEP takes no time of the world's: the engine's time jumps ahead, and stands until its host's has caught up.",
    is_system: true,
    run: Run::Handler(debug),
    ..CommandSpec::new(Group::Server)
}];

/// A subcommand, which COMMAND does not tell of.
struct Subcommand {
    name: &'static str,
    arguments: &'static str,
    summary: &'static str,
    /// How many arguments may follow its name.
    takes: std::ops::RangeInclusive<usize>,
    run: Handler,
}

const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "CHANGE-REPL-ID",
        arguments: "",
        summary: "Has no effect: nobody replicates.",
        takes: 0..=0,
        run: accept,
    },
    Subcommand {
        name: "DICT-RESIZING",
        arguments: " <0|1>",
        summary: "Has no effect: tables are not Redis's.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "DIGEST",
        arguments: "",
        summary: "Answers a digest of all data; equal data have equal digests.",
        takes: 0..=0,
        run: digest,
    },
    Subcommand {
        name: "DIGEST-VALUE",
        arguments: " <key> [<key> ...]",
        summary: "Answers a digest of each key's value.",
        takes: 1..=usize::MAX,
        run: digest_value,
    },
    Subcommand {
        name: "ERROR",
        arguments: " <text>",
        summary: "Answers the text as an error.",
        takes: 1..=1,
        run: error,
    },
    Subcommand {
        name: "HELP",
        arguments: "",
        summary: "Lists the subcommands.",
        takes: 0..=0,
        run: debug_help,
    },
    Subcommand {
        name: "HTSTATS",
        arguments: " <db>",
        summary: "Answers how many keys a database and its index of expiries have.",
        takes: 1..=2,
        run: htstats,
    },
    Subcommand {
        name: "LISTPACK",
        arguments: " <key>",
        summary: "Checks that the key is there.",
        takes: 1..=1,
        run: listpack,
    },
    Subcommand {
        name: "LOG",
        arguments: " <text>",
        summary: "Has no effect: there is no log.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "OBJECT",
        arguments: " <key>",
        summary: "Describes the value of a key.",
        takes: 1..=2,
        run: object,
    },
    Subcommand {
        name: "PAUSE-CRON",
        arguments: " <0|1>",
        summary: "Has no effect: nothing happens in between.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "POPULATE",
        arguments: " <count> [<prefix>]",
        summary: "Creates keys with short values, named by a prefix and a number.",
        takes: 1..=2,
        run: populate,
    },
    Subcommand {
        name: "PROTOCOL",
        arguments: " <type>",
        summary: "Answers a value of that type of the protocol.",
        takes: 1..=1,
        run: protocol,
    },
    Subcommand {
        name: "QUICKLIST-PACKED-THRESHOLD",
        arguments: " <size>",
        summary: "Has no effect: lists are not Redis's.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "RELOAD",
        arguments: " [<option> ...]",
        summary: "Has no effect: what is saved and loaded again is the same.",
        takes: 0..=3,
        run: accept,
    },
    Subcommand {
        name: "SET-ACTIVE-EXPIRE",
        arguments: " <0|1>",
        summary: "Has no effect: keys die at their millisecond.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "SET-DISABLE-DENY-SCRIPTS",
        arguments: " <0|1>",
        summary: "Has no effect.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "SLEEP",
        arguments: " <seconds>",
        summary: "Holds everybody up while so much time passes.",
        takes: 1..=1,
        run: sleep,
    },
    Subcommand {
        name: "STRINGMATCH-LEN",
        arguments: " <length> <pattern>",
        summary: "Matches a pattern with a text of that many letters a.",
        takes: 2..=2,
        run: stringmatch_len,
    },
];

/// DEBUG subcommand [argument ...]
fn debug(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let named = |subcommand: &&Subcommand| {
        args::is(args[1], subcommand.name) && subcommand.takes.contains(&(args.len() - 2))
    };
    let subcommand = SUBCOMMANDS.iter().find(named);
    let subcommand = subcommand.ok_or_else(|| CommandError::subcommand_syntax(args))?;
    (subcommand.run)(ctx, args, out)
}

fn debug_help(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(1 + SUBCOMMANDS.len() * 2);
    out.simple("DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    for subcommand in SUBCOMMANDS {
        out.simple(&format!("{}{}", subcommand.name, subcommand.arguments));
        out.simple(&format!("    {}", subcommand.summary));
    }
    Ok(())
}

/// Accepts what changes nothing that can be seen.
fn accept(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.ok();
    Ok(())
}

/// The longest sleep in seconds; the clock never goes back.
const SLEEP_MAX: f64 = 86_400.0;

/// DEBUG SLEEP seconds
///
/// As in C, what is no number is 0.
fn sleep(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let seconds = args::parse_float(args[2]).unwrap_or_default().max(0.0);
    if seconds > SLEEP_MAX {
        return Err(CommandError::NotPositive);
    }
    ctx.engine.delay_micros += (seconds * 1e6) as u64;
    out.ok();
    Ok(())
}

fn error(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text(String::from_utf8_lossy(args[2]).into_owned()))
}

fn object(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    let length = match &entry.value {
        Value::String(value) => value.len() as u64,
        value => value.footprint(0),
    };
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{length} lru:{} lru_seconds_idle:{}",
        entry.value.encoding(),
        entry.usage.second() & 0xff_ffff,
        entry.usage.idle_seconds(now),
    );
    out.simple(&text);
    Ok(())
}

fn listpack(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    if entry.value.encoding() != "listpack" {
        return Err(CommandError::text("ERR Not a listpack encoded object."));
    }
    out.simple("Listpack structure printed on stdout");
    Ok(())
}

fn htstats(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let db = DbIndex::new(args::integer(args[2])?)
        .ok_or_else(|| CommandError::text("ERR Out of range database"))?;
    let db = ctx.engine.db(db);
    let text = format!(
        "[Dictionary HT]\n number of elements: {}\n[Expires HT]\n number of elements: {}\n",
        db.len(),
        db.expires_len()
    );
    out.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// How many keys POPULATE creates at most, and how long a text STRINGMATCH-LEN makes.
const SIZE_MAX: i64 = 10_000_000;

fn size(arg: &[u8]) -> Result<i64, CommandError> {
    let size = args::integer(arg)?;
    if (0..=SIZE_MAX).contains(&size) { Ok(size) } else { Err(CommandError::NotPositive) }
}

fn populate(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = size(args[2])?;
    let prefix: &[u8] = args.get(3).copied().unwrap_or(b"key");
    for number in 0..count {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        if !ctx.database().contains(&key) {
            let value = Str::new(format!("value:{number}").as_bytes());
            ctx.set_value(&key, value.into_value(), None);
            ctx.engine.signal_key(ctx.db, &key);
        }
    }
    out.ok();
    Ok(())
}

fn stringmatch_len(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let text = vec![b'a'; size(args[2])? as usize];
    out.integer(glob_match(args[3], &text, false).into());
    Ok(())
}

#[allow(clippy::approx_constant, reason = "the number is Redis's")]
fn protocol(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match &*args[2].to_ascii_lowercase() {
        b"string" => out.bulk(b"Hello World"),
        b"integer" => out.integer(12345),
        b"double" => out.double(3.141),
        b"bignum" => out.big_number(b"1234567999999999999999999999999999999"),
        b"null" => out.null(),
        b"array" => {
            out.array(3);
            (0..3).for_each(|number| out.integer(number));
        }
        b"set" => {
            out.set(3);
            (0..3).for_each(|number| out.integer(number));
        }
        b"map" => {
            out.map(3);
            for number in 0..3 {
                out.integer(number);
                out.boolean(number == 1);
            }
        }
        b"attrib" => {
            if out.protocol() == Protocol::Resp3 {
                out.raw(b"|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n");
            }
            out.bulk(b"Some real reply following the attribute");
        }
        b"push" => {
            out.push(2);
            out.bulk(b"server-cpu-usage");
            out.integer(42);
        }
        b"verbatim" => out.verbatim(b"txt", b"This is a verbatim\nstring"),
        b"true" => out.boolean(true),
        b"false" => out.boolean(false),
        _ => {
            return Err(CommandError::text(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}

fn digest(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut all = Digest::default();
    for index in 0..DATABASES {
        for (key, entry) in ctx.engine.db(DbIndex(index as u8)).iter() {
            let value = Digest::of_entry(entry);
            all.join(Digest::of(&[&index.to_le_bytes()[..2], key, &value.to_bytes()]));
        }
    }
    out.simple(&all.to_hex());
    Ok(())
}

fn digest_value(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let db: &Db = ctx.database();
    out.array(args.len() - 2);
    for key in &args[2..] {
        let digest = db.get(key).map(Digest::of_entry).unwrap_or_default();
        out.simple(&digest.to_hex());
    }
    Ok(())
}

/// 160 bits that tell data apart; not safe against somebody who wants them to be equal.
#[derive(Debug, Clone, Copy, Default)]
struct Digest([u64; 3]);

impl Digest {
    /// The digest of parts in their order.
    fn of(parts: &[&[u8]]) -> Digest {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut lanes = [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
        for part in parts {
            let length = (part.len() as u64).to_le_bytes();
            for byte in length.iter().chain(*part) {
                for lane in &mut lanes {
                    *lane = (*lane ^ u64::from(*byte)).wrapping_mul(PRIME).rotate_left(5);
                }
            }
        }
        Digest(lanes)
    }

    /// Adds an element whose order does not count.
    fn join(&mut self, element: Digest) {
        for (lane, other) in self.0.iter_mut().zip(element.0) {
            *lane ^= other;
        }
    }

    /// The digest of a value, and of whether it expires.
    fn of_entry(entry: Entry<'_>) -> Digest {
        let name = entry.value.value_type().name().as_bytes();
        let mut value = Digest::default();
        match &entry.value {
            Value::String(string) => value = Digest::of(&[&string.as_bytes()]),
            Value::List(list) => {
                let elements: Vec<&[u8]> = list.iter().map(|element| &**element).collect();
                value = Digest::of(&elements);
            }
            Value::Set(set) => {
                for member in set.iter() {
                    value.join(member.with_bytes(|bytes| Digest::of(&[bytes])));
                }
            }
            Value::Hash(hash) => {
                for (field, bytes) in hash.iter() {
                    value.join(Digest::of(&[field, bytes]));
                }
            }
            Value::ZSet(zset) => {
                for element in zset.iter() {
                    let score = element.score.to_bits().to_le_bytes();
                    value.join(Digest::of(&[element.member, &score]));
                }
            }
            Value::Array(array) => {
                for (index, element) in array.iter() {
                    value.join(Digest::of(&[&index.to_le_bytes(), element]));
                }
            }
            Value::Stream(stream) => {
                for entry in stream.range(StreamId::MIN, StreamId::MAX) {
                    let id = entry.id.to_string();
                    let words = std::iter::once(id.as_bytes()).chain(entry.fields.words());
                    value.join(Digest::of(&words.collect::<Vec<_>>()));
                }
            }
        }
        Digest::of(&[name, &value.to_bytes(), &[u8::from(entry.expire_at.is_some())]])
    }

    fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (chunk, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&lane.to_le_bytes());
        }
        bytes
    }

    /// 40 hexadecimal digits.
    fn to_hex(self) -> String {
        self.to_bytes()[..20].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
