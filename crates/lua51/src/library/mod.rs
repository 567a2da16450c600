//! Libraries: how their functions get arguments and give results, and which ones there are.

mod base;
#[cfg(feature = "bit")]
mod bit;
#[cfg(feature = "cjson")]
pub(crate) mod cjson;
#[cfg(feature = "cmsgpack")]
mod cmsgpack;
mod coroutine;
mod format;
mod math;
mod os;
mod pattern;
mod replace;
mod sort;
mod string;
#[cfg(feature = "struct")]
mod structure;
mod table;

use crate::error::Error;
use crate::heap::FunctionData;
use crate::value::{Str, Table, Thread, Value};
use crate::vm::{NativeFunction, Vm};
use replace::Replacing;
use sort::Sorting;

/// What a host can open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// `assert` to `xpcall`, `_G`, `_VERSION`; without what reads files or prints.
    Base,
    /// `coroutine`
    Coroutine,
    /// `math`
    Math,
    /// `os`, with `clock` alone.
    Os,
    /// `string`, and the methods of strings.
    String,
    /// `table`
    Table,
    /// `bit`: operations on 32 bits.
    #[cfg(feature = "bit")]
    Bit,
    /// `cjson`: JSON.
    #[cfg(feature = "cjson")]
    Cjson,
    /// `cmsgpack`: MessagePack.
    #[cfg(feature = "cmsgpack")]
    Cmsgpack,
    /// `struct`: packed binary data.
    #[cfg(feature = "struct")]
    Struct,
}

pub(crate) fn open(vm: &mut Vm, library: Library) -> Result<(), Error> {
    match library {
        Library::Base => base::open(vm),
        Library::Coroutine => coroutine::open(vm),
        Library::Math => math::open(vm),
        Library::Os => os::open(vm),
        Library::String => string::open(vm),
        Library::Table => table::open(vm),
        #[cfg(feature = "bit")]
        Library::Bit => bit::open(vm),
        #[cfg(feature = "cjson")]
        Library::Cjson => cjson::open(vm),
        #[cfg(feature = "cmsgpack")]
        Library::Cmsgpack => cmsgpack::open(vm),
        #[cfg(feature = "struct")]
        Library::Struct => structure::open(vm),
    }
}

/// The arguments of a library function, on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    pub(crate) base: u32,
    pub(crate) count: u32,
}

/// What comes of a library function.
pub(crate) enum Flow {
    /// It returns nothing.
    Nothing,
    One(Value),
    /// It returns so many values, from the top of the stack.
    Values(u32),
    /// It calls the function on the stack below so many arguments, and goes on with the results.
    Call {
        arguments: u32,
        continuation: Continuation,
    },
    /// It is not done, but the host has its turn.
    Pause(Continuation),
    /// The coroutine gives so many values to whoever resumed it.
    Yield(u32),
    Resume {
        thread: Thread,
        arguments: u32,
        wrapped: bool,
    },
    /// A function of the host is called, with so many arguments from the top of the stack.
    Host {
        function: u32,
        arguments: u32,
    },
}

/// How a library function goes on with the results of a call.
#[derive(Clone, Debug)]
pub(crate) enum Continuation {
    /// `pcall`, or `xpcall` with its handler.
    Protected {
        handler: Option<Value>,
    },
    /// A handler is to be called with an error.
    Handle {
        handler: Value,
        error: Value,
        errors: u32,
    },
    /// A handler has been called; it may fail itself.
    Handler {
        handler: Value,
        errors: u32,
    },
    /// An error was caught, and these values on the stack say so.
    Caught(u32),
    /// The first result is the result.
    First,
    /// `coroutine.resume`, or a function made by `coroutine.wrap`.
    Resumed {
        wrapped: bool,
    },
    Host,
    /// `table.foreach` and `table.foreachi` are at a key.
    ForEach {
        table: Table,
        function: Value,
        key: Value,
        by_index: bool,
    },
    Sort(Box<Sorting>),
    Replace(Box<Replacing>),
    /// `load` has these pieces.
    Load {
        reader: Value,
        name: Str,
        source: Vec<u8>,
    },
}

impl Continuation {
    /// Goes on with the results of the call.
    pub(crate) fn proceed(self, vm: &mut Vm, results: Arguments) -> Result<Flow, Error> {
        match self {
            Continuation::Protected { .. } | Continuation::Resumed { wrapped: false } => {
                let count = results.count + 1;
                vm.insert(results.base, Value::Boolean(true))?;
                Ok(Flow::Values(count))
            }
            Continuation::Handle { handler, error, errors } => {
                vm.push(handler)?;
                vm.push(error)?;
                Ok(Flow::Call {
                    arguments: 1,
                    continuation: Continuation::Handler { handler, errors },
                })
            }
            Continuation::Handler { .. } => {
                let value = vm.argument(results, 0);
                vm.push(Value::Boolean(false))?;
                vm.push(value)?;
                Ok(Flow::Values(2))
            }
            Continuation::Caught(_) => Ok(Flow::Values(results.count)),
            Continuation::First => Ok(Flow::One(vm.argument(results, 0))),
            Continuation::Resumed { wrapped: true } | Continuation::Host => {
                Ok(Flow::Values(results.count))
            }
            Continuation::ForEach { table, function, key, by_index } => {
                match vm.argument(results, 0) {
                    Value::Nil => table::for_each(vm, table, function, key, by_index),
                    value => Ok(Flow::One(value)),
                }
            }
            Continuation::Sort(sorting) => sorting.proceed(vm, results),
            Continuation::Replace(replacing) => replacing.proceed(vm, results),
            Continuation::Load { reader, name, source } => {
                base::proceed_load(vm, results, reader, name, source)
            }
        }
    }

    /// Every value that it holds, for the collector.
    pub(crate) fn for_each_value(&self, mut visit: impl FnMut(Value)) {
        match self {
            Continuation::Protected { handler: Some(value) }
            | Continuation::Handler { handler: value, .. } => visit(*value),
            Continuation::Handle { handler, error, .. } => {
                visit(*handler);
                visit(*error);
            }
            Continuation::ForEach { table, function, key, .. } => {
                visit(Value::Table(*table));
                visit(*function);
                visit(*key);
            }
            Continuation::Sort(sorting) => sorting.for_each_value(visit),
            Continuation::Replace(replacing) => replacing.for_each_value(visit),
            Continuation::Load { reader, name, .. } => {
                visit(*reader);
                visit(Value::String(*name));
            }
            Continuation::Protected { handler: None }
            | Continuation::Caught(_)
            | Continuation::First
            | Continuation::Resumed { .. }
            | Continuation::Host => {}
        }
    }
}

pub(crate) type Native = fn(&mut Vm, Arguments) -> Result<Flow, Error>;

impl Vm {
    /// Makes a library function.
    pub(crate) fn native(&mut self, function: Native, upvalues: &[Value]) -> Result<Value, Error> {
        let function =
            FunctionData::Native { function: NativeFunction(function), upvalues: upvalues.into() };
        Ok(Value::Function(self.heap.function(function)?))
    }

    /// A value of the library function's own; arguments begin right above the function.
    pub(crate) fn own_value(&self, arguments: Arguments, index: usize) -> Value {
        let Value::Function(function) = self.thread.stack[arguments.base as usize - 1] else {
            return Value::Nil;
        };
        match &self.heap.functions[function.0] {
            FunctionData::Native { upvalues, .. } => {
                upvalues.get(index).copied().unwrap_or_default()
            }
            _ => Value::Nil,
        }
    }

    pub(crate) fn set_own_value(&mut self, arguments: Arguments, index: usize, value: Value) {
        let Value::Function(function) = self.thread.stack[arguments.base as usize - 1] else {
            return;
        };
        if let FunctionData::Native { upvalues, .. } = &mut self.heap.functions[function.0] {
            upvalues[index] = value;
        }
    }

    /// Makes a table of functions, and a global of it.
    pub(crate) fn open_table(
        &mut self,
        name: &str,
        functions: &[(&str, Native)],
    ) -> Result<Table, Error> {
        let table = self.heap.table(0, functions.len())?;
        self.heap.set_field(self.globals, name, Value::Table(table))?;
        self.add_functions(table, functions)?;
        Ok(table)
    }

    pub(crate) fn add_functions(
        &mut self,
        table: Table,
        functions: &[(&str, Native)],
    ) -> Result<(), Error> {
        for (name, function) in functions {
            let function = self.native(*function, &[])?;
            self.heap.set_field(table, name, function)?;
        }
        Ok(())
    }

    /// Moves what is on the stack from a slot on up by one, and puts a value there.
    fn insert(&mut self, slot: u32, value: Value) -> Result<(), Error> {
        self.push(Value::Nil)?;
        let (from, to) = (slot as usize, self.thread.top as usize);
        self.thread.stack.copy_within(from..to - 1, from + 1);
        self.thread.stack[from] = value;
        Ok(())
    }

    // Arguments.

    #[inline]
    pub(crate) fn argument(&self, arguments: Arguments, index: u32) -> Value {
        if index < arguments.count {
            self.thread.stack[(arguments.base + index) as usize]
        } else {
            Value::Nil
        }
    }

    /// What is wrong with an argument, by the name of the function that was called.
    pub(crate) fn argument_error(&mut self, index: u32, text: &str) -> Error {
        self.numbered_argument_error(index + 1, text)
    }

    /// What is wrong with an argument, counted from 1; 0 stands for all of them.
    pub(crate) fn numbered_argument_error(&mut self, number: u32, text: &str) -> Error {
        let mut number = number;
        let name = match self.called_name() {
            Some(name) => {
                if name.kind == "method" && number > 0 {
                    number -= 1;
                    if number == 0 {
                        let message = [
                            b"calling '",
                            &name.text[..],
                            format!("' on bad self ({text})").as_bytes(),
                        ]
                        .concat();
                        return self.error(message);
                    }
                }
                name.text
            }
            None => b"?".to_vec(),
        };
        let message = [
            format!("bad argument #{number} to '").as_bytes(),
            &name,
            format!("' ({text})").as_bytes(),
        ]
        .concat();
        self.error(message)
    }

    pub(crate) fn type_mismatch(
        &mut self,
        arguments: Arguments,
        index: u32,
        expected: &str,
    ) -> Error {
        let got = if index < arguments.count {
            self.argument(arguments, index).type_name()
        } else {
            "no value"
        };
        self.argument_error(index, &format!("{expected} expected, got {got}"))
    }

    pub(crate) fn any(&mut self, arguments: Arguments, index: u32) -> Result<Value, Error> {
        if index >= arguments.count {
            return Err(self.argument_error(index, "value expected"));
        }
        Ok(self.argument(arguments, index))
    }

    pub(crate) fn number(&mut self, arguments: Arguments, index: u32) -> Result<f64, Error> {
        match self.to_number(self.argument(arguments, index)) {
            Some(number) => Ok(number),
            None => Err(self.type_mismatch(arguments, index, "number")),
        }
    }

    /// A number as C converts it to an integer.
    pub(crate) fn integer(&mut self, arguments: Arguments, index: u32) -> Result<i64, Error> {
        Ok(self.number(arguments, index)? as i64)
    }

    pub(crate) fn integer_or(
        &mut self,
        arguments: Arguments,
        index: u32,
        default: i64,
    ) -> Result<i64, Error> {
        if self.argument(arguments, index).is_nil() {
            Ok(default)
        } else {
            self.integer(arguments, index)
        }
    }

    /// A string, or a number as one, which then takes the number's place.
    pub(crate) fn text(&mut self, arguments: Arguments, index: u32) -> Result<Str, Error> {
        match self.argument(arguments, index) {
            Value::String(string) => Ok(string),
            Value::Number(number) => {
                let mut text = Vec::new();
                crate::number::write(number, &mut text);
                let string = self.heap.string_from(text)?;
                self.thread.stack[(arguments.base + index) as usize] = Value::String(string);
                Ok(string)
            }
            _ => Err(self.type_mismatch(arguments, index, "string")),
        }
    }

    pub(crate) fn table_argument(
        &mut self,
        arguments: Arguments,
        index: u32,
    ) -> Result<Table, Error> {
        match self.argument(arguments, index) {
            Value::Table(table) => Ok(table),
            _ => Err(self.type_mismatch(arguments, index, "table")),
        }
    }

    pub(crate) fn function_argument(
        &mut self,
        arguments: Arguments,
        index: u32,
    ) -> Result<Value, Error> {
        match self.argument(arguments, index) {
            function @ Value::Function(_) => Ok(function),
            _ => Err(self.type_mismatch(arguments, index, "function")),
        }
    }

    /// A new string as the one result; room for it must have been made.
    pub(crate) fn text_result(&mut self, text: Vec<u8>) -> Result<Flow, Error> {
        Ok(Flow::One(Value::String(self.heap.string_from(text)?)))
    }
}
