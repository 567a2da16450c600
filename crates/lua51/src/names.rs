//! Names of values for messages: which variable or field a register was filled from. Found by
//! following the instructions before the one that failed, so it costs nothing until something fails.

use crate::code::{CONSTANT, Op, Proto};
use crate::error::{Error, chunk_id};
use crate::heap::Heap;
use crate::thread::{Frame, FrameKind};
use crate::value::{Str, Value};
use crate::vm::Vm;

/// What a value is called, and what kind of name that is.
pub(crate) struct Name {
    pub(crate) kind: &'static str,
    pub(crate) text: Vec<u8>,
}

/// The longest name of a source in a message of an executing program.
const LONGEST_SOURCE: usize = 60;

impl Vm {
    fn lua_frame(&self) -> Option<&Frame> {
        if self.in_native {
            return None;
        }
        self.calling_frame()
    }

    /// The Lua function that runs, or has called the library function that runs.
    fn calling_frame(&self) -> Option<&Frame> {
        self.thread.frames.last().filter(|frame| frame.kind == FrameKind::Lua)
    }

    /// The name of a register of the running function.
    fn register_name(&self, register: u8) -> Option<Name> {
        let frame = self.calling_frame()?;
        name_of(&self.heap, &self.protos[frame.proto], register, frame.pc as usize - 1)
    }

    fn operand_name(&self, operand: u16) -> Option<Name> {
        self.register_name(u8::try_from(operand).ok()?)
    }

    /// The name by which the running Lua function calls the function that it calls.
    pub(crate) fn called_name(&self) -> Option<Name> {
        let frame = self.calling_frame()?;
        match self.protos[frame.proto].code[frame.pc as usize - 1] {
            Op::Call { a, .. } | Op::TailCall { a, .. } | Op::IteratorCall { a, .. } => {
                self.register_name(a)
            }
            _ => None,
        }
    }

    /// `source:line: ` of the function at a level, where 1 is the one that calls now; nothing if it
    /// is not a Lua function.
    pub(crate) fn position(&self, level: usize) -> Vec<u8> {
        self.frame_at(level)
            .and_then(|at| at)
            .map_or_else(Vec::new, |at| self.position_of(&self.thread.frames[at]))
    }

    /// The frame at a level: none if there is no such level, none inside if the call was replaced by
    /// a tail call.
    pub(crate) fn frame_at(&self, level: usize) -> Option<Option<usize>> {
        let mut level = level as i64;
        for (at, frame) in self.thread.frames.iter().enumerate().rev() {
            level -= 1;
            if level == 0 {
                return Some(Some(at));
            }
            level -= i64::from(frame.tail_calls);
            if level <= 0 {
                return Some(None);
            }
        }
        None
    }

    fn position_of(&self, frame: &Frame) -> Vec<u8> {
        if frame.kind != FrameKind::Lua {
            return Vec::new();
        }
        self.position_in(frame.proto, frame.pc)
    }

    /// `source:line: ` of the instruction before this one of a function.
    pub(crate) fn position_in(&self, proto: u32, pc: u32) -> Vec<u8> {
        let (source, line) = self.source_and_line(proto, pc);
        [&chunk_id(source, LONGEST_SOURCE)[..], format!(":{line}: ").as_bytes()].concat()
    }

    /// The name of its chunk, as it was given, and `:line`.
    pub(crate) fn place_in(&self, proto: u32, pc: u32) -> Vec<u8> {
        let (source, line) = self.source_and_line(proto, pc);
        [source, format!(":{line}").as_bytes()].concat()
    }

    fn source_and_line(&self, proto: u32, pc: u32) -> (&[u8], u32) {
        let proto = &self.protos[proto];
        let source = proto.source.map_or(&b"=?"[..], |source| self.heap.bytes_of(source));
        let line = proto.lines.get((pc as usize).saturating_sub(1)).copied().unwrap_or(0);
        (source, line)
    }

    /// An error with a message that starts with where the running function is.
    pub(crate) fn error(&mut self, text: impl AsRef<[u8]>) -> Error {
        self.error_at(1, text)
    }

    /// An error of the language itself: in a library function it says no place.
    pub(crate) fn fault(&mut self, text: impl AsRef<[u8]>) -> Error {
        if self.in_native {
            return Error::Lua(Value::String(self.heap.message(text.as_ref())));
        }
        self.error(text)
    }

    pub(crate) fn error_at(&mut self, level: usize, text: impl AsRef<[u8]>) -> Error {
        let message = [&self.position(level), text.as_ref()].concat();
        Error::Lua(Value::String(self.heap.message(&message)))
    }

    /// What goes wrong if a value does not support an operation.
    fn type_error(&mut self, operation: &str, value: Value, name: Option<Name>) -> Error {
        let kind = value.type_name();
        let mut text = format!("attempt to {operation} ").into_bytes();
        match name {
            Some(name) => {
                text.extend_from_slice(format!("{} '", name.kind).as_bytes());
                // A name ends where C takes it to end.
                text.extend(name.text.iter().take_while(|byte| **byte != 0));
                text.extend_from_slice(format!("' (a {kind} value)").as_bytes());
            }
            None => text.extend_from_slice(format!("a {kind} value").as_bytes()),
        }
        self.fault(text)
    }

    /// Whether a register of the running function holds this very value, and be it no number.
    fn is_in_register(&self, register: u8, value: Value) -> bool {
        match (self.register(register), value) {
            (Some(Value::Number(held)), Value::Number(number)) => {
                held.to_bits() == number.to_bits()
            }
            (held, value) => held == Some(value),
        }
    }

    pub(crate) fn index_error(&mut self, value: Value) -> Error {
        let register = match self.current_op() {
            Some(Op::GetField { b, .. } | Op::GetTable { b, .. } | Op::SelfField { b, .. }) => {
                Some(b)
            }
            Some(Op::SetField { a, .. } | Op::SetTable { a, .. }) => Some(a),
            _ => None,
        };
        let name = register.filter(|register| self.is_in_register(*register, value));
        let name = name.and_then(|register| self.register_name(register));
        self.type_error("index", value, name)
    }

    pub(crate) fn call_error(&mut self, value: Value) -> Error {
        let name = match self.current_op() {
            Some(Op::Call { a, .. } | Op::TailCall { a, .. }) if self.is_in_register(a, value) => {
                self.register_name(a)
            }
            _ => None,
        };
        self.type_error("call", value, name)
    }

    pub(crate) fn arithmetic_error(&mut self, left: Value, right: Value) -> Error {
        let operands = match self.current_op() {
            Some(
                Op::Add { b, c, .. }
                | Op::Sub { b, c, .. }
                | Op::Mul { b, c, .. }
                | Op::Div { b, c, .. }
                | Op::Mod { b, c, .. }
                | Op::Pow { b, c, .. },
            ) => Some((b, c)),
            Some(Op::Minus { b, .. }) => Some((u16::from(b), u16::from(b))),
            _ => None,
        };
        let left_is_wrong = self.to_number(left).is_none();
        let culprit = if left_is_wrong { left } else { right };
        let name = operands.and_then(|(b, c)| self.operand_name(if left_is_wrong { b } else { c }));
        self.type_error("perform arithmetic on", culprit, name)
    }

    pub(crate) fn length_error(&mut self, value: Value) -> Error {
        let name = match self.current_op() {
            Some(Op::Length { b, .. }) => self.register_name(b),
            _ => None,
        };
        self.type_error("get length of", value, name)
    }

    /// Two operands cannot be joined; the left one is in a register of the running function.
    pub(crate) fn concat_error(&mut self, left: Value, right: Value, register: u8) -> Error {
        let left_is_fine = matches!(left, Value::String(_) | Value::Number(_));
        let (culprit, register) =
            if left_is_fine { (right, register + 1) } else { (left, register) };
        let name = self.register_name(register);
        self.type_error("concatenate", culprit, name)
    }

    pub(crate) fn comparison_error(&mut self, left: Value, right: Value) -> Error {
        let (left, right) = (left.type_name(), right.type_name());
        if left == right {
            self.fault(format!("attempt to compare two {left} values"))
        } else {
            self.fault(format!("attempt to compare {left} with {right}"))
        }
    }

    fn current_op(&self) -> Option<Op> {
        let frame = self.lua_frame()?;
        self.protos[frame.proto].code.get((frame.pc as usize).checked_sub(1)?).copied()
    }

    fn register(&self, register: u8) -> Option<Value> {
        let frame = self.lua_frame()?;
        self.thread.stack.get(frame.base as usize + register as usize).copied()
    }
}

/// What a register holds at an instruction.
fn name_of(heap: &Heap, proto: &Proto, register: u8, at: usize) -> Option<Name> {
    let text = |name: Str| heap.bytes_of(name).to_vec();
    if let Some(local) = local_at(proto, register, at) {
        return Some(Name { kind: "local", text: text(local) });
    }
    let constant = |k: u32| match proto.constants.get(k as usize) {
        Some(Value::String(name)) => heap.bytes_of(*name).to_vec(),
        _ => b"?".to_vec(),
    };
    let set_at = last_set(proto, register, at)?;
    match proto.code[set_at] {
        Op::GetGlobal { k, .. } => Some(Name { kind: "global", text: constant(k) }),
        Op::Move { a, b } if b < a => name_of(heap, proto, b, set_at),
        Op::GetCell { b, .. } => {
            local_at(proto, b, set_at).map(|local| Name { kind: "local", text: text(local) })
        }
        Op::GetField { k, .. } => Some(Name { kind: "field", text: constant(k) }),
        Op::GetTable { c, .. } => {
            let text =
                if c >= CONSTANT { constant(u32::from(c - CONSTANT)) } else { b"?".to_vec() };
            Some(Name { kind: "field", text })
        }
        Op::GetUpvalue { b, .. } => proto
            .upvalue_names
            .get(b as usize)
            .map(|name| Name { kind: "upvalue", text: text(*name) }),
        Op::SelfField { k, .. } => Some(Name { kind: "method", text: constant(k) }),
        _ => None,
    }
}

fn local_at(proto: &Proto, register: u8, at: usize) -> Option<Str> {
    let at = at as u32;
    let found = proto
        .locals
        .iter()
        .find(|local| local.register == register && local.start <= at && at < local.end);
    found.map(|local| local.name)
}

/// The instruction before one that last set a register, as far as that can be told: jumps forward
/// that end before it are taken.
fn last_set(proto: &Proto, register: u8, before: usize) -> Option<usize> {
    let mut found = None;
    let mut at = 0;
    while at < before {
        let op = proto.code[at];
        if sets(op, register) {
            found = Some(at);
        }
        // Where a comparison gives a value, Lua's jump leads to it; here it leads past it.
        let passes_value = matches!(
            proto.code.get(at + 1),
            Some(Op::LoadBool { a, skip: false, .. }) if *a == register
        );
        at = match op {
            Op::Jump { to } | Op::ForPrepare { to, .. }
                if to as usize > at && to as usize <= before && !passes_value =>
            {
                to as usize
            }
            _ => at + 1,
        };
    }
    found
}

fn sets(op: Op, register: u8) -> bool {
    match op {
        Op::Move { a, .. }
        | Op::LoadK { a, .. }
        | Op::LoadBool { a, .. }
        | Op::GetUpvalue { a, .. }
        | Op::NewCell { a }
        | Op::GetCell { a, .. }
        | Op::GetGlobal { a, .. }
        | Op::GetField { a, .. }
        | Op::GetTable { a, .. }
        | Op::NewTable { a, .. }
        | Op::Add { a, .. }
        | Op::Sub { a, .. }
        | Op::Mul { a, .. }
        | Op::Div { a, .. }
        | Op::Mod { a, .. }
        | Op::Pow { a, .. }
        | Op::Minus { a, .. }
        | Op::Not { a, .. }
        | Op::Length { a, .. }
        | Op::Concat { a, .. }
        // A test counts as well: which of two values it left cannot be told.
        | Op::Test { a, .. }
        | Op::ForPrepare { a, .. }
        | Op::ForLoop { a, .. }
        | Op::Closure { a, .. } => a == register,
        Op::LoadNil { a, b } => a <= register && register <= b,
        Op::SelfField { a, .. } => register == a || register == a + 1,
        Op::Call { a, .. } | Op::TailCall { a, .. } => register >= a,
        Op::IteratorCall { a, .. } => register >= a + 3,
        Op::Vararg { a, b } => register >= a && (b == 0 || register < a + b - 1),
        _ => false,
    }
}
