//! Functions on strings, and the metatable by which they are methods of strings.

use super::pattern::Matcher;
use super::replace::{gsub, push_captures};
use super::{Arguments, Flow};
use crate::error::Error;
use crate::value::Value;
use crate::vm::Vm;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    let table = vm.open_table(
        "string",
        &[
            ("byte", byte),
            ("char", char),
            ("dump", dump),
            ("find", find),
            ("format", super::format::format),
            // The name that it had before.
            ("gfind", gmatch),
            ("gmatch", gmatch),
            ("gsub", gsub),
            ("len", len),
            ("lower", lower),
            ("match", match_pattern),
            ("rep", rep),
            ("reverse", reverse),
            ("sub", sub),
            ("upper", upper),
        ],
    )?;
    let metatable = vm.heap.table(0, 1)?;
    vm.heap.set_field(metatable, "__index", Value::Table(table))?;
    vm.string_metatable = Some(metatable);
    Ok(())
}

/// A position that counts from the end if it is negative.
fn relative(position: i64, length: usize) -> i64 {
    if position >= 0 { position } else { (length as i64 + position + 1).max(0) }
}

fn copy_of(vm: &mut Vm, arguments: Arguments) -> Result<Vec<u8>, Error> {
    let text = vm.text(arguments, 0)?;
    let length = vm.heap.bytes_of(text).len();
    vm.charge(length / 8);
    vm.reserve(length)?;
    Ok(vm.heap.bytes_of(text).to_vec())
}

fn byte(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = vm.text(arguments, 0)?;
    let length = vm.heap.bytes_of(text).len();
    let from = relative(vm.integer_or(arguments, 1, 1)?, length);
    let to = relative(vm.integer_or(arguments, 2, from)?, length).min(length as i64);
    let from = from.max(1);
    if from > to {
        return Ok(Flow::Nothing);
    }
    if to - from >= 8000 {
        return Err(vm.error("stack overflow (string slice too long)"));
    }
    for at in from..=to {
        let byte = vm.heap.bytes_of(text)[at as usize - 1];
        vm.push(Value::Number(f64::from(byte)))?;
    }
    Ok(Flow::Values((to - from + 1) as u32))
}

fn char(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut text = Vec::with_capacity(arguments.count as usize);
    for index in 0..arguments.count {
        match u8::try_from(vm.integer(arguments, index)? as i32) {
            Ok(byte) => text.push(byte),
            Err(_) => return Err(vm.argument_error(index, "invalid value")),
        }
    }
    vm.text_result(text)
}

fn dump(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    vm.function_argument(arguments, 0)?;
    Err(vm.error("unable to dump given function"))
}

fn len(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = vm.text(arguments, 0)?;
    Ok(Flow::One(Value::Number(vm.heap.bytes_of(text).len() as f64)))
}

fn lower(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = copy_of(vm, arguments)?.to_ascii_lowercase();
    vm.text_result(text)
}

fn upper(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = copy_of(vm, arguments)?.to_ascii_uppercase();
    vm.text_result(text)
}

fn reverse(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut text = copy_of(vm, arguments)?;
    text.reverse();
    vm.text_result(text)
}

fn rep(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = vm.text(arguments, 0)?;
    let count = i64::from(vm.integer(arguments, 1)? as i32).max(0) as usize;
    let length = vm.heap.bytes_of(text).len().saturating_mul(count);
    vm.reserve(length)?;
    vm.charge(length / 16);
    let repeated = vm.heap.bytes_of(text).repeat(count);
    vm.text_result(repeated)
}

fn sub(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let text = vm.text(arguments, 0)?;
    let length = vm.heap.bytes_of(text).len();
    let from = relative(vm.integer(arguments, 1)?, length).max(1);
    let to = relative(vm.integer_or(arguments, 2, -1)?, length).min(length as i64);
    if from > to {
        return vm.text_result(Vec::new());
    }
    vm.reserve((to - from) as usize)?;
    let part = vm.heap.bytes_of(text)[from as usize - 1..to as usize].to_vec();
    vm.text_result(part)
}

fn find(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    search(vm, arguments, true)
}

fn match_pattern(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    search(vm, arguments, false)
}

fn search(vm: &mut Vm, arguments: Arguments, is_find: bool) -> Result<Flow, Error> {
    let subject = vm.text(arguments, 0)?;
    let pattern = vm.text(arguments, 1)?;
    let length = vm.heap.bytes_of(subject).len();
    let from =
        (relative(vm.integer_or(arguments, 2, 1)?, length) - 1).clamp(0, length as i64) as usize;
    let (text, what) = (vm.heap.bytes_of(subject), vm.heap.bytes_of(pattern));
    if is_find && (vm.argument(arguments, 3).is_truthy() || is_plain(what)) {
        let found = find_plain(&text[from..], what).map(|at| (from + at, from + at + what.len()));
        vm.charge((length - from) / 4);
        return match found {
            Some((start, end)) => range(vm, start, end),
            None => Ok(Flow::One(Value::Nil)),
        };
    }
    let mut matcher = Matcher::new(text, what);
    let found = matcher.find(from);
    let steps = matcher.steps();
    vm.charge(steps);
    let Some(found) = found.map_err(|text| vm.error(text))? else {
        return Ok(Flow::One(Value::Nil));
    };
    if !is_find {
        return Ok(Flow::Values(push_captures(vm, subject, &found)?));
    }
    range(vm, found.range.start, found.range.end)?;
    let captures = if found.has_captures() { push_captures(vm, subject, &found)? } else { 0 };
    Ok(Flow::Values(2 + captures))
}

fn range(vm: &mut Vm, start: usize, end: usize) -> Result<Flow, Error> {
    vm.push(Value::Number((start + 1) as f64))?;
    vm.push(Value::Number(end as f64))?;
    Ok(Flow::Values(2))
}

/// Whether a pattern has no magic characters, as far as C sees it.
fn is_plain(pattern: &[u8]) -> bool {
    let seen = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
    !seen.iter().any(|byte| b"^$*+?.([%-".contains(byte))
}

fn find_plain(text: &[u8], what: &[u8]) -> Option<usize> {
    let Some(first) = what.first() else { return Some(0) };
    let mut from = 0;
    while let Some(offset) = text.get(from..)?.iter().position(|byte| byte == first) {
        let at = from + offset;
        if text[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

fn gmatch(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let subject = vm.text(arguments, 0)?;
    let pattern = vm.text(arguments, 1)?;
    let own = [Value::String(subject), Value::String(pattern), Value::Number(0.0)];
    Ok(Flow::One(vm.native(gmatch_next, &own)?))
}

fn gmatch_next(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let own = [0, 1, 2].map(|index| vm.own_value(arguments, index));
    let [Value::String(subject), Value::String(pattern), Value::Number(from)] = own else {
        return Ok(Flow::Nothing);
    };
    let mut matcher = Matcher::new(vm.heap.bytes_of(subject), vm.heap.bytes_of(pattern));
    let found = matcher.find_unanchored(from as usize);
    let steps = matcher.steps();
    vm.charge(steps);
    let Some(found) = found.map_err(|text| vm.error(text))? else { return Ok(Flow::Nothing) };
    let next = found.range.end + usize::from(found.range.is_empty());
    vm.set_own_value(arguments, 2, Value::Number(next as f64));
    Ok(Flow::Values(push_captures(vm, subject, &found)?))
}
