//! Running code: slices, the calls that leave the machine, and the end.

use super::api::{self, Answer, Api};
use super::convert;
use super::flags::Flags;
use super::library::{deliver, error_text};
use super::machine::{Machine, PROTOCOL};
use super::{Access, Digest, Kind};
use crate::acl::log::LogContext;
use crate::args::Args;
use crate::client::ClientId;
use crate::command::{self, Command, Flag, registry};
use crate::context::{Context, Origin};
use crate::db::DbIndex;
use crate::engine::Engine;
use crate::error::CommandError;
use crate::event::Event;
use crate::multi::Rest;
use crate::time::UnixMillis;
use crate::value::SmallBytes;
use keyspace_resp::{Protocol, ReplyWriter};
use lua51::{Error, Kept, Outcome, Value};

/// The instructions of the first slice, within the command, and of every other.
const FIRST_SLICE: u64 = 5_000_000;
const SLICE: u64 = 2_000_000;
/// What a call of a command counts, with every so many bytes of its reply.
const CALL_INSTRUCTIONS: u64 = 200;
const BYTES_PER_INSTRUCTION: u64 = 16;

/// Code that runs, or that is unfinished.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    kind: Kind,
    client: ClientId,
    name: Name,
    /// The command that called it, once the code is unfinished: nobody asks before.
    command: Vec<SmallBytes>,
    started_at: UnixMillis,
    /// The latest time that the host named since; the engine's own time stands.
    pub(super) seen_at: UnixMillis,
    /// The database that the code has selected.
    db: DbIndex,
    /// The protocol in which replies reach the code.
    protocol: Protocol,
    read_only: bool,
    /// Memory was over its limit as it began, and it may not need more before it has written.
    refuses_memory: bool,
    has_written: bool,
    killed: bool,
    /// Its client is gone.
    is_abandoned: bool,
    /// What is left of the transaction that it is a part of.
    pub(crate) rest: Option<Rest>,
}

/// What code is known by.
#[derive(Debug, Clone)]
enum Name {
    Script(Digest),
    Function(SmallBytes),
}

impl Name {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Name::Script(digest) => &digest.0,
            Name::Function(name) => name,
        }
    }
}

impl Running {
    /// The digest of a script, or the name of a function.
    pub fn name(&self) -> &[u8] {
        self.name.as_bytes()
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The command that called it, with its arguments.
    pub fn command(&self) -> &[SmallBytes] {
        &self.command
    }

    pub fn duration_ms(&self) -> i64 {
        self.seen_at - self.started_at
    }
}

/// What is to run, and how.
struct Call {
    kind: Kind,
    name: Name,
    function: Kept,
    flags: Option<Flags>,
    access: Access,
}

impl Context<'_> {
    /// Runs a script that is kept, with `keys` of the arguments from the fourth on as keys.
    ///
    /// # Errors
    /// The script may not run like this. Its own errors are replies.
    pub fn run_script(
        &mut self,
        digest: Digest,
        access: Access,
        keys: usize,
        args: &Args<'_>,
        out: &mut ReplyWriter,
    ) -> Result<(), CommandError> {
        let script = self.engine.scripting.scripts.get(&digest).ok_or(CommandError::NoScript)?;
        let (function, flags) = (script.function, script.flags);
        let name = Name::Script(digest);
        let call = Call { kind: Kind::Script, name, function, flags, access };
        self.begin(call, args, out, |machine| {
            let (keys, args) = args[3..].split_at(keys);
            machine.set_arguments(keys, args)?;
            Ok(Vec::new())
        })
    }

    /// Calls a function of a library, as [`run_script`](Self::run_script) runs a script.
    ///
    /// # Errors
    /// There is no such function, or it may not run like this.
    pub fn run_function(
        &mut self,
        access: Access,
        keys: usize,
        args: &Args<'_>,
        out: &mut ReplyWriter,
    ) -> Result<(), CommandError> {
        let function = self.engine.scripting.libraries.function(args[1]);
        let function = function.ok_or_else(|| CommandError::text(&"ERR Function not found"))?;
        let (name, callback, flags) = (function.name.clone(), function.callback, function.flags);
        let call = Call {
            kind: Kind::Function,
            name: Name::Function(name),
            function: callback,
            flags: Some(flags),
            access,
        };
        self.begin(call, args, out, |machine| {
            let (keys, args) = args[3..].split_at(keys);
            let keys = Value::Table(machine.strings(keys)?);
            Ok(vec![keys, Value::Table(machine.strings(args)?)])
        })
    }

    fn begin(
        &mut self,
        call: Call,
        args: &Args<'_>,
        out: &mut ReplyWriter,
        arguments: impl FnOnce(&mut Machine) -> Result<Vec<Value>, Error>,
    ) -> Result<(), CommandError> {
        let says = |flag| call.flags.is_some_and(|flags| flags.has(flag));
        let may_write = call.flags.is_some() && !says(Flags::NO_WRITES);
        if may_write && self.engine.config.lacks_replicas() {
            return Err(CommandError::NoReplicas);
        }
        if call.access == Access::OnlyReads && may_write {
            let text = &"ERR Can not execute a script with write flag using *_ro command.";
            return Err(CommandError::text(text));
        }
        let read_only = call.access == Access::OnlyReads || says(Flags::NO_WRITES);
        let is_full = !self.engine.make_room(self.client_id);
        if is_full && call.flags.is_some() && !read_only && !says(Flags::ALLOW_OOM) {
            return Err(CommandError::OutOfMemory);
        }
        // As monitors show it, the code comes before the commands that it calls.
        self.engine.tell_monitors_of_code(self.client_id, args);
        let scripting = &mut self.engine.scripting;
        let machine = scripting.machine_mut(call.kind).as_mut().ok_or(CommandError::NoScript)?;
        let function = machine.function(call.function).ok_or(CommandError::NoScript)?;
        let arguments = arguments(machine);
        let started = arguments.and_then(|arguments| machine.vm.start(function, &arguments));
        started.map_err(|error| script_error(machine, error))?;
        machine.vm.set_clock(self.engine.now.0 as f64 / 1000.0);
        let now = self.engine.now;
        let mut running = Running {
            kind: call.kind,
            client: self.client_id,
            name: call.name,
            command: Vec::new(),
            started_at: now,
            seen_at: now,
            db: self.db,
            protocol: PROTOCOL,
            read_only,
            refuses_memory: is_full && !says(Flags::ALLOW_OOM),
            has_written: false,
            killed: false,
            is_abandoned: false,
            rest: None,
        };
        if !self.engine.run_slice(&mut running, FIRST_SLICE, out) {
            running.command = args.iter().map(|&arg| SmallBytes::from(arg)).collect();
            self.engine.scripting.running = Some(Box::new(running));
            let client = self.client_id;
            self.engine.record(|at| Event::ScriptUnfinished { at, client });
        }
        Ok(())
    }
}

/// An error outside of the code: it could not be started.
fn script_error(machine: &Machine, error: Error) -> CommandError {
    let message = machine.message(error);
    CommandError::composed(format!("ERR {}", String::from_utf8_lossy(&message)))
}

impl Engine {
    /// Runs unfinished code on for a slice, and what waited for its end once it has ended.
    pub(in crate::script) fn run_unfinished(&mut self) {
        let Some(running) = &self.scripting.running else {
            return;
        };
        let (id, seen_at) = (running.client, running.seen_at);
        let is_abandoned = running.is_abandoned;
        let has_ended = self.with_output(id, |engine, out| {
            let start = out.len();
            let Some(mut running) = engine.scripting.running.take() else {
                return true;
            };
            let mut has_ended = engine.run_slice(&mut running, SLICE, out);
            if !has_ended {
                engine.scripting.running = Some(running);
            } else if let Some(rest) = running.rest.take() {
                engine.run_rest(id, rest, out);
                has_ended = engine.scripting.running.is_none();
                if is_abandoned {
                    engine.abandon_script(id);
                }
            }
            if has_ended && !engine.end_wait_for_reply(id) {
                out.truncate(start);
            }
            has_ended
        });
        if has_ended.unwrap_or(true) {
            self.record(|at| Event::ScriptEnded { at, client: id });
            self.serve_ready_keys();
            if is_abandoned {
                self.disconnect(id, seen_at);
            }
            self.end_hold(id);
            self.advance(seen_at);
        }
    }

    /// Ends the unfinished code of this client.
    pub(in crate::script) fn end_unfinished(&mut self, id: ClientId) {
        if let Some(running) = self.scripting.running.as_mut().filter(|it| it.client == id) {
            running.killed = true;
            self.run_unfinished();
        }
    }

    /// SCRIPT KILL and FUNCTION KILL.
    ///
    /// # Errors
    /// Nothing of that kind runs, or it has written already.
    pub(crate) fn kill_script(&mut self, kind: Kind) -> Result<(), CommandError> {
        let running = self.scripting.running.as_mut().ok_or(CommandError::NotBusy)?;
        if running.has_written {
            return Err(CommandError::Unkillable);
        }
        if running.kind != kind {
            return Err(CommandError::Busy(running.kind));
        }
        running.killed = true;
        Ok(())
    }

    /// What code is unfinished, where it has run for so long that clients are told.
    #[inline]
    pub(crate) fn slow_script(&self) -> Option<Kind> {
        let running = self.scripting.running.as_ref()?;
        let is_slow = running.duration_ms() >= self.config.busy_reply_threshold_ms;
        is_slow.then_some(running.kind)
    }

    /// Whether what this client sends must wait for the end of a script.
    #[inline]
    pub(crate) fn is_held_by_script(&self, id: ClientId) -> bool {
        self.has_unfinished_script() && self.is_held(id)
    }

    #[cold]
    fn is_held(&self, id: ClientId) -> bool {
        let Some(running) = &self.scripting.running else {
            return false;
        };
        let is_hidden = self.clients.get(&id).is_some_and(|client| client.hidden);
        running.client == id || is_hidden || self.slow_script().is_none()
    }

    /// Notes that a client waits for the end of a script.
    pub(crate) fn hold(&mut self, id: ClientId) {
        if !self.scripting.waiting.contains(&id) {
            self.scripting.waiting.push(id);
        }
    }

    /// Lets everybody go on who waited, the one whose script it was first.
    fn end_hold(&mut self, id: ClientId) {
        let waiting = std::mem::take(&mut self.scripting.waiting);
        self.run_pending(id);
        for other in waiting {
            self.run_pending(other);
        }
        self.run_freed();
    }

    /// Time passes while a script is unfinished: it stands for everything else. Those who wait are
    /// told as the script becomes slow.
    pub(crate) fn pass_time_of_script(&mut self, now: UnixMillis) {
        let Some(running) = &mut self.scripting.running else {
            return;
        };
        running.seen_at = running.seen_at.max(now);
        if self.slow_script().is_some() {
            for id in std::mem::take(&mut self.scripting.waiting) {
                if self.is_held_by_script(id) { self.hold(id) } else { self.run_pending(id) }
            }
        }
    }

    /// The client of an unfinished script is gone: the script goes on all the same, and the client
    /// is forgotten when it has ended. `false` where it is another client's.
    pub(crate) fn abandon_script(&mut self, id: ClientId) -> bool {
        match &mut self.scripting.running {
            Some(running) if running.client == id => {
                running.is_abandoned = true;
                true
            }
            _ => false,
        }
    }

    /// What is left of a transaction runs when the script has ended.
    pub(crate) fn leave_to_script(&mut self, rest: Rest) {
        if let Some(running) = &mut self.scripting.running {
            running.rest = Some(rest);
        }
    }

    /// Runs the code for so many instructions; `true` where it has ended, and its reply is written.
    fn run_slice(
        &mut self,
        running: &mut Running,
        instructions: u64,
        out: &mut ReplyWriter,
    ) -> bool {
        let kind = running.kind;
        let Some(mut machine) = self.scripting.machine_mut(kind).take() else {
            return true;
        };
        let has_ended = self.drive(running, &mut machine, instructions, out);
        *self.scripting.machine_mut(kind) = Some(machine);
        if has_ended {
            self.scripting.tidy(kind);
        }
        has_ended
    }

    fn drive(
        &mut self,
        running: &mut Running,
        machine: &mut Machine,
        instructions: u64,
        out: &mut ReplyWriter,
    ) -> bool {
        if running.killed {
            let text = b"ERR Script killed by user with SCRIPT KILL...";
            let place = machine.vm.current_place();
            machine.vm.abort();
            self.answer_script_error(running, text, &place, false, out);
            return true;
        }
        let mut left = instructions;
        // The reply of the latest command; all of the slice write theirs into the same memory.
        let mut reply = ReplyWriter::new(running.protocol);
        while left > 0 {
            let before = machine.vm.instructions();
            let outcome = machine.vm.run(left);
            left = left.saturating_sub((machine.vm.instructions() - before).max(1));
            match outcome {
                Outcome::Suspended => {}
                Outcome::Host(function) => {
                    let cost = self.serve_host_call(running, machine, function, &mut reply);
                    left = left.saturating_sub(cost);
                }
                Outcome::Done(values) => {
                    self.answer_script(running, machine, &values, out);
                    return true;
                }
                Outcome::Error(error) => {
                    let place = machine.vm.error_place();
                    self.answer_uncaught(running, machine, error, &place, out);
                    return true;
                }
            }
        }
        false
    }

    /// Writes what the code returned.
    fn answer_script(
        &mut self,
        running: &Running,
        machine: &mut Machine,
        values: &[Value],
        out: &mut ReplyWriter,
    ) {
        let value = values.first().copied().unwrap_or_default();
        if let Value::Table(table) = value
            && let Ok(Value::String(text)) = machine.vm.get_field(table, "err")
            && !convert::is_counted(&mut machine.vm, table)
        {
            let text = String::from_utf8_lossy(machine.vm.bytes(text)).into_owned();
            self.stats.count_error(&text);
        }
        let (start, max) = (out.len(), self.config.proto_max_bulk_len);
        if !convert::write(&mut machine.vm, value, running.protocol, out, max) {
            out.truncate(start);
            self.answer_error(&CommandError::ReplyTooLarge, out);
        }
    }

    /// Answers an error that the code did not catch: its text, or that of the field `err`.
    fn answer_uncaught(
        &mut self,
        running: &Running,
        machine: &mut Machine,
        error: Value,
        place: &[u8],
        out: &mut ReplyWriter,
    ) {
        let is_counted = match error {
            Value::Table(table) => convert::is_counted(&mut machine.vm, table),
            _ => false,
        };
        let text = error_text(machine, error);
        self.answer_script_error(running, &text, place, is_counted, out);
    }

    /// Writes an error of the code, and where it arose, if that is known.
    /// An error of a command that it called is counted already.
    fn answer_script_error(
        &mut self,
        running: &Running,
        text: &[u8],
        place: &[u8],
        is_counted: bool,
        out: &mut ReplyWriter,
    ) {
        let mut text = String::from_utf8_lossy(text).into_owned();
        if !place.is_empty() {
            let name = String::from_utf8_lossy(running.name());
            text += &format!(" script: {name}, on {}.", String::from_utf8_lossy(place));
        }
        if !is_counted {
            self.stats.count_error(&text);
        }
        out.error(&text);
    }

    /// Serves a call that left the machine, and returns what it counts in instructions. `reply` is
    /// room for a command's.
    fn serve_host_call(
        &mut self,
        running: &mut Running,
        machine: &mut Machine,
        function: u32,
        reply: &mut ReplyWriter,
    ) -> u64 {
        reply.truncate(0);
        let answer = match Api::of(function) {
            Some(api @ (Api::Call | Api::Pcall)) => {
                self.serve_command(running, machine, api == Api::Call, reply)
            }
            Some(Api::AclCheckCmd) => self.acl_check_cmd(running, machine),
            Some(Api::Setresp) => set_resp(running, machine),
            Some(api) => api::serve(machine, api, None),
            None => Ok(Answer::Nothing),
        };
        deliver(machine, answer);
        CALL_INSTRUCTIONS + reply.len() as u64 / BYTES_PER_INSTRUCTION
    }

    /// redis.call(command, ...), which `raises` an error of the command, and redis.pcall
    fn serve_command(
        &mut self,
        running: &mut Running,
        machine: &mut Machine,
        raises: bool,
        reply: &mut ReplyWriter,
    ) -> Result<Answer, Error> {
        let mut digits = Vec::new();
        let called = api::command_arguments(&machine.vm, &mut digits)
            .map(|args| self.call_from_script(running, &args, reply));
        let vm = &mut machine.vm;
        let (value, is_error) = match called {
            Ok(()) => {
                let reply = reply.as_bytes();
                let value = convert::to_lua(vm, reply, running.protocol)?;
                (value, matches!(reply.first(), None | Some(b'-')))
            }
            Err(text) => (convert::error_table(vm, format!("ERR {text}").as_bytes(), false)?, true),
        };
        Ok(if is_error && raises { Answer::Raise(value) } else { Answer::Value(value) })
    }

    /// redis.acl_check_cmd(command, ...)
    ///
    /// The name of a container alone stands for all its subcommands.
    fn acl_check_cmd(&self, running: &Running, machine: &mut Machine) -> Result<Answer, Error> {
        let mut digits = Vec::new();
        let permitted = api::command_arguments(&machine.vm, &mut digits).map(|args| {
            let permits =
                |command: &Command| self.acl_permits(running.client, command, &args).is_ok();
            match registry::find_by_name(&args) {
                Ok(command) => Some(permits(command)),
                Err(CommandError::WrongArity(container)) => {
                    Some(registry::subcommands(container.as_bytes()).iter().all(permits))
                }
                Err(_) => None,
            }
        });
        match permitted {
            Ok(Some(permitted)) => Ok(Answer::Value(Value::Boolean(permitted))),
            Ok(None) => {
                let text = "Invalid command passed to redis.acl_check_cmd()";
                Answer::failure(&mut machine.vm, text)
            }
            Err(text) => Answer::failure(&mut machine.vm, text),
        }
    }

    /// Runs a command for the code that runs, and writes its reply.
    fn call_from_script(
        &mut self,
        running: &mut Running,
        args: &Args<'_>,
        reply: &mut ReplyWriter,
    ) {
        reply.set_protocol(running.protocol);
        let result = self.admit_from_script(running, args).and_then(|command| {
            let home = self.select(running.client, running.db);
            let result = self.call(running.client, command, args, reply, Origin::Script);
            running.db = self.select(running.client, home);
            result
        });
        if let Err(error) = result {
            self.answer_error(&error, reply);
        }
    }

    /// Puts a client into a database, and returns the one in which it was.
    fn select(&mut self, id: ClientId, db: DbIndex) -> DbIndex {
        let client = self.clients.get_mut(&id);
        client.map_or(db, |client| std::mem::replace(&mut client.db, db))
    }

    /// Finds a command that code calls, and refuses what it may not call.
    fn admit_from_script(
        &mut self,
        running: &mut Running,
        args: &Args<'_>,
    ) -> Result<&'static Command, CommandError> {
        let command = command::find(args).map_err(|error| match error {
            CommandError::WrongArity(_) => {
                CommandError::text(&"ERR Wrong number of args calling Redis command from script")
            }
            _ => CommandError::text(&"ERR Unknown Redis command called from script"),
        })?;
        if command.has(Flag::Noscript) {
            let text = &"ERR This Redis command is not allowed from script";
            return Err(CommandError::text(text));
        }
        let permitted = self.acl_check(running.client, command, args, LogContext::Lua);
        permitted.map_err(|denied| {
            let error = self.no_permission(running.client, command, denied).to_string();
            let reason = error.strip_prefix("NOPERM ").unwrap_or(&error);
            CommandError::composed(format!("NOPERM ACL failure in script: {reason}"))
        })?;
        if running.read_only && self.may_replicate(command, args) {
            let text = &"ERR Write commands are not allowed from read-only scripts.";
            return Err(CommandError::text(text));
        }
        if command.has(Flag::Write) && self.config.lacks_replicas() {
            return Err(CommandError::NoReplicas);
        }
        if running.refuses_memory && !running.has_written && command.has(Flag::Denyoom) {
            return Err(CommandError::OutOfMemory);
        }
        running.has_written |= command.has(Flag::Write);
        Ok(command)
    }
}

/// redis.setresp(version)
fn set_resp(running: &mut Running, machine: &mut Machine) -> Result<Answer, Error> {
    let [version] = *machine.vm.host_arguments() else {
        return Answer::failure(&mut machine.vm, "redis.setresp() requires one argument.");
    };
    running.protocol = match machine.vm.to_number(version).map(f64::trunc) {
        Some(2.0) => Protocol::Resp2,
        Some(3.0) => Protocol::Resp3,
        _ => return Answer::failure(&mut machine.vm, "RESP version must be 2 or 3."),
    };
    Ok(Answer::Nothing)
}
