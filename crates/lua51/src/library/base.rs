//! The base library, without what reads files or prints.

use super::{Arguments, Continuation, Flow, Native};
use crate::error::Error;
use crate::heap::FunctionData;
use crate::metamethod::Event;
use crate::number;
use crate::value::{Str, Table, Value};
use crate::vm::Vm;

const FUNCTIONS: &[(&str, Native)] = &[
    ("assert", assert),
    ("collectgarbage", collectgarbage),
    ("error", error),
    ("gcinfo", gcinfo),
    ("getfenv", getfenv),
    ("getmetatable", getmetatable),
    ("load", load),
    ("loadstring", loadstring),
    ("next", next),
    ("pcall", pcall),
    ("rawequal", rawequal),
    ("rawget", rawget),
    ("rawset", rawset),
    ("select", select),
    ("setfenv", setfenv),
    ("setmetatable", setmetatable),
    ("tonumber", tonumber),
    ("tostring", tostring),
    ("type", type_of),
    ("unpack", unpack),
    ("xpcall", xpcall),
];

/// The most values that a call may be given at once.
const MOST_VALUES: i64 = 8000;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    let globals = vm.globals;
    vm.heap.set_field(globals, "_G", Value::Table(globals))?;
    let version = vm.string(b"Lua 5.1")?;
    vm.heap.set_field(globals, "_VERSION", version)?;
    vm.add_functions(globals, FUNCTIONS)?;
    let iterate = vm.native(ipairs_next, &[])?;
    let ipairs = vm.native(ipairs, &[iterate])?;
    vm.heap.set_field(globals, "ipairs", ipairs)?;
    let next = vm.native(next, &[])?;
    let pairs = vm.native(pairs, &[next])?;
    vm.heap.set_field(globals, "pairs", pairs)?;
    let weak = vm.heap.table(0, 1)?;
    let mode = vm.string(b"kv")?;
    vm.heap.set_field(weak, "__mode", mode)?;
    vm.heap.tables[weak.0].metatable = Some(weak);
    let proxy = vm.native(newproxy, &[Value::Table(weak)])?;
    vm.heap.set_field(globals, "newproxy", proxy)
}

fn assert(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if vm.any(arguments, 0)?.is_truthy() {
        return all(vm, arguments);
    }
    if vm.argument(arguments, 1).is_nil() {
        return Err(vm.error("assertion failed!"));
    }
    let message = vm.text(arguments, 1)?;
    let message = vm.heap.bytes_of(message).to_vec();
    Err(vm.error(message))
}

/// All arguments as results.
fn all(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    vm.thread.top = arguments.base + arguments.count;
    Ok(Flow::Values(arguments.count))
}

fn option(
    vm: &mut Vm,
    arguments: Arguments,
    index: u32,
    default: &str,
    options: &[&str],
) -> Result<usize, Error> {
    let given = match vm.argument(arguments, index) {
        Value::Nil => default.as_bytes().to_vec(),
        _ => {
            let text = vm.text(arguments, index)?;
            vm.heap.bytes_of(text).to_vec()
        }
    };
    match options.iter().position(|option| option.as_bytes() == given) {
        Some(found) => Ok(found),
        None => Err(vm.argument_error(
            index,
            &format!("invalid option '{}'", String::from_utf8_lossy(&given)),
        )),
    }
}

fn collectgarbage(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    const OPTIONS: &[&str] =
        &["collect", "count", "stop", "restart", "step", "setpause", "setstepmul"];
    let chosen = option(vm, arguments, 0, "collect", OPTIONS)?;
    vm.integer_or(arguments, 1, 0)?;
    Ok(Flow::One(match OPTIONS[chosen] {
        "count" => Value::Number(vm.memory() as f64 / 1024.0),
        "collect" => {
            vm.charge(vm.memory() / 16);
            vm.collect();
            Value::Number(0.0)
        }
        "step" => {
            vm.charge(vm.memory() / 16);
            vm.collect();
            Value::Boolean(true)
        }
        "setpause" | "setstepmul" => Value::Number(200.0),
        _ => Value::Number(0.0),
    }))
}

fn gcinfo(vm: &mut Vm, _: Arguments) -> Result<Flow, Error> {
    Ok(Flow::One(Value::Number((vm.memory() / 1024) as f64)))
}

fn error(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let level = vm.integer_or(arguments, 1, 1)?;
    let value = vm.argument(arguments, 0);
    match value {
        Value::String(_) | Value::Number(_) if level > 0 => {
            let text = vm.text(arguments, 0)?;
            let text = vm.heap.bytes_of(text).to_vec();
            Err(vm.error_at(level as usize, text))
        }
        _ => Err(Error::Lua(value)),
    }
}

/// The Lua function that is meant by an argument of `getfenv` or `setfenv`, or none for the thread.
fn function_of(vm: &mut Vm, arguments: Arguments, optional: bool) -> Result<Option<u32>, Error> {
    if let Value::Function(function) = vm.argument(arguments, 0) {
        return Ok(Some(function.0));
    }
    let level = if optional { vm.integer_or(arguments, 0, 1)? } else { vm.integer(arguments, 0)? };
    if level < 0 {
        return Err(vm.argument_error(0, "level must be non-negative"));
    }
    if level == 0 {
        return Ok(None);
    }
    match vm.frame_at(level as usize) {
        None => Err(vm.argument_error(0, "invalid level")),
        Some(None) => {
            Err(vm.error(format!("no function environment for tail call at level {level}")))
        }
        Some(Some(at)) => Ok(Some(vm.thread.frames[at].function)),
    }
}

fn environment_of(vm: &Vm, function: Option<u32>) -> Table {
    match function
        .filter(|function| *function != u32::MAX)
        .map(|function| &vm.heap.functions[function])
    {
        Some(FunctionData::Lua { environment, .. }) => *environment,
        _ => vm.globals,
    }
}

fn getfenv(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let function = function_of(vm, arguments, true)?;
    Ok(Flow::One(Value::Table(environment_of(vm, function))))
}

fn setfenv(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 1)?;
    let function = function_of(vm, arguments, false)?;
    let Some(function) = function else {
        vm.globals = table;
        return Ok(Flow::Nothing);
    };
    if function != u32::MAX
        && let FunctionData::Lua { environment, .. } = &mut vm.heap.functions[function]
    {
        *environment = table;
        return Ok(Flow::One(Value::Function(crate::value::Function(function))));
    }
    Err(vm.error("'setfenv' cannot change environment of given object"))
}

fn getmetatable(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let value = vm.any(arguments, 0)?;
    let Some(metatable) = vm.metatable_of(value) else { return Ok(Flow::One(Value::Nil)) };
    Ok(Flow::One(match vm.metamethod(value, Event::Metatable) {
        Value::Nil => Value::Table(metatable),
        protected => protected,
    }))
}

fn setmetatable(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let metatable = match vm.argument(arguments, 1) {
        Value::Nil if arguments.count > 1 => None,
        Value::Table(metatable) => Some(metatable),
        _ => return Err(vm.argument_error(1, "nil or table expected")),
    };
    if !vm.metamethod(Value::Table(table), Event::Metatable).is_nil() {
        return Err(vm.error("cannot change a protected metatable"));
    }
    if vm.heap.tables[table.0].readonly {
        return Err(vm.fault("Attempt to modify a readonly table"));
    }
    vm.heap.tables[table.0].metatable = metatable;
    Ok(Flow::One(Value::Table(table)))
}

/// The name of a chunk, in an argument or by default the source itself.
fn chunk_name(vm: &mut Vm, arguments: Arguments, default: Str) -> Result<Str, Error> {
    if vm.argument(arguments, 1).is_nil() { Ok(default) } else { vm.text(arguments, 1) }
}

fn loaded(vm: &mut Vm, source: &[u8], name: Str) -> Result<Flow, Error> {
    let name = vm.heap.bytes_of(name).to_vec();
    if source.first() == Some(&0x1b) {
        let message = vm.heap.message(b"bad binary format (truncated precompiled chunk)");
        return nil_and(vm, Value::String(message));
    }
    match vm.load(source, &name) {
        Ok(function) => Ok(Flow::One(Value::Function(function))),
        Err(Error::Lua(message)) => nil_and(vm, message),
        Err(Error::Memory) => {
            vm.refused += 1;
            nil_and(vm, Value::String(vm.memory_message))
        }
    }
}

fn nil_and(vm: &mut Vm, message: Value) -> Result<Flow, Error> {
    vm.push(Value::Nil)?;
    vm.push(message)?;
    Ok(Flow::Values(2))
}

fn loadstring(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let source = vm.text(arguments, 0)?;
    let name = chunk_name(vm, arguments, source)?;
    let source = vm.heap.bytes_of(source).to_vec();
    loaded(vm, &source, name)
}

fn load(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let reader = vm.function_argument(arguments, 0)?;
    let default = vm.heap.string(b"=(load)")?;
    let name = chunk_name(vm, arguments, default)?;
    next_piece(vm, reader, name, Vec::new())
}

fn next_piece(vm: &mut Vm, reader: Value, name: Str, source: Vec<u8>) -> Result<Flow, Error> {
    vm.push(reader)?;
    Ok(Flow::Call { arguments: 0, continuation: Continuation::Load { reader, name, source } })
}

pub(super) fn proceed_load(
    vm: &mut Vm,
    results: Arguments,
    reader: Value,
    name: Str,
    mut source: Vec<u8>,
) -> Result<Flow, Error> {
    match vm.argument(results, 0) {
        Value::Nil => loaded(vm, &source, name),
        piece @ (Value::String(_) | Value::Number(_)) => {
            let piece = vm.to_bytes(piece).unwrap_or_default();
            if piece.is_empty() {
                return loaded(vm, &source, name);
            }
            if source.len() + piece.len() > vm.heap.room() {
                return Err(Error::Memory);
            }
            source.extend_from_slice(&piece);
            next_piece(vm, reader, name, source)
        }
        _ => {
            let message = [&vm.position(1)[..], b"reader function must return a string"].concat();
            let message = vm.heap.message(&message);
            nil_and(vm, Value::String(message))
        }
    }
}

fn next(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let key = vm.argument(arguments, 1);
    let Ok(entry) = vm.heap.tables[table.0].next(key) else {
        return Err(vm.fault("invalid key to 'next'"));
    };
    let Some((key, value)) = entry else { return Ok(Flow::One(Value::Nil)) };
    vm.push(key)?;
    vm.push(value)?;
    Ok(Flow::Values(2))
}

fn pairs(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    vm.push(vm.own_value(arguments, 0))?;
    vm.push(Value::Table(table))?;
    vm.push(Value::Nil)?;
    Ok(Flow::Values(3))
}

fn ipairs(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    vm.push(vm.own_value(arguments, 0))?;
    vm.push(Value::Table(table))?;
    vm.push(Value::Number(0.0))?;
    Ok(Flow::Values(3))
}

fn ipairs_next(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let index = vm.integer(arguments, 1)?.wrapping_add(1);
    let table = vm.table_argument(arguments, 0)?;
    let value = vm.heap.tables[table.0].get_number(index as f64);
    if value.is_nil() {
        return Ok(Flow::Nothing);
    }
    vm.push(Value::Number(index as f64))?;
    vm.push(value)?;
    Ok(Flow::Values(2))
}

fn pcall(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if arguments.count == 0 && vm.error_field.is_some() {
        // The true that stands for success is called.
        vm.push(Value::Boolean(true))?;
        return Ok(Flow::Call {
            arguments: 0,
            continuation: Continuation::Protected { handler: None },
        });
    }
    vm.any(arguments, 0)?;
    Ok(Flow::Call {
        arguments: arguments.count - 1,
        continuation: Continuation::Protected { handler: None },
    })
}

fn xpcall(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let handler = vm.any(arguments, 1)?;
    let function = vm.argument(arguments, 0);
    vm.push(function)?;
    Ok(Flow::Call {
        arguments: 0,
        continuation: Continuation::Protected { handler: Some(handler) },
    })
}

fn rawequal(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let (left, right) = (vm.any(arguments, 0)?, vm.any(arguments, 1)?);
    Ok(Flow::One(Value::Boolean(left == right)))
}

fn rawget(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let key = vm.any(arguments, 1)?;
    Ok(Flow::One(vm.heap.get(table, key)))
}

fn rawset(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let key = vm.any(arguments, 1)?;
    let value = vm.any(arguments, 2)?;
    vm.raw_set(table, key, value)?;
    Ok(Flow::One(Value::Table(table)))
}

fn select(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if let Value::String(text) = vm.argument(arguments, 0)
        && vm.heap.bytes_of(text).first() == Some(&b'#')
    {
        return Ok(Flow::One(Value::Number(f64::from(arguments.count) - 1.0)));
    }
    let count = i64::from(arguments.count);
    let index = vm.integer(arguments, 0)?;
    let index = if index < 0 { count + index } else { index.min(count) };
    if index < 1 {
        return Err(vm.argument_error(0, "index out of range"));
    }
    vm.thread.top = arguments.base + arguments.count;
    Ok(Flow::Values((count - index) as u32))
}

fn tonumber(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let base = vm.integer_or(arguments, 1, 10)?;
    if base == 10 {
        let value = vm.any(arguments, 0)?;
        return Ok(Flow::One(vm.to_number(value).map_or(Value::Nil, Value::Number)));
    }
    let text = vm.text(arguments, 0)?;
    if !(2..=36).contains(&base) {
        return Err(vm.argument_error(1, "base out of range"));
    }
    let number = in_base(vm.heap.bytes_of(text), base as u32);
    Ok(Flow::One(number.map_or(Value::Nil, Value::Number)))
}

/// C's `strtoul` of a whole text.
fn in_base(text: &[u8], base: u32) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let text = text.trim_ascii_start();
    let text = &text[text.iter().take_while(|byte| number::is_space(**byte)).count()..];
    let negative = text.first() == Some(&b'-');
    let mut digits = if matches!(text.first(), Some(b'-' | b'+')) { &text[1..] } else { text };
    if base == 16
        && digits.len() > 2
        && digits[0] == b'0'
        && digits[1] | 32 == b'x'
        && digits[2].is_ascii_hexdigit()
    {
        digits = &digits[2..];
    }
    let mut number = Some(0u64);
    let mut used = 0;
    while let Some(digit) = digits.get(used).and_then(|byte| (*byte as char).to_digit(base)) {
        number = number
            .and_then(|number| number.checked_mul(u64::from(base))?.checked_add(u64::from(digit)));
        used += 1;
    }
    if used == 0 || !digits[used..].iter().all(|byte| number::is_space(*byte)) {
        return None;
    }
    let magnitude = number.unwrap_or(u64::MAX);
    Some(if negative && number.is_some() { magnitude.wrapping_neg() } else { magnitude } as f64)
}

fn tostring(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let value = vm.any(arguments, 0)?;
    let method = vm.metamethod(value, Event::ToString);
    if !method.is_nil() {
        vm.push(method)?;
        vm.push(value)?;
        return Ok(Flow::Call { arguments: 1, continuation: Continuation::First });
    }
    let text = match value {
        Value::String(_) => return Ok(Flow::One(value)),
        _ => vm.shown(value),
    };
    vm.text_result(text)
}

impl Vm {
    /// A value as `tostring` shows it, without metamethods. What has an identity shows it by its
    /// index.
    #[must_use]
    pub fn shown(&self, value: Value) -> Vec<u8> {
        let identity = |kind: &str, id: u32| {
            format!("{kind}: 0x{:012x}", 0x5581_0000_0000u64 + u64::from(id) * 64).into_bytes()
        };
        match value {
            Value::Nil => b"nil".to_vec(),
            Value::Boolean(value) => value.to_string().into_bytes(),
            Value::Number(_) | Value::String(_) => self.to_bytes(value).unwrap_or_default(),
            Value::Table(table) => identity("table", table.0),
            Value::Function(function) => identity("function", function.0),
            Value::Thread(thread) => identity("thread", thread.0),
            Value::UserData(userdata) => identity("userdata", userdata.0),
            Value::LightUserData(0) => b"userdata: (nil)".to_vec(),
            Value::LightUserData(id) => identity("userdata", id),
            Value::Cell(cell) => identity("upvalue", cell.0),
        }
    }
}

fn type_of(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let name = vm.any(arguments, 0)?.type_name();
    Ok(Flow::One(vm.string(name.as_bytes())?))
}

fn unpack(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let from = vm.integer_or(arguments, 1, 1)? as i32;
    let to = match vm.argument(arguments, 2) {
        Value::Nil => vm.heap.tables[table.0].border() as i64,
        _ => vm.integer(arguments, 2)?,
    } as i32;
    if from > to {
        return Ok(Flow::Nothing);
    }
    let count = i64::from(to) - i64::from(from) + 1;
    if count >= MOST_VALUES {
        return Err(vm.error("too many results to unpack"));
    }
    vm.charge(count as usize);
    for index in from..=to {
        let value = vm.heap.tables[table.0].get_number(f64::from(index));
        vm.push(value)?;
    }
    Ok(Flow::Values(count as u32))
}

fn newproxy(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let known = vm.own_value(arguments, 0);
    let metatable = match vm.argument(arguments, 0) {
        Value::Nil | Value::Boolean(false) => None,
        Value::Boolean(true) => {
            let metatable = vm.heap.table(0, 0)?;
            if let Value::Table(known) = known {
                vm.heap.set(known, Value::Table(metatable), Value::Boolean(true))?;
            }
            Some(metatable)
        }
        value => {
            let metatable = vm.heap.own_metatable(value);
            let valid = match (known, metatable) {
                (Value::Table(known), Some(metatable)) => {
                    vm.heap.get(known, Value::Table(metatable)).is_truthy()
                }
                _ => false,
            };
            if !valid {
                return Err(vm.argument_error(0, "boolean or proxy expected"));
            }
            metatable
        }
    };
    Ok(Flow::One(Value::UserData(vm.heap.new_userdata(metatable)?)))
}
