//! Bytes as a client sends them: however they are cut, the same commands come out, and what waits is
//! never more than what came. The same bytes as a reply: it is read or refused, and shown.
#![no_main]

use keyspace_resp::{RequestParser, Value, cli, encode_command};
use libfuzzer_sys::fuzz_target;

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    commands: Vec<Vec<Vec<u8>>>,
    error: Option<String>,
}

fn parse(pieces: impl Iterator<Item = impl AsRef<[u8]>>) -> Parsed {
    let mut parser = RequestParser::default();
    let mut parsed = Parsed { commands: Vec::new(), error: None };
    let mut fed = 0;
    for piece in pieces {
        parser.feed(piece.as_ref());
        fed += piece.as_ref().len();
        loop {
            match parser.parse() {
                Ok(true) => parsed.commands.push(parser.args().map(<[u8]>::to_vec).collect()),
                Ok(false) => break,
                Err(error) => {
                    parsed.error = Some(error.to_string());
                    return parsed;
                }
            }
            assert!(parser.pending_bytes() <= fed, "no more waits than came");
        }
    }
    parsed
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = parse(std::iter::once(bytes));
    let pieces = parse(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces, "how bytes are cut does not matter");

    let mut again = Vec::new();
    for command in &whole.commands {
        encode_command(&mut again, command);
    }
    let commands = parse(std::iter::once(&again)).commands;
    assert_eq!(whole.commands, commands, "a command is read as it was written");

    if let Ok((values, read)) = Value::decode_all(bytes) {
        assert!(read <= bytes.len(), "no more is read than there is");
        for value in &values {
            let _shown = cli::format(value);
        }
    }
});
