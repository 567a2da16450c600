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
    let prose: String =
        (0..400).map(|n| format!("{} of {n} and {}; ", n * n % 97, n % 13)).collect();
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
        ("string that is compressed a little", command("SET key", &text(prose.as_bytes()))),
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

/// Streams, by the commands that make them under the name `key`.
fn streams() -> Vec<(&'static str, Vec<Vec<Vec<u8>>>)> {
    let add = |id: usize| command(&format!("XADD key {id}-1 field value-{id} n {id}"), &[]);
    let other = |id: usize| command(&format!("XADD key {id}-1 field v other {id} third w"), &[]);
    let lines = |lines: &[&str]| lines.iter().map(|line| command(line, &[])).collect::<Vec<_>>();
    let with = |entries: usize, then: &[&str]| {
        (1..=entries).map(add).chain(lines(then)).collect::<Vec<_>>()
    };
    let group = ["XGROUP CREATE key g 0", "XREADGROUP GROUP g c COUNT 5 STREAMS key >"];
    vec![
        ("an entry", with(1, &[])),
        ("entries of many nodes", with(350, &[])),
        (
            "entries of different fields",
            (1..90).map(|id| if id % 3 == 0 { other(id) } else { add(id) }).collect(),
        ),
        ("a large value", vec![command("XADD key 1-1 f", &[vec![b'x'; 9000]]), add(2)]),
        ("a stream without entries", with(3, &["XTRIM key MAXLEN 0"])),
        ("a stream that only groups are in", lines(&["XGROUP CREATE key g $ MKSTREAM"])),
        ("removed entries", with(9, &["XDEL key 1-1 5-1 9-1"])),
        ("what is pending", with(12, &group)),
        (
            "what is pending and gone",
            with(12, &[&group[..], &["XDEL key 2-1", "XTRIM key MAXLEN 3"]].concat()),
        ),
        (
            "consumers and groups",
            with(
                9,
                &[
                    &group[..],
                    &[
                        "XREADGROUP GROUP g d COUNT 2 STREAMS key >",
                        "XCLAIM key g d 0 1-1 RETRYCOUNT 300",
                        "XACK key g 2-1",
                        "XGROUP CREATE key h 4-1 ENTRIESREAD 4",
                        "XGROUP CREATE key unknown 77-1",
                    ],
                ]
                .concat(),
            ),
        ),
        ("a moved last id", with(2, &["XSETID key 900-9 ENTRIESADDED 70 MAXDELETEDID 5-5"])),
    ]
}

/// What XINFO tells of the stream, without what an older server does not know, or not as well.
fn stream_seen(server: &mut dyn Server) -> Value {
    strip(server.call(&command("XINFO STREAM key FULL COUNT 0", &[])))
}

fn strip(value: Value) -> Value {
    let Value::Array(items) = value else {
        return value;
    };
    let is_newer = |name: &Value| {
        let name = name.as_bytes().unwrap_or_default();
        name.starts_with(b"idmp-")
            || name.starts_with(b"iids-")
            // Redis before 7.4 counts what was trimmed as to be read.
            || [&b"pids-tracked"[..], b"active-time", b"lag"].contains(&name)
    };
    let mut kept = Vec::new();
    let mut items = items.into_iter();
    while let Some(item) = items.next() {
        if is_newer(&item) {
            items.next();
        } else {
            kept.push(strip(item));
        }
    }
    Value::Array(kept)
}

/// Makes every stream on one side, takes it to the other, and compares both.
fn travel_streams(from: &mut dyn Server, to: &mut dyn Server) {
    for (what, make) in streams() {
        from.call(&command("DEL key", &[]));
        for line in make {
            let made = from.call(&line);
            assert!(!matches!(made, Value::Error(_)), "{what}: {made:?}");
        }
        restore(what, &dump(what, from), to);
        assert_eq!(stream_seen(to), stream_seen(from), "{what}");
    }
}

fn dump(what: &str, from: &mut dyn Server) -> Vec<u8> {
    match from.call(&command("DUMP key", &[])) {
        Value::Bulk(payload) => payload,
        other => panic!("{what}: DUMP answers bytes, not {other:?}"),
    }
}

fn restore(what: &str, payload: &[u8], to: &mut dyn Server) {
    let words = [command("RESTORE key 0", &[]), vec![payload.to_vec(), b"REPLACE".to_vec()]];
    assert_eq!(to.call(&words.concat()), Value::Simple(b"OK".to_vec()), "{what}");
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
        let payload = dump(what, from);
        if OTHER_BYTES.iter().all(|(other, _)| *other != what) {
            assert_eq!(body(&payload), body(&dump(what, to)), "{what}: the bytes are the same");
        }
        restore(what, &payload, to);
        assert!(seen(to) == expected, "{what} has changed on its way");
        assert_eq!(to.call(&encoding), expected_encoding, "{what}");
    }
}

/// Values of which the two sides need not write the same bytes.
const OTHER_BYTES: &[(&str, &str)] = &[
    ("small set", "the order of a hash table"),
    ("set of long members", "the order of a hash table"),
    ("large set", "the order of a hash table"),
    ("large set of integers", "the order of a hash table"),
    ("hash of long values", "the order of a hash table"),
    ("large hash", "the order of a hash table"),
    ("list of large elements", "since 7.2 each has a node of its own"),
    ("small sorted set", "since 7.2 scores have no more digits than they need"),
];

/// A payload without its version and checksum.
fn body(payload: &[u8]) -> &[u8] {
    &payload[..payload.len() - 10]
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
fn streams_travel_both_ways() {
    let (_server, mut real, _) = start();
    travel_streams(&mut Ours::new(), &mut real);
    travel_streams(&mut real, &mut Ours::new());
}

/// What only newer servers know is refused by an older one, and there again here.
#[test]
fn values_that_need_a_newer_server_are_restored_where_they_are_known() {
    let (_server, mut real, version) = start();
    let mut ours = Ours::new();
    let stream = "XADD key 1-1 f v";
    let group = "XGROUP CREATE key g 0";
    for (since, lines) in [
        ("7.4.0", vec!["HSET key f v g w", "HPEXPIREAT key 4000000000000 FIELDS 1 f"]),
        (
            "7.4.0",
            vec![
                "HSET key f v g longer-than-64-bytes-longer-than-64-bytes-longer-than-64-bytes-long",
                "HPEXPIREAT key 4000000000000 FIELDS 1 f",
            ],
        ),
        ("7.2.0", vec![stream, group, "XGROUP CREATECONSUMER key g c"]),
        ("8.8.0", vec![stream, group, "XNACK key g FAIL IDS 1 1-1 FORCE"]),
        ("8.6.0", vec![stream, "XCFGSET key IDMP-MAXSIZE 7", "XADD key IDMP p i * f v"]),
    ] {
        let what = lines.join("; ");
        ours.call(&command("DEL key", &[]));
        for line in lines {
            let made = ours.call(&command(line, &[]));
            assert!(!matches!(made, Value::Error(_)), "{line}: {made:?}");
        }
        let payload = dump(&what, &mut ours);
        let is_stream = what.starts_with("XADD");
        let look = |server: &mut dyn Server| match is_stream {
            true => server.call(&command("XINFO STREAM key FULL", &[])),
            false => server.call(&command("HPEXPIRETIME key FIELDS 2 f g", &[])),
        };
        let before = look(&mut ours);
        restore(&what, &payload, &mut ours);
        assert_eq!(look(&mut ours), before, "{what}");
        if version < since.parse().expect("it is a version") {
            let words = [command("RESTORE key 0", &[]), vec![payload, b"REPLACE".to_vec()]];
            let refused = b"ERR DUMP payload version or checksum are wrong".to_vec();
            assert_eq!(Server::call(&mut real, &words.concat()), Value::Error(refused), "{what}");
        } else {
            restore(&what, &payload, &mut real);
            assert_eq!(look(&mut real), before, "{what}");
        }
    }
}

/// A command for another key than `key`.
fn renamed(make: &[Vec<u8>], name: &str) -> Vec<Vec<u8>> {
    let is_key = |word: &[u8]| word == b"key";
    let word = |word: &Vec<u8>| if is_key(word) { name.as_bytes().to_vec() } else { word.clone() };
    make.iter().map(word).collect()
}

/// Fills a server with every value, of which each second one expires, and every stream, and returns
/// the names of the keys: those of streams apart.
fn fill(server: &mut dyn Server) -> (Vec<String>, Vec<String>) {
    let mut run = |line: &[Vec<u8>]| {
        let made = server.call(line);
        assert!(!matches!(made, Value::Error(_)), "{line:?}: {made:?}");
    };
    let mut names = Vec::new();
    for (number, (_, make)) in values().iter().enumerate() {
        let name = format!("value-{number}");
        run(&renamed(make, &name));
        if number % 2 == 0 {
            run(&command(&format!("PEXPIREAT {name} {EXPIRES_AT}"), &[]));
        }
        names.push(name);
    }
    let mut stream_names = Vec::new();
    for (number, (_, lines)) in streams().iter().enumerate() {
        let name = format!("stream-{number}");
        lines.iter().for_each(|line| run(&renamed(line, &name)));
        stream_names.push(name);
    }
    run(&command("SELECT 9", &[]));
    run(&command("SET elsewhere 1", &[]));
    run(&command("SELECT 0", &[]));
    (names, stream_names)
}

const EXPIRES_AT: i64 = 4_000_000_000_000;

/// Compares the keys of two servers, one by one under the name `key`.
fn compare_keys(one: &mut dyn Server, other: &mut dyn Server, keys: &(Vec<String>, Vec<String>)) {
    let size = Value::Integer((keys.0.len() + keys.1.len()) as i64);
    assert_eq!(one.call(&command("DBSIZE", &[])), size);
    fn both(one: &mut dyn Server, other: &mut dyn Server, line: &str) {
        let line = command(line, &[]);
        assert_eq!(one.call(&line), other.call(&line), "{line:?}");
    }
    for line in ["DBSIZE", "SELECT 9", "GET elsewhere", "SELECT 0"] {
        both(one, other, line);
    }
    for name in keys.0.iter().chain(&keys.1) {
        both(one, other, &format!("RENAME {name} key"));
        both(one, other, "PEXPIRETIME key");
        if keys.1.contains(name) {
            assert_eq!(stream_seen(one), stream_seen(other), "{name}");
        } else {
            assert!(seen(one) == seen(other), "{name} differs");
        }
        one.call(&command("DEL key", &[]));
        other.call(&command("DEL key", &[]));
    }
}

/// Where a real server keeps its file.
fn file_of(real: &mut Control) -> std::path::PathBuf {
    let mut ask = |name: &str| {
        let reply = Server::call(real, &command(&format!("CONFIG GET {name}"), &[]));
        let value = reply.as_array().and_then(|pair| pair[1].as_bytes().map(<[u8]>::to_vec));
        String::from_utf8(value.expect("it has the setting")).expect("it is a path")
    };
    std::path::Path::new(&ask("dir")).join(ask("dbfilename"))
}

const LIBRARY: &str = "#!lua name=lib\nredis.register_function('seven', function() return 7 end)";

#[test]
fn a_file_that_is_saved_here_is_loaded_there() {
    let (_server, mut real, _) = start();
    let mut ours = Ours::new();
    let keys = fill(&mut ours);
    ours.call(&command("FUNCTION LOAD", &[LIBRARY.into()]));
    let file = file_of(&mut real);
    std::fs::write(&file, ours.engine.save_rdb()).expect("the folder is there");
    let reloaded = Server::call(&mut real, &command("DEBUG RELOAD NOSAVE", &[]));
    std::fs::remove_file(&file).expect("it is there");
    assert_eq!(reloaded, Value::Simple(b"OK".to_vec()));
    assert_eq!(Server::call(&mut real, &command("FCALL seven 0", &[])), Value::Integer(7));
    compare_keys(&mut ours, &mut real, &keys);
}

#[test]
fn a_file_that_is_saved_there_is_loaded_here() {
    let (_server, mut real, _) = start();
    let mut ours = Ours::new();
    let keys = fill(&mut real);
    Server::call(&mut real, &command("FUNCTION LOAD", &[LIBRARY.into()]));
    assert_eq!(Server::call(&mut real, &command("SAVE", &[])), Value::Simple(b"OK".to_vec()));
    let path = file_of(&mut real);
    let file = std::fs::read(&path).expect("it was saved");
    std::fs::remove_file(&path).expect("it is there");
    ours.engine.load_rdb(&file, NOW).expect("redis-server wrote it");
    assert_eq!(ours.call(&command("FCALL seven 0", &[])), Value::Integer(7));
    compare_keys(&mut ours, &mut real, &keys);
}
