//! Reading what is new: XREAD, and XREADGROUP for the consumers of a group.
//!
//! Both wait where they are told to and there is nothing. XREADGROUP also claims what other
//! consumers have left pending for long enough, and its wait ends when something has been.

use super::super::{AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run};
use super::{no_group, note_change, parse_id, write_entries, write_entry, write_fields, write_id};
use crate::args::{self, Args, Options};
use crate::blocking::Wait;
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::time::UnixMillis;
use crate::value::{
    ConsumerGroup, ConsumerName, Pending, Stream, StreamEntry, StreamId, ValueType,
};
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xread",
        syntax: "XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] ID [ID ...]",
        summary: "Answers what came to streams after given ids, and waits for it where told to.",
        since: "5.0.0",
        complexity: "O(N) in the number of entries answered",
        arity: -4,
        flags: &[Flag::Blocking, Flag::Readonly],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec {
            flags: &[KeyFlag::Ro, KeyFlag::Access],
            begin: Begin::Keyword { keyword: "STREAMS", start_from: 1 },
            find: Find::Range { last: -1, step: 1, limit: 2 },
        }],
        run: Run::Handler(xread),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xreadgroup",
        syntax: "XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] ID [ID ...]",
        summary: "Delivers new entries of streams to a consumer, or answers again what it has pending.",
        since: "5.0.0",
        complexity: "O(N) in the number of entries answered",
        arity: -7,
        flags: &[Flag::Blocking, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec {
            flags: &[KeyFlag::Ro, KeyFlag::Access],
            begin: Begin::Keyword { keyword: "STREAMS", start_from: 4 },
            find: Find::Range { last: -1, step: 1, limit: 2 },
        }],
        run: Run::Handler(xreadgroup),
        ..CommandSpec::new(Group::Stream)
    },
];

/// What XREAD and XREADGROUP are told.
#[derive(Debug)]
struct ReadOptions<'b, 'a> {
    count: usize,
    /// Whether to wait, and until when.
    block: Option<Option<UnixMillis>>,
    /// The group and its consumer.
    consumer: Option<(&'a [u8], &'a [u8])>,
    no_ack: bool,
    /// How long an entry must have been idle to be claimed.
    min_idle: Option<i64>,
    keys: &'b Args<'a>,
    ids: &'b Args<'a>,
}

impl<'b, 'a> ReadOptions<'b, 'a> {
    fn parse(args: &'b Args<'a>, is_group: bool, now: UnixMillis) -> Result<Self, CommandError> {
        let mut read = ReadOptions {
            count: usize::MAX,
            block: None,
            consumer: None,
            no_ack: false,
            min_idle: None,
            keys: &[],
            ids: &[],
        };
        let only_in_group = |option: &str| match is_group {
            true => Ok(()),
            false => Err(CommandError::composed(format!(
                "ERR The {option} option is only supported by XREADGROUP. You called XREAD \
                 instead."
            ))),
        };
        let mut options = Options::new(&args[1..]);
        while let Some(option) = options.next() {
            let more = options.rest().len();
            if args::is(option, "block") && more >= 1 {
                read.block = Some(args::timeout_millis(options.value()?, now)?);
            } else if args::is(option, "count") && more >= 1 {
                let count = options.integer()?;
                let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
                read.count = if count == 0 { usize::MAX } else { count };
            } else if args::is(option, "streams") && more >= 1 {
                (read.keys, read.ids) = split_streams(options.rest(), is_group)?;
                break;
            } else if args::is(option, "group") && more >= 2 {
                only_in_group("GROUP")?;
                read.consumer = Some((options.value()?, options.value()?));
            } else if args::is(option, "noack") {
                only_in_group("NOACK")?;
                read.no_ack = true;
            } else if args::is(option, "claim") && more >= 1 {
                only_in_group("CLAIM")?;
                read.min_idle = Some(parse_min_idle(options.value()?)?);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        if read.keys.is_empty() {
            return Err(CommandError::Syntax);
        }
        Ok(read)
    }
}

/// The keys behind STREAMS, and as many ids.
fn split_streams<'b, 'a>(
    args: &'b Args<'a>,
    is_group: bool,
) -> Result<(&'b Args<'a>, &'b Args<'a>), CommandError> {
    if args.len() % 2 == 1 {
        return Err(CommandError::text(match is_group {
            true => {
                &"ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' \
                 must be specified."
            }
            false => {
                &"ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' \
                 must be specified."
            }
        }));
    }
    Ok(args.split_at(args.len() / 2))
}

fn parse_min_idle(arg: &[u8]) -> Result<i64, CommandError> {
    let min_idle = args::integer(arg)
        .map_err(|_| CommandError::text(&"ERR min-idle-time is not an integer"))?;
    if min_idle < 0 {
        return Err(CommandError::text(&"ERR min-idle-time must be a positive integer"));
    }
    Ok(min_idle)
}

/// XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] ID [ID ...]
///
/// While it waits, `$` stands for the last id of when it began to. Each key is looked up twice, and
/// counted so: with its id, and for what is behind that.
fn xread(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let read = ReadOptions::parse(args, false, ctx.now())?;
    let mut after = Vec::new();
    for (&key, &id) in read.keys.iter().zip(read.ids) {
        after.push(resolve_id(ctx.get::<Stream>(key)?, id)?);
    }
    let mut reply = StreamsReply::new(out);
    for (key, after) in read.keys.iter().zip(&after) {
        let Some((stream, start)) = ctx.get::<Stream>(key)?.zip(after.next()) else {
            continue;
        };
        if stream.last().is_some_and(|last| last.id >= start) {
            reply.start_stream(out, key);
            write_entries(out, stream.range(start, StreamId::MAX).take(read.count));
        }
    }
    if reply.finish(out) {
        return Ok(());
    }
    let Some(deadline) = read.block else {
        out.null_array();
        return Ok(());
    };
    let texts: Vec<String> = after.iter().map(StreamId::to_string).collect();
    let (before_ids, _) = args.split_at(args.len() - read.ids.len());
    let ids = read.ids.iter().zip(&texts).map(|(&id, text)| match id {
        b"$" => text.as_bytes(),
        _ => id,
    });
    let args: Vec<&[u8]> = before_ids.iter().copied().chain(ids).collect();
    ctx.block(out, &args, read.keys, ValueType::Stream, deadline);
    Ok(())
}

/// The id behind which XREAD reads.
fn resolve_id(stream: Option<&Stream>, arg: &[u8]) -> Result<StreamId, CommandError> {
    match arg {
        b"$" => Ok(stream.map_or(StreamId::MIN, |stream| stream.last_id)),
        b"+" => {
            let last = stream.and_then(Stream::last).and_then(|last| last.id.previous());
            Ok(last.unwrap_or(stream.map_or(StreamId::MIN, |stream| stream.last_id)))
        }
        b">" => Err(CommandError::text(
            &"ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> \
             <consumer> option.",
        )),
        _ => parse_id(arg),
    }
}

/// A reply of several streams: a map in RESP3, pairs in RESP2.
struct StreamsReply {
    start: keyspace_resp::Deferred,
    streams: usize,
}

impl StreamsReply {
    fn new(out: &mut ReplyWriter) -> StreamsReply {
        StreamsReply { start: out.begin(), streams: 0 }
    }

    /// The key of a stream; its entries follow.
    fn start_stream(&mut self, out: &mut ReplyWriter, key: &[u8]) {
        self.streams += 1;
        if out.protocol() == Protocol::Resp2 {
            out.array(2);
        }
        out.bulk(key);
    }

    /// Whether there is a reply at all.
    fn finish(self, out: &mut ReplyWriter) -> bool {
        match (self.streams, out.protocol()) {
            (0, _) => {}
            (streams, Protocol::Resp2) => out.end_array(self.start, streams),
            (streams, Protocol::Resp3) => out.end_map(self.start, streams),
        }
        self.streams > 0
    }
}

/// From where XREADGROUP reads.
#[derive(Debug, Clone, Copy)]
enum GroupStart {
    /// `>`, for which the largest id stands too: what no consumer was delivered.
    New,
    /// What the consumer has pending behind an id.
    PendingAfter(StreamId),
}

impl GroupStart {
    fn parse(arg: &[u8]) -> Result<GroupStart, CommandError> {
        let meaningless = |id: &str| {
            Err(CommandError::composed(format!(
                "ERR The {id} ID is meaningless in the context of XREADGROUP: you want to read \
                 the history of this consumer by specifying a proper ID, or use the > ID to get \
                 new messages. The {id} ID would just return an empty result set."
            )))
        };
        match arg {
            b">" => Ok(GroupStart::New),
            b"$" => meaningless("$"),
            b"+" => meaningless("+"),
            _ => Ok(match parse_id(arg)? {
                StreamId::MAX => GroupStart::New,
                id => GroupStart::PendingAfter(id),
            }),
        }
    }
}

/// XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [CLAIM min-idle-time]
/// [NOACK] STREAMS key [key ...] ID [ID ...]
fn xreadgroup(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let read = ReadOptions::parse(args, true, ctx.now())?;
    let (group, consumer) = read
        .consumer
        .ok_or_else(|| CommandError::text(&"ERR Missing GROUP option for XREADGROUP"))?;
    let mut starts = Vec::new();
    for (&key, &id) in read.keys.iter().zip(read.ids) {
        let stream = ctx.get::<Stream>(key)?;
        if !stream.is_some_and(|stream| stream.groups.contains_key(group)) {
            return Err(no_group(key, group, " in XREADGROUP with GROUP option"));
        }
        starts.push(GroupStart::parse(id)?);
    }
    let mut reply = StreamsReply::new(out);
    for (key, start) in read.keys.iter().zip(starts) {
        ctx.get::<Stream>(key)?;
        let Some(name) = join_group(ctx, key, group, consumer)? else {
            continue;
        };
        match start {
            GroupStart::New => deliver(ctx, key, &read, group, &name, &mut reply, out)?,
            GroupStart::PendingAfter(after) => {
                reply.start_stream(out, key);
                repeat_pending(ctx, key, group, &name, after, read.count, out)?;
            }
        }
    }
    if reply.finish(out) {
        return Ok(());
    }
    let Some(deadline) = read.block else {
        out.null_array();
        return Ok(());
    };
    let retry_at = read.min_idle.and_then(|min_idle| next_claim(ctx, &read, group, min_idle));
    let wait = Wait {
        unblock_on_nokey: true,
        claims: read.min_idle.is_some(),
        deadline,
        retry_at,
        ..Wait::new(ValueType::Stream, ReplyWriter::null_array)
    };
    ctx.block_with(out, args, read.keys, wait);
    Ok(())
}

/// Notes that a consumer asks for something, which creates it where it is new.
pub(super) fn join_group(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    consumer: &[u8],
) -> Result<Option<ConsumerName>, CommandError> {
    let now = ctx.now();
    let found = ctx.get_mut::<Stream>(key)?.and_then(|stream| stream.groups.get_mut(group));
    let Some(found) = found else {
        return Ok(None);
    };
    let is_new = found.create_consumer(consumer, now);
    let name = found.see_consumer(consumer, now);
    if is_new {
        note_change(ctx, key, Class::STREAM, "xgroup-createconsumer");
    }
    Ok(name)
}

/// Answers a consumer what it has pending, and counts that as deliveries.
fn repeat_pending(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
    name: &ConsumerName,
    after: StreamId,
    count: usize,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let header = out.begin();
    let mut written = 0;
    if let Some(stream) = ctx.get_mut::<Stream>(key)?
        && let Some(start) = after.next()
    {
        let consumer = stream.groups.get(group).and_then(|group| group.consumers().get(name));
        let pending = consumer.map(|consumer| consumer.pending().range(start..).take(count));
        let ids: Vec<StreamId> = pending.into_iter().flatten().copied().collect();
        written = ids.len();
        for id in ids {
            match stream.get(id) {
                Some(entry) => write_entry(out, entry),
                None => {
                    out.array(2);
                    write_id(out, id);
                    out.null_array();
                    continue;
                }
            }
            if let Some(group) = stream.groups.get_mut(group) {
                redeliver(group, id, name, now);
            }
        }
    }
    out.end_array(header, written);
    ctx.engine.signal_delivery(ctx.db, key);
    Ok(())
}

/// Delivers a pending entry to a consumer once more, and returns how it was pending before.
fn redeliver(
    group: &mut ConsumerGroup,
    id: StreamId,
    name: &ConsumerName,
    now: UnixMillis,
) -> Option<Pending> {
    let was = group.pending().get(&id)?.clone();
    let delivery_count = was.delivery_count.saturating_add(1);
    group.deliver(id, name, now, delivery_count);
    Some(was)
}

/// Delivers what is to be claimed, then what is new; writes nothing where there is neither.
fn deliver(
    ctx: &mut Context<'_>,
    key: &[u8],
    read: &ReadOptions<'_, '_>,
    group_name: &[u8],
    name: &ConsumerName,
    reply: &mut StreamsReply,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    let Some(stream) = ctx.get_mut::<Stream>(key)? else {
        return Ok(());
    };
    let claimed = read
        .min_idle
        .map(|min_idle| claim_idle(stream, group_name, name, min_idle, read.count, now));
    let has_claims = claimed.is_some();
    let claimed = claimed.unwrap_or_default();
    let new = take_new(stream, group_name, name, read.count - claimed.len(), read.no_ack, now);
    if claimed.is_empty() && new.is_empty() {
        return Ok(());
    }
    reply.start_stream(out, key);
    out.array(claimed.len() + new.len());
    let new = new.into_iter().map(|id| Delivered { id, idle: 0, deliveries: 0 });
    for delivered in claimed.into_iter().chain(new) {
        if let Some(entry) = stream.get(delivered.id) {
            delivered.write(entry, has_claims, out);
        }
    }
    note_change(ctx, key, Class::NONE, "xreadgroup");
    ctx.engine.signal_delivery(ctx.db, key);
    Ok(())
}

/// An entry that is delivered, with how it was pending before.
#[derive(Debug)]
struct Delivered {
    id: StreamId,
    idle: i64,
    deliveries: u64,
}

impl Delivered {
    fn write(&self, entry: StreamEntry<'_>, has_claims: bool, out: &mut ReplyWriter) {
        if !has_claims {
            return write_entry(out, entry);
        }
        out.array(4);
        write_id(out, entry.id);
        write_fields(out, entry);
        out.integer(self.idle);
        out.integer(i64::try_from(self.deliveries).unwrap_or(i64::MAX));
    }
}

/// Makes a consumer the owner of entries that have been idle for so long, the longest first.
fn claim_idle(
    stream: &mut Stream,
    group: &[u8],
    name: &ConsumerName,
    min_idle: i64,
    count: usize,
    now: UnixMillis,
) -> Vec<Delivered> {
    let Some(found) = stream.groups.get(group) else {
        return Vec::new();
    };
    let idle_since = UnixMillis(now - UnixMillis(min_idle));
    let idle = found.idle_since(idle_since);
    let ids: Vec<StreamId> = idle.filter(|id| stream.get(*id).is_some()).take(count).collect();
    let Some(found) = stream.groups.get_mut(group) else {
        return Vec::new();
    };
    if !ids.is_empty() {
        found.mark_active(name, now);
    }
    let claimed = ids.into_iter().filter_map(|id| {
        let was = redeliver(found, id, name, now)?;
        let idle = (now - was.delivered_at).max(0);
        Some(Delivered { id, idle, deliveries: was.delivery_count })
    });
    claimed.collect()
}

/// Moves a group behind the entries that it has not been delivered, which the consumer has
/// pending then.
fn take_new(
    stream: &mut Stream,
    group: &[u8],
    name: &ConsumerName,
    count: usize,
    no_ack: bool,
    now: UnixMillis,
) -> Vec<StreamId> {
    let start = stream.groups.get(group).and_then(|group| group.last_id.next());
    let Some(start) = start else {
        return Vec::new();
    };
    let new = stream.range(start, StreamId::MAX).take(count);
    let ids: Vec<StreamId> = new.map(|entry| entry.id).collect();
    for &id in &ids {
        stream.advance_group(group, id);
        if let Some(group) = stream.groups.get_mut(group).filter(|_| !no_ack) {
            group.deliver(id, name, now, 1);
            group.mark_active(name, now);
        }
    }
    ids
}

/// When the first entry that is pending now will have been idle for so long.
fn next_claim(
    ctx: &Context<'_>,
    read: &ReadOptions<'_, '_>,
    group: &[u8],
    min_idle: i64,
) -> Option<UnixMillis> {
    let idle_since = UnixMillis(ctx.now() - UnixMillis(min_idle));
    let first = |key: &&[u8]| {
        let stream = ctx.peek::<Stream>(key).ok().flatten()?;
        let later = (idle_since + 1, StreamId::MIN);
        let mut pending = stream.groups.get(group)?.by_time().range(later..);
        let (at, _) = pending.find(|(_, id)| stream.get(*id).is_some())?;
        at.checked_add(min_idle)
    };
    read.keys.iter().filter_map(first).min()
}
