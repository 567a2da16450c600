//! Reading a stream by ids: XRANGE and XREVRANGE.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::{parse_end, parse_start, write_entries};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::value::Stream;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xrange",
        syntax: "XRANGE key start end [COUNT count]",
        summary: "Answers the entries between two ids.",
        since: "5.0.0",
        complexity: "O(N) in the number of entries answered",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(xrange),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xrevrange",
        syntax: "XREVRANGE key end start [COUNT count]",
        summary: "Answers the entries between two ids, the last first.",
        since: "5.0.0",
        complexity: "O(N) in the number of entries answered",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(xrevrange),
        ..CommandSpec::new(Group::Stream)
    },
];

/// XRANGE key start end [COUNT count]
fn xrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, false)
}

/// XREVRANGE key end start [COUNT count]
fn xrevrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, true)
}

/// A count of 0 answers a null array, unlike a range in which there is nothing.
fn range_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    is_reverse: bool,
) -> Result<(), CommandError> {
    let (start, end) = if is_reverse { (args[3], args[2]) } else { (args[2], args[3]) };
    let (start, end) = (parse_start(start)?, parse_end(end)?);
    let mut count = usize::MAX;
    let mut options = Options::new(&args[4..]);
    while let Some(option) = options.next() {
        if !args::is(option, "count") {
            return Err(CommandError::Syntax);
        }
        count = usize::try_from(options.integer()?.max(0)).unwrap_or(usize::MAX);
    }
    match ctx.get::<Stream>(args[1])? {
        None => out.array(0),
        Some(_) if count == 0 => out.null_array(),
        Some(stream) if is_reverse => {
            write_entries(out, stream.range(start, end).rev().take(count));
        }
        Some(stream) => write_entries(out, stream.range(start, end).take(count)),
    }
    Ok(())
}
