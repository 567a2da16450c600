//! `struct`: packed binary data.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::value::Value;
use crate::vm::Vm;

const MAX_INTEGER_SIZE: usize = 32;
const MAX_ALIGNMENT: usize = 8;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    vm.open_table("struct", &[("pack", pack), ("unpack", unpack), ("size", size)]).map(drop)
}

/// A format, read item by item.
struct Format {
    text: Vec<u8>,
    at: usize,
    little: bool,
    alignment: usize,
    /// Letters that are no options take no room, instead of being an error.
    lenient: bool,
}

/// An item and its size in bytes, of which none may mean any.
struct Item {
    option: u8,
    size: usize,
    padding: usize,
}

impl Format {
    fn of(vm: &mut Vm, arguments: Arguments) -> Result<Format, Error> {
        let text = vm.text(arguments, 0)?;
        let text = vm.heap.bytes_of(text);
        let text = text.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        Ok(Format { text, at: 0, little: true, alignment: 1, lenient: false })
    }

    fn number(&mut self, vm: &mut Vm, default: usize) -> Result<usize, Error> {
        let mut number: Option<i32> = None;
        while let Some(digit) = self.text.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            let digit = i32::from(digit - b'0');
            let next =
                number.unwrap_or(0).checked_mul(10).and_then(|number| number.checked_add(digit));
            if next.is_none() {
                return Err(vm.error("integral size overflow"));
            }
            number = next;
            self.at += 1;
        }
        Ok(number.map_or(default, |number| number as usize))
    }

    /// The next item, which begins at an offset; options that only change the format are dealt with.
    fn next(&mut self, vm: &mut Vm, offset: usize) -> Result<Option<Item>, Error> {
        while let Some(option) = self.text.get(self.at).copied() {
            self.at += 1;
            let size = match option {
                b'b' | b'B' | b'x' => 1,
                b'h' | b'H' => 2,
                b'f' => 4,
                b'l' | b'L' | b'T' | b'd' => 8,
                b'c' => self.number(vm, 1)?,
                b'i' | b'I' => {
                    let size = self.number(vm, 4)?;
                    if size > MAX_INTEGER_SIZE {
                        return Err(vm.error(format!(
                            "integral size {size} is larger than limit of {MAX_INTEGER_SIZE}"
                        )));
                    }
                    size
                }
                b's' => 0,
                _ => {
                    self.control(vm, option)?;
                    continue;
                }
            };
            let padding = self.padding(offset, option, size);
            return Ok(Some(Item { option, size, padding }));
        }
        Ok(None)
    }

    fn control(&mut self, vm: &mut Vm, option: u8) -> Result<(), Error> {
        match option {
            b' ' => {}
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' if self.lenient => {}
            b'>' => self.little = false,
            b'<' => self.little = true,
            b'!' => {
                let alignment = self.number(vm, MAX_ALIGNMENT)?;
                if !alignment.is_power_of_two() {
                    return Err(vm.error(format!("alignment {alignment} is not a power of 2")));
                }
                self.alignment = alignment;
            }
            _ => {
                let option = char::from(option);
                return Err(vm.argument_error(0, &format!("invalid format option '{option}'")));
            }
        }
        Ok(())
    }

    fn padding(&self, offset: usize, option: u8, size: usize) -> usize {
        let size = size.min(self.alignment);
        if option == b'c' || size < 2 || !size.is_power_of_two() {
            return 0;
        }
        offset.wrapping_neg() & (size - 1)
    }
}

fn ordered(bytes: &mut [u8], little: bool) {
    if !little {
        bytes.reverse();
    }
}

fn pack(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut format = Format::of(vm, arguments)?;
    // A missing argument is nil, as a nil stands behind the last one.
    vm.push(Value::Nil)?;
    let arguments = Arguments { count: arguments.count + 1, ..arguments };
    let mut out = Vec::new();
    let mut index = 1;
    while let Some(item) = format.next(vm, out.len())? {
        if item.size + item.padding + out.len() > vm.heap.room() {
            return Err(Error::Memory);
        }
        out.resize(out.len() + item.padding, 0);
        let start = out.len();
        match item.option {
            b'x' => out.push(0),
            b'f' => {
                out.extend_from_slice(&(vm.number(arguments, index)? as f32).to_le_bytes());
                ordered(&mut out[start..], format.little);
                index += 1;
            }
            b'd' => {
                out.extend_from_slice(&vm.number(arguments, index)?.to_le_bytes());
                ordered(&mut out[start..], format.little);
                index += 1;
            }
            b'c' | b's' => {
                let text = vm.text(arguments, index)?;
                let length = vm.heap.bytes_of(text).len();
                let size = if item.size == 0 { length } else { item.size };
                if length < size {
                    return Err(vm.argument_error(index + 1, "string too short"));
                }
                out.extend_from_slice(&vm.heap.bytes_of(text)[..size]);
                if item.option == b's' {
                    out.push(0);
                }
                index += 1;
            }
            _ => {
                integer_bytes(vm.number(arguments, index)?, item.size, &mut out);
                ordered(&mut out[start..], format.little);
                index += 1;
            }
        }
    }
    vm.charge(out.len());
    vm.reserve(out.len())?;
    vm.text_result(out)
}

/// The low bytes of a whole number, the lowest first.
fn integer_bytes(number: f64, size: usize, out: &mut Vec<u8>) {
    let mut value = if number < 0.0 { number as i64 as u64 } else { number as u64 };
    for _ in 0..size {
        out.push(value as u8);
        value >>= 8;
    }
}

fn unpack(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut format = Format::of(vm, arguments)?;
    let text = vm.text(arguments, 1)?;
    let data = vm.heap.bytes_of(text).to_vec();
    let from = vm.integer_or(arguments, 2, 1)?;
    if from == 0 {
        return Err(vm.argument_error(2, "offset must be 1 or greater"));
    }
    vm.charge(data.len());
    let mut at = usize::try_from(from).map_or(usize::MAX / 2, |from| from - 1);
    let base = vm.thread.top;
    while let Some(item) = format.next(vm, at)? {
        at = at.saturating_add(item.padding);
        let mut size = item.size;
        check_data(vm, &data, at, size)?;
        let value = match item.option {
            b'x' => None,
            b'f' => {
                let bytes = number_bytes(&data[at..at + 4], format.little);
                Some(Value::Number(f64::from(f32::from_bits(bytes as u32))))
            }
            b'd' => {
                Some(Value::Number(f64::from_bits(number_bytes(&data[at..at + 8], format.little))))
            }
            b'c' => {
                if size == 0 {
                    size = previous_size(vm, base)?;
                    check_data(vm, &data, at, size)?;
                }
                Some(Value::String(vm.heap.string(&data[at..at + size])?))
            }
            b's' => {
                let rest = data.get(at..).unwrap_or_default();
                let Some(length) = rest.iter().position(|byte| *byte == 0) else {
                    return Err(vm.error("unfinished string in data"));
                };
                size = length + 1;
                Some(Value::String(vm.heap.string(&rest[..length])?))
            }
            option => {
                let number = number_bytes(&data[at..at + size], format.little);
                let unused = 64 - 8 * size.min(8) as u32;
                let signed = option.is_ascii_lowercase() && size > 0;
                Some(Value::Number(if signed {
                    ((number << unused) as i64 >> unused) as f64
                } else {
                    number as f64
                }))
            }
        };
        if let Some(value) = value {
            vm.push(value)?;
        }
        at += size;
    }
    vm.push(Value::Number((at + 1) as f64))?;
    Ok(Flow::Values(vm.thread.top - base))
}

fn check_data(vm: &mut Vm, data: &[u8], at: usize, size: usize) -> Result<(), Error> {
    if size <= data.len() && at <= data.len() - size {
        Ok(())
    } else {
        Err(vm.argument_error(1, "data string too short"))
    }
}

/// The number that was read just before, which is not a result then.
fn previous_size(vm: &mut Vm, base: u32) -> Result<usize, Error> {
    if vm.thread.top > base
        && let Value::Number(size) = vm.thread.stack[vm.thread.top as usize - 1]
    {
        vm.thread.top -= 1;
        return Ok(size as usize);
    }
    Err(vm.error("format 'c0' needs a previous size"))
}

/// The number that bytes are; of more than eight, the lowest eight.
fn number_bytes(bytes: &[u8], little: bool) -> u64 {
    let fold = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    if little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) }
}

fn size(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let mut format = Format::of(vm, arguments)?;
    format.lenient = true;
    let mut total = 0usize;
    while let Some(item) = format.next(vm, total)? {
        match (item.option, item.size) {
            (b's', _) => return Err(vm.argument_error(0, "option 's' has no fixed size")),
            (b'c', 0) => return Err(vm.argument_error(0, "option 'c0' has no fixed size")),
            _ => total = total.saturating_add(item.padding).saturating_add(item.size),
        }
    }
    Ok(Flow::One(Value::Number(total as f64)))
}
