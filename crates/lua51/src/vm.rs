//! The machine: what a host creates, loads, runs and clones.

use crate::arena::Arena;
use crate::ast::FunctionBody;
use crate::call::Exit;
use crate::code::Proto;
use crate::compiler::{self, CompileError};
use crate::error::{Error, chunk_id};
use crate::heap::{FunctionData, Heap};
use crate::library::{self, Arguments, Flow, Library};
use crate::metamethod::NAMES;
use crate::parser::{self, ParseError};
use crate::random::Random;
use crate::thread::{Destination, FrameKind, Status, ThreadData};
use crate::value::{Function, Str, Table, Thread, Value};
use std::fmt;

/// A library function: it reads its arguments, and says what comes of it.
#[derive(Clone, Copy)]
pub(crate) struct NativeFunction(pub(crate) fn(&mut Vm, Arguments) -> Result<Flow, Error>);

impl fmt::Debug for NativeFunction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NativeFunction")
    }
}

/// What scripts may use at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of everything that scripts create; beyond it they get `not enough memory`.
    pub memory: usize,
    /// Calls within calls; beyond it they get `stack overflow`.
    pub calls: usize,
}

impl Default for Limits {
    /// 64 MiB, and as many calls as Lua 5.1 allows.
    fn default() -> Limits {
        Limits { memory: 64 << 20, calls: 16_383 }
    }
}

/// How far a run got.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The function returned these values.
    Done(Vec<Value>),
    /// The instructions that the run was given are used up; [`Vm::run`] goes on.
    Suspended,
    /// A script called the function of the host that has this number, with
    /// [`Vm::host_arguments`]. [`Vm::respond`] or [`Vm::raise`] answers, now or later.
    Host(u32),
    /// An error that nothing caught.
    Error(Value),
}

/// A value that stays alive until it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept(u32);

#[derive(Clone, Debug)]
pub(crate) struct KeptValue {
    id: u32,
    pub(crate) value: Value,
}

/// A Lua 5.1 machine.
///
/// It does nothing by itself: [`Vm::run`] executes a bounded number of instructions. Its clone goes
/// on exactly as it would.
///
/// ```
/// use lua51::{Library, Limits, Outcome, Value, Vm};
///
/// let mut vm = Vm::new(Limits::default());
/// vm.open(Library::Base).unwrap();
/// let function = vm.load(b"local a, b = ... return a + b", b"@sum").unwrap();
/// vm.start(function, &[Value::Number(1.0), Value::Number(2.0)]).unwrap();
/// assert_eq!(vm.run(1_000), Outcome::Done(vec![Value::Number(3.0)]));
/// ```
#[derive(Clone, Debug)]
pub struct Vm {
    pub(crate) heap: Heap,
    pub(crate) protos: Arena<Proto>,
    /// The running coroutine; its place in the heap is empty meanwhile.
    pub(crate) thread: ThreadData,
    pub(crate) current: Thread,
    pub(crate) globals: Table,
    pub(crate) string_metatable: Option<Table>,
    pub(crate) event_names: Vec<Str>,
    pub(crate) memory_message: Str,
    pub(crate) kept: Vec<KeptValue>,
    next_kept: u32,
    pub(crate) fuel: i64,
    spent: u64,
    pub(crate) refused: u64,
    pub(crate) random: Random,
    /// The settings of each `cjson` module.
    #[cfg(feature = "cjson")]
    pub(crate) json: Vec<crate::library::cjson::Settings>,
    pub(crate) clock: f64,
    pub(crate) limits: Limits,
    pub(crate) stress: bool,
    /// A library function runs.
    pub(crate) in_native: bool,
    /// The field that stands for an error that is a table; see [`Vm::set_error_field`].
    pub(crate) error_field: Option<Str>,
    /// The function and the instruction at which the latest error arose.
    pub(crate) raised_at: Option<(u32, u32)>,
    /// How many values on top of the stack the host was called with, until it answers.
    pub(crate) host_arguments: u32,
    /// How many values on top of the stack the host has answered.
    pub(crate) host_answer: Option<u32>,
}

impl Vm {
    /// A machine without any library.
    #[must_use]
    pub fn new(limits: Limits) -> Vm {
        let mut heap = Heap::new(limits.memory);
        let event_names = NAMES.iter().map(|name| heap.message(name.as_bytes())).collect();
        let memory_message = heap.message(b"not enough memory");
        let globals = Table(heap.tables.insert(Default::default()));
        let current = Thread(heap.threads.insert(ThreadData::default()));
        heap.threshold = 1 << 20;
        Vm {
            heap,
            protos: Arena::default(),
            thread: ThreadData::new(),
            current,
            globals,
            string_metatable: None,
            event_names,
            memory_message,
            kept: Vec::new(),
            next_kept: 0,
            fuel: 0,
            spent: 0,
            refused: 0,
            random: Random::default(),
            #[cfg(feature = "cjson")]
            json: Vec::new(),
            clock: 0.0,
            limits,
            stress: false,
            in_native: false,
            error_field: None,
            raised_at: None,
            host_arguments: 0,
            host_answer: None,
        }
    }

    /// Adds a library to the globals.
    ///
    /// # Errors
    /// If memory is too scarce for it.
    pub fn open(&mut self, library: Library) -> Result<(), Error> {
        library::open(self, library)
    }

    /// Compiles a chunk. `name` says what messages call it: text after `@` or `=` as it is, anything
    /// else as program text.
    ///
    /// # Errors
    /// The message of a syntax error.
    pub fn load(&mut self, source: &[u8], name: &[u8]) -> Result<Function, Error> {
        const LONGEST_SOURCE: usize = 80;
        // A tree takes more than its text, but only for a while.
        const OF_TREE_PER_BYTE: usize = 24;
        self.reserve(source.len().saturating_mul(OF_TREE_PER_BYTE))?;
        self.charge(source.len() / 4);
        let shown = chunk_id(name, LONGEST_SOURCE);
        let body = match parser::parse(source, &shown, &mut self.heap) {
            Ok(body) => body,
            Err(ParseError::Syntax(message)) => {
                return Err(Error::Lua(self.heap.message(&message).into()));
            }
            Err(ParseError::Memory) => return Err(Error::Memory),
        };
        self.compile(&body, name, &shown)
    }

    fn compile(
        &mut self,
        body: &FunctionBody,
        name: &[u8],
        shown: &[u8],
    ) -> Result<Function, Error> {
        let source = self.heap.string(name)?;
        match compiler::compile(body, source, &mut self.heap, &mut self.protos) {
            Ok(proto) => {
                let upvalues = Box::default();
                self.heap.function(FunctionData::Lua { proto, upvalues, environment: self.globals })
            }
            Err(CompileError::TooComplex(line)) => {
                let text = format!(":{line}: function or expression too complex");
                Err(Error::Lua(self.heap.message(&[shown, text.as_bytes()].concat()).into()))
            }
            Err(CompileError::Memory) => Err(Error::Memory),
        }
    }

    /// Prepares a call, which [`Vm::run`] then executes. Whatever was in progress is given up.
    ///
    /// # Errors
    /// If memory is too scarce for the arguments.
    pub fn start(&mut self, function: Function, arguments: &[Value]) -> Result<(), Error> {
        self.abort();
        self.push(Value::Function(function))?;
        for argument in arguments {
            self.push(*argument)?;
        }
        self.thread.status = Status::Suspended;
        Ok(())
    }

    /// Gives up what is in progress. No script can prevent or notice it.
    pub fn abort(&mut self) {
        let main = Thread(0);
        if self.current != main {
            self.discard_thread();
            self.thread = std::mem::take(&mut self.heap.threads[main.0]);
            self.current = main;
        }
        let before = self.thread.bytes();
        self.thread.restart();
        self.heap.give_back(before.saturating_sub(self.thread.bytes()));
        self.host_arguments = 0;
        self.host_answer = None;
    }

    /// Executes about so many instructions at most, counting the work of library functions as well.
    pub fn run(&mut self, instructions: u64) -> Outcome {
        let given = i64::try_from(instructions).unwrap_or(i64::MAX);
        self.fuel = given;
        let exit = self.run_to_exit();
        self.spent = self.spent.saturating_add_signed(given.saturating_sub(self.fuel));
        match exit {
            Exit::Done(values) => Outcome::Done(values),
            Exit::Suspended => Outcome::Suspended,
            Exit::Error(value) => Outcome::Error(value),
            Exit::Host(function) => Outcome::Host(function),
        }
    }

    /// What a script calls a function of the host with, until that is answered.
    #[must_use]
    pub fn host_arguments(&self) -> &[Value] {
        let end = self.thread.top as usize;
        &self.thread.stack[end - self.host_arguments as usize..end]
    }

    /// Answers a script's call of a function of the host with what it returns.
    ///
    /// # Errors
    /// If memory is too scarce for the values.
    pub fn respond(&mut self, values: &[Value]) -> Result<(), Error> {
        self.thread.top -= std::mem::take(&mut self.host_arguments);
        for value in values {
            self.push(*value)?;
        }
        self.host_answer = Some(values.len() as u32);
        Ok(())
    }

    /// Answers a script's call of a function of the host with an error.
    pub fn raise(&mut self, error: Value) {
        self.host_arguments = 0;
        self.host_answer = None;
        let caught = self.unwind(error);
        if let Some(uncaught) = caught {
            // The next run says so.
            self.thread.top = 0;
            self.thread.stack[0] = uncaught;
            self.thread.status = Status::Dead;
        }
    }

    /// `source:line: ` of the script's function that called the host.
    #[must_use]
    pub fn caller_position(&self) -> Vec<u8> {
        let is_host =
            self.thread.frames.last().is_some_and(|frame| frame.kind == FrameKind::Native);
        self.position(if is_host { 2 } else { 1 })
    }

    /// Where the script is: the name of its chunk, as it was given, and `:line`; or nothing.
    #[must_use]
    pub fn current_place(&self) -> Vec<u8> {
        let innermost = self.thread.frames.iter().rev().find(|frame| frame.kind == FrameKind::Lua);
        innermost.map_or_else(Vec::new, |frame| self.place_in(frame.proto, frame.pc))
    }

    /// The same of the error that a run ended with.
    #[must_use]
    pub fn error_place(&self) -> Vec<u8> {
        self.raised_at.map_or_else(Vec::new, |(proto, pc)| self.place_in(proto, pc))
    }

    /// Makes a function of the host: calling it ends a run with [`Outcome::Host`].
    ///
    /// # Errors
    /// If memory is too scarce.
    pub fn host_function(&mut self, number: u32) -> Result<Function, Error> {
        self.heap.function(FunctionData::Host(number))
    }

    /// Makes a string.
    ///
    /// # Errors
    /// If memory is too scarce.
    pub fn string(&mut self, bytes: &[u8]) -> Result<Value, Error> {
        Ok(Value::String(self.heap.string(bytes)?))
    }

    /// The bytes of a string.
    #[must_use]
    pub fn bytes(&self, string: Str) -> &[u8] {
        self.heap.bytes_of(string)
    }

    /// What a value is as bytes: of a string, or of a number as `tostring` writes it.
    #[must_use]
    pub fn to_bytes(&self, value: Value) -> Option<Vec<u8>> {
        match value {
            Value::String(string) => Some(self.heap.bytes_of(string).to_vec()),
            Value::Number(number) => {
                let mut text = Vec::new();
                crate::number::write(number, &mut text);
                Some(text)
            }
            _ => None,
        }
    }

    /// What a value is as a number: of a number, or of a string that is one.
    #[must_use]
    pub fn to_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Number(number) => Some(number),
            Value::String(string) => crate::number::parse(self.heap.bytes_of(string)),
            _ => None,
        }
    }

    /// Makes a table.
    ///
    /// # Errors
    /// If memory is too scarce.
    pub fn table(&mut self) -> Result<Table, Error> {
        self.heap.table(0, 0)
    }

    /// What a table holds at a key, without metamethods.
    #[must_use]
    pub fn get(&self, table: Table, key: Value) -> Value {
        self.heap.get(table, key)
    }

    /// What a table holds at a name, without metamethods.
    ///
    /// # Errors
    /// If memory is too scarce for the name.
    pub fn get_field(&mut self, table: Table, name: &str) -> Result<Value, Error> {
        let name = self.heap.string(name.as_bytes())?;
        Ok(self.heap.get(table, Value::String(name)))
    }

    /// Sets a table's value at a key that is neither nil nor NaN, without metamethods and also if the
    /// table is read-only for scripts.
    ///
    /// # Errors
    /// If memory is too scarce for the table to grow.
    pub fn set(&mut self, table: Table, key: Value, value: Value) -> Result<(), Error> {
        self.heap.set(table, key, value)
    }

    /// Sets a table's value at a name, as [`Vm::set`] does.
    ///
    /// # Errors
    /// If memory is too scarce.
    pub fn set_field(&mut self, table: Table, name: &str, value: Value) -> Result<(), Error> {
        self.heap.set_field(table, name, value)
    }

    /// A border of a table, as `#` finds it.
    #[must_use]
    pub fn length(&self, table: Table) -> usize {
        self.heap.tables[table.0].border()
    }

    /// The entry of a table behind a key, or the first behind nil; none at the end, or if there is no
    /// such key.
    #[must_use]
    pub fn next_entry(&self, table: Table, key: Value) -> Option<(Value, Value)> {
        self.heap.tables[table.0].next(key).ok().flatten()
    }

    /// Gives a table a metatable.
    pub fn set_metatable(&mut self, table: Table, metatable: Option<Table>) {
        self.heap.tables[table.0].metatable = metatable;
    }

    /// The metatable of a table.
    #[must_use]
    pub fn metatable(&self, table: Table) -> Option<Table> {
        self.heap.tables[table.0].metatable
    }

    /// The metatable of all strings, which the string library makes.
    #[must_use]
    pub fn string_metatable(&self) -> Option<Table> {
        self.string_metatable
    }

    /// Makes a table read-only for scripts, or not: they get `Attempt to modify a readonly table`.
    pub fn set_readonly(&mut self, table: Table, readonly: bool) {
        self.heap.tables[table.0].readonly = readonly;
    }

    /// The table of globals.
    #[must_use]
    pub fn globals(&self) -> Table {
        self.globals
    }

    /// Makes another table the globals of what is loaded from now on, and of coroutines.
    pub fn set_globals(&mut self, globals: Table) {
        self.globals = globals;
    }

    /// Keeps a value alive.
    pub fn keep(&mut self, value: Value) -> Kept {
        self.next_kept += 1;
        self.kept.push(KeptValue { id: self.next_kept, value });
        Kept(self.next_kept)
    }

    /// A value that is kept.
    #[must_use]
    pub fn kept(&self, kept: Kept) -> Value {
        // Ids ascend, as none is used twice.
        let place = self.kept.binary_search_by_key(&kept.0, |entry| entry.id);
        place.map_or(Value::Nil, |place| self.kept[place].value)
    }

    /// Ends that a value is kept alive.
    pub fn release(&mut self, kept: Kept) {
        self.kept.retain(|entry| entry.id != kept.0);
    }

    /// Makes `pcall` give, for an error that is a table, its field of this name, if that is a string;
    /// otherwise the table and the field. Hosts whose errors are tables spare scripts the difference.
    ///
    /// # Errors
    /// If memory is too scarce.
    pub fn set_error_field(&mut self, name: &str) -> Result<(), Error> {
        self.error_field = Some(self.heap.string(name.as_bytes())?);
        Ok(())
    }

    /// The source of the random numbers of `math.random`.
    pub fn set_random(&mut self, random: Random) {
        self.random = random;
    }

    /// What `os.clock` answers, in seconds.
    pub fn set_clock(&mut self, seconds: f64) {
        self.clock = seconds;
    }

    /// The bytes in use.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.heap.bytes
    }

    /// How often scripts were refused memory, in all runs.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// The instructions executed in all runs.
    #[must_use]
    pub fn instructions(&self) -> u64 {
        self.spent
    }

    /// Collects as often as possible, which finds what the collector is not told about.
    pub fn set_stress(&mut self, stress: bool) {
        self.stress = stress;
        self.heap.threshold = 0;
    }

    /// The message that an error is for whoever did not catch it.
    #[must_use]
    pub fn error_value(&self, error: Error) -> Value {
        match error {
            Error::Lua(value) => value,
            Error::Memory => Value::String(self.memory_message),
        }
    }

    /// Runs a part of a library function.
    #[inline]
    pub(crate) fn natively<T>(
        &mut self,
        part: impl FnOnce(&mut Vm) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.in_native = true;
        let result = part(self);
        self.in_native = false;
        result
    }

    /// Counts work of a library function.
    #[inline]
    pub(crate) fn charge(&mut self, work: usize) {
        self.fuel = self.fuel.saturating_sub(work as i64);
    }

    /// Puts a value on top of the stack.
    #[inline]
    pub(crate) fn push(&mut self, value: Value) -> Result<(), Error> {
        let top = self.thread.top as usize;
        if top >= self.thread.stack.len() {
            self.grow_stack(top + 1)?;
        }
        self.thread.stack[top] = value;
        self.thread.top += 1;
        Ok(())
    }

    /// Makes the stack at least so large.
    pub(crate) fn grow_stack(&mut self, size: usize) -> Result<(), Error> {
        let stack = &mut self.thread.stack;
        if size <= stack.len() {
            return Ok(());
        }
        let wanted = (size + crate::thread::FRAME_SLOTS).max(stack.len() * 2);
        let more = (wanted - stack.len()) * size_of::<Value>();
        self.heap.take(more)?;
        self.thread.stack.resize(wanted, Value::Nil);
        Ok(())
    }

    /// The first slot that nothing uses.
    pub(crate) fn live_top(&self) -> usize {
        let frame = self.thread.frames.last();
        let registers = frame
            .filter(|frame| frame.kind == FrameKind::Lua)
            .map_or(0, |frame| frame.base as usize + self.protos[frame.proto].registers as usize);
        registers.max(self.thread.top as usize).min(self.thread.stack.len())
    }

    /// Whether an uncaught error waits to be told.
    pub(crate) fn pending_error(&mut self) -> Option<Value> {
        (self.thread.status == Status::Dead && self.thread.frames.is_empty())
            .then(|| self.thread.stack[0])
    }

    /// The destination of a call that the host makes.
    pub(crate) fn host_destination() -> Destination {
        Destination::NONE
    }
}
