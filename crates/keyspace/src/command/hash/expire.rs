//! The expiry of fields: HEXPIRE and its kin, HTTL and its kin, HPERSIST.
//!
//! A field dies at the very millisecond of its expiry, and the key with its last field. The type
//! of the key is looked at before the arguments, as in Redis.

use super::edit;
use super::fields::{
    FIELDS_MISSING, FIELDS_REPEATED, parse_expire_at, parse_fields, take_fields, unknown_argument,
};
use crate::args::{self, Args};
use crate::command::expire::TimeUnit;
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::time::UnixMillis;
use crate::value::Hash;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "hexpire",
        syntax: "HEXPIRE key seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]",
        summary: "Sets the expiry of fields, so many seconds from now.",
        since: "7.4.0",
        complexity: "O(log N) a field",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hexpire),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hpexpire",
        syntax: "HPEXPIRE key milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]",
        summary: "Sets the expiry of fields, so many milliseconds from now.",
        since: "7.4.0",
        complexity: "O(log N) a field",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hpexpire),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hexpireat",
        syntax: "HEXPIREAT key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]",
        summary: "Sets the expiry of fields to a Unix time in seconds.",
        since: "7.4.0",
        complexity: "O(log N) a field",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hexpireat),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hpexpireat",
        syntax: "HPEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]",
        summary: "Sets the expiry of fields to a Unix time in milliseconds.",
        since: "7.4.0",
        complexity: "O(log N) a field",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hpexpireat),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "httl",
        syntax: "HTTL key FIELDS numfields field [field ...]",
        summary: "Answers the seconds that fields have left.",
        since: "7.4.0",
        complexity: "O(1) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(httl),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hpttl",
        syntax: "HPTTL key FIELDS numfields field [field ...]",
        summary: "Answers the milliseconds that fields have left.",
        since: "7.4.0",
        complexity: "O(1) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(hpttl),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hexpiretime",
        syntax: "HEXPIRETIME key FIELDS numfields field [field ...]",
        summary: "Answers the Unix times in seconds at which fields expire.",
        since: "7.4.0",
        complexity: "O(1) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(hexpiretime),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hpexpiretime",
        syntax: "HPEXPIRETIME key FIELDS numfields field [field ...]",
        summary: "Answers the Unix times in milliseconds at which fields expire.",
        since: "7.4.0",
        complexity: "O(1) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(hpexpiretime),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hpersist",
        syntax: "HPERSIST key FIELDS numfields field [field ...]",
        summary: "Removes the expiry of fields.",
        since: "7.4.0",
        complexity: "O(log N) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hpersist),
        ..CommandSpec::new(Group::Hash)
    },
];

/// What HEXPIRE and HPERSIST answer for a field, and HTTL for one without a point in time.
const NO_FIELD: i64 = -2;
const NO_EXPIRE: i64 = -1;
const CONDITION_NOT_MET: i64 = 0;
const UPDATED: i64 = 1;
const DELETED: i64 = 2;

/// When the expiry of a field is to be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// NX: it has none.
    Missing,
    /// XX: it has one.
    Exists,
    /// GT: the new one is later. A field without expiry lasts for ever, nothing is later.
    Later,
    /// LT: the new one is earlier.
    Earlier,
}

impl Condition {
    fn parse(arg: &[u8]) -> Option<Condition> {
        let is = |keyword| args::is(arg, keyword);
        Some(match () {
            () if is("nx") => Condition::Missing,
            () if is("xx") => Condition::Exists,
            () if is("gt") => Condition::Later,
            () if is("lt") => Condition::Earlier,
            () => return None,
        })
    }

    fn holds(self, old: Option<UnixMillis>, new: UnixMillis) -> bool {
        match self {
            Condition::Missing => old.is_none(),
            Condition::Exists => old.is_some(),
            Condition::Later => old.is_some_and(|old| new > old),
            Condition::Earlier => old.is_none_or(|old| new < old),
        }
    }
}

/// Reads `[NX|XX|GT|LT] FIELDS numfields field [field ...]`, in any order.
fn parse_condition_and_fields<'b, 'a>(
    args: &'b Args<'a>,
) -> Result<(Option<Condition>, &'b Args<'a>), CommandError> {
    let (mut condition, mut fields) = (None, None);
    let mut has_several_conditions = false;
    let mut rest = args;
    while let Some((arg, behind)) = rest.split_first() {
        rest = behind;
        if args::is(arg, "fields") {
            if fields.is_some() {
                return Err(FIELDS_REPEATED);
            }
            if rest.len() < 2 {
                return Err(CommandError::text(
                    &"ERR FIELDS requires at least numfields and one field argument",
                ));
            }
            let invalid = &"ERR Parameter `numFields` should be greater than 0";
            fields = Some(take_fields(&mut rest, 1, invalid)?);
        } else {
            let given = Condition::parse(arg).ok_or_else(|| unknown_argument(arg))?;
            has_several_conditions |= condition.is_some_and(|other| other != given);
            condition = Some(given);
        }
    }
    let fields = fields.ok_or(FIELDS_MISSING)?;
    if has_several_conditions {
        return Err(CommandError::text(&"ERR Multiple condition flags specified"));
    }
    Ok((condition, fields))
}

/// HEXPIRE key seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]
fn hexpire(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    hexpire_generic(ctx, args, out, TimeUnit::Seconds, ctx.now())
}

/// HPEXPIRE key milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]
fn hpexpire(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    hexpire_generic(ctx, args, out, TimeUnit::Milliseconds, ctx.now())
}

/// HEXPIREAT key unix-time-seconds [NX|XX|GT|LT] FIELDS numfields field [field ...]
fn hexpireat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    hexpire_generic(ctx, args, out, TimeUnit::Seconds, UnixMillis(0))
}

/// HPEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT] FIELDS numfields field [field ...]
fn hpexpireat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    hexpire_generic(ctx, args, out, TimeUnit::Milliseconds, UnixMillis(0))
}

/// A time that has passed deletes the fields.
fn hexpire_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    unit: TimeUnit,
    base: UnixMillis,
) -> Result<(), CommandError> {
    let key = args[1];
    ctx.peek::<Hash>(key)?;
    let expire_at = parse_expire_at(args[2], unit, base, &ctx.command.spec.name)?;
    let (condition, fields) = parse_condition_and_fields(&args[3..])?;
    let is_past = expire_at <= ctx.now();
    out.array(fields.len());
    let changed = edit(ctx, key, |hash| {
        hash.enable_expiry();
        let mut changed = false;
        for field in fields {
            let result = if !hash.contains(field) {
                NO_FIELD
            } else if condition.is_some_and(|c| !c.holds(hash.expire_at(field), expire_at)) {
                CONDITION_NOT_MET
            } else if is_past {
                hash.remove(field);
                DELETED
            } else {
                hash.set_expire(field, expire_at);
                UPDATED
            };
            changed |= result > CONDITION_NOT_MET;
            out.integer(result);
        }
        changed
    })?;
    match changed {
        None => fields.iter().for_each(|_| out.integer(NO_FIELD)),
        Some(false) => {}
        Some(true) => {
            ctx.changed(key, Class::HASH, if is_past { "hdel" } else { "hexpire" });
            ctx.remove_if_empty(key);
        }
    }
    Ok(())
}

/// HTTL key FIELDS numfields field [field ...]
fn httl(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let now = ctx.now();
    httl_generic(ctx, args, out, |at| seconds(at - now))
}

/// HPTTL key FIELDS numfields field [field ...]
fn hpttl(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    httl_generic(ctx, args, out, |at| at - now)
}

/// HEXPIRETIME key FIELDS numfields field [field ...]
fn hexpiretime(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    httl_generic(ctx, args, out, |at| seconds(at.0))
}

/// HPEXPIRETIME key FIELDS numfields field [field ...]
fn hpexpiretime(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    httl_generic(ctx, args, out, |at| at.0)
}

/// Whole seconds, a begun one counted as whole; TTL of a key rounds to the nearest.
fn seconds(millis: i64) -> i64 {
    millis.saturating_add(999) / 1000
}

/// Answers the fields' expiry as `shown` puts it.
fn httl_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    shown: impl Fn(UnixMillis) -> i64,
) -> Result<(), CommandError> {
    let hash = ctx.get::<Hash>(args[1])?;
    let fields = parse_fields(&args[2..])?;
    out.array(fields.len());
    for field in fields {
        let Some(hash) = hash.filter(|hash| hash.contains(field)) else {
            out.integer(NO_FIELD);
            continue;
        };
        out.integer(hash.expire_at(field).map_or(NO_EXPIRE, &shown));
    }
    Ok(())
}

/// HPERSIST key FIELDS numfields field [field ...]
fn hpersist(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    ctx.peek::<Hash>(key)?;
    let fields = parse_fields(&args[2..])?;
    out.array(fields.len());
    let changed = edit(ctx, key, |hash| {
        let mut changed = false;
        for field in fields {
            let removed = hash.remove_expire(field);
            changed |= removed;
            out.integer(match (hash.contains(field), removed) {
                (false, _) => NO_FIELD,
                (true, false) => NO_EXPIRE,
                (true, true) => UPDATED,
            });
        }
        changed
    })?;
    match changed {
        None => fields.iter().for_each(|_| out.integer(NO_FIELD)),
        Some(false) => {}
        Some(true) => ctx.changed(key, Class::HASH, "hpersist"),
    }
    Ok(())
}
