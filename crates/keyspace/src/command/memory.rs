//! MEMORY, and the estimate of what the data takes.

use super::{CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::db::{DATABASES, Db, DbIndex, Entry};
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
    let engine = &*ctx.engine;
    let used = engine.used_memory() as usize;
    let databases = (0..DATABASES).map(|index| (index, engine.db(DbIndex(index as u8))));
    let databases: Vec<_> = databases.filter(|(_, db)| db.len() > 0).collect();
    let keys: usize = databases.iter().map(|(_, db)| db.len()).sum();
    let tables: usize = databases.iter().map(|(_, db)| table_bytes(db).iter().sum::<usize>()).sum();
    let scripting = engine.scripting.figures();
    let start = out.begin();
    let mut map = StatsWriter { out, pairs: 0 };
    let peak = engine.peak_memory() as usize;
    map.integer("peak.allocated", peak);
    map.integer("total.allocated", used);
    for name in
        ["startup.allocated", "replication.backlog", "replica.fullsync.buffer", "clients.slaves"]
    {
        map.integer(name, 0);
    }
    map.integer("clients.normal", engine.clients_memory());
    map.integer("cluster.links", 0);
    map.integer("aof.buffer", 0);
    map.integer("lua.caches", scripting.script_bytes as usize);
    map.integer("functions.caches", scripting.library_bytes as usize);
    let machines = scripting.script_machine_bytes + scripting.function_machine_bytes;
    map.integer("script.VMs", machines as usize);
    for (index, db) in databases {
        let [main, expires] = table_bytes(db);
        let out = map.value(&format!("db.{index}"));
        out.map(2);
        out.bulk(b"overhead.hashtable.main");
        out.count(main);
        out.bulk(b"overhead.hashtable.expires");
        out.count(expires);
    }
    map.integer("overhead.db.hashtable.lut", tables);
    map.integer("overhead.db.hashtable.rehashing", 0);
    map.integer("overhead.total", tables);
    map.integer("db.dict.rehashing.count", 0);
    map.integer("keys.count", keys);
    map.integer("keys.bytes-per-key", used / keys.max(1));
    map.integer("dataset.bytes", used);
    map.double("dataset.percentage", 100.0);
    map.double("peak.percentage", used as f64 * 100.0 / peak.max(1) as f64);
    for name in ["allocator.allocated", "allocator.active", "allocator.resident"] {
        map.integer(name, used);
    }
    map.integer("allocator.muzzy", 0);
    for name in ["allocator-fragmentation", "allocator-rss", "rss-overhead"] {
        map.double(&format!("{name}.ratio"), 1.0);
        map.integer(&format!("{name}.bytes"), 0);
    }
    map.double("fragmentation", 1.0);
    map.integer("fragmentation.bytes", 0);
    let StatsWriter { out, pairs } = map;
    out.end_map(start, pairs);
    Ok(())
}

/// What the tables of a database take: a place for each key, and one for each expiry.
fn table_bytes(db: &Db) -> [usize; 2] {
    [db.len() * 8, db.expires_len() * 8]
}

/// A map of figures by name.
struct StatsWriter<'o> {
    out: &'o mut ReplyWriter,
    pairs: usize,
}

impl StatsWriter<'_> {
    /// Writes a name; the caller writes its value.
    fn value(&mut self, name: &str) -> &mut ReplyWriter {
        self.pairs += 1;
        self.out.bulk(name.as_bytes());
        self.out
    }

    fn integer(&mut self, name: &str, value: usize) {
        self.value(name).count(value);
    }

    fn double(&mut self, name: &str, value: f64) {
        self.value(name).double(value);
    }
}

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
