//! Libraries of functions: loaded by FUNCTION LOAD, called by FCALL.
//!
//! A library is loaded as a whole or not at all. Its code runs once, in globals in which it can do
//! little more than register functions; afterwards the same globals look at all that scripts have.

use super::Machine;
use super::api::{self, Answer, Api};
use super::flags::{self, Flags};
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::script::RestorePolicy;
use crate::value::{Map, SmallBytes};
use lua51::{Error, Function, Kept, Outcome, Table, Value, Vm};

/// The instructions that loading a library may take.
const LOADING_INSTRUCTIONS: u64 = 50_000_000;

/// A function of a library.
#[derive(Debug, Clone)]
pub(crate) struct LibraryFunction {
    pub name: SmallBytes,
    pub description: Option<SmallBytes>,
    pub flags: Flags,
    pub(super) callback: Kept,
}

/// A library.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    pub name: SmallBytes,
    /// All of it, its first line included.
    pub code: Vec<u8>,
    pub functions: Vec<LibraryFunction>,
}

/// The libraries, by name, and the machine that runs them.
#[derive(Debug, Clone, Default)]
pub(super) struct Libraries {
    by_name: Map<SmallBytes, Library>,
    pub machine: Option<Box<Machine>>,
}

impl Libraries {
    /// The function of that name, whatever library has it; case does not count.
    pub fn function(&self, name: &[u8]) -> Option<&LibraryFunction> {
        let mut functions = self.by_name.values().flat_map(|library| &library.functions);
        functions.find(|function| function.name.eq_ignore_ascii_case(name))
    }

    /// Loads a library.
    fn load(&mut self, code: &[u8], replace: bool) -> Result<SmallBytes, CommandError> {
        let (body, name) = flags::library_shebang(code)?;
        if self.by_name.contains_key(&name) && !replace {
            let name = String::from_utf8_lossy(&name).into_owned();
            return Err(CommandError::composed(format!("ERR Library '{name}' already exists")));
        }
        let machine = self.machine.get_or_insert_with(|| Box::new(Machine::for_functions()));
        let functions = run_library(machine, body)?;
        if let Some(taken) = self.taken_by_another(&name, &functions) {
            functions.iter().for_each(|function| self.release(function));
            let taken = String::from_utf8_lossy(&taken).into_owned();
            return Err(CommandError::composed(format!("ERR Function {taken} already exists")));
        }
        let library = Library { name: name.clone(), code: code.to_vec(), functions };
        if let Some(old) = self.by_name.insert(name.clone(), library) {
            old.functions.iter().for_each(|function| self.release(function));
        }
        Ok(name)
    }

    /// The name among these that a function of another library has.
    fn taken_by_another(
        &self,
        library: &SmallBytes,
        functions: &[LibraryFunction],
    ) -> Option<SmallBytes> {
        let others = self.by_name.values().filter(|other| other.name != *library);
        let others: Vec<_> = others.flat_map(|other| &other.functions).collect();
        let is_taken = |function: &&LibraryFunction| {
            others.iter().any(|other| other.name.eq_ignore_ascii_case(&function.name))
        };
        functions.iter().find(is_taken).map(|function| function.name.clone())
    }

    fn release(&mut self, function: &LibraryFunction) {
        if let Some(machine) = &mut self.machine {
            machine.release(function.callback);
        }
    }
}

impl super::Scripting {
    pub fn has_function(&self, name: &[u8]) -> bool {
        self.libraries.function(name).is_some()
    }

    /// The libraries whose names match the pattern, or all.
    pub fn libraries(&self, pattern: Option<&[u8]>) -> impl Iterator<Item = &Library> {
        let matches = move |library: &&Library| {
            pattern.is_none_or(|pattern| glob_match(pattern, &library.name, true))
        };
        self.libraries.by_name.values().filter(matches)
    }

    /// How many libraries there are, and how many functions.
    pub fn count_libraries(&self) -> (usize, usize) {
        let libraries = &self.libraries.by_name;
        (libraries.len(), libraries.values().map(|library| library.functions.len()).sum())
    }

    /// The code of every library.
    pub fn library_codes(&self) -> impl Iterator<Item = &[u8]> {
        self.libraries.by_name.values().map(|library| &library.code[..])
    }

    /// Loads a library and returns its name.
    ///
    /// # Errors
    /// What is wrong with it; nothing has changed then.
    pub fn load_library(&mut self, code: &[u8], replace: bool) -> Result<SmallBytes, CommandError> {
        self.libraries.load(code, replace)
    }

    /// Removes a library; `false` where there is none of that name.
    pub fn delete_library(&mut self, name: &[u8]) -> bool {
        let Some(library) = self.libraries.by_name.shift_remove(name) else {
            return false;
        };
        library.functions.iter().for_each(|function| self.libraries.release(function));
        true
    }

    /// Removes every library, and the machine that ran them.
    pub fn forget_libraries(&mut self) {
        self.libraries = Libraries::default();
    }

    /// Loads libraries, all or none.
    ///
    /// # Errors
    /// One of them cannot be loaded.
    pub fn restore_libraries(
        &mut self,
        codes: &[Vec<u8>],
        policy: RestorePolicy,
    ) -> Result<(), CommandError> {
        let mut libraries = match policy {
            RestorePolicy::Flush => Libraries::default(),
            RestorePolicy::Append | RestorePolicy::Replace => self.libraries.clone(),
        };
        for code in codes {
            let (_, name) = flags::library_shebang(code)?;
            if policy != RestorePolicy::Replace && libraries.by_name.contains_key(&name) {
                let name = String::from_utf8_lossy(&name);
                return Err(CommandError::composed(format!("ERR Library {name} already exists")));
            }
            libraries.load(code, policy == RestorePolicy::Replace)?;
        }
        self.libraries = libraries;
        Ok(())
    }
}

/// Runs the code of a library and returns what it registers.
fn run_library(machine: &mut Machine, code: &[u8]) -> Result<Vec<LibraryFunction>, CommandError> {
    let compiled = machine.compile(code, b"@user_function").map_err(|message| {
        let message = String::from_utf8_lossy(&message);
        CommandError::composed(format!("ERR Error compiling function: {message}"))
    })?;
    machine.set_loading(true);
    let mut registration = Registration::default();
    let outcome = register(machine, compiled, &mut registration);
    machine.set_loading(false);
    machine.release(compiled);
    let problem = match outcome {
        Ok(()) if registration.functions.is_empty() => "ERR No functions registered".to_owned(),
        Ok(()) => return Ok(registration.functions),
        Err(message) => {
            format!("ERR Error registering functions: {}", String::from_utf8_lossy(&message))
        }
    };
    registration.functions.iter().for_each(|function| machine.release(function.callback));
    Err(CommandError::composed(problem))
}

/// Runs a library's code to its end.
fn register(
    machine: &mut Machine,
    compiled: Kept,
    registration: &mut Registration,
) -> Result<(), Vec<u8>> {
    let Some(function) = machine.function(compiled) else {
        return Ok(());
    };
    machine.vm.start(function, &[]).map_err(|error| machine.message(error))?;
    let mut left = LOADING_INSTRUCTIONS;
    while left > 0 {
        let before = machine.vm.instructions();
        let outcome = machine.vm.run(left);
        left = left.saturating_sub((machine.vm.instructions() - before).max(1));
        match outcome {
            Outcome::Done(_) => return Ok(()),
            Outcome::Error(error) => return Err(error_text(machine, error)),
            Outcome::Suspended => {}
            Outcome::Host(function) => {
                let answer = match Api::of(function) {
                    Some(api) => api::serve(machine, api, Some(&mut *registration)),
                    None => Ok(Answer::Nothing),
                };
                deliver(machine, answer);
            }
        }
    }
    machine.vm.abort();
    Err(b"ERR FUNCTION LOAD timeout".to_vec())
}

/// Hands the machine what a call of the host came to.
pub(super) fn deliver(machine: &mut Machine, answer: Result<Answer, Error>) {
    let delivered = match answer {
        Ok(Answer::Nothing) => machine.vm.respond(&[]),
        Ok(Answer::Value(value)) => machine.vm.respond(&[value]),
        Ok(Answer::Raise(error)) => {
            machine.vm.raise(error);
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = delivered {
        let error = machine.vm.error_value(error);
        machine.vm.raise(error);
    }
}

/// The text of an error that nothing caught, with its code.
pub(super) fn error_text(machine: &mut Machine, error: Value) -> Vec<u8> {
    match error {
        Value::Table(table) => {
            let text = machine.vm.get_field(table, "err").ok();
            let text = text.and_then(|text| machine.vm.to_bytes(text));
            text.unwrap_or_else(|| b"ERR unknown error".to_vec())
        }
        other => [b"ERR ", &machine.vm.shown(other)[..]].concat(),
    }
}

/// The functions that a library registers as it is loaded.
#[derive(Debug, Default)]
pub(super) struct Registration {
    functions: Vec<LibraryFunction>,
}

/// What a call of redis.register_function says.
#[derive(Default)]
struct Described {
    name: Option<Vec<u8>>,
    callback: Option<Function>,
    description: Option<Vec<u8>>,
    flags: Flags,
}

impl Registration {
    /// redis.register_function(name, callback), or with one table of named arguments.
    pub fn register(&mut self, vm: &mut Vm, arguments: &[Value]) -> Result<Answer, Error> {
        let described = match arguments {
            [Value::Table(table)] => named_arguments(vm, *table),
            [_] => Err(
                "calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).",
            ),
            [name, callback] => positional_arguments(vm, *name, *callback),
            _ => Err("wrong number of arguments to redis.register_function"),
        };
        match described.and_then(|described| self.add(vm, described)) {
            Ok(()) => Ok(Answer::Nothing),
            Err(text) => Answer::failure(vm, text),
        }
    }

    fn add(&mut self, vm: &mut Vm, described: Described) -> Result<(), &'static str> {
        let name =
            described.name.ok_or("redis.register_function must get a function name argument")?;
        let callback =
            described.callback.ok_or("redis.register_function must get a callback argument")?;
        if !flags::is_name(&name) {
            return Err(flags::BAD_NAME);
        }
        if self.functions.iter().any(|other| other.name.eq_ignore_ascii_case(&name)) {
            return Err("Function already exists in the library");
        }
        self.functions.push(LibraryFunction {
            name: name[..].into(),
            description: described.description.map(|text| text[..].into()),
            flags: described.flags,
            callback: vm.keep(Value::Function(callback)),
        });
        Ok(())
    }
}

fn positional_arguments(vm: &Vm, name: Value, callback: Value) -> Result<Described, &'static str> {
    let name = vm.to_bytes(name);
    let name = name.ok_or("first argument to redis.register_function must be a string")?;
    let Value::Function(callback) = callback else {
        return Err("second argument to redis.register_function must be a function");
    };
    Ok(Described { name: Some(name), callback: Some(callback), ..Described::default() })
}

fn named_arguments(vm: &Vm, table: Table) -> Result<Described, &'static str> {
    let mut described = Described::default();
    let mut key = Value::Nil;
    while let Some((next, value)) = vm.next_entry(table, key) {
        key = next;
        let Some(name) = vm.to_bytes(key) else {
            return Err("named argument key given to redis.register_function is not a string");
        };
        match (&name[..], value) {
            (b"function_name", value) => {
                let name = vm.to_bytes(value);
                described.name = Some(name.ok_or(
                    "function_name argument given to redis.register_function must be a string",
                )?);
            }
            (b"description", value) => {
                let text = vm.to_bytes(value);
                described.description = Some(text.ok_or(
                    "description argument given to redis.register_function must be a string",
                )?);
            }
            (b"callback", Value::Function(callback)) => described.callback = Some(callback),
            (b"callback", _) => {
                return Err(
                    "callback argument given to redis.register_function must be a function",
                );
            }
            (b"flags", Value::Table(flags)) => described.flags = read_flags(vm, flags)?,
            (b"flags", _) => {
                return Err(
                    "flags argument to redis.register_function must be a table representing function flags",
                );
            }
            _ => return Err("unknown argument given to redis.register_function"),
        }
    }
    Ok(described)
}

fn read_flags(vm: &Vm, table: Table) -> Result<Flags, &'static str> {
    let mut flags = Flags::default();
    for index in 1..=vm.length(table) {
        let Value::String(name) = vm.get(table, Value::Number(index as f64)) else {
            return Err("unknown flag given");
        };
        if !flags.add(vm.bytes(name)) {
            return Err("unknown flag given");
        }
    }
    Ok(flags)
}
