//! Scripts that take longer than a command may: suspended, cloned, cancelled, abandoned, bounded.
#![cfg(feature = "scripting")]

use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::encode_command;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
/// Takes several slices.
const LONG: &str =
    "redis.call('INCR', 'n') for i = 1, 10000000 do end return redis.call('INCR', 'n')";

struct Play {
    engine: Engine,
    client: ClientId,
    other: ClientId,
}

impl Play {
    fn new() -> Play {
        let mut engine = Engine::new(Options { start: NOW, ..Options::default() });
        let (client, other) = (engine.connect(NOW), engine.connect(NOW));
        Play { engine, client, other }
    }

    fn send(&mut self, client: ClientId, args: &[&str]) {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.engine.receive(client, &bytes, NOW);
    }

    fn output(&mut self, client: ClientId) -> String {
        String::from_utf8_lossy(&self.engine.take_output(client)).into_owned()
    }

    fn call(&mut self, client: ClientId, args: &[&str]) -> String {
        self.send(client, args);
        self.output(client)
    }

    fn begin(&mut self, script: &str) {
        self.send(self.client, &["EVAL", script, "0"]);
        assert!(self.engine.has_unfinished_script(), "it takes longer than one command may");
    }

    fn finish(&mut self) {
        while self.engine.has_unfinished_script() {
            self.engine.continue_script();
        }
        self.engine.check_invariants();
    }
}

#[test]
fn a_clone_of_an_unfinished_script_ends_as_the_original_does() {
    let mut play = Play::new();
    play.begin(LONG);
    let engine = play.engine.clone();
    play.finish();
    let mut twin = Play { engine, ..play };
    let first = play_output(&mut play.engine, twin.client);
    twin.finish();
    assert_eq!((first.as_str(), twin.output(twin.client).as_str()), (":2\r\n", ":2\r\n"));
}

fn play_output(engine: &mut Engine, client: ClientId) -> String {
    String::from_utf8_lossy(&engine.take_output(client)).into_owned()
}

#[test]
fn what_others_send_waits_and_runs_in_order() {
    let mut play = Play::new();
    play.begin(LONG);
    play.send(play.other, &["INCR", "n"]);
    play.send(play.client, &["INCR", "n"]);
    assert_eq!(play.output(play.other), "", "a script is not seen half done");
    play.finish();
    assert_eq!(play.output(play.client), ":2\r\n:3\r\n");
    assert_eq!(play.output(play.other), ":4\r\n");
}

#[test]
fn a_client_that_leaves_does_not_end_its_script() {
    let mut play = Play::new();
    play.begin(LONG);
    play.engine.disconnect(play.client, NOW);
    play.send(play.other, &["GET", "n"]);
    play.finish();
    assert_eq!(play.output(play.other), "$1\r\n2\r\n");
    let clients = play.call(play.other, &["CLIENT", "LIST"]);
    assert_eq!(clients.matches("id=").count(), 1, "it is forgotten then: {clients}");
}

#[test]
fn a_client_that_leaves_is_forgotten_behind_the_last_script_of_its_transaction() {
    let mut play = Play::new();
    play.send(play.client, &["MULTI"]);
    for _ in 0..2 {
        play.send(play.client, &["EVAL", LONG, "0"]);
    }
    play.send(play.client, &["EXEC"]);
    play.engine.disconnect(play.client, NOW);
    play.finish();
    assert_eq!(play.call(play.other, &["GET", "n"]), "$1\r\n4\r\n");
    let clients = play.call(play.other, &["CLIENT", "LIST"]);
    assert_eq!(clients.matches("id=").count(), 1, "it is forgotten then: {clients}");
}

#[test]
fn a_host_can_cancel_a_script_whatever_it_has_done() {
    let mut play = Play::new();
    play.begin(
        "redis.call('SET', 'k', 'v') while true do pcall(function() while true do end end) end",
    );
    play.engine.cancel_script(play.other);
    assert!(play.engine.has_unfinished_script(), "it is not this client's");
    play.engine.cancel_script(play.client);
    assert!(play.output(play.client).starts_with("-ERR Script killed by user"));
    assert_eq!(play.call(play.other, &["GET", "k"]), "$1\r\nv\r\n");
    assert_eq!(play.call(play.client, &["EVAL", "return 1", "0"]), ":1\r\n");
}

#[test]
fn time_stands_for_an_unfinished_script() {
    let mut play = Play::new();
    play.send(play.other, &["SET", "k", "v", "PX", "10"]);
    play.output(play.other);
    play.begin("for i = 1, 10000000 do end return redis.call('PTTL', 'k')");
    assert_eq!(play.engine.next_deadline(), None);
    play.engine.advance(NOW + 1_000);
    play.finish();
    assert_eq!(play.output(play.client), ":10\r\n");
    assert_eq!(play.engine.now(), NOW + 1_000, "then the time that passed is caught up with");
    assert_eq!(play.call(play.other, &["EXISTS", "k"]), ":0\r\n");
}

#[test]
fn memory_is_bounded() {
    let mut play = Play::new();
    for script in [
        "local t = {} while true do t[#t + 1] = {} end",
        "local s = 'x' while true do s = s .. s end",
        "return string.rep('x', 1e10)",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
    ] {
        play.send(play.client, &["EVAL", script, "0"]);
        play.finish();
        let reply = play.output(play.client);
        assert!(reply.starts_with("-ERR ") && reply.contains("not enough memory"), "{reply}");
    }
    assert_eq!(play.call(play.client, &["EVAL", "return 1", "0"]), ":1\r\n");
}

#[test]
fn a_reply_that_would_never_end_is_refused() {
    let mut play = Play::new();
    play.send(play.other, &["CONFIG", "SET", "proto-max-bulk-len", "2mb"]);
    play.output(play.other);
    let reply = play.call(play.client, &["EVAL", "local t = {} t[1] = t t[2] = t return t", "0"]);
    assert_eq!(reply, "-ERR reply exceeds maximum allowed size (proto-max-bulk-len)\r\n");
}

#[test]
fn scripts_that_nobody_asked_to_keep_give_way() {
    let mut play = Play::new();
    let loaded = play.call(play.client, &["SCRIPT", "LOAD", "return 'loaded'"]);
    let digest = loaded.lines().nth(1).expect("a digest").to_owned();
    for number in 0..600 {
        play.call(play.client, &["EVAL", &format!("return {number}"), "0"]);
    }
    let info = play.call(play.client, &["INFO", "memory"]);
    assert!(info.contains("number_of_cached_scripts:501\r\n"), "{info}");
    assert_eq!(play.call(play.client, &["EVALSHA", &digest, "0"]), "$6\r\nloaded\r\n");
}

#[test]
fn libraries_travel_by_dump_and_restore() {
    let mut play = Play::new();
    let code = "#!lua name=lib\nredis.register_function('f', function() return 7 end)";
    play.call(play.client, &["FUNCTION", "LOAD", code]);
    let dump = dumped(&mut play);
    let mut restore = |policy: &[&[u8]]| {
        let mut bytes = Vec::new();
        let command: [&[u8]; 3] = [b"FUNCTION", b"RESTORE", &dump];
        encode_command(&mut bytes, &[&command[..], policy].concat());
        play.engine.receive(play.client, &bytes, NOW);
        play_output(&mut play.engine, play.client)
    };
    assert_eq!(restore(&[]), "-ERR Library lib already exists\r\n");
    assert_eq!(restore(&[b"REPLACE"]), "+OK\r\n");
    assert_eq!(restore(&[b"FLUSH"]), "+OK\r\n");
    assert_eq!(play.call(play.client, &["FCALL", "f", "0"]), ":7\r\n");
}

#[test]
fn libraries_are_in_the_file_of_an_engine() {
    let mut play = Play::new();
    let code = "#!lua name=lib\nredis.register_function('f', function() return 7 end)";
    play.call(play.client, &["FUNCTION", "LOAD", code]);
    let file = play.engine.save_rdb();
    let mut other = Play::new();
    other.engine.load_rdb(&file, NOW).expect("it was saved here");
    assert_eq!(other.call(other.client, &["FCALL", "f", "0"]), ":7\r\n");
    assert_eq!(other.engine.save_rdb(), file, "and it is saved as it was");
}

fn dumped(play: &mut Play) -> Vec<u8> {
    play.send(play.client, &["FUNCTION", "DUMP"]);
    let reply = play.engine.take_output(play.client);
    let start = reply.iter().position(|&byte| byte == b'\n').expect("a length") + 1;
    reply[start..reply.len() - 2].to_vec()
}
