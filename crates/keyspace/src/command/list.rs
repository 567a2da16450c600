//! Lists: the table, and what happens at the ends of a list.
//!
//! What happens inside of one is in `elements`, the commands that wait in `blocking`.

mod blocking;
mod elements;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{End, List, NodeLimit, SmallBytes};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "blmove",
        syntax: "BLMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT> timeout",
        summary: "Moves an element from an end of one list to an end of another, and waits for one where there is none.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: 6,
        flags: &[Flag::Blocking, Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert]),
        ],
        run: Run::Handler(blocking::blmove),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "blmpop",
        syntax: "BLMPOP timeout numkeys key [key ...] <LEFT|RIGHT> [COUNT count]",
        summary: "Pops elements from an end of the first list that has any, or waits for one.",
        since: "7.0.0",
        complexity: "O(N+M) for N keys and M elements popped",
        arity: -5,
        flags: &[Flag::Blocking, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::counted(2, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(blocking::blmpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "blpop",
        syntax: "BLPOP key [key ...] timeout",
        summary: "Pops the head of the first list that has an element, or waits for one.",
        since: "2.0.0",
        complexity: "O(N) in the number of keys",
        arity: -3,
        flags: &[Flag::Blocking, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::range(1, -2, 1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(blocking::blpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "brpop",
        syntax: "BRPOP key [key ...] timeout",
        summary: "Pops the tail of the first list that has an element, or waits for one.",
        since: "2.0.0",
        complexity: "O(N) in the number of keys",
        arity: -3,
        flags: &[Flag::Blocking, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::range(1, -2, 1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(blocking::brpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "brpoplpush",
        syntax: "BRPOPLPUSH source destination timeout",
        summary: "Moves the tail of one list to the head of another, and waits for an element where there is none.",
        since: "2.2.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Blocking, Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert]),
        ],
        deprecated_since: "6.2.0",
        replaced_by: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
        run: Run::Handler(blocking::brpoplpush),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lindex",
        syntax: "LINDEX key index",
        summary: "Answers the element at an index of a list.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(elements::lindex),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "linsert",
        syntax: "LINSERT key <BEFORE|AFTER> pivot element",
        summary: "Inserts an element before or after another one of a list.",
        since: "2.2.0",
        complexity: "O(N) in the distance to the pivot",
        arity: 5,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(elements::linsert),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "llen",
        syntax: "LLEN key",
        summary: "Answers the number of elements of a list.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(elements::llen),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lmove",
        syntax: "LMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT>",
        summary: "Moves an element from an end of one list to an end of another.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: 5,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert]),
        ],
        run: Run::Handler(lmove),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lmpop",
        syntax: "LMPOP numkeys key [key ...] <LEFT|RIGHT> [COUNT count]",
        summary: "Pops elements from an end of the first list that has any.",
        since: "7.0.0",
        complexity: "O(N+M) for N keys and M elements popped",
        arity: -4,
        flags: &[Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::counted(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(lmpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lpop",
        syntax: "LPOP key [count]",
        summary: "Pops elements from the head of a list.",
        since: "1.0.0",
        complexity: "O(N) in the number of elements popped",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(lpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lpos",
        syntax: "LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
        summary: "Answers where an element is in a list.",
        since: "6.0.6",
        complexity: "O(N) in the length of the list",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(elements::lpos),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lpush",
        syntax: "LPUSH key element [element ...]",
        summary: "Pushes elements to the head of a list.",
        since: "1.0.0",
        complexity: "O(1) an element",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(lpush),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lpushx",
        syntax: "LPUSHX key element [element ...]",
        summary: "Pushes elements to the head of a list that exists.",
        since: "2.2.0",
        complexity: "O(1) an element",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(lpushx),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lrange",
        syntax: "LRANGE key start stop",
        summary: "Answers the elements of a list between two indices.",
        since: "1.0.0",
        complexity: "O(N) in the number of elements answered",
        arity: 4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(elements::lrange),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lrem",
        syntax: "LREM key count element",
        summary: "Removes elements that equal a given one from a list.",
        since: "1.0.0",
        complexity: "O(N) in the length of the list",
        arity: 4,
        flags: &[Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(elements::lrem),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "lset",
        syntax: "LSET key index element",
        summary: "Replaces the element at an index of a list.",
        since: "1.0.0",
        complexity: "O(1) in a short list, O(N) in the blocks of a long one",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(elements::lset),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "ltrim",
        syntax: "LTRIM key start stop",
        summary: "Removes all of a list but the elements between two indices.",
        since: "1.0.0",
        complexity: "O(N) in the number of elements removed",
        arity: 4,
        flags: &[Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(elements::ltrim),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "rpop",
        syntax: "RPOP key [count]",
        summary: "Pops elements from the tail of a list.",
        since: "1.0.0",
        complexity: "O(N) in the number of elements popped",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(rpop),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "rpoplpush",
        syntax: "RPOPLPUSH source destination",
        summary: "Moves the tail of one list to the head of another.",
        since: "1.2.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert]),
        ],
        deprecated_since: "6.2.0",
        replaced_by: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
        run: Run::Handler(rpoplpush),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "rpush",
        syntax: "RPUSH key element [element ...]",
        summary: "Pushes elements to the tail of a list.",
        since: "1.0.0",
        complexity: "O(1) an element",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(rpush),
        ..CommandSpec::new(Group::List)
    },
    CommandSpec {
        name: "rpushx",
        syntax: "RPUSHX key element [element ...]",
        summary: "Pushes elements to the tail of a list that exists.",
        since: "2.2.0",
        complexity: "O(1) an element",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(rpushx),
        ..CommandSpec::new(Group::List)
    },
];

impl End {
    fn parse(arg: &[u8]) -> Result<End, CommandError> {
        if args::is(arg, "left") {
            Ok(End::Left)
        } else if args::is(arg, "right") {
            Ok(End::Right)
        } else {
            Err(CommandError::Syntax)
        }
    }

    fn push_event(self) -> &'static str {
        match self {
            End::Left => "lpush",
            End::Right => "rpush",
        }
    }

    fn pop_event(self) -> &'static str {
        match self {
            End::Left => "lpop",
            End::Right => "rpop",
        }
    }
}

/// LPUSH key element [element ...]
fn lpush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    push_generic(ctx, args, out, End::Left)
}

/// RPUSH key element [element ...]
fn rpush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    push_generic(ctx, args, out, End::Right)
}

/// LPUSHX key element [element ...]
fn lpushx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    pushx_generic(ctx, args, out, End::Left)
}

/// RPUSHX key element [element ...]
fn rpushx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    pushx_generic(ctx, args, out, End::Right)
}

fn push_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    let limit = node_limit(ctx);
    let list = ctx.get_or_create::<List>(args[1])?;
    list.push_all(end, &args[2..], limit);
    out.count(list.len());
    ctx.changed(args[1], Class::LIST, end.push_event());
    Ok(())
}

fn pushx_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    if ctx.peek::<List>(args[1])?.is_none() {
        out.integer(0);
        return Ok(());
    }
    push_generic(ctx, args, out, end)
}

/// LPOP key [count]
fn lpop(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    pop_generic(ctx, args, out, End::Left)
}

/// RPOP key [count]
fn rpop(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    pop_generic(ctx, args, out, End::Right)
}

fn pop_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    end: End,
) -> Result<(), CommandError> {
    match args {
        [_, key] => {
            let element = pop_one(ctx, key, end)?;
            out.bulk_or_null(element.as_deref());
        }
        [_, key, count] => match pop_range(ctx, key, end, pop_count(count)?)? {
            Some(elements) => write_elements(out, &elements),
            None => out.null_array(),
        },
        _ => return Err(CommandError::WrongArity(&ctx.command.spec.name)),
    }
    Ok(())
}

/// The number of elements that LPOP and RPOP take; too many are as many as there are.
fn pop_count(arg: &[u8]) -> Result<usize, CommandError> {
    match args::integer(arg) {
        Ok(count @ 0..) => Ok(usize::try_from(count).unwrap_or(usize::MAX)),
        _ => Err(CommandError::NotPositive),
    }
}

/// LMPOP numkeys key [key ...] <LEFT|RIGHT> [COUNT count]
fn lmpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pop = MultiPop::parse(args, 1)?;
    if !pop.run(ctx, out)? {
        out.null_array();
    }
    Ok(())
}

/// The arguments that LMPOP and BLMPOP share, `numkeys` and what follows.
struct MultiPop<'b, 'a> {
    keys: &'b Args<'a>,
    end: End,
    count: usize,
}

impl<'b, 'a> MultiPop<'b, 'a> {
    fn parse(args: &'b Args<'a>, numkeys_at: usize) -> Result<Self, CommandError> {
        let numkeys = match args::integer(args[numkeys_at]) {
            Ok(numkeys @ 1..) => usize::try_from(numkeys).unwrap_or(usize::MAX),
            _ => return Err(CommandError::NumKeysNotPositive),
        };
        let rest = &args[numkeys_at + 1..];
        if numkeys >= rest.len() {
            return Err(CommandError::Syntax);
        }
        let (keys, rest) = rest.split_at(numkeys);
        let end = End::parse(rest[0])?;
        let mut count = None;
        let mut options = Options::new(&rest[1..]);
        while let Some(option) = options.next() {
            if count.is_some() || !args::is(option, "count") {
                return Err(CommandError::Syntax);
            }
            count = match args::integer(options.value()?) {
                Ok(count @ 1..) => Some(usize::try_from(count).unwrap_or(usize::MAX)),
                _ => return Err(CommandError::CountNotPositive),
            };
        }
        Ok(MultiPop { keys, end, count: count.unwrap_or(1) })
    }

    /// Pops from the first list that is there; `false` where there is none.
    fn run(&self, ctx: &mut Context<'_>, out: &mut ReplyWriter) -> Result<bool, CommandError> {
        for key in self.keys {
            if let Some(elements) = pop_range(ctx, key, self.end, self.count)? {
                out.array(2);
                out.bulk(key);
                write_elements(out, &elements);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// LMOVE source destination <LEFT|RIGHT> <LEFT|RIGHT>
fn lmove(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (from, to) = (End::parse(args[3])?, End::parse(args[4])?);
    let element = move_element(ctx, args[1], args[2], from, to)?;
    out.bulk_or_null(element.as_deref());
    Ok(())
}

/// RPOPLPUSH source destination
fn rpoplpush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let element = move_element(ctx, args[1], args[2], End::Right, End::Left)?;
    out.bulk_or_null(element.as_deref());
    Ok(())
}

/// Moves an element; `None` where there is no source. The two lists may be one. The push is
/// announced before the pop.
fn move_element(
    ctx: &mut Context<'_>,
    source: &[u8],
    destination: &[u8],
    from: End,
    to: End,
) -> Result<Option<SmallBytes>, CommandError> {
    // Where both types are wrong, or there is no source, the destination does not matter.
    if ctx.peek::<List>(source)?.is_none() {
        return Ok(None);
    }
    ctx.peek::<List>(destination)?;
    let limit = node_limit(ctx);
    let popped = ctx.get_mut::<List>(source)?.and_then(|list| list.pop(from));
    let element = popped.expect("no list is empty");
    ctx.get_or_create::<List>(destination)?.push_popped(to, &element, limit);
    ctx.changed(destination, Class::LIST, to.push_event());
    // Only now, as the source may have got its element back.
    let is_empty = ctx.get_mut::<List>(source)?.is_some_and(|list| list.settle(limit));
    elements_removed(ctx, source, from.pop_event(), is_empty);
    Ok(Some(element))
}

/// Pops an element; `None` where there is no list.
fn pop_one(
    ctx: &mut Context<'_>,
    key: &[u8],
    end: End,
) -> Result<Option<SmallBytes>, CommandError> {
    let limit = node_limit(ctx);
    let Some(list) = ctx.get_mut::<List>(key)? else {
        return Ok(None);
    };
    let element = list.pop(end);
    let is_empty = list.settle(limit);
    elements_removed(ctx, key, end.pop_event(), is_empty);
    Ok(element)
}

/// Pops up to `count` elements; `None` where there is no list.
fn pop_range(
    ctx: &mut Context<'_>,
    key: &[u8],
    end: End,
    count: usize,
) -> Result<Option<Vec<SmallBytes>>, CommandError> {
    let limit = node_limit(ctx);
    let Some(list) = ctx.get_mut::<List>(key)? else {
        return Ok(None);
    };
    let elements: Vec<SmallBytes> = std::iter::from_fn(|| list.pop(end)).take(count).collect();
    if !elements.is_empty() {
        let is_empty = list.settle(limit);
        elements_removed(ctx, key, end.pop_event(), is_empty);
    }
    Ok(Some(elements))
}

fn write_elements(out: &mut ReplyWriter, elements: &[SmallBytes]) {
    out.array(elements.len());
    for element in elements {
        out.bulk(element);
    }
}

/// Announces that elements of a list were removed. The key goes with its last element.
fn elements_removed(ctx: &mut Context<'_>, key: &[u8], event: &'static str, is_empty: bool) {
    ctx.changed(key, Class::LIST, event);
    if is_empty {
        ctx.delete(key);
    }
}

fn node_limit(ctx: &Context<'_>) -> NodeLimit {
    NodeLimit::new(ctx.config().list_max_listpack_size)
}
