//! Strings: the table of the family, and the commands that read a value as a whole.

mod condition;
mod counters;
mod expiry;
mod increx;
mod lcs;
mod multiple;
mod ranges;
mod set;

use super::{AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, Typed};
use expiry::Expiry;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "append",
        syntax: "APPEND key value",
        summary: "Appends bytes to the value of a key, which is created if need be.",
        since: "2.0.0",
        complexity: "O(1) amortised",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(ranges::append),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "decr",
        syntax: "DECR key",
        summary: "Subtracts one from the integer of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(counters::decr),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "decrby",
        syntax: "DECRBY key decrement",
        summary: "Subtracts a number from the integer of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(counters::decrby),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "delex",
        syntax: "DELEX key [IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest]",
        summary: "Deletes a key if its value, or the digest of it, compares as said.",
        since: "8.4.0",
        complexity: "O(1) for values, O(N) in the length of the value for digests",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete, KeyFlag::VariableFlags])],
        key_flags: Some(condition::delex_key_flags),
        run: Run::Handler(condition::delex),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "digest",
        syntax: "DIGEST key",
        summary: "Answers the XXH3 hash of the value of a key, in hexadecimal.",
        since: "8.4.0",
        complexity: "O(N) in the length of the value",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(condition::digest),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "get",
        syntax: "GET key",
        summary: "Answers the string value of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(get),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "getdel",
        syntax: "GETDEL key",
        summary: "Answers the string value of a key and deletes the key.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(getdel),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "getex",
        syntax: "GETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]",
        summary: "Answers the string value of a key and changes its expiry.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(getex),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "getrange",
        syntax: "GETRANGE key start end",
        summary: "Answers a part of the string value of a key.",
        since: "2.4.0",
        complexity: "O(N) in the length of the part",
        arity: 4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(ranges::getrange),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "getset",
        syntax: "GETSET key value",
        summary: "Sets the string value of a key and answers the value it had.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        deprecated_since: "6.2.0",
        replaced_by: "`SET` with the `!GET` argument",
        run: Run::Handler(getset),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "incr",
        syntax: "INCR key",
        summary: "Adds one to the integer of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(counters::incr),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "incrby",
        syntax: "INCRBY key increment",
        summary: "Adds a number to the integer of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(counters::incrby),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "incrbyfloat",
        syntax: "INCRBYFLOAT key increment",
        summary: "Adds a number to the floating-point number of a key.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(counters::incrbyfloat),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "increx",
        syntax: "INCREX key [BYFLOAT float|BYINT integer] [SATURATE] [LBOUND lowerbound] [UBOUND upperbound] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] [ENX]",
        summary: "Adds to the number of a key within bounds, and sets its expiry.",
        since: "8.8.0",
        complexity: "O(1)",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        differs: "It is of Redis 8.8, newer than the rest. Its events are those of INCRBY and INCRBYFLOAT.",
        run: Run::Handler(increx::increx),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "lcs",
        syntax: "LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
        summary: "Finds the longest common subsequence of two strings.",
        since: "7.0.0",
        complexity: "O(N*M) in the lengths of the values",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::range(1, 1, 1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(lcs::lcs),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "mget",
        syntax: "MGET key [key ...]",
        summary: "Answers the string values of several keys.",
        since: "1.0.0",
        complexity: "O(N) in the number of keys",
        arity: -2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["request_policy:multi_shard"],
        run: Run::Handler(multiple::mget),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "mset",
        syntax: "MSET key value [key value ...]",
        summary: "Sets the string values of several keys.",
        since: "1.0.1",
        complexity: "O(N) in the number of keys",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::range(1, -1, 2, &[KeyFlag::Ow, KeyFlag::Update])],
        tips: &["request_policy:multi_shard", "response_policy:all_succeeded"],
        run: Run::Handler(multiple::mset),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "msetex",
        syntax: "MSETEX numkeys key value [key value ...] [NX|XX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
        summary: "Sets the string values of several keys with one expiry, all or none.",
        since: "8.4.0",
        complexity: "O(N) in the number of keys",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec {
            flags: &[KeyFlag::Ow, KeyFlag::Update],
            begin: Begin::Index(1),
            find: Find::KeyNum { index: 0, first: 1, step: 2 },
        }],
        run: Run::Handler(multiple::msetex),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "msetnx",
        syntax: "MSETNX key value [key value ...]",
        summary: "Sets the string values of several keys, if none of them exists.",
        since: "1.0.1",
        complexity: "O(N) in the number of keys",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::range(1, -1, 2, &[KeyFlag::Ow, KeyFlag::Insert])],
        tips: &["request_policy:multi_shard", "response_policy:agg_min"],
        run: Run::Handler(multiple::msetnx),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "psetex",
        syntax: "PSETEX key milliseconds value",
        summary: "Sets the string value of a key with an expiry in milliseconds.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update])],
        deprecated_since: "2.6.12",
        replaced_by: "`SET` with the `PX` argument",
        run: Run::Handler(set::psetex),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "set",
        syntax: "SET key value [NX|XX|IFEQ ifeq-value|IFNE ifne-value|IFDEQ ifdeq-digest|IFDNE ifdne-digest] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]",
        summary: "Sets the string value of a key, whatever it held.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(
            1,
            &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update, KeyFlag::VariableFlags],
        )],
        key_flags: Some(set::key_flags),
        run: Run::Handler(set::set),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "setex",
        syntax: "SETEX key seconds value",
        summary: "Sets the string value of a key with an expiry in seconds.",
        since: "2.0.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update])],
        deprecated_since: "2.6.12",
        replaced_by: "`SET` with the `EX` argument",
        run: Run::Handler(set::setex),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "setnx",
        syntax: "SETNX key value",
        summary: "Sets the string value of a key that does not exist.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Insert])],
        deprecated_since: "2.6.12",
        replaced_by: "`SET` with the `NX` argument",
        run: Run::Handler(set::setnx),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "setrange",
        syntax: "SETRANGE key offset value",
        summary: "Overwrites a part of the string value of a key, which grows if need be.",
        since: "2.2.0",
        complexity: "O(N) in the length of the part",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(ranges::setrange),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "strlen",
        syntax: "STRLEN key",
        summary: "Answers the length of the string value of a key.",
        since: "2.2.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(ranges::strlen),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "substr",
        syntax: "SUBSTR key start end",
        summary: "Answers a part of the string value of a key, as GETRANGE does.",
        since: "1.0.0",
        complexity: "O(N) in the length of the part",
        arity: 4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "2.0.0",
        replaced_by: "`GETRANGE`",
        run: Run::Handler(ranges::getrange),
        ..CommandSpec::new(Group::String)
    },
];

/// GET key
fn get(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    write_value(out, ctx.get::<Str>(args[1])?);
    Ok(())
}

/// Answers a value, or null for none.
fn write_value(out: &mut ReplyWriter, value: Option<&Str>) {
    match value {
        Some(Str::Int(value)) => out.bulk_integer(value.get()),
        Some(value) => out.bulk(&value.as_bytes()),
        None => out.null(),
    }
}

/// GETDEL key
fn getdel(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    get(ctx, args, out)?;
    ctx.delete(args[1]);
    Ok(())
}

/// GETSET key value
fn getset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    get(ctx, args, out)?;
    ctx.set_value(args[1], Str::new(args[2]).into_value(), None);
    ctx.changed(args[1], Class::STRING, "set");
    Ok(())
}

/// GETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]
///
/// A time in the past deletes the key. The time itself is checked only where there is a key.
fn getex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let mut expiry = Expiry::Unchanged;
    let mut options = Options::new(&args[2..]);
    while let Some(option) = options.next() {
        if args::is(option, "persist") {
            expiry.choose(Expiry::Persist)?;
        } else if !expiry.accept(option, &mut options)? {
            return Err(CommandError::Syntax);
        }
    }
    if ctx.get::<Str>(key)?.is_none() {
        out.null();
        return Ok(());
    }
    let expire_at = expiry.point(ctx.now(), &"getex")?;
    write_value(out, ctx.peek::<Str>(key)?);
    match expire_at {
        Some(expire_at) if expire_at <= ctx.now() => {
            ctx.delete(key);
        }
        Some(_) => {
            ctx.database_mut().set_expire(key, expire_at);
            ctx.changed(key, Class::GENERIC, "expire");
        }
        None if expiry == Expiry::Persist => {
            super::expire::remove_expire(ctx, key);
        }
        None => {}
    }
    Ok(())
}
