//! A connection to the engine, as the `redis` crate knows connections.
//!
//! Bytes go in by the engine's one door and come out of it. Nothing here runs by itself: a reply
//! that is not there is waited for by letting scripts go on and moving the clock, and where
//! neither can bring it, that is an error at once.

use crate::Keyspace;
use keyspace::{ClientId, Engine};
use keyspace_resp::Value as Decoded;
use redis::{
    Cmd, ConnectionLike, ErrorKind, FromRedisValue, RedisError, RedisResult, Value,
    from_redis_value, parse_redis_value,
};
use std::collections::VecDeque;
use std::io;

/// How many points in time are passed for a reply.
const DEADLINES_MAX: usize = 100_000;
/// How many slices of a script, of two million instructions each, are run for a reply.
const SLICES_MAX: usize = 25;

/// A client of a [`Keyspace`]. It disconnects when it is dropped.
///
/// It is a [`ConnectionLike`]: the traits `Commands` and `TypedCommands` of [`redis`] give it a
/// method for each command, and `cmd`, `pipe`, `Script` and `transaction` take it as a connection.
///
/// ```
/// use keyspace_client::{Keyspace, redis::{self, Commands, cmd, pipe}};
///
/// # fn main() -> redis::RedisResult<()> {
/// let mut client = Keyspace::new().client();
/// let length: usize = cmd("RPUSH").arg("todo").arg(&["write", "test"]).query(&mut client)?;
/// assert_eq!(length, 2);
///
/// let (count, name): (i64, Option<String>) =
///     pipe().atomic().incr("n", 41).get("name").query(&mut client)?;
/// assert_eq!((count, name), (41, None));
///
/// let todo: Vec<String> = client.lrange("todo", 0, -1)?;
/// assert_eq!(todo, ["write", "test"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Client {
    keyspace: Keyspace,
    id: ClientId,
    db: i64,
    /// What arrived and is no whole reply yet.
    unread: Vec<u8>,
    replies: VecDeque<Value>,
    pushes: Vec<Value>,
    /// Replies that are still to come to what [`send`](Client::send) sent.
    owed: usize,
    closed: bool,
}

impl Client {
    pub(crate) fn new(keyspace: Keyspace, id: ClientId) -> Client {
        Client {
            keyspace,
            id,
            db: 0,
            unread: Vec::new(),
            replies: VecDeque::new(),
            pushes: Vec::new(),
            owed: 0,
            closed: false,
        }
    }

    /// The engine that it is connected to.
    pub fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// Its number, as CLIENT ID and events tell it.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Whether it waits: in a blocking command, or for the end of a pause.
    pub fn is_blocked(&self) -> bool {
        self.keyspace.with_engine(|engine| engine.is_blocked(self.id))
    }

    /// Sends a command without waiting for its reply, which [`reply`](Client::reply) takes.
    ///
    /// # Errors
    /// The connection is closed.
    pub fn send(&mut self, command: &Cmd) -> RedisResult<()> {
        self.send_bytes(&command.get_packed_command())?;
        self.owed += 1;
        Ok(())
    }

    /// Takes the next reply to what was sent, or `None` while it is not there.
    ///
    /// # Errors
    /// An error reply; a reply that is no `T`; a closed connection.
    pub fn reply<T: FromRedisValue>(&mut self) -> RedisResult<Option<T>> {
        self.read()?;
        match self.replies.pop_front() {
            Some(value) => {
                self.owed = self.owed.saturating_sub(1);
                Ok(Some(from_redis_value(value.extract_error()?)?))
            }
            None if self.closed => Err(closed()),
            None => Ok(None),
        }
    }

    /// Takes what came unasked since the last call: messages, and keys that a client-side cache is
    /// to forget. RESP3 alone has such; say `HELLO 3` first.
    ///
    /// # Errors
    /// Bytes that are no reply.
    pub fn take_pushes(&mut self) -> RedisResult<Vec<Value>> {
        self.read()?;
        Ok(std::mem::take(&mut self.pushes))
    }

    fn send_bytes(&mut self, request: &[u8]) -> RedisResult<()> {
        if self.closed {
            return Err(closed());
        }
        self.keyspace.with_engine(|engine| engine.receive(self.id, request, engine.now()));
        Ok(())
    }

    /// Takes what has arrived.
    fn read(&mut self) -> RedisResult<()> {
        let (bytes, closing) = self.keyspace.with_engine(|engine| {
            let bytes = engine.take_output(self.id);
            let closing = engine.is_closing(self.id);
            if closing {
                engine.disconnect(self.id, engine.now());
            }
            (bytes, closing)
        });
        self.closed |= closing;
        self.unread.extend(bytes);
        let mut at = 0;
        while let Some(length) = length_of_reply(&self.unread[at..])? {
            let value = parse_redis_value(&self.unread[at..at + length])?;
            at += length;
            match value {
                Value::Push { .. } => self.pushes.push(value),
                value => self.replies.push_back(value),
            }
        }
        self.unread.drain(..at);
        Ok(())
    }

    /// Sends commands and takes their replies.
    fn exchange(&mut self, request: &[u8], count: usize) -> RedisResult<Vec<Value>> {
        if self.owed > 0 {
            let text = "an earlier command is still to be answered: take its reply first";
            return Err((ErrorKind::Client, text).into());
        }
        self.send_bytes(request)?;
        let (mut deadlines, mut slices) = (0, 0);
        loop {
            self.read()?;
            if self.replies.len() >= count {
                return Ok(self.replies.drain(..count).collect());
            }
            if self.closed {
                return Err(closed());
            }
            match self.keyspace.with_engine(|engine| step(engine, self.id)) {
                Step::Slice if slices < SLICES_MAX => slices += 1,
                Step::Deadline if deadlines < DEADLINES_MAX => deadlines += 1,
                _ => return Err(self.give_up()),
            }
        }
    }

    /// Ends a wait that nothing in this thread can end, so that the client can be used again.
    fn give_up(&mut self) -> RedisError {
        let runs = self.keyspace.with_engine(|engine| engine.has_unfinished_script());
        if runs {
            self.keyspace.with_engine(|engine| {
                engine.cancel_script(self.id);
                engine.disconnect(self.id, engine.now());
            });
            self.closed = true;
            let text = "a script does not end: the connection is closed";
            return io::Error::new(io::ErrorKind::TimedOut, text).into();
        }
        self.keyspace.unblock(self.id);
        let rest = self.read();
        self.replies.clear();
        let text = "the command would wait for ever, as no other client can run meanwhile: \
                    give it a timeout, or use Client::send and Client::reply";
        rest.err().unwrap_or_else(|| io::Error::new(io::ErrorKind::TimedOut, text).into())
    }
}

impl ConnectionLike for Client {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        let mut replies = self.exchange(cmd, 1)?;
        Ok(replies.pop().expect("there are as many replies as were asked for"))
    }

    fn req_command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        let reply = self.req_packed_command(&cmd.get_packed_command())?;
        if let Some(db) = selected_db(cmd)
            && reply == Value::Okay
        {
            self.db = db;
        }
        Ok(reply)
    }

    fn req_packed_commands(
        &mut self,
        cmd: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let mut replies = self.exchange(cmd, offset + count)?;
        let wanted = replies.split_off(offset);
        // What MULTI could not queue says why more plainly than EXEC's refusal.
        match replies.into_iter().find(|reply| matches!(reply, Value::ServerError(_))) {
            Some(error) => Err(error.extract_error().err().unwrap_or_else(closed)),
            None => Ok(wanted),
        }
    }

    fn get_db(&self) -> i64 {
        self.db
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").query::<Value>(self).is_ok()
    }

    fn is_open(&self) -> bool {
        !self.closed
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.keyspace.with_engine(|engine| engine.disconnect(self.id, engine.now()));
    }
}

/// What was done that may bring a reply.
enum Step {
    /// A script went on.
    Slice,
    /// Time moved to when something is due.
    Deadline,
    /// There is nothing that could be done.
    Nothing,
}

/// Does what may bring a client its reply.
fn step(engine: &mut Engine, client: ClientId) -> Step {
    if engine.has_unfinished_script() {
        engine.continue_script();
        return Step::Slice;
    }
    match engine.next_deadline() {
        Some(deadline) if engine.is_blocked(client) => {
            engine.advance(deadline);
            Step::Deadline
        }
        _ => Step::Nothing,
    }
}

fn length_of_reply(bytes: &[u8]) -> RedisResult<Option<usize>> {
    let decoded = Decoded::decode(bytes)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(decoded.map(|(_, length)| length))
}

/// The database that a command selects, if it is one that does.
fn selected_db(cmd: &Cmd) -> Option<i64> {
    let mut args = cmd.args_iter().map(|arg| match arg {
        redis::Arg::Simple(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
        _ => "",
    });
    let selects = args.next()?.eq_ignore_ascii_case("SELECT");
    args.next().filter(|_| selects)?.parse().ok()
}

fn closed() -> RedisError {
    io::Error::new(io::ErrorKind::BrokenPipe, "the engine closed this connection").into()
}
