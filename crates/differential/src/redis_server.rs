//! A real redis-server of one's own, and connections to it.

use keyspace_resp::{Value, encode_command};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long one look at a connection takes where nothing comes.
const LOOK: Duration = Duration::from_millis(30);
/// After so many looks without a reply the server counts as silent.
const LOOKS_MAX: u32 = 200;

/// A running redis-server on a free port of 127.0.0.1; stopped when dropped.
#[derive(Debug)]
pub struct RedisServer {
    process: Child,
    address: SocketAddr,
}

impl RedisServer {
    /// Starts the redis-server of PATH, and returns when it accepts connections.
    ///
    /// # Errors
    /// Where there is none, or it does not start.
    pub fn start() -> io::Result<RedisServer> {
        Self::start_with(&[])
    }

    /// Like [`start`](Self::start), with further arguments of its command line.
    ///
    /// # Errors
    /// Where there is none, or it does not start.
    pub fn start_with(arguments: &[&str]) -> io::Result<RedisServer> {
        // Another process may take the port between the search and the start.
        (0..5)
            .find_map(|_| Self::try_start(arguments).transpose())
            .unwrap_or_else(|| Err(io::Error::other("redis-server does not start")))
    }

    /// `None` where it started and gave up again.
    fn try_start(arguments: &[&str]) -> io::Result<Option<RedisServer>> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => io::Error::other(
                    "redis-server is not on PATH, and the engine is compared with it: \
                     `cargo xtask test` installs it, or install the package `redis-server`",
                ),
                _ => error,
            })?;
        let log = process.stdout.take().expect("stdout is piped");
        for line in BufReader::new(log).lines() {
            if line?.contains("Ready to accept connections") {
                return Ok(Some(RedisServer { process, address }));
            }
        }
        process.wait()?;
        Ok(None)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens a connection.
    pub(crate) fn connect(&self) -> io::Result<Connection> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        let mut connection = Connection { stream, buffer: Vec::new(), id: 0 };
        if let Value::Integer(id) = connection.call(&["CLIENT", "ID"])? {
            connection.id = id;
        }
        Ok(connection)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It is gone already where this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection to it.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// What CLIENT ID answers.
    pub id: i64,
}

impl Connection {
    /// Sends bytes. Where the server has closed the connection, no reply will come.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.stream.write_all(bytes) {
            Err(error) if !is_end(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether the server closes the connection and sends nothing more.
    pub fn is_closed(&mut self) -> io::Result<bool> {
        for _ in 0..LOOKS_MAX {
            match self.stream.read(&mut [0; 1]) {
                Ok(len) => return Ok(len == 0),
                Err(error) if is_end(&error) => return Ok(true),
                Err(error) if is_silence(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Sends a command and reads its reply.
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Value> {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.send(&bytes)?;
        self.receive(1)?.pop().ok_or_else(|| io::Error::other("redis-server does not answer"))
    }

    /// Reads this many replies, or fewer where no more come in time.
    fn receive(&mut self, count: usize) -> io::Result<Vec<Value>> {
        let mut looks = 0;
        self.receive_while(count, || {
            looks += 1;
            Ok(looks < LOOKS_MAX)
        })
    }

    /// Reads this many replies, or fewer where nothing came for a moment and `goes_on` says no.
    pub fn receive_while(
        &mut self,
        count: usize,
        mut goes_on: impl FnMut() -> io::Result<bool>,
    ) -> io::Result<Vec<Value>> {
        let mut values = Vec::new();
        let mut read = 0;
        while values.len() < count {
            match Value::decode(&self.buffer[read..])
                .map_err(|error| io::Error::other(error.to_string()))?
            {
                Some((value, used)) => {
                    values.push(value);
                    read += used;
                }
                None if !self.fill()? && !goes_on()? => break,
                None => {}
            }
        }
        self.buffer.drain(..read);
        Ok(values)
    }

    /// Reads what is there; `false` where nothing comes, or no more.
    fn fill(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 64 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(len) => {
                self.buffer.extend_from_slice(&bytes[..len]);
                Ok(len > 0)
            }
            Err(error) if is_silence(&error) || is_end(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Nothing came in time.
fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// The other side has ended the connection.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}
