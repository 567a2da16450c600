//! Values travel between the engine and a real redis-server by DUMP and RESTORE, and are there
//! what they were here.
#![cfg(not(target_arch = "wasm32"))]

#[path = "native/control.rs"]
mod control;
#[path = "native/redis_server.rs"]
mod redis_server;

use control::Control;
use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use keyspace_transcript::Version;
use redis_server::RedisServer;

/// Something that takes commands.
trait Server {
    fn call(&mut self, args: &[Vec<u8>]) -> Value;
}

struct Ours {
    engine: Engine,
    client: ClientId,
}

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

impl Ours {
    fn new() -> Ours {
        let mut engine = Engine::new(Options { start: NOW, ..Options::default() });
        let client = engine.connect(NOW);
        Ours { engine, client }
    }
}

impl Server for Ours {
    fn call(&mut self, args: &[Vec<u8>]) -> Value {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.engine.receive(self.client, &bytes, NOW);
        let reply = self.engine.take_output(self.client);
        Value::decode(&reply).expect("it is RESP").expect("it is whole").0
    }
}

impl Server for Control {
    fn call(&mut self, args: &[Vec<u8>]) -> Value {
        Control::call(self, args).expect("the server answers")
    }
}

/// Words of a line, and at its end elements that no line could hold.
fn command(line: &str, elements: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let words = line.split(' ').map(|word| word.as_bytes().to_vec());
    words.chain(elements.iter().cloned()).collect()
}

/// Values of every type, encoding and width, by the command that makes them under the name `key`.
fn values() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let text = |bytes: &[u8]| vec![bytes.to_vec()];
    let numbered = |count: usize| (0..count).map(|n| format!("element-{n}").into_bytes());
    let pairs = |count: usize| {
        let pairs = numbered(count).zip((0..count).map(|n| n.to_string().into_bytes()));
        pairs.flat_map(|(element, number)| [number, element]).collect::<Vec<_>>()
    };
    let widths: Vec<Vec<u8>> =
        [0, 12, 13, 127, 128, -1, 4095, -4096, 4096, 32_767, -32_768, 32_768]
            .into_iter()
            .chain([8_388_607, -8_388_608, 8_388_608, i64::from(i32::MAX), i64::from(i32::MIN)])
            .chain([i64::from(i32::MAX) + 1, i64::MAX, i64::MIN])
            .map(|integer: i64| integer.to_string().into_bytes())
            .collect();
    let lengths: Vec<Vec<u8>> = [0, 1, 63, 64, 127, 128, 4095, 4096]
        .into_iter()
        .map(|len: usize| (0..len).map(|at| (at * 7 % 251) as u8).collect())
        .collect();
    let large: Vec<Vec<u8>> = (1..6).map(|n| vec![b'0' + n; 3000 * usize::from(n)]).collect();
    let scores = ["0", "-0", "1.5", "-1e300", "inf", "-inf", "0.1", "3", "4611686018427387904"];
    let scored: Vec<Vec<u8>> = scores
        .into_iter()
        .enumerate()
        .flat_map(|(at, score)| [score.as_bytes().to_vec(), format!("m{at}").into_bytes()])
        .collect();
    let mut long_member = scored.clone();
    long_member.extend([b"2".to_vec(), vec![b'x'; 100]]);

    let mut values = Vec::new();
    for integer in &widths {
        values.push(("integer", command("SET key", std::slice::from_ref(integer))));
    }
    for bytes in &lengths {
        values.push(("string", command("SET key", std::slice::from_ref(bytes))));
    }
    values.extend([
        ("compressible string", command("SET key", &text(&[b'a'; 20_000]))),
        ("text that looks like an integer", command("SET key", &text(b"007"))),
        ("list of integers", command("RPUSH key", &widths)),
        ("list of strings", command("RPUSH key", &lengths)),
        ("list of large elements", command("RPUSH key", &large)),
        ("list of many nodes", command("RPUSH key", &numbered(3000).collect::<Vec<_>>())),
        ("intset of 16 bits", command("SADD key 1 2 -3", &[])),
        ("intset of 32 bits", command("SADD key 1 70000 -3", &[])),
        ("intset of 64 bits", command("SADD key", &widths)),
        ("small set", command("SADD key a b 3", &[])),
        ("set of long members", command("SADD key", &lengths)),
        ("large set", command("SADD key", &numbered(700).collect::<Vec<_>>())),
        ("large set of integers", command("SADD key", &pairs(700))),
        ("small hash", command("HSET key", &pairs(20))),
        ("hash of integers", command("HSET key", &widths)),
        ("hash of long values", command("HSET key", &lengths)),
        ("large hash", command("HSET key", &pairs(700))),
        ("small sorted set", command("ZADD key", &scored)),
        ("sorted set of long members", command("ZADD key", &long_member)),
        ("large sorted set", command("ZADD key", &pairs(700))),
    ]);
    values
}

/// Everything that can be seen of the key, in an order of its own where it has none.
fn seen(server: &mut dyn Server) -> (Value, Vec<Vec<Value>>) {
    let mut ask = |line: &str| server.call(&command(line, &[]));
    let value_type = ask("TYPE key");
    let contents = match value_type.as_bytes() {
        Some(b"string") => ask("GET key"),
        Some(b"list") => ask("LRANGE key 0 -1"),
        Some(b"set") => ask("SMEMBERS key"),
        Some(b"zset") => ask("ZRANGE key 0 -1 WITHSCORES"),
        Some(b"hash") => ask("HGETALL key"),
        other => panic!("no type is {other:?}"),
    };
    let mut elements = match contents {
        Value::Array(elements) => elements,
        single => vec![single],
    };
    let (step, has_order) = match value_type.as_bytes() {
        Some(b"set") => (1, false),
        Some(b"hash") => (2, false),
        _ => (1, true),
    };
    if value_type.as_bytes() == Some(b"zset") {
        // Older servers print more digits than the score needs.
        for score in elements.iter_mut().skip(1).step_by(2) {
            let digits = String::from_utf8_lossy(score.as_bytes().unwrap_or_default());
            *score = Value::Double(digits.parse().expect("a score is a number"));
        }
    }
    let mut parts: Vec<Vec<Value>> = elements.chunks(step).map(<[Value]>::to_vec).collect();
    if !has_order {
        parts.sort_by_key(|part| format!("{part:?}"));
    }
    (value_type, parts)
}

fn make_anew(server: &mut dyn Server, what: &str, make: &[Vec<u8>]) {
    server.call(&command("DEL key", &[]));
    let made = server.call(make);
    assert!(!matches!(made, Value::Error(_)), "{what}: {made:?}");
}

/// Makes every value on one side, takes it to the other, and compares both with what the other
/// side makes by the same command.
fn travel(from: &mut dyn Server, to: &mut dyn Server) {
    let encoding = command("OBJECT ENCODING key", &[]);
    for (what, make) in values() {
        make_anew(from, what, &make);
        make_anew(to, what, &make);
        let (expected, expected_encoding) = (seen(to), to.call(&encoding));
        assert!(seen(from) == expected, "{what} differs before it travels");
        let Value::Bulk(payload) = from.call(&command("DUMP key", &[])) else {
            panic!("{what}: DUMP answers bytes");
        };
        let restored =
            to.call(&[command("RESTORE key 0", &[]), vec![payload, b"REPLACE".to_vec()]].concat());
        assert_eq!(restored, Value::Simple(b"OK".to_vec()), "{what}");
        assert!(seen(to) == expected, "{what} has changed on its way");
        assert_eq!(to.call(&encoding), expected_encoding, "{what}");
    }
}

/// A server that looks at the inside of every payload, and its version.
fn start() -> (RedisServer, Control, Version) {
    let server = RedisServer::start().expect("redis-server starts");
    server.reset().expect("it can be emptied");
    let version = server.version().expect("it says its version");
    let mut control = Control::connect(server.address()).expect("it listens");
    Server::call(&mut control, &command("CONFIG SET sanitize-dump-payload yes", &[]));
    (server, control, version)
}

#[test]
fn what_is_dumped_here_is_restored_there() {
    let (_server, mut real, _) = start();
    travel(&mut Ours::new(), &mut real);
}

#[test]
fn what_is_dumped_there_is_restored_here() {
    let (_server, mut real, _) = start();
    travel(&mut real, &mut Ours::new());
}

#[test]
fn fields_that_expire_are_restored_where_they_are_known() {
    let (_server, mut real, version) = start();
    let mut ours = Ours::new();
    for make in [command("HSET key f v g w", &[]), command("HSET key f v g", &[vec![b'x'; 100]])] {
        ours.call(&command("DEL key", &[]));
        ours.call(&make);
        ours.call(&command("HPEXPIREAT key 4000000000000 FIELDS 1 f", &[]));
        let Value::Bulk(payload) = ours.call(&command("DUMP key", &[])) else {
            panic!("DUMP answers bytes");
        };
        let restore = [command("RESTORE key 0", &[]), vec![payload, b"REPLACE".to_vec()]].concat();
        let restored = Server::call(&mut real, &restore);
        if version < "7.4.0".parse().expect("it is a version") {
            let refused = b"ERR DUMP payload version or checksum are wrong".to_vec();
            assert_eq!(restored, Value::Error(refused));
            continue;
        }
        assert_eq!(restored, Value::Simple(b"OK".to_vec()));
        let expiry = command("HPEXPIRETIME key FIELDS 2 f g", &[]);
        assert_eq!(seen(&mut real), seen(&mut ours));
        assert_eq!(Server::call(&mut real, &expiry), ours.call(&expiry));
    }
}
