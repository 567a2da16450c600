//! MONITOR: every command, as it runs, to whoever asked for it.

use super::{CommandSpec, Flag, Group, Run};
use crate::args::Args;
use crate::client::ClientId;
use crate::context::{Context, Origin};
use crate::engine::Engine;
use crate::error::CommandError;
use keyspace_resp::{ReplyWriter, cli};

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
    if !ctx.may_block() {
        return Err(CommandError::text(&"ERR MONITOR isn't allowed for DENY BLOCKING client"));
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
    pub(crate) fn feed_monitors(
        &mut self,
        id: ClientId,
        args: &Args<'_>,
        secrets: &[usize],
        origin: Origin,
    ) {
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let (seconds, micros) = (self.now.0.div_euclid(1000), self.now.0.rem_euclid(1000) * 1000);
        let mut line = format!(
            "{seconds}.{micros:06} [{} {}]",
            client.db.0,
            if origin == Origin::Script { "lua" } else { &client.addr }
        );
        for (index, arg) in args.iter().enumerate() {
            let secret = secrets.contains(&index);
            line.push(' ');
            line.push_str(&cli::quote(if secret { b"(redacted)" } else { arg }));
        }
        for monitor in self.monitors.clone() {
            if let Some(client) = self.clients.get_mut(&monitor) {
                client.out.simple(&line);
                self.list_output(monitor);
            }
        }
    }
}
