//! Connection: PING, ECHO, HELLO, AUTH, QUIT, RESET.

use super::{AclCategory, CommandSpec, Flag, Group, InMulti, Run};
use crate::acl::DEFAULT_USER;
use crate::args::{self, Args};
use crate::client::{Client, ReplyMode};
use crate::context::Context;
use crate::db::DbIndex;
use crate::error::{CommandError, printed};
use crate::value::SmallBytes;
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "ping",
        syntax: "PING [message]",
        summary: "Answers PONG, or the message.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[Flag::Fast, Flag::Sentinel],
        acl: &[AclCategory::Connection],
        while_subscribed: true,
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(ping),
        ..CommandSpec::new(Group::Connection)
    },
    CommandSpec {
        name: "echo",
        syntax: "ECHO message",
        summary: "Answers the message.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Connection],
        run: Run::Handler(echo),
        ..CommandSpec::new(Group::Connection)
    },
    CommandSpec {
        name: "hello",
        syntax: "HELLO [protover [AUTH username password] [SETNAME clientname]]",
        summary: "Chooses the protocol, and may authenticate and name the connection in one step.",
        since: "6.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[
            Flag::AllowBusy,
            Flag::Fast,
            Flag::Loading,
            Flag::NoAuth,
            Flag::Noscript,
            Flag::Sentinel,
            Flag::Stale,
        ],
        acl: &[AclCategory::Connection],
        run: Run::Handler(hello),
        ..CommandSpec::new(Group::Connection)
    },
    CommandSpec {
        name: "auth",
        syntax: "AUTH [username] password",
        summary: "Authenticates the connection.",
        since: "1.0.0",
        complexity: "O(N)",
        arity: -2,
        flags: &[
            Flag::AllowBusy,
            Flag::Fast,
            Flag::Loading,
            Flag::NoAuth,
            Flag::Noscript,
            Flag::Sentinel,
            Flag::Stale,
        ],
        acl: &[AclCategory::Connection],
        run: Run::Handler(auth),
        ..CommandSpec::new(Group::Connection)
    },
    CommandSpec {
        name: "quit",
        syntax: "QUIT",
        summary: "Closes the connection behind its reply.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: -1,
        flags: &[
            Flag::AllowBusy,
            Flag::Fast,
            Flag::Loading,
            Flag::NoAuth,
            Flag::Noscript,
            Flag::Stale,
        ],
        acl: &[AclCategory::Connection],
        deprecated_since: "7.2.0",
        replaced_by: "just closing the connection",
        in_multi: InMulti::Ends,
        while_subscribed: true,
        run: Run::Handler(quit),
        ..CommandSpec::new(Group::Connection)
    },
    CommandSpec {
        name: "reset",
        syntax: "RESET",
        summary: "Takes the connection back to the state in which it was opened.",
        since: "6.2.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[
            Flag::AllowBusy,
            Flag::Fast,
            Flag::Loading,
            Flag::NoAuth,
            Flag::Noscript,
            Flag::Stale,
        ],
        acl: &[AclCategory::Connection],
        in_multi: InMulti::Ends,
        while_subscribed: true,
        run: Run::Handler(reset),
        ..CommandSpec::new(Group::Connection)
    },
];

/// PING [message]
fn ping(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let message = match args {
        [_] => None,
        [_, message] => Some(message),
        _ => return Err(CommandError::WrongArity(&"ping")),
    };
    // A RESP2 subscriber receives nothing but arrays. What a script is answered is in RESP2 as well,
    // but the client is the one that counts.
    let client = ctx.client();
    if client.out.protocol() == Protocol::Resp2 && client.subscriptions.any() {
        out.array(2);
        out.bulk(b"pong");
        out.bulk(message.copied().unwrap_or_default());
        return Ok(());
    }
    match message {
        None => out.simple("PONG"),
        Some(message) => out.bulk(message),
    }
    Ok(())
}

/// ECHO message
fn echo(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(args[1]);
    Ok(())
}

/// HELLO [protover [AUTH username password] [SETNAME clientname]]
fn hello(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = HelloOptions::parse(ctx, args)?;
    if let Some((user, password)) = options.auth {
        authenticate(ctx, user, password, args[0])?;
    }
    if !ctx.client().authenticated {
        return Err(CommandError::text(
            &"NOAUTH HELLO must be called with the client already authenticated, otherwise the \
             HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and \
             select the RESP protocol version at the same time",
        ));
    }
    let client = ctx.client_mut();
    if let Some(name) = options.name {
        client.name = name.into();
    }
    if let Some(protocol) = options.protocol {
        set_protocol(client, out, protocol);
    }
    out.map(7);
    out.bulk(b"server");
    out.bulk(b"redis");
    out.bulk(b"version");
    out.bulk(crate::REDIS_VERSION.as_bytes());
    out.bulk(b"proto");
    out.integer(match out.protocol() {
        Protocol::Resp2 => 2,
        Protocol::Resp3 => 3,
    });
    out.bulk(b"id");
    out.integer(ctx.client_id.0 as i64);
    out.bulk(b"mode");
    out.bulk(b"standalone");
    out.bulk(b"role");
    out.bulk(b"master");
    out.bulk(b"modules");
    out.array(0);
    Ok(())
}

#[derive(Debug, Default)]
struct HelloOptions<'a> {
    protocol: Option<Protocol>,
    auth: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

impl<'a> HelloOptions<'a> {
    /// Reads everything behind HELLO, and hides what authenticates.
    fn parse(ctx: &mut Context<'_>, args: &Args<'a>) -> Result<Self, CommandError> {
        let mut options = HelloOptions::default();
        let Some((version, mut rest)) = args[1..].split_first() else {
            return Ok(options);
        };
        let version = args::integer(version).map_err(|_| {
            CommandError::text(&"ERR Protocol version is not an integer or out of range")
        })?;
        options.protocol = match version {
            2 => Some(Protocol::Resp2),
            3 => Some(Protocol::Resp3),
            _ => return Err(CommandError::text(&"NOPROTO unsupported protocol version")),
        };
        while let Some((&option, values)) = rest.split_first() {
            rest = match values {
                [user, password, rest @ ..] if args::is(option, "auth") => {
                    ctx.hide_argument(args.len() - rest.len() - 2);
                    ctx.hide_argument(args.len() - rest.len() - 1);
                    options.auth = Some((user, password));
                    rest
                }
                [name, rest @ ..] if args::is(option, "setname") => {
                    check_name(name)?;
                    options.name = Some(name);
                    rest
                }
                _ => {
                    let option = printed(option);
                    return Err(CommandError::composed(format!(
                        "ERR Syntax error in HELLO option '{option}'"
                    )));
                }
            };
        }
        Ok(options)
    }
}

/// Refuses a name that would break the lines of CLIENT LIST.
pub(super) fn check_name(name: &[u8]) -> Result<(), CommandError> {
    if name.iter().all(|byte| (b'!'..=b'~').contains(byte)) {
        return Ok(());
    }
    Err(CommandError::text(
        &"ERR Client names cannot contain spaces, newlines or special characters.",
    ))
}

/// Speaks `protocol` from here on: what the command answers, and what is pushed meanwhile.
fn set_protocol(client: &mut Client, out: &mut ReplyWriter, protocol: Protocol) {
    client.out.set_protocol(protocol);
    out.set_protocol(protocol);
}

/// The name by which the nodes of a cluster log in to each other.
const INTERNAL_CONNECTION: &[u8] = b"internal connection";

/// AUTH [username] password
fn auth(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    for index in 1..args.len().min(3) {
        ctx.hide_argument(index);
    }
    let (user, password) = match args {
        [_, password] => {
            if ctx.engine.acl.default_user().is_nopass() {
                return Err(CommandError::text(
                    &"ERR AUTH <password> called without any password configured for the default \
                     user. Are you sure your configuration is correct?",
                ));
            }
            (DEFAULT_USER, *password)
        }
        [_, user, _] if *user == INTERNAL_CONNECTION => {
            return Err(CommandError::text(
                &"ERR Cannot authenticate as an internal connection on non-cluster instances",
            ));
        }
        [_, user, password] => (*user, *password),
        _ => return Err(CommandError::Syntax),
    };
    authenticate(ctx, user, password, args[0])?;
    out.ok();
    Ok(())
}

/// Logs the client in; `command` is how it wrote AUTH or HELLO.
fn authenticate(
    ctx: &mut Context<'_>,
    user: &[u8],
    password: &[u8],
    command: &[u8],
) -> Result<(), CommandError> {
    let context = ctx.log_context();
    ctx.engine.authenticate(ctx.client_id, user, password, command, context)
}

/// QUIT
fn quit(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.client_mut().closing = true;
    out.ok();
    Ok(())
}

/// RESET
///
/// What the client told of its library stays, and so does its number.
fn reset(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let id = ctx.client_id;
    ctx.engine.monitors.retain(|&other| other != id);
    ctx.engine.discard_transaction(id);
    ctx.engine.unsubscribe_all(id);
    ctx.engine.stop_tracking(id);
    ctx.engine.become_default_user(id);
    let client = ctx.client_mut();
    client.monitoring = false;
    client.db = DbIndex::default();
    client.name = SmallBytes::default();
    client.reply_mode = ReplyMode::On;
    client.no_touch = client.hidden;
    client.no_evict = false;
    set_protocol(client, out, Protocol::Resp2);
    out.simple("RESET");
    Ok(())
}
