//! DEBUG: what tests of Redis and of its clients need to look behind the scenes.

mod digest;

use self::digest::Digest;
use super::{CommandSpec, Flag, Group, Handler, Run};
use crate::args::{self, Args};
use crate::client_buffers::ReplyBuffers;
use crate::config::read_memory;
use crate::context::Context;
use crate::db::{DATABASES, Db, DbIndex};
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::rdb;
use crate::usage::Touch;
use crate::value::{Str, Typed, Value, allocation, string_bytes};
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "debug",
    syntax: "DEBUG",
    summary: "Looks behind the scenes, for tests of servers and clients.",
    since: "1.0.0",
    complexity: "",
    arity: -2,
    flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Protected, Flag::Stale],
    differs: "Subcommands that concern Redis's insides are not here; SLEEP takes no time of the world's: the engine's time jumps ahead, and stands until its host's has caught up, for which the server waits.",
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
        name: "ALLOCSIZE-SLOTS-ASSERT",
        arguments: " <0|1>",
        summary: "Has no effect: there are no slots.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "AOF-FLUSH-SLEEP",
        arguments: " <microseconds>",
        summary: "Has no effect: there is no file.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "CHANGE-REPL-ID",
        arguments: "",
        summary: "Has no effect: nobody replicates.",
        takes: 0..=0,
        run: accept,
    },
    Subcommand {
        name: "CLIENT-ENFORCE-REPLY-LIST",
        arguments: " <0|1>",
        summary: "Has no effect: replies have one buffer.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "DELAY-RDB-CLIENT-FREE-SECOND",
        arguments: " <seconds>",
        summary: "Has no effect: nobody replicates.",
        takes: 1..=1,
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
        takes: 0..=usize::MAX,
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
        name: "HTSTATS-KEY",
        arguments: " <key>",
        summary: "Answers how many elements a value has that is a hash table.",
        takes: 1..=2,
        run: htstats_key,
    },
    Subcommand {
        name: "KEYSIZES-HIST-ASSERT",
        arguments: " <0|1>",
        summary: "Has no effect: INFO KEYSIZES counts when it is asked.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "LEAK",
        arguments: " <text>",
        summary: "Has no effect: no memory leaks.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "LISTPACK",
        arguments: " <key>",
        summary: "Checks that the key is there.",
        takes: 1..=1,
        run: listpack,
    },
    Subcommand {
        name: "LOADAOF",
        arguments: "",
        summary: "Writes all data as for a file, and reads it again.",
        takes: 0..=0,
        run: reload,
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
        arguments: " <count> [<prefix>] [<size>]",
        summary: "Creates keys with values of a size, named by a prefix and a number.",
        takes: 1..=3,
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
        name: "QUICKLIST",
        arguments: " <key> [<0|1>]",
        summary: "Checks that the key is a list of several nodes.",
        takes: 1..=2,
        run: quicklist,
    },
    Subcommand {
        name: "QUICKLIST-PACKED-THRESHOLD",
        arguments: " <size>",
        summary: "Has no effect: lists are not Redis's.",
        takes: 1..=1,
        run: packed_threshold,
    },
    Subcommand {
        name: "RELOAD",
        arguments: " [<option> ...]",
        summary: "Writes all data as for a file, and reads it again.",
        takes: 0..=usize::MAX,
        run: reload,
    },
    Subcommand {
        name: "REPL-PAUSE",
        arguments: " <clear|after-fork|before-rdb-channel|on-streaming-repl-buf>",
        summary: "Has no effect: nobody replicates.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "REPLICATE",
        arguments: " <target> <command> [<arg> ...]",
        summary: "Has no effect: nobody replicates.",
        takes: 2..=usize::MAX,
        run: accept,
    },
    Subcommand {
        name: "REPLY-COPY-AVOIDANCE",
        arguments: " <0|1>",
        summary: "Has no effect: replies are written once.",
        takes: 1..=1,
        run: accept,
    },
    Subcommand {
        name: "REPLYBUFFER",
        arguments: " <PEAK-RESET-TIME <NEVER|RESET|milliseconds>|RESIZING <0|1>>",
        summary: "Says how long the most that was used of a client's buffer counts, and whether buffers change.",
        takes: 2..=2,
        run: reply_buffer,
    },
    Subcommand {
        name: "SDSLEN",
        arguments: " <key>",
        summary: "Describes the texts of a key and its value.",
        takes: 1..=1,
        run: sdslen,
    },
    Subcommand {
        name: "SET-ACTIVE-EXPIRE",
        arguments: " <0|1>",
        summary: "Says whether keys die at their millisecond, or when a command meets them.",
        takes: 1..=1,
        run: set_active_expire,
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
    Subcommand {
        name: "STRUCTSIZE",
        arguments: "",
        summary: "Answers the sizes of structures that Redis would have.",
        takes: 0..=0,
        run: structsize,
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

/// DEBUG SET-ACTIVE-EXPIRE <0|1>
fn set_active_expire(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.set_active_expire(args::leading_integer(args[2]) != 0);
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
    Err(CommandError::composed(String::from_utf8_lossy(args[2]).into_owned()))
}

fn object(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    // A payload has the type before the value, and the version and a checksum behind it.
    let serialized = rdb::dump(entry.value, ctx.config()).len().saturating_sub(1 + 2 + 8);
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{serialized} lru:{} \
         lru_seconds_idle:{}",
        entry.value.encoding(),
        entry.usage.second() & 0xff_ffff,
        entry.usage.idle_seconds(now),
    );
    out.simple(&text);
    Ok(())
}

/// DEBUG SDSLEN key
///
/// Texts have no room to spare here; what they take is what Redis's allocator would give them.
fn sdslen(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    let Value::String(string) = entry.value else {
        return Err(CommandError::text(&"ERR Not an sds encoded string."));
    };
    if entry.value.encoding() == "int" {
        return Err(CommandError::text(&"ERR Not an sds encoded string."));
    }
    let (key, value) = (args[2].len(), string.len());
    let allocated = |len: usize| allocation(string_bytes(len));
    out.simple(&format!(
        "key_sds_len:{key}, key_sds_avail:0, key_zmalloc: {}, val_sds_len:{value}, \
         val_sds_avail:0, val_zmalloc: {}",
        allocated(key),
        allocated(value)
    ));
    Ok(())
}

/// DEBUG QUICKLIST key [0|1]
fn quicklist(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    if entry.value.encoding() != "quicklist" {
        return Err(CommandError::text(&"ERR Not a quicklist encoded object."));
    }
    out.simple("Quicklist structure printed on stdout");
    Ok(())
}

/// DEBUG QUICKLIST-PACKED-THRESHOLD size
fn packed_threshold(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    const SIZE_END: u64 = 4 << 30;
    if read_memory(args[2]).is_none_or(|size| size >= SIZE_END) {
        return Err(CommandError::text(
            &"ERR argument must be a memory value bigger than 1 and smaller than 4gb",
        ));
    }
    out.ok();
    Ok(())
}

/// DEBUG REPLYBUFFER <PEAK-RESET-TIME <NEVER | RESET | milliseconds> | RESIZING <0 | 1>>
fn reply_buffer(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let buffers = &mut ctx.engine.reply_buffers;
    if args::is(args[2], "peak-reset-time") {
        buffers.peak_reset_ms = match args[3] {
            word if args::is(word, "never") => None,
            word if args::is(word, "reset") => Some(ReplyBuffers::PEAK_RESET_MS),
            number => Some(args::integer(number)?).filter(|&ms| ms >= 0),
        };
    } else if args::is(args[2], "resizing") {
        buffers.resizes = args::integer(args[3])? != 0;
    } else {
        return Err(CommandError::subcommand_syntax(args));
    }
    out.ok();
    Ok(())
}

/// DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]
///
/// Every value goes through its encoding for files and back. Data that is there stays where it is,
/// so that neither MERGE nor NOFLUSH makes a difference; whoever tracks keys is told that all of them
/// were.
fn reload(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    for option in &args[2..] {
        if args::is(option, "nosave") {
            return Err(CommandError::text(&"ERR DEBUG RELOAD NOSAVE is not available here"));
        }
        if !args::is(option, "merge") && !args::is(option, "noflush") {
            return Err(CommandError::text(
                &"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
            ));
        }
    }
    let (config, now) = (ctx.config(), ctx.now());
    let mut reloaded = Vec::new();
    for index in 0..DATABASES {
        let db = DbIndex(index as u8);
        for (key, entry) in ctx.engine.db(db).iter() {
            let payload = rdb::dump(entry.value, config);
            let value = rdb::restore(&payload, config, now).ok().flatten();
            let value = value.ok_or_else(|| {
                CommandError::text(&"ERR Error trying to load the RDB dump, check server logs.")
            })?;
            reloaded.push((db, key.clone(), value, entry.expire_at, entry.usage));
        }
    }
    ctx.engine.invalidate_all(Some(ctx.client_id));
    for (db, key, value, expire_at, usage) in reloaded {
        ctx.engine.touch_watched(db, &key);
        ctx.engine.db_mut(db).insert(&key, value, expire_at, Touch::At(now));
        ctx.engine.db_mut(db).set_usage(&key, usage);
    }
    out.ok();
    Ok(())
}

fn listpack(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    if entry.value.encoding() != "listpack" {
        return Err(CommandError::text(&"ERR Not a listpack encoded object."));
    }
    out.simple("Listpack structure printed on stdout");
    Ok(())
}

/// DEBUG HTSTATS db [full]
fn htstats(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let db = DbIndex::new(args::integer(args[2])?)
        .ok_or_else(|| CommandError::text(&"ERR Out of range database"))?;
    let db = ctx.engine.db(db);
    let text = format!(
        "[Dictionary HT]\n{}[Expires HT]\n{}",
        table_stats(db.len()),
        table_stats(db.expires_len())
    );
    out.verbatim(b"txt", text.as_bytes());
    Ok(())
}

/// DEBUG HTSTATS-KEY key [full]
fn htstats_key(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.database().get(args[2]).ok_or(CommandError::NoSuchKey)?;
    let len = match entry.value {
        Value::Set(set) if entry.value.encoding() == "hashtable" => set.len(),
        Value::Hash(hash) if entry.value.encoding() == "hashtable" => hash.len(),
        Value::ZSet(zset) if entry.value.encoding() == "skiplist" => zset.len(),
        _ => {
            return Err(CommandError::text(
                &"ERR The value stored at the specified key is not represented using an hash table",
            ));
        }
    };
    out.verbatim(b"txt", table_stats(len).as_bytes());
    Ok(())
}

/// A hash table as Redis would have it for so many elements.
fn table_stats(len: usize) -> String {
    if len == 0 {
        return "Hash table 0 stats (main hash table):\nNo stats available for empty \
                dictionaries\n"
            .to_owned();
    }
    let size = len.next_power_of_two().max(4);
    format!(
        "Hash table 0 stats (main hash table):\n table size: {size}\n number of elements: {len}\n"
    )
}

/// How many keys POPULATE creates at most, and how long a text STRINGMATCH-LEN makes.
const SIZE_MAX: i64 = 10_000_000;

fn size(arg: &[u8]) -> Result<i64, CommandError> {
    let size = args::integer(arg)?;
    if (0..=SIZE_MAX).contains(&size) { Ok(size) } else { Err(CommandError::NotPositive) }
}

/// The most bytes that POPULATE creates.
const POPULATE_MAX_BYTES: i64 = 1 << 30;

/// DEBUG POPULATE count [prefix] [size]
fn populate(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = size(args[2]).map_err(|_| CommandError::NotPositive)?;
    let prefix: &[u8] = args.get(3).copied().unwrap_or(b"key");
    let value_bytes = args.get(4).map_or(Ok(0), |arg| args::integer(arg));
    let value_bytes = value_bytes.map_err(|_| CommandError::NotPositive)?;
    let is_too_much = |bytes: i64| bytes > POPULATE_MAX_BYTES;
    if value_bytes < 0 || count.checked_mul(value_bytes).is_none_or(is_too_much) {
        return Err(CommandError::NotPositive);
    }
    for number in 0..count {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        if !ctx.database().contains(&key) {
            let mut value = format!("value:{number}").into_bytes();
            if value_bytes > 0 {
                value.resize(value_bytes as usize, 0);
            }
            ctx.set_value(&key, Str::new(&value).into_value(), None);
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

fn structsize(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(
        b"bits:64 robj:16 dictentry:24 sdshdr5:1 sdshdr8:3 sdshdr16:5 sdshdr32:9 sdshdr64:17 ",
    );
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
        b"push" if out.protocol() == Protocol::Resp2 => {
            return Err(CommandError::text(&"ERR RESP2 is not supported by this command"));
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
                &"ERR Wrong protocol type name. Please use one of the following: \
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
