//! The server about itself: INFO, TIME, MEMORY, DEBUG.

use super::{CommandSpec, Flag, Group, Run};
use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "time",
    syntax: "TIME",
    summary: "Answers the server's time: seconds since 1970, and the microseconds in the second.",
    since: "2.6.0",
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
    run: Run::Handler(time),
    ..CommandSpec::new(Group::Server)
}];

/// TIME
fn time(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now().0;
    out.array(2);
    out.bulk_integer(now.div_euclid(1000));
    out.bulk_integer(now.rem_euclid(1000) * 1000);
    Ok(())
}
