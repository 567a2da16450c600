//! Lists, and the commands that wait for one.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{List, ValueType};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
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
        name: "brpop",
        syntax: "BRPOP key [key ...] timeout",
        summary: "Pops the tail of the first list that has an element, or waits for one.",
        since: "2.0.0",
        complexity: "O(N) in the number of keys",
        arity: -3,
        flags: &[Flag::Blocking, Flag::Noscript, Flag::Write],
        acl: &[AclCategory::List],
        keys: &[KeySpec::range(1, -2, 1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        run: Run::Handler(brpop),
        ..CommandSpec::new(Group::List)
    },
];

/// LPUSH key element [element ...]
fn lpush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let list = ctx.get_or_create::<List>(args[1])?;
    for element in &args[2..] {
        list.push_front(element);
    }
    out.count(list.len());
    ctx.changed(args[1], Class::LIST, "lpush");
    Ok(())
}

/// BRPOP key [key ...] timeout
fn brpop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let keys = &args[1..args.len() - 1];
    let deadline = args::timeout(args[args.len() - 1], ctx.now())?;
    for key in keys {
        if let Some(list) = ctx.get_mut::<List>(key)? {
            let element = list.pop_back().expect("no list is empty");
            out.array(2);
            out.bulk(key);
            out.bulk(&element);
            ctx.changed(key, Class::LIST, "rpop");
            ctx.remove_if_empty(key);
            return Ok(());
        }
    }
    ctx.block(out, args, keys, ValueType::List, deadline);
    Ok(())
}
