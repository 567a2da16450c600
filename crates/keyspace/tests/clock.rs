//! The clock of a host may stand, go back or jump: what is due happens in order, and only once.

use keyspace::{ClientId, Engine, Event, Options, UnixMillis};

const START: UnixMillis = UnixMillis(1_700_000_000_000);
const YEAR: i64 = 365 * 24 * 3600 * 1000;

/// An engine with a key that dies, a client that waits, and one that is paused.
struct Scene {
    engine: Engine,
    client: ClientId,
    waits: ClientId,
    paused: ClientId,
}

fn scene() -> Scene {
    let mut engine = Engine::new(Options { start: START, ..Options::default() });
    let client = engine.connect(START);
    let waits = engine.connect(START);
    let paused = engine.connect(START);
    engine.receive(waits, b"BLPOP q 10\r\n", START);
    engine.receive(client, b"SET k v PX 5000\r\nSET other v PX 15000\r\n", START);
    engine.receive(client, b"CLIENT PAUSE 7000 WRITE\r\n", START);
    engine.receive(paused, b"RPUSH late 1\r\n", START);
    engine.observe(true);
    engine.take_output(client);
    Scene { engine, client, waits, paused }
}

fn ask(engine: &mut Engine, client: ClientId, line: &str, now: UnixMillis) -> String {
    engine.receive(client, format!("{line}\r\n").as_bytes(), now);
    engine.check_invariants();
    String::from_utf8(engine.take_output(client)).expect("a text")
}

/// What happened, with its time since the start.
fn events(engine: &mut Engine) -> Vec<(i64, &'static str)> {
    let events = engine.take_events().into_iter();
    let shown = events.filter_map(|event| match event {
        Event::KeyExpired { at, .. } => Some((at - START, "dies")),
        Event::Unblocked { at, .. } => Some((at - START, "goes on")),
        Event::Command { at, .. } => Some((at - START, "runs")),
        _ => None,
    });
    shown.collect()
}

#[test]
fn a_clock_that_jumps_a_year_ahead_passes_every_deadline_in_order() {
    let Scene { mut engine, client, waits, paused } = scene();
    engine.advance(START + YEAR);
    engine.check_invariants();
    let order = [
        (5_000, "dies"),
        (7_000, "goes on"),
        (7_000, "runs"),
        (10_000, "goes on"),
        (15_000, "dies"),
    ];
    assert_eq!(events(&mut engine), order);
    assert_eq!(engine.take_output(waits), b"*-1\r\n");
    assert_eq!(engine.take_output(paused), b":1\r\n");
    assert_eq!(engine.next_deadline(), None);
    assert_eq!(ask(&mut engine, client, "DBSIZE", START + YEAR), ":1\r\n");
}

#[test]
fn a_clock_that_goes_back_stands() {
    let Scene { mut engine, client, waits, paused } = scene();
    engine.advance(START + 4_000);
    engine.advance(START + -YEAR);
    engine.advance(UnixMillis(i64::MIN));
    engine.check_invariants();
    assert_eq!(engine.now(), START + 4_000);
    assert_eq!(ask(&mut engine, client, "PTTL k", START), ":1000\r\n");
    assert!(engine.is_blocked(waits) && engine.is_blocked(paused));
    // Nothing happens again when the clock passes the same time once more.
    engine.advance(START + 12_000);
    assert!(!events(&mut engine).is_empty());
    engine.advance(START);
    engine.advance(START + 12_000);
    assert_eq!(events(&mut engine), []);
    assert_eq!(engine.take_output(waits), b"*-1\r\n");
    assert_eq!(engine.take_output(paused), b":1\r\n");
}

#[test]
fn a_clock_at_the_end_of_time_overflows_nothing() {
    let Scene { mut engine, client, waits, .. } = scene();
    engine.receive(client, b"CONFIG SET timeout 2147483647\r\n", START);
    engine.advance(UnixMillis(i64::MAX));
    engine.check_invariants();
    assert!(engine.is_closing(waits), "it has been idle for longer");
    let client = engine.connect(UnixMillis(i64::MAX));
    assert_eq!(ask(&mut engine, client, "PING", UnixMillis(i64::MAX)), "+PONG\r\n");
    for line in [
        "SET k v EX 10",
        "SET k v PX 1",
        "CLIENT PAUSE 10",
        "BLPOP q 1",
        "BLPOP q 0",
        "INFO everything",
        "CLIENT LIST",
        "OBJECT IDLETIME k",
    ] {
        ask(&mut engine, client, line, UnixMillis(i64::MAX));
    }
}
