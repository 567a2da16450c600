//! Numbers in strings: INCR, DECR, INCRBY, DECRBY and INCRBYFLOAT.

use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::long_double::LongDouble;
use crate::notify::Class;
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;

/// INCR key
pub(super) fn incr(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    incr_generic(ctx, args[1], 1, out)
}

/// DECR key
pub(super) fn decr(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    incr_generic(ctx, args[1], -1, out)
}

/// INCRBY key increment
pub(super) fn incrby(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    incr_generic(ctx, args[1], args::integer(args[2])?, out)
}

/// DECRBY key decrement
pub(super) fn decrby(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let increment = args::integer(args[2])?.checked_neg();
    let increment = increment.ok_or(CommandError::text(&"ERR decrement would overflow"))?;
    incr_generic(ctx, args[1], increment, out)
}

/// The key keeps its expiry.
fn incr_generic(
    ctx: &mut Context<'_>,
    key: &[u8],
    increment: i64,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let new = match ctx.get_mut::<Str>(key)? {
        Some(value) => {
            let old = value.as_integer().ok_or(CommandError::NotAnInteger)?;
            let new = old.checked_add(increment).ok_or(CommandError::Overflow)?;
            *value = Str::integer(new);
            new
        }
        None => {
            ctx.set_value(key, Str::integer(increment).into_value(), None);
            increment
        }
    };
    ctx.changed(key, Class::STRING, "incrby");
    out.integer(new);
    Ok(())
}

/// INCRBYFLOAT key increment
///
/// The sum is stored as it is printed, and the key keeps its expiry.
pub(super) fn incrbyfloat(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let old = match ctx.peek::<Str>(key)? {
        Some(Str::Int(value)) => LongDouble::from(value.get()),
        Some(value) => LongDouble::parse(&value.as_bytes()).ok_or(CommandError::NotAFloat)?,
        None => LongDouble::from(0),
    };
    let increment = LongDouble::parse(args[2]).ok_or(CommandError::NotAFloat)?;
    let new = old + increment;
    if !new.is_finite() {
        return Err(CommandError::NotFinite);
    }
    let new = new.format();
    let value = Str::Bytes(new.as_bytes().into());
    match ctx.get_mut::<Str>(key)? {
        Some(old) => *old = value,
        None => {
            ctx.set_value(key, value.into_value(), None);
        }
    }
    ctx.changed(key, Class::STRING, "incrbyfloat");
    out.bulk(new.as_bytes());
    Ok(())
}
