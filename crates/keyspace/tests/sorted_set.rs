//! Sorted sets in both of their forms: whatever is done, an engine whose sorted sets are all packed
//! answers what one answers that packs none.

use keyspace::{ClientId, Engine, Options, UnixMillis};
use proptest::prelude::*;

const NOW: UnixMillis = UnixMillis(0);

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["x", "y", "z"])
}

fn member() -> impl Strategy<Value = String> {
    (0..200u8).prop_map(|number| format!("m{number}"))
}

/// Few different scores, so that many members share one; no -0, in which the forms differ.
fn score() -> impl Strategy<Value = String> {
    prop_oneof![
        (-9..9i8).prop_map(|score| score.to_string()),
        prop::sample::select(vec!["inf", "-inf", "0.5", "1e30"]).prop_map(str::to_owned),
    ]
}

fn interval() -> impl Strategy<Value = String> {
    (any::<[bool; 2]>(), score(), score()).prop_map(|([from, to], min, max)| {
        let limit = |excluded: bool, score| format!("{}{score}", if excluded { "(" } else { "" });
        format!("{} {}", limit(from, min), limit(to, max))
    })
}

fn add() -> impl Strategy<Value = String> {
    let option = prop::sample::select(vec!["", "NX", "XX", "GT", "LT", "CH", "XX GT CH"]);
    let pairs = prop::collection::vec((score(), member()), 1..40);
    (key(), option, pairs).prop_map(|(key, option, pairs)| {
        let pairs: Vec<String> =
            pairs.into_iter().map(|(score, member)| format!("{score} {member}")).collect();
        format!("ZADD {key} {option} {}", pairs.join(" "))
    })
}

fn read() -> impl Strategy<Value = String> {
    prop_oneof![
        (key(), -50..50i8, -50..50i8, prop::sample::select(vec!["", "REV"]))
            .prop_map(|(key, from, to, rev)| format!("ZRANGE {key} {from} {to} {rev} WITHSCORES")),
        (key(), interval(), prop::sample::select(vec!["", "REV", "LIMIT 3 7", "REV LIMIT 3 7"]))
            .prop_map(|(key, scores, options)| format!("ZRANGE {key} {scores} BYSCORE {options}")),
        (key(), interval()).prop_map(|(key, scores)| format!("ZCOUNT {key} {scores}")),
        (key(), member()).prop_map(|(key, member)| format!("ZREVRANK {key} {member} WITHSCORE")),
        (key(), key()).prop_map(|(a, b)| format!("ZUNION 2 {a} {b} WEIGHTS 2 -1 WITHSCORES")),
        (key(), key()).prop_map(|(a, b)| format!("ZINTERCARD 2 {a} {b}")),
    ]
}

fn change() -> impl Strategy<Value = String> {
    prop_oneof![
        (key(), score(), member())
            .prop_map(|(key, by, member)| format!("ZINCRBY {key} {by} {member}")),
        (key(), prop::collection::vec(member(), 1..20))
            .prop_map(|(key, members)| format!("ZREM {key} {}", members.join(" "))),
        (key(), -50..50i8, 0..9u8)
            .prop_map(|(key, from, to)| format!("ZREMRANGEBYRANK {key} {from} {to}")),
        (key(), interval()).prop_map(|(key, scores)| format!("ZREMRANGEBYSCORE {key} {scores}")),
        (key(), 0..9u8).prop_map(|(key, count)| format!("ZPOPMIN {key} {count}")),
        (key(), key()).prop_map(|(a, b)| format!("ZMPOP 2 {a} {b} MAX COUNT 4")),
        (key(), key(), key()).prop_map(|(to, a, b)| format!("ZDIFFSTORE {to} 2 {a} {b}")),
        (key(), key(), key()).prop_map(|(to, a, b)| format!("ZUNIONSTORE {to} 2 {a} {b}")),
        (key(), key(), interval())
            .prop_map(|(to, from, scores)| format!("ZRANGESTORE {to} {from} {scores} BYSCORE")),
    ]
}

/// An engine whose sorted sets are packed up to so many entries, and its client.
fn engine(packed_entries: usize) -> (Engine, ClientId) {
    let mut engine = Engine::new(Options::default());
    let client = engine.connect(NOW);
    let setting = format!("CONFIG SET zset-max-listpack-entries {packed_entries}\r\n");
    engine.receive(client, setting.as_bytes(), NOW);
    assert_eq!(engine.take_output(client), b"+OK\r\n");
    (engine, client)
}

proptest! {
    #[test]
    fn both_forms_answer_the_same(
        commands in prop::collection::vec(prop_oneof![2 => add(), 2 => read(), 3 => change()], 1..60),
    ) {
        let mut engines = [engine(0), engine(100_000)];
        for command in commands {
            let [skiplist, listpack] = engines.each_mut().map(|(engine, client)| {
                engine.receive(*client, format!("{command}\r\n").as_bytes(), NOW);
                String::from_utf8(engine.take_output(*client)).expect("ASCII")
            });
            prop_assert_eq!(skiplist, listpack, "{}", command);
        }
    }
}
