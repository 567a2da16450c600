//! HSCAN and SSCAN visit whatever stays from the first step of a walk to its last, while elements
//! come and go, encodings change, fields die, and keys are copied and renamed.

use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::Value;
use proptest::prelude::*;
use std::collections::BTreeSet;

struct Session {
    engine: Engine,
    client: ClientId,
    now: UnixMillis,
}

impl Session {
    fn new(seed: u64) -> Session {
        let mut engine = Engine::new(Options { seed, ..Options::default() });
        let client = engine.connect(UnixMillis(0));
        let mut session = Session { engine, client, now: UnixMillis(0) };
        for limit in
            ["hash-max-listpack-entries", "set-max-listpack-entries", "set-max-intset-entries"]
        {
            session.send(&format!("CONFIG SET {limit} 6"));
        }
        session
    }

    fn send(&mut self, command: &str) -> Value {
        self.engine.receive(self.client, format!("{command}\r\n").as_bytes(), self.now);
        let bytes = self.engine.take_output(self.client);
        let (reply, _) = Value::decode(&bytes).expect("a reply is RESP").expect("it is complete");
        assert!(!matches!(reply, Value::Error(_)), "{command}: {reply:?}");
        reply
    }

    fn names(&mut self, command: &str) -> BTreeSet<String> {
        strings(&self.send(command)).into_iter().collect()
    }

    /// One step of a walk: the next cursor, and what was visited.
    fn step(&mut self, command: &str, cursor: &str, count: usize) -> (String, Vec<String>) {
        let reply = self.send(&format!("{command} k {cursor} COUNT {count}"));
        let Value::Array(parts) = &reply else {
            panic!("a step answers an array: {reply:?}");
        };
        (text(&parts[0]), strings(&parts[1]))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("no string: {other:?}"),
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(elements) => elements.iter().map(text).collect(),
        other => panic!("no array: {other:?}"),
    }
}

#[derive(Debug, Clone)]
enum Op {
    Insert(u8),
    Remove(u8),
    Pop(u8),
    Advance(u8),
    Move,
    Step(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..40_u8).prop_map(Op::Insert),
        4 => (0..40_u8).prop_map(Op::Remove),
        1 => (0..30_u8).prop_map(Op::Pop),
        2 => (0..20_u8).prop_map(Op::Advance),
        1 => Just(Op::Move),
        4 => (1..6_usize).prop_map(Op::Step),
    ]
}

/// How a type is changed and walked.
struct Walk {
    scan: &'static str,
    list: &'static str,
    insert: fn(u8) -> String,
    remove: fn(u8) -> String,
    pop: fn(u8) -> String,
}

const HASH: Walk = Walk {
    scan: "HSCAN",
    list: "HKEYS k",
    insert: |name| match name % 3 {
        0 => format!("HSETEX k PX {} FIELDS 1 f{name} v", name + 1),
        _ => format!("HSET k f{name} v"),
    },
    remove: |name| format!("HDEL k f{name}"),
    pop: |name| format!("HPEXPIRE k {} FIELDS 2 f{name} f{}", name / 2, name / 2),
};

const SET: Walk = Walk {
    scan: "SSCAN",
    list: "SMEMBERS k",
    insert: |name| match name % 3 {
        0 => format!("SADD k m{name}"),
        _ => format!("SADD k {name}"),
    },
    remove: |name| format!("SREM k {name} m{name}"),
    pop: |count| format!("SPOP k {count}"),
};

/// Plays the changes and the steps of one walk, then walks on to its end.
fn play(walk: &Walk, seed: u64, start: &[u8], ops: Vec<Op>) {
    let mut session = Session::new(seed);
    for &name in start {
        session.send(&(walk.insert)(name));
    }
    let mut stayed = session.names(walk.list);
    let mut visited = BTreeSet::new();
    let mut cursor = "0".to_owned();
    for op in ops.into_iter().chain(std::iter::repeat_n(Op::Step(7), 20)) {
        match op {
            Op::Insert(name) => _ = session.send(&(walk.insert)(name)),
            Op::Remove(name) => _ = session.send(&(walk.remove)(name)),
            Op::Pop(count) => _ = session.send(&(walk.pop)(count)),
            Op::Advance(millis) => session.now = session.now + i64::from(millis),
            Op::Move => {
                session.send("COPY k other REPLACE");
                if session.send("EXISTS other") == Value::Integer(1) {
                    session.send("RENAME other k");
                }
            }
            Op::Step(count) => {
                let (next, elements) = session.step(walk.scan, &cursor, count);
                visited.extend(elements);
                cursor = next;
                if cursor == "0" {
                    break;
                }
            }
        }
        let there = session.names(walk.list);
        stayed.retain(|name| there.contains(name));
    }
    assert_eq!(cursor, "0", "the walk must come to its end");
    // A field that died before the last step need not have been visited.
    let there = session.names(walk.list);
    let missed: Vec<_> = stayed.iter().filter(|name| there.contains(*name)).collect();
    assert!(missed.iter().all(|name| visited.contains(*name)), "{missed:?} not in {visited:?}");
}

proptest! {
    #[test]
    fn hscan_visits_what_stays(
        seed: u64,
        start in proptest::collection::vec(0..40_u8, 1..30),
        ops in proptest::collection::vec(op(), 0..80),
    ) {
        play(&HASH, seed, &start, ops);
    }

    #[test]
    fn sscan_visits_what_stays(
        seed: u64,
        start in proptest::collection::vec(0..40_u8, 1..30),
        ops in proptest::collection::vec(op(), 0..80),
    ) {
        play(&SET, seed, &start, ops);
    }
}
