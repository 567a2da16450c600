//! `seeds FOLDER`: writes what the fuzzer of each target starts from, into a folder of its name.

use keyspace::{Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use std::path::Path;

/// Values of every type and encoding, each as the commands that make `k`.
const VALUES: &[&str] = &[
    "SET k hello",
    "SET k -12345",
    "SETRANGE k 300 x",
    "RPUSH k a 1 300 70000 -5000000000 longer-than-what-fits-into-six-bits-of-length-............",
    "CONFIG SET list-max-listpack-size 2;RPUSH k a b c d e f g",
    "SADD k 1 2 300 70000",
    "SADD k 1 5000000000",
    "SADD k a b 1",
    "CONFIG SET set-max-listpack-entries 1;SADD k a b c",
    "HSET k f v g 1",
    "CONFIG SET hash-max-listpack-entries 1;HSET k f v g 1",
    "HSET k f v g 1;HPEXPIRE k 1000000 FIELDS 1 f",
    "CONFIG SET hash-max-listpack-entries 1;HSET k f v g 1;HPEXPIRE k 1000000 FIELDS 1 f",
    "ZADD k 1 a 2.5 b -inf c",
    "CONFIG SET zset-max-listpack-entries 1;ZADD k 1 a 2.5 b -inf c",
    "PFADD k a b c",
    "GEOADD k 13.361389 38.115556 a 15.087269 37.502669 b",
    "XADD k 1-1 f v;XADD k 1-2 f w g x;XADD k 2-0 f v;XDEL k 1-2",
    "XGROUP CREATE k g 0 MKSTREAM;XADD k 1-1 f v;XADD k 2-1 f v;XREADGROUP GROUP g c COUNT 1 STREAMS k >",
    "CONFIG SET stream-node-max-entries 2;XADD k 1-1 f v;XADD k 2-1 f v;XADD k 3-1 f v;XTRIM k MAXLEN 2",
];

/// Version and checksum, which the target writes anew.
const TRAILER_BYTES: usize = 10;

/// How many random inputs the targets start from that make commands or calls of them.
const SEQUENCES: u64 = 64;

/// Where scripts are suspended, as a list of bytes is read from the fuzzer's: each behind a one.
const PIECES: &[u8] = &[1, 40, 1, 250, 1, 7, 1, 100, 0];

/// Scripts, separated by lines of dashes.
const SCRIPTS: &[&str] = &[
    include_str!("../../crates/lua51/tests/corpus/language.lua"),
    include_str!("../../crates/lua51/tests/corpus/libraries.lua"),
    include_str!("../../crates/lua51/tests/corpus/formats.lua"),
];

/// What a decoder reads, behind its number.
const ENCODED: &[(u8, &[u8])] = &[
    (0, br#"{"a":[1,-2.5e3,true,false,null],"b":{"c":"\u00e9\ud83d\ude00\n"},"":[[[]]]}"#),
    (0, br#"[0.1,1e400,-0,nan,"x\/y"]"#),
    (1, b"\x93\x01\xa3abc\x82\x01\x02\xa1k\xcb\x3f\xf8\0\0\0\0\0\0"),
    (1, b"\xdc\0\x02\xcd\x01\x2c\xd1\xff\0\xdb\0\0\0\x01x\xc0\xc3\xd3\xff\xff\xff\xff\0\0\0\0"),
    (2, b">I2i4s!8bd|\x01\x02\0\0\0\x05abc\0\x07\0\0\0\0\0\0\0\x3f\xf0\0\0\0\0\0\0"),
    (2, b"<Bc0xH(2)=l|\x03abc\0\x01\x02"),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).ok_or("seeds FOLDER")?;
    let folder = Path::new(&folder);
    write(&folder.join("resp_parser"), VALUES.iter().map(|line| requests(line)))?;
    write(&folder.join("restore"), VALUES.iter().map(|line| payload(line)))?;
    write(&folder.join("commands"), (0..SEQUENCES).map(random_bytes))?;
    let scripts = SCRIPTS.iter().flat_map(|text| text.split("\n---\n"));
    write(&folder.join("lua_source"), scripts.map(|script| [PIECES, script.as_bytes()].concat()))?;
    write(&folder.join("lua_libraries"), (0..SEQUENCES).map(random_bytes))?;
    let encoded = ENCODED.iter().map(|(format, bytes)| [&[*format], PIECES, bytes].concat());
    write(&folder.join("lua_decoders"), encoded)?;
    Ok(())
}

fn write(folder: &Path, seeds: impl Iterator<Item = Vec<u8>>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (number, seed) in seeds.enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)?;
    }
    Ok(())
}

/// How the bytes are cut, then commands as arrays and as a line.
fn requests(line: &str) -> Vec<u8> {
    let mut bytes = vec![7];
    for command in line.split(';') {
        encode_command(&mut bytes, &command.split(' ').collect::<Vec<_>>());
        bytes.extend_from_slice(format!("{command}\r\n").as_bytes());
    }
    bytes
}

/// What DUMP answers, without its trailer.
fn payload(line: &str) -> Vec<u8> {
    let mut engine = Engine::new(Options::default());
    let client = engine.connect(UnixMillis(0));
    let mut reply = Vec::new();
    for command in line.split(';').chain(["DUMP k"]) {
        engine.receive(client, format!("{command}\r\n").as_bytes(), UnixMillis(0));
        reply = engine.take_output(client);
    }
    match Value::decode(&reply) {
        Ok(Some((Value::Bulk(mut payload), _))) => {
            payload.truncate(payload.len().saturating_sub(TRAILER_BYTES));
            payload
        }
        other => panic!("DUMP answers a payload for {line}, not {other:?}"),
    }
}

fn random_bytes(seed: u64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..rng.usize(64..1024)).map(|_| rng.u8(..)).collect()
}
