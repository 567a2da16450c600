//! A real redis-server of one's own: started on a free port, stopped when dropped.

use crate::control::Control;
use keyspace_resp::Value;
use keyspace_transcript::Version;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};

/// A running redis-server.
pub struct RedisServer {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its settings as it started, which tests may change.
    settings: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// A user, and its password, for whom a transcript that sets a password locks no door.
const ADMIN: &str = "oracle";

impl RedisServer {
    /// Starts the redis-server of PATH, and returns when it accepts connections.
    pub fn start() -> io::Result<RedisServer> {
        // Another process may take the port between the search and the start.
        let (process, address) = (0..5)
            .find_map(|_| Self::try_start().transpose())
            .unwrap_or_else(|| Err(io::Error::other("redis-server does not start")))?;
        let mut server = RedisServer { process, address, settings: BTreeMap::new() };
        let mut control = Control::connect(address)?;
        server.settings = settings(&mut control)?;
        control.call(&[
            "ACL",
            "SETUSER",
            ADMIN,
            "on",
            &format!(">{ADMIN}"),
            "~*",
            "&*",
            "+@all",
        ])?;
        control.quit()?;
        Ok(server)
    }

    /// `None` where it started and gave up again.
    fn try_start() -> io::Result<Option<(Child, SocketAddr)>> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
            .args(["--enable-debug-command", "yes"])
            .args(["--dir", env!("CARGO_TARGET_TMPDIR")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => io::Error::other(
                    "redis-server is not on PATH, and these tests compare with it: \
                     `cargo xtask test` installs it, or install the package `redis-server`",
                ),
                _ => error,
            })?;
        let log = process.stdout.take().expect("stdout is piped");
        for line in BufReader::new(log).lines() {
            if line?.contains("Ready to accept connections") {
                return Ok(Some((process, address)));
            }
        }
        process.wait()?;
        Ok(None)
    }

    /// The version that INFO gives.
    pub fn version(&self) -> io::Result<Version> {
        let info = Control::connect(self.address)?.call(&["INFO", "server"])?;
        let text = String::from_utf8_lossy(info.as_bytes().unwrap_or_default()).into_owned();
        text.lines()
            .find_map(|line| line.strip_prefix("redis_version:"))
            .and_then(|version| version.trim().parse().ok())
            .ok_or_else(|| io::Error::other("INFO gives no version"))
    }

    /// Makes the server as it started: no clients, no data, its settings.
    pub fn reset(&self) -> io::Result<()> {
        let mut control = Control::connect(self.address)?;
        control.call(&["AUTH", ADMIN, ADMIN])?;
        for command in [
            &["CLIENT", "UNPAUSE"][..],
            &["CLIENT", "KILL", "TYPE", "normal"],
            &["CLIENT", "KILL", "TYPE", "pubsub"],
            &["FLUSHALL"],
            &["SCRIPT", "FLUSH"],
            &["FUNCTION", "FLUSH"],
            &["CONFIG", "RESETSTAT"],
            &["SLOWLOG", "RESET"],
            &["LATENCY", "RESET"],
            &["ACL", "LOG", "RESET"],
        ] {
            control.call(command)?;
        }
        for user in control.call(&["ACL", "USERS"])?.as_array().unwrap_or_default() {
            match user.as_bytes() {
                Some(user) if user == b"default" || user == ADMIN.as_bytes() => {}
                None => {}
                Some(user) => drop(control.call(&[&b"ACL"[..], b"DELUSER", user])?),
            }
        }
        let now = settings(&mut control)?;
        for (name, value) in &self.settings {
            if now.get(name) != Some(value) {
                control.call(&[&b"CONFIG"[..], b"SET", name, value])?;
            }
        }
        control.quit()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It is gone already where this fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(control: &mut Control) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let reply = control.call(&["CONFIG", "GET", "*"])?;
    let bytes = |value: &Value| value.as_bytes().unwrap_or_default().to_vec();
    let pairs = reply.as_array().unwrap_or_default().chunks_exact(2);
    Ok(pairs.map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect())
}
