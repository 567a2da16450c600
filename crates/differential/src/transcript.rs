//! A sequence as a test of `tests/spec`, with what redis-server answers.

use crate::pair::{Difference, Pair};
use crate::sequence::Sequence;
use keyspace_resp::{Value, cli};
use std::fmt::Write;
use std::io;

/// Plays a sequence and writes it as a transcript, with the difference below it.
///
/// # Errors
/// Where the server cannot be reached.
pub fn transcript(pair: &mut Pair, sequence: &Sequence) -> io::Result<String> {
    pair.single_steps = true;
    let played = pair.play(sequence);
    pair.single_steps = false;
    let played = played?;
    let mut text = format!("## Found by seed {}\n\n```redis\n", sequence.seed);
    let mut current = 0;
    for (step, received) in sequence.steps.iter().zip(&played.received) {
        let is_resp3 = step.is("HELLO") && step.args.len() == 2 && step.args[1] == b"3";
        match step.wait_ms() {
            Some(millis) => {
                let _ = writeln!(text, "advance {millis}ms");
            }
            None => {
                switch(&mut text, &mut current, step.client);
                let prompt = if is_resp3 { "resp3" } else { "> " };
                line(&mut text, prompt, if is_resp3 { &[] } else { &step.args });
            }
        }
        let own = |client: &usize| *client == step.client && step.wait_ms().is_none();
        for (client, value) in received.iter().filter(|(client, _)| own(client)) {
            if !is_resp3 {
                reply(&mut text, &step.args, *client, value);
            }
        }
        for (client, value) in received.iter().filter(|(client, _)| !own(client)) {
            switch(&mut text, &mut current, *client);
            reply(&mut text, &step.args, *client, value);
        }
    }
    text.push_str("```\n");
    // Some differ only where a client sends several commands at once.
    let difference = match played.difference {
        None => pair.play(sequence)?.difference,
        difference => difference,
    };
    if let Some(difference) = &difference {
        let _ = write!(text, "{difference}");
    }
    Ok(text)
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.turn {
            writeln!(f, "differs after: {}", words(&step.args))?;
        }
        writeln!(f, "the reply to:  {}", words(&self.command))?;
        for (name, value) in [("engine", &self.engine), ("redis", &self.redis)] {
            let shown = value.as_ref().map_or("nothing".into(), cli::format);
            writeln!(f, "{name}: {shown}")?;
        }
        Ok(())
    }
}

fn switch(text: &mut String, current: &mut usize, client: usize) {
    if *current != client {
        *current = client;
        let letter = char::from(b'A' + (client % 26) as u8);
        let _ = writeln!(text, "client {letter}");
    }
}

fn reply(text: &mut String, args: &[Vec<u8>], _client: usize, value: &Value) {
    let _ = writeln!(text, "{}", cli::format_answer(args, value));
}

fn line(text: &mut String, prompt: &str, args: &[Vec<u8>]) {
    let _ = writeln!(text, "{prompt}{}", words(args));
}

fn words(args: &[Vec<u8>]) -> String {
    args.iter().map(|arg| word(arg)).collect::<Vec<_>>().join(" ")
}

/// An argument, in quotes where it needs them.
fn word(arg: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    match std::str::from_utf8(arg) {
        Ok(text) if !arg.is_empty() && arg.iter().all(is_plain) => text.to_owned(),
        _ => cli::quote(arg),
    }
}
