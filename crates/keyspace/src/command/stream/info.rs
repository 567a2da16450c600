//! The inside of streams: XINFO.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use super::{no_such_group, write_entries, write_entry, write_id};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::time::UnixMillis;
use crate::value::{Consumer, ConsumerGroup, ConsumerName, Stream, StreamEntry, StreamId};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "xinfo",
    syntax: "XINFO",
    summary: "A container of commands that look into streams.",
    since: "5.0.0",
    complexity: "",
    arity: -2,
    flags: &[],
    acl: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "xinfo|consumers",
            syntax: "XINFO CONSUMERS key group",
            summary: "Lists the consumers of a group.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 4,
            flags: &[Flag::Readonly],
            acl: &[AclCategory::Stream],
            keys: &[KeySpec::one(2, &[KeyFlag::Ro, KeyFlag::Access])],
            tips: &["nondeterministic_output"],
            run: Run::Handler(xinfo_consumers),
            ..CommandSpec::new(Group::Stream)
        },
        CommandSpec {
            name: "xinfo|groups",
            syntax: "XINFO GROUPS key",
            summary: "Lists the consumer groups of a stream.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Readonly],
            acl: &[AclCategory::Stream],
            keys: &[KeySpec::one(2, &[KeyFlag::Ro, KeyFlag::Access])],
            run: Run::Handler(xinfo_groups),
            ..CommandSpec::new(Group::Stream)
        },
        CommandSpec {
            name: "xinfo|help",
            syntax: "XINFO HELP",
            summary: "Answers how the subcommands are called.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            acl: &[AclCategory::Stream],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Stream)
        },
        CommandSpec {
            name: "xinfo|stream",
            syntax: "XINFO STREAM key [FULL [COUNT count]]",
            summary: "Describes a stream.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: -3,
            flags: &[Flag::Readonly],
            acl: &[AclCategory::Stream],
            keys: &[KeySpec::one(2, &[KeyFlag::Ro, KeyFlag::Access])],
            differs: "A node of the radix tree that XTRIM MINID has emptied is gone, also where its last entry had been deleted by XDEL.",
            run: Run::Handler(xinfo_stream),
            ..CommandSpec::new(Group::Stream)
        },
    ]),
    ..CommandSpec::new(Group::Stream)
}];

/// How many entries of each kind XINFO STREAM FULL shows by default.
const FULL_COUNT: usize = 10;

/// XINFO STREAM key [FULL [COUNT count]]
fn xinfo_stream(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let stream = ctx.get::<Stream>(args[2])?.ok_or(CommandError::NoSuchKey)?;
    match parse_full(args)? {
        Some(count) => write_full(stream, count, now, out),
        None => {
            out.map(16);
            write_common(stream, now, out);
            out.bulk(b"groups");
            out.count(stream.groups.len());
            write_end(out, b"first-entry", stream.first());
            write_end(out, b"last-entry", stream.last());
        }
    }
    Ok(())
}

/// The count of `[FULL [COUNT count]]`; 0 is all.
fn parse_full(args: &Args<'_>) -> Result<Option<usize>, CommandError> {
    let syntax = || CommandError::subcommand_syntax(args);
    match &args[3..] {
        [] => Ok(None),
        [full] if args::is(full, "full") => Ok(Some(FULL_COUNT)),
        [full, count, number] if args::is(full, "full") && args::is(count, "count") => {
            match args::integer(number)? {
                ..0 => Ok(Some(FULL_COUNT)),
                0 => Ok(Some(usize::MAX)),
                count => Ok(Some(usize::try_from(count).unwrap_or(usize::MAX))),
            }
        }
        _ => Err(syntax()),
    }
}

/// The 13 fields that both forms of XINFO STREAM begin with.
fn write_common(stream: &Stream, now: UnixMillis, out: &mut ReplyWriter) {
    let (keys, nodes) = stream.radix_tree();
    let known = &stream.idempotency;
    let (producers, messages) = known.tracked(now);
    let count = |out: &mut ReplyWriter, name: &[u8], value: i64| {
        out.bulk(name);
        out.integer(value);
    };
    let id = |out: &mut ReplyWriter, name: &[u8], id: StreamId| {
        out.bulk(name);
        write_id(out, id);
    };
    count(out, b"length", stream.len() as i64);
    count(out, b"radix-tree-keys", keys as i64);
    count(out, b"radix-tree-nodes", nodes as i64);
    id(out, b"last-generated-id", stream.last_id);
    id(out, b"max-deleted-entry-id", stream.max_deleted_id);
    count(out, b"entries-added", stream.entries_added);
    let first = stream.first().map_or(StreamId::MIN, |first| first.id);
    id(out, b"recorded-first-entry-id", first);
    count(out, b"idmp-duration", known.limits().duration_secs);
    count(out, b"idmp-maxsize", known.limits().max_size as i64);
    count(out, b"pids-tracked", producers as i64);
    count(out, b"iids-tracked", messages as i64);
    count(out, b"iids-added", known.added as i64);
    count(out, b"iids-duplicates", known.duplicates as i64);
}

fn write_end(out: &mut ReplyWriter, name: &[u8], entry: Option<StreamEntry<'_>>) {
    out.bulk(name);
    match entry {
        Some(entry) => write_entry(out, entry),
        None => out.null(),
    }
}

fn write_full(stream: &Stream, count: usize, now: UnixMillis, out: &mut ReplyWriter) {
    out.map(15);
    write_common(stream, now, out);
    out.bulk(b"entries");
    write_entries(out, stream.range(StreamId::MIN, StreamId::MAX).take(count));
    out.bulk(b"groups");
    out.array(stream.groups.len());
    for (name, group) in &stream.groups {
        let released = group.released().count();
        out.map(7 + usize::from(released > 0));
        out.bulk(b"name");
        out.bulk(name);
        write_progress(stream, group, out);
        out.bulk(b"pel-count");
        out.count(group.pending().len());
        out.bulk(b"pending");
        out.array(group.pending().len().min(count));
        for (id, pending) in group.pending().iter().take(count) {
            out.array(4);
            write_id(out, *id);
            out.bulk(pending.holder.name());
            out.integer(pending.delivered_at.0);
            out.integer(i64::try_from(pending.delivery_count).unwrap_or(i64::MAX));
        }
        out.bulk(b"consumers");
        out.array(group.consumers().len());
        for (name, consumer) in group.consumers() {
            write_full_consumer(group, name, consumer, count, out);
        }
        if released > 0 {
            out.bulk(b"nacked-count");
            out.count(released);
        }
    }
}

fn write_full_consumer(
    group: &ConsumerGroup,
    name: &ConsumerName,
    consumer: &Consumer,
    count: usize,
    out: &mut ReplyWriter,
) {
    out.map(5);
    out.bulk(b"name");
    out.bulk(name);
    out.bulk(b"seen-time");
    out.integer(consumer.seen_at.0);
    out.bulk(b"active-time");
    out.integer(consumer.active_at.map_or(-1, |at| at.0));
    out.bulk(b"pel-count");
    out.count(consumer.pending().len());
    out.bulk(b"pending");
    out.array(consumer.pending().len().min(count));
    let pending = consumer.pending().iter().take(count);
    for (id, pending) in pending.filter_map(|id| group.pending().get_key_value(id)) {
        out.array(3);
        write_id(out, *id);
        out.integer(pending.delivered_at.0);
        out.integer(i64::try_from(pending.delivery_count).unwrap_or(i64::MAX));
    }
}

/// How far a group has read.
fn write_progress(stream: &Stream, group: &ConsumerGroup, out: &mut ReplyWriter) {
    let integer_or_null = |out: &mut ReplyWriter, value: Option<i64>| match value {
        Some(value) => out.integer(value),
        None => out.null(),
    };
    out.bulk(b"last-delivered-id");
    write_id(out, group.last_id);
    out.bulk(b"entries-read");
    integer_or_null(out, group.entries_read);
    out.bulk(b"lag");
    integer_or_null(out, stream.lag(group));
}

/// XINFO GROUPS key
fn xinfo_groups(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let stream = ctx.get::<Stream>(args[2])?.ok_or(CommandError::NoSuchKey)?;
    out.array(stream.groups.len());
    for (name, group) in &stream.groups {
        out.map(6);
        out.bulk(b"name");
        out.bulk(name);
        out.bulk(b"consumers");
        out.count(group.consumers().len());
        out.bulk(b"pending");
        out.count(group.pending().len());
        write_progress(stream, group, out);
    }
    Ok(())
}

/// XINFO CONSUMERS key group
fn xinfo_consumers(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let stream = ctx.get::<Stream>(args[2])?.ok_or(CommandError::NoSuchKey)?;
    let group = stream.groups.get(args[3]).ok_or_else(|| no_such_group(args[2], args[3]))?;
    out.array(group.consumers().len());
    for (name, consumer) in group.consumers() {
        out.map(4);
        out.bulk(b"name");
        out.bulk(name);
        out.bulk(b"pending");
        out.count(consumer.pending().len());
        out.bulk(b"idle");
        out.integer((now - consumer.seen_at).max(0));
        out.bulk(b"inactive");
        out.integer(consumer.active_at.map_or(-1, |at| (now - at).max(0)));
    }
    Ok(())
}
