//! CLIENT and its subcommands.

pub(super) mod list;
mod tracking;

use super::connection::check_name;
use super::{AclCategory, CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::blocking::Unblock;
use crate::client::{ClientId, ReplyMode};
use crate::context::Context;
use crate::error::{CommandError, printed};
use crate::pause::Scope;
use crate::time::UnixMillis;
use keyspace_resp::ReplyWriter;
use list::{client_info, client_kill, client_list};
use tracking::{client_caching, client_getredir, client_tracking, client_trackinginfo};

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "client",
    syntax: "CLIENT",
    summary: "Commands about connections.",
    since: "2.4.0",
    complexity: "",
    arity: -2,
    flags: &[Flag::Sentinel],
    keeps_caching: true,
    run: Run::Container(&[
        CommandSpec {
            name: "client|caching",
            syntax: "CLIENT CACHING <YES|NO>",
            summary: "Says whether the keys of the next command are to be tracked.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_caching),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|getname",
            syntax: "CLIENT GETNAME",
            summary: "Answers the connection's name.",
            since: "2.6.9",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_getname),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|getredir",
            syntax: "CLIENT GETREDIR",
            summary: "Answers which connection receives this one's invalidation messages.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_getredir),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|help",
            syntax: "CLIENT HELP",
            summary: "Lists the subcommands.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|id",
            syntax: "CLIENT ID",
            summary: "Answers the connection's number.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_id),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|info",
            syntax: "CLIENT INFO",
            summary: "Describes the connection.",
            since: "6.2.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            tips: &["nondeterministic_output"],
            run: Run::Handler(client_info),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|kill",
            syntax: "CLIENT KILL <ip:port|<[ID client-id]|[TYPE <normal|master|slave|replica|pubsub>]|[USER username]|[ADDR addr]|[LADDR laddr]|[SKIPME <YES|NO>]|[MAXAGE maxage]> [<[ID client-id]|[TYPE <normal|master|slave|replica|pubsub>]|[USER username]|[ADDR addr]|[LADDR laddr]|[SKIPME <YES|NO>]|[MAXAGE maxage]> ...]>",
            summary: "Closes connections.",
            since: "2.4.0",
            complexity: "O(N)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_kill),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|list",
            syntax: "CLIENT LIST [TYPE <normal|master|replica|pubsub>] [ID client-id [client-id ...]]",
            summary: "Describes open connections, one a line.",
            since: "2.4.0",
            complexity: "O(N)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            tips: &["nondeterministic_output"],
            run: Run::Handler(client_list),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|no-evict",
            syntax: "CLIENT NO-EVICT <ON|OFF>",
            summary: "Exempts the connection from being closed for its use of memory.",
            since: "7.0.0",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_no_evict),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|no-touch",
            syntax: "CLIENT NO-TOUCH <ON|OFF>",
            summary: "Keeps the connection's reads from counting as use of a key.",
            since: "7.2.0",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_no_touch),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|pause",
            syntax: "CLIENT PAUSE timeout [WRITE|ALL]",
            summary: "Holds back the commands of all clients for a time.",
            since: "3.0.0",
            complexity: "O(1)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            differs: "A key whose time comes meanwhile is gone at once, for DBSIZE too; that it expired is announced at the end.",
            run: Run::Handler(client_pause),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|reply",
            syntax: "CLIENT REPLY <ON|OFF|SKIP>",
            summary: "Says whether the server answers the connection.",
            since: "3.2.0",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_reply),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|setinfo",
            syntax: "CLIENT SETINFO <LIB-NAME libname|LIB-VER libver>",
            summary: "Tells the server which client library this is.",
            since: "7.2.0",
            complexity: "O(1)",
            arity: 4,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_setinfo),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|setname",
            syntax: "CLIENT SETNAME connection-name",
            summary: "Names the connection.",
            since: "2.6.9",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_setname),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|tracking",
            syntax: "CLIENT TRACKING <ON|OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
            summary: "Turns help with client-side caching on or off.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: -3,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_tracking),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|trackinginfo",
            syntax: "CLIENT TRACKINGINFO",
            summary: "Describes the connection's part in client-side caching.",
            since: "6.2.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_trackinginfo),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|unblock",
            syntax: "CLIENT UNBLOCK client-id [TIMEOUT|ERROR]",
            summary: "Ends the wait of a client in a blocking command.",
            since: "5.0.0",
            complexity: "O(log N)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_unblock),
            ..CommandSpec::new(Group::Connection)
        },
        CommandSpec {
            name: "client|unpause",
            syntax: "CLIENT UNPAUSE",
            summary: "Ends CLIENT PAUSE.",
            since: "6.2.0",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            acl: &[AclCategory::Connection],
            run: Run::Handler(client_unpause),
            ..CommandSpec::new(Group::Connection)
        },
    ]),
    ..CommandSpec::new(Group::Connection)
}];

/// CLIENT ID
fn client_id(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(ctx.client_id.0 as i64);
    Ok(())
}

/// CLIENT GETNAME
fn client_getname(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let name = &ctx.client().name;
    out.bulk_or_null((!name.is_empty()).then_some(name));
    Ok(())
}

/// CLIENT SETNAME connection-name
fn client_setname(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    check_name(args[2])?;
    ctx.client_mut().name = args[2].into();
    out.ok();
    Ok(())
}

/// CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>
fn client_setinfo(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (option, value) = (args[2], args[3]);
    let is_name = args::is(option, "lib-name");
    if !is_name && !args::is(option, "lib-ver") {
        let option = printed(option);
        return Err(CommandError::composed(format!("ERR Unrecognized option '{option}'")));
    }
    if check_name(value).is_err() {
        let option = printed(option);
        return Err(CommandError::composed(format!(
            "ERR {option} cannot contain spaces, newlines or special characters."
        )));
    }
    let client = ctx.client_mut();
    let slot = if is_name { &mut client.lib_name } else { &mut client.lib_ver };
    *slot = value.into();
    out.ok();
    Ok(())
}

/// CLIENT REPLY <ON | OFF | SKIP>
fn client_reply(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let client = ctx.client_mut();
    match &*args[2].to_ascii_lowercase() {
        b"on" => {
            client.reply_mode = ReplyMode::On;
            out.ok();
        }
        b"off" => client.reply_mode = ReplyMode::Off,
        b"skip" if client.reply_mode == ReplyMode::Off => {}
        b"skip" => client.reply_mode = ReplyMode::SkipNext,
        _ => return Err(CommandError::Syntax),
    }
    Ok(())
}

/// CLIENT UNBLOCK client-id [TIMEOUT | ERROR]
fn client_unblock(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let how = match &args[3..] {
        [] => Unblock::Timeout,
        [how] if args::is(how, "timeout") => Unblock::Timeout,
        [how] if args::is(how, "error") => Unblock::Error,
        [_] => {
            return Err(CommandError::text(
                &"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
            ));
        }
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let id = args::integer(args[2])?;
    let unblocked = u64::try_from(id).is_ok_and(|id| ctx.engine.unblock_client(ClientId(id), how));
    out.integer(unblocked.into());
    Ok(())
}

/// CLIENT PAUSE timeout [WRITE | ALL]
fn client_pause(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let scope = match &args[3..] {
        [] => Scope::All,
        [mode] if args::is(mode, "write") => Scope::Write,
        [mode] if args::is(mode, "all") => Scope::All,
        [_] => return Err(CommandError::text(&"ERR CLIENT PAUSE mode must be WRITE or ALL")),
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let timeout = args::integer(args[2]).map_err(|_| CommandError::TimeoutNotInteger)?;
    if timeout < 0 {
        return Err(CommandError::TimeoutNegative);
    }
    let until = ctx.now().0.checked_add(timeout).ok_or(CommandError::TimeoutOutOfRange)?;
    ctx.engine.pause(scope, UnixMillis(until));
    out.ok();
    Ok(())
}

/// CLIENT UNPAUSE
fn client_unpause(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.unpause();
    out.ok();
    Ok(())
}

/// CLIENT NO-EVICT <ON | OFF>
fn client_no_evict(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.client_mut().no_evict = on_or_off(args[2])?;
    out.ok();
    Ok(())
}

/// CLIENT NO-TOUCH <ON | OFF>
fn client_no_touch(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.client_mut().no_touch = on_or_off(args[2])?;
    out.ok();
    Ok(())
}

fn on_or_off(arg: &[u8]) -> Result<bool, CommandError> {
    if args::is(arg, "on") {
        Ok(true)
    } else if args::is(arg, "off") {
        Ok(false)
    } else {
        Err(CommandError::Syntax)
    }
}
