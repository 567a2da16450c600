//! Several strings at a time: MGET, MSET, MSETNX and MSETEX.

use super::expiry::{Expiry, set_with_expiry};
use super::write_value;
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::value::Value;
use keyspace_resp::ReplyWriter;

/// MGET key [key ...]
///
/// A key of another type is answered like a missing one.
pub(super) fn mget(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(args.len() - 1);
    for key in &args[1..] {
        match ctx.get_any(key).map(|entry| entry.value) {
            Some(Value::String(value)) => write_value(out, Some(value)),
            _ => out.null(),
        }
    }
    Ok(())
}

/// MSET key value [key value ...]
pub(super) fn mset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pairs = pairs(ctx, args)?;
    for pair in pairs.chunks_exact(2) {
        set_with_expiry(ctx, pair[0], pair[1], None, false);
    }
    out.ok();
    Ok(())
}

/// MSETNX key value [key value ...]
pub(super) fn msetnx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pairs = pairs(ctx, args)?;
    let free = pairs.chunks_exact(2).all(|pair| !ctx.database().contains(pair[0]));
    if free {
        for pair in pairs.chunks_exact(2) {
            set_with_expiry(ctx, pair[0], pair[1], None, false);
        }
    }
    out.integer(i64::from(free));
    Ok(())
}

/// The keys and values behind the name of a command that takes nothing else.
fn pairs<'b, 'a>(ctx: &Context<'_>, args: &'b Args<'a>) -> Result<&'b Args<'a>, CommandError> {
    let pairs = &args[1..];
    if pairs.len().is_multiple_of(2) {
        Ok(pairs)
    } else {
        Err(CommandError::WrongArity(&ctx.command.spec.name))
    }
}

/// MSETEX numkeys key value [key value ...] [NX|XX]
/// [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|KEEPTTL]
pub(super) fn msetex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (pairs, rest) = counted_pairs(args)?;
    let mut expiry = Expiry::Unchanged;
    // Whether every key must exist (XX) or none (NX).
    let mut must_exist = None;
    let mut options = Options::new(rest);
    while let Some(option) = options.next() {
        if args::is(option, "nx") && must_exist != Some(true) {
            must_exist = Some(false);
        } else if args::is(option, "xx") && must_exist != Some(false) {
            must_exist = Some(true);
        } else if args::is(option, "keepttl") {
            expiry.choose(Expiry::Keep)?;
        } else if !expiry.accept(option, &mut options)? {
            return Err(CommandError::Syntax);
        }
    }
    let expire_at = expiry.point(ctx.now(), &"msetex")?;
    let holds = must_exist.is_none_or(|must_exist| {
        pairs.chunks_exact(2).all(|pair| ctx.database().contains(pair[0]) == must_exist)
    });
    if holds {
        for pair in pairs.chunks_exact(2) {
            set_with_expiry(ctx, pair[0], pair[1], expire_at, expiry == Expiry::Keep);
        }
    }
    out.integer(i64::from(holds));
    Ok(())
}

/// The pairs of MSETEX, and what follows them.
fn counted_pairs<'b, 'a>(args: &'b Args<'a>) -> Result<(&'b Args<'a>, &'b Args<'a>), CommandError> {
    let count = args::integer(args[1]).ok().and_then(|count| usize::try_from(count).ok());
    let count = count
        .filter(|&count| count > 0 && count <= i32::MAX as usize / 2)
        .ok_or(CommandError::text(&"ERR invalid numkeys value"))?;
    let rest = &args[2..];
    if count * 2 > rest.len() {
        return Err(CommandError::text(&"ERR wrong number of key-value pairs"));
    }
    Ok(rest.split_at(count * 2))
}
