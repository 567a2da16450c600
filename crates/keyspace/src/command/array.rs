//! Arrays, which Redis 8.8 brought: elements by their indices. Insertions at the cursor and
//! searches have a file each.
//!
//! An array that has no element is no key. Events are of the class of all types, since Redis 8.6
//! has no letter for this one.

pub(super) mod insert;
pub(super) mod search;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::Array;
use keyspace_resp::ReplyWriter;

/// Every command of the family.
const DIFFERS: &str = "It is of Redis 8.8, newer than the rest.";
/// The most indices that ARGETRANGE answers.
const MAX_RANGE: u64 = 1_000_000;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "arcount",
        syntax: "ARCOUNT key",
        summary: "Answers how many elements an array has.",
        since: "8.8.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arcount),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "ardel",
        syntax: "ARDEL key index [index ...]",
        summary: "Deletes elements of an array by their indices.",
        since: "8.8.0",
        complexity: "O(log(N)) an index",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        differs: DIFFERS,
        run: Run::Handler(ardel),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "ardelrange",
        syntax: "ARDELRANGE key start end [start end ...]",
        summary: "Deletes the elements of an array that lie in ranges of indices.",
        since: "8.8.0",
        complexity: "O(M*log(N)) in the number of elements deleted",
        arity: -4,
        flags: &[Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        differs: DIFFERS,
        run: Run::Handler(ardelrange),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arget",
        syntax: "ARGET key index",
        summary: "Answers the element at an index of an array.",
        since: "8.8.0",
        complexity: "O(log(N))",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arget),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "argetrange",
        syntax: "ARGETRANGE key start end",
        summary: "Answers what an array has at each index of a range.",
        since: "8.8.0",
        complexity: "O(N) in the length of the range",
        arity: 4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(argetrange),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arinfo",
        syntax: "ARINFO key [FULL]",
        summary: "Describes an array.",
        since: "8.8.0",
        complexity: "O(S log N) with S slices, O(N) with FULL",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "It is of Redis 8.8, newer than the rest. An array lies in one ordered map here: it tells of slices as if it were divided into them, with a directory of just those that hold elements.",
        run: Run::Handler(arinfo),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arlen",
        syntax: "ARLEN key",
        summary: "Answers the largest index of an array and one.",
        since: "8.8.0",
        complexity: "O(log(N))",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arlen),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "armget",
        syntax: "ARMGET key index [index ...]",
        summary: "Answers the elements at indices of an array.",
        since: "8.8.0",
        complexity: "O(log(N)) an index",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(armget),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "armset",
        syntax: "ARMSET key index value [index value ...]",
        summary: "Sets elements of an array by their indices.",
        since: "8.8.0",
        complexity: "O(log(N)) an index",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: DIFFERS,
        run: Run::Handler(armset),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arset",
        syntax: "ARSET key index value [value ...]",
        summary: "Sets elements of an array from an index on.",
        since: "8.8.0",
        complexity: "O(log(N)) a value",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        differs: DIFFERS,
        run: Run::Handler(arset),
        ..CommandSpec::new(Group::Array)
    },
];

/// ARCOUNT key
fn arcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.get::<Array>(args[1])?.map_or(0, Array::count));
    Ok(())
}

/// ARLEN key
fn arlen(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    write_index(out, ctx.get::<Array>(args[1])?.map_or(0, Array::len));
    Ok(())
}

/// ARGET key index
fn arget(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let index = parse_index(args[2])?;
    let array = ctx.get::<Array>(args[1])?;
    write_element(out, array, index);
    Ok(())
}

/// ARMGET key index [index ...]
fn armget(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let indices = parse_indices(&args[2..])?;
    let array = ctx.get::<Array>(args[1])?;
    out.array(indices.len());
    indices.into_iter().for_each(|index| write_element(out, array, index));
    Ok(())
}

/// ARGETRANGE key start end
///
/// Backwards where the first index is the larger.
fn argetrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (start, end) = (parse_index(args[2])?, parse_index(args[3])?);
    let distance = start.abs_diff(end);
    if distance >= MAX_RANGE {
        let too_many = format!("ERR range exceeds maximum of {MAX_RANGE} items");
        return Err(CommandError::composed(too_many));
    }
    let array = ctx.get::<Array>(args[1])?;
    out.array(distance as usize + 1);
    for step in 0..=distance {
        write_element(out, array, if start <= end { start + step } else { start - step });
    }
    Ok(())
}

/// ARSET key index value [value ...]
fn arset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let first = parse_index(args[2])?;
    let values = &args[3..];
    let last = indices_from(first, values.len());
    let last = last.ok_or(CommandError::text(&"ERR array index overflow"))?;
    set_generic(ctx, args[1], (first..=last).zip(values.iter().copied()), out)
}

/// ARMSET key index value [index value ...]
fn armset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (pairs, rest) = args[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(CommandError::WrongArity(&"armset"));
    }
    let pairs = pairs.iter().map(|&[index, value]| Ok((parse_index(index)?, value)));
    let pairs: Vec<(u64, &[u8])> = pairs.collect::<Result<_, CommandError>>()?;
    set_generic(ctx, args[1], pairs.into_iter(), out)
}

/// Answers how many indices were empty.
fn set_generic<'a>(
    ctx: &mut Context<'_>,
    key: &[u8],
    elements: impl Iterator<Item = (u64, &'a [u8])>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let array = ctx.get_or_create::<Array>(key)?;
    let mut added = 0;
    for (index, value) in elements {
        added += usize::from(array.set(index, value));
    }
    ctx.changed(key, Class::GENERIC, "arset");
    out.count(added);
    Ok(())
}

/// ARDEL key index [index ...]
fn ardel(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let indices = parse_indices(&args[2..])?;
    let deleted = ctx
        .get_mut::<Array>(args[1])?
        .map_or(0, |array| indices.into_iter().filter(|&index| array.remove(index)).count());
    finish_deletion(ctx, args[1], deleted, out);
    Ok(())
}

/// ARDELRANGE key start end [start end ...]
fn ardelrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (ranges, rest) = args[2..].as_chunks::<2>();
    if !rest.is_empty() {
        return Err(CommandError::WrongArity(&"ardelrange"));
    }
    let ranges = ranges.iter().map(|&[start, end]| Ok((parse_index(start)?, parse_index(end)?)));
    let ranges: Vec<(u64, u64)> = ranges.collect::<Result<_, CommandError>>()?;
    let deleted = ctx.get_mut::<Array>(args[1])?.map_or(0, |array| {
        ranges.into_iter().map(|(start, end)| array.remove_range(start, end)).sum()
    });
    finish_deletion(ctx, args[1], deleted, out);
    Ok(())
}

fn finish_deletion(ctx: &mut Context<'_>, key: &[u8], deleted: usize, out: &mut ReplyWriter) {
    if deleted > 0 {
        ctx.changed(key, Class::GENERIC, "ardel");
        ctx.remove_if_empty(key);
    }
    out.count(deleted);
}

/// ARINFO key [FULL]
fn arinfo(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let is_full = match &args[2..] {
        [] => false,
        [full] if args::is(full, "full") => true,
        _ => return Err(CommandError::Syntax),
    };
    let array = ctx.get::<Array>(args[1])?.ok_or(CommandError::NoSuchKey)?;
    let slices = array.slices();
    out.map(if is_full { 12 } else { 7 });
    out.bulk(b"count");
    out.count(array.count());
    out.bulk(b"len");
    write_index(out, array.len());
    out.bulk(b"next-insert-index");
    write_index(out, array.next_insert().unwrap_or(0));
    for (name, number) in [
        ("slices", slices),
        ("directory-size", slices),
        ("super-dir-entries", 0),
        ("slice-size", Array::SLICE_SIZE as usize),
    ] {
        out.bulk(name.as_bytes());
        out.count(number);
    }
    if is_full {
        let (dense, sparse) = array.slices_by_kind();
        out.bulk(b"dense-slices");
        out.count(dense.slices);
        out.bulk(b"sparse-slices");
        out.count(sparse.slices);
        let mean = |sum: usize, of: usize| if of == 0 { 0.0 } else { sum as f64 / of as f64 };
        out.bulk(b"avg-dense-size");
        out.double(mean(dense.width, dense.slices));
        out.bulk(b"avg-dense-fill");
        out.double(mean(dense.elements, dense.width));
        out.bulk(b"avg-sparse-size");
        out.double(mean(sparse.elements, sparse.slices));
    }
    Ok(())
}

/// The last of so many indices from one on, where there are so many.
fn indices_from(first: u64, count: usize) -> Option<u64> {
    let distance = u64::try_from(count).ok()?.checked_sub(1)?;
    first.checked_add(distance).filter(|&last| last <= Array::MAX_INDEX)
}

fn parse_index(arg: &[u8]) -> Result<u64, CommandError> {
    parse_cursor(arg).and_then(|index| match index {
        ..=Array::MAX_INDEX => Ok(index),
        _ => Err(invalid_index()),
    })
}

/// An index, or the one behind the largest.
fn parse_cursor(arg: &[u8]) -> Result<u64, CommandError> {
    let is_canonical = matches!(arg, [b'0'] | [b'1'..=b'9', ..]);
    let text = std::str::from_utf8(arg).ok().filter(|_| is_canonical);
    text.and_then(|text| text.parse().ok()).ok_or_else(invalid_index)
}

fn parse_indices(args: &Args<'_>) -> Result<Vec<u64>, CommandError> {
    args.iter().map(|arg| parse_index(arg)).collect()
}

fn invalid_index() -> CommandError {
    CommandError::text(&"ERR invalid array index")
}

/// An index as an integer; one that is too large for that by its digits.
fn write_index(out: &mut ReplyWriter, index: u64) {
    match i64::try_from(index) {
        Ok(index) => out.integer(index),
        Err(_) => out.big_number(index.to_string().as_bytes()),
    }
}

fn write_element(out: &mut ReplyWriter, array: Option<&Array>, index: u64) {
    out.bulk_or_null(array.and_then(|array| array.get(index)).map(|element| &**element));
}
