//! Lua 5.1, metered and bounded.
//!
//! A [`Vm`] runs scripts of Lua 5.1 that nobody has to trust. It counts instructions and stops when
//! those it was given are used up, wherever a script is, and goes on from there if it is told to. It
//! accounts for every byte. Nothing of a script is on the host's stack, so a machine can be cloned or
//! dropped at any time, and no script can overflow anything. It asks no clock and no operating
//! system: the same script gives the same results everywhere.
//!
//! What scripts see is Lua 5.1 to the letter: the texts of its errors, the formats of its numbers,
//! and the order in which `pairs` walks a table.
//!
//! # Differences
//!
//! From the Lua 5.1 of Redis, on purpose:
//!
//! - Calls within calls are 16,383 at most, always. There it is 16,384 at first, more after a script
//!   that reached it, and an error beyond that is called `error in error handling`.
//! - Memory and instructions end; there, they do not. A string or table that the limit has no room
//!   for is the error `not enough memory` at once.
//! - A match of a pattern ends after fifty million steps, as the error `pattern too complex`.
//! - `tostring` of a table, function or coroutine shows a number that is the same in every run, and
//!   tables whose keys are such values are walked in another order than there, where it depends on
//!   addresses.
//! - Powers, logarithms and sines are the same on every platform, and may differ in their last digits
//!   from those of the C library there.
//! - `collectgarbage("count")` tells the bytes of this account, and to collect is all its options do.
//! - `string.dump` is refused, as what it makes is.
//! - `os.clock` is what the host says.
//!
//! ```
//! use lua51::{Library, Limits, Outcome, Vm};
//!
//! let mut vm = Vm::new(Limits::default());
//! vm.open(Library::Base).unwrap();
//! let function = vm.load(b"while true do pcall(error) end", b"@endless").unwrap();
//! vm.start(function, &[]).unwrap();
//! assert_eq!(vm.run(10_000), Outcome::Suspended);
//! assert_eq!(vm.clone().run(10_000), Outcome::Suspended);
//! ```
//!
//! A function of the host is a number. When a script calls it, the run ends and the host answers,
//! now or later:
//!
//! ```
//! use lua51::{Limits, Outcome, Value, Vm};
//!
//! let mut vm = Vm::new(Limits::default());
//! let double = vm.host_function(7).unwrap();
//! let globals = vm.globals();
//! vm.set_field(globals, "double", Value::Function(double)).unwrap();
//! let function = vm.load(b"return double(21)", b"@answer").unwrap();
//! vm.start(function, &[]).unwrap();
//! assert_eq!(vm.run(1_000), Outcome::Host(7));
//! let [Value::Number(number)] = *vm.host_arguments() else { panic!("it has one argument") };
//! vm.respond(&[Value::Number(number * 2.0)]).unwrap();
//! assert_eq!(vm.run(1_000), Outcome::Done(vec![Value::Number(42.0)]));
//! ```
#![deny(missing_docs)]

mod arena;
mod ast;
mod call;
mod code;
mod compiler;
mod error;
mod gc;
mod heap;
mod interpreter;
mod lexer;
mod library;
mod metamethod;
mod names;
mod number;
mod operate;
mod parser;
mod random;
mod table;
mod thread;
mod value;
mod vm;

pub use error::Error;
pub use library::Library;
pub use random::Random;
pub use value::{Function, Str, Table, Thread, UserData, Value};
pub use vm::{Kept, Limits, Outcome, Vm};
