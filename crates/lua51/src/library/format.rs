//! `string.format`.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::number;
use crate::vm::Vm;

/// What stands between `%` and the letter.
#[derive(Default)]
struct Spec {
    left: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

pub(super) fn format(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let template = vm.text(arguments, 0)?;
    let template = vm.heap.bytes_of(template).to_vec();
    let mut out = Vec::new();
    let mut index = 0;
    let mut at = 0;
    while at < template.len() {
        let byte = template[at];
        at += 1;
        if byte != b'%' {
            out.push(byte);
        } else if template.get(at) == Some(&b'%') {
            out.push(b'%');
            at += 1;
        } else {
            index += 1;
            let (spec, end) = spec(vm, &template, at)?;
            at = end + 1;
            item(vm, arguments, index, &spec, template.get(end).copied().unwrap_or(0), &mut out)?;
            if out.len() > vm.heap.room() {
                return Err(Error::Memory);
            }
        }
    }
    vm.charge(out.len() / 4);
    vm.reserve(out.len())?;
    vm.text_result(out)
}

fn spec(vm: &mut Vm, template: &[u8], start: usize) -> Result<(Spec, usize), Error> {
    const FLAGS: &[u8] = b"-+ #0";
    let mut at = start;
    let mut spec = Spec::default();
    while let Some(flag) = template.get(at).filter(|byte| FLAGS.contains(byte)) {
        match flag {
            b'-' => spec.left = true,
            b'+' => spec.plus = true,
            b' ' => spec.space = true,
            b'#' => spec.alternate = true,
            _ => spec.zero = true,
        }
        at += 1;
    }
    if at - start > FLAGS.len() {
        return Err(vm.error("invalid format (repeated flags)"));
    }
    let two_digits = |at: &mut usize| {
        let mut number = 0;
        for _ in 0..2 {
            if let Some(digit) = template.get(*at).filter(|byte| byte.is_ascii_digit()) {
                number = number * 10 + usize::from(digit - b'0');
                *at += 1;
            }
        }
        number
    };
    spec.width = two_digits(&mut at);
    if template.get(at) == Some(&b'.') {
        at += 1;
        spec.precision = Some(two_digits(&mut at));
    }
    if template.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(vm.error("invalid format (width or precision too long)"));
    }
    Ok((spec, at))
}

fn item(
    vm: &mut Vm,
    arguments: Arguments,
    index: u32,
    spec: &Spec,
    letter: u8,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    if index >= arguments.count {
        return Err(vm.argument_error(index, "no value"));
    }
    match letter {
        b'c' => {
            let byte = vm.number(arguments, index)? as i64 as u8;
            let start = out.len();
            pad(spec, b"", &[byte], false, out);
            // C takes a NUL for the end of what it printed.
            if let Some(end) = out[start..].iter().position(|byte| *byte == 0) {
                out.truncate(start + end);
            }
        }
        b'd' | b'i' => {
            let value = c_integer(vm.number(arguments, index)?);
            integer(spec, value.unsigned_abs().to_string(), value < 0, true, out);
        }
        b'o' | b'u' | b'x' | b'X' => {
            let value = c_unsigned(vm.number(arguments, index)?);
            let digits = match letter {
                b'o' => format!("{}{value:o}", if spec.alternate && value != 0 { "0" } else { "" }),
                b'u' => value.to_string(),
                b'x' => format!("{value:x}"),
                _ => format!("{value:X}"),
            };
            let prefix: &[u8] = match letter {
                b'x' if spec.alternate && value != 0 => b"0x",
                b'X' if spec.alternate && value != 0 => b"0X",
                _ => b"",
            };
            unsigned(spec, prefix, digits, out);
        }
        b'e' | b'E' | b'f' | b'g' | b'G' => {
            let value = vm.number(arguments, index)?;
            float(spec, value, letter, out);
        }
        b'q' => {
            let text = vm.text(arguments, index)?;
            quoted(vm.heap.bytes_of(text), out);
        }
        b's' => {
            let text = vm.text(arguments, index)?;
            let text = vm.heap.bytes_of(text);
            if spec.precision.is_none() && text.len() >= 100 {
                out.extend_from_slice(text);
            } else {
                let seen = text.split(|byte| *byte == 0).next().unwrap_or_default();
                let shown = &seen[..seen.len().min(spec.precision.unwrap_or(usize::MAX))];
                pad(spec, b"", shown, false, out);
            }
        }
        _ => {
            let mut text = b"invalid option '%".to_vec();
            text.extend((letter != 0).then_some(letter));
            text.extend_from_slice(b"' to 'format'");
            return Err(vm.error(text));
        }
    }
    Ok(())
}

/// A double as C converts it to a long.
fn c_integer(number: f64) -> i64 {
    if number.is_nan() || number >= 9_223_372_036_854_775_808.0 { i64::MIN } else { number as i64 }
}

fn c_unsigned(number: f64) -> u64 {
    if number >= 9_223_372_036_854_775_808.0 { number as u64 } else { c_integer(number) as u64 }
}

/// Writes a sign or prefix and a body in the width that is wanted.
fn pad(spec: &Spec, prefix: &[u8], body: &[u8], zeros: bool, out: &mut Vec<u8>) {
    let missing = spec.width.saturating_sub(prefix.len() + body.len());
    let (before, between, behind) = match (spec.left, zeros) {
        (true, _) => (0, 0, missing),
        (false, true) => (0, missing, 0),
        (false, false) => (missing, 0, 0),
    };
    out.resize(out.len() + before, b' ');
    out.extend_from_slice(prefix);
    out.resize(out.len() + between, b'0');
    out.extend_from_slice(body);
    out.resize(out.len() + behind, b' ');
}

fn sign(spec: &Spec, negative: bool) -> &'static [u8] {
    match (negative, spec.plus, spec.space) {
        (true, ..) => b"-",
        (false, true, _) => b"+",
        (false, false, true) => b" ",
        _ => b"",
    }
}

fn integer(spec: &Spec, digits: String, negative: bool, signed: bool, out: &mut Vec<u8>) {
    let prefix = if signed { sign(spec, negative) } else { b"" };
    unsigned(spec, prefix, digits, out);
}

fn unsigned(spec: &Spec, prefix: &[u8], digits: String, out: &mut Vec<u8>) {
    let digits = match spec.precision {
        Some(0) if digits == "0" => String::new(),
        Some(precision) => format!("{digits:0>precision$}"),
        None => digits,
    };
    pad(spec, prefix, digits.as_bytes(), spec.zero && spec.precision.is_none(), out);
}

fn float(spec: &Spec, value: f64, letter: u8, out: &mut Vec<u8>) {
    let precision = spec.precision.unwrap_or(6);
    let magnitude = value.abs();
    let mut body = Vec::new();
    match letter | 32 {
        b'e' => number::exponential(magnitude, precision, spec.alternate, &mut body),
        b'f' => number::fixed(magnitude, precision, spec.alternate, &mut body),
        _ => number::general(magnitude, precision, spec.alternate, &mut body),
    }
    if letter.is_ascii_uppercase() {
        body.make_ascii_uppercase();
    }
    pad(spec, sign(spec, value.is_sign_negative()), &body, spec.zero && value.is_finite(), out);
}

fn quoted(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'\n' => out.extend_from_slice(&[b'\\', *byte]),
            b'\r' => out.extend_from_slice(b"\\r"),
            0 => out.extend_from_slice(b"\\000"),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
