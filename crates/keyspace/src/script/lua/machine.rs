//! A Lua machine as Redis sets it up: its libraries, the table `redis`, and globals that no script
//! can change.

use super::api::Api;
use keyspace_resp::Protocol;
use lua51::{Error, Function, Kept, Library, Limits, Random, Table, Value, Vm};

/// What scripts, and what functions, may hold in memory.
pub(super) const MEMORY_MAX: usize = 128 << 20;

/// The libraries that Redis opens.
const LIBRARIES: &[Library] = &[
    Library::Base,
    Library::Coroutine,
    Library::Table,
    Library::String,
    Library::Math,
    Library::Os,
    Library::Cjson,
    Library::Cmsgpack,
    Library::Struct,
    Library::Bit,
];

/// What Redis withholds of them, as it reaches into the functions of others.
const WITHHELD: &[&str] = &["getfenv", "setfenv", "newproxy"];

/// A machine, and what is reached again and again.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    pub vm: Vm,
    /// The names KEYS and ARGV, which are kept alive.
    argument_names: [Value; 2],
    /// What libraries of functions get as globals; unused by scripts.
    pub environment: Option<Environment>,
}

/// The globals of libraries: an empty table that looks elsewhere, at another place while a library
/// is loaded than afterwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Environment {
    metatable: Kept,
    while_loading: Kept,
    afterwards: Kept,
}

impl Machine {
    /// The machine of EVAL.
    pub fn for_scripts() -> Machine {
        let mut machine = Machine::new();
        machine.set_up(|vm| {
            let globals = open(vm)?;
            protect(vm, globals, true)
        });
        machine
    }

    /// The machine of functions.
    pub fn for_functions() -> Machine {
        let mut machine = Machine::new();
        let environment = machine.set_up(|vm| {
            let afterwards = open(vm)?;
            protect(vm, afterwards, true)?;
            let redis = vm.table()?;
            for (name, api) in Api::WHILE_LOADING {
                let function = vm.host_function(*api as u32)?;
                vm.set_field(redis, name, Value::Function(function))?;
            }
            constants(vm, redis, LOADING_CONSTANTS)?;
            protect(vm, redis, true)?;
            let while_loading = vm.table()?;
            vm.set_field(while_loading, "redis", Value::Table(redis))?;
            protect(vm, while_loading, true)?;
            let (globals, metatable) = (vm.table()?, vm.table()?);
            vm.set_metatable(globals, Some(metatable));
            vm.set_readonly(globals, true);
            vm.set_readonly(metatable, true);
            vm.set_globals(globals);
            Ok(Environment {
                metatable: vm.keep(Value::Table(metatable)),
                while_loading: vm.keep(Value::Table(while_loading)),
                afterwards: vm.keep(Value::Table(afterwards)),
            })
        });
        machine.environment = Some(environment);
        machine.set_loading(false);
        machine
    }

    fn new() -> Machine {
        let mut vm = Vm::new(Limits { memory: MEMORY_MAX, ..Limits::default() });
        vm.set_random(Random { state: FIRST_RANDOM, next: next_random, seed: random_seed });
        let mut machine = Machine { vm, argument_names: [Value::Nil; 2], environment: None };
        machine.argument_names = machine.set_up(|vm| {
            let names = [vm.string(b"KEYS")?, vm.string(b"ARGV")?];
            for name in names {
                vm.keep(name);
            }
            Ok(names)
        });
        machine
    }

    fn set_up<T>(&mut self, run: impl FnOnce(&mut Vm) -> Result<T, Error>) -> T {
        run(&mut self.vm).expect("an empty machine has room for its libraries")
    }

    /// Whether the globals of libraries are those at loading.
    pub fn set_loading(&mut self, loading: bool) {
        let Some(environment) = self.environment else {
            return;
        };
        let from = if loading { environment.while_loading } else { environment.afterwards };
        let from = self.vm.kept(from);
        if let Value::Table(metatable) = self.vm.kept(environment.metatable) {
            self.set_up(|vm| vm.set_field(metatable, "__index", from));
        }
    }

    /// Compiles a chunk and keeps it.
    ///
    /// # Errors
    /// The message of a syntax error, or that memory is too scarce.
    pub fn compile(&mut self, source: &[u8], name: &[u8]) -> Result<Kept, Vec<u8>> {
        match self.vm.load(source, name) {
            Ok(function) => Ok(self.vm.keep(Value::Function(function))),
            Err(error) => Err(self.message(error)),
        }
    }

    /// The text of an error, for whoever did not catch it.
    pub fn message(&self, error: Error) -> Vec<u8> {
        self.vm.to_bytes(self.vm.error_value(error)).unwrap_or_default()
    }

    pub fn release(&mut self, kept: Kept) {
        self.vm.release(kept);
    }

    pub fn memory(&self) -> usize {
        self.vm.memory()
    }

    /// The function that is kept as that.
    pub fn function(&self, kept: Kept) -> Option<Function> {
        match self.vm.kept(kept) {
            Value::Function(function) => Some(function),
            _ => None,
        }
    }

    /// A table of these strings.
    pub fn strings(&mut self, items: &[&[u8]]) -> Result<Table, Error> {
        let table = self.vm.table()?;
        for (index, item) in items.iter().enumerate() {
            let item = self.vm.string(item)?;
            self.vm.set(table, Value::Number((index + 1) as f64), item)?;
        }
        Ok(table)
    }

    /// Makes the global tables KEYS and ARGV of a script.
    pub fn set_arguments(&mut self, keys: &[&[u8]], args: &[&[u8]]) -> Result<(), Error> {
        let globals = self.vm.globals();
        for (name, items) in self.argument_names.into_iter().zip([keys, args]) {
            let table = self.strings(items)?;
            self.vm.set(globals, name, Value::Table(table))?;
        }
        Ok(())
    }
}

/// Opens the libraries and the table `redis`, and returns the globals.
fn open(vm: &mut Vm) -> Result<Table, Error> {
    for library in LIBRARIES {
        vm.open(*library)?;
    }
    vm.set_error_field("err")?;
    let globals = vm.globals();
    for name in WITHHELD {
        vm.set_field(globals, name, Value::Nil)?;
    }
    let redis = vm.table()?;
    for (name, api) in Api::IN_SCRIPTS {
        let function = vm.host_function(*api as u32)?;
        vm.set_field(redis, name, Value::Function(function))?;
    }
    constants(vm, redis, LOADING_CONSTANTS)?;
    constants(vm, redis, CONSTANTS)?;
    vm.set_field(globals, "redis", Value::Table(redis))?;
    Ok(globals)
}

const LOADING_CONSTANTS: &[(&str, f64)] =
    &[("LOG_DEBUG", 0.0), ("LOG_VERBOSE", 1.0), ("LOG_NOTICE", 2.0), ("LOG_WARNING", 3.0)];

/// What would be replicated; nothing is.
const CONSTANTS: &[(&str, f64)] = &[
    ("REPL_NONE", 0.0),
    ("REPL_AOF", 1.0),
    ("REPL_SLAVE", 2.0),
    ("REPL_REPLICA", 2.0),
    ("REPL_ALL", 3.0),
];

fn constants(vm: &mut Vm, redis: Table, constants: &[(&str, f64)]) -> Result<(), Error> {
    for (name, value) in constants {
        vm.set_field(redis, name, Value::Number(*value))?;
    }
    let version = vm.string(crate::REDIS_VERSION.as_bytes())?;
    vm.set_field(redis, "REDIS_VERSION", version)?;
    vm.set_field(redis, "REDIS_VERSION_NUM", Value::Number(version_number()))
}

/// The version as a number, one byte a part.
fn version_number() -> f64 {
    let parts = crate::REDIS_VERSION.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    f64::from(parts.fold(0, |number, part| number << 8 | part))
}

/// Makes a table, and all tables in it, read-only for scripts; a name that it does not have is an
/// error where `complete`.
fn protect(vm: &mut Vm, table: Table, complete: bool) -> Result<(), Error> {
    if complete {
        let (metatable, missing) = (vm.table()?, vm.host_function(Api::MissingGlobal as u32)?);
        vm.set_field(metatable, "__index", Value::Function(missing))?;
        vm.set_readonly(metatable, true);
        vm.set_metatable(table, Some(metatable));
    }
    let mut open = vec![table];
    open.extend(vm.string_metatable());
    let mut seen = Vec::new();
    while let Some(table) = open.pop() {
        if seen.contains(&table) {
            continue;
        }
        seen.push(table);
        vm.set_readonly(table, true);
        open.extend(vm.metatable(table));
        let mut key = Value::Nil;
        while let Some((next, value)) = vm.next_entry(table, key) {
            if let Value::Table(inner) = value {
                open.push(inner);
            }
            key = next;
        }
    }
    Ok(())
}

/// The state with which the C library's generator starts.
const FIRST_RANDOM: u64 = 0x1234_ABCD_330E;

/// `math.random` of Redis: 31 bits of a linear congruential generator of 48 bits, as a part of the
/// largest such number.
fn next_random(state: &mut u64) -> f64 {
    const MAX: u64 = 0x7FFF_FFFF;
    *state = (state.wrapping_mul(0x5_DEEC_E66D) + 0xB) & 0xFFFF_FFFF_FFFF;
    ((*state >> 17) % MAX) as f64 / MAX as f64
}

fn random_seed(seed: f64) -> u64 {
    u64::from(seed as i64 as u32) << 16 | 0x330E
}

/// The protocol in which replies reach a script that has not asked for another.
pub(super) const PROTOCOL: Protocol = Protocol::Resp2;
