//! ACL and its subcommands.

use super::{AclCategory, CommandSpec, Flag, Group, Run, help, rows};
use crate::acl::log::Entry;
use crate::acl::{DEFAULT_USER, Selector, SetUserError, User, breaks_words};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::{CommandError, printed};
use crate::time::UnixMillis;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "acl",
    syntax: "ACL",
    summary: "Commands about users and what they may do.",
    since: "6.0.0",
    complexity: "",
    arity: -2,
    flags: &[Flag::Sentinel],
    run: Run::Container(&[
        CommandSpec {
            name: "acl|cat",
            syntax: "ACL CAT [category]",
            summary: "Names the categories of commands, or the commands of one.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: -2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_cat),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|deluser",
            syntax: "ACL DELUSER username [username ...]",
            summary: "Deletes users, and closes their connections.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_deluser),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|dryrun",
            syntax: "ACL DRYRUN username command [arg [arg ...]]",
            summary: "Says whether a user may make a call, without making it.",
            since: "7.0.0",
            complexity: "O(1)",
            arity: -4,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_dryrun),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|genpass",
            syntax: "ACL GENPASS [bits]",
            summary: "Makes up a password.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: -2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            differs: "It follows from the engine's seed, and is no secret.",
            run: Run::Handler(acl_genpass),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|getuser",
            syntax: "ACL GETUSER username",
            summary: "Describes a user by its rules.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: 3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_getuser),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|help",
            syntax: "ACL HELP",
            summary: "Lists the subcommands.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|list",
            syntax: "ACL LIST",
            summary: "Answers the rules of every user, a line each.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_list),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|load",
            syntax: "ACL LOAD",
            summary: "Reads the users from the server's file.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            differs: "There is no file: it answers what a Redis server without one answers.",
            run: Run::Handler(acl_file),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|log",
            syntax: "ACL LOG [count|RESET]",
            summary: "Answers what users were denied, the latest first, or forgets it.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_log),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|save",
            syntax: "ACL SAVE",
            summary: "Writes the users to the server's file.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            differs: "There is no file: it answers what a Redis server without one answers.",
            run: Run::Handler(acl_file),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|setuser",
            syntax: "ACL SETUSER username [rule [rule ...]]",
            summary: "Creates a user, or changes what it may do and how it logs in.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_setuser),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|users",
            syntax: "ACL USERS",
            summary: "Names the users.",
            since: "6.0.0",
            complexity: "O(N)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_users),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "acl|whoami",
            syntax: "ACL WHOAMI",
            summary: "Names the user that the connection is.",
            since: "6.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Noscript, Flag::Sentinel, Flag::Stale],
            run: Run::Handler(acl_whoami),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// ACL WHOAMI
fn acl_whoami(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(ctx.engine.username(ctx.client_id));
    Ok(())
}

/// ACL USERS
fn acl_users(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let users = ctx.engine.acl.users();
    out.array(users.len());
    for user in users {
        out.bulk(&user.name);
    }
    Ok(())
}

/// ACL LIST
fn acl_list(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let users = ctx.engine.acl.users();
    out.array(users.len());
    for user in users {
        out.bulk(&user.describe());
    }
    Ok(())
}

/// ACL GETUSER username
fn acl_getuser(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.hide_argument(2);
    let acl = &ctx.engine.acl;
    let Some(id) = acl.find(args[2]) else {
        out.null();
        return Ok(());
    };
    let user = acl.user(id);
    out.map(6);
    out.bulk(b"flags");
    let flags = user.flags();
    out.set(flags.len());
    for flag in flags {
        out.bulk(flag.as_bytes());
    }
    out.bulk(b"passwords");
    let hashes = user.password_hashes();
    out.array(hashes.len());
    for digits in hashes {
        out.bulk(digits.as_bytes());
    }
    write_selector(user.root(), out);
    out.bulk(b"selectors");
    out.array(user.selectors().len());
    for selector in user.selectors() {
        out.map(3);
        write_selector(selector, out);
    }
    Ok(())
}

/// The three pairs that describe a selector.
fn write_selector(selector: &Selector, out: &mut ReplyWriter) {
    out.bulk(b"commands");
    out.bulk(&selector.commands_text());
    out.bulk(b"keys");
    out.bulk(&selector.keys_text());
    out.bulk(b"channels");
    out.bulk(&selector.channels_text());
}

/// ACL SETUSER username [rule [rule ...]]
///
/// All rules are applied, or none where one is refused.
fn acl_setuser(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    for index in 2..args.len() {
        ctx.hide_argument(index);
    }
    let name = args[2];
    if breaks_words(name) {
        return Err(CommandError::text(&"ERR Usernames can't contain spaces or null characters"));
    }
    let (acl, all_channels) = (&ctx.engine.acl, ctx.config().acl_pubsub_default);
    let known = acl.find(name).map(|id| acl.user(id).clone());
    let mut user = known.unwrap_or_else(|| User::new(name, all_channels));
    user.apply_all(&args[3..], all_channels).map_err(|error| {
        CommandError::composed(match error {
            SetUserError::Unmatched(rule) => format!(
                "ERR Unmatched parenthesis in acl selector starting at '{}'.",
                printed(&rule)
            ),
            SetUserError::Rule(rule, error) => {
                format!("ERR Error in ACL SETUSER modifier '{}': {error}", printed(&rule))
            }
        })
    })?;
    ctx.engine.set_user(user, ctx.client_id);
    out.ok();
    Ok(())
}

/// ACL DELUSER username [username ...]
fn acl_deluser(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    for index in 2..args.len() {
        ctx.hide_argument(index);
    }
    let names = &args[2..];
    if names.contains(&DEFAULT_USER) {
        return Err(CommandError::text(&"ERR The 'default' user cannot be removed"));
    }
    let deleted = names.iter().filter(|name| ctx.engine.delete_user(name, ctx.client_id)).count();
    out.count(deleted);
    Ok(())
}

/// ACL CAT [category]
fn acl_cat(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let name = match args {
        [_, _] => {
            out.array(AclCategory::ALL.len());
            for category in AclCategory::ALL {
                out.bulk(category.name().as_bytes());
            }
            return Ok(());
        }
        [_, _, name] => *name,
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let category = AclCategory::parse(name).ok_or_else(|| {
        let name = printed(&name[..name.len().min(128)]);
        CommandError::composed(format!("ERR Unknown category '{name}'"))
    })?;
    let names: Vec<_> = rows().filter(|spec| spec.categories().contains(&category)).collect();
    out.array(names.len());
    for spec in names {
        out.bulk(spec.name.as_bytes());
    }
    Ok(())
}

/// How many bits a password may have.
const GENPASS_MAX_BITS: i64 = 4096;

/// ACL GENPASS [bits]
fn acl_genpass(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let bits = match args {
        [_, _] => 256,
        [_, _, bits] => args::integer(bits)?,
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    if !(1..=GENPASS_MAX_BITS).contains(&bits) {
        return Err(CommandError::composed(format!(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a \
             positive number up to {GENPASS_MAX_BITS}"
        )));
    }
    let digits = (0..(bits + 3) / 4).map(|_| b"0123456789abcdef"[ctx.random_below(16)]);
    out.bulk(&digits.collect::<Vec<u8>>());
    Ok(())
}

/// ACL DRYRUN username command [arg [arg ...]]
fn acl_dryrun(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (name, call) = (args[2], &args[3..]);
    let id =
        ctx.engine.acl.find(name).ok_or_else(|| {
            CommandError::composed(format!("ERR User '{}' not found", printed(name)))
        })?;
    let command = super::find(call).map_err(|error| match error {
        CommandError::WrongArity(_) => error,
        _ => CommandError::composed(format!("ERR Command '{}' not found", printed(call[0]))),
    })?;
    match ctx.engine.acl.user(id).check(command, call) {
        Ok(()) => out.ok(),
        Err(denied) => out.bulk(denied.explain(name, command.spec, call).as_bytes()),
    }
    Ok(())
}

/// ACL LOG [count|RESET]
fn acl_log(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let count = match args {
        [_, _] => 10,
        [_, _, reset] if args::is(reset, "reset") => {
            ctx.engine.acl.log.clear();
            out.ok();
            return Ok(());
        }
        [_, _, count] => args::integer(count)?,
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let entries = ctx.engine.acl.log.entries();
    let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX).min(entries.len());
    out.array(count);
    for entry in entries.take(count) {
        write_entry(entry, ctx.now(), out);
    }
    Ok(())
}

fn write_entry(entry: &Entry, now: UnixMillis, out: &mut ReplyWriter) {
    let denial = &entry.denial;
    out.map(10);
    out.bulk(b"count");
    out.count(entry.count);
    for (name, value) in [
        ("reason", denial.reason.name().as_bytes()),
        ("context", denial.context.name().as_bytes()),
        ("object", &*denial.object),
        ("username", &*denial.username),
    ] {
        out.bulk(name.as_bytes());
        out.bulk(value);
    }
    out.bulk(b"age-seconds");
    out.double((now - entry.updated_at) as f64 / 1000.0);
    out.bulk(b"client-info");
    out.bulk(&entry.client_info);
    for (name, value) in [
        ("entry-id", entry.id),
        ("timestamp-created", entry.created_at.0),
        ("timestamp-last-updated", entry.updated_at.0),
    ] {
        out.bulk(name.as_bytes());
        out.integer(value);
    }
}

/// ACL LOAD, and ACL SAVE
fn acl_file(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text(
        &"ERR This Redis instance is not configured to use an ACL file. You may want to specify \
         users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a \
         Redis configuration file set) in order to store users in the Redis configuration.",
    ))
}
