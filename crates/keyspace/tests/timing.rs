//! What the engine tells of time that a stopwatch measured.

use keyspace::{Engine, Options, UnixMillis};
use std::cell::Cell;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

thread_local! {
    static MICROS: Cell<u64> = const { Cell::new(0) };
}

/// Whoever looks twice sees thirty milliseconds pass.
fn stopwatch() -> u64 {
    MICROS.replace(MICROS.get() + 30_000)
}

fn ask(engine: &mut Engine, line: &str) -> String {
    let client = engine.connect(engine.now());
    engine.receive(client, format!("{line}\r\n").as_bytes(), engine.now());
    let answer = String::from_utf8_lossy(&engine.take_output(client)).into_owned();
    engine.disconnect(client, engine.now());
    answer
}

fn engine() -> Engine {
    Engine::new(Options { start: NOW, stopwatch: Some(stopwatch), ..Options::default() })
}

#[test]
fn expiry_and_eviction_that_take_long_are_events() {
    let mut engine = engine();
    ask(&mut engine, "CONFIG SET latency-monitor-threshold 20");
    ask(&mut engine, "SET k v PX 50");
    engine.advance(NOW + 50);
    let latest = ask(&mut engine, "LATENCY LATEST");
    assert!(latest.contains("$12\r\nexpire-cycle\r\n:1700000000\r\n:30\r\n:30\r\n"), "{latest}");
    assert!(!latest.contains("eviction-cycle"), "{latest}");
    ask(&mut engine, "CONFIG SET maxmemory-policy allkeys-random");
    ask(&mut engine, "SET k v");
    ask(&mut engine, "CONFIG SET maxmemory 1");
    ask(&mut engine, "GET k");
    let latest = ask(&mut engine, "LATENCY LATEST");
    assert!(latest.contains("eviction-cycle"), "{latest}");
}

#[test]
fn what_one_input_took_is_told_where_it_is_asked_for() {
    let mut engine = engine();
    ask(&mut engine, "PING\r\nPING\r\nPING");
    let debug = ask(&mut engine, "INFO debug");
    for line in ["# Debug", "eventloop_duration_max:90000", "eventloop_cmd_per_cycle_max:3"] {
        assert!(debug.contains(&format!("{line}\r\n")), "{line}: {debug}");
    }
    let everything = ask(&mut engine, "INFO everything");
    assert!(!everything.contains("eventloop_duration_max"), "{everything}");
}
