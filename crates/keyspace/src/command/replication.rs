//! Replication: what a master without replicas answers. There is no network, so that nobody can
//! become a replica, and the engine cannot become one.

use super::{AclCategory, CommandSpec, Flag, Group, Run, unavailable};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::{CommandError, printed};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
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
        replaced_by: "`REPLICAOF`",
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
        name: "replconf",
        syntax: "REPLCONF",
        summary: "Is sent by a replica to tell its master of itself.",
        since: "3.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[Flag::Admin, Flag::AllowBusy, Flag::Loading, Flag::Noscript, Flag::Stale],
        differs: "What a replica tells is forgotten: none can be served.",
        is_system: true,
        run: Run::Handler(replconf),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "psync",
        syntax: "PSYNC replicationid offset",
        summary: "Is sent by a replica that asks for the changes since an offset.",
        since: "2.8.0",
        complexity: "",
        arity: -3,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::NoMulti, Flag::Noscript],
        differs: "Refused: there is no network to a replica.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "sync",
        syntax: "SYNC",
        summary: "Is sent by a replica that asks for all data.",
        since: "1.0.0",
        complexity: "",
        arity: 1,
        flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::NoMulti, Flag::Noscript],
        differs: "Refused: there is no network to a replica.",
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Server)
    },
];

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

/// REPLICAOF <host port | NO ONE>
fn replicaof(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if args::is(args[1], "no") && args::is(args[2], "one") {
        out.ok();
        return Ok(());
    }
    let is_port = |port: &i64| (0..=65535).contains(port);
    args::integer(args[2])
        .ok()
        .filter(is_port)
        .ok_or_else(|| CommandError::text(&"ERR Invalid master port"))?;
    unavailable(ctx, args, out)
}

/// FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]
fn failover(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if let [_, option] = args
        && args::is(option, "abort")
    {
        return Err(CommandError::text(&"ERR No failover in progress."));
    }
    let (mut timeout, mut target, mut force) = (false, false, false);
    let mut options = Options::new(&args[1..]);
    while let Some(option) = options.next() {
        if args::is(option, "timeout") && !timeout {
            timeout = true;
            if options.integer()? <= 0 {
                return Err(CommandError::text(&"ERR FAILOVER timeout must be greater than 0"));
            }
        } else if args::is(option, "to") && !target && options.rest().len() >= 2 {
            target = true;
            options.value()?;
            options.integer()?;
        } else if args::is(option, "force") && !force {
            force = true;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Err(CommandError::text(&"ERR FAILOVER requires connected replicas."))
}

/// REPLCONF [option value ...]
///
/// ACK and GETACK end the handshake: as from a client that is no replica, they are not answered.
fn replconf(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if args.len().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    for pair in args[1..].chunks_exact(2) {
        match &*pair[0].to_ascii_lowercase() {
            b"ack" | b"getack" => return Ok(()),
            b"listening-port" | b"rdb-only" | b"rdb-channel" => {
                args::integer(pair[1])?;
            }
            b"rdb-filter-only" => check_filter(pair[1])?,
            b"ip-address" if pair[1].len() > ADDRESS_MAX_BYTES => {
                return Err(CommandError::composed(format!(
                    "ERR REPLCONF ip-address provided by replica instance is too long: {} bytes",
                    pair[1].len()
                )));
            }
            b"ip-address" | b"capa" | b"version" => {}
            _ => {
                let text = format!("ERR Unrecognized REPLCONF option: {}", printed(pair[0]));
                return Err(CommandError::composed(text));
            }
        }
    }
    out.ok();
    Ok(())
}

/// The longest name of a host.
const ADDRESS_MAX_BYTES: usize = 255;

/// What a replica wants of the data: words, of which only `functions` is known.
fn check_filter(filter: &[u8]) -> Result<(), CommandError> {
    let words = filter.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    let mut unknown = words.filter(|word| !args::is(word, "functions"));
    match unknown.next() {
        None => Ok(()),
        Some(word) => Err(CommandError::composed(format!(
            "ERR Unsupported rdb-filter-only option: {}",
            printed(word)
        ))),
    }
}
