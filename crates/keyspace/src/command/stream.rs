//! Streams: their length and last id, and what the commands of the family share. Each group of
//! commands has a file of its own.

pub(super) mod add;
pub(super) mod delete;
pub(super) mod group;
pub(super) mod info;
pub(super) mod nack;
pub(super) mod pending;
pub(super) mod range;
pub(super) mod read;
pub(super) mod trim;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Stream, StreamEntry, StreamId};
use keyspace_resp::{ReplyWriter, decimal};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xlen",
        syntax: "XLEN key",
        summary: "Answers how many entries a stream has.",
        since: "5.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(xlen),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xsetid",
        syntax: "XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
        summary: "Sets the last id of a stream.",
        since: "5.0.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(xsetid),
        ..CommandSpec::new(Group::Stream)
    },
];

/// XLEN key
fn xlen(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    out.count(ctx.get::<Stream>(args[1])?.map_or(0, Stream::len));
    Ok(())
}

/// XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]
fn xsetid(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let error = |text| Err(CommandError::text(text));
    let last_id = parse_id(args[2])?;
    let mut entries_added = None;
    let mut max_deleted_id = StreamId::MIN;
    let mut options = Options::new(&args[3..]);
    while let Some(option) = options.next() {
        if args::is(option, "entriesadded") {
            entries_added = Some(options.integer()?);
            if entries_added < Some(0) {
                return error(&"ERR entries_added must be positive");
            }
        } else if args::is(option, "maxdeletedid") {
            max_deleted_id = parse_id(options.value()?)?;
            if last_id < max_deleted_id {
                return error(
                    &"ERR The ID specified in XSETID is smaller than the provided \
                     max_deleted_entry_id",
                );
            }
        } else {
            return Err(CommandError::Syntax);
        }
    }
    let stream = ctx.get_mut::<Stream>(args[1])?.ok_or(CommandError::NoSuchKey)?;
    if last_id < stream.max_deleted_id {
        return error(
            &"ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        );
    }
    if stream.last().is_some_and(|last| last_id < last.id) {
        return error(&"ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if entries_added.is_some_and(|added| added < stream.len() as i64) {
        return error(
            &"ERR The entries_added specified in XSETID is smaller than the target stream length",
        );
    }
    stream.last_id = last_id;
    stream.entries_added = entries_added.unwrap_or(stream.entries_added);
    if max_deleted_id != StreamId::MIN {
        stream.max_deleted_id = max_deleted_id;
    }
    note_change(ctx, args[1], Class::STREAM, "xsetid");
    out.ok();
    Ok(())
}

/// An id, `ms-seq` or `ms` alone.
fn parse_id(arg: &[u8]) -> Result<StreamId, CommandError> {
    StreamId::parse(arg, 0).ok_or_else(invalid_id)
}

fn invalid_id() -> CommandError {
    CommandError::text(&"ERR Invalid stream ID specified as stream command argument")
}

/// An id, or `-` or `+` for the first and the last there can be.
fn parse_id_or_end(arg: &[u8], missing_seq: u64) -> Result<StreamId, CommandError> {
    match arg {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => StreamId::parse(arg, missing_seq).ok_or_else(invalid_id),
    }
}

/// Where an interval starts; behind the id that follows a `(`.
fn parse_start(arg: &[u8]) -> Result<StreamId, CommandError> {
    match arg {
        [b'(', id @ ..] if !id.is_empty() => parse_id(id)?
            .next()
            .ok_or_else(|| CommandError::text(&"ERR invalid start ID for the interval")),
        _ => parse_id_or_end(arg, 0),
    }
}

/// Where an interval ends; before the id that follows a `(`.
fn parse_end(arg: &[u8]) -> Result<StreamId, CommandError> {
    match arg {
        [b'(', id @ ..] if !id.is_empty() => StreamId::parse(id, u64::MAX)
            .ok_or_else(invalid_id)?
            .previous()
            .ok_or_else(|| CommandError::text(&"ERR invalid end ID for the interval")),
        _ => parse_id_or_end(arg, u64::MAX),
    }
}

/// The key or its consumer group is not there.
fn no_group(key: &[u8], group: &[u8], suffix: &str) -> CommandError {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    CommandError::composed(format!(
        "NOGROUP No such key '{key}' or consumer group '{group}'{suffix}"
    ))
}

/// The key is there and has no such consumer group.
fn no_such_group(key: &[u8], group: &[u8]) -> CommandError {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    CommandError::composed(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}

/// Announces a change that is none of the entries: as in Redis, who watches the key is not told.
fn note_change(ctx: &mut Context<'_>, key: &[u8], class: Class, event: &'static str) {
    ctx.engine.stats.dirty += 1;
    ctx.notify(key, class, event);
}

fn write_id(out: &mut ReplyWriter, id: StreamId) {
    // Two numbers of at most 20 digits and the dash.
    let mut text = [0; 41];
    let dash = decimal(id.seq, &mut text) - 1;
    text[dash] = b'-';
    let start = decimal(id.ms, &mut text[..dash]);
    out.bulk(&text[start..]);
}

/// An entry: its id, and its fields and values in a row.
fn write_entry(out: &mut ReplyWriter, entry: StreamEntry<'_>) {
    out.array(2);
    write_id(out, entry.id);
    write_fields(out, entry);
}

fn write_fields(out: &mut ReplyWriter, entry: StreamEntry<'_>) {
    out.array(entry.fields.words().count());
    entry.fields.words().for_each(|word| out.bulk(word));
}

fn write_entries<'s>(out: &mut ReplyWriter, entries: impl Iterator<Item = StreamEntry<'s>>) {
    let start = out.begin();
    let mut written = 0;
    for entry in entries {
        write_entry(out, entry);
        written += 1;
    }
    out.end_array(start, written);
}

fn write_ids(out: &mut ReplyWriter, ids: &[StreamId]) {
    out.array(ids.len());
    ids.iter().for_each(|id| write_id(out, *id));
}
