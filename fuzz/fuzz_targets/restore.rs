//! Payloads of RESTORE behind a checksum that fits: refused, or a value on which every command works,
//! and which is dumped and restored again as the same value.
#![no_main]

use crc::{CRC_64_REDIS, Crc};
use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use libfuzzer_sys::fuzz_target;

const CHECKSUM: Crc<u64> = Crc::<u64>::new(&CRC_64_REDIS);
const START: UnixMillis = UnixMillis(1_700_000_000_000);

/// What is done with whatever was restored; most of it fits one type alone.
const COMMANDS: &[&str] = &[
    "TYPE k",
    "OBJECT ENCODING k",
    "MEMORY USAGE k",
    "GET k",
    "LRANGE k 0 -1",
    "HGETALL k",
    "SMEMBERS k",
    "ZRANGE k 0 -1 WITHSCORES",
    "XRANGE k - +",
    "XINFO STREAM k FULL COUNT 0",
    "SORT k ALPHA",
    "COPY k c",
    "APPEND k x",
    "SETRANGE k 5 x",
    "LINSERT k BEFORE a b",
    "LSET k -1 zz",
    "LREM k 0 a",
    "LTRIM k 1 -2",
    "HSET k f v",
    "HINCRBY k n 1",
    "HPEXPIRE k 5 FIELDS 1 f",
    "HDEL k a",
    "SADD k 1 x",
    "SREM k a",
    "SPOP k",
    "ZADD k 1 a 0 b",
    "ZINCRBY k 1 a",
    "ZRANGEBYSCORE k -inf 1",
    "ZPOPMIN k",
    "XADD k 5-* f v",
    "XREADGROUP GROUP g c COUNT 2 STREAMS k >",
    "XAUTOCLAIM k g d 0 0",
    "XPENDING k g - + 10",
    "XDEL k 1-1",
    "XTRIM k MAXLEN 1",
    "XGROUP DELCONSUMER k g c",
    "XGROUP DESTROY k g",
    "ARLEN k",
    "ARGETRANGE k 0 10",
    "ARSET k 3 x",
    "ARDEL k 0",
];

/// A host with one client.
struct Host {
    engine: Engine,
    client: ClientId,
}

impl Host {
    fn new() -> Host {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        let client = engine.connect(START);
        let mut host = Host { engine, client };
        host.line("CONFIG SET proto-max-bulk-len 1mb");
        host
    }

    fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Value {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.engine.receive(self.client, &bytes, START);
        let output = self.engine.take_output(self.client);
        let (value, used) = Value::decode(&output).expect("it is RESP").expect("it is answered");
        assert_eq!(used, output.len(), "it is answered once");
        value
    }

    fn line(&mut self, line: &str) -> Value {
        self.send(&line.split(' ').collect::<Vec<_>>())
    }

    fn restore(&mut self, key: &str, payload: &[u8]) -> bool {
        let reply = self.send(&[b"RESTORE", key.as_bytes(), b"0", payload, b"REPLACE"]);
        reply == Value::Simple(b"OK".to_vec())
    }
}

/// With a version and a checksum, as the engine wants them.
fn seal(body: &[u8], version: u16) -> Vec<u8> {
    let mut payload = [body, &version.to_le_bytes()].concat();
    let checksum = CHECKSUM.checksum(&payload);
    payload.extend_from_slice(&checksum.to_le_bytes());
    payload
}

fuzz_target!(|body: &[u8]| {
    let mut host = Host::new();
    if !host.restore("k", &seal(body, 10)) {
        host.engine.check_invariants();
        assert_eq!(host.line("DBSIZE"), Value::Integer(0), "what is refused changes nothing");
        return;
    }
    host.engine.check_invariants();
    if let Value::Bulk(dumped) = host.line("DUMP k") {
        assert!(host.restore("again", &dumped), "what is dumped is restored");
        assert_eq!(host.line("DEBUG DIGEST-VALUE k"), host.line("DEBUG DIGEST-VALUE again"));
        // The encoding is chosen anew once: what made the value large may have expired.
        let Value::Bulk(again) = host.line("DUMP again") else { panic!("it is there") };
        assert!(host.restore("third", &again), "what is dumped is restored");
        assert_eq!(host.line("DUMP third"), Value::Bulk(again), "and is the same then");
    }
    for command in COMMANDS {
        host.line(command);
        host.engine.check_invariants();
    }
    host.engine.advance(START + 10);
    host.engine.check_invariants();
    host.line("DUMP k");
});
