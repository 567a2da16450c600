//! `bit`: operations on 32 bits.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::value::Value;
use crate::vm::Vm;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    vm.open_table(
        "bit",
        &[
            ("tobit", tobit),
            ("bnot", bnot),
            ("band", band),
            ("bor", bor),
            ("bxor", bxor),
            ("lshift", lshift),
            ("rshift", rshift),
            ("arshift", arshift),
            ("rol", rol),
            ("ror", ror),
            ("bswap", bswap),
            ("tohex", tohex),
        ],
    )
    .map(drop)
}

/// The low 32 bits of a number, rounded to the nearest whole one.
fn bits(vm: &mut Vm, arguments: Arguments, index: u32) -> Result<u32, Error> {
    // Adding 2^52 + 2^51 leaves the whole number in the low bits of the sum.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    Ok((vm.number(arguments, index)? + SHIFT).to_bits() as u32)
}

/// Results are signed.
fn result(bits: u32) -> Result<Flow, Error> {
    Ok(Flow::One(Value::Number(f64::from(bits as i32))))
}

fn tobit(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    result(bits(vm, arguments, 0)?)
}

fn bnot(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    result(!bits(vm, arguments, 0)?)
}

fn bswap(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    result(bits(vm, arguments, 0)?.swap_bytes())
}

fn fold(vm: &mut Vm, arguments: Arguments, operation: fn(u32, u32) -> u32) -> Result<Flow, Error> {
    let mut folded = bits(vm, arguments, 0)?;
    for index in 1..arguments.count {
        folded = operation(folded, bits(vm, arguments, index)?);
    }
    result(folded)
}

fn band(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    fold(vm, arguments, |left, right| left & right)
}

fn bor(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    fold(vm, arguments, |left, right| left | right)
}

fn bxor(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    fold(vm, arguments, |left, right| left ^ right)
}

/// Shifts by the low five bits of the second argument.
fn shift(vm: &mut Vm, arguments: Arguments, operation: fn(u32, u32) -> u32) -> Result<Flow, Error> {
    let number = bits(vm, arguments, 0)?;
    let by = bits(vm, arguments, 1)? & 31;
    result(operation(number, by))
}

fn lshift(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    shift(vm, arguments, |number, by| number << by)
}

fn rshift(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    shift(vm, arguments, |number, by| number >> by)
}

fn arshift(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    shift(vm, arguments, |number, by| (number as i32 >> by) as u32)
}

fn rol(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    shift(vm, arguments, u32::rotate_left)
}

fn ror(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    shift(vm, arguments, u32::rotate_right)
}

fn tohex(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let number = bits(vm, arguments, 0)?;
    let digits = if arguments.count < 2 { 8 } else { bits(vm, arguments, 1)? as i32 };
    let text = if digits < 0 { format!("{number:08X}") } else { format!("{number:08x}") };
    let count = digits.unsigned_abs().min(8) as usize;
    vm.text_result(text.as_bytes()[8 - count..].to_vec())
}
