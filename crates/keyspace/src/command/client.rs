//! CLIENT and its subcommands.

use super::connection::check_name;
use super::{AclCategory, CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::blocking::Unblock;
use crate::client::{Client, ClientId, ReplyMode};
use crate::context::Context;
use crate::engine::Engine;
use crate::error::{CommandError, printed};
use crate::pubsub::Kind;
use crate::time::UnixMillis;
use keyspace_resp::{Protocol, ReplyWriter};
use std::io::Write;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "client",
    syntax: "CLIENT",
    summary: "Commands about connections.",
    since: "2.4.0",
    complexity: "",
    arity: -2,
    flags: &[Flag::Sentinel],
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
            differs: "Refused, as tracking is.",
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
            differs: "Refused: the host can stop the clock instead.",
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
            differs: "ON is refused.",
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
        return Err(CommandError::text(format!("ERR Unrecognized option '{option}'")));
    }
    if check_name(value).is_err() {
        let option = printed(option);
        return Err(CommandError::text(format!(
            "ERR {option} cannot contain spaces, newlines or special characters."
        )));
    }
    let client = ctx.client_mut();
    let slot = if is_name { &mut client.lib_name } else { &mut client.lib_ver };
    *slot = value.into();
    out.ok();
    Ok(())
}

/// CLIENT INFO
fn client_info(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut text = Vec::new();
    describe(&mut text, ctx.client(), out.protocol(), ctx.engine);
    out.verbatim(b"txt", &text);
    Ok(())
}

/// CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]
fn client_list(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut filter = Filter::default();
    match &args[2..] {
        [] => {}
        [option, name] if args::is(option, "type") => {
            filter.client_type = Some(ClientType::parse(name)?);
        }
        [option, ids @ ..] if args::is(option, "id") && !ids.is_empty() => {
            let ids = ids.iter().map(|id| args::integer(id));
            let ids: Result<Vec<i64>, _> = ids.collect();
            filter.ids = Some(ids.map_err(|_| CommandError::text("ERR Invalid client ID"))?);
        }
        _ => return Err(CommandError::Syntax),
    }
    let mut text = Vec::new();
    for id in filter.matches(ctx.engine) {
        let client = &ctx.engine.clients[&id];
        let protocol = if id == ctx.client_id { out.protocol() } else { client.out.protocol() };
        describe(&mut text, client, protocol, ctx.engine);
    }
    out.verbatim(b"txt", &text);
    Ok(())
}

/// Appends a client's line of CLIENT LIST. What only a process with sockets and buffers of its
/// own could fill in is 0, and `fd` -1.
fn describe(line: &mut Vec<u8>, client: &Client, protocol: Protocol, engine: &Engine) {
    let seconds_since = |then: UnixMillis| (engine.now - then).max(0) / 1000;
    let queue = client.transaction.queue.as_ref();
    let queue_bytes: usize = queue.into_iter().flatten().flatten().map(|arg| arg.len()).sum();
    let running = client.last_command;
    writeln!(
        line,
        "id={} addr={} laddr=127.0.0.1:{} fd=-1 name={} age={} idle={} flags={} db={} sub={} \
         psub={} ssub={} multi={} watch={} qbuf={} qbuf-free=0 argv-mem=0 multi-mem={} rbs=0 rbp=0 \
         obl={} oll=0 omem=0 tot-mem={} events=r cmd={} user=default redir=-1 resp={} lib-name={} \
         lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}",
        client.id.0,
        client.addr,
        engine.port,
        String::from_utf8_lossy(&client.name),
        seconds_since(client.created_at),
        seconds_since(client.last_command_at),
        flags(client),
        client.db.0,
        client.subscriptions.of(Kind::Channel).len(),
        client.subscriptions.of(Kind::Pattern).len(),
        client.subscriptions.of(Kind::Shard).len(),
        queue.map_or(-1, |queue| queue.len() as i64),
        client.transaction.watched.len(),
        client.query_bytes,
        queue_bytes,
        client.out.len(),
        size_of::<Client>() + client.query_bytes + queue_bytes + client.out.len(),
        if running.is_empty() { "NULL" } else { running },
        match protocol {
            Protocol::Resp2 => 2,
            Protocol::Resp3 => 3,
        },
        String::from_utf8_lossy(&client.lib_name),
        String::from_utf8_lossy(&client.lib_ver),
        client.bytes_in,
        client.bytes_out,
        client.commands_processed,
    )
    .expect("writing to a Vec cannot fail");
}

/// The letters of what holds for a client, `N` where nothing does.
fn flags(client: &Client) -> String {
    let letters: String = [
        ('O', client.monitoring),
        ('P', client.subscriptions.any()),
        ('x', client.transaction.queue.is_some()),
        ('b', client.blocked.is_some()),
        ('d', client.transaction.watched_key_changed),
        ('e', client.no_evict),
        ('T', client.no_touch),
    ]
    .into_iter()
    .filter_map(|(letter, holds)| holds.then_some(letter))
    .collect();
    if letters.is_empty() { "N".to_owned() } else { letters }
}

/// The kinds of clients that LIST and KILL tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClientType {
    Normal,
    PubSub,
    /// A replica or a master: there are none here.
    Replication,
}

impl ClientType {
    fn parse(name: &[u8]) -> Result<ClientType, CommandError> {
        match &*name.to_ascii_lowercase() {
            b"normal" => Ok(ClientType::Normal),
            b"pubsub" => Ok(ClientType::PubSub),
            b"master" | b"slave" | b"replica" => Ok(ClientType::Replication),
            _ => {
                let name = printed(name);
                Err(CommandError::text(format!("ERR Unknown client type '{name}'")))
            }
        }
    }

    fn of(client: &Client) -> ClientType {
        if client.subscriptions.any() { ClientType::PubSub } else { ClientType::Normal }
    }
}

/// Which clients LIST and KILL mean: those for which all of this holds.
#[derive(Debug, Default)]
struct Filter<'a> {
    ids: Option<Vec<i64>>,
    client_type: Option<ClientType>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    /// In seconds.
    min_age: Option<i64>,
    except: Option<ClientId>,
}

impl<'a> Filter<'a> {
    /// Reads the options of CLIENT KILL.
    fn parse_kill(args: &Args<'a>, own: ClientId) -> Result<Self, CommandError> {
        let mut filter = Filter { except: Some(own), ..Filter::default() };
        for pair in args.chunks(2) {
            let &[option, value] = pair else {
                return Err(CommandError::Syntax);
            };
            match &*option.to_ascii_lowercase() {
                b"id" => {
                    let id = args::integer(value).ok().filter(|&id| id > 0);
                    let id = id.ok_or_else(|| {
                        CommandError::text("ERR client-id should be greater than 0")
                    })?;
                    filter.ids = Some(vec![id]);
                }
                b"maxage" => filter.min_age = Some(parse_max_age(value)?),
                b"type" => filter.client_type = Some(ClientType::parse(value)?),
                b"addr" => filter.addr = Some(value),
                b"laddr" => filter.laddr = Some(value),
                b"user" if value == b"default" => {}
                b"user" => {
                    let user = printed(value);
                    return Err(CommandError::text(format!("ERR No such user '{user}'")));
                }
                b"skipme" if args::is(value, "yes") => filter.except = Some(own),
                b"skipme" if args::is(value, "no") => filter.except = None,
                _ => return Err(CommandError::Syntax),
            }
        }
        Ok(filter)
    }

    /// The clients for which it holds, in the order in which they connected. Hidden clients are
    /// never among them.
    fn matches(&self, engine: &Engine) -> Vec<ClientId> {
        let laddr = format!("127.0.0.1:{}", engine.port);
        let holds = |client: &&Client| {
            let age = (engine.now - client.created_at) / 1000;
            !client.hidden
                && !client.closing
                && self.except != Some(client.id)
                && self.client_type.is_none_or(|wanted| wanted == ClientType::of(client))
                && self.addr.is_none_or(|addr| addr == client.addr.as_bytes())
                && self.laddr.is_none_or(|wanted| wanted == laddr.as_bytes())
                && self.min_age.is_none_or(|min_age| age >= min_age)
        };
        match &self.ids {
            None => engine.clients.values().filter(holds).map(|client| client.id).collect(),
            Some(ids) => {
                let ids = ids.iter().filter_map(|&id| u64::try_from(id).ok());
                let clients = ids.filter_map(|id| engine.clients.get(&ClientId(id)));
                clients.filter(holds).map(|client| client.id).collect()
            }
        }
    }
}

fn parse_max_age(value: &[u8]) -> Result<i64, CommandError> {
    let age = args::integer(value)
        .map_err(|_| CommandError::text("ERR maxage is not an integer or out of range"))?;
    if age > 0 { Ok(age) } else { Err(CommandError::text("ERR maxage should be greater than 0")) }
}

/// CLIENT KILL ip:port
///
/// CLIENT KILL [ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port]
/// [SKIPME <YES | NO>] [MAXAGE seconds]
fn client_kill(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if let [_, _, addr] = args {
        let filter = Filter { addr: Some(addr), ..Filter::default() };
        let found = filter.matches(ctx.engine);
        let id = *found.first().ok_or_else(|| CommandError::text("ERR No such client"))?;
        kill(ctx, id);
        out.ok();
        return Ok(());
    }
    let killed = Filter::parse_kill(&args[2..], ctx.client_id)?.matches(ctx.engine);
    for &id in &killed {
        kill(ctx, id);
    }
    out.count(killed.len());
    Ok(())
}

/// Closes a connection at once; one's own behind the reply.
fn kill(ctx: &mut Context<'_>, id: ClientId) {
    if id == ctx.client_id {
        ctx.client_mut().closing = true;
    } else {
        ctx.engine.kill_client(id);
    }
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
            return Err(CommandError::text("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
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
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text("ERR CLIENT PAUSE is not available here; stop the clock instead"))
}

/// CLIENT UNPAUSE
fn client_unpause(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
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

/// CLIENT TRACKING <ON | OFF> [...]
fn client_tracking(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if on_or_off(args[2])? {
        return Err(CommandError::text("ERR Client-side caching is not available here"));
    }
    out.ok();
    Ok(())
}

/// CLIENT CACHING <YES | NO>
fn client_caching(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::text(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or \
         OPTOUT mode enabled",
    ))
}

/// CLIENT GETREDIR
fn client_getredir(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(-1);
    Ok(())
}

/// CLIENT TRACKINGINFO
fn client_trackinginfo(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.map(3);
    out.bulk(b"flags");
    out.set(1);
    out.bulk(b"off");
    out.bulk(b"redirect");
    out.integer(-1);
    out.bulk(b"prefixes");
    out.array(0);
    Ok(())
}
