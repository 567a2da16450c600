//! The end of a sequence: everything that is left is compared, through a client of its own.

use crate::exceptions;
use crate::game::Game;
use crate::pair::Played;
use crate::sequence::{Placeholder, Side, Step};
use std::io;

/// What is asked about every key.
const QUESTIONS: &[&str] = &["TYPE", "OBJECT ENCODING", "PEXPIRETIME"];

/// Every so many sequences, each side restores what the other dumps.
const EXCHANGE_EVERY: u64 = 4;

/// Compares every key of every database.
///
/// # Errors
/// Where the server cannot be reached.
pub(crate) fn audit(game: &mut Game<'_>, seed: u64, played: &mut Played) -> io::Result<()> {
    let compared = played.commands;
    let observer = game.next_client();
    game.connect()?;
    let mut steps = Vec::new();
    for db in 0..keyspace::DATABASES {
        let select = Step::new(observer, &format!("SELECT {db}"));
        let keys = game.ask_engine(&[&select.args[..], &[b"KEYS".to_vec(), b"*".to_vec()]]);
        let keys = keys.as_array().unwrap_or_default().to_vec();
        if keys.is_empty() && db > 2 {
            continue;
        }
        steps.push(select.clone());
        steps.push(Step::new(observer, "KEYS *"));
        for key in keys {
            let key = key.as_bytes().unwrap_or_default().to_vec();
            let kind = game.ask_engine(&[&select.args[..], &[b"TYPE".to_vec(), key.clone()]]);
            let kind = kind.as_bytes().unwrap_or_default();
            for question in QUESTIONS.iter().chain(everything_in(kind)) {
                steps.push(ask(observer, question, &key));
            }
            if db == 0 && seed.is_multiple_of(EXCHANGE_EVERY) && is_exchanged(game, &key) {
                steps.extend(exchange(observer, kind, &key));
            }
        }
    }
    game.play(&steps, played)?;
    played.commands = compared;
    Ok(())
}

fn is_exchanged(game: &mut Game<'_>, key: &[u8]) -> bool {
    let payload = game.ask_engine(&[&[b"DUMP".to_vec(), key.to_vec()]]);
    payload.as_bytes().is_some_and(exceptions::is_restored)
}

/// Both restore what one of them dumps, and have the same then.
fn exchange(observer: usize, kind: &[u8], key: &[u8]) -> Vec<Step> {
    let mut steps = Vec::new();
    for by in [Side::Engine, Side::Redis] {
        let copy = b"restored".to_vec();
        let payload = Placeholder::Dump { by, key }.write();
        let args = vec![b"RESTORE".to_vec(), copy.clone(), b"0".to_vec(), payload];
        steps.push(Step { client: observer, args });
        for question in ["OBJECT ENCODING"].iter().chain(everything_in(kind)).chain(&["DEL"]) {
            steps.push(ask(observer, question, &copy));
        }
    }
    steps
}

/// A command in which `KEY` stands for the key, which is the last argument unless it says so.
fn ask(client: usize, question: &str, key: &[u8]) -> Step {
    let mut step = Step::new(client, question);
    match step.args.iter_mut().find(|arg| **arg == b"KEY") {
        Some(place) => *place = key.to_vec(),
        None => step.args.push(key.to_vec()),
    }
    step
}

/// What shows everything that a key of a type holds.
fn everything_in(kind: &[u8]) -> &'static [&'static str] {
    match kind {
        b"string" => &["GET"],
        b"list" => &["LRANGE KEY 0 -1"],
        b"hash" => &["HGETALL"],
        b"set" => &["SMEMBERS"],
        b"zset" => &["ZRANGE KEY 0 -1 WITHSCORES"],
        b"stream" => &["XRANGE KEY - +", "XINFO STREAM KEY FULL COUNT 0", "XINFO STREAM KEY"],
        _ => &[],
    }
}
