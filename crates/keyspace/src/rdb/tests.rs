//! Payloads that come back as they went, and payloads that nobody wrote.

use super::*;
use crate::value::{
    Array, ConsumerGroup, End, Hash, List, Member, NodeLimit, Set, Str, Stream, StreamId,
    StreamLimits, Typed, ZSet,
};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(1000);

fn read(payload: &[u8]) -> Result<Option<Value>, Refused> {
    restore(payload, &Config::default(), NOW)
}

fn dumped(value: &Value) -> Vec<u8> {
    dump(value, &Config::default())
}

fn element() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<i64>().prop_map(|integer| integer.to_string().into_bytes()),
        4 => (-5000..5000_i32).prop_map(|integer| integer.to_string().into_bytes()),
        2 => any::<i32>().prop_map(|integer| integer.to_string().into_bytes()),
        4 => prop::collection::vec(any::<u8>(), 0..70),
        1 => (any::<u8>(), 60..20_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ]
}

fn string() -> impl Strategy<Value = Value> {
    element().prop_map(|bytes| Str::new(&bytes).into_value())
}

fn list() -> impl Strategy<Value = Value> {
    (prop::collection::vec(element(), 1..40), -5..20_i64).prop_map(|(elements, limit)| {
        let mut list = List::default();
        for element in &elements {
            list.push_all(End::Right, &[element], NodeLimit::new(limit));
        }
        list.into_value()
    })
}

fn set() -> impl Strategy<Value = Value> {
    let integer = any::<i64>().prop_flat_map(|integer| {
        (0..63_u32).prop_map(move |shift| (integer >> shift).to_string().into_bytes())
    });
    let members = prop_oneof![
        prop::collection::vec(element(), 1..40),
        prop::collection::vec(integer, 1..40),
        prop::collection::vec(element(), 120..200),
    ];
    members.prop_map(|members| {
        let mut set = Set::default();
        for member in &members {
            set.add(Member::Bytes(member), Config::default().set_limits());
        }
        set.into_value()
    })
}

fn zset() -> impl Strategy<Value = Value> {
    let score = prop_oneof![
        any::<f64>().prop_filter("a score is a number", |score| !score.is_nan()),
        (-9..9_i8).prop_map(f64::from),
        Just(f64::INFINITY),
        Just(-0.0),
    ];
    let elements = prop::collection::vec((element(), score), 1..160);
    elements.prop_map(|elements| {
        let mut zset = ZSet::default();
        for (member, score) in elements {
            zset.insert(&member, score, Config::default().zset_limits());
        }
        zset.into_value()
    })
}

fn hash() -> impl Strategy<Value = Value> {
    let expire = prop::option::weighted(0.3, NOW.0 + 1..1 << 46);
    let fields = prop::collection::vec((element(), element(), expire), 1..40);
    fields.prop_map(|fields| {
        let mut hash = Hash::default();
        for (field, value, expire_at) in fields {
            hash.set(&field, &value, Config::default().hash_limits());
            if let Some(at) = expire_at {
                hash.set_expire(&field, UnixMillis(at));
            }
        }
        hash.into_value()
    })
}

#[derive(Debug, Clone)]
enum StreamOp {
    Append(u64, Vec<(u8, Vec<u8>)>),
    Delete(u8),
    /// Group, consumer, entry, and when it was delivered how often.
    Deliver(u8, u8, u8, i64, u64),
    Release(u8, u8),
    CreateConsumer(u8, u8),
    Record(u8, u8),
}

fn stream_op() -> impl Strategy<Value = StreamOp> {
    let fields = prop::collection::vec((0..3_u8, element()), 1..4);
    prop_oneof![
        6 => (1..300_u64, fields).prop_map(|(step, fields)| StreamOp::Append(step, fields)),
        2 => (0..40_u8).prop_map(StreamOp::Delete),
        3 => (0..3_u8, 0..3_u8, 0..40_u8, 0..9_000_i64, any::<u64>())
            .prop_map(|(group, consumer, at, time, count)| StreamOp::Deliver(group, consumer, at, time, count)),
        1 => (0..3_u8, 0..40_u8).prop_map(|(group, at)| StreamOp::Release(group, at)),
        1 => (0..3_u8, 0..3_u8).prop_map(|(group, consumer)| StreamOp::CreateConsumer(group, consumer)),
        1 => (0..3_u8, any::<u8>()).prop_map(|(producer, message)| StreamOp::Record(producer, message)),
    ]
}

fn apply(stream: &mut Stream, ids: &mut Vec<StreamId>, op: StreamOp) {
    let id_at = |at: u8| ids.get(usize::from(at)).copied().unwrap_or(StreamId::new(1, 1));
    let group = |stream: &mut Stream, name: u8, read: StreamId| {
        let group = ConsumerGroup::new(read, Some(3).filter(|_| name > 0));
        if !stream.groups.contains_key(&[name][..]) {
            stream.groups.insert((&[name][..]).into(), group);
        }
    };
    match op {
        StreamOp::Append(step, fields) => {
            let id = StreamId::new(stream.last_id.ms + step / 100, stream.last_id.seq + step);
            let words: Vec<&[u8]> = fields
                .iter()
                .flat_map(|(field, value)| [std::slice::from_ref(field), value])
                .collect();
            stream.append(id, &words, StreamLimits { node_bytes: 300, node_entries: 6 });
            ids.push(id);
        }
        StreamOp::Delete(at) => _ = stream.delete(id_at(at)),
        StreamOp::Deliver(name, consumer, at, time, count) => {
            let id = id_at(at);
            group(stream, name, id);
            let found = stream.groups.get_mut(&[name][..]).expect("it was created");
            found.create_consumer(&[consumer], UnixMillis(time));
            found.mark_active(&[consumer], UnixMillis(time));
            let consumer = found.see_consumer(&[consumer], UnixMillis(time)).expect("it is there");
            found.deliver(id, &consumer, UnixMillis(time), count);
        }
        StreamOp::Release(name, at) => {
            let id = id_at(at);
            group(stream, name, id);
            stream.groups.get_mut(&[name][..]).expect("it was created").release(id, 7);
        }
        StreamOp::CreateConsumer(name, consumer) => {
            group(stream, name, StreamId::MIN);
            let found = stream.groups.get_mut(&[name][..]).expect("it was created");
            found.create_consumer(&[consumer], UnixMillis(5));
        }
        StreamOp::Record(producer, message) => {
            let (id, message) = (stream.last_id, &[message][..]);
            let at = UnixMillis(id.ms as i64);
            if stream.idempotency.get(&[producer], message, at).is_none() {
                stream.idempotency.record(&[producer], message, id, at);
            }
        }
    }
}

fn stream() -> impl Strategy<Value = Value> {
    prop::collection::vec(stream_op(), 0..60).prop_map(|ops| {
        let mut stream = Stream::new(Config::default().idempotency_limits());
        let mut ids = Vec::new();
        ops.into_iter().for_each(|op| apply(&mut stream, &mut ids, op));
        stream.into_value()
    })
}

fn array() -> impl Strategy<Value = Value> {
    let index = prop_oneof![0..9_u64, 0..=Array::MAX_INDEX, Just(Array::MAX_INDEX)];
    let elements = prop::collection::vec((index.clone(), element()), 1..40);
    (elements, prop::option::of(index)).prop_map(|(elements, last_insert)| {
        let mut array = Array::default();
        array.last_insert = last_insert;
        for (index, element) in elements {
            array.set(index, &element);
        }
        array.into_value()
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![string(), list(), set(), zset(), hash(), stream(), stream(), array()]
}

/// Everything a client can see of a stream.
fn stream_contents(stream: &Stream) -> Vec<Vec<u8>> {
    let known = &stream.idempotency;
    let mut lines = vec![
        format!("{} {} {}", stream.last_id, stream.max_deleted_id, stream.entries_added),
        format!("{:?} {:?}", stream.radix_tree(), known.limits()),
        format!("{} {}", known.added, known.duplicates),
    ];
    for entry in stream.range(StreamId::MIN, StreamId::MAX) {
        lines.push(format!("{} {:?}", entry.id, entry.fields.words().collect::<Vec<_>>()));
    }
    for (name, group) in &stream.groups {
        lines.push(format!("{name:?} {} {:?}", group.last_id, group.entries_read));
        lines.push(format!("{:?}", group.released().collect::<Vec<_>>()));
        lines.push(format!("{:?} {:?}", group.by_time(), group.consumers()));
        for (id, pending) in group.pending() {
            let (name, at) = (pending.holder.name(), pending.delivered_at);
            lines.push(format!("{id} {name:?} {at:?} {}", pending.delivery_count));
        }
    }
    let mut producers: Vec<_> =
        known.producers().map(|(name, messages)| (name, messages.collect::<Vec<_>>())).collect();
    producers.sort();
    lines.push(format!("{producers:?}"));
    lines.into_iter().map(String::into_bytes).collect()
}

/// Everything a client can see of a value, in an order of its own.
fn contents(value: &Value) -> Vec<Vec<u8>> {
    let mut contents = match value {
        Value::String(value) => return vec![value.as_bytes().into_owned()],
        Value::List(list) => return list.iter().map(|element| element.to_vec()).collect(),
        Value::Set(set) => set.iter().map(|member| member.to_bytes().to_vec()).collect(),
        Value::ZSet(zset) => {
            let elements = zset.iter();
            return elements
                .map(|element| [&element.score.to_be_bytes(), element.member].concat())
                .collect();
        }
        Value::Stream(stream) => return stream_contents(stream),
        Value::Array(array) => {
            let element = |(index, element): (u64, &_)| format!("{index} {element:?}").into_bytes();
            let last = format!("{:?}", array.last_insert).into_bytes();
            return array.iter().map(element).chain([last]).collect();
        }
        Value::Hash(hash) => {
            let field = |(name, value): (&[u8], &[u8])| {
                format!("{name:?} {value:?} {:?}", hash.expire_at(name)).into_bytes()
            };
            hash.iter().map(|(name, value)| field((name, value))).collect::<Vec<_>>()
        }
    };
    contents.sort();
    contents
}

/// A ziplist of short strings.
fn ziplist(elements: &[&[u8]]) -> Vec<u8> {
    let (mut body, mut last, mut tail) = (Vec::new(), 0, 10);
    for element in elements {
        tail = 10 + body.len() as u32;
        body.extend_from_slice(&[last, element.len() as u8]);
        body.extend_from_slice(element);
        last = element.len() as u8 + 2;
    }
    let total = 11 + body.len() as u32;
    let count = elements.len() as u16;
    [&total.to_le_bytes()[..], &tail.to_le_bytes(), &count.to_le_bytes(), &body, b"\xff"].concat()
}

/// A payload of a layout that holds one string.
fn packed(layout: u8, bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(false);
    writer.raw(&[layout]);
    writer.string(bytes);
    seal(writer.bytes, NEWEST_VERSION)
}

fn listpack(elements: &[&[u8]]) -> Vec<u8> {
    let mut packed = listpack::Writer::new();
    elements.iter().for_each(|element| packed.push(element));
    packed.finish()
}

/// Payloads in layouts that are only read, with what they say.
fn other_layouts() -> Vec<(Vec<u8>, Value)> {
    let list = |elements: &[&str]| {
        let elements = elements.iter().map(|element| element.as_bytes());
        List::from_elements(elements, NodeLimit::new(-2)).into_value()
    };
    let set = |members: &[&str]| {
        let mut set = Set::default();
        for member in members {
            set.add(Member::Bytes(member.as_bytes()), Config::default().set_limits());
        }
        set.into_value()
    };
    let zset = || {
        let mut zset = ZSet::default();
        zset.insert(b"a", 1.5, Config::default().zset_limits());
        zset.insert(b"b", f64::INFINITY, Config::default().zset_limits());
        zset.into_value()
    };
    let hash = |expire_at: Option<i64>| {
        let mut hash = Hash::default();
        hash.set(b"f", b"v", Config::default().hash_limits());
        hash.set(b"g", b"w", Config::default().hash_limits());
        if let Some(at) = expire_at {
            hash.set_expire(b"f", UnixMillis(at));
        }
        hash.into_value()
    };
    let array = |elements: &[(u64, &str)], last_insert| {
        let mut array = Array::default();
        array.last_insert = last_insert;
        for (index, element) in elements {
            array.set(*index, element.as_bytes());
        }
        array.into_value()
    };
    let raw = |bytes: &[u8]| seal(bytes.to_vec(), NEWEST_VERSION);
    vec![
        (
            raw(b"\x00\xc3\x08\x0f\x01ab\xe0\x03\x01\x00c"),
            Str::new(b"abababababababc").into_value(),
        ),
        (raw(b"\x01\x02\x01a\xc0\x05"), list(&["a", "5"])),
        (packed(layout::LIST_ZIPLIST, &ziplist(&[b"a", b"b"])), list(&["a", "b"])),
        (raw(&[b"\x0e\x01\x0e", &ziplist(&[b"a"])[..]].concat()), list(&["a"])),
        (packed(layout::SET_LISTPACK, &listpack(&[b"x", b"y"])), set(&["x", "y"])),
        (raw(b"\x03\x02\x01b\xfe\x01a\x031.5"), zset()),
        (packed(layout::ZSET_ZIPLIST, &ziplist(&[b"a", b"1.5", b"b", b"inf"])), zset()),
        (packed(layout::HASH_ZIPMAP, b"\x02\x01f\x01\x00v\x01g\x01\x00w\xff"), hash(None)),
        (packed(layout::HASH_ZIPLIST, &ziplist(&[b"f", b"v", b"g", b"w"])), hash(None)),
        (raw(b"\x16\x02\x47\xd0\x01f\x01v\x00\x01g\x01w"), hash(Some(2000))),
        (
            packed(
                layout::HASH_LISTPACK_EX_PRE_GA,
                &listpack(&[b"f", b"v", b"2000", b"g", b"w", b"0"]),
            ),
            hash(Some(2000)),
        ),
        (
            raw(b"\x1c\x04\x01\x03\x00\x01\xfb\xff\xff\xff\xff\xff\xff\xff\x01\x02\0\0\0\0\0\0\xf8\x3f\
                \x02\x03\x01x\x07\x00\x09long text"),
            array(&[(0, "-5"), (1, "1.5"), (2, "x"), (7, "long text")], Some(3)),
        ),
    ]
}

#[test]
fn layouts_that_are_not_written_are_read() {
    for (payload, expected) in other_layouts() {
        let value = read(&payload).expect("it is right").expect("nothing has expired");
        assert_eq!(contents(&value), contents(&expected), "{payload:?}");
        assert_eq!(value.encoding(), expected.encoding(), "{payload:?}");
    }
}

#[test]
fn what_redis_would_not_write_is_refused() {
    let integers = |integers: &[i64]| packed(layout::SET_INTSET, &intset::write(integers));
    let lists = |layout, elements: &[&[u8]]| packed(layout, &listpack(elements));
    let raw = |bytes: &[u8]| seal(bytes.to_vec(), NEWEST_VERSION);
    for (payload, why) in [
        (raw(b""), "no layout"),
        (raw(b"\x07\x00"), "a module"),
        (raw(b"\x00\x01ab"), "bytes behind the value"),
        (raw(b"\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff"), "a length that nothing can have"),
        (raw(b"\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff"), "elements that are not there"),
        (raw(b"\x00\xc3\x01\x81\0\0\0\0\xff\xff\xff\xff\0"), "an expansion that is too large"),
        (raw(b"\x01\x00"), "an empty list"),
        (raw(b"\x12\x01\x02\x07\x07\0\0\0\0\0\xff"), "an empty node"),
        (raw(b"\x12\x01\x03\x01a"), "a node of no kind"),
        (raw(b"\x02\x02\x01a\x01a"), "a member twice"),
        (integers(&[1, 1]), "an integer twice"),
        (integers(&[2, 1]), "integers out of order"),
        (integers(&[]), "an empty intset"),
        (lists(layout::SET_LISTPACK, &[b"1", b"1"]), "a packed member twice"),
        (raw(b"\x05\x02\x01a\0\0\0\0\0\0\0\0\x01a\0\0\0\0\0\0\0\0"), "a scored member twice"),
        (raw(b"\x05\x01\x01a\xff\xff\xff\xff\xff\xff\xff\x7f"), "a score that is no number"),
        (lists(layout::ZSET_LISTPACK, &[b"a", b"2", b"b", b"1"]), "scores out of order"),
        (lists(layout::ZSET_LISTPACK, &[b"b", b"1", b"a", b"1"]), "members out of order"),
        (lists(layout::ZSET_LISTPACK, &[b"a", b"x"]), "a score of letters"),
        (lists(layout::ZSET_LISTPACK, &[b"a"]), "a member without score"),
        (raw(b"\x04\x02\x01f\x01v\x01f\x01v"), "a field twice"),
        (lists(layout::HASH_LISTPACK, &[b"f", b"v", b"f", b"w"]), "a packed field twice"),
        (lists(layout::HASH_LISTPACK, &[b"f"]), "a field without value"),
        (lists(layout::HASH_LISTPACK_EX_PRE_GA, &[b"f", b"v", b"x"]), "an expiry of letters"),
        (raw(b"\x1c\x00\x00"), "an empty array"),
        (raw(b"\x1c\x02\x00\x00\x00\x01a\x00\x00\x01a"), "an index twice"),
        (raw(b"\x1c\x01\x00\x00\x04\x01a"), "an element of no kind"),
        (raw(b"\x1c\x01\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff\x00\x01a"), "an index too large"),
        (
            lists(layout::HASH_LISTPACK_EX_PRE_GA, &[b"f", b"v", b"0", b"g", b"w", b"2000"]),
            "fields out of the order of their expiry",
        ),
    ] {
        assert_eq!(read(&payload).err(), Some(Refused::Format), "{why}");
    }
}

#[test]
fn a_payload_says_the_oldest_version_that_it_needs() {
    let version = |value: Value| {
        let payload = dumped(&value);
        u16::from_le_bytes([payload[payload.len() - 10], payload[payload.len() - 9]])
    };
    let mut hash = Hash::default();
    hash.set(b"f", b"v", Config::default().hash_limits());
    assert_eq!(version(hash.clone().into_value()), 10);
    hash.set_expire(b"f", UnixMillis(5000));
    assert_eq!(version(hash.into_value()), 12);
    assert_eq!(version(Str::new(b"v").into_value()), 10);

    let mut stream = Stream::new(Config::default().idempotency_limits());
    let mut group = ConsumerGroup::default();
    stream.groups.insert((&b"g"[..]).into(), group.clone());
    assert_eq!(version(stream.clone().into_value()), 10);
    group.create_consumer(b"c", NOW);
    stream.groups.insert((&b"g"[..]).into(), group.clone());
    assert_eq!(version(stream.clone().into_value()), 11);
    group.mark_active(b"c", NOW);
    stream.groups.insert((&b"g"[..]).into(), group.clone());
    assert_eq!(version(stream.clone().into_value()), 10);
    stream.idempotency.duplicates += 1;
    assert_eq!(version(stream.clone().into_value()), 13);
    group.release(StreamId::new(1, 0), 1);
    stream.groups.insert((&b"g"[..]).into(), group);
    assert_eq!(version(stream.into_value()), 14);
}

/// A stream of one node, as Redis 5.0 laid it out: a removed entry, one with the fields of the
/// node, and one with others; a group with an entry pending.
fn old_stream() -> Vec<u8> {
    let mut packed = listpack::Writer::new();
    for part in ["2", "1", "1", "f", "0"] {
        packed.push(part.as_bytes());
    }
    for part in
        ["3", "0", "0", "gone", "4", "2", "0", "1", "v", "4", "0", "5", "-1", "1", "g", "w", "6"]
    {
        packed.push(part.as_bytes());
    }
    let mut body = vec![layout::STREAM_LISTPACKS, 1, 16];
    body.extend_from_slice(&StreamId::new(1, 1).to_bytes());
    let packed = packed.finish();
    body.push(packed.len() as u8);
    body.extend_from_slice(&packed);
    // Two entries, the last id, one group that has read up to 1-2, one pending entry.
    body.extend_from_slice(&[2, 6, 0, 1, 1, b'g', 1, 2, 1]);
    body.extend_from_slice(&StreamId::new(1, 2).to_bytes());
    body.extend_from_slice(&[&900_u64.to_le_bytes()[..], &[3, 1, 1, b'c']].concat());
    body.extend_from_slice(&[&950_u64.to_le_bytes()[..], &[1]].concat());
    body.extend_from_slice(&StreamId::new(1, 2).to_bytes());
    body
}

#[test]
fn a_stream_of_the_oldest_layout_is_read() {
    let restored = read(&seal(old_stream(), 9)).expect("it is right");
    let Some(Value::Stream(stream)) = restored else {
        panic!("it is a stream, not {restored:?}");
    };
    let entries: Vec<_> = stream
        .range(StreamId::MIN, StreamId::MAX)
        .map(|entry| (entry.id, entry.fields.words().collect::<Vec<_>>()))
        .collect();
    let (one, other): ([&[u8]; 2], [&[u8]; 2]) = ([b"f", b"v"], [b"g", b"w"]);
    let wanted = [(StreamId::new(1, 2), one.to_vec()), (StreamId::new(6, 0), other.to_vec())];
    assert_eq!(entries, wanted);
    assert_eq!((stream.len(), stream.entries_added), (2, 2));
    let group = stream.groups.get(&b"g"[..]).expect("the group was loaded");
    assert_eq!(group.entries_read, Some(1));
    let pending = group.pending().get(&StreamId::new(1, 2)).map(|one| one.delivery_count);
    let active_at = group.consumers().get(&b"c"[..]).map(|consumer| consumer.active_at);
    assert_eq!((pending, active_at), (Some(3), Some(Some(UnixMillis(950)))));
}

#[test]
fn a_stream_that_contradicts_itself_is_refused() {
    let whole = old_stream();
    let (entries, last_id) = (whole.len() - 62, whole.len() - 61);
    for (at, byte, why) in [
        (entries, 3, "another number of entries"),
        (last_id, 5, "a last id before the last entry"),
        (whole.len() - 1, 9, "a consumer has what the group has not"),
        (whole.len() - 17, 0, "nobody has what is pending"),
    ] {
        let mut body = whole.clone();
        assert_ne!(body[at], byte, "{why}");
        body[at] = byte;
        assert_eq!(read(&seal(body, 9)).err(), Some(Refused::Format), "{why}");
    }
}

#[test]
fn versions_that_are_not_known_are_refused() {
    let body = b"\x00\x01a".to_vec();
    assert!(read(&seal(body.clone(), NEWEST_VERSION)).is_ok());
    assert_eq!(read(&seal(body, NEWEST_VERSION + 1)).err(), Some(Refused::VersionOrChecksum));
    assert_eq!(read(b"").err(), Some(Refused::VersionOrChecksum));
    assert_eq!(read(b"\x0a\0\0\0\0\0\0\0\0\0").err(), Some(Refused::VersionOrChecksum));
}

#[test]
fn fields_that_have_died_are_not_restored() {
    let mut hash = Hash::default();
    for (field, expire_at) in [(b"f", NOW.0), (b"g", NOW.0 + 1)] {
        hash.set(field, b"v", Config::default().hash_limits());
        hash.set_expire(field, UnixMillis(expire_at));
    }
    let payload = dumped(&hash.into_value());
    let len_at = |now| match restore(&payload, &Config::default(), now) {
        Ok(Some(Value::Hash(hash))) => hash.len(),
        Ok(None) => 0,
        other => panic!("it is a hash, not {other:?}"),
    };
    assert_eq!([NOW + -1, NOW, NOW + 1].map(len_at), [2, 1, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_value_comes_back(value in value()) {
        let payload = dumped(&value);
        let restored = read(&payload).expect("it was dumped").expect("nothing has expired");
        prop_assert_eq!(contents(&restored), contents(&value));
        // Restoring divides a list anew, by the limit that holds then.
        if !matches!(value, Value::List(_)) {
            prop_assert_eq!(restored.encoding(), value.encoding());
            prop_assert_eq!(dumped(&restored), payload);
        }
    }

    #[test]
    fn damage_is_noticed(value in value(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut payload = dumped(&value);
        let at = at.index(payload.len());
        payload[at] ^= 1 << bit;
        prop_assert_eq!(read(&payload).err(), Some(Refused::VersionOrChecksum));
    }

    /// What is accepted all the same is a value like any other.
    #[test]
    fn changed_bytes_with_a_right_checksum_are_refused_or_a_value(
        value in value(),
        other in any::<prop::sample::Index>(),
        is_other in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let others = other_layouts();
        let payload = if is_other { others[other.index(others.len())].0.clone() } else { dumped(&value) };
        let mut body = unseal(&payload).expect("it was sealed").to_vec();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Some(cut) = cut {
            body.truncate(cut.index(body.len()));
        }
        if let Ok(Some(restored)) = read(&seal(body, NEWEST_VERSION)) {
            let again = read(&dumped(&restored)).expect("it was dumped").expect("it has not expired");
            prop_assert_eq!(contents(&again), contents(&restored));
        }
    }

    #[test]
    fn any_bytes_are_refused_or_a_value(
        layout in 0..30_u8,
        body in prop::collection::vec(prop_oneof![0..20_u8, any::<u8>()], 0..60),
    ) {
        let payload = seal([&[layout], &body[..]].concat(), NEWEST_VERSION);
        if let Ok(Some(restored)) = read(&payload) {
            prop_assert!(read(&dumped(&restored)).is_ok());
        }
        prop_assert!(read(&body).is_err());
    }
}
