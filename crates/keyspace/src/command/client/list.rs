//! CLIENT INFO, LIST and KILL: connections as lines of text, and which of them are meant.

use super::tracking::redirection;
use crate::acl::UserId;
use crate::args::{self, Args};
use crate::client::{Client, ClientId};
use crate::client_memory::arguments_bytes;
use crate::context::Context;
use crate::engine::Engine;
use crate::error::{CommandError, printed};
use crate::pubsub::Kind;
use crate::time::UnixMillis;
use crate::tracking::Mode;
use keyspace_resp::{Protocol, ReplyWriter};
use std::io::Write;

/// CLIENT INFO
pub(super) fn client_info(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut text = Vec::new();
    ctx.engine.count_memory(ctx.client_id);
    describe(&mut text, ctx.client(), Some(args), ctx.engine);
    out.verbatim(b"txt", &text);
    Ok(())
}

/// CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]
pub(super) fn client_list(
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
            filter.ids = Some(ids.map_err(|_| CommandError::text(&"ERR Invalid client ID"))?);
        }
        _ => return Err(CommandError::Syntax),
    }
    let mut text = Vec::new();
    ctx.engine.settle_buffers();
    for id in filter.matches(ctx.engine) {
        let client = &ctx.engine.clients[&id];
        let running = (id == ctx.client_id).then_some(args);
        describe(&mut text, client, running, ctx.engine);
    }
    out.verbatim(b"txt", &text);
    Ok(())
}

/// Appends a client's line of CLIENT LIST; `running` is the command that it runs. What only a
/// process with sockets of its own could fill in is 0, and `fd` -1.
pub(crate) fn describe(
    line: &mut Vec<u8>,
    client: &Client,
    running: Option<&Args<'_>>,
    engine: &Engine,
) {
    let seconds_since = |then: UnixMillis| (engine.now - then).max(0) / 1000;
    let unread = client.unread();
    let mut memory = client.memory();
    let (qbuf, argv_mem) = match running {
        Some(args) => {
            let lengths = args.iter().map(|arg| arg.len());
            memory += client.buffers.shared_bytes() + arguments_bytes(lengths.clone());
            (client.query_bytes, lengths.sum())
        }
        None => (client.buffers.unparsed(), client.argument_bytes()),
    };
    let last_command = client.last_command;
    writeln!(
        line,
        "id={} addr={} laddr=127.0.0.1:{} fd=-1 name={} age={} idle={} flags={} db={} sub={} \
         psub={} ssub={} multi={} watch={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} \
         obl={} oll={} omem={} tot-mem={} events=r cmd={} user={} redir={} resp={} lib-name={} \
         lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}",
        client.id.0,
        client.addr,
        engine.port,
        String::from_utf8_lossy(&client.name),
        seconds_since(client.created_at),
        seconds_since(client.last_interaction_at),
        flags(client),
        client.db.0,
        client.subscriptions.of(Kind::Channel).len(),
        client.subscriptions.of(Kind::Pattern).len(),
        client.subscriptions.of(Kind::Shard).len(),
        client.transaction.commands().map_or(-1, |commands| commands as i64),
        client.transaction.watched.len(),
        qbuf,
        client.buffers.query_free(qbuf, running.is_some()),
        argv_mem,
        client.transaction.queue_bytes,
        client.buffers.reply(),
        client.buffers.reply_peak(),
        unread - client.unbuffered(),
        usize::from(client.unbuffered() > 0),
        client.unbuffered(),
        memory,
        if last_command.is_empty() { "NULL" } else { last_command },
        String::from_utf8_lossy(&engine.acl.user(client.user).name),
        redirection(client.tracking.as_ref()),
        match client.out.protocol() {
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
    let tracking = client.tracking.as_ref();
    let letters: String = [
        ('O', client.monitoring),
        ('P', client.subscriptions.any()),
        ('x', client.transaction.commands().is_some()),
        ('b', client.waits()),
        ('t', tracking.is_some()),
        ('R', tracking.is_some_and(|tracking| tracking.is_redirect_broken)),
        ('B', tracking.is_some_and(|tracking| tracking.mode == Mode::Broadcast)),
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
                Err(CommandError::composed(format!("ERR Unknown client type '{name}'")))
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
    user: Option<UserId>,
    /// In seconds.
    min_age: Option<i64>,
    except: Option<ClientId>,
}

impl<'a> Filter<'a> {
    /// Reads the options of CLIENT KILL.
    fn parse_kill(ctx: &Context<'_>, args: &Args<'a>) -> Result<Self, CommandError> {
        let own = ctx.client_id;
        let mut filter = Filter { except: Some(own), ..Filter::default() };
        for pair in args.chunks(2) {
            let &[option, value] = pair else {
                return Err(CommandError::Syntax);
            };
            match &*option.to_ascii_lowercase() {
                b"id" => {
                    let id = args::integer(value).ok().filter(|&id| id > 0);
                    let id = id.ok_or_else(|| {
                        CommandError::text(&"ERR client-id should be greater than 0")
                    })?;
                    filter.ids = Some(vec![id]);
                }
                b"maxage" => filter.min_age = Some(parse_max_age(value)?),
                b"type" => filter.client_type = Some(ClientType::parse(value)?),
                b"addr" => filter.addr = Some(value),
                b"laddr" => filter.laddr = Some(value),
                b"user" => {
                    let user = ctx.engine.acl.find(value).ok_or_else(|| {
                        CommandError::composed(format!("ERR No such user '{}'", printed(value)))
                    })?;
                    filter.user = Some(user);
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
                && self.user.is_none_or(|user| user == client.user)
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
        .map_err(|_| CommandError::text(&"ERR maxage is not an integer or out of range"))?;
    if age > 0 { Ok(age) } else { Err(CommandError::text(&"ERR maxage should be greater than 0")) }
}

/// CLIENT KILL ip:port
///
/// CLIENT KILL [ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port]
/// [SKIPME <YES | NO>] [MAXAGE seconds]
pub(super) fn client_kill(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if let [_, _, addr] = args {
        let filter = Filter { addr: Some(addr), ..Filter::default() };
        let found = filter.matches(ctx.engine);
        let id = *found.first().ok_or_else(|| CommandError::text(&"ERR No such client"))?;
        kill(ctx, id);
        out.ok();
        return Ok(());
    }
    let killed = Filter::parse_kill(ctx, &args[2..])?.matches(ctx.engine);
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
