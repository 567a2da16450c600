//! `cmsgpack`: MessagePack.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::value::{Table, Value};
use crate::vm::Vm;

/// Tables within tables that are packed; deeper ones become nil.
const MAX_NESTING: usize = 16;
/// How deep what is unpacked may nest.
const MAX_UNPACKED_NESTING: usize = 190;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    let table = vm.open_table(
        "cmsgpack",
        &[
            ("pack", pack),
            ("unpack", unpack),
            ("unpack_one", unpack_one),
            ("unpack_limit", unpack_limit),
        ],
    )?;
    for (name, text) in [
        ("_NAME", "cmsgpack"),
        ("_VERSION", "lua-cmsgpack 0.4.0"),
        ("_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo"),
        ("_DESCRIPTION", "MessagePack C implementation for Lua"),
    ] {
        let text = vm.string(text.as_bytes())?;
        vm.heap.set_field(table, name, text)?;
    }
    Ok(())
}

fn pack(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if arguments.count == 0 {
        return Err(vm.numbered_argument_error(0, "MessagePack pack needs input."));
    }
    let mut out = Vec::new();
    for index in 0..arguments.count {
        let value = vm.argument(arguments, index);
        write(vm, value, 0, &mut out)?;
    }
    vm.charge(out.len());
    vm.reserve(out.len())?;
    vm.text_result(out)
}

fn write(vm: &Vm, value: Value, nesting: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    match value {
        Value::Boolean(value) => out.push(if value { 0xc3 } else { 0xc2 }),
        Value::Number(number) => write_number(number, out),
        Value::String(string) => {
            let bytes = vm.heap.bytes_of(string);
            match bytes.len() {
                length @ 0..32 => out.push(0xa0 | length as u8),
                length @ 32..0x100 => out.extend_from_slice(&[0xd9, length as u8]),
                length @ 0x100..0x1_0000 => sized(0xda, &(length as u16).to_be_bytes(), out),
                length => sized(0xdb, &(length as u32).to_be_bytes(), out),
            }
            out.extend_from_slice(bytes);
        }
        Value::Table(table) if nesting < MAX_NESTING => write_table(vm, table, nesting + 1, out)?,
        _ => out.push(0xc0),
    }
    if out.len() > vm.heap.room() { Err(Error::Memory) } else { Ok(()) }
}

fn sized(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(bytes);
}

fn write_number(number: f64, out: &mut Vec<u8>) {
    let whole = number as i64;
    if whole as f64 != number || !(-9.3e18..9.2e18).contains(&number) {
        let single = number as f32;
        if f64::from(single) == number {
            sized(0xca, &single.to_be_bytes(), out);
        } else {
            sized(0xcb, &number.to_be_bytes(), out);
        }
        return;
    }
    match whole {
        0..0x80 => out.push(whole as u8),
        0x80..0x100 => out.extend_from_slice(&[0xcc, whole as u8]),
        0x100..0x1_0000 => sized(0xcd, &(whole as u16).to_be_bytes(), out),
        0x1_0000..0x1_0000_0000 => sized(0xce, &(whole as u32).to_be_bytes(), out),
        0x1_0000_0000.. => sized(0xcf, &(whole as u64).to_be_bytes(), out),
        -32..0 => out.push(whole as i8 as u8),
        -0x80..-32 => out.extend_from_slice(&[0xd0, whole as i8 as u8]),
        -0x8000..-0x80 => sized(0xd1, &(whole as i16).to_be_bytes(), out),
        -0x8000_0000..-0x8000 => sized(0xd2, &(whole as i32).to_be_bytes(), out),
        _ => sized(0xd3, &whole.to_be_bytes(), out),
    }
}

fn write_table(vm: &Vm, table: Table, nesting: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    let data = &vm.heap.tables[table.0];
    let mut entries = Vec::new();
    let mut key = Value::Nil;
    while let Ok(Some((next, value))) = data.next(key) {
        entries.push((next, value));
        key = next;
    }
    let count = entries.len();
    let in_array = |key: Value| matches!(key, Value::Number(key) if key > 0.0 && key <= count as f64 && key.fract() == 0.0);
    if entries.iter().all(|(key, _)| in_array(*key)) {
        header(count, [0x90, 0xdc, 0xdd], out);
        for index in 1..=count {
            write(vm, data.get_number(index as f64), nesting, out)?;
        }
        return Ok(());
    }
    header(count, [0x80, 0xde, 0xdf], out);
    for (key, value) in entries {
        write(vm, key, nesting, out)?;
        write(vm, value, nesting, out)?;
    }
    Ok(())
}

fn header(count: usize, [small, medium, large]: [u8; 3], out: &mut Vec<u8>) {
    match count {
        0..16 => out.push(small | count as u8),
        16..0x1_0000 => sized(medium, &(count as u16).to_be_bytes(), out),
        _ => sized(large, &(count as u32).to_be_bytes(), out),
    }
}

fn unpack(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    unpack_some(vm, arguments, None, 0)
}

fn unpack_one(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let offset = vm.integer_or(arguments, 1, 0)?;
    unpack_some(vm, arguments, Some(1), offset)
}

fn unpack_limit(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let limit = vm.integer(arguments, 1)?;
    let offset = vm.integer_or(arguments, 2, 0)?;
    // No limit is no limit, if nothing is skipped either.
    let limit = if limit == 0 && offset == 0 { None } else { Some(limit) };
    unpack_some(vm, arguments, limit, offset)
}

/// Unpacks up to a limit, behind the offset at which to go on; or everything.
fn unpack_some(
    vm: &mut Vm,
    arguments: Arguments,
    limit: Option<i64>,
    offset: i64,
) -> Result<Flow, Error> {
    let text = vm.text(arguments, 0)?;
    let bytes = vm.heap.bytes_of(text).to_vec();
    let length = bytes.len() as i64;
    if offset < 0 || limit.is_some_and(|limit| limit < 0) {
        return Err(vm.error(format!(
            "Invalid request to unpack with offset of {offset} and limit of {length}."
        )));
    }
    if offset > length {
        return Err(vm.error(format!("Start offset {offset} greater than input length {length}.")));
    }
    vm.charge(bytes.len());
    let mut reader = Reader { bytes: &bytes, at: offset as usize, nesting: 0 };
    let base = vm.thread.top;
    if limit.is_some() {
        vm.push(Value::Nil)?;
    }
    let mut count = 0;
    while reader.at < bytes.len() && limit.is_none_or(|limit| count < limit) {
        let value = reader.value(vm)?;
        vm.push(value)?;
        count += 1;
    }
    if limit.is_some() {
        let next = if reader.at == bytes.len() { -1.0 } else { reader.at as f64 };
        vm.thread.stack[base as usize] = Value::Number(next);
    }
    Ok(Flow::Values(vm.thread.top - base))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nesting: usize,
}

impl Reader<'_> {
    fn take(&mut self, vm: &mut Vm, count: usize) -> Result<&[u8], Error> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..count)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(vm.error("Missing bytes in input.")),
        }
    }

    /// A big-endian number of so many bytes.
    fn unsigned(&mut self, vm: &mut Vm, count: usize) -> Result<u64, Error> {
        Ok(self.take(vm, count)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn signed(&mut self, vm: &mut Vm, count: usize) -> Result<f64, Error> {
        let unused = 64 - 8 * count as u32;
        Ok(((self.unsigned(vm, count)? << unused) as i64 >> unused) as f64)
    }

    fn value(&mut self, vm: &mut Vm) -> Result<Value, Error> {
        let kind = self.take(vm, 1)?[0];
        Ok(match kind {
            0x00..=0x7f => Value::Number(f64::from(kind)),
            0xe0..=0xff => Value::Number(f64::from(kind as i8)),
            0x80..=0x8f => self.map(vm, usize::from(kind & 0xf))?,
            0x90..=0x9f => self.array(vm, usize::from(kind & 0xf))?,
            0xa0..=0xbf => self.string(vm, usize::from(kind & 0x1f))?,
            0xc0 => Value::Nil,
            0xc2 => Value::Boolean(false),
            0xc3 => Value::Boolean(true),
            0xca => Value::Number(f64::from(f32::from_bits(self.unsigned(vm, 4)? as u32))),
            0xcb => Value::Number(f64::from_bits(self.unsigned(vm, 8)?)),
            // As a whole number of the language, which has a sign.
            0xcf => Value::Number(self.unsigned(vm, 8)? as i64 as f64),
            0xcc..=0xce => Value::Number(self.unsigned(vm, 1 << (kind - 0xcc))? as f64),
            0xd0..=0xd3 => Value::Number(self.signed(vm, 1 << (kind - 0xd0))?),
            0xd9..=0xdb => {
                let length = self.unsigned(vm, 1 << (kind - 0xd9))?;
                self.string(vm, length as usize)?
            }
            0xdc | 0xdd => {
                let count = self.unsigned(vm, 2 << (kind - 0xdc))?;
                self.array(vm, count as usize)?
            }
            0xde | 0xdf => {
                let count = self.unsigned(vm, 2 << (kind - 0xde))?;
                self.map(vm, count as usize)?
            }
            _ => return Err(vm.error("Bad data format in input.")),
        })
    }

    fn string(&mut self, vm: &mut Vm, length: usize) -> Result<Value, Error> {
        let bytes = self.take(vm, length)?.to_vec();
        Ok(Value::String(vm.heap.string_from(bytes)?))
    }

    fn descend(&mut self, vm: &mut Vm) -> Result<Table, Error> {
        self.nesting += 1;
        if self.nesting > MAX_UNPACKED_NESTING {
            return Err(vm.error("Bad data format in input."));
        }
        vm.heap.table(0, 0)
    }

    fn array(&mut self, vm: &mut Vm, count: usize) -> Result<Value, Error> {
        let table = self.descend(vm)?;
        for index in 1..=count {
            let value = self.value(vm)?;
            vm.heap.set(table, Value::Number(index as f64), value)?;
        }
        self.nesting -= 1;
        Ok(Value::Table(table))
    }

    fn map(&mut self, vm: &mut Vm, count: usize) -> Result<Value, Error> {
        let table = self.descend(vm)?;
        for _ in 0..count {
            let key = self.value(vm)?;
            let value = self.value(vm)?;
            match key {
                Value::Nil => return Err(vm.fault("table index is nil")),
                Value::Number(number) if number.is_nan() => {
                    return Err(vm.fault("table index is NaN"));
                }
                _ => vm.heap.set(table, key, value)?,
            }
        }
        self.nesting -= 1;
        Ok(Value::Table(table))
    }
}
