//! Connection: PING, ECHO, SELECT, HELLO, AUTH, CLIENT, QUIT, RESET.

use super::{CommandSpec, Flag, Group, Run};
use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "ping",
    syntax: "PING [message]",
    summary: "Answers PONG, or the message.",
    since: "1.0.0",
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::Fast],
    run: Run::Handler(ping),
    ..CommandSpec::new(Group::Connection)
}];

/// PING [message]
fn ping(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match args {
        [_] => out.simple("PONG"),
        [_, message] => out.bulk(message),
        _ => return Err(CommandError::WrongArity("ping")),
    }
    Ok(())
}
