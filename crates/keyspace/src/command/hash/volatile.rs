//! Fields read or set together with their expiry, or removed: HGETEX, HSETEX, HGETDEL.

use super::fields::{
    FIELDS_MISSING, FIELDS_REPEATED, parse_expire_at, parse_fields, take_fields, unknown_argument,
};
use super::{edit, edit_or_create};
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
        name: "hgetex",
        syntax: "HGETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] FIELDS numfields field [field ...]",
        summary: "Returns the values of fields, and sets or removes their expiry.",
        since: "8.0.0",
        complexity: "O(log N) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(hgetex),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hsetex",
        syntax: "HSETEX key [FNX|FXX] [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL] FIELDS numfields field value [field value ...]",
        summary: "Sets fields together with their expiry, under a condition if need be.",
        since: "8.0.0",
        complexity: "O(log N) a field",
        arity: -6,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(hsetex),
        ..CommandSpec::new(Group::Hash)
    },
    CommandSpec {
        name: "hgetdel",
        syntax: "HGETDEL key FIELDS numfields field [field ...]",
        summary: "Returns the values of fields and removes them, and the key with the last of them.",
        since: "8.0.0",
        complexity: "O(log N) a field",
        arity: -5,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hash],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(hgetdel),
        ..CommandSpec::new(Group::Hash)
    },
];

/// What HGETEX or HSETEX does to the expiry of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    /// The fields die then, or now where that has passed.
    At(UnixMillis),
    /// HGETEX PERSIST.
    Remove,
    /// HSETEX KEEPTTL.
    Keep,
}

/// Which fields HSETEX wants to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// FXX: all of them.
    AllExist,
    /// FNX: none of them.
    NoneExists,
}

/// The options of HGETEX and HSETEX, which stand in any order.
#[derive(Debug)]
struct FieldOptions<'b, 'a> {
    expiry: Option<Expiry>,
    condition: Option<Condition>,
    /// The fields of HGETEX; the fields and values of HSETEX.
    fields: &'b Args<'a>,
}

impl<'b, 'a> FieldOptions<'b, 'a> {
    /// Reads what follows the key. HSETEX, which `sets` fields, takes a value for each.
    fn parse(ctx: &Context<'_>, args: &'b Args<'a>, sets: bool) -> Result<Self, CommandError> {
        let (mut expiry, mut condition, mut fields) = (None, None, None);
        let mut rest = args;
        while let Some((arg, behind)) = rest.split_first() {
            rest = behind;
            if args::is(arg, "fields") {
                if fields.is_some() {
                    return Err(FIELDS_REPEATED);
                }
                if rest.is_empty() {
                    return Err(CommandError::WrongArity(&ctx.command.spec.name));
                }
                let width = if sets { 2 } else { 1 };
                fields = Some(take_fields(&mut rest, width, &"ERR invalid number of fields")?);
            } else if let Some(given) = parse_condition(arg).filter(|_| sets) {
                if condition.replace(given).is_some() {
                    return Err(CommandError::text(
                        &"ERR Only one of FXX or FNX arguments can be specified",
                    ));
                }
            } else {
                let keyword =
                    ExpiryKeyword::parse(arg, sets).ok_or_else(|| unknown_argument(arg))?;
                if expiry.is_some() {
                    let last = if sets { "KEEPTTL" } else { "PERSIST" };
                    return Err(CommandError::composed(format!(
                        "ERR Only one of EX, PX, EXAT, PXAT or {last} arguments can be specified"
                    )));
                }
                expiry = Some(keyword.take_expiry(&mut rest, ctx)?);
            }
        }
        Ok(FieldOptions { expiry, condition, fields: fields.ok_or(FIELDS_MISSING)? })
    }
}

fn parse_condition(arg: &[u8]) -> Option<Condition> {
    if args::is(arg, "fxx") {
        Some(Condition::AllExist)
    } else if args::is(arg, "fnx") {
        Some(Condition::NoneExists)
    } else {
        None
    }
}

/// A keyword that says what becomes of the expiry.
#[derive(Debug)]
enum ExpiryKeyword {
    Flag(Expiry),
    /// A number follows: from now, or from 1970.
    Time {
        unit: TimeUnit,
        is_relative: bool,
    },
}

impl ExpiryKeyword {
    /// Reads a keyword of HSETEX, or of HGETEX.
    fn parse(arg: &[u8], sets: bool) -> Option<ExpiryKeyword> {
        let is = |keyword| args::is(arg, keyword);
        let time = |unit, is_relative| Some(ExpiryKeyword::Time { unit, is_relative });
        match () {
            () if is("ex") => time(TimeUnit::Seconds, true),
            () if is("px") => time(TimeUnit::Milliseconds, true),
            () if is("exat") => time(TimeUnit::Seconds, false),
            () if is("pxat") => time(TimeUnit::Milliseconds, false),
            () if is("keepttl") && sets => Some(ExpiryKeyword::Flag(Expiry::Keep)),
            () if is("persist") && !sets => Some(ExpiryKeyword::Flag(Expiry::Remove)),
            () => None,
        }
    }

    /// What becomes of the expiry, with the number that follows if one has to.
    fn take_expiry(self, rest: &mut &Args<'_>, ctx: &Context<'_>) -> Result<Expiry, CommandError> {
        match self {
            ExpiryKeyword::Flag(expiry) => Ok(expiry),
            ExpiryKeyword::Time { unit, is_relative } => {
                let missing = || CommandError::text(&"ERR missing expire time");
                let (time, behind) = rest.split_first().ok_or_else(missing)?;
                *rest = behind;
                let base = if is_relative { ctx.now() } else { UnixMillis(0) };
                Ok(Expiry::At(parse_expire_at(time, unit, base, &ctx.command.spec.name)?))
            }
        }
    }
}

/// HGETEX key [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST]
/// FIELDS numfields field [field ...]
fn hgetex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, now) = (args[1], ctx.now());
    let options = FieldOptions::parse(ctx, &args[2..], false)?;
    ctx.peek::<Hash>(key)?;
    out.array(options.fields.len());
    let changed = edit(ctx, key, |hash| {
        if options.expiry.is_some() {
            hash.enable_expiry();
        }
        let mut changed = false;
        for field in options.fields {
            out.bulk_or_null(hash.get(field));
            changed |= match options.expiry {
                Some(Expiry::At(at)) if at <= now => hash.remove(field).is_some(),
                Some(Expiry::At(at)) => hash.set_expire(field, at),
                Some(Expiry::Remove) => hash.remove_expire(field),
                Some(Expiry::Keep) | None => false,
            };
        }
        changed
    })?;
    match changed {
        None => options.fields.iter().for_each(|_| out.null()),
        Some(false) => {}
        Some(true) => {
            let event = match options.expiry {
                Some(Expiry::At(at)) if at <= now => "hdel",
                Some(Expiry::Remove) => "hpersist",
                _ => "hexpire",
            };
            ctx.changed(key, Class::HASH, event);
            ctx.remove_if_empty(key);
        }
    }
    Ok(())
}

/// HSETEX key [FNX|FXX]
/// [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]
/// FIELDS numfields field value [field value ...]
///
/// A time that has passed sets the fields and deletes them.
fn hsetex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, now) = (args[1], ctx.now());
    let options = FieldOptions::parse(ctx, &args[2..], true)?;
    let (pairs, _) = options.fields.as_chunks();
    let hash = ctx.peek::<Hash>(key)?;
    let exists = |&[field, _]: &[&[u8]; 2]| hash.is_some_and(|hash| hash.contains(field));
    let holds = match options.condition {
        Some(Condition::AllExist) => pairs.iter().all(exists),
        Some(Condition::NoneExists) => !pairs.iter().any(exists),
        None => true,
    };
    out.integer(i64::from(holds));
    if !holds {
        return Ok(());
    }
    let limits = ctx.config().hash_limits();
    edit_or_create(ctx, key, |hash| {
        hash.expect_fields(pairs.len(), limits);
        for [field, value] in pairs {
            match options.expiry {
                Some(Expiry::At(at)) => {
                    hash.set_value(field, value, limits);
                    hash.set_expire(field, at);
                }
                Some(Expiry::Keep) => _ = hash.set_value(field, value, limits),
                Some(Expiry::Remove) | None => _ = hash.set(field, value, limits),
            }
        }
        while hash.take_due(now).is_some() {}
    })?;
    ctx.changed(key, Class::HASH, "hset");
    if let Some(Expiry::At(at)) = options.expiry {
        ctx.changed(key, Class::HASH, if at <= now { "hdel" } else { "hexpire" });
        ctx.remove_if_empty(key);
    }
    Ok(())
}

/// HGETDEL key FIELDS numfields field [field ...]
fn hgetdel(
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
            let value = hash.remove(field);
            changed |= value.is_some();
            out.bulk_or_null(value.as_deref());
        }
        changed
    })?;
    match changed {
        None => fields.iter().for_each(|_| out.null()),
        Some(false) => {}
        Some(true) => {
            ctx.changed(key, Class::HASH, "hdel");
            ctx.remove_if_empty(key);
        }
    }
    Ok(())
}
