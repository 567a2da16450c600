//! CONFIG and its subcommands.

use super::{CommandSpec, Flag, Group, Run, help};
use crate::args::Args;
use crate::config::{Config, Refused};
use crate::context::Context;
use crate::engine::Engine;
use crate::error::{CommandError, printed};
use crate::glob::glob_match;
use crate::value::Map;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "config",
    syntax: "CONFIG",
    summary: "Commands about the configuration.",
    since: "2.0.0",
    complexity: "",
    arity: -2,
    flags: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "config|get",
            syntax: "CONFIG GET parameter [parameter ...]",
            summary: "Answers the parameters whose names match a pattern, with their values.",
            since: "2.0.0",
            complexity: "O(N)",
            arity: -3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            run: Run::Handler(config_get),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "config|help",
            syntax: "CONFIG HELP",
            summary: "Lists the subcommands.",
            since: "5.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "config|resetstat",
            syntax: "CONFIG RESETSTAT",
            summary: "Sets the counters that INFO reports back to 0.",
            since: "2.0.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            run: Run::Handler(config_resetstat),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "config|rewrite",
            syntax: "CONFIG REWRITE",
            summary: "Writes the configuration to the server's file.",
            since: "2.8.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            differs: "There is no file: it answers what a Redis server without one answers.",
            run: Run::Handler(config_rewrite),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "config|set",
            syntax: "CONFIG SET parameter value [parameter value ...]",
            summary: "Sets parameters: all of them, or none where one is refused.",
            since: "2.0.0",
            complexity: "O(N)",
            arity: -4,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            differs: "Parameters that concern a server's files, network or threads are kept and have no effect; maxmemory goes by an estimate, and the policies lfu and lrm by the last use.",
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            run: Run::Handler(config_set),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// CONFIG GET parameter [parameter ...]
fn config_get(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    // A name that is written out is answered as it was written.
    let mut names: Map<&'static str, &[u8]> = Map::default();
    for pattern in &args[2..] {
        for (name, is_listed) in Config::names() {
            let is_written_out = pattern.eq_ignore_ascii_case(name.as_bytes());
            if is_written_out || is_listed && glob_match(pattern, name.as_bytes(), true) {
                let shown = if is_written_out { pattern } else { name.as_bytes() };
                names.entry(name).or_insert(shown);
            }
        }
    }
    out.map(names.len());
    for (name, shown) in names {
        out.bulk(shown);
        out.bulk(ctx.config().value(name));
    }
    Ok(())
}

/// CONFIG SET parameter value [parameter value ...]
fn config_set(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pairs: Vec<(&[u8], &[u8])> =
        args[2..].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if !args.len().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    for (index, (name, _)) in pairs.iter().enumerate() {
        if Config::is_secret(name) {
            ctx.hide_argument(2 * index + 3);
        }
    }
    let requirepass = ctx.config().requirepass.clone();
    let measure = ctx.config().measure();
    ctx.engine.config.set_all(&pairs).map_err(|refused| {
        CommandError::composed(match refused {
            Refused::Unknown(name) => format!(
                "ERR Unknown option or number of arguments for CONFIG SET - '{}'",
                printed(&name)
            ),
            Refused::Invalid(name, why) => {
                let name = printed(&name);
                format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
            }
        })
    })?;
    // It is the password of the default user, who may have got others since it was last set.
    let Engine { config, acl, .. } = &mut *ctx.engine;
    if config.requirepass != requirepass {
        acl.set_default_password(&config.requirepass);
    }
    ctx.engine.convert_usage(measure);
    out.ok();
    Ok(())
}

/// CONFIG RESETSTAT
fn config_resetstat(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.stats.reset();
    out.ok();
    Ok(())
}

/// CONFIG REWRITE
fn config_rewrite(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text(&"ERR The server is running without a config file"))
}
