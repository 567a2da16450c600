//! The list commands that wait where there is nothing to pop.
//!
//! Each pops where it can, and is tried again from its beginning when one of its keys is a list.

use super::{End, MultiPop, move_element, pop_one};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::value::ValueType;
use keyspace_resp::ReplyWriter;

/// BLPOP key [key ...] timeout
pub(super) fn blpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    blocking_pop_generic(ctx, args, out, End::Left)
}

/// BRPOP key [key ...] timeout
pub(super) fn brpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    blocking_pop_generic(ctx, args, out, End::Right)
}

fn blocking_pop_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    let keys = &args[1..args.len() - 1];
    let deadline = args::timeout(args[args.len() - 1], ctx.now())?;
    for key in keys {
        if let Some(element) = pop_one(ctx, key, end)? {
            out.array(2);
            out.bulk(key);
            out.bulk(&element);
            return Ok(());
        }
    }
    ctx.block(out, args, keys, ValueType::List, deadline);
    Ok(())
}

/// BLMPOP timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]
///
/// The timeout is the last argument to be looked at.
pub(super) fn blmpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pop = MultiPop::parse(args, 2)?;
    let deadline = args::timeout(args[1], ctx.now())?;
    if !pop.run(ctx, out)? {
        ctx.block(out, args, pop.keys, ValueType::List, deadline);
    }
    Ok(())
}

/// BLMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout
pub(super) fn blmove(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (from, to) = (End::parse(args[3])?, End::parse(args[4])?);
    blocking_move_generic(ctx, args, out, from, to)
}

/// BRPOPLPUSH source destination timeout
pub(super) fn brpoplpush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    blocking_move_generic(ctx, args, out, End::Right, End::Left)
}

/// Where it may not wait it answers one null; a timeout is a null array, as after a pop.
fn blocking_move_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    from: End,
    to: End,
) -> Result<(), CommandError> {
    let deadline = args::timeout(args[args.len() - 1], ctx.now())?;
    match move_element(ctx, args[1], args[2], from, to)? {
        Some(element) => out.bulk(&element),
        None if ctx.may_block() => ctx.block(out, args, &args[1..2], ValueType::List, deadline),
        None => out.null(),
    }
    Ok(())
}
