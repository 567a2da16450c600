//! Streams: their nodes as listpacks, their groups with what is pending, and what producers sent.

use super::reader::Reader;
use super::writer::Writer;
use super::{Corrupt, layout, listpack};
use crate::config::Config;
use crate::sort::sort_by_key;
use crate::sorted::SortedMap;
use crate::time::UnixMillis;
use crate::value::{
    ConsumerGroup, Idempotency, IdempotencyLimits, Map, SmallBytes, Stream, StreamId, StreamNode,
    StreamNodeFlags, canonical_integer,
};

/// What stands for a number of read entries that is not known, and for a time that never was.
const UNKNOWN: u64 = u64::MAX;
/// The longest that message ids are remembered, and the most of one producer.
const MAX_IDEMPOTENCY: IdempotencyLimits =
    IdempotencyLimits { duration_secs: 86_400, max_size: 10_000 };

/// The oldest layout that says all of a stream, of which `limits` need not be said.
pub(super) fn layout_of(stream: &Stream, limits: IdempotencyLimits) -> u8 {
    let groups = || stream.groups.values();
    let known = &stream.idempotency;
    if groups().any(|group| group.released().next().is_some()) {
        layout::STREAM_LISTPACKS_5
    } else if known.limits() != limits || known.added != 0 || known.duplicates != 0 {
        layout::STREAM_LISTPACKS_4
    } else if groups()
        .flat_map(|group| group.consumers().values())
        .any(|consumer| consumer.active_at != Some(consumer.seen_at))
    {
        layout::STREAM_LISTPACKS_3
    } else {
        layout::STREAM_LISTPACKS_2
    }
}

/// Appends a stream in its layout.
pub(super) fn save(out: &mut Writer, stream: &Stream, layout: u8) {
    out.length(stream.nodes().len() as u64);
    for node in stream.nodes() {
        out.string(&node.key.to_bytes());
        let mut packed = listpack::Writer::new();
        node.write(|part| packed.push_entry(part));
        out.string(&packed.finish());
    }
    out.length(stream.len() as u64);
    save_id(out, stream.last_id);
    save_id(out, stream.first().map_or(StreamId::MIN, |first| first.id));
    save_id(out, stream.max_deleted_id);
    out.length(stream.entries_added as u64);
    out.length(stream.groups.len() as u64);
    for (name, group) in &stream.groups {
        out.string(name);
        save_group(out, group, layout);
    }
    if layout >= layout::STREAM_LISTPACKS_4 {
        save_idempotency(out, &stream.idempotency);
    }
}

fn save_id(out: &mut Writer, id: StreamId) {
    out.length(id.ms);
    out.length(id.seq);
}

fn save_time(out: &mut Writer, at: Option<UnixMillis>) {
    let ms = at.map_or(UNKNOWN, |at| at.0 as u64);
    out.raw(&ms.to_le_bytes());
}

fn save_group(out: &mut Writer, group: &ConsumerGroup, layout: u8) {
    save_id(out, group.last_id);
    out.length(group.entries_read.map_or(UNKNOWN, |read| read as u64));
    out.length(group.pending().len() as u64);
    for (id, pending) in group.pending() {
        out.raw(&id.to_bytes());
        save_time(out, Some(pending.delivered_at));
        out.length(pending.delivery_count);
    }
    out.length(group.consumers().len() as u64);
    for (name, consumer) in group.consumers() {
        out.string(name);
        save_time(out, Some(consumer.seen_at));
        if layout >= layout::STREAM_LISTPACKS_3 {
            save_time(out, consumer.active_at);
        }
        out.length(consumer.pending().len() as u64);
        consumer.pending().iter().for_each(|id| out.raw(&id.to_bytes()));
    }
    if layout >= layout::STREAM_LISTPACKS_5 {
        out.length(group.released().count() as u64);
        group.released().for_each(|id| out.raw(&id.to_bytes()));
    }
}

fn save_idempotency(out: &mut Writer, known: &Idempotency) {
    let limits = known.limits();
    out.length(limits.duration_secs as u64);
    out.length(limits.max_size as u64);
    let mut producers: Vec<_> = known.producers().collect();
    sort_by_key(&mut producers, |(name, _)| *name);
    out.length(producers.len() as u64);
    for (producer, messages) in producers {
        out.string(producer);
        out.length(messages.len() as u64);
        for (message, id) in messages {
            out.string(message);
            save_id(out, id);
        }
    }
    out.length(known.added);
    out.length(known.duplicates);
}

/// Reads a stream in that layout.
pub(super) fn load(
    layout: u8,
    reader: &mut Reader<'_>,
    config: &Config,
) -> Result<Stream, Corrupt> {
    let mut nodes = Vec::new();
    for _ in 0..reader.length()? {
        nodes.push(load_node(reader)?);
    }
    let mut stream = Stream::restore(nodes, config.idempotency_limits()).ok_or(Corrupt)?;
    let len = reader.length()?;
    stream.last_id = load_id(reader)?;
    stream.entries_added = i64::try_from(len).map_err(|_| Corrupt)?;
    if layout >= layout::STREAM_LISTPACKS_2 {
        // The first id, which the entries say too.
        load_id(reader)?;
        stream.max_deleted_id = load_id(reader)?;
        stream.entries_added = i64::try_from(reader.length()?).map_err(|_| Corrupt)?;
    }
    let is_behind = stream.last().is_some_and(|last| stream.last_id < last.id);
    if usize::try_from(len) != Ok(stream.len()) || is_behind {
        return Err(Corrupt);
    }
    for _ in 0..reader.length()? {
        let name = SmallBytes::from(&*reader.string()?);
        let group = load_group(layout, reader, &stream)?;
        if stream.groups.insert(name, group).is_some() {
            return Err(Corrupt);
        }
    }
    if layout >= layout::STREAM_LISTPACKS_4 {
        stream.idempotency = load_idempotency(reader)?;
    }
    Ok(stream)
}

fn load_id(reader: &mut Reader<'_>) -> Result<StreamId, Corrupt> {
    Ok(StreamId::new(reader.length()?, reader.length()?))
}

fn load_raw_id(reader: &mut Reader<'_>) -> Result<StreamId, Corrupt> {
    reader.array().map(StreamId::from_bytes)
}

fn load_time(reader: &mut Reader<'_>) -> Result<UnixMillis, Corrupt> {
    let ms = i64::from_le_bytes(reader.array()?);
    if ms < 0 { Err(Corrupt) } else { Ok(UnixMillis(ms)) }
}

fn load_time_if_any(reader: &mut Reader<'_>) -> Result<Option<UnixMillis>, Corrupt> {
    match u64::from_le_bytes(reader.array()?) {
        UNKNOWN => Ok(None),
        ms => i64::try_from(ms).map(|ms| Some(UnixMillis(ms))).map_err(|_| Corrupt),
    }
}

/// The elements of a node's listpack, taken one after the other.
struct Parts<'a>(std::slice::Iter<'a, SmallBytes>);

impl<'a> Parts<'a> {
    fn word(&mut self) -> Result<&'a [u8], Corrupt> {
        self.0.next().map(|part| &**part).ok_or(Corrupt)
    }

    fn integer(&mut self) -> Result<i64, Corrupt> {
        canonical_integer(self.word()?).ok_or(Corrupt)
    }

    /// As many words as a number says, which may be more than there are.
    fn words(&mut self, count: i64) -> Result<Vec<&'a [u8]>, Corrupt> {
        let count = usize::try_from(count).ok().filter(|&count| count <= self.0.len());
        (0..count.ok_or(Corrupt)?).map(|_| self.word()).collect()
    }
}

fn load_node(reader: &mut Reader<'_>) -> Result<StreamNode, Corrupt> {
    let key = reader.string()?;
    let key = <[u8; 16]>::try_from(&*key).map_err(|_| Corrupt)?;
    let key = StreamId::from_bytes(key);
    let packed = reader.string()?;
    let elements = listpack::read(&packed)?;
    let mut parts = Parts(elements.iter());
    let (live, deleted) = (parts.integer()?, parts.integer()?);
    let field_count = parts.integer()?;
    let master_fields = parts.words(field_count)?;
    if parts.integer()? != 0 {
        return Err(Corrupt);
    }
    let mut node = StreamNode::empty(key, master_fields.iter().copied());
    let (mut last_id, mut found_deleted) = (None, 0);
    while !parts.0.as_slice().is_empty() {
        let (flags, id, words) = load_entry(&mut parts, key, &master_fields)?;
        if id < key || last_id.is_some_and(|last| last >= id) {
            return Err(Corrupt);
        }
        last_id = Some(id);
        if flags & StreamNodeFlags::DELETED == 0 {
            node.push(id, &words);
        } else {
            found_deleted += 1;
        }
    }
    if i64::try_from(node.len()) != Ok(live) || deleted != found_deleted {
        return Err(Corrupt);
    }
    let deleted = usize::try_from(deleted).map_err(|_| Corrupt)?;
    last_id.and_then(|last_id| node.restored(last_id, deleted, packed.len())).ok_or(Corrupt)
}

/// The flags of an entry, its id, and its fields and values.
fn load_entry<'a>(
    parts: &mut Parts<'a>,
    key: StreamId,
    master_fields: &[&'a [u8]],
) -> Result<(i64, StreamId, Vec<&'a [u8]>), Corrupt> {
    let left = parts.0.len();
    let flags = parts.integer()?;
    let (ms, seq) = (parts.integer()? as u64, parts.integer()? as u64);
    let id = StreamId::new(key.ms.wrapping_add(ms), key.seq.wrapping_add(seq));
    let words = if flags & StreamNodeFlags::SAME_FIELDS == 0 {
        let pairs = parts.integer()?;
        parts.words(pairs.checked_mul(2).ok_or(Corrupt)?)?
    } else {
        let values = parts.words(master_fields.len() as i64)?;
        master_fields.iter().zip(values).flat_map(|(&field, value)| [field, value]).collect()
    };
    let read = left - parts.0.len();
    if i64::try_from(read) != Ok(parts.integer()?) {
        return Err(Corrupt);
    }
    Ok((flags, id, words))
}

/// A group; everything that is pending belongs to one of its consumers, or was released.
fn load_group(
    layout: u8,
    reader: &mut Reader<'_>,
    stream: &Stream,
) -> Result<ConsumerGroup, Corrupt> {
    let last_id = load_id(reader)?;
    let entries_read = match layout {
        layout::STREAM_LISTPACKS => stream.entries_before(last_id),
        _ => match reader.length()? {
            UNKNOWN => None,
            read => Some(i64::try_from(read).map_err(|_| Corrupt)?),
        },
    };
    let mut group = ConsumerGroup::new(last_id, entries_read);
    let mut unowned = SortedMap::default();
    for _ in 0..reader.length()? {
        let id = load_raw_id(reader)?;
        let delivery = (load_time(reader)?, reader.length()?);
        if unowned.insert(id, delivery).is_some() {
            return Err(Corrupt);
        }
    }
    for _ in 0..reader.length()? {
        load_consumer(layout, reader, &mut group, &mut unowned)?;
    }
    if layout >= layout::STREAM_LISTPACKS_5 {
        for _ in 0..reader.length()? {
            let id = load_raw_id(reader)?;
            let (_, delivery_count) = unowned.remove(&id).ok_or(Corrupt)?;
            group.release(id, delivery_count);
        }
    }
    if unowned.is_empty() { Ok(group) } else { Err(Corrupt) }
}

fn load_consumer(
    layout: u8,
    reader: &mut Reader<'_>,
    group: &mut ConsumerGroup,
    unowned: &mut SortedMap<StreamId, (UnixMillis, u64)>,
) -> Result<(), Corrupt> {
    let name = reader.string()?;
    let seen_at = load_time(reader)?;
    let active_at = match layout {
        layout::STREAM_LISTPACKS | layout::STREAM_LISTPACKS_2 => Some(seen_at),
        _ => load_time_if_any(reader)?,
    };
    if !group.create_consumer(&name, seen_at) {
        return Err(Corrupt);
    }
    if let Some(at) = active_at {
        group.mark_active(&name, at);
    }
    let name = group.see_consumer(&name, seen_at).ok_or(Corrupt)?;
    for _ in 0..reader.length()? {
        let id = load_raw_id(reader)?;
        let (delivered_at, delivery_count) = unowned.remove(&id).ok_or(Corrupt)?;
        group.deliver(id, &name, delivered_at, delivery_count);
    }
    Ok(())
}

/// The time of a message is that of the entry that it became.
fn load_idempotency(reader: &mut Reader<'_>) -> Result<Idempotency, Corrupt> {
    let number = |reader: &mut Reader<'_>, max: u64| {
        Ok(reader.length()?).and_then(|number| match number {
            1.. if number <= max => Ok(number),
            _ => Err(Corrupt),
        })
    };
    let duration_secs = number(reader, MAX_IDEMPOTENCY.duration_secs as u64)? as i64;
    let max_size = number(reader, MAX_IDEMPOTENCY.max_size as u64)? as usize;
    let mut known = Idempotency::new(IdempotencyLimits { duration_secs, max_size });
    let mut producers = Map::default();
    for _ in 0..reader.length()? {
        let producer = SmallBytes::from(&*reader.string()?);
        let mut messages = Map::default();
        for _ in 0..reader.length()? {
            let message = SmallBytes::from(&*reader.string()?);
            if messages.insert(message, load_id(reader)?).is_some() {
                return Err(Corrupt);
            }
        }
        if producers.insert(producer, messages).is_some() {
            return Err(Corrupt);
        }
    }
    for (producer, messages) in producers {
        let mut messages: Vec<_> = messages.into_iter().collect();
        sort_by_key(&mut messages, |(_, id)| *id);
        for (message, id) in messages {
            let at = UnixMillis(i64::try_from(id.ms).unwrap_or(i64::MAX));
            known.record(&producer, &message, id, at);
        }
    }
    known.added = reader.length()?;
    known.duplicates = reader.length()?;
    Ok(known)
}
