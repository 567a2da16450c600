//! Functions on tables.

use super::{Arguments, Continuation, Flow};
use crate::error::Error;
use crate::number;
use crate::value::{Table, Value};
use crate::vm::Vm;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    vm.open_table(
        "table",
        &[
            ("concat", concat),
            ("foreach", foreach),
            ("foreachi", foreachi),
            ("getn", getn),
            ("maxn", maxn),
            ("insert", insert),
            ("remove", remove),
            ("setn", setn),
            ("sort", super::sort::sort),
        ],
    )
    .map(drop)
}

fn length(vm: &Vm, table: Table) -> i64 {
    vm.heap.tables[table.0].border() as i64
}

fn at(vm: &Vm, table: Table, index: i64) -> Value {
    vm.heap.tables[table.0].get_number(index as f64)
}

fn concat(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let separator = match vm.argument(arguments, 1) {
        Value::Nil => Vec::new(),
        _ => {
            let separator = vm.text(arguments, 1)?;
            vm.heap.bytes_of(separator).to_vec()
        }
    };
    let table = vm.table_argument(arguments, 0)?;
    let from = vm.integer_or(arguments, 2, 1)? as i32;
    let to = match vm.argument(arguments, 3) {
        Value::Nil => length(vm, table),
        _ => vm.integer(arguments, 3)?,
    } as i32;
    let room = vm.heap.room();
    let mut joined = Vec::new();
    let mut index = from;
    while index <= to {
        match at(vm, table, i64::from(index)) {
            Value::String(string) => joined.extend_from_slice(vm.heap.bytes_of(string)),
            Value::Number(number) => number::write(number, &mut joined),
            value => {
                let kind = value.type_name();
                return Err(vm.error(format!(
                    "invalid value ({kind}) at index {index} in table for 'concat'"
                )));
            }
        }
        if index == to {
            break;
        }
        joined.extend_from_slice(&separator);
        if joined.len() > room {
            return Err(Error::Memory);
        }
        index += 1;
    }
    vm.charge(joined.len() / 8);
    vm.reserve(joined.len())?;
    vm.text_result(joined)
}

fn getn(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    Ok(Flow::One(Value::Number(length(vm, table) as f64)))
}

fn setn(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    vm.table_argument(arguments, 0)?;
    Err(vm.error("'setn' is obsolete"))
}

fn maxn(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let mut most = 0.0;
    let data = &vm.heap.tables[table.0];
    for (index, value) in data.array().iter().enumerate() {
        if !value.is_nil() {
            most = (index + 1) as f64;
        }
    }
    data.for_each(|key, value| {
        if let Value::Number(number) = key
            && !value.is_nil()
            && number > most
        {
            most = number;
        }
    });
    vm.charge(vm.heap.tables[table.0].extent());
    Ok(Flow::One(Value::Number(most)))
}

fn insert(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let end = length(vm, table) + 1;
    match arguments.count {
        2 => {
            let value = vm.argument(arguments, 1);
            vm.raw_set(table, Value::Number(end as f64), value)?;
        }
        3 => {
            let position = i64::from(vm.integer(arguments, 1)? as i32);
            let value = vm.argument(arguments, 2);
            open_gap(vm, table, position, end.max(position))?;
            vm.raw_set(table, Value::Number(position as f64), value)?;
        }
        _ => return Err(vm.error("wrong number of arguments to 'insert'")),
    }
    Ok(Flow::Nothing)
}

/// Moves what is at a position, up to the end, by one. Where that is a longer way than the table has
/// entries, as from a position far below zero, only what is there is moved.
fn open_gap(vm: &mut Vm, table: Table, position: i64, end: i64) -> Result<(), Error> {
    let entries = vm.heap.tables[table.0].extent();
    let way = (end - position) as usize;
    vm.charge(way.min(entries));
    if way <= entries {
        for index in (position + 1..=end).rev() {
            let moved = at(vm, table, index - 1);
            vm.raw_set(table, Value::Number(index as f64), moved)?;
        }
        return Ok(());
    }
    let within = position as f64..=end as f64;
    let mut taken = Vec::new();
    let data = &vm.heap.tables[table.0];
    let array = data.array().iter().enumerate();
    taken.extend(array.filter(|(_, value)| !value.is_nil()).map(|(at, _)| (at + 1) as f64));
    data.for_each(|key, value| match key {
        Value::Number(key) if !value.is_nil() && key.fract() == 0.0 => taken.push(key),
        _ => {}
    });
    taken.retain(|key| within.contains(key));
    taken.sort_unstable_by(f64::total_cmp);
    while let Some(key) = taken.pop() {
        if key < *within.end() {
            let moved = vm.heap.tables[table.0].get_number(key);
            vm.raw_set(table, Value::Number(key + 1.0), moved)?;
        }
        if taken.last() != Some(&(key - 1.0)) {
            vm.raw_set(table, Value::Number(key), Value::Nil)?;
        }
    }
    Ok(())
}

fn remove(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let end = length(vm, table);
    let position = i64::from(vm.integer_or(arguments, 1, end)? as i32);
    if !(1 <= position && position <= end) {
        return Ok(Flow::Nothing);
    }
    let removed = at(vm, table, position);
    vm.charge((end - position) as usize);
    for index in position..end {
        let moved = at(vm, table, index + 1);
        vm.raw_set(table, Value::Number(index as f64), moved)?;
    }
    vm.raw_set(table, Value::Number(end as f64), Value::Nil)?;
    Ok(Flow::One(removed))
}

fn foreach(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let function = vm.function_argument(arguments, 1)?;
    for_each(vm, table, function, Value::Nil, false)
}

fn foreachi(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let function = vm.function_argument(arguments, 1)?;
    for_each(vm, table, function, Value::Number(0.0), true)
}

/// Calls the function for the entry behind a key.
pub(super) fn for_each(
    vm: &mut Vm,
    table: Table,
    function: Value,
    key: Value,
    by_index: bool,
) -> Result<Flow, Error> {
    let entry = match key {
        Value::Number(index) if by_index => {
            let next = index + 1.0;
            (next <= length(vm, table) as f64)
                .then(|| (Value::Number(next), at(vm, table, next as i64)))
        }
        _ => match vm.heap.tables[table.0].next(key) {
            Ok(entry) => entry,
            Err(()) => return Err(vm.fault("invalid key to 'next'")),
        },
    };
    let Some((key, value)) = entry else { return Ok(Flow::Nothing) };
    vm.push(function)?;
    vm.push(key)?;
    vm.push(value)?;
    Ok(Flow::Call {
        arguments: 2,
        continuation: Continuation::ForEach { table, function, key, by_index },
    })
}
