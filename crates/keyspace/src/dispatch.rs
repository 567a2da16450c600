//! From bytes to a handler: what every command goes through, whoever sends it.

use crate::acl::log::LogContext;
use crate::args::{Args, FEW_ARGUMENTS};
use crate::client::{ClientId, ReplyMode};
use crate::command::{self, Command, Flag, InMulti};
use crate::context::{Context, Origin};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::event::Event;
use crate::output_limit::UNCOUNTED;
use crate::script::Flags;
use crate::timing::Finished;
use crate::value::SmallBytes;
use keyspace_resp::{Protocol, ProtocolError, ReplyWriter, RequestParser};
use smallvec::SmallVec;

/// How a request over HTTP starts, and a line of it: a page that makes a browser send this to a
/// server of the visitor's network is not to reach any data.
fn is_http(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

impl Engine {
    /// Runs what a client has sent, until it is incomplete, blocks or is to be closed.
    pub(crate) fn run_pending(&mut self, id: ClientId) {
        // The parser is taken out while its arguments are in use, and put back.
        let parser = self.clients.get_mut(&id).and_then(|client| client.parser.take());
        let Some(mut parser) = parser else {
            return;
        };
        while self.delay_micros == 0 && self.run_next(id, &mut parser) {}
        if self.delay_micros > 0 {
            self.blocking.free(id);
        }
        if let Some(client) = self.clients.get_mut(&id) {
            client.parser = Some(parser);
        }
    }

    /// Runs the next command of a client; `false` where there is none that can run now.
    fn run_next(&mut self, id: ClientId, parser: &mut RequestParser) -> bool {
        let Some(client) = self.clients.get(&id) else {
            return false;
        };
        if client.closing || client.blocked.is_some() {
            return false;
        }
        if self.is_held_by_script(id) {
            self.hold(id);
            return false;
        }
        if client.postponed.is_some() {
            return self.run_released(id);
        }
        parser.set_limits(self.request_limits(client));
        let parsed = parser.parse();
        if let Some(client) = self.clients.get_mut(&id) {
            client.query_bytes = parser.pending_bytes();
        }
        match parsed {
            Ok(false) => false,
            Ok(true) => {
                let mut few: [&[u8]; FEW_ARGUMENTS] = [&[]; FEW_ARGUMENTS];
                let many: Vec<&[u8]>;
                let args = parser.args();
                let args = match few.get_mut(..args.len()) {
                    Some(few) => {
                        few.iter_mut().zip(args).for_each(|(place, arg)| *place = arg);
                        &*few
                    }
                    None => {
                        many = args.collect();
                        &many
                    }
                };
                self.execute(id, args);
                true
            }
            Err(error) => {
                self.refuse_protocol(id, &error);
                false
            }
        }
    }

    /// Closes a connection whose bytes are no commands.
    #[cold]
    fn refuse_protocol(&mut self, id: ClientId, error: &ProtocolError) {
        if let Some(client) = self.clients.get_mut(&id) {
            if client.reply_mode == ReplyMode::On {
                client.out.error(&format!("ERR Protocol error: {error}"));
            }
            client.closing = true;
            self.list_output(id);
        }
    }

    /// Runs the command with which a client waited for the end of a pause; `false` while it waits.
    fn run_released(&mut self, id: ClientId) -> bool {
        let Some(args) = self.take_released(id) else {
            return false;
        };
        let args: Vec<&[u8]> = args.iter().map(|arg| &**arg).collect();
        self.execute(id, &args);
        true
    }

    /// Lets clients that were freed go on with what they had sent behind their blocking command.
    pub(crate) fn run_freed(&mut self) {
        while self.delay_micros == 0
            && let Some(id) = self.blocking.take_freed()
        {
            self.run_pending(id);
        }
    }

    /// Runs one command of a client and everything it sets in motion.
    fn execute(&mut self, id: ClientId, args: &Args<'_>) {
        let found = command::find(args);
        if found.is_err() && args.first().is_some_and(|name| is_http(name)) {
            return self.kill_client(id);
        }
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if client.reply_mode == ReplyMode::SkipNext {
            client.reply_mode = ReplyMode::Skip;
        }
        let silent = client.reply_mode != ReplyMode::On;
        let hidden = client.hidden;
        client.last_interaction_at = self.now;
        client.last_command = match &found {
            Ok(command) => command.spec.name,
            Err(CommandError::WrongArity(name)) => name,
            Err(_) => "",
        };
        // What gives way for the command is told before it is answered.
        let admitted = self.admit(id, found, args);
        if let Ok(command) = admitted
            && self.is_paused(id, command, args)
        {
            self.postpone(id, args.iter().map(|&arg| SmallBytes::from(arg)).collect());
            return;
        }
        self.with_output(id, |engine, out| {
            let start = out.len();
            let keeps_caching = admitted.as_ref().is_ok_and(|command| command.keeps_caching);
            let result = admitted.and_then(|command| engine.process(id, command, args, out));
            if let Err(error) = result {
                engine.answer_error(&error, out);
            }
            if !hidden {
                engine.stats.commands_processed += 1;
            }
            if let Some(client) = engine.clients.get_mut(&id) {
                client.commands_processed += 1;
                if !keeps_caching {
                    client.end_caching();
                }
                // CLIENT REPLY ON is answered although replies were off when it came.
                if silent && client.reply_mode != ReplyMode::On {
                    out.truncate(start);
                }
                if client.reply_mode == ReplyMode::Skip && client.blocked.is_none() {
                    client.reply_mode = ReplyMode::On;
                }
            }
        });
        if !self.has_unfinished_script() {
            self.serve_ready_keys();
        }
    }

    /// Lends a client's output to `run`, which runs a command of it. What is pushed to the client
    /// meanwhile follows it.
    #[inline]
    pub(crate) fn with_output<T>(
        &mut self,
        id: ClientId,
        run: impl FnOnce(&mut Engine, &mut ReplyWriter) -> T,
    ) -> Option<T> {
        let client = self.clients.get_mut(&id)?;
        let protocol = client.out.protocol();
        let mut out = std::mem::replace(&mut client.out, ReplyWriter::new(protocol));
        let result = run(self, &mut out);
        let Some(client) = self.clients.get_mut(&id) else {
            return Some(result);
        };
        let pushed = std::mem::replace(&mut client.out, out);
        if !self.has_unfinished_script() {
            self.tell_own_invalid(id);
        }
        if let Some(client) = self.clients.get_mut(&id) {
            if !pushed.is_empty() {
                client.out.raw(pushed.as_bytes());
            }
            if client.cut_off {
                client.out.truncate(0);
            }
            let look = !client.out.is_empty() || client.closing;
            if look && !(client.listed && client.unread() <= UNCOUNTED) {
                self.list_output(id);
            }
        }
        Some(result)
    }

    /// Makes room for a command that was found; refuses what cannot run, and ends the transaction
    /// of a client that may not execute it.
    fn admit(
        &mut self,
        id: ClientId,
        found: Result<&'static Command, CommandError>,
        args: &Args<'_>,
    ) -> Result<&'static Command, CommandError> {
        let admitted = found.and_then(|command| {
            self.check(id, command, args)?;
            let fits = self.make_room(id);
            self.limit_tracking_table();
            if !fits && self.needs_memory(id, command, args) {
                Err(CommandError::OutOfMemory)
            } else if self.config.lacks_replicas() && self.writes(id, command) {
                Err(CommandError::NoReplicas)
            } else {
                Ok(command)
            }
        });
        admitted.map_err(|error| self.refuse(id, args, error))
    }

    #[cold]
    fn refuse(&mut self, id: ClientId, args: &Args<'_>, error: CommandError) -> CommandError {
        self.count_rejection(args, &error);
        self.refuse_in_transaction(id, args, error)
    }

    /// Whether a command is refused where the data does not fit into memory. So is all that would
    /// make a transaction longer, and one that has a queued command of this kind.
    fn needs_memory(&self, id: ClientId, command: &Command, args: &Args<'_>) -> bool {
        let transaction = self.clients.get(&id).map(|client| &client.transaction);
        self.is_denyoom(command, args)
            || transaction.is_some_and(|transaction| match command.spec.in_multi {
                InMulti::Executes => transaction.denyoom,
                InMulti::Ends => false,
                InMulti::Queued | InMulti::Runs => transaction.queue.is_some(),
            })
    }

    /// Whether a command writes, or executes a transaction that does.
    fn writes(&self, id: ClientId, command: &Command) -> bool {
        let queued = || {
            let client = self.clients.get(&id);
            client.and_then(|client| client.transaction.queue.as_ref()).into_iter().flatten()
        };
        let writes = |args: &Vec<SmallBytes>| {
            let args: SmallVec<[&[u8]; 8]> = args.iter().map(|arg| &**arg).collect();
            command::find(&args).is_ok_and(|command| command.has(Flag::Write))
        };
        command.has(Flag::Write)
            || command.spec.in_multi == InMulti::Executes && queued().any(writes)
    }

    /// Whether a command by itself is refused where the data does not fit into memory. What code
    /// says of itself counts.
    pub(crate) fn is_denyoom(&self, command: &Command, args: &Args<'_>) -> bool {
        let allowed = Flags::NO_WRITES.union(Flags::ALLOW_OOM);
        match self.scripting.declared_flags(command, args) {
            Some(flags) => !flags.has(allowed),
            None => command.has(Flag::Denyoom),
        }
    }

    /// Whether a command may change data, or tell replicas of something. What code says of itself
    /// counts.
    pub(crate) fn may_replicate(&self, command: &Command, args: &Args<'_>) -> bool {
        match self.scripting.declared_flags(command, args) {
            Some(flags) => !flags.has(Flags::NO_WRITES),
            None => command.has(Flag::Write) || command.has(Flag::MayReplicate),
        }
    }

    /// Queues or calls a command that was admitted.
    fn process(
        &mut self,
        id: ClientId,
        command: &'static Command,
        args: &Args<'_>,
        out: &mut ReplyWriter,
    ) -> Result<(), CommandError> {
        let in_multi = self.clients.get(&id).is_some_and(|it| it.transaction.queue.is_some());
        if in_multi && command.spec.in_multi == InMulti::Queued {
            self.queue(id, command, args);
            out.simple("QUEUED");
            return Ok(());
        }
        self.call(id, command, args, out, Origin::Client)
    }

    /// Refuses what cannot run: not logged in, not permitted to the user, not allowed here.
    fn check(
        &mut self,
        id: ClientId,
        command: &'static Command,
        args: &Args<'_>,
    ) -> Result<(), CommandError> {
        let client = &self.clients[&id];
        if self.has_to_log_in(client) && !command.has(Flag::NoAuth) {
            return Err(CommandError::NoAuth);
        }
        let in_multi = client.transaction.queue.is_some();
        if in_multi && command.has(Flag::NoMulti) {
            return Err(CommandError::text(&"ERR Command not allowed inside a transaction"));
        }
        if !self.acl.user(client.user).is_unrestricted() {
            let context = if in_multi { LogContext::Multi } else { LogContext::Toplevel };
            self.acl_check(id, command, args, context)
                .map_err(|denied| self.no_permission(id, command, denied))?;
        }
        let client = &self.clients[&id];
        if client.subscriptions.any()
            && client.out.protocol() == Protocol::Resp2
            && !command.spec.while_subscribed
        {
            return Err(CommandError::SubscribedContext(&command.spec.name));
        }
        if let Some(kind) = self.slow_script()
            && !command.has(Flag::AllowBusy)
        {
            return Err(CommandError::Busy(kind));
        }
        Ok(())
    }

    /// Calls a command that was admitted, for a client itself or from its transaction.
    pub(crate) fn call(
        &mut self,
        id: ClientId,
        command: &'static Command,
        args: &Args<'_>,
        out: &mut ReplyWriter,
        origin: Origin,
    ) -> Result<(), CommandError> {
        if command.has(Flag::Denyoom) && self.fills_address_space() {
            return Err(CommandError::OutOfMemory);
        }
        self.tell_observers(id, args);
        let Some(client) = self.clients.get(&id) else {
            return Ok(());
        };
        let db = client.db;
        self.expire_keys_of(db, command, args);
        let mut ctx = Context {
            engine: self,
            client_id: id,
            db,
            command,
            origin,
            is_retry: false,
            wants_block: false,
            secrets: SmallVec::new(),
        };
        let started = ctx.engine.start_call();
        let reply_start = out.len();
        let result = handle(&mut ctx, args, out);
        let Context { secrets, wants_block, .. } = ctx;
        self.remember_keys(id, command, args);
        if !wants_block {
            let reply = out.as_bytes().get(reply_start..).unwrap_or_default();
            // A script's error is its reply.
            let failed = result.is_err() || reply.starts_with(b"-");
            let (secrets, reply_bytes) = (&secrets[..], reply.len());
            let finished = Finished { client: id, command, args, secrets, reply_bytes, failed };
            self.end_call(started, &finished);
        }
        self.tell_monitors(id, command, args, &secrets, origin);
        result
    }

    /// Runs a blocked client's command again; `true` where it has answered.
    pub(crate) fn run_again(&mut self, id: ClientId, args: &Args<'_>) -> bool {
        let Ok(command) = command::find(args) else {
            return true;
        };
        let Some(db) = self.clients.get(&id).map(|client| client.db) else {
            return true;
        };
        let answered = self.with_output(id, |engine, out| {
            let start = out.len();
            let started = engine.start_call();
            let (result, answered) = match engine.check_again(id, command, args) {
                Err(error) => (Err(error), true),
                Ok(()) => {
                    engine.expire_keys_of(db, command, args);
                    let mut ctx = Context {
                        engine,
                        client_id: id,
                        db,
                        command,
                        origin: Origin::Client,
                        is_retry: true,
                        wants_block: false,
                        secrets: SmallVec::new(),
                    };
                    let result = handle(&mut ctx, args, out);
                    (result, !ctx.wants_block)
                }
            };
            let failed = result.is_err();
            if let Err(error) = result {
                engine.answer_error(&error, out);
            }
            if answered {
                let (secrets, reply_bytes) = (&[][..], out.len().saturating_sub(start));
                let finished = Finished { client: id, command, args, secrets, reply_bytes, failed };
                engine.end_call(started, &finished);
            }
            if answered && !engine.end_wait_for_reply(id) {
                out.truncate(start);
            }
            answered
        });
        answered.unwrap_or(true)
    }

    /// What its user may do can have changed while a client waited.
    fn check_again(
        &mut self,
        id: ClientId,
        command: &Command,
        args: &Args<'_>,
    ) -> Result<(), CommandError> {
        self.acl_check(id, command, args, LogContext::Toplevel).map_err(|denied| {
            let error = self.no_permission(id, command, denied);
            self.count_rejection(args, &error);
            error
        })
    }

    /// Writes an error reply and counts it.
    #[cold]
    pub(crate) fn answer_error(&mut self, error: &CommandError, out: &mut ReplyWriter) {
        let text = error.to_string();
        self.stats.count_error(&text);
        out.error(&text);
    }

    /// Counts a call that was refused before it started, where it names a command at all.
    fn count_rejection(&mut self, args: &Args<'_>, error: &CommandError) {
        let row = match error {
            CommandError::WrongArity(name) => command::row_of(name),
            _ => command::find(args).ok().map(|command| command.row),
        };
        if let Some(row) = row {
            self.stats.command(row).rejected_calls += 1;
        }
    }

    /// Counts a call of which nobody knows how long it took.
    fn count_call(&mut self, id: ClientId, command: &Command, failed: bool) {
        if self.clients.get(&id).is_none_or(|client| client.hidden) {
            return;
        }
        let stats = self.stats.command(command.row);
        stats.calls += 1;
        stats.failed_calls += u64::from(failed);
    }

    /// Counts the call of a client whose wait ended without what it waited for; `error` is what it
    /// is told.
    pub(crate) fn count_unblocked(&mut self, id: ClientId, args: &Args<'_>, error: Option<&str>) {
        if let Ok(command) = command::find(args) {
            self.count_call(id, command, error.is_some());
        }
        if let Some(error) = error {
            self.stats.count_error(error);
        }
    }

    /// A blocked client is to be answered: whether it wants that, which CLIENT REPLY SKIP before
    /// its command denied for this one.
    pub(crate) fn end_wait_for_reply(&mut self, id: ClientId) -> bool {
        let Some(client) = self.clients.get_mut(&id) else {
            return false;
        };
        let mode = client.reply_mode;
        if mode == ReplyMode::Skip {
            client.reply_mode = ReplyMode::On;
        }
        mode == ReplyMode::On
    }

    /// Tells observers that a command runs, before anything that it does.
    #[inline]
    fn tell_observers(&mut self, id: ClientId, args: &Args<'_>) {
        if self.is_observed() {
            self.record_command(id, args);
        }
    }

    #[cold]
    fn record_command(&mut self, id: ClientId, args: &Args<'_>) {
        let Some(client) = self.clients.get(&id).filter(|client| !client.hidden) else {
            return;
        };
        let db = client.db;
        self.record(|at| Event::Command {
            at,
            client: id,
            db,
            args: args.iter().map(|arg| arg.to_vec()).collect(),
        });
    }

    /// Tells monitors that a command ran. As in Redis that is after it, so that EXEC follows what
    /// it executed and SELECT shows the new database.
    #[inline]
    fn tell_monitors(
        &mut self,
        id: ClientId,
        command: &Command,
        args: &Args<'_>,
        secrets: &[usize],
        origin: Origin,
    ) {
        if !self.monitors.is_empty()
            && !command.has(Flag::SkipMonitor)
            && !command.has(Flag::Admin)
            && self.clients.get(&id).is_some_and(|client| !client.hidden)
        {
            self.feed_monitors(id, args, secrets, origin);
        }
    }

    /// Tells monitors of code that begins: they see it before the commands that it calls.
    pub(crate) fn tell_monitors_of_code(&mut self, id: ClientId, args: &Args<'_>) {
        if !self.monitors.is_empty() && self.clients.get(&id).is_some_and(|client| !client.hidden) {
            self.feed_monitors(id, args, &[], Origin::Client);
        }
    }
}

/// Runs a command's handler. A reply that does not fit into memory becomes an error.
fn handle(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let start = out.len();
    let result = (ctx.command.handler)(ctx, args, out);
    if out.take_overflow() {
        out.truncate(start);
        let text = &"ERR replies that wait to be read would exceed 1 GB: ask for less at once";
        return Err(CommandError::text(text));
    }
    result
}
