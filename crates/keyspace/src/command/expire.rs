//! Expiry: EXPIRE and its kin, TTL and its kin, PERSIST.
//!
//! A key dies at the very millisecond of its expiry: it is there while `now < expire_at`.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::{CommandError, printed};
use crate::notify::Class;
use crate::time::UnixMillis;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "expire",
        syntax: "EXPIRE key seconds [NX|XX|GT|LT]",
        summary: "Sets the expiry of a key, so many seconds from now.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(expire),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "expireat",
        syntax: "EXPIREAT key unix-time-seconds [NX|XX|GT|LT]",
        summary: "Sets the expiry of a key to a Unix time in seconds.",
        since: "1.2.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(expireat),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "expiretime",
        syntax: "EXPIRETIME key",
        summary: "Answers the Unix time in seconds at which a key expires.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(expiretime),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "persist",
        syntax: "PERSIST key",
        summary: "Removes the expiry of a key.",
        since: "2.2.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(persist),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "pexpire",
        syntax: "PEXPIRE key milliseconds [NX|XX|GT|LT]",
        summary: "Sets the expiry of a key, so many milliseconds from now.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(pexpire),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "pexpireat",
        syntax: "PEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT]",
        summary: "Sets the expiry of a key to a Unix time in milliseconds.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(pexpireat),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "pexpiretime",
        syntax: "PEXPIRETIME key",
        summary: "Answers the Unix time in milliseconds at which a key expires.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(pexpiretime),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "pttl",
        syntax: "PTTL key",
        summary: "Answers the milliseconds that a key has left.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(pttl),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "ttl",
        syntax: "TTL key",
        summary: "Answers the seconds that a key has left.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(ttl),
        ..CommandSpec::new(Group::Generic)
    },
];

/// The unit in which a command counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeUnit {
    Seconds,
    Milliseconds,
}

/// The point in time that lies `number` units after `base`; `None` where it lies outside of time.
pub(super) fn expire_point(number: i64, unit: TimeUnit, base: UnixMillis) -> Option<UnixMillis> {
    let millis = match unit {
        TimeUnit::Seconds => number.checked_mul(1000)?,
        TimeUnit::Milliseconds => number,
    };
    base.checked_add(millis)
}

/// Takes a key's expiry away and announces it as `persist`; `false` where it has none.
pub(super) fn remove_expire(ctx: &mut Context<'_>, key: &[u8]) -> bool {
    if ctx.database().get(key).is_none_or(|entry| entry.expire_at.is_none()) {
        return false;
    }
    ctx.database_mut().set_expire(key, None);
    ctx.changed(key, Class::GENERIC, "persist");
    true
}

/// When the expiry of a key is to be changed: all that is said must hold.
#[derive(Debug, Default)]
struct ExpireCondition {
    /// NX: the key has no expiry.
    missing: bool,
    /// XX: the key has an expiry.
    exists: bool,
    /// GT: the new one is later. A key without expiry lasts for ever, nothing is later.
    later: bool,
    /// LT: the new one is earlier.
    earlier: bool,
}

impl ExpireCondition {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut parsed = ExpireCondition::default();
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if args::is(option, "nx") {
                parsed.missing = true;
            } else if args::is(option, "xx") {
                parsed.exists = true;
            } else if args::is(option, "gt") {
                parsed.later = true;
            } else if args::is(option, "lt") {
                parsed.earlier = true;
            } else {
                let option = printed(option);
                return Err(CommandError::composed(format!("ERR Unsupported option {option}")));
            }
        }
        if parsed.missing && (parsed.exists || parsed.later || parsed.earlier) {
            return Err(CommandError::text(
                &"ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if parsed.later && parsed.earlier {
            return Err(CommandError::text(
                &"ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(parsed)
    }

    fn holds(&self, old: Option<UnixMillis>, new: UnixMillis) -> bool {
        !(self.missing && old.is_some()
            || self.exists && old.is_none()
            || self.later && old.is_none_or(|old| new <= old)
            || self.earlier && old.is_some_and(|old| new >= old))
    }
}

/// EXPIRE key seconds [NX|XX|GT|LT]
fn expire(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    expire_generic(ctx, args, out, TimeUnit::Seconds, ctx.now())
}

/// PEXPIRE key milliseconds [NX|XX|GT|LT]
fn pexpire(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    expire_generic(ctx, args, out, TimeUnit::Milliseconds, ctx.now())
}

/// EXPIREAT key unix-time-seconds [NX|XX|GT|LT]
fn expireat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    expire_generic(ctx, args, out, TimeUnit::Seconds, UnixMillis(0))
}

/// PEXPIREAT key unix-time-milliseconds [NX|XX|GT|LT]
fn pexpireat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    expire_generic(ctx, args, out, TimeUnit::Milliseconds, UnixMillis(0))
}

/// A time that has passed deletes the key.
fn expire_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    unit: TimeUnit,
    base: UnixMillis,
) -> Result<(), CommandError> {
    let key = args[1];
    let condition = ExpireCondition::parse(&args[3..])?;
    let number = args::integer(args[2])?;
    let expire_at = expire_point(number, unit, base)
        .ok_or(CommandError::InvalidExpire(&ctx.command.spec.name))?;
    let holds = match ctx.database().get(key) {
        Some(entry) => condition.holds(entry.expire_at, expire_at),
        None => false,
    };
    if !holds {
        out.integer(0);
        return Ok(());
    }
    if expire_at <= ctx.now() {
        ctx.delete(key);
    } else {
        ctx.database_mut().set_expire(key, Some(expire_at));
        ctx.changed(key, Class::GENERIC, "expire");
    }
    out.integer(1);
    Ok(())
}

/// PERSIST key
fn persist(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let removed = remove_expire(ctx, args[1]);
    out.integer(i64::from(removed));
    Ok(())
}

/// TTL key
fn ttl(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let now = ctx.now();
    ttl_generic(ctx, args, out, |at| (at - now).saturating_add(500) / 1000)
}

/// PTTL key
fn pttl(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let now = ctx.now();
    ttl_generic(ctx, args, out, |at| at - now)
}

/// EXPIRETIME key
fn expiretime(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ttl_generic(ctx, args, out, |at| at.0.saturating_add(500) / 1000)
}

/// PEXPIRETIME key
fn pexpiretime(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ttl_generic(ctx, args, out, |at| at.0)
}

/// Answers a key's expiry as `shown` puts it; -1 where it has none, -2 where there is no key.
fn ttl_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    shown: impl Fn(UnixMillis) -> i64,
) -> Result<(), CommandError> {
    out.integer(match ctx.get_untouched(args[1]) {
        None => -2,
        Some(entry) => entry.expire_at.map_or(-1, shown),
    });
    Ok(())
}
