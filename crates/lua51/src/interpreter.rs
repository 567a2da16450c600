//! The loop that executes instructions, and nothing else; what is not simple is in `operate.rs`.
//!
//! A frame's registers are seen as an array of 256, so that no register number needs a check. The
//! view ends wherever the machine as a whole is needed; then the loop starts again from the frame on
//! top.

use crate::call::Exit;
use crate::code::{CONSTANT, Op};
use crate::error::Error;
use crate::heap::FunctionData;
use crate::metamethod::Event;
use crate::number;
use crate::thread::{ALL, After, Destination, FRAME_SLOTS};
use crate::value::{Table, Value};
use crate::vm::Vm;

impl Vm {
    /// Executes the Lua function on top until there is something to tell the host.
    pub(crate) fn execute(&mut self) -> Result<Exit, Error> {
        'frame: loop {
            if self.fuel <= 0 {
                return Ok(Exit::Suspended);
            }
            let Vm { heap, protos, thread, fuel, .. } = self;
            let frame = thread.frames.last_mut().expect("a Lua function is on top");
            let base = frame.base;
            let mut pc = frame.pc as usize;
            let proto = &protos[frame.proto];
            let (code, constants) = (&proto.code[..], &proto.constants[..]);
            let registers: &mut [Value; FRAME_SLOTS] = (&mut thread.stack
                [base as usize..base as usize + FRAME_SLOTS])
                .try_into()
                .expect("a frame has all its slots");

            /// A register.
            macro_rules! r {
                ($register:expr) => {
                    registers[$register as usize]
                };
            }
            /// A register or a constant.
            macro_rules! operand {
                ($operand:expr) => {
                    if $operand < CONSTANT {
                        registers[($operand & 255) as usize]
                    } else {
                        constants[($operand - CONSTANT) as usize]
                    }
                };
            }
            /// The number that a register or constant is. It is read in its place: to copy a value
            /// as a whole right after its parts were written makes the processor wait.
            macro_rules! number {
                ($operand:expr) => {
                    match if $operand < CONSTANT {
                        &registers[($operand & 255) as usize]
                    } else {
                        &constants[($operand - CONSTANT) as usize]
                    } {
                        Value::Number(number) => Some(*number),
                        _ => None,
                    }
                };
            }
            /// Leaves the loop for something that needs the machine as a whole.
            macro_rules! leave {
                ($step:expr) => {{
                    frame.pc = pc as u32;
                    match $step? {
                        None => continue 'frame,
                        Some(exit) => return Ok(exit),
                    }
                }};
            }
            /// Where a value goes that a metamethod may have to give.
            macro_rules! to {
                ($register:expr) => {
                    Destination {
                        slot: base + u32::from($register),
                        want: 1,
                        after: After::Nothing,
                    }
                };
            }
            macro_rules! arithmetic {
                ($a:expr, $b:expr, $c:expr, $event:expr, $operation:expr) => {{
                    if let (Some(x), Some(y)) = (number!($b), number!($c)) {
                        r!($a) = Value::Number($operation(x, y));
                    } else {
                        let (left, right) = (operand!($b), operand!($c));
                        leave!(self.arithmetic($event, left, right, to!($a)))
                    }
                }};
            }
            /// A jump; one backward may be the last instruction for now.
            macro_rules! jump {
                ($to:expr) => {{
                    let to = $to as usize;
                    if to < pc {
                        *fuel -= (pc - to) as i64;
                        if *fuel <= 0 {
                            frame.pc = to as u32;
                            return Ok(Exit::Suspended);
                        }
                    }
                    pc = to;
                }};
            }
            macro_rules! compare {
                ($expect:expr, $result:expr) => {{
                    if $result == $expect {
                        if let Op::Jump { to } = code[pc] {
                            jump!(to);
                        }
                    } else {
                        pc += 1;
                    }
                }};
            }
            macro_rules! order {
                ($expect:expr, $b:expr, $c:expr, $event:expr, $operator:tt) => {{
                    if let (Some(x), Some(y)) = (number!($b), number!($c)) {
                        compare!($expect, (x $operator y));
                    } else {
                        let (left, right) = (operand!($b), operand!($c));
                        leave!(self.order($event, left, right, $expect))
                    }
                }};
            }
            macro_rules! upvalue {
                ($index:expr) => {
                    match &heap.functions[frame.function] {
                        FunctionData::Lua { upvalues, .. } => upvalues[$index as usize].0,
                        _ => unreachable_function(),
                    }
                };
            }
            macro_rules! environment {
                () => {
                    match &heap.functions[frame.function] {
                        FunctionData::Lua { environment, .. } => *environment,
                        _ => Table(unreachable_function()),
                    }
                };
            }

            loop {
                let op = code[pc];
                pc += 1;
                match op {
                    Op::Move { a, b } => r!(a) = r!(b),
                    Op::LoadK { a, k } => r!(a) = constants[k as usize],
                    Op::LoadNil { a, b } => {
                        for register in a..=b {
                            r!(register) = Value::Nil;
                        }
                    }
                    Op::LoadBool { a, value, skip } => {
                        r!(a) = Value::Boolean(value);
                        pc += usize::from(skip);
                    }
                    Op::GetUpvalue { a, b } => r!(a) = heap.cells[upvalue!(b)],
                    Op::SetUpvalue { a, b } => {
                        let cell = upvalue!(b);
                        heap.cells[cell] = r!(a);
                    }
                    Op::NewCell { a } => leave!(self.new_cell(base + u32::from(a))),
                    Op::GetCell { a, b } => {
                        if let Value::Cell(cell) = r!(b) {
                            r!(a) = heap.cells[cell.0];
                        }
                    }
                    Op::SetCell { a, b } => {
                        if let Value::Cell(cell) = r!(a) {
                            heap.cells[cell.0] = r!(b);
                        }
                    }
                    Op::GetGlobal { a, k } => {
                        let environment = environment!();
                        let key = constants[k as usize];
                        match heap.tables[environment.0].get(key) {
                            Value::Nil => {
                                leave!(self.index(Value::Table(environment), key, to!(a)))
                            }
                            value => r!(a) = value,
                        }
                    }
                    Op::SetGlobal { a, k } => {
                        let (table, key, value) =
                            (Value::Table(environment!()), constants[k as usize], r!(a));
                        leave!(self.set_index(table, key, value))
                    }
                    Op::GetField { a, b, k } => {
                        if let (Value::Table(table), Value::String(name)) =
                            (&r!(b), &constants[k as usize])
                        {
                            let data = &heap.tables[table.0];
                            let value = data.get_string(*name);
                            if !value.is_nil() || data.metatable.is_none() {
                                r!(a) = value;
                                continue;
                            }
                        }
                        let (object, key) = (r!(b), constants[k as usize]);
                        leave!(self.index(object, key, to!(a)))
                    }
                    Op::GetTable { a, b, c } => {
                        if let Value::Table(table) = &r!(b) {
                            let data = &heap.tables[table.0];
                            let value = match number!(c) {
                                Some(number) => data.get_number(number),
                                None => data.get(operand!(c)),
                            };
                            if !value.is_nil() || data.metatable.is_none() {
                                r!(a) = value;
                                continue;
                            }
                        }
                        let (object, key) = (r!(b), operand!(c));
                        leave!(self.index(object, key, to!(a)))
                    }
                    Op::SetField { a, c, k } => {
                        if let Value::Table(table) = &r!(a) {
                            let data = &mut heap.tables[table.0];
                            if !data.readonly
                                && let Some(slot) = data.find(constants[k as usize])
                                && !data.slot(slot).is_nil()
                            {
                                data.set_slot(slot, operand!(c));
                                continue;
                            }
                        }
                        let (object, key, value) = (r!(a), constants[k as usize], operand!(c));
                        leave!(self.set_index(object, key, value))
                    }
                    Op::SetTable { a, b, c } => {
                        if let Value::Table(table) = &r!(a) {
                            let data = &mut heap.tables[table.0];
                            if let Some(number) = number!(b)
                                && let Some(at) = data.array_index(number)
                                && data.metatable.is_none()
                                && !data.readonly
                            {
                                data.array_mut()[at] = operand!(c);
                                continue;
                            }
                            if !data.readonly
                                && let Some(slot) = data.find(operand!(b))
                                && !data.slot(slot).is_nil()
                            {
                                data.set_slot(slot, operand!(c));
                                continue;
                            }
                        }
                        let (object, key, value) = (r!(a), operand!(b), operand!(c));
                        leave!(self.set_index(object, key, value))
                    }
                    Op::NewTable { a, array, hash } => {
                        leave!(self.new_table(base + u32::from(a), array, hash))
                    }
                    Op::SetList { a, count, from } => {
                        leave!(self.set_list(base + u32::from(a), count, from))
                    }
                    Op::SelfField { a, b, k } => {
                        let (object, key) = (r!(b), constants[k as usize]);
                        r!(a.wrapping_add(1)) = object;
                        leave!(self.index(object, key, to!(a)))
                    }
                    Op::Add { a, b, c } => arithmetic!(a, b, c, Event::Add, |x: f64, y: f64| x + y),
                    Op::Sub { a, b, c } => arithmetic!(a, b, c, Event::Sub, |x: f64, y: f64| x - y),
                    Op::Mul { a, b, c } => arithmetic!(a, b, c, Event::Mul, |x: f64, y: f64| x * y),
                    Op::Div { a, b, c } => arithmetic!(a, b, c, Event::Div, |x: f64, y: f64| x / y),
                    Op::Mod { a, b, c } => arithmetic!(a, b, c, Event::Mod, number::modulo),
                    Op::Pow { a, b, c } => arithmetic!(a, b, c, Event::Pow, number::power),
                    Op::Minus { a, b } => {
                        let value = r!(b);
                        if let Value::Number(number) = value {
                            r!(a) = Value::Number(-number);
                        } else {
                            leave!(self.arithmetic(Event::Minus, value, value, to!(a)))
                        }
                    }
                    Op::Not { a, b } => r!(a) = Value::Boolean(!r!(b).is_truthy()),
                    Op::Length { a, b } => match r!(b) {
                        Value::Table(table) => {
                            r!(a) = Value::Number(heap.tables[table.0].border() as f64)
                        }
                        Value::String(string) => {
                            r!(a) = Value::Number(heap.bytes_of(string).len() as f64)
                        }
                        value => leave!(self.length_of(value, to!(a))),
                    },
                    Op::Concat { a, b, c } => {
                        let (first, last) = (base + u32::from(b), base + u32::from(c));
                        leave!(self.concat(
                            first as usize,
                            last as usize,
                            (base + u32::from(a)) as usize
                        ))
                    }
                    Op::Jump { to } => jump!(to),
                    Op::Eq { expect, b, c } => {
                        let (left, right) = (operand!(b), operand!(c));
                        match (left, right) {
                            (Value::Table(x), Value::Table(y)) if x != y => {
                                leave!(self.equal(left, right, expect))
                            }
                            (Value::UserData(x), Value::UserData(y)) if x != y => {
                                leave!(self.equal(left, right, expect))
                            }
                            _ => compare!(expect, (left == right)),
                        }
                    }
                    Op::Lt { expect, b, c } => order!(expect, b, c, Event::Lt, <),
                    Op::Le { expect, b, c } => order!(expect, b, c, Event::Le, <=),
                    Op::Test { a, expect } => compare!(expect, r!(a).is_truthy()),
                    Op::Call { a, b, c } => {
                        let slot = base + u32::from(a);
                        let arguments = match b {
                            0 => thread.top - slot - 1,
                            _ => u32::from(b) - 1,
                        };
                        thread.top = slot + 1 + arguments;
                        let want = if c == 0 { ALL } else { u32::from(c) - 1 };
                        leave!(self.call_at(
                            slot,
                            arguments,
                            Destination { slot, want, after: After::Nothing },
                            false
                        ))
                    }
                    Op::TailCall { a, b } => {
                        let slot = base + u32::from(a);
                        let arguments = match b {
                            0 => thread.top - slot - 1,
                            _ => u32::from(b) - 1,
                        };
                        thread.top = slot + 1 + arguments;
                        leave!(self.tail_call(slot, arguments))
                    }
                    Op::Return { a, b } => {
                        let from = base + u32::from(a);
                        let count = match b {
                            0 => thread.top - from,
                            _ => u32::from(b) - 1,
                        };
                        leave!(self.return_from(from, count))
                    }
                    Op::ForPrepare { a, to } => {
                        let bounds = (r!(a), r!(a.wrapping_add(1)), r!(a.wrapping_add(2)));
                        if let (Value::Number(start), Value::Number(_), Value::Number(step)) =
                            bounds
                        {
                            r!(a) = Value::Number(start - step);
                            pc = to as usize;
                        } else {
                            leave!(self.prepare_for(base + u32::from(a), to))
                        }
                    }
                    Op::ForLoop { a, to } => {
                        let (limit, step) = (u16::from(a) + 1, u16::from(a) + 2);
                        if let (Some(index), Some(limit), Some(step)) =
                            (number!(u16::from(a)), number!(limit), number!(step))
                        {
                            let index = index + step;
                            if if step > 0.0 { index <= limit } else { limit <= index } {
                                r!(a) = Value::Number(index);
                                r!(a.wrapping_add(3)) = Value::Number(index);
                                jump!(to);
                            }
                        }
                    }
                    Op::IteratorCall { a, c } => {
                        let slot = base + u32::from(a) + 3;
                        r!(a.wrapping_add(5)) = r!(a.wrapping_add(2));
                        r!(a.wrapping_add(4)) = r!(a.wrapping_add(1));
                        r!(a.wrapping_add(3)) = r!(a);
                        thread.top = slot + 3;
                        let destination =
                            Destination { slot, want: u32::from(c), after: After::Nothing };
                        leave!(self.call_at(slot, 2, destination, true))
                    }
                    Op::IteratorLoop { a, to } => {
                        let control = r!(a.wrapping_add(3));
                        if !control.is_nil() {
                            r!(a.wrapping_add(2)) = control;
                            jump!(to);
                        }
                    }
                    Op::Closure { a, function } => {
                        let inner = proto.protos[function as usize];
                        leave!(self.new_closure(base + u32::from(a), inner))
                    }
                    Op::Vararg { a, b } => leave!(self.varargs(base + u32::from(a), b)),
                }
            }
        }
    }
}

/// Only Lua functions have frames that are executed.
#[cold]
fn unreachable_function() -> u32 {
    u32::MAX
}
