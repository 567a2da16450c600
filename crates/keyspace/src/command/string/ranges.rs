//! Parts of strings: STRLEN, GETRANGE, SETRANGE and APPEND.

use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;

/// STRLEN key
pub(super) fn strlen(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let len = ctx.get::<Str>(args[1])?.map_or(0, Str::len);
    out.count(len);
    Ok(())
}

/// GETRANGE key start end, and SUBSTR, its older name
pub(super) fn getrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let start = args::integer(args[2])?;
    let end = args::integer(args[3])?;
    let Some(value) = ctx.get::<Str>(args[1])? else {
        out.bulk(b"");
        return Ok(());
    };
    let bytes = value.as_bytes();
    match args::clamp_range(start, end, bytes.len()) {
        Some((first, last)) => out.bulk(&bytes[first..=last]),
        None => out.bulk(b""),
    }
    Ok(())
}

/// SETRANGE key offset value
///
/// An empty value changes nothing and creates nothing.
pub(super) fn setrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, part) = (args[1], args[3]);
    let offset = args::integer(args[2])?;
    if offset < 0 {
        return Err(CommandError::OffsetOutOfRange);
    }
    let len = ctx.peek::<Str>(key)?.map_or(0, Str::len);
    if part.is_empty() {
        out.count(len);
        return Ok(());
    }
    let end = usize::try_from(offset).ok().and_then(|offset| offset.checked_add(part.len()));
    let end = check_length(ctx, end)?;
    let len = end.max(len);
    match ctx.get_mut::<Str>(key)? {
        Some(value) => overwrite(value.make_raw(), end, part)?,
        None => {
            let mut bytes = Vec::new();
            overwrite(&mut bytes, end, part)?;
            ctx.set_value(key, Str::raw(bytes).into_value(), None);
        }
    }
    ctx.changed(key, Class::STRING, "setrange");
    out.count(len);
    Ok(())
}

/// Puts `part` into `bytes` so that it ends at `end`.
fn overwrite(bytes: &mut Vec<u8>, end: usize, part: &[u8]) -> Result<(), CommandError> {
    if end > bytes.len() {
        let reserved = bytes.try_reserve(end - bytes.len());
        reserved.map_err(|_| CommandError::OutOfMemory)?;
        bytes.resize(end, 0);
    }
    bytes[end - part.len()..end].copy_from_slice(part);
    Ok(())
}

/// APPEND key value
pub(super) fn append(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, part) = (args[1], args[2]);
    let len = ctx.peek::<Str>(key)?.map_or(0, Str::len);
    let len = check_length(ctx, len.checked_add(part.len()))?;
    match ctx.get_mut::<Str>(key)? {
        Some(value) => {
            let bytes = value.make_raw();
            bytes.try_reserve(part.len()).map_err(|_| CommandError::OutOfMemory)?;
            bytes.extend_from_slice(part);
        }
        None => {
            ctx.set_value(key, Str::new(part).into_value(), None);
        }
    }
    ctx.changed(key, Class::STRING, "append");
    out.count(len);
    Ok(())
}

/// The length a string is to have; `None` is one that cannot be counted.
fn check_length(ctx: &Context<'_>, len: Option<usize>) -> Result<usize, CommandError> {
    len.filter(|&len| len <= ctx.config().proto_max_bulk_len).ok_or(CommandError::StringTooLong)
}
