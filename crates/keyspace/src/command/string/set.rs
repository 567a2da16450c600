//! SET and its older forms SETNX, SETEX and PSETEX.

use super::condition::ValueCondition;
use super::expiry::{Expiry, set_with_expiry};
use super::write_value;
use crate::args::{self, Args, Options};
use crate::command::KeyFlag;
use crate::command::expire::TimeUnit;
use crate::context::Context;
use crate::error::CommandError;
use crate::value::Str;
use keyspace_resp::ReplyWriter;

/// What must hold for a key to be set.
#[derive(Debug, Clone, Copy)]
enum Condition<'a> {
    None,
    /// NX
    Missing,
    /// XX
    Exists,
    Value(ValueCondition<'a>),
}

impl Condition<'_> {
    fn holds(self, ctx: &Context<'_>, key: &[u8]) -> Result<bool, CommandError> {
        match self {
            Condition::None => Ok(true),
            Condition::Missing => Ok(!ctx.database().contains(key)),
            Condition::Exists => Ok(ctx.database().contains(key)),
            Condition::Value(condition) => condition.holds(ctx.peek::<Str>(key)?),
        }
    }
}

#[derive(Debug)]
struct SetOptions<'a> {
    condition: Condition<'a>,
    expiry: Expiry<'a>,
    get: bool,
}

impl<'a> SetOptions<'a> {
    fn parse(args: &Args<'a>) -> Result<Self, CommandError> {
        let mut parsed =
            SetOptions { condition: Condition::None, expiry: Expiry::Unchanged, get: false };
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if args::is(option, "nx") {
                parsed.set_condition(Condition::Missing)?;
            } else if args::is(option, "xx") {
                parsed.set_condition(Condition::Exists)?;
            } else if args::is(option, "get") {
                parsed.get = true;
            } else if args::is(option, "keepttl") {
                parsed.expiry.choose(Expiry::Keep)?;
            } else if !parsed.expiry.accept(option, &mut options)? {
                let condition = ValueCondition::new(option, options.value()?);
                parsed.set_condition(Condition::Value(condition.ok_or(CommandError::Syntax)?))?;
            }
        }
        Ok(parsed)
    }

    /// Takes a condition; the same of NX and XX may be said twice, two different ones may not.
    fn set_condition(&mut self, condition: Condition<'a>) -> Result<(), CommandError> {
        match (self.condition, condition) {
            (Condition::None, _)
            | (Condition::Missing, Condition::Missing)
            | (Condition::Exists, Condition::Exists) => {
                self.condition = condition;
                Ok(())
            }
            _ => Err(CommandError::Syntax),
        }
    }
}

/// What SET does with its key: it answers the old value where GET is among its options.
pub(super) fn key_flags(args: &Args<'_>) -> &'static [KeyFlag] {
    if args.iter().skip(3).any(|arg| args::is(arg, "get")) {
        return &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update];
    }
    let compares = args.iter().skip(3).any(|arg| ValueCondition::is_keyword(arg));
    if compares { &[KeyFlag::Rw, KeyFlag::Update] } else { &[KeyFlag::Ow, KeyFlag::Update] }
}

/// SET key value [NX|XX|IFEQ value|IFNE value|IFDEQ digest|IFDNE digest] [GET]
/// [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]
///
/// With GET the old value is answered, whether the key was set or not.
pub(super) fn set(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let options = SetOptions::parse(&args[3..])?;
    let expire_at = options.expiry.point(ctx.now(), &"set")?;
    if options.get {
        ctx.get::<Str>(key)?;
    }
    let holds = options.condition.holds(ctx, key)?;
    if options.get {
        write_value(out, ctx.peek::<Str>(key)?);
    } else if holds {
        out.ok();
    } else {
        out.null();
    }
    if holds {
        set_with_expiry(ctx, key, args[2], expire_at, options.expiry == Expiry::Keep);
    }
    Ok(())
}

/// SETNX key value
pub(super) fn setnx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let missing = !ctx.database().contains(args[1]);
    if missing {
        set_with_expiry(ctx, args[1], args[2], None, false);
    }
    out.integer(i64::from(missing));
    Ok(())
}

/// SETEX key seconds value
pub(super) fn setex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    setex_generic(ctx, args, out, TimeUnit::Seconds)
}

/// PSETEX key milliseconds value
pub(super) fn psetex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    setex_generic(ctx, args, out, TimeUnit::Milliseconds)
}

fn setex_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    unit: TimeUnit,
) -> Result<(), CommandError> {
    let expire_at = Expiry::After(args[2], unit).point(ctx.now(), &ctx.command.spec.name)?;
    set_with_expiry(ctx, args[1], args[3], expire_at, false);
    out.ok();
    Ok(())
}
