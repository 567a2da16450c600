//! OBJECT: the inside of values. Looking at a key this way is no use of it, but
//! counts as a hit or a miss.

use crate::args::Args;
use crate::context::Context;
use crate::db::Entry;
use crate::error::CommandError;
use crate::usage::Measure;
use keyspace_resp::ReplyWriter;

/// OBJECT ENCODING key
pub(super) fn encoding(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.count_inspection(args[2]);
    let entry = entry(ctx, args);
    out.bulk_or_null(entry.map(|entry| entry.value.encoding().as_bytes()));
    Ok(())
}

/// OBJECT FREQ key
pub(super) fn freq(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.count_inspection(args[2]);
    match entry(ctx, args) {
        None => out.null(),
        Some(_) if ctx.config().measure() != Measure::Frequency => {
            return Err(CommandError::text(
                &"ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please \
                 note that when switching between policies at runtime LRU and LFU data will take \
                 some time to adjust.",
            ));
        }
        Some(entry) => {
            out.integer(entry.usage.frequency(ctx.now(), ctx.config().lfu_pace).into());
        }
    }
    Ok(())
}

/// OBJECT IDLETIME key
pub(super) fn idletime(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.count_inspection(args[2]);
    match entry(ctx, args) {
        None => out.null(),
        Some(_) if ctx.config().measure() == Measure::Frequency => {
            return Err(CommandError::text(
                &"ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that \
                 when switching between policies at runtime LRU and LFU data will take some time \
                 to adjust.",
            ));
        }
        Some(entry) => out.integer(entry.usage.idle_seconds(ctx.now())),
    }
    Ok(())
}

/// OBJECT REFCOUNT key
///
/// No value is shared.
pub(super) fn refcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.count_inspection(args[2]);
    match entry(ctx, args) {
        Some(_) => out.integer(1),
        None => out.null(),
    }
    Ok(())
}

fn entry<'c>(ctx: &'c Context<'_>, args: &Args<'_>) -> Option<Entry<'c>> {
    ctx.database().get(args[2])
}
