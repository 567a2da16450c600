//! SLOWLOG: the latest calls that took long.

use super::{CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "slowlog",
    syntax: "SLOWLOG",
    summary: "Commands about the log of slow commands.",
    since: "2.2.12",
    complexity: "",
    arity: -2,
    flags: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "slowlog|get",
            syntax: "SLOWLOG GET [count]",
            summary: "Answers entries of the log.",
            since: "2.2.12",
            complexity: "O(N)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
            tips: &["request_policy:all_nodes", "nondeterministic_output"],
            run: Run::Handler(slowlog_get),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "slowlog|help",
            syntax: "SLOWLOG HELP",
            summary: "Lists the subcommands.",
            since: "6.2.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "slowlog|len",
            syntax: "SLOWLOG LEN",
            summary: "Answers how many entries the log has.",
            since: "2.2.12",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
            tips: &[
                "request_policy:all_nodes",
                "response_policy:agg_sum",
                "nondeterministic_output",
            ],
            run: Run::Handler(slowlog_len),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "slowlog|reset",
            syntax: "SLOWLOG RESET",
            summary: "Empties the log.",
            since: "2.2.12",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            run: Run::Handler(slowlog_reset),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// How many calls SLOWLOG GET answers at most where it is not told.
const DEFAULT_COUNT: usize = 10;

/// SLOWLOG GET [count]
fn slowlog_get(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = match &args[2..] {
        [] => DEFAULT_COUNT,
        [count] => match args::integer(count) {
            Ok(-1) => usize::MAX,
            Ok(count @ 0..) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => {
                return Err(CommandError::text(&"ERR count should be greater than or equal to -1"));
            }
        },
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let slowlog = &ctx.engine.slowlog;
    out.array(slowlog.len().min(count));
    for call in slowlog.iter().take(count) {
        out.array(6);
        out.integer(call.id.cast_signed());
        out.integer(call.at_secs);
        out.integer(call.micros.cast_signed());
        out.array(call.args.len());
        for arg in &call.args {
            out.bulk(arg);
        }
        out.bulk(call.addr.as_bytes());
        out.bulk(&call.client_name);
    }
    Ok(())
}

/// SLOWLOG LEN
fn slowlog_len(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.engine.slowlog.len());
    Ok(())
}

/// SLOWLOG RESET
fn slowlog_reset(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.slowlog.clear();
    out.ok();
    Ok(())
}
