//! MEMORY, and the estimate of what the data takes.

use super::{CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::db::{DATABASES, DbIndex, Entry};
use crate::error::CommandError;
use crate::value::{Str, Value, allocation, string_bytes};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "memory",
    syntax: "MEMORY",
    summary: "Commands about the use of memory.",
    since: "4.0.0",
    complexity: "",
    arity: -2,
    flags: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "memory|doctor",
            syntax: "MEMORY DOCTOR",
            summary: "Answers a report on the use of memory.",
            since: "4.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[],
            differs: "There is nothing to report.",
            tips: &[
                "nondeterministic_output",
                "request_policy:all_shards",
                "response_policy:special",
            ],
            run: Run::Handler(memory_doctor),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "memory|help",
            syntax: "MEMORY HELP",
            summary: "Lists the subcommands.",
            since: "4.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "memory|malloc-stats",
            syntax: "MEMORY MALLOC-STATS",
            summary: "Answers the allocator's own report.",
            since: "4.0.0",
            complexity: "",
            arity: 2,
            flags: &[],
            differs: "There is no such report.",
            tips: &[
                "nondeterministic_output",
                "request_policy:all_shards",
                "response_policy:special",
            ],
            run: Run::Handler(memory_malloc_stats),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "memory|purge",
            syntax: "MEMORY PURGE",
            summary: "Asks the allocator to give memory back.",
            since: "4.0.0",
            complexity: "",
            arity: 2,
            flags: &[],
            differs: "It has no effect.",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            run: Run::Handler(memory_purge),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "memory|stats",
            syntax: "MEMORY STATS",
            summary: "Answers what memory is used for.",
            since: "4.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[],
            differs: "The data is what it takes in a browser; the rest is 0.",
            tips: &[
                "nondeterministic_output",
                "request_policy:all_shards",
                "response_policy:special",
            ],
            run: Run::Handler(memory_stats),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "memory|usage",
            syntax: "MEMORY USAGE key [SAMPLES count]",
            summary: "Answers how many bytes a key and its value take.",
            since: "4.0.0",
            complexity: "O(N)",
            arity: -3,
            flags: &[Flag::Readonly],
            keys: &[KeySpec::one(2, &[KeyFlag::Ro])],
            differs: "An estimate of what Redis would use.",
            run: Run::Handler(memory_usage),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// How many elements of a collection MEMORY USAGE looks at.
const DEFAULT_SAMPLES: usize = 5;

/// MEMORY USAGE key [SAMPLES count]
fn memory_usage(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut samples = DEFAULT_SAMPLES;
    let mut options = Options::new(&args[3..]);
    while let Some(option) = options.next() {
        if !args::is(option, "samples") {
            return Err(CommandError::Syntax);
        }
        let count = options.integer()?;
        if count < 0 {
            return Err(CommandError::Syntax);
        }
        samples = usize::try_from(count).unwrap_or(usize::MAX);
    }
    match ctx.database().get(args[2]) {
        None => out.null(),
        Some(entry) => out.integer(entry_bytes(args[2], entry, samples) as i64),
    }
    Ok(())
}

/// What a key and its value take.
fn entry_bytes(key: &[u8], entry: Entry<'_>, samples: usize) -> u64 {
    const OBJECT_BYTES: u64 = 16;
    const EXPIRE_BYTES: u64 = 8;
    // Short strings live in the allocation of their key, behind a header of three bytes.
    let embedded = match &entry.value {
        Value::String(Str::Bytes(bytes)) if entry.value.encoding() == "embstr" => {
            3 + bytes.len() as u64 + 1
        }
        _ => 0,
    };
    let expire = if entry.expire_at.is_some() { EXPIRE_BYTES } else { 0 };
    allocation(OBJECT_BYTES + expire + 1 + string_bytes(key.len()) + embedded)
        + entry.value.footprint(samples)
}

/// MEMORY STATS
fn memory_stats(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let used = ctx.engine.used_memory() as i64;
    let databases = (0..DATABASES).map(|index| (index, ctx.engine.db(DbIndex(index as u8))));
    let databases: Vec<_> = databases.filter(|(_, db)| db.len() > 0).collect();
    let keys: usize = databases.iter().map(|(_, db)| db.len()).sum();
    let start = out.begin();
    let mut pairs = 0;
    let mut integer = |out: &mut ReplyWriter, name: &str, value: i64| {
        out.bulk(name.as_bytes());
        out.integer(value);
        pairs += 1;
    };
    integer(out, "peak.allocated", used);
    integer(out, "total.allocated", used);
    for name in NOT_USED {
        integer(out, name, 0);
    }
    integer(out, "keys.count", keys as i64);
    integer(out, "keys.bytes-per-key", used / (keys.max(1) as i64));
    integer(out, "dataset.bytes", used);
    for (index, db) in &databases {
        out.bulk(format!("db.{index}").as_bytes());
        out.map(2);
        // A bucket for each key, and one for each expiry.
        out.bulk(b"overhead.hashtable.main");
        out.count(db.len() * 8);
        out.bulk(b"overhead.hashtable.expires");
        out.count(db.expires_len() * 8);
    }
    for (name, value) in [
        ("dataset.percentage", 100.0),
        ("peak.percentage", 100.0),
        ("allocator-fragmentation.ratio", 1.0),
        ("allocator-rss.ratio", 1.0),
        ("rss-overhead.ratio", 1.0),
        ("fragmentation", 1.0),
    ] {
        out.bulk(name.as_bytes());
        out.double(value);
    }
    out.end_map(start, pairs + databases.len() + 6);
    Ok(())
}

/// What MEMORY STATS names that takes no memory here.
const NOT_USED: &[&str] = &[
    "startup.allocated",
    "replication.backlog",
    "replica.fullsync.buffer",
    "clients.slaves",
    "clients.normal",
    "cluster.links",
    "aof.buffer",
    "lua.caches",
    "functions.caches",
    "script.VMs",
    "overhead.db.hashtable.lut",
    "overhead.db.hashtable.rehashing",
    "overhead.total",
    "db.dict.rehashing.count",
    "allocator.allocated",
    "allocator.active",
    "allocator.resident",
    "allocator.muzzy",
    "allocator-fragmentation.bytes",
    "allocator-rss.bytes",
    "rss-overhead.bytes",
    "fragmentation.bytes",
];

/// MEMORY DOCTOR
fn memory_doctor(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.verbatim(b"txt", b"The memory is the host's: there is nothing to report on.\n");
    Ok(())
}

/// MEMORY PURGE
fn memory_purge(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.ok();
    Ok(())
}

/// MEMORY MALLOC-STATS
fn memory_malloc_stats(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(b"Stats not supported for the current allocator");
    Ok(())
}
