//! The table `redis`: what a script may ask of the engine, apart from commands.

use super::Digest;
use super::convert::{self, error_table, with_string};
use super::library::Registration;
use super::machine::Machine;
use crate::args::FEW_ARGUMENTS;
use lua51::{Error, Value, Vm};
use smallvec::SmallVec;

/// A function of the host, by the number that the machine knows it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Api {
    Call,
    Pcall,
    AclCheckCmd,
    Setresp,
    Log,
    ErrorReply,
    StatusReply,
    Sha1hex,
    Breakpoint,
    Debug,
    ReplicateCommands,
    SetRepl,
    RegisterFunction,
    /// A global, or a field of a table that is complete, was read and is not there.
    MissingGlobal,
}

impl Api {
    /// What code may call as it runs.
    pub const IN_SCRIPTS: &[(&str, Api)] = &[
        ("call", Api::Call),
        ("pcall", Api::Pcall),
        ("acl_check_cmd", Api::AclCheckCmd),
        ("setresp", Api::Setresp),
        ("log", Api::Log),
        ("error_reply", Api::ErrorReply),
        ("status_reply", Api::StatusReply),
        ("sha1hex", Api::Sha1hex),
        ("breakpoint", Api::Breakpoint),
        ("debug", Api::Debug),
        ("replicate_commands", Api::ReplicateCommands),
        ("set_repl", Api::SetRepl),
    ];

    /// What a library may call as it is loaded.
    pub const WHILE_LOADING: &[(&str, Api)] =
        &[("register_function", Api::RegisterFunction), ("log", Api::Log)];

    /// The function of that number.
    pub fn of(number: u32) -> Option<Api> {
        /// In the order of their numbers.
        const ALL: [Api; Api::MissingGlobal as usize + 1] = [
            Api::Call,
            Api::Pcall,
            Api::AclCheckCmd,
            Api::Setresp,
            Api::Log,
            Api::ErrorReply,
            Api::StatusReply,
            Api::Sha1hex,
            Api::Breakpoint,
            Api::Debug,
            Api::ReplicateCommands,
            Api::SetRepl,
            Api::RegisterFunction,
            Api::MissingGlobal,
        ];
        ALL.get(number as usize).copied()
    }
}

/// What a call of the host comes to.
#[derive(Debug)]
pub(super) enum Answer {
    Nothing,
    Value(Value),
    /// An error that the script may catch.
    Raise(Value),
}

impl Answer {
    /// An error of a call itself, rather than of a command.
    pub fn failure(vm: &mut Vm, text: &str) -> Result<Answer, Error> {
        error_table(vm, format!("ERR {text}").as_bytes(), false).map(Answer::Raise)
    }
}

/// Serves a call that needs nothing of the engine; `registration` collects the functions of a
/// library that is being loaded, which cannot name those that do.
pub(super) fn serve(
    machine: &mut Machine,
    api: Api,
    registration: Option<&mut Registration>,
) -> Result<Answer, Error> {
    let vm = &mut machine.vm;
    let arguments = &vm.host_arguments().to_vec()[..];
    match api {
        Api::Call | Api::Pcall | Api::AclCheckCmd | Api::Setresp => Ok(Answer::Nothing),
        Api::Log => log(vm, arguments),
        Api::ErrorReply => error_reply(vm, arguments).map(Answer::Value),
        Api::StatusReply => status_reply(vm, arguments).map(Answer::Value),
        Api::Sha1hex => sha1hex(vm, arguments),
        Api::Breakpoint => Ok(Answer::Value(Value::Boolean(false))),
        Api::Debug => Ok(Answer::Nothing),
        Api::ReplicateCommands => Ok(Answer::Value(Value::Boolean(true))),
        Api::SetRepl => set_repl(vm, arguments),
        Api::RegisterFunction => match registration {
            Some(registration) => registration.register(vm, arguments),
            None => Answer::failure(
                vm,
                "redis.register_function can only be called on FUNCTION LOAD command",
            ),
        },
        Api::MissingGlobal => missing_global(vm, arguments),
    }
}

/// redis.log(level, message, ...)
///
/// There is no log to write to; what cannot be logged is an error all the same.
fn log(vm: &mut Vm, arguments: &[Value]) -> Result<Answer, Error> {
    match arguments {
        [] | [_] => Answer::failure(vm, "redis.log() requires two arguments or more."),
        [level, ..] => match vm.to_number(*level) {
            None => Answer::failure(vm, "First argument must be a number (log level)."),
            Some(level) if (0.0..4.0).contains(&level.trunc()) => Ok(Answer::Nothing),
            Some(_) => Answer::failure(vm, "Invalid debug level."),
        },
    }
}

/// redis.error_reply(text)
fn error_reply(vm: &mut Vm, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::String(text)] = arguments else {
        return wrong_arguments(vm);
    };
    let text = vm.bytes(*text).to_vec();
    let text = text.strip_prefix(b"-").unwrap_or(&text);
    // Every error has a code.
    let code = if text.contains(&b' ') { &b""[..] } else { b"ERR " };
    error_table(vm, &[code, text].concat(), false)
}

/// redis.status_reply(text)
fn status_reply(vm: &mut Vm, arguments: &[Value]) -> Result<Value, Error> {
    let [Value::String(text)] = arguments else {
        return wrong_arguments(vm);
    };
    let text = vm.bytes(*text).to_vec();
    with_string(vm, "ok", &text)
}

fn wrong_arguments(vm: &mut Vm) -> Result<Value, Error> {
    error_table(vm, b"ERR wrong number or type of arguments", false)
}

/// redis.sha1hex(text)
fn sha1hex(vm: &mut Vm, arguments: &[Value]) -> Result<Answer, Error> {
    let [text] = arguments else {
        return Answer::failure(vm, "wrong number of arguments");
    };
    let digest = Digest::of(&vm.to_bytes(*text).unwrap_or_default());
    vm.string(&digest.0).map(Answer::Value)
}

/// redis.set_repl(what)
fn set_repl(vm: &mut Vm, arguments: &[Value]) -> Result<Answer, Error> {
    let [what] = arguments else {
        return Answer::failure(vm, "redis.set_repl() requires one argument.");
    };
    // What is no number is as good as zero.
    let flags = vm.to_number(*what).unwrap_or(0.0).trunc();
    if (0.0..=3.0).contains(&flags) {
        return Ok(Answer::Nothing);
    }
    let text = "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
    Answer::failure(vm, text)
}

fn missing_global(vm: &mut Vm, arguments: &[Value]) -> Result<Answer, Error> {
    let name = arguments.get(1).and_then(|name| vm.to_bytes(*name)).unwrap_or_default();
    let mut text = vm.caller_position();
    text.extend_from_slice(b"Script attempted to access nonexistent global variable '");
    text.extend_from_slice(&name);
    text.push(b'\'');
    vm.string(&text).map(Answer::Raise)
}

/// The arguments of a command that a script calls, where they are: strings in the machine, the
/// digits of numbers in `digits`.
///
/// # Errors
/// What is wrong with them.
pub(super) fn command_arguments<'a>(
    vm: &'a Vm,
    digits: &'a mut Vec<u8>,
) -> Result<SmallVec<[&'a [u8]; FEW_ARGUMENTS]>, &'static str> {
    let arguments = vm.host_arguments();
    if arguments.is_empty() {
        return Err("Please specify at least one argument for this redis lib call");
    }
    for argument in arguments {
        match argument {
            Value::String(_) => {}
            Value::Number(number) => {
                convert::write_number(digits, *number);
                digits.push(b' ');
            }
            _ => return Err("Lua redis lib command arguments must be strings or integers"),
        }
    }
    let mut numbers = digits.split(|&byte| byte == b' ');
    let read = arguments.iter().map(|argument| match argument {
        Value::String(text) => vm.bytes(*text),
        _ => numbers.next().expect("the digits of every number are written"),
    });
    Ok(read.collect())
}
