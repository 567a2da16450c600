//! A real redis-server of one's own, which can be made as it started.

use crate::control::Control;
use keyspace_differential::RedisServer as Process;
use keyspace_resp::Value;
use keyspace_transcript::Version;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running redis-server, stopped when dropped.
pub struct RedisServer {
    process: Process,
    /// Its settings as it started, which tests may change.
    settings: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// How many were started by this process.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A user, and its password, for whom a transcript that sets a password locks no door.
const ADMIN: &str = "oracle";

impl RedisServer {
    /// Starts the redis-server of PATH, and returns when it accepts connections.
    pub fn start() -> io::Result<RedisServer> {
        // Each has a file of its own, should it be told to save.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let file = format!("keyspace-test-{}-{number}.rdb", std::process::id());
        let process =
            Process::start_with(&["--enable-debug-command", "yes", "--dbfilename", &file])?;
        let mut control = Control::connect(process.address())?;
        let settings = settings(&mut control)?;
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
        Ok(RedisServer { process, settings })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.process.address()
    }

    /// The version that INFO gives.
    pub fn version(&self) -> io::Result<Version> {
        let info = Control::connect(self.address())?.call(&["INFO", "server"])?;
        let text = String::from_utf8_lossy(info.as_bytes().unwrap_or_default()).into_owned();
        text.lines()
            .find_map(|line| line.strip_prefix("redis_version:"))
            .and_then(|version| version.trim().parse().ok())
            .ok_or_else(|| io::Error::other("INFO gives no version"))
    }

    /// Makes the server as it started: no clients, no data, its settings.
    pub fn reset(&self) -> io::Result<()> {
        let mut control = Control::connect(self.address())?;
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
            &["ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all"],
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

fn settings(control: &mut Control) -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let reply = control.call(&["CONFIG", "GET", "*"])?;
    let bytes = |value: &Value| value.as_bytes().unwrap_or_default().to_vec();
    let pairs = reply.as_array().unwrap_or_default().chunks_exact(2);
    Ok(pairs.map(|pair| (bytes(&pair[0]), bytes(&pair[1]))).collect())
}
