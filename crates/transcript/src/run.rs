//! Playing a transcript.

use crate::backend::{Backend, Connection, Received};
use crate::expect::{Expected, Reply};
use crate::parse::{Action, Step, Transcript};
use keyspace_resp::{Value, encode_command};
use std::error::Error;
use std::fmt;

/// How a transcript went that did not fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Blocks that were played.
    pub played: usize,
    /// Blocks that the backend [skips](Backend::skips).
    pub skipped: usize,
}

/// Where a transcript and a server disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What went wrong: the step, and a difference of lines.
    pub message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl Error for Failure {}

/// What a step comes to; its error becomes the message of a [`Failure`].
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Plays a transcript of the file `path` on an empty server.
///
/// # Errors
/// The first step that is not answered as written, or that the backend could not do.
pub fn run<B: Backend>(
    path: &str,
    transcript: &Transcript,
    backend: &mut B,
) -> Result<Summary, Failure> {
    let mut player = Player { backend, clients: Vec::new(), current: 0 };
    let fail = |line: usize, error: Box<dyn Error>| Failure {
        path: path.to_owned(),
        line,
        message: error.to_string(),
    };
    let mut summary = Summary::default();
    player.switch("A").map_err(|error| fail(transcript.line, error))?;
    for block in &transcript.blocks {
        if player.backend.skips(block) {
            summary.skipped += 1;
            continue;
        }
        summary.played += 1;
        for step in &block.steps {
            player.play(step).map_err(|error| fail(step.line, error))?;
        }
    }
    player.nothing_left().map_err(|error| fail(transcript.line, error))?;
    Ok(summary)
}

struct Player<'a, B> {
    backend: &'a mut B,
    clients: Vec<Client>,
    /// Index of the current client.
    current: usize,
}

struct Client {
    name: String,
    connection: Connection,
    /// The last command, whose reply is awaited or was read.
    command: Vec<Vec<u8>>,
    /// What CLIENT ID answered, once somebody asked.
    id: Option<String>,
}

impl<B: Backend> Player<'_, B> {
    /// Makes a client the current one, connecting it at its first use.
    fn switch(&mut self, name: &str) -> Outcome {
        self.current = match self.clients.iter().position(|client| client.name == name) {
            Some(index) => index,
            None => {
                let connection = self.backend.connect()?;
                let name = name.to_owned();
                self.clients.push(Client { name, connection, command: Vec::new(), id: None });
                self.clients.len() - 1
            }
        };
        Ok(())
    }

    fn play(&mut self, step: &Step) -> Outcome {
        match &step.action {
            Action::Command(args) => {
                let args = &self.fill_in(args)?;
                let mut bytes = Vec::new();
                encode_command(&mut bytes, args);
                self.clients[self.current].command = args.clone();
                self.send(&bytes)?;
            }
            Action::Raw(bytes) => {
                self.clients[self.current].command = Vec::new();
                self.send(bytes)?;
            }
            Action::Client(name) => {
                self.switch(name)?;
                if step.expected.is_nothing() {
                    return Ok(());
                }
            }
            Action::Advance(millis) => {
                self.backend.advance(*millis);
                if step.expected.is_nothing() {
                    return Ok(());
                }
            }
            Action::Resp3 => return self.say_hello(),
        }
        self.compare(step)
    }

    /// The arguments with the numbers of clients in place of `id(B)`.
    fn fill_in(&mut self, args: &[Vec<u8>]) -> Outcome<Vec<Vec<u8>>> {
        let mut filled = Vec::new();
        for arg in args {
            let name = arg.strip_prefix(b"id(").and_then(|rest| rest.strip_suffix(b")"));
            filled.push(match name {
                Some(name) => self.id(std::str::from_utf8(name)?)?.into_bytes(),
                None => arg.clone(),
            });
        }
        Ok(filled)
    }

    /// The number of a client, which is asked for it once.
    fn id(&mut self, name: &str) -> Outcome<String> {
        let before = self.current;
        self.switch(name)?;
        let asked = std::mem::replace(&mut self.current, before);
        if let Some(id) = &self.clients[asked].id {
            return Ok(id.clone());
        }
        let connection = self.clients[asked].connection;
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &["CLIENT", "ID"]);
        self.backend.send(connection, &bytes)?;
        let mut received = Received::default();
        read_until(self.backend, connection, &mut received, |received| {
            received.bytes.ends_with(b"\r\n")
        })?;
        match Value::decode_all(&received.bytes).map(|(replies, _)| replies).as_deref() {
            Ok([Value::Integer(id)]) => Ok(self.clients[asked].id.insert(id.to_string()).clone()),
            _ => Err(format!("CLIENT ID answers {}", received.bytes.escape_ascii()).into()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Outcome {
        let connection = self.clients[self.current].connection;
        Ok(self.backend.send(connection, bytes)?)
    }

    /// Reads what the current client receives until it is what the step expects, or nothing comes.
    fn compare(&mut self, step: &Step) -> Outcome {
        let client = &self.clients[self.current];
        let mut received = Received::default();
        let as_expected = if step.expected.is_nothing() {
            received = self.backend.receive_settled(client.connection)?;
            received == Received::default()
        } else {
            read_until(self.backend, client.connection, &mut received, |received| {
                step.expected.matches(&Reply { command: &client.command, received })
            })?
        };
        if as_expected {
            return Ok(());
        }
        let reply = Reply { command: &client.command, received: &received };
        Err(format!("{}{}", step.source, difference(&step.expected, &reply)).into())
    }

    fn say_hello(&mut self) -> Outcome {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &["HELLO", "3"]);
        self.send(&bytes)?;
        let mut received = Received::default();
        let is_map = |received: &Received| {
            let decoded = Value::decode_all(&received.bytes);
            matches!(decoded, Ok((replies, _)) if matches!(replies[..], [Value::Map(_)]))
        };
        let connection = self.clients[self.current].connection;
        if read_until(self.backend, connection, &mut received, is_map)? {
            return Ok(());
        }
        Err(format!("HELLO 3 answers {}", received.bytes.escape_ascii()).into())
    }

    /// Checks that no client received more than the transcript shows.
    fn nothing_left(&mut self) -> Outcome {
        for client in &self.clients {
            let received = self.backend.receive_settled(client.connection)?;
            if !received.bytes.is_empty() {
                let expected = Expected::nothing(false);
                let reply = Reply { command: &client.command, received: &received };
                let lines = reply.describe(&expected).join("\n    + ");
                return Err(format!("client {} also received\n    + {lines}", client.name).into());
            }
        }
        Ok(())
    }
}

/// Reads until `is_enough`, or until nothing more comes; answers whether it was enough.
fn read_until<B: Backend>(
    backend: &mut B,
    connection: Connection,
    received: &mut Received,
    is_enough: impl Fn(&Received) -> bool,
) -> Outcome<bool> {
    while !received.closed {
        let more = backend.receive(connection)?;
        if more == Received::default() {
            return Ok(false);
        }
        received.bytes.extend(more.bytes);
        received.closed = more.closed;
        if is_enough(received) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What differs, as lines: `-` is expected, `+` was received.
fn difference(expected: &Expected, reply: &Reply<'_>) -> String {
    let wanted = expected.describe();
    let received = reply.describe(expected);
    let same = wanted.iter().zip(&received).take_while(|(a, b)| a == b).count();
    let mut out = String::new();
    for (mark, lines) in [(' ', &wanted[..same]), ('-', &wanted[same..]), ('+', &received[same..])]
    {
        for line in lines {
            out.push_str("\n    ");
            out.push(mark);
            out.push(' ');
            out.push_str(line);
        }
    }
    if received.is_empty() {
        out.push_str("\n    + nothing");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineBackend, File};

    fn play(block: &str) -> Result<Summary, Failure> {
        let text = format!("## Name\nWhy.\n```redis\n{block}\n```\n");
        let file = File::parse("f.md", &text).expect("valid");
        run(&file.path, &file.transcripts[0], &mut EngineBackend::default())
    }

    #[test]
    fn clients_wait_and_are_woken() {
        let block = "> BRPOP q 0\nclient B\n> LPUSH q x\n(integer) 1\nclient A\n1) \"q\"\n2) \"x\"";
        assert_eq!(play(block), Ok(Summary { played: 1, skipped: 0 }));
    }

    #[test]
    fn a_client_has_a_number_to_be_named_by() {
        let block = "> CLIENT UNBLOCK id(B)\n(integer) 0\n> ECHO id(A)\n\"1\"\n> ECHO id(B)\n\"2\"";
        assert_eq!(play(block), Ok(Summary { played: 1, skipped: 0 }));
    }

    #[test]
    fn a_failure_shows_both_sides_and_its_line() {
        let failure = play("> PING\nPONG\n> PING a\n\"b\"").expect_err("differs");
        assert_eq!(failure.to_string(), "f.md:6: > PING a\n    - \"b\"\n    + \"a\"");
        let failure = play("> BRPOP q 0\n(nil)").expect_err("waits");
        assert_eq!(failure.to_string(), "f.md:4: > BRPOP q 0\n    - (nil)\n    + nothing");
    }

    #[test]
    fn an_answer_that_must_not_come_is_a_failure() {
        let failure = play("> PING").expect_err("answers");
        assert_eq!(failure.to_string(), "f.md:4: > PING\n    + PONG");
        let failure = play("> BRPOP q 1\nadvance 1s").expect_err("answers");
        assert_eq!(failure.to_string(), "f.md:1: client A also received\n    + (nil)");
    }
}
