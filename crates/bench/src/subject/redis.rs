//! A redis-server behind a unix socket, which `redis-benchmark` drives.

use super::{Measured, Run, Slot, Subject, no_error};
use crate::operation::PING_INLINE;
use crate::workload::Workload;
use keyspace_differential::RedisServer;
use keyspace_resp::encode_command;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What the server echoes when it has worked on all that came before.
const END: &str = "that was all";

/// A running server; each slot is a database.
#[derive(Debug)]
pub struct Redis {
    server: RedisServer,
    socket: PathBuf,
    version: String,
}

impl Redis {
    /// Starts one.
    pub fn start() -> io::Result<Redis> {
        let socket =
            std::env::temp_dir().join(format!("keyspace-bench-{}.sock", std::process::id()));
        let server = RedisServer::start_with(&["--unixsocket", &socket.to_string_lossy()])?;
        let mut redis = Redis { server, socket, version: String::new() };
        redis.version = redis.info("server", "redis_version")?;
        Ok(redis)
    }

    /// The version that it gives.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The bytes that it says it uses for data and buffers.
    pub fn used_memory(&self) -> io::Result<u64> {
        self.info("memory", "used_memory")?.parse().map_err(io::Error::other)
    }

    fn info(&self, section: &str, field: &str) -> io::Result<String> {
        let mut request = Vec::new();
        encode_command(&mut request, &["INFO", section]);
        let reply = self.converse(&request)?;
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let value = reply.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        value
            .map(|value| value.trim().to_owned())
            .ok_or_else(|| io::Error::other(format!("INFO {section} gives no {field}")))
    }

    /// Sends commands over a connection of their own and returns the last replies.
    fn converse(&self, requests: &[u8]) -> io::Result<Vec<u8>> {
        let mut end = Vec::new();
        encode_command(&mut end, &["ECHO", END]);
        let reply = format!("${}\r\n{END}\r\n", END.len()).into_bytes();
        let stream = TcpStream::connect(self.server.address())?;
        let mut replies = BufReader::with_capacity(1 << 16, stream.try_clone()?);
        std::thread::scope(|scope| {
            // The server stops reading when nobody reads its replies.
            let writer =
                scope.spawn(|| (&stream).write_all(requests).and((&stream).write_all(&end)));
            let mut last = Vec::new();
            while !last.ends_with(&reply) {
                let more = replies.fill_buf()?;
                if more.is_empty() {
                    return Err(io::Error::other("redis-server closed the connection"));
                }
                let len = more.len();
                last.extend_from_slice(more);
                replies.consume(len);
                let surplus = last.len().saturating_sub(1 << 16);
                last.drain(..surplus);
            }
            writer.join().map_err(|_| io::Error::other("the writer panicked"))??;
            Ok(last)
        })
    }
}

fn database(slot: Slot) -> &'static str {
    match slot {
        Slot::Scratch => "0",
        Slot::Small => "1",
        Slot::Large => "2",
    }
}

impl Subject for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn commands(&self, depth: usize) -> usize {
        match depth {
            ..8 => 40 << 10,
            8..64 => 1 << 17,
            _ => 1 << 18,
        }
    }

    fn empty(&mut self, slot: Slot) -> io::Result<()> {
        let mut requests = Vec::new();
        encode_command(&mut requests, &["SELECT", database(slot)]);
        encode_command(&mut requests, &["FLUSHDB", "SYNC"]);
        self.converse(&requests).map(drop)
    }

    fn feed(&mut self, slot: Slot, workload: &Workload, commands: usize) -> io::Result<()> {
        let mut requests = Vec::new();
        encode_command(&mut requests, &["SELECT", database(slot)]);
        requests.extend_from_slice(workload.first(commands));
        self.converse(&requests).map(drop)
    }

    fn measure(&mut self, slot: Slot, run: &Run) -> io::Result<Measured> {
        let mut benchmark = Command::new("redis-benchmark");
        benchmark
            .arg("-s")
            .arg(&self.socket)
            .args(["-P", &run.depth.to_string(), "-n", &run.commands.to_string()])
            .args(["-r", &run.below.to_string(), "--dbnum", database(slot), "--csv"])
            .stderr(Stdio::null());
        if run.workload.name == PING_INLINE {
            benchmark.args(["-t", "ping_inline"]);
        } else {
            benchmark.args(run.command.split(' '));
        }
        let output = benchmark.output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        // "test","rps",...: the first line names the columns.
        let cell = text.lines().nth(1).and_then(|line| line.split("\",\"").nth(1));
        let rate = cell.and_then(|rate| rate.trim_matches('"').parse().ok());
        let rate = rate.ok_or_else(|| {
            io::Error::other(format!("redis-benchmark says no rate of {}: {text}", run.command))
        })?;
        Ok(Measured { rate, reply_bytes: None })
    }

    fn time(&mut self, slot: Slot, workload: &Workload) -> io::Result<f64> {
        let mut requests = Vec::new();
        encode_command(&mut requests, &["SELECT", database(slot)]);
        requests.extend_from_slice(&workload.bytes);
        let start = Instant::now();
        let replies = self.converse(&requests)?;
        let seconds = start.elapsed().as_secs_f64();
        let reply = replies.strip_prefix(b"+OK\r\n").unwrap_or_default();
        no_error(&workload.name, reply).map(|()| seconds)
    }
}
