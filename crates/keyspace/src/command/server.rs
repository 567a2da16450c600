//! The server itself: TIME, ROLE and LASTSAVE, and what a server has that an engine has not.

use super::{AclCategory, CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "time",
        syntax: "TIME",
        summary: "Answers the server's time: seconds since 1970, and the microseconds in the second.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        run: Run::Handler(time),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "lastsave",
        syntax: "LASTSAVE",
        summary: "Answers when the data was last saved.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Admin, AclCategory::Dangerous],
        differs: "Nothing is saved: it answers when the engine started.",
        run: Run::Handler(lastsave),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "role",
        syntax: "ROLE",
        summary: "Answers the server's part in replication.",
        since: "2.8.12",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
        acl: &[AclCategory::Admin, AclCategory::Dangerous],
        run: Run::Handler(role),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "lolwut",
        syntax: "LOLWUT [VERSION version]",
        summary: "Answers the version, where Redis adds a picture.",
        since: "5.0.0",
        complexity: "",
        arity: -1,
        flags: &[Flag::Fast, Flag::Readonly],
        differs: "There is no picture.",
        run: Run::Handler(lolwut),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "save",
        syntax: "SAVE",
        summary: "Saves the data and waits for it.",
        since: "1.0.0",
        complexity: "O(N)",
        arity: 1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::NoMulti, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "bgsave",
        syntax: "BGSAVE [SCHEDULE]",
        summary: "Saves the data in the background.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "bgrewriteaof",
        syntax: "BGREWRITEAOF",
        summary: "Rewrites the append-only file in the background.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript],
        differs: "Refused: there is no disk; the host stores the data.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "shutdown",
        syntax: "SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]",
        summary: "Ends the server.",
        since: "1.0.0",
        complexity: "O(N); O(1)",
        arity: -1,
        flags: &[
            Flag::Admin,
            Flag::AllowBusy,
            Flag::Loading,
            Flag::NoMulti,
            Flag::Noscript,
            Flag::Sentinel,
            Flag::Stale,
        ],
        differs: "Refused: the host ends the engine.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "replicaof",
        syntax: "REPLICAOF <host port|NO ONE>",
        summary: "Makes the server a replica of another, or of none.",
        since: "5.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Stale],
        differs: "Only NO ONE is taken: there is no network.",
        run: Run::Handler(replicaof),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "slaveof",
        syntax: "SLAVEOF <host port|NO ONE>",
        summary: "Makes the server a replica of another, or of none.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Stale],
        deprecated_since: "5.0.0",
        differs: "Only NO ONE is taken: there is no network.",
        run: Run::Handler(replicaof),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "failover",
        syntax: "FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]",
        summary: "Hands the master's part to a replica.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[Flag::Admin, Flag::Noscript, Flag::Stale],
        run: Run::Handler(failover),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "module",
        syntax: "MODULE",
        summary: "Commands about modules.",
        since: "4.0.0",
        complexity: "",
        arity: -2,
        flags: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "module|help",
                syntax: "MODULE HELP",
                summary: "Lists the subcommands.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|list",
                syntax: "MODULE LIST",
                summary: "Names the loaded modules.",
                since: "4.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Admin, Flag::Noscript],
                run: Run::Handler(module_list),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|load",
                syntax: "MODULE LOAD path [arg [arg ...]]",
                summary: "Loads a module.",
                since: "4.0.0",
                complexity: "O(1)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|loadex",
                syntax: "MODULE LOADEX path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]",
                summary: "Loads a module with its configuration.",
                since: "7.0.0",
                complexity: "O(1)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "module|unload",
                syntax: "MODULE UNLOAD name",
                summary: "Unloads a module.",
                since: "4.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Noscript, Flag::Protected],
                differs: "Refused: there are no modules.",
                run: Run::Handler(unavailable),
                ..CommandSpec::new(Group::Server)
            },
        ]),
        ..CommandSpec::new(Group::Server)
    },
];

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

/// LASTSAVE
fn lastsave(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(ctx.engine.start.0.div_euclid(1000));
    Ok(())
}

/// ROLE
fn role(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(3);
    out.bulk(b"master");
    out.integer(0);
    out.array(0);
    Ok(())
}

/// LOLWUT [VERSION version]
fn lolwut(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if let [_, option, version, ..] = args
        && args::is(option, "version")
    {
        args::integer(version)?;
    }
    out.verbatim(b"txt", format!("Redis ver. {}\n", crate::REDIS_VERSION).as_bytes());
    Ok(())
}

/// REPLICAOF <host port | NO ONE>
fn replicaof(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if !(args::is(args[1], "no") && args::is(args[2], "one")) {
        return unavailable(ctx, args, out);
    }
    out.ok();
    Ok(())
}

/// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
fn failover(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text(match args {
        [_, option] if args::is(option, "abort") => "ERR No failover in progress.",
        _ => "ERR FAILOVER requires connected replicas.",
    }))
}

/// MODULE LIST
fn module_list(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(0);
    Ok(())
}

/// Refuses a command that needs a disk, a network or a process; its row says which.
pub(super) fn unavailable(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let name = ctx.command.spec.name.replace('|', " ").to_ascii_uppercase();
    Err(CommandError::text(format!("ERR {name} is not available here")))
}
