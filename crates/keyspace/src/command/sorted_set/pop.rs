//! Sorted sets: taking the members with the lowest or highest scores, and waiting for one.

use super::write_elements;
use crate::args::{self, Args, Options};
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Element, ValueType, ZSet};
use keyspace_resp::ReplyWriter;
use smallvec::SmallVec;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "zpopmin",
        syntax: "ZPOPMIN key [count]",
        summary: "Removes and answers the members with the lowest scores.",
        since: "5.0.0",
        complexity: "O(M*log(N)) with M members to pop",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(zpopmin),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zpopmax",
        syntax: "ZPOPMAX key [count]",
        summary: "Removes and answers the members with the highest scores.",
        since: "5.0.0",
        complexity: "O(M*log(N)) with M members to pop",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(zpopmax),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zmpop",
        syntax: "ZMPOP numkeys key [key ...] <MIN|MAX> [COUNT count]",
        summary: "Pops members from the first sorted set that has one.",
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)) with K keys and M members to pop",
        arity: -4,
        flags: &[Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(zmpop),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "bzpopmin",
        syntax: "BZPOPMIN key [key ...] timeout",
        summary: "Pops the member with the lowest score from the first sorted set that has one, or waits for one.",
        since: "5.0.0",
        complexity: "O(K)+O(log(N)) with K keys",
        arity: -3,
        flags: &[Flag::Blocking, Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::range(1, -2, 1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(bzpopmin),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "bzpopmax",
        syntax: "BZPOPMAX key [key ...] timeout",
        summary: "Pops the member with the highest score from the first sorted set that has one, or waits for one.",
        since: "5.0.0",
        complexity: "O(K)+O(log(N)) with K keys",
        arity: -3,
        flags: &[Flag::Blocking, Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::range(1, -2, 1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(bzpopmax),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "bzmpop",
        syntax: "BZMPOP timeout numkeys key [key ...] <MIN|MAX> [COUNT count]",
        summary: "Pops members from the first sorted set that has one, or waits for one.",
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)) with K keys and M members to pop",
        arity: -5,
        flags: &[Flag::Blocking, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(2, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(bzmpop),
        ..CommandSpec::new(Group::SortedSet)
    },
];

/// What a pop took: seldom more than one element, which needs no allocation.
type Popped = SmallVec<[Element; 1]>;

/// Which members a pop takes first.
#[derive(Debug, Clone, Copy)]
enum End {
    Min,
    Max,
}

/// ZPOPMIN key [count]
fn zpopmin(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    pop_generic(ctx, args, out, End::Min)
}

/// ZPOPMAX key [count]
fn zpopmax(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    pop_generic(ctx, args, out, End::Max)
}

fn pop_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    let count = match &args[2..] {
        [] => None,
        [count] => Some(pop_count(count)?),
        _ => return Err(CommandError::Syntax),
    };
    let popped = pop(ctx, args[1], end, count.unwrap_or(1))?;
    match (&count, popped.as_slice()) {
        (None, [element]) => {
            out.array(2);
            out.bulk(&element.member);
            out.double(element.score);
        }
        (_, elements) => {
            write_elements(out, elements.len(), elements.iter().map(Element::as_ref), true)
        }
    }
    Ok(())
}

/// ZMPOP numkeys key [key ...] <MIN|MAX> [COUNT count]
fn zmpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (keys, end, count) = parse_mpop(&args[1..])?;
    if !mpop(ctx, keys, end, count, out)? {
        out.null_array();
    }
    Ok(())
}

/// BZMPOP timeout numkeys key [key ...] <MIN|MAX> [COUNT count]
fn bzmpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (keys, end, count) = parse_mpop(&args[2..])?;
    let deadline = args::timeout(args[1], ctx.now())?;
    if !mpop(ctx, keys, end, count, out)? {
        ctx.block(out, args, keys, ValueType::ZSet, deadline);
    }
    Ok(())
}

/// BZPOPMIN key [key ...] timeout
fn bzpopmin(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    blocking_pop_generic(ctx, args, out, End::Min)
}

/// BZPOPMAX key [key ...] timeout
fn bzpopmax(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    blocking_pop_generic(ctx, args, out, End::Max)
}

fn blocking_pop_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    let keys = &args[1..args.len() - 1];
    let deadline = args::timeout(args[args.len() - 1], ctx.now())?;
    let Some(key) = first_with_elements(ctx, keys)? else {
        ctx.block(out, args, keys, ValueType::ZSet, deadline);
        return Ok(());
    };
    for element in pop(ctx, key, end, 1)? {
        out.array(3);
        out.bulk(key);
        out.bulk(&element.member);
        out.double(element.score);
    }
    Ok(())
}

/// Pops from the first key that has an element and answers; `false` where none has.
fn mpop(
    ctx: &mut Context<'_>,
    keys: &Args<'_>,
    end: End,
    count: usize,
    out: &mut ReplyWriter,
) -> Result<bool, CommandError> {
    let Some(key) = first_with_elements(ctx, keys)? else {
        return Ok(false);
    };
    let popped = pop(ctx, key, end, count)?;
    out.array(2);
    out.bulk(key);
    out.array(popped.len());
    for element in &popped {
        out.array(2);
        out.bulk(&element.member);
        out.double(element.score);
    }
    Ok(true)
}

/// The first key that exists; a key of another type before it is an error.
fn first_with_elements<'a>(
    ctx: &Context<'_>,
    keys: &Args<'a>,
) -> Result<Option<&'a [u8]>, CommandError> {
    for key in keys {
        if ctx.peek::<ZSet>(key)?.is_some() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Removes up to `count` elements from one end and announces it.
fn pop(ctx: &mut Context<'_>, key: &[u8], end: End, count: usize) -> Result<Popped, CommandError> {
    let mut popped = Popped::new();
    let Some(zset) = ctx.get_mut::<ZSet>(key)? else {
        return Ok(popped);
    };
    let mut pop_one = || match end {
        End::Min => zset.remove_rank(0),
        End::Max => zset.remove_rank(zset.len().checked_sub(1)?),
    };
    while popped.len() < count
        && let Some(element) = pop_one()
    {
        popped.push(element);
    }
    if !popped.is_empty() {
        let event = match end {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        };
        ctx.changed(key, Class::ZSET, event);
        ctx.remove_if_empty(key);
    }
    Ok(popped)
}

/// Reads `numkeys key [key ...] <MIN|MAX> [COUNT count]`.
fn parse_mpop<'b, 'a>(args: &'b Args<'a>) -> Result<(&'b Args<'a>, End, usize), CommandError> {
    let numkeys = match args::integer(args[0]) {
        Ok(numkeys @ 1..) => usize::try_from(numkeys).unwrap_or(usize::MAX),
        _ => return Err(CommandError::NumKeysNotPositive),
    };
    let (keys, rest) = args[1..].split_at_checked(numkeys).ok_or(CommandError::Syntax)?;
    let mut options = Options::new(rest);
    let end = match options.value()? {
        end if args::is(end, "min") => End::Min,
        end if args::is(end, "max") => End::Max,
        _ => return Err(CommandError::Syntax),
    };
    let mut count = None;
    while let Some(option) = options.next() {
        if count.is_some() || !args::is(option, "count") {
            return Err(CommandError::Syntax);
        }
        count = match args::integer(options.value()?) {
            Ok(count @ 1..) => Some(usize::try_from(count).unwrap_or(usize::MAX)),
            _ => return Err(CommandError::CountNotPositive),
        };
    }
    Ok((keys, end, count.unwrap_or(1)))
}

/// The number of members that ZPOPMIN and ZPOPMAX take; too many are as many as there are.
fn pop_count(arg: &[u8]) -> Result<usize, CommandError> {
    match args::integer(arg) {
        Ok(count @ 0..) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
        _ => Err(CommandError::NotPositive),
    }
}
