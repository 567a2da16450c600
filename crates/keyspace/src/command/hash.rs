//! Hashes: fields and their values.

pub(super) mod expire;
mod fields;
pub(super) mod volatile;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::long_double::LongDouble;
use crate::notify::Class;
use crate::random::Pick;
use crate::scan::{self, ScanKind, ScanOptions};
use crate::time::UnixMillis;
use crate::value::{Hash, canonical_integer};
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "hset",
        syntax: "HSET key field value [field value ...]",
        summary: "Sets fields of a hash and counts the new ones.",
        since: "2.0.0",
        complexity: "O(1) a field",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hset),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hmset",
        syntax: "HMSET key field value [field value ...]",
        summary: "Sets fields of a hash; HSET does the same and counts.",
        since: "2.0.0",
        complexity: "O(1) a field",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        deprecated_since: "4.0.0",
        replaced_by: "`HSET` with multiple field-value pairs",
        run: Run::Handler(hmset),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hsetnx",
        syntax: "HSETNX key field value",
        summary: "Sets a field of a hash where there is none of that name.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(hsetnx),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hget",
        syntax: "HGET key field",
        summary: "Returns the value of a field.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(hget),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hmget",
        syntax: "HMGET key field [field ...]",
        summary: "Returns the values of several fields, a null for each that does not exist.",
        since: "2.0.0",
        complexity: "O(1) a field",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(hmget),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hgetall",
        syntax: "HGETALL key",
        summary: "Returns every field of a hash with its value.",
        since: "2.0.0",
        complexity: "O(N) in the number of fields",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(hgetall),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hkeys",
        syntax: "HKEYS key",
        summary: "Returns the names of all fields of a hash.",
        since: "2.0.0",
        complexity: "O(N) in the number of fields",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(hkeys),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hvals",
        syntax: "HVALS key",
        summary: "Returns the values of all fields of a hash.",
        since: "2.0.0",
        complexity: "O(N) in the number of fields",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(hvals),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hlen",
        syntax: "HLEN key",
        summary: "Returns how many fields a hash has.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        counts_due_fields: true,
        run: Run::Handler(hlen),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hstrlen",
        syntax: "HSTRLEN key field",
        summary: "Returns the length of a field's value in bytes.",
        since: "3.2.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(hstrlen),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hexists",
        syntax: "HEXISTS key field",
        summary: "Tells whether a hash has a field.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(hexists),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hdel",
        syntax: "HDEL key field [field ...]",
        summary: "Removes fields from a hash, and the key with the last of them.",
        since: "2.0.0",
        complexity: "O(1) a field",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(hdel),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hincrby",
        syntax: "HINCRBY key field increment",
        summary: "Adds an integer to a field's value, 0 where there is none.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(hincrby),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hincrbyfloat",
        syntax: "HINCRBYFLOAT key field increment",
        summary: "Adds a floating-point number to a field's value, 0 where there is none.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(hincrbyfloat),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hrandfield",
        syntax: "HRANDFIELD key [count [WITHVALUES]]",
        summary: "Returns random fields of a hash.",
        since: "6.2.0",
        complexity: "O(1) a picked field",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "A reply larger than proto-max-bulk-len is an error.",
        tips: &["nondeterministic_output"],
        run: Run::Handler(hrandfield),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hscan",
        syntax: "HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
        summary: "Walks the fields of a hash in steps.",
        since: "2.8.0",
        complexity: "O(1) a visited field",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(hscan),
        ..CommandSpec::new(Group::Hash)
    },
];

/// HSET key field value [field value ...]
fn hset(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let created = set_fields(ctx, args)?;
    out.count(created);
    Ok(())
}

/// HMSET key field value [field value ...]
fn hmset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    set_fields(ctx, args)?;
    out.ok();
    Ok(())
}

/// Sets the fields that follow the key and returns how many are new.
fn set_fields(ctx: &mut Context<'_>, args: &Args<'_>) -> Result<usize, CommandError> {
    let (pairs, []) = args[2..].as_chunks() else {
        return Err(CommandError::WrongArity(&ctx.command.spec.name));
    };
    let limits = ctx.config().hash_limits();
    let created = edit_or_create(ctx, args[1], |hash| {
        hash.expect_fields(pairs.len(), limits);
        let mut created = 0;
        for [field, value] in pairs {
            created += usize::from(hash.set(field, value, limits));
        }
        created
    })?;
    ctx.changed(args[1], Class::HASH, "hset");
    Ok(created)
}

/// HSETNX key field value
fn hsetnx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().hash_limits();
    let hash = ctx.get_or_create::<Hash>(args[1])?;
    if hash.contains(args[2]) {
        out.integer(0);
        return Ok(());
    }
    hash.set_value(args[2], args[3], limits);
    out.integer(1);
    ctx.changed(args[1], Class::HASH, "hset");
    Ok(())
}

/// HGET key field
fn hget(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let hash = ctx.get::<Hash>(args[1])?;
    let value = hash.and_then(|hash| hash.get(args[2]));
    out.bulk_or_null(value);
    Ok(())
}

/// HMGET key field [field ...]
fn hmget(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let hash = ctx.get::<Hash>(args[1])?;
    let fields = &args[2..];
    out.array(fields.len());
    for field in fields {
        let value = hash.and_then(|hash| hash.get(field));
        out.bulk_or_null(value);
    }
    Ok(())
}

/// HGETALL key
fn hgetall(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(hash) = ctx.get::<Hash>(args[1])? else {
        out.map(0);
        return Ok(());
    };
    out.map(hash.len());
    for (field, value) in hash.iter() {
        out.bulk(field);
        out.bulk(value);
    }
    Ok(())
}

/// HKEYS key
fn hkeys(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(hash) = ctx.get::<Hash>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    out.array(hash.len());
    hash.iter().for_each(|(field, _)| out.bulk(field));
    Ok(())
}

/// HVALS key
fn hvals(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(hash) = ctx.get::<Hash>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    out.array(hash.len());
    hash.iter().for_each(|(_, value)| out.bulk(value));
    Ok(())
}

/// HLEN key
fn hlen(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    out.count(ctx.get::<Hash>(args[1])?.map_or(0, Hash::len));
    Ok(())
}

/// HSTRLEN key field
fn hstrlen(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let hash = ctx.get::<Hash>(args[1])?;
    let value = hash.and_then(|hash| hash.get(args[2]));
    out.count(value.map_or(0, |value| value.len()));
    Ok(())
}

/// HEXISTS key field
fn hexists(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let hash = ctx.get::<Hash>(args[1])?;
    out.count(usize::from(hash.is_some_and(|hash| hash.contains(args[2]))));
    Ok(())
}

/// HDEL key field [field ...]
fn hdel(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let removed = edit(ctx, args[1], |hash| {
        args[2..].iter().filter(|field| hash.remove(field).is_some()).count()
    })?;
    let removed = removed.unwrap_or(0);
    out.count(removed);
    if removed > 0 {
        ctx.changed(args[1], Class::HASH, "hdel");
        ctx.remove_if_empty(args[1]);
    }
    Ok(())
}

/// HINCRBY key field increment
fn hincrby(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let increment = args::integer(args[3])?;
    let limits = ctx.config().hash_limits();
    let old = match ctx.peek::<Hash>(args[1])?.and_then(|hash| hash.get(args[2])) {
        Some(value) => canonical_integer(value)
            .ok_or(CommandError::text(&"ERR hash value is not an integer"))?,
        None => 0,
    };
    let new = old.checked_add(increment).ok_or(CommandError::Overflow)?;
    ctx.get_or_create::<Hash>(args[1])?.set_value(args[2], new.to_string().as_bytes(), limits);
    out.integer(new);
    ctx.changed(args[1], Class::HASH, "hincrby");
    Ok(())
}

/// HINCRBYFLOAT key field increment
fn hincrbyfloat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let increment = LongDouble::parse(args[3]).ok_or(CommandError::NotAFloat)?;
    if !increment.is_finite() {
        return Err(CommandError::text(&"ERR value is NaN or Infinity"));
    }
    let limits = ctx.config().hash_limits();
    let old = match ctx.peek::<Hash>(args[1])?.and_then(|hash| hash.get(args[2])) {
        Some(value) => {
            LongDouble::parse(value).ok_or(CommandError::text(&"ERR hash value is not a float"))?
        }
        None => LongDouble::from(0),
    };
    let new = old + increment;
    if !new.is_finite() {
        return Err(CommandError::NotFinite);
    }
    let digits = new.format();
    ctx.get_or_create::<Hash>(args[1])?.set_value(args[2], digits.as_bytes(), limits);
    out.bulk(digits.as_bytes());
    ctx.changed(args[1], Class::HASH, "hincrbyfloat");
    Ok(())
}

/// HRANDFIELD key [count [WITHVALUES]]
///
/// In RESP3 a field and its value are a pair; in RESP2 they follow each other.
fn hrandfield(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(count) = args.get(2) else {
        return random_field(ctx, args[1], out);
    };
    let mut pick = Pick::parse(count)?;
    let with_values = match args[3..] {
        [] => false,
        [option] if args::is(option, "withvalues") => true,
        _ => return Err(CommandError::Syntax),
    };
    if with_values {
        pick = pick.with_values()?;
    }
    let max_bytes = ctx.config().proto_max_bulk_len;
    let mut rng = ctx.fork_rng();
    let Some(hash) = ctx.get::<Hash>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let in_pairs = with_values && out.protocol() == Protocol::Resp3;
    let header = |out: &mut ReplyWriter, picks: usize| {
        out.array(if with_values && !in_pairs { picks * 2 } else { picks });
    };
    pick.reply(hash.len(), &mut rng, out, max_bytes, header, |out, place| {
        let (field, value) = hash.get_index(place).expect("a pick is below the length");
        if in_pairs {
            out.array(2);
        }
        out.bulk(field);
        if with_values {
            out.bulk(value);
        }
    })
}

/// HRANDFIELD without a count: one field, or a null.
fn random_field(
    ctx: &mut Context<'_>,
    key: &[u8],
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut rng = ctx.fork_rng();
    let hash = ctx.get::<Hash>(key)?;
    let field = hash.and_then(|hash| hash.get_index(rng.usize(..hash.len())));
    out.bulk_or_null(field.map(|(field, _)| field));
    Ok(())
}

/// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]
///
/// A small hash is answered as a whole, whatever the cursor and COUNT.
fn hscan(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let cursor = scan::cursor(args[2])?;
    let Some(hash) = ctx.get::<Hash>(args[1])? else {
        scan::reply(out, 0, |_| 0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanKind::Fields)?;
    let write = |out: &mut ReplyWriter, place: usize| {
        let (field, value) = hash.get_index(place).expect("a step stays below the length");
        if !options.matches(field) {
            return 0;
        }
        out.bulk(field);
        if options.no_values {
            return 1;
        }
        out.bulk(value);
        2
    };
    if hash.is_packed() {
        scan::reply(out, 0, |out| (0..hash.len()).map(|place| write(out, place)).sum());
    } else {
        let (places, next) = scan::step(cursor, hash.len(), options.count);
        scan::reply(out, next, |out| places.map(|place| write(out, place)).sum());
    }
    Ok(())
}

/// Changes an existing hash. Whoever may change when a field expires goes through this, or through
/// [`edit_or_create`].
fn edit<T>(
    ctx: &mut Context<'_>,
    key: &[u8],
    change: impl FnOnce(&mut Hash) -> T,
) -> Result<Option<T>, CommandError> {
    match ctx.get_mut::<Hash>(key)? {
        Some(hash) => {
            let (result, was, is) = change_expiry(hash, change);
            ctx.database_mut().set_field_expire(key, was, is);
            Ok(Some(result))
        }
        None => Ok(None),
    }
}

/// Changes a hash, which is created where there is none.
fn edit_or_create<T>(
    ctx: &mut Context<'_>,
    key: &[u8],
    change: impl FnOnce(&mut Hash) -> T,
) -> Result<T, CommandError> {
    let (result, was, is) = change_expiry(ctx.get_or_create::<Hash>(key)?, change);
    ctx.database_mut().set_field_expire(key, was, is);
    Ok(result)
}

/// The result of a change, and when the first field expired before and expires now.
fn change_expiry<T>(
    hash: &mut Hash,
    change: impl FnOnce(&mut Hash) -> T,
) -> (T, Option<UnixMillis>, Option<UnixMillis>) {
    let was = hash.next_expire();
    let result = change(hash);
    (result, was, hash.next_expire())
}
