//! Keys of any type: the table of the family, and the commands on keys as a whole.

mod object;
mod sort;
mod wait;

use super::databases::db_index;
use super::{AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run, help};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::notify::Class;
use crate::scan::{self, ScanKind, ScanOptions};
use crate::value::Value;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "copy",
        syntax: "COPY source destination [DB destination-db] [REPLACE]",
        summary: "Copies a key to another name or database.",
        since: "6.2.0",
        complexity: "O(N) in the number of elements",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec::one(2, &[KeyFlag::Ow, KeyFlag::Update]),
        ],
        run: Run::Handler(copy),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "del",
        syntax: "DEL key [key ...]",
        summary: "Removes keys.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys and of the elements they hold",
        arity: -2,
        flags: &[Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Rm, KeyFlag::Delete])],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        run: Run::Handler(del),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "exists",
        syntax: "EXISTS key [key ...]",
        summary: "Counts which of the keys exist.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys",
        arity: -2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro])],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        run: Run::Handler(exists),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "keys",
        syntax: "KEYS pattern",
        summary: "Answers the names of all keys that match a pattern.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        tips: &["request_policy:all_shards", "nondeterministic_output_order"],
        run: Run::Handler(keys),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "object",
        syntax: "OBJECT",
        summary: "Tells of the inside of values.",
        since: "2.2.3",
        complexity: "",
        arity: -2,
        flags: &[],
        acl: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "object|encoding",
                syntax: "OBJECT ENCODING key",
                summary: "Answers how the value of a key is stored.",
                since: "2.2.3",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Readonly],
                acl: &[AclCategory::Keyspace],
                keys: &[KeySpec::one(2, &[KeyFlag::Ro])],
                tips: &["nondeterministic_output"],
                run: Run::Handler(object::encoding),
                ..CommandSpec::new(Group::Generic)
            },
            CommandSpec {
                name: "object|freq",
                syntax: "OBJECT FREQ key",
                summary: "Answers how often a key was used of late.",
                since: "4.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Readonly],
                acl: &[AclCategory::Keyspace],
                keys: &[KeySpec::one(2, &[KeyFlag::Ro])],
                tips: &["nondeterministic_output"],
                run: Run::Handler(object::freq),
                ..CommandSpec::new(Group::Generic)
            },
            CommandSpec {
                name: "object|help",
                syntax: "OBJECT HELP",
                summary: "Describes the subcommands.",
                since: "6.2.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                acl: &[AclCategory::Keyspace],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::Generic)
            },
            CommandSpec {
                name: "object|idletime",
                syntax: "OBJECT IDLETIME key",
                summary: "Answers the seconds since a key was used.",
                since: "2.2.3",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Readonly],
                acl: &[AclCategory::Keyspace],
                keys: &[KeySpec::one(2, &[KeyFlag::Ro])],
                tips: &["nondeterministic_output"],
                run: Run::Handler(object::idletime),
                ..CommandSpec::new(Group::Generic)
            },
            CommandSpec {
                name: "object|refcount",
                syntax: "OBJECT REFCOUNT key",
                summary: "Answers how many references there are to the value of a key.",
                since: "2.2.3",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Readonly],
                acl: &[AclCategory::Keyspace],
                keys: &[KeySpec::one(2, &[KeyFlag::Ro])],
                tips: &["nondeterministic_output"],
                run: Run::Handler(object::refcount),
                ..CommandSpec::new(Group::Generic)
            },
        ]),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "randomkey",
        syntax: "RANDOMKEY",
        summary: "Answers the name of a key at random.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Readonly, Flag::TouchesArbitraryKeys],
        acl: &[AclCategory::Keyspace],
        tips: &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        run: Run::Handler(randomkey),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "rename",
        syntax: "RENAME key newkey",
        summary: "Gives a key another name, replacing the key that has it.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Ow, KeyFlag::Update]),
        ],
        run: Run::Handler(rename),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "renamenx",
        syntax: "RENAMENX key newkey",
        summary: "Gives a key another name, if no key has it.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Ow, KeyFlag::Insert]),
        ],
        run: Run::Handler(renamenx),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "scan",
        syntax: "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]",
        summary: "Walks the names of the keys in steps.",
        since: "2.8.0",
        complexity: "O(1) a step, O(N) for the whole walk",
        arity: -2,
        flags: &[Flag::Readonly, Flag::TouchesArbitraryKeys],
        acl: &[AclCategory::Keyspace],
        tips: &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        run: Run::Handler(scan),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "sort",
        syntax: "SORT key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC|DESC] [ALPHA] [STORE destination]",
        summary: "Sorts the elements of a list, set or sorted set, and answers or stores them.",
        since: "1.0.0",
        complexity: "O(N+M*log(M)) in the elements that are sorted and answered",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::List, AclCategory::Set, AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec {
                flags: &[KeyFlag::Ro, KeyFlag::Access],
                begin: Begin::Unknown,
                find: Find::Unknown,
            },
            KeySpec {
                flags: &[KeyFlag::Ow, KeyFlag::Update],
                begin: Begin::Unknown,
                find: Find::Unknown,
            },
        ],
        run: Run::Handler(sort::sort),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "sort_ro",
        syntax: "SORT_RO key [BY by-pattern] [LIMIT offset count] [GET get-pattern [GET get-pattern ...]] [ASC|DESC] [ALPHA]",
        summary: "Sorts the elements of a list, set or sorted set, and answers them.",
        since: "7.0.0",
        complexity: "O(N+M*log(M)) in the elements that are sorted and answered",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Dangerous, AclCategory::List, AclCategory::Set, AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access]),
            KeySpec {
                flags: &[KeyFlag::Ro, KeyFlag::Access],
                begin: Begin::Unknown,
                find: Find::Unknown,
            },
        ],
        run: Run::Handler(sort::sort_ro),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "touch",
        syntax: "TOUCH key [key ...]",
        summary: "Counts which of the keys exist, and notes that they were used.",
        since: "3.2.1",
        complexity: "O(N) in the number of keys",
        arity: -2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro])],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        run: Run::Handler(touch),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "type",
        syntax: "TYPE key",
        summary: "Answers the type of the value of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(type_of),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "unlink",
        syntax: "UNLINK key [key ...]",
        summary: "Removes keys, as DEL does.",
        since: "4.0.0",
        complexity: "O(N) in the number of keys and of the elements they hold",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Rm, KeyFlag::Delete])],
        tips: &["request_policy:multi_shard", "response_policy:agg_sum"],
        run: Run::Handler(del),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "wait",
        syntax: "WAIT numreplicas timeout",
        summary: "Waits until replicas have what this client wrote.",
        since: "3.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Blocking],
        acl: &[AclCategory::Connection],
        differs: "There are no replicas: it never counts one.",
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        run: Run::Handler(wait::wait),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "waitaof",
        syntax: "WAITAOF numlocal numreplicas timeout",
        summary: "Waits until the file and replicas have what this client wrote.",
        since: "7.2.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Blocking],
        acl: &[AclCategory::Connection],
        differs: "There are no replicas: it never counts one.",
        tips: &["request_policy:all_shards", "response_policy:agg_min"],
        run: Run::Handler(wait::waitaof),
        ..CommandSpec::new(Group::Generic)
    },
];

/// DEL key [key ...], and UNLINK, which has no thread here to leave the work to
fn del(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let deleted = args[1..].iter().filter(|key| ctx.delete(key)).count();
    out.count(deleted);
    Ok(())
}

/// EXISTS key [key ...]
///
/// A key that is named twice counts twice.
fn exists(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let found = args[1..].iter().filter(|key| ctx.get_untouched(key).is_some()).count();
    out.count(found);
    Ok(())
}

/// TOUCH key [key ...]
fn touch(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let found = args[1..].iter().filter(|key| ctx.get_any(key).is_some()).count();
    out.count(found);
    Ok(())
}

/// TYPE key
fn type_of(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let entry = ctx.get_untouched(args[1]);
    out.simple(entry.map_or("none", |entry| entry.value.value_type().name()));
    Ok(())
}

/// RENAME key newkey
fn rename(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    rename_generic(ctx, args[1], args[2], true)?;
    out.ok();
    Ok(())
}

/// RENAMENX key newkey
fn renamenx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let renamed = rename_generic(ctx, args[1], args[2], false)?;
    out.integer(i64::from(renamed));
    Ok(())
}

/// The value keeps its expiry. `false` where the new name is taken and not to be replaced.
fn rename_generic(
    ctx: &mut Context<'_>,
    from: &[u8],
    to: &[u8],
    replace: bool,
) -> Result<bool, CommandError> {
    if !ctx.database().contains(from) {
        return Err(CommandError::NoSuchKey);
    }
    if from == to || !replace && ctx.database().contains(to) {
        return Ok(false);
    }
    let entry = ctx.database_mut().remove(from).expect("it was there on the lines above");
    ctx.add_value(to, entry.value, entry.expire_at);
    ctx.changed(from, Class::GENERIC, "rename_from");
    ctx.changed(to, Class::GENERIC, "rename_to");
    Ok(true)
}

/// COPY source destination [DB destination-db] [REPLACE]
fn copy(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let (from, to) = (args[1], args[2]);
    let mut db = ctx.db;
    let mut replace = false;
    let mut options = Options::new(&args[3..]);
    while let Some(option) = options.next() {
        if args::is(option, "replace") {
            replace = true;
        } else if args::is(option, "db") {
            db = db_index(options.value()?)?;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    if db == ctx.db && from == to {
        return Err(CommandError::SameObject);
    }
    let taken = ctx.in_db(db, |ctx| {
        ctx.expire_met(to);
        ctx.database().contains(to)
    });
    let entry = ctx.get_any(from).filter(|_| replace || !taken);
    let copied = entry.map(|entry| (entry.value.clone(), entry.expire_at));
    out.integer(i64::from(copied.is_some()));
    if let Some((value, expire_at)) = copied {
        ctx.in_db(db, |ctx| {
            ctx.add_value(to, value, expire_at);
            ctx.changed(to, Class::GENERIC, "copy_to");
        });
    }
    Ok(())
}

/// KEYS pattern
fn keys(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let is_wanted = |key: &[u8]| args[1] == b"*" || glob_match(args[1], key, false);
    ctx.engine.expire_shown(ctx.db, &|key, _| is_wanted(key));
    let start = out.begin();
    let mut written = 0;
    for (key, _) in ctx.database().iter().filter(|(key, _)| is_wanted(key)) {
        out.bulk(key);
        written += 1;
    }
    out.end_array(start, written);
    Ok(())
}

/// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]
///
/// No key has a type of an unknown name.
fn scan(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let cursor = scan::cursor(args[1])?;
    let options = ScanOptions::parse(&args[2..], ScanKind::Keys)?;
    let is_wanted = |key: &[u8], value: &Value| {
        let name = value.value_type().name();
        options.matches(key) && options.type_name.is_none_or(|wanted| args::is(wanted, name))
    };
    ctx.engine.expire_shown(ctx.db, &is_wanted);
    let db = ctx.database();
    let (places, next_cursor) = scan::step(cursor, db.len(), options.count);
    scan::reply(out, next_cursor, |out| {
        let found = places.filter_map(|place| db.get_index(place));
        let found = found.filter(|(key, entry)| is_wanted(key, entry.value));
        found.map(|(key, _)| out.bulk(key)).count()
    });
    Ok(())
}

/// RANDOMKEY
fn randomkey(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.expire_shown(ctx.db, &|_, _| true);
    let len = ctx.database().len();
    let place = if len == 0 { 0 } else { ctx.random_below(len) };
    let key = ctx.database().get_index(place).map(|(key, _)| &**key);
    out.bulk_or_null(key);
    Ok(())
}
