//! The list commands that look inside of a list: by index, by range, and by element.

use super::{elements_removed, node_limit};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{List, Side};
use keyspace_resp::ReplyWriter;

/// LLEN key
pub(super) fn llen(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.get::<List>(args[1])?.map_or(0, List::len));
    Ok(())
}

/// LINDEX key index
///
/// The index is looked at only where there is a list.
pub(super) fn lindex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(list) = ctx.get::<List>(args[1])? else {
        out.null();
        return Ok(());
    };
    let index = element_index(args::integer(args[2])?, list.len());
    let element = index.and_then(|index| list.get(index));
    out.bulk_or_null(element);
    Ok(())
}

/// LSET key index element
pub(super) fn lset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limit = node_limit(ctx);
    let list = ctx.get_mut::<List>(args[1])?.ok_or(CommandError::NoSuchKey)?;
    let index = element_index(args::integer(args[2])?, list.len());
    list.set(index.ok_or(CommandError::IndexOutOfRange)?, args[3], limit);
    ctx.changed(args[1], Class::LIST, "lset");
    out.ok();
    Ok(())
}

/// LINSERT key <BEFORE|AFTER> pivot element
pub(super) fn linsert(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let side = if args::is(args[2], "before") {
        Side::Before
    } else if args::is(args[2], "after") {
        Side::After
    } else {
        return Err(CommandError::Syntax);
    };
    let limit = node_limit(ctx);
    let Some(list) = ctx.get_mut::<List>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    // As in Redis, room is made before the pivot is found.
    list.grow(&args[4..], limit);
    let Some(pivot) = list.iter().position(|element| element == args[3]) else {
        out.integer(-1);
        return Ok(());
    };
    list.insert(pivot, side, args[4], limit);
    out.count(list.len());
    ctx.changed(args[1], Class::LIST, "linsert");
    Ok(())
}

/// LRANGE key start stop
pub(super) fn lrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (start, stop) = (args::integer(args[2])?, args::integer(args[3])?);
    let list = ctx.get::<List>(args[1])?;
    let range = list.and_then(|list| Some((list, args::clamp_range(start, stop, list.len())?)));
    let Some((list, (first, last))) = range else {
        out.array(0);
        return Ok(());
    };
    out.array(last - first + 1);
    for element in list.range(first, last) {
        out.bulk(element);
    }
    Ok(())
}

/// LTRIM key start stop
pub(super) fn ltrim(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (start, stop) = (args::integer(args[2])?, args::integer(args[3])?);
    let limit = node_limit(ctx);
    if let Some(list) = ctx.get_mut::<List>(args[1])? {
        list.trim(args::clamp_range(start, stop, list.len()));
        let is_empty = list.settle(limit);
        elements_removed(ctx, args[1], "ltrim", is_empty);
    }
    out.ok();
    Ok(())
}

/// LREM key count element
pub(super) fn lrem(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = symmetric_integer(args[2])?;
    let limit = node_limit(ctx);
    let Some(list) = ctx.get_mut::<List>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let most = match usize::try_from(count.unsigned_abs()) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(most) => most,
    };
    let matching = list.iter().enumerate().filter(|(_, element)| *element == args[3]);
    let mut indices: Vec<usize> = if count >= 0 {
        matching.take(most).map(|(index, _)| index).collect()
    } else {
        matching.rev().take(most).map(|(index, _)| index).collect()
    };
    if count < 0 {
        indices.reverse();
    }
    out.count(indices.len());
    if !indices.is_empty() {
        list.remove_all(&indices);
        let is_empty = list.settle(limit);
        elements_removed(ctx, args[1], "lrem", is_empty);
    }
    Ok(())
}

/// LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]
pub(super) fn lpos(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let search = Search::parse(&args[3..])?;
    let list = ctx.get::<List>(args[1])?;
    let mut matches = list.map(|list| search.matches(list, args[2])).into_iter().flatten();
    if search.count.is_none() {
        match matches.next() {
            Some(index) => out.count(index),
            None => out.null(),
        }
        return Ok(());
    }
    let start = out.begin();
    let mut len = 0;
    for index in matches {
        out.count(index);
        len += 1;
    }
    out.end_array(start, len);
    Ok(())
}

/// The options of LPOS.
struct Search {
    /// Which match is the first to be answered; negative where the search starts at the tail.
    rank: i64,
    /// How many matches are answered; `None`: one, and not as an array.
    count: Option<usize>,
    /// How many elements are compared.
    max_len: usize,
}

impl Search {
    fn parse(args: &Args<'_>) -> Result<Search, CommandError> {
        let mut search = Search { rank: 1, count: None, max_len: usize::MAX };
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            let value = options.value()?;
            if args::is(option, "rank") {
                search.rank = symmetric_integer(value)?;
                if search.rank == 0 {
                    return Err(CommandError::text(
                        &"ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                         second ... or use negative to start from the end of the list",
                    ));
                }
            } else if args::is(option, "count") {
                search.count = Some(all_if_zero(value, &"ERR COUNT can't be negative")?);
            } else if args::is(option, "maxlen") {
                search.max_len = all_if_zero(value, &"ERR MAXLEN can't be negative")?;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(search)
    }

    /// The indices that are answered, in the order of the search.
    fn matches<'l>(&self, list: &'l List, element: &'l [u8]) -> impl Iterator<Item = usize> + 'l {
        let len = list.len();
        let from_tail = self.rank < 0;
        let index_of = move |step| if from_tail { len - 1 - step } else { step };
        let skip = usize::try_from(self.rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
        let mut walk = list.iter();
        let step = move || if from_tail { walk.next_back() } else { walk.next() };
        (0..len.min(self.max_len))
            .zip(std::iter::from_fn(step))
            .filter(move |(_, other)| *other == element)
            .map(move |(step, _)| index_of(step))
            .skip(skip)
            .take(self.count.unwrap_or(1))
    }
}

/// A number that is not negative, where 0 stands for no limit.
fn all_if_zero(arg: &[u8], error: &'static &'static str) -> Result<usize, CommandError> {
    match args::integer(arg) {
        Ok(0) => Ok(usize::MAX),
        Ok(number @ 1..) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ => Err(CommandError::text(error)),
    }
}

/// An integer of which the negative is one, too.
fn symmetric_integer(arg: &[u8]) -> Result<i64, CommandError> {
    match args::integer(arg)? {
        i64::MIN => Err(CommandError::text(
            &"ERR value is out of range, value must between -9223372036854775807 and \
             9223372036854775807",
        )),
        number => Ok(number),
    }
}

/// The element that an index names, negative indices counting from the tail.
fn element_index(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.checked_add(len as i64)? } else { index };
    usize::try_from(index).ok().filter(|&index| index < len)
}
