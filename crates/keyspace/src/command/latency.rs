//! SLOWLOG and LATENCY. A command takes no time on an injected clock, so neither has an entry;
//! both answer as a Redis server does that has none.

use super::{CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::{CommandError, printed};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
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
                differs: "Nothing takes time here, so the log is always empty.",
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
                differs: "Nothing takes time here, so the log is always empty.",
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
                run: Run::Handler(slowlog_reset),
                ..CommandSpec::new(Group::Server)
            },
        ]),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "latency",
        syntax: "LATENCY",
        summary: "Commands about latency.",
        since: "2.8.13",
        complexity: "",
        arity: -2,
        flags: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "latency|doctor",
                syntax: "LATENCY DOCTOR",
                summary: "Answers a report on latency.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there is nothing to report.",
                run: Run::Handler(latency_doctor),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|graph",
                syntax: "LATENCY GRAPH event",
                summary: "Draws the samples of an event.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there are no samples.",
                run: Run::Handler(latency_graph),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|help",
                syntax: "LATENCY HELP",
                summary: "Lists the subcommands.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|histogram",
                syntax: "LATENCY HISTOGRAM [COMMAND [COMMAND ...]]",
                summary: "Answers how the times of commands are spread.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there are no times.",
                run: Run::Handler(latency_histogram),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|history",
                syntax: "LATENCY HISTORY event",
                summary: "Answers the samples of an event.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there are no samples.",
                run: Run::Handler(latency_history),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|latest",
                syntax: "LATENCY LATEST",
                summary: "Answers the latest sample of every event.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there are no samples.",
                run: Run::Handler(latency_latest),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "latency|reset",
                syntax: "LATENCY RESET [event [event ...]]",
                summary: "Forgets the samples of events.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: -2,
                flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
                differs: "Nothing takes time here, so there are no samples.",
                run: Run::Handler(latency_reset),
                ..CommandSpec::new(Group::Server)
            },
        ]),
        ..CommandSpec::new(Group::Server)
    },
];

/// SLOWLOG GET [count]
fn slowlog_get(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match &args[2..] {
        [] => {}
        [count] => {
            args::integer(count).ok().filter(|&count| count >= -1).ok_or_else(|| {
                CommandError::text("ERR count should be greater than or equal to -1")
            })?;
        }
        _ => return Err(CommandError::subcommand_syntax(args)),
    }
    out.array(0);
    Ok(())
}

/// SLOWLOG LEN
fn slowlog_len(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(0);
    Ok(())
}

/// SLOWLOG RESET
fn slowlog_reset(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.ok();
    Ok(())
}

/// LATENCY LATEST
fn latency_latest(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(0);
    Ok(())
}

/// LATENCY HISTORY event
fn latency_history(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(0);
    Ok(())
}

/// LATENCY HISTOGRAM [command [command ...]]
fn latency_histogram(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.map(0);
    Ok(())
}

/// LATENCY GRAPH event
fn latency_graph(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let event = printed(args[2]);
    Err(CommandError::text(format!("ERR No samples available for event '{event}'")))
}

/// LATENCY RESET [event [event ...]]
fn latency_reset(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(0);
    Ok(())
}

/// LATENCY DOCTOR
fn latency_doctor(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.verbatim(b"txt", b"Commands take no time here: there is no latency to report on.\n");
    Ok(())
}
