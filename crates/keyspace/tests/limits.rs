//! What a client may take: each limit cuts off the client that exceeds it, and no other.

use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::encode_command;

const START: UnixMillis = UnixMillis(1_700_000_000_000);

struct Host {
    engine: Engine,
    now: UnixMillis,
}

impl Host {
    fn new() -> Host {
        let engine = Engine::new(Options { start: START, ..Options::default() });
        Host { engine, now: START }
    }

    /// A host whose first client has sent these lines.
    fn with(lines: &[&str]) -> (Host, ClientId) {
        let mut host = Host::new();
        let client = host.connect();
        for line in lines {
            assert_eq!(host.ask(client, line), "+OK\r\n", "{line}");
        }
        (host, client)
    }

    fn connect(&mut self) -> ClientId {
        self.engine.connect(self.now)
    }

    fn send(&mut self, client: ClientId, bytes: &[u8]) {
        self.engine.receive(client, bytes, self.now);
        self.engine.check_invariants();
    }

    fn ask(&mut self, client: ClientId, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &words);
        self.send(client, &bytes);
        String::from_utf8(self.engine.take_output(client)).expect("a text")
    }

    fn advance(&mut self, millis: i64) {
        self.now = self.now + millis;
        self.engine.advance(self.now);
        self.engine.check_invariants();
    }

    /// A number of INFO.
    fn info(&mut self, client: ClientId, field: &str) -> i64 {
        let info = self.ask(client, "INFO everything");
        let lines = info.lines().filter_map(|line| line.split_once(':'));
        let value = lines.filter(|(name, _)| *name == field).map(|(_, value)| value).next();
        value.and_then(|value| value.parse().ok()).expect("a field of INFO")
    }
}

fn publish(message_bytes: usize) -> String {
    format!("PUBLISH c {}", "x".repeat(message_bytes))
}

#[test]
fn a_listener_that_never_reads_is_cut_off_at_the_hard_limit() {
    let (mut host, publisher) = Host::with(&[]);
    let listener = host.connect();
    host.send(listener, b"SUBSCRIBE c\r\n");
    let other = host.connect();
    host.send(other, b"SUBSCRIBE c\r\n");
    let mut sent = 0;
    while host.ask(publisher, &publish(1 << 20)) == ":2\r\n" {
        host.engine.take_output(other);
        sent += 1;
        assert!(sent < 40, "32 MiB are the limit");
    }
    assert_eq!(sent, 32);
    assert!(host.engine.is_closing(listener) && host.engine.is_cut_off(listener));
    assert!(host.engine.take_active().contains(&listener), "the host is told");
    assert!(host.engine.take_output(listener).is_empty(), "what it did not read is gone");
    assert!(!host.engine.is_closing(other));
    assert_eq!(host.info(publisher, "client_output_buffer_limit_disconnections"), 1);
}

#[test]
fn the_soft_limit_lets_a_client_catch_up() {
    let limit = "CONFIG SET client-output-buffer-limit";
    let (mut host, publisher) = Host::with(&[]);
    let mut args: Vec<&str> = limit.split(' ').collect();
    args.push("pubsub 0 20000 10");
    let mut bytes = Vec::new();
    encode_command(&mut bytes, &args);
    host.send(publisher, &bytes);
    assert_eq!(host.engine.take_output(publisher), b"+OK\r\n");
    let listener = host.connect();
    host.send(listener, b"SUBSCRIBE c\r\n");
    host.ask(publisher, &publish(20_000));
    host.advance(9_999);
    host.engine.take_output(listener);
    assert_eq!(host.engine.next_deadline(), None, "it has read, and starts anew");
    host.ask(publisher, &publish(20_000));
    host.advance(9_999);
    host.ask(publisher, &publish(20_000));
    assert!(!host.engine.is_closing(listener));
    host.advance(1);
    assert!(host.engine.is_cut_off(listener));
    assert_eq!(host.ask(publisher, &publish(1)), ":0\r\n");
}

#[test]
fn what_the_host_could_not_deliver_counts() {
    let (mut host, publisher) = Host::with(&[]);
    let listener = host.connect();
    host.send(listener, b"SUBSCRIBE c\r\n");
    host.ask(publisher, &publish(1 << 20));
    let undelivered = host.engine.take_output(listener).len();
    host.engine.note_undelivered(listener, undelivered);
    let shown = host.ask(publisher, "CLIENT LIST TYPE pubsub");
    let beyond = undelivered - 16_384;
    assert!(shown.contains(&format!("obl=16384 oll=1 omem={beyond} ")), "{shown}");
    host.engine.note_undelivered(listener, 32 << 20);
    assert!(host.engine.is_cut_off(listener));
}

#[test]
fn a_client_that_waits_cannot_send_without_end() {
    let (mut host, other) = Host::with(&["CONFIG SET client-query-buffer-limit 1mb"]);
    let client = host.connect();
    host.send(client, b"BLPOP q 0\r\n");
    let line = [&b"SET k "[..], &[b'x'; 50_000], b"\r\n"].concat();
    for _ in 0..20 {
        host.send(client, &line);
        assert!(!host.engine.is_closing(client));
    }
    host.send(client, &line);
    assert!(host.engine.is_cut_off(client));
    assert_eq!(host.info(other, "client_query_buffer_limit_disconnections"), 1);
    assert_eq!(host.ask(other, "RPUSH q a"), ":1\r\n");
}

#[test]
fn announced_lengths_are_no_allocations() {
    let (mut host, other) = Host::with(&["CONFIG SET proto-max-bulk-len 1mb"]);
    for (sent, error) in [
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*1\r\n$1048577\r\n", "invalid bulk length"),
        ("*2\r\n$3\r\nGET\r\n$9223372036854775807\r\n", "invalid bulk length"),
        ("*1\r\n*1\r\n", "expected '$', got '*'"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
    ] {
        let client = host.connect();
        host.send(client, sent.as_bytes());
        let answer = String::from_utf8(host.engine.take_output(client)).expect("a text");
        assert_eq!(answer, format!("-ERR Protocol error: {error}\r\n"), "{sent:?}");
        assert!(host.engine.is_closing(client));
    }
    let client = host.connect();
    host.send(client, b"*2147483647\r\n$4\r\nPING\r\n");
    assert!(!host.engine.is_closing(client), "it may still send them");
    assert!(host.info(other, "mem_clients_normal") < 200_000);
}

#[test]
fn nesting_in_a_request_ends_it_at_once() {
    let (mut host, client) = Host::with(&[]);
    host.send(client, &b"*1\r\n".repeat(1_000_000));
    assert!(host.engine.is_closing(client));
    assert!(host.engine.take_output(client).starts_with(b"-ERR Protocol error: expected '$'"));
}

#[test]
fn values_beyond_the_limit_are_refused() {
    let (mut host, client) = Host::with(&["CONFIG SET proto-max-bulk-len 1mb"]);
    let too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    assert_eq!(host.ask(client, "SETRANGE k 1073741823 x"), too_long);
    assert_eq!(host.ask(client, "SETRANGE k 9223372036854775807 x"), too_long);
    let no_offset = "-ERR bit offset is not an integer or out of range\r\n";
    assert_eq!(host.ask(client, "SETBIT k 8388608 1"), no_offset);
    assert_eq!(host.ask(client, "SETBIT k 4294967295 1"), no_offset);
    assert_eq!(host.ask(client, "BITFIELD k SET u8 8388608 1"), no_offset);
    let half = "x".repeat(600_000);
    assert_eq!(host.ask(client, &format!("APPEND k {half}")), ":600000\r\n");
    assert_eq!(host.ask(client, &format!("APPEND k {half}")), too_long);
    assert_eq!(host.ask(client, "STRLEN k"), ":600000\r\n");
    host.send(client, b"*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nf\r\n$1073741824\r\n");
    assert!(host.engine.is_closing(client));
}

#[test]
fn a_reply_that_nobody_reads_is_dropped_with_its_client() {
    let (mut host, client) = Host::with(&[]);
    let mut args: Vec<&str> = "CONFIG SET client-output-buffer-limit".split(' ').collect();
    args.push("normal 1mb 0 0");
    let mut bytes = Vec::new();
    encode_command(&mut bytes, &args);
    host.send(client, &bytes);
    host.engine.take_output(client);
    host.engine.receive(client, b"DEBUG POPULATE 1000000\r\n", host.now);
    assert_eq!(host.engine.take_output(client), b"+OK\r\n");
    let greedy = host.connect();
    host.engine.receive(greedy, b"KEYS *\r\n", host.now);
    assert!(host.engine.is_cut_off(greedy));
    assert!(host.engine.take_output(greedy).is_empty());
    assert_eq!(host.ask(client, "DBSIZE"), ":1000000\r\n");
}

#[test]
fn memory_that_runs_out_within_a_transaction_stops_no_command_of_it() {
    let (mut host, client) = Host::with(&["CONFIG SET maxmemory 1mb"]);
    host.ask(client, "MULTI");
    for key in 0..4 {
        let queued = host.ask(client, &format!("SET {key} {}", "x".repeat(500_000)));
        assert_eq!(queued, "+QUEUED\r\n");
    }
    host.ask(client, "INCR n");
    assert_eq!(host.ask(client, "EXEC"), "*5\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n:1\r\n");
    let refused = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    assert_eq!(host.ask(client, "INCR n"), refused);
    host.ask(client, "MULTI");
    assert_eq!(host.ask(client, "GET n"), refused);
    assert_eq!(host.ask(client, "DISCARD"), "+OK\r\n");
    assert_eq!(host.ask(client, "DEL 0 1 2 3"), ":4\r\n");
    assert_eq!(host.ask(client, "INCR n"), ":2\r\n");
}

#[test]
fn one_client_more_than_there_may_be_is_refused() {
    let (mut host, first) = Host::with(&["CONFIG SET maxclients 2"]);
    let second = host.connect();
    let third = host.connect();
    assert!(host.engine.is_closing(third));
    assert!(host.engine.take_active().contains(&third));
    assert_eq!(host.engine.take_output(third), b"-ERR max number of clients reached\r\n");
    assert_eq!(host.info(first, "connected_clients"), 2);
    assert_eq!(host.info(first, "rejected_connections"), 1);
    assert_eq!(host.info(first, "total_connections_received"), 2);
    host.engine.disconnect(third, host.now);
    host.engine.disconnect(second, host.now);
    let fourth = host.connect();
    assert!(!host.engine.is_closing(fourth));
}

#[test]
fn an_idle_client_is_closed_at_its_second() {
    let (mut host, active) = Host::with(&["CONFIG SET timeout 10"]);
    let (idle, waits, listens, monitors) =
        (host.connect(), host.connect(), host.connect(), host.connect());
    host.send(waits, b"BLPOP q 0\r\n");
    host.send(listens, b"SUBSCRIBE c\r\n");
    host.send(monitors, b"MONITOR\r\n");
    host.advance(9_999);
    assert_eq!(host.ask(active, "PING"), "+PONG\r\n");
    assert!(!host.engine.is_closing(idle));
    host.advance(1);
    assert!(host.engine.is_cut_off(idle));
    for client in [active, waits, listens, monitors] {
        assert!(!host.engine.is_closing(client));
    }
    host.advance(9_998);
    assert!(!host.engine.is_closing(active));
    host.advance(1);
    assert!(host.engine.is_cut_off(active));
    host.advance(1_000_000);
    assert!(!host.engine.is_closing(waits));
    // What it waited for makes it a client as any other, from now on.
    let pusher = host.connect();
    assert_eq!(host.ask(pusher, "RPUSH q x"), ":1\r\n");
    host.advance(9_999);
    assert!(!host.engine.is_closing(waits));
    host.advance(1);
    assert!(host.engine.is_closing(waits) && host.engine.is_closing(pusher));
    assert!(!host.engine.is_closing(listens));
}

#[test]
fn the_client_that_takes_most_gives_way() {
    let (mut host, client) = Host::with(&["CONFIG SET maxmemory-clients 3mb"]);
    let spared = host.connect();
    assert_eq!(host.ask(spared, "CLIENT NO-EVICT ON"), "+OK\r\n");
    host.send(spared, &[&b"*2\r\n$4\r\nECHO\r\n$2000001\r\n"[..], &[b'x'; 2_000_000]].concat());
    let (large, small) = (host.connect(), host.connect());
    host.send(small, &[&b"*2\r\n$4\r\nECHO\r\n$410000\r\n"[..], &[b'x'; 400_000]].concat());
    assert!(!host.engine.is_closing(small));
    host.ask(large, "MULTI");
    host.send(large, &[&b"SET k "[..], &[b'x'; 60_000], b"\r\n"].concat().repeat(15));
    assert!(host.engine.is_cut_off(large), "what is queued counts");
    for client in [client, spared, small] {
        assert!(!host.engine.is_closing(client));
    }
    assert_eq!(host.info(client, "evicted_clients"), 1);
}

#[test]
fn no_more_clients_give_way_than_have_to() {
    let (mut host, client) = Host::with(&["CLIENT NO-EVICT ON"]);
    let clients: Vec<_> = (0..10).map(|_| host.connect()).collect();
    for &client in &clients {
        host.send(client, &[&b"*2\r\n$4\r\nECHO\r\n$100000\r\n"[..], &[b'x'; 90_000]].concat());
    }
    // Room for half of them, and not for what is known of the others.
    host.ask(client, "CONFIG SET maxmemory-clients 700000");
    let cut_off = clients.iter().filter(|&&client| host.engine.is_cut_off(client)).count();
    assert_eq!(cut_off, 5);
}
