//! Consumer groups: XGROUP, and XACK.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use super::add::create_stream;
use super::{no_such_group, note_change, parse_id, parse_id_or_end};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{ConsumerGroup, Stream, StreamId};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xgroup",
        syntax: "XGROUP",
        summary: "A container of commands on consumer groups.",
        since: "5.0.0",
        complexity: "",
        arity: -2,
        flags: &[],
        acl: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "xgroup|create",
                syntax: "XGROUP CREATE key group <id|$> [MKSTREAM] [ENTRIESREAD entriesread]",
                summary: "Creates a consumer group.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: -5,
                flags: &[Flag::Denyoom, Flag::Write],
                acl: &[AclCategory::Stream],
                keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert])],
                run: Run::Handler(xgroup_create),
                ..CommandSpec::new(Group::Stream)
            },
            CommandSpec {
                name: "xgroup|createconsumer",
                syntax: "XGROUP CREATECONSUMER key group consumer",
                summary: "Creates a consumer in a group.",
                since: "6.2.0",
                complexity: "O(1)",
                arity: 5,
                flags: &[Flag::Denyoom, Flag::Write],
                acl: &[AclCategory::Stream],
                keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert])],
                run: Run::Handler(xgroup_createconsumer),
                ..CommandSpec::new(Group::Stream)
            },
            CommandSpec {
                name: "xgroup|delconsumer",
                syntax: "XGROUP DELCONSUMER key group consumer",
                summary: "Deletes a consumer and what it has pending.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: 5,
                flags: &[Flag::Write],
                acl: &[AclCategory::Stream],
                keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Delete])],
                run: Run::Handler(xgroup_delconsumer),
                ..CommandSpec::new(Group::Stream)
            },
            CommandSpec {
                name: "xgroup|destroy",
                syntax: "XGROUP DESTROY key group",
                summary: "Deletes a consumer group.",
                since: "5.0.0",
                complexity: "O(N) in the number of pending entries",
                arity: 4,
                flags: &[Flag::Write],
                acl: &[AclCategory::Stream],
                keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Delete])],
                run: Run::Handler(xgroup_destroy),
                ..CommandSpec::new(Group::Stream)
            },
            CommandSpec {
                name: "xgroup|help",
                syntax: "XGROUP HELP",
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
                name: "xgroup|setid",
                syntax: "XGROUP SETID key group <id|$> [ENTRIESREAD entriesread]",
                summary: "Sets the last id that a group was delivered.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: -5,
                flags: &[Flag::Write],
                acl: &[AclCategory::Stream],
                keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Update])],
                run: Run::Handler(xgroup_setid),
                ..CommandSpec::new(Group::Stream)
            },
        ]),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xack",
        syntax: "XACK key group ID [ID ...]",
        summary: "Acknowledges entries: the group has them pending no longer.",
        since: "5.0.0",
        complexity: "O(1) an id",
        arity: -4,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(xack),
        ..CommandSpec::new(Group::Stream)
    },
];

/// What follows the id of XGROUP CREATE and SETID.
#[derive(Debug, Default)]
struct GroupOptions {
    mkstream: bool,
    entries_read: Option<i64>,
}

impl GroupOptions {
    fn parse(args: &Args<'_>, may_create: bool) -> Result<GroupOptions, CommandError> {
        let mut parsed = GroupOptions::default();
        let mut options = Options::new(&args[5..]);
        while let Some(option) = options.next() {
            if may_create && args::is(option, "mkstream") {
                parsed.mkstream = true;
            } else if args::is(option, "entriesread") && !options.rest().is_empty() {
                parsed.entries_read = match options.integer()? {
                    -1 => None,
                    read @ 0.. => Some(read),
                    _ => {
                        return Err(CommandError::text(
                            &"ERR value for ENTRIESREAD must be positive or -1",
                        ));
                    }
                };
            } else {
                return Err(CommandError::subcommand_syntax(args));
            }
        }
        Ok(parsed)
    }
}

/// An option that stands twice is refused, once it is known that the key is there.
fn check_repetition(args: &Args<'_>, most: usize) -> Result<(), CommandError> {
    if args.len() > most { Err(CommandError::subcommand_syntax(args)) } else { Ok(()) }
}

/// XGROUP CREATE key group <id|$> [MKSTREAM] [ENTRIESREAD entriesread]
fn xgroup_create(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = GroupOptions::parse(args, true)?;
    let (key, name) = (args[2], args[3]);
    let stream = ctx.peek::<Stream>(key)?;
    if stream.is_none() && !options.mkstream {
        return Err(key_required());
    }
    check_repetition(args, 8)?;
    let last_id = match args[4] {
        b"$" => stream.map_or(StreamId::MIN, |stream| stream.last_id),
        id => parse_id(id)?,
    };
    if stream.is_some_and(|stream| stream.groups.contains_key(name)) {
        return Err(CommandError::text(&"BUSYGROUP Consumer Group name already exists"));
    }
    let is_new = stream.is_none();
    let stream = create_stream(ctx, key)?;
    let entries_read = options.entries_read.map(|read| read.min(stream.entries_added));
    stream.groups.insert(name.into(), ConsumerGroup::new(last_id, entries_read));
    if is_new {
        ctx.changed(key, Class::STREAM, "xgroup-create");
    } else {
        note_change(ctx, key, Class::STREAM, "xgroup-create");
    }
    out.ok();
    Ok(())
}

/// XGROUP SETID key group <id|$> [ENTRIESREAD entriesread]
fn xgroup_setid(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = GroupOptions::parse(args, false)?;
    let (key, name) = (args[2], args[3]);
    let stream = ctx.get_mut::<Stream>(key)?.ok_or_else(key_required)?;
    let group = stream.groups.get_mut(name).ok_or_else(|| no_such_group(key, name))?;
    check_repetition(args, 7)?;
    group.last_id = match args[4] {
        b"$" => stream.last_id,
        id => parse_id_or_end(id, 0)?,
    };
    group.entries_read = options.entries_read.map(|read| read.min(stream.entries_added));
    note_change(ctx, key, Class::STREAM, "xgroup-setid");
    out.ok();
    Ok(())
}

/// XGROUP DESTROY key group
fn xgroup_destroy(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[2];
    let stream = ctx.get_mut::<Stream>(key)?.ok_or_else(key_required)?;
    let existed = stream.groups.remove(args[3]).is_some();
    if existed {
        note_change(ctx, key, Class::STREAM, "xgroup-destroy");
        // Consumers of the group who wait are told that it is gone.
        ctx.engine.signal_key(ctx.db, key);
    }
    out.integer(i64::from(existed));
    Ok(())
}

/// XGROUP CREATECONSUMER key group consumer
fn xgroup_createconsumer(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let is_new = existing_group(ctx, args)?.create_consumer(args[4], now);
    if is_new {
        note_change(ctx, args[2], Class::STREAM, "xgroup-createconsumer");
    }
    out.integer(i64::from(is_new));
    Ok(())
}

/// XGROUP DELCONSUMER key group consumer
fn xgroup_delconsumer(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pending = existing_group(ctx, args)?.delete_consumer(args[4]);
    if pending.is_some() {
        note_change(ctx, args[2], Class::STREAM, "xgroup-delconsumer");
    }
    out.count(pending.unwrap_or_default());
    Ok(())
}

/// XACK key group ID [ID ...]
///
/// It counts as a read of the key.
fn xack(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    ctx.get::<Stream>(args[1])?;
    let stream = ctx.get_mut::<Stream>(args[1])?;
    let Some(group) = stream.and_then(|stream| stream.groups.get_mut(args[2])) else {
        out.count(0);
        return Ok(());
    };
    let ids = args[3..].iter().map(|id| parse_id(id)).collect::<Result<Vec<_>, _>>()?;
    let acknowledged = ids.into_iter().filter(|&id| group.acknowledge(id)).count();
    if acknowledged > 0 {
        note_change(ctx, args[1], Class::NONE, "xack");
    }
    out.count(acknowledged);
    Ok(())
}

/// The group that a subcommand names behind its key.
fn existing_group<'c>(
    ctx: &'c mut Context<'_>,
    args: &Args<'_>,
) -> Result<&'c mut ConsumerGroup, CommandError> {
    let (key, name) = (args[2], args[3]);
    let stream = ctx.get_mut::<Stream>(key)?.ok_or_else(key_required)?;
    stream.groups.get_mut(name).ok_or_else(|| no_such_group(key, name))
}

fn key_required() -> CommandError {
    CommandError::text(
        &"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want \
         to use the MKSTREAM option to create an empty stream automatically.",
    )
}
