//! Strings and counters.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "get",
        syntax: "GET key",
        summary: "Answers the string value of a key.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(get),
        ..CommandSpec::new(Group::String)
    },
    CommandSpec {
        name: "set",
        syntax: "SET key value [PX milliseconds]",
        summary: "Sets the string value of a key, whatever it held.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::String],
        keys: &[KeySpec::one(
            1,
            &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update, KeyFlag::VariableFlags],
        )],
        run: Run::Handler(set),
        ..CommandSpec::new(Group::String)
    },
];

/// GET key
fn get(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    match ctx.get::<Str>(args[1])? {
        Some(value) => out.bulk(&value.as_bytes()),
        None => out.null(),
    }
    Ok(())
}

/// SET key value [PX milliseconds]
fn set(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let mut expire_at = None;
    let mut options = Options::new(&args[3..]);
    while let Some(option) = options.next() {
        if args::is(option, "px") {
            expire_at = ctx.now().checked_add(options.integer()?);
        } else {
            return Err(CommandError::Syntax);
        }
    }
    ctx.set_value(args[1], Str::new(args[2]).into_value(), expire_at);
    ctx.changed(args[1], Class::STRING, "set");
    out.ok();
    Ok(())
}
