//! What groups have pending: XPENDING looks, XCLAIM and XAUTOCLAIM give it to another consumer.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::read::join_group;
use super::{
    no_group, note_change, parse_end, parse_id, parse_start, write_entry, write_id, write_ids,
};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::time::UnixMillis;
use crate::value::{ConsumerGroup, ConsumerName, Pending, Stream, StreamId};
use keyspace_resp::ReplyWriter;
use std::ops::Bound;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "xpending",
        syntax: "XPENDING key group [[IDLE min-idle-time] start end count [consumer]]",
        summary: "Answers what a group has delivered and not acknowledged.",
        since: "5.0.0",
        complexity: "O(1); with a range: O(N) in the number of entries looked at",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(xpending),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xclaim",
        syntax: "XCLAIM key group consumer min-idle-time ID [ID ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
        summary: "Makes a consumer the owner of pending entries that are idle.",
        since: "5.0.0",
        complexity: "O(log(N)) in the number of pending entries",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(xclaim),
        ..CommandSpec::new(Group::Stream)
    },
    CommandSpec {
        name: "xautoclaim",
        syntax: "XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]",
        summary: "Makes a consumer the owner of pending entries that are idle, by a walk in steps.",
        since: "6.2.0",
        complexity: "O(1) where COUNT is small",
        arity: -6,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Stream],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(xautoclaim),
        ..CommandSpec::new(Group::Stream)
    },
];

/// Which pending entries XPENDING lists.
#[derive(Debug)]
struct PendingRange<'a> {
    min_idle: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> PendingRange<'a> {
    /// `[IDLE min-idle-time] start end count [consumer]`
    fn parse(args: &Args<'a>) -> Result<PendingRange<'a>, CommandError> {
        if !(3..=6).contains(&args.len()) {
            return Err(CommandError::Syntax);
        }
        let (min_idle, range) = match args {
            [idle, min_idle, range @ ..] if args::is(idle, "idle") => {
                (args::integer(min_idle)?, range)
            }
            range => (0, range),
        };
        let [start, end, count, rest @ ..] = range else {
            return Err(CommandError::Syntax);
        };
        let count = args::integer(count)?.max(0);
        Ok(PendingRange {
            min_idle,
            start: parse_start(start)?,
            end: parse_end(end)?,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            consumer: rest.first().copied(),
        })
    }
}

/// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]
fn xpending(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let range = if args.len() > 3 { Some(PendingRange::parse(&args[3..])?) } else { None };
    let now = ctx.now();
    let stream = ctx.get::<Stream>(args[1])?;
    let group = stream.and_then(|stream| stream.groups.get(args[2]));
    let group = group.ok_or_else(|| no_group(args[1], args[2], ""))?;
    match range {
        Some(range) => write_range(group, &range, now, out),
        None => write_summary(group, out),
    }
    Ok(())
}

/// How much is pending, from where to where, and how much of it is whose.
fn write_summary(group: &ConsumerGroup, out: &mut ReplyWriter) {
    out.array(4);
    out.count(group.pending().len());
    let ends = group.pending().first_key_value().zip(group.pending().last_key_value());
    let Some(((first, _), (last, _))) = ends else {
        out.null();
        out.null();
        out.null_array();
        return;
    };
    write_id(out, *first);
    write_id(out, *last);
    let owners = group.consumers().iter().filter(|(_, consumer)| !consumer.pending().is_empty());
    let start = out.begin();
    let mut written = 0;
    for (name, consumer) in owners {
        out.array(2);
        out.bulk(name);
        out.bulk_integer(consumer.pending().len() as i64);
        written += 1;
    }
    out.end_array(start, written);
}

fn write_range(
    group: &ConsumerGroup,
    range: &PendingRange<'_>,
    now: UnixMillis,
    out: &mut ReplyWriter,
) {
    let header = out.begin();
    let mut written = 0;
    let mut write = |(id, pending): (&StreamId, &Pending)| {
        let idle = now - pending.delivered_at;
        if range.min_idle == 0 || idle >= range.min_idle {
            out.array(4);
            write_id(out, *id);
            out.bulk(pending.holder.name());
            // What was given back has no delivery of which it could be told how long ago it was.
            out.integer(if pending.holder.is_nobody() { -1 } else { idle.max(0) });
            out.integer(i64::try_from(pending.delivery_count).unwrap_or(i64::MAX));
            written += 1;
        }
        written < range.count
    };
    if range.start <= range.end && range.count > 0 {
        let ids = (Bound::Included(range.start), Bound::Included(range.end));
        match range.consumer {
            None => _ = group.pending().range(ids).all(&mut write),
            Some(name) => {
                let consumer = group.consumers().get(name);
                let ids = consumer.map(|consumer| consumer.pending().range(ids));
                let ids = ids.into_iter().flatten();
                _ = ids.filter_map(|id| group.pending().get_key_value(id)).all(&mut write);
            }
        }
    }
    out.end_array(header, written);
}

/// How XCLAIM claims.
#[derive(Debug)]
struct ClaimOptions {
    delivered_at: UnixMillis,
    delivery_count: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

impl ClaimOptions {
    fn parse(args: &Args<'_>, now: UnixMillis) -> Result<ClaimOptions, CommandError> {
        let mut claim = ClaimOptions {
            delivered_at: now,
            delivery_count: None,
            force: false,
            just_id: false,
            last_id: StreamId::MIN,
        };
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            let has_value = !options.rest().is_empty();
            if args::is(option, "force") {
                claim.force = true;
            } else if args::is(option, "justid") {
                claim.just_id = true;
            } else if args::is(option, "idle") && has_value {
                let idle = integer_of(options.value()?, "IDLE option")?;
                claim.delivered_at = UnixMillis(now - UnixMillis(idle));
            } else if args::is(option, "time") && has_value {
                claim.delivered_at = UnixMillis(integer_of(options.value()?, "TIME option")?);
            } else if args::is(option, "retrycount") && has_value {
                let count = integer_of(options.value()?, "RETRYCOUNT option")?;
                claim.delivery_count = u64::try_from(count).ok();
            } else if args::is(option, "lastid") && has_value {
                claim.last_id = parse_id(options.value()?)?;
            } else {
                let option = String::from_utf8_lossy(option);
                return Err(CommandError::composed(format!(
                    "ERR Unrecognized XCLAIM option '{option}'"
                )));
            }
        }
        // A client's clock may be ahead: a time that cannot be is taken for now.
        if !(UnixMillis(0)..=now).contains(&claim.delivered_at) {
            claim.delivered_at = now;
        }
        Ok(claim)
    }
}

fn integer_of(arg: &[u8], what: &str) -> Result<i64, CommandError> {
    args::integer(arg)
        .map_err(|_| CommandError::composed(format!("ERR Invalid {what} argument for XCLAIM")))
}

/// What became of the entries that were to be claimed.
#[derive(Debug, Default)]
struct Claimed {
    ids: Vec<StreamId>,
    /// They were pending, and are in the stream no longer.
    deleted: Vec<StreamId>,
}

/// XCLAIM key group consumer min-idle-time ID [ID ...] [IDLE ms] [TIME unix-time-milliseconds]
/// [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]
fn xclaim(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, group) = (args[1], args[2]);
    require_group(ctx, key, group)?;
    let min_idle = integer_of(args[4], "min-idle-time")?.max(0);
    let ids: Vec<StreamId> = args[5..].iter().map_while(|id| parse_id(id).ok()).collect();
    let now = ctx.now();
    let options = ClaimOptions::parse(&args[5 + ids.len()..], now)?;
    let Some(name) = join_group(ctx, key, group, args[3])? else {
        return Ok(());
    };
    let Some(stream) = ctx.get_mut::<Stream>(key)? else {
        return Ok(());
    };
    if let Some(group) = stream.groups.get_mut(group) {
        group.last_id = group.last_id.max(options.last_id);
    }
    let mut claimed = Claimed::default();
    for id in ids {
        let exists = stream.get(id).is_some();
        let Some(group) = stream.groups.get_mut(group) else {
            break;
        };
        if !exists {
            if group.acknowledge(id) {
                claimed.deleted.push(id);
            }
            continue;
        }
        let was = group.pending().get(&id);
        let deliveries = match was {
            Some(was) if now - was.delivered_at < min_idle && min_idle > 0 => continue,
            Some(was) => was.delivery_count,
            None if options.force => 1,
            None => continue,
        };
        let delivery_count = options
            .delivery_count
            .unwrap_or(deliveries.saturating_add(u64::from(!options.just_id)));
        group.deliver(id, &name, options.delivered_at, delivery_count);
        group.mark_active(&name, now);
        claimed.ids.push(id);
    }
    write_claimed(stream, &claimed.ids, options.just_id, out);
    note_claims(ctx, key, &claimed, "xclaim");
    Ok(())
}

/// XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]
///
/// What was deleted from the stream is pending no longer, and is named by itself.
fn xautoclaim(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let min_idle = args::integer(args[4])
        .map_err(|_| CommandError::text(&"ERR Invalid min-idle-time argument for XAUTOCLAIM"))?;
    let walk = ClaimWalk::parse(args, min_idle.max(0))?;
    let (key, group) = (args[1], args[2]);
    require_group(ctx, key, group)?;
    let now = ctx.now();
    let Some(name) = join_group(ctx, key, group, args[3])? else {
        return Ok(());
    };
    let Some(stream) = ctx.get_mut::<Stream>(key)? else {
        return Ok(());
    };
    let (claimed, cursor) = walk.run(stream, group, &name, now);
    out.array(3);
    write_id(out, cursor);
    write_claimed(stream, &claimed.ids, walk.just_id, out);
    write_ids(out, &claimed.deleted);
    note_claims(ctx, key, &claimed, "xautoclaim");
    Ok(())
}

/// One step of XAUTOCLAIM's walk.
#[derive(Debug)]
struct ClaimWalk {
    min_idle: i64,
    start: StreamId,
    /// The most entries in the reply.
    count: usize,
    just_id: bool,
}

impl ClaimWalk {
    /// How many entries are looked at for each that may be answered.
    const ATTEMPTS_FACTOR: usize = 10;
    /// The largest COUNT that Redis takes.
    const MAX_COUNT: i64 = i64::MAX / 16;

    fn parse(args: &Args<'_>, min_idle: i64) -> Result<ClaimWalk, CommandError> {
        let start = parse_start(args[5])?;
        let mut walk = ClaimWalk { min_idle, start, count: 100, just_id: false };
        let mut options = Options::new(&args[6..]);
        while let Some(option) = options.next() {
            if args::is(option, "count") && !options.rest().is_empty() {
                let count = args::integer(options.value()?).ok();
                let count = count.filter(|count| (1..=ClaimWalk::MAX_COUNT).contains(count));
                let count = count.ok_or(CommandError::text(&"ERR COUNT must be > 0"))?;
                walk.count = usize::try_from(count).unwrap_or(usize::MAX);
            } else if args::is(option, "justid") {
                walk.just_id = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(walk)
    }

    /// Claims, and returns where the next step starts.
    fn run(
        &self,
        stream: &mut Stream,
        group: &[u8],
        name: &ConsumerName,
        now: UnixMillis,
    ) -> (Claimed, StreamId) {
        let mut claimed = Claimed::default();
        let mut attempts = self.count.saturating_mul(ClaimWalk::ATTEMPTS_FACTOR);
        let mut next = Bound::Included(self.start);
        loop {
            let found = stream.groups.get(group);
            let pending = found.map(|group| group.pending().range((next, Bound::Unbounded)));
            let Some((&id, was)) = pending.and_then(|mut pending| pending.next()) else {
                return (claimed, StreamId::MIN);
            };
            if attempts == 0 || claimed.ids.len() + claimed.deleted.len() == self.count {
                return (claimed, id);
            }
            attempts -= 1;
            next = Bound::Excluded(id);
            let is_deleted = stream.get(id).is_none();
            let is_busy = self.min_idle > 0 && now - was.delivered_at < self.min_idle;
            let delivery_count = was.delivery_count.saturating_add(u64::from(!self.just_id));
            let Some(group) = stream.groups.get_mut(group) else {
                continue;
            };
            if is_deleted {
                group.acknowledge(id);
                claimed.deleted.push(id);
            } else if !is_busy {
                group.deliver(id, name, now, delivery_count);
                group.mark_active(name, now);
                claimed.ids.push(id);
            }
        }
    }
}

/// The group is there.
pub(super) fn require_group(
    ctx: &mut Context<'_>,
    key: &[u8],
    group: &[u8],
) -> Result<(), CommandError> {
    match ctx.get::<Stream>(key)? {
        Some(stream) if stream.groups.contains_key(group) => Ok(()),
        _ => Err(no_group(key, group, "")),
    }
}

fn write_claimed(stream: &Stream, ids: &[StreamId], just_id: bool, out: &mut ReplyWriter) {
    if just_id {
        return write_ids(out, ids);
    }
    out.array(ids.len());
    ids.iter().filter_map(|id| stream.get(*id)).for_each(|entry| write_entry(out, entry));
}

fn note_claims(ctx: &mut Context<'_>, key: &[u8], claimed: &Claimed, event: &'static str) {
    if !claimed.ids.is_empty() || !claimed.deleted.is_empty() {
        note_change(ctx, key, Class::NONE, event);
        ctx.engine.signal_delivery(ctx.db, key);
    }
}
