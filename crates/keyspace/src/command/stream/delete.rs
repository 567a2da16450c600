//! Deleting entries by their ids: XDEL, XDELEX and XACKDEL.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::trim::parse_references;
use super::{note_change, parse_id};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{References, Stream, StreamId};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xdel",
        syntax: "XDEL key ID [ID ...]",
        summary: "Deletes entries from a stream.",
        since: "5.0.0",
        complexity: "O(1) an id",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(xdel),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xdelex",
        syntax: "XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]",
        summary: "Deletes entries from a stream, and says what becomes of the groups' references to them.",
        since: "8.2.0",
        complexity: "O(1) an id",
        arity: -5,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(xdelex),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xackdel",
        syntax: "XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]",
        summary: "Acknowledges entries and deletes them from the stream.",
        since: "8.2.0",
        complexity: "O(1) an id",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update, KeyFlag::Delete])],
        run: Run::Handler(xackdel),
        ..CommandSpec::new(Group::Stream)
    },
];

/// What XDELEX and XACKDEL answer for an id.
const NO_SUCH_ID: i64 = -1;
const DELETED: i64 = 1;
const STILL_REFERENCED: i64 = 2;

/// XDEL key ID [ID ...]
fn xdel(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let Some(stream) = ctx.get_mut::<Stream>(args[1])? else {
        out.count(0);
        return Ok(());
    };
    let ids = args[2..].iter().map(|id| parse_id(id)).collect::<Result<Vec<_>, _>>()?;
    let deleted = ids.into_iter().filter(|&id| stream.delete(id)).count();
    if deleted > 0 {
        ctx.changed(args[1], Class::STREAM, "xdel");
    }
    out.count(deleted);
    Ok(())
}

/// XDELEX key [KEEPREF|DELREF|ACKED] IDS numids id [id ...]
fn xdelex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (references, ids) = parse_ids(&args[2..])?;
    let mut results = vec![NO_SUCH_ID; ids.len()];
    if let Some(stream) = ctx.get_mut::<Stream>(args[1])? {
        for (id, result) in ids.into_iter().zip(&mut results) {
            // What is pending may be of an entry that is gone.
            *result = match delete(stream, id, references) {
                Some(true) => DELETED,
                Some(false) => NO_SUCH_ID,
                None => STILL_REFERENCED,
            };
        }
    }
    if results.contains(&DELETED) {
        ctx.changed(args[1], Class::STREAM, "xdel");
    }
    write_results(out, &results);
    Ok(())
}

/// XACKDEL key group [KEEPREF|DELREF|ACKED] IDS numids id [id ...]
///
/// Only what the group has pending is acknowledged, and deleted then.
fn xackdel(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (references, ids) = parse_ids(&args[3..])?;
    let mut results = vec![NO_SUCH_ID; ids.len()];
    if let Some(stream) = ctx.get_mut::<Stream>(args[1])? {
        for (id, result) in ids.into_iter().zip(&mut results) {
            let group = stream.groups.get_mut(args[2]);
            if group.is_some_and(|group| group.acknowledge(id)) {
                let deleted = delete(stream, id, references);
                *result = if deleted.is_some() { DELETED } else { STILL_REFERENCED };
            }
        }
    }
    if results.contains(&DELETED) {
        ctx.changed(args[1], Class::STREAM, "xdel");
    } else if results.contains(&STILL_REFERENCED) {
        note_change(ctx, args[1], Class::NONE, "xack");
    }
    write_results(out, &results);
    Ok(())
}

/// Deletes an entry and answers whether it was there; `None` where its references do not allow it.
fn delete(stream: &mut Stream, id: StreamId, references: References) -> Option<bool> {
    stream.release(id, references).then(|| stream.delete(id))
}

/// `[KEEPREF|DELREF|ACKED] IDS numids id [id ...]`
fn parse_ids(args: &Args<'_>) -> Result<(References, Vec<StreamId>), CommandError> {
    let mut references = None;
    let mut ids = None;
    let mut options = Options::new(args);
    while let Some(option) = options.next() {
        let other = parse_references(option);
        if other.is_some() && references.is_none() {
            references = other;
        } else if args::is(option, "ids") && ids.is_none() {
            ids = Some(parse_counted_ids(&mut options)?);
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok((references.unwrap_or_default(), ids.ok_or(CommandError::Syntax)?))
}

/// `numids id [id ...]`
fn parse_counted_ids(options: &mut Options<'_, '_>) -> Result<Vec<StreamId>, CommandError> {
    let count = args::integer(options.value()?).ok().filter(|&count| count > 0);
    let count = count.ok_or(CommandError::text(&"ERR Number of IDs must be a positive integer"))?;
    let left = options.rest().len();
    let count = usize::try_from(count).ok().filter(|&count| count <= left);
    let count = count.ok_or(CommandError::text(
        &"ERR The `numids` parameter must match the number of arguments",
    ))?;
    (0..count).map(|_| parse_id(options.value()?)).collect()
}

fn write_results(out: &mut ReplyWriter, results: &[i64]) {
    out.array(results.len());
    results.iter().for_each(|result| out.integer(*result));
}
