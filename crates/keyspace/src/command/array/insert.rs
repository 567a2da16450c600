//! Insertions at an array's cursor: ARINSERT, ARRING, ARNEXT, ARSEEK and ARLASTITEMS.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::{DIFFERS, indices_from, parse_cursor, write_index};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::Array;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "arinsert",
        syntax: "ARINSERT key value [value ...]",
        summary: "Sets elements of an array behind the last that were inserted.",
        since: "8.8.0",
        complexity: "O(log(N)) a value",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: DIFFERS,
        run: Run::Handler(arinsert),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arlastitems",
        syntax: "ARLASTITEMS key count [REV]",
        summary: "Answers the elements of an array that were inserted last.",
        since: "8.8.0",
        complexity: "O(M*log(N)) in the number of elements answered",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arlastitems),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arnext",
        syntax: "ARNEXT key",
        summary: "Answers the index at which ARINSERT would go on.",
        since: "8.8.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arnext),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arring",
        syntax: "ARRING key size value [value ...]",
        summary: "Sets elements of an array whose first indices are a ring.",
        since: "8.8.0",
        complexity: "O(log(N)) a value; where the size is another than before: O(N*log(N))",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: DIFFERS,
        run: Run::Handler(arring),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arseek",
        syntax: "ARSEEK key index",
        summary: "Sets the index at which ARINSERT goes on.",
        since: "8.8.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: DIFFERS,
        run: Run::Handler(arseek),
        ..CommandSpec::new(Group::Array)
    },
];

/// ARINSERT key value [value ...]
///
/// Answers the last index.
fn arinsert(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, values) = (args[1], &args[2..]);
    let first = ctx.peek::<Array>(key)?.map_or(Some(0), Array::next_insert);
    let range = first.and_then(|first| Some((first, indices_from(first, values.len())?)));
    let (first, last) = range.ok_or(CommandError::text(&"ERR insert index overflow"))?;
    let array = ctx.get_or_create::<Array>(key)?;
    for (index, value) in (first..=last).zip(values) {
        array.set(index, value);
    }
    array.last_insert = Some(last);
    ctx.changed(key, Class::GENERIC, "arinsert");
    write_index(out, last);
    Ok(())
}

/// ARRING key size value [value ...]
///
/// Answers the last index.
fn arring(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let size = u64::try_from(args::integer(args[2])?).ok().filter(|&size| size > 0);
    let size = size.ok_or(CommandError::text(&"ERR size must be positive"))?;
    let last = ctx.get_or_create::<Array>(args[1])?.insert_in_ring(size, &args[3..]);
    ctx.changed(args[1], Class::GENERIC, "arring");
    write_index(out, last.unwrap_or_default());
    Ok(())
}

/// ARNEXT key
fn arnext(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match ctx.get::<Array>(args[1])?.map_or(Some(0), Array::next_insert) {
        Some(next) => write_index(out, next),
        None => out.null(),
    }
    Ok(())
}

/// ARSEEK key index
///
/// Behind the largest index there is a place too, at which nothing can be inserted.
fn arseek(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let next = parse_cursor(args[2])?;
    let array = ctx.get_mut::<Array>(args[1])?;
    let exists = array.is_some();
    if let Some(array) = array {
        array.seek(next);
        ctx.changed(args[1], Class::GENERIC, "arseek");
    }
    out.integer(i64::from(exists));
    Ok(())
}

/// ARLASTITEMS key count [REV]
///
/// The newest last, or first with REV. Indices that are empty count.
fn arlastitems(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = usize::try_from(args::integer(args[2])?.max(0)).unwrap_or(usize::MAX);
    let newest_first = match &args[3..] {
        [] => false,
        [rev] if args::is(rev, "rev") => true,
        _ => return Err(CommandError::Syntax),
    };
    let Some(array) = ctx.get::<Array>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let mut items: Vec<_> = array.backwards().take(count.min(array.count())).collect();
    if !newest_first {
        items.reverse();
    }
    out.array(items.len());
    items.into_iter().for_each(|item| out.bulk_or_null(item.map(|item| &**item)));
    Ok(())
}
