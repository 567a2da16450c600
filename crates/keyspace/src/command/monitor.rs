//! MONITOR: every command, as it runs, to whoever asked for it.

use super::{CommandSpec, Flag, Group, Run};
use crate::args::Args;
use crate::client::ClientId;
use crate::context::Context;
use crate::engine::Engine;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;
use std::io::Write;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "monitor",
    syntax: "MONITOR",
    summary: "Streams every command that the engine runs from now on.",
    since: "1.0.0",
    complexity: "O(1) a command and monitor",
    arity: 1,
    flags: &[Flag::Admin, Flag::Noscript, Flag::Loading, Flag::Stale],
    run: Run::Handler(monitor),
    ..CommandSpec::new(Group::Server)
}];

/// MONITOR
///
/// A stream that never ends has no place in a transaction.
fn monitor(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if !ctx.may_block {
        return Err(CommandError::text("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    let id = ctx.client_id;
    let client = ctx.client_mut();
    if !client.monitoring {
        client.monitoring = true;
        ctx.engine.monitors.push(id);
    }
    out.ok();
    Ok(())
}

impl Engine {
    /// Sends a command to every monitor: time, database and address, then each argument quoted,
    /// except for those at the indices of `secrets`.
    pub(crate) fn feed_monitors(&mut self, id: ClientId, args: &Args<'_>, secrets: &[usize]) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let (seconds, micros) = (self.now.0.div_euclid(1000), self.now.0.rem_euclid(1000) * 1000);
        let mut line =
            format!("{seconds}.{micros:06} [{} {}]", client.db.0, client.addr).into_bytes();
        for (index, arg) in args.iter().enumerate() {
            line.extend_from_slice(b" ");
            let secret = secrets.contains(&index);
            write_quoted(&mut line, if secret { b"(redacted)" } else { arg });
        }
        let line = String::from_utf8(line).expect("quoting leaves ASCII");
        for monitor in self.monitors.clone() {
            if let Some(client) = self.clients.get_mut(&monitor) {
                client.out.simple(&line);
                self.list_output(monitor);
            }
        }
    }
}

/// Appends bytes in double quotes, with everything that is not printable ASCII escaped.
pub(crate) fn write_quoted(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            b' '..=b'~' => out.push(byte),
            other => write!(out, "\\x{other:02x}").expect("writing to a Vec cannot fail"),
        }
    }
    out.push(b'"');
}
