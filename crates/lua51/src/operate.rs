//! Instructions that may call a metamethod, allocate, or fail.

use crate::call::Step;
use crate::code::{Capture, Op};
use crate::error::Error;
use crate::heap::FunctionData;
use crate::metamethod::{Event, lookup};
use crate::number;
use crate::thread::{After, Destination, FrameKind};
use crate::value::{Cell, Table, Value};
use crate::vm::Vm;
use std::cmp::Ordering;

/// How long a chain of `__index` tables may be.
const MAX_CHAIN: usize = 100;

/// What a value is at a key.
pub(crate) enum Indexed {
    Value(Value),
    /// A function has to be called with the object and the key.
    Call {
        function: Value,
        object: Value,
    },
}

impl Vm {
    /// Puts a value where a metamethod's result would have gone.
    fn answer(&mut self, value: Value, destination: Destination) -> Result<Step, Error> {
        self.thread.stack[destination.slot as usize] = value;
        Ok(None)
    }

    // Indexing.

    /// Looks up a key, as far as that is possible without a call.
    pub(crate) fn indexed(&mut self, object: Value, key: Value) -> Result<Indexed, Error> {
        let mut object = object;
        for _ in 0..MAX_CHAIN {
            let handler = if let Value::Table(table) = object {
                let data = &self.heap.tables[table.0];
                let value = data.get(key);
                let Some(metatable) = data.metatable else { return Ok(Indexed::Value(value)) };
                if !value.is_nil() {
                    return Ok(Indexed::Value(value));
                }
                match lookup(&mut self.heap, &self.event_names, metatable, Event::Index) {
                    Value::Nil => return Ok(Indexed::Value(Value::Nil)),
                    handler => handler,
                }
            } else {
                match self.metamethod(object, Event::Index) {
                    Value::Nil => return Err(self.index_error(object)),
                    handler => handler,
                }
            };
            if let Value::Function(_) = handler {
                return Ok(Indexed::Call { function: handler, object });
            }
            object = handler;
        }
        Err(self.fault("loop in gettable"))
    }

    pub(crate) fn index(
        &mut self,
        object: Value,
        key: Value,
        destination: Destination,
    ) -> Result<Step, Error> {
        match self.indexed(object, key)? {
            Indexed::Value(value) => self.answer(value, destination),
            Indexed::Call { function, object } => {
                self.call_metamethod(function, &[object, key], destination)
            }
        }
    }

    pub(crate) fn set_index(
        &mut self,
        object: Value,
        key: Value,
        value: Value,
    ) -> Result<Step, Error> {
        let mut object = object;
        for _ in 0..MAX_CHAIN {
            let handler = if let Value::Table(table) = object {
                let data = &self.heap.tables[table.0];
                if data.readonly {
                    return Err(self.fault("Attempt to modify a readonly table"));
                }
                let handler = match data.metatable {
                    Some(metatable) if data.get(key).is_nil() => {
                        lookup(&mut self.heap, &self.event_names, metatable, Event::NewIndex)
                    }
                    _ => Value::Nil,
                };
                if handler.is_nil() {
                    self.raw_set(table, key, value)?;
                    return Ok(None);
                }
                // The key has its place in the table from now on, or is refused.
                self.raw_set(table, key, Value::Nil)?;
                handler
            } else {
                match self.metamethod(object, Event::NewIndex) {
                    Value::Nil => return Err(self.index_error(object)),
                    handler => handler,
                }
            };
            if let Value::Function(_) = handler {
                let slot = self.live_top() as u32;
                let destination = Destination { slot, want: 0, after: After::Nothing };
                return self.call_metamethod(handler, &[object, key, value], destination);
            }
            object = handler;
        }
        Err(self.fault("loop in settable"))
    }

    /// Sets a key as a script does, without metamethods. All three must be reachable.
    pub(crate) fn raw_set(&mut self, table: Table, key: Value, value: Value) -> Result<(), Error> {
        if self.heap.tables[table.0].readonly {
            return Err(self.fault("Attempt to modify a readonly table"));
        }
        match key {
            Value::Nil => return Err(self.fault("table index is nil")),
            Value::Number(number) if number.is_nan() => {
                return Err(self.fault("table index is NaN"));
            }
            _ => {}
        }
        let data = &mut self.heap.tables[table.0];
        data.absent = 0;
        if let Some(slot) = data.find(key) {
            data.set_slot(slot, value);
            return Ok(());
        }
        let room = self.heap.room();
        match self.heap.tables[table.0].insert(key, value, room) {
            Ok(grown) => self.heap.account(grown),
            Err(no_room) => {
                self.reserve(no_room.needed)?;
                self.heap.set(table, key, value)?;
            }
        }
        Ok(())
    }

    // Arithmetic and comparison.

    pub(crate) fn arithmetic(
        &mut self,
        event: Event,
        left: Value,
        right: Value,
        to: Destination,
    ) -> Result<Step, Error> {
        if let (Some(x), Some(y)) = (self.to_number(left), self.to_number(right)) {
            let result = match event {
                Event::Add => x + y,
                Event::Sub => x - y,
                Event::Mul => x * y,
                Event::Div => x / y,
                Event::Mod => number::modulo(x, y),
                Event::Pow => number::power(x, y),
                _ => -x,
            };
            return self.answer(Value::Number(result), to);
        }
        match self.binary_metamethod(left, right, event) {
            Value::Nil => Err(self.arithmetic_error(left, right)),
            method => self.call_metamethod(method, &[left, right], to),
        }
    }

    pub(crate) fn length_of(&mut self, value: Value, to: Destination) -> Result<Step, Error> {
        match self.metamethod(value, Event::Length) {
            Value::Nil => Err(self.length_error(value)),
            method => self.call_metamethod(method, &[value, Value::Nil], to),
        }
    }

    fn comparison(&self, expect: bool, negate: bool) -> Destination {
        let slot = self.live_top() as u32;
        Destination { slot, want: 1, after: After::Compare { expect, negate } }
    }

    pub(crate) fn equal(&mut self, left: Value, right: Value, expect: bool) -> Result<Step, Error> {
        match self.comparison_metamethod(left, right, Event::Eq) {
            Value::Nil => {
                self.take_jump(!expect);
                Ok(None)
            }
            method => {
                let destination = self.comparison(expect, false);
                self.call_metamethod(method, &[left, right], destination)
            }
        }
    }

    /// The order of two numbers or two strings.
    pub(crate) fn plain_order(&self, left: Value, right: Value) -> Option<Option<Ordering>> {
        match (left, right) {
            (Value::Number(x), Value::Number(y)) => Some(x.partial_cmp(&y)),
            (Value::String(x), Value::String(y)) => {
                Some(Some(self.heap.bytes_of(x).cmp(self.heap.bytes_of(y))))
            }
            _ => None,
        }
    }

    pub(crate) fn order(
        &mut self,
        event: Event,
        left: Value,
        right: Value,
        expect: bool,
    ) -> Result<Step, Error> {
        if let Some(order) = self.plain_order(left, right) {
            let holds = order.is_some_and(|order| {
                order == Ordering::Less || (event == Event::Le && order == Ordering::Equal)
            });
            self.take_jump(holds == expect);
            return Ok(None);
        }
        if left.type_name() != right.type_name() {
            return Err(self.comparison_error(left, right));
        }
        let method = self.comparison_metamethod(left, right, event);
        if !method.is_nil() {
            let destination = self.comparison(expect, false);
            return self.call_metamethod(method, &[left, right], destination);
        }
        // Not greater, where only that is defined.
        if event == Event::Le {
            let method = self.comparison_metamethod(left, right, Event::Lt);
            if !method.is_nil() {
                let destination = self.comparison(expect, true);
                return self.call_metamethod(method, &[right, left], destination);
            }
        }
        Err(self.comparison_error(left, right))
    }

    // Concatenation.

    /// Joins slots from the last to the first.
    pub(crate) fn concat(&mut self, first: usize, last: usize, to: usize) -> Result<Step, Error> {
        self.collect_if_due();
        let mut last = last;
        while last > first {
            let (left, right) = (self.thread.stack[last - 1], self.thread.stack[last]);
            let joins = |value| matches!(value, Value::String(_) | Value::Number(_));
            if !joins(left) || !joins(right) {
                let method = self.binary_metamethod(left, right, Event::Concat);
                if method.is_nil() {
                    let base = self.thread.frames.last().map_or(0, |frame| frame.base);
                    return Err(self.concat_error(left, right, (last - 1 - base as usize) as u8));
                }
                let destination =
                    Destination { slot: last as u32 - 1, want: 1, after: After::Concat };
                return self.call_metamethod(method, &[left, right], destination);
            }
            let values = &self.thread.stack[first..=last];
            let run = last - values.iter().rev().take_while(|value| joins(**value)).count() + 1;
            let joined = self.join(run, last)?;
            self.thread.stack[run] = joined;
            last = run;
        }
        self.thread.stack[to] = self.thread.stack[first];
        Ok(None)
    }

    /// Joins strings and numbers.
    fn join(&mut self, first: usize, last: usize) -> Result<Value, Error> {
        let bytes_in = |value: &Value| match value {
            Value::String(string) => self.heap.bytes_of(*string).len(),
            _ => 24,
        };
        let length = self.thread.stack[first..=last].iter().map(bytes_in).sum();
        self.charge(length / 16);
        self.reserve(length)?;
        let mut joined = Vec::with_capacity(length);
        for value in &self.thread.stack[first..=last] {
            match value {
                Value::String(string) => joined.extend_from_slice(self.heap.bytes_of(*string)),
                Value::Number(number) => number::write(*number, &mut joined),
                _ => {}
            }
        }
        Ok(Value::String(self.heap.string_from(joined)?))
    }

    /// Goes on with a concatenation behind a metamethod's result.
    pub(crate) fn resume_concat(&mut self, last: usize) -> Result<Step, Error> {
        let Some(frame) = self.thread.frames.last() else { return Ok(None) };
        let base = frame.base as usize;
        match self.protos[frame.proto].code[frame.pc as usize - 1] {
            Op::Concat { a, b, .. } => self.concat(base + b as usize, last, base + a as usize),
            _ => Ok(None),
        }
    }

    // Creation.

    pub(crate) fn new_cell(&mut self, slot: u32) -> Result<Step, Error> {
        self.collect_if_due();
        let value = self.thread.stack[slot as usize];
        self.thread.stack[slot as usize] = Value::Cell(self.heap.cell(value)?);
        Ok(None)
    }

    pub(crate) fn new_table(&mut self, slot: u32, array: u16, hash: u16) -> Result<Step, Error> {
        self.collect_if_due();
        let table = self.heap.table(array as usize, hash as usize)?;
        self.thread.stack[slot as usize] = Value::Table(table);
        Ok(None)
    }

    pub(crate) fn new_closure(&mut self, slot: u32, proto: u32) -> Result<Step, Error> {
        self.collect_if_due();
        let Some(frame) = self.thread.frames.last() else { return Ok(None) };
        let FunctionData::Lua { upvalues: outer, environment, .. } =
            &self.heap.functions[frame.function]
        else {
            return Ok(None);
        };
        let captured = |capture: &Capture| match capture {
            Capture::Upvalue(index) => outer[*index as usize],
            Capture::Register(register) => {
                match self.thread.stack[frame.base as usize + *register as usize] {
                    Value::Cell(cell) => cell,
                    _ => Cell(u32::MAX),
                }
            }
        };
        let upvalues = self.protos[proto].captures.iter().map(captured).collect();
        let environment = *environment;
        let function = self.heap.function(FunctionData::Lua { proto, upvalues, environment })?;
        self.thread.stack[slot as usize] = Value::Function(function);
        Ok(None)
    }

    pub(crate) fn set_list(&mut self, slot: u32, count: u8, from: u32) -> Result<Step, Error> {
        let slot = slot as usize;
        let Value::Table(table) = self.thread.stack[slot] else { return Ok(None) };
        let count = match count {
            0 => self.thread.top as usize - slot - 1,
            _ => count as usize,
        };
        let last = from as usize - 1 + count;
        let room = self.heap.room();
        let grown = match self.heap.tables[table.0].grow_array(last, room) {
            Ok(grown) => grown,
            Err(no_room) => {
                self.reserve(no_room.needed)?;
                let room = self.heap.room();
                self.heap.tables[table.0].grow_array(last, room).map_err(|_| Error::Memory)?
            }
        };
        self.heap.account(grown);
        let values = &self.thread.stack[slot + 1..=slot + count];
        self.heap.tables[table.0].array_mut()[from as usize - 1..last].copy_from_slice(values);
        Ok(None)
    }

    pub(crate) fn varargs(&mut self, slot: u32, count: u8) -> Result<Step, Error> {
        let Some(frame) = self.thread.frames.last() else { return Ok(None) };
        let (base, varargs) = (frame.base as usize, frame.varargs as usize);
        let slot = slot as usize;
        let want = match count {
            0 => varargs,
            _ => count as usize - 1,
        };
        if count == 0 {
            self.grow_stack(slot + want + crate::thread::FRAME_SLOTS)?;
            self.thread.top = (slot + want) as u32;
        }
        let copied = want.min(varargs);
        let from = base - varargs;
        self.thread.stack.copy_within(from..from + copied, slot);
        self.thread.stack[slot + copied..slot + want].fill(Value::Nil);
        Ok(None)
    }

    pub(crate) fn prepare_for(&mut self, slot: u32, to: u32) -> Result<Step, Error> {
        const WHAT: [&str; 3] = ["initial value", "limit", "step"];
        let slot = slot as usize;
        let mut bounds = [0.0; 3];
        for (at, what) in WHAT.iter().enumerate() {
            bounds[at] = match self.to_number(self.thread.stack[slot + at]) {
                Some(number) => number,
                None => return Err(self.error(format!("'for' {what} must be a number"))),
            };
        }
        bounds[0] -= bounds[2];
        for (at, bound) in bounds.into_iter().enumerate() {
            self.thread.stack[slot + at] = Value::Number(bound);
        }
        if let Some(frame) = self.thread.frames.last_mut() {
            frame.pc = to;
        }
        Ok(None)
    }

    /// Replaces the function on top by a call, whose results are its own.
    pub(crate) fn tail_call(&mut self, slot: u32, arguments: u32) -> Result<Step, Error> {
        let is_lua = match self.thread.stack[slot as usize] {
            Value::Function(function) => {
                matches!(self.heap.functions[function.0], FunctionData::Lua { .. })
            }
            _ => false,
        };
        if !is_lua {
            // The instruction behind returns what it leaves.
            let destination = Destination { slot, want: crate::thread::ALL, after: After::Nothing };
            return self.call_at(slot, arguments, destination, false);
        }
        let Some(frame) = self.thread.frames.pop() else { return Ok(None) };
        let proto = &self.protos[frame.proto];
        // Where the function that ends was called.
        let target = frame.base
            - 1
            - if proto.is_vararg { u32::from(proto.parameters) + frame.varargs } else { 0 };
        let (from, count) = (slot as usize, arguments as usize + 1);
        self.thread.stack.copy_within(from..from + count, target as usize);
        self.thread.top = target + arguments + 1;
        self.thread.boundaries -= u32::from(frame.boundary);
        let step = self.call_at(target, arguments, frame.destination, frame.boundary);
        if let Some(next) = self.thread.frames.last_mut()
            && step.is_ok()
            && next.kind == FrameKind::Lua
        {
            next.tail_calls = frame.tail_calls + 1;
        }
        step
    }
}
