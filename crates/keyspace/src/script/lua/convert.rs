//! Values on both sides: a command's reply as a Lua value, and what a script returns as a reply.
//!
//! A reply of RESP3 that Lua has no type for is a table with one field that names the type:
//! `ok`, `err`, `double`, `map`, `set`, `big_number`, `verbatim_string`. Read back in that way, a
//! reply that a script passes on is the reply that it got.

use keyspace_resp::{Protocol, ReplyWriter, Token, Tokens, format_double, write_integer};
use lua51::{Error, Str, Table, Value, Vm};

/// A field of an error's table: it has been counted already.
const IS_COUNTED: &str = "ignore_error_stats_update";

/// A reply as a Lua value. Where there is none, that is an error.
///
/// # Errors
/// Memory is too scarce.
pub(super) fn to_lua(vm: &mut Vm, reply: &[u8], protocol: Protocol) -> Result<Value, Error> {
    Reader { vm, tokens: Tokens::new(reply), protocol }.value()
}

/// Makes values of what it reads.
struct Reader<'a> {
    vm: &'a mut Vm,
    tokens: Tokens<'a>,
    protocol: Protocol,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, Error> {
        let Ok(Some(token)) = self.tokens.read() else {
            return error_table(self.vm, b"ERR the command gave no reply", true);
        };
        match token {
            Token::Simple(text) => with_string(self.vm, "ok", text),
            Token::Error(text) => error_table(self.vm, text, true),
            Token::Integer(value) => Ok(Value::Number(value as f64)),
            Token::Bulk(bytes) => self.vm.string(bytes),
            Token::Null | Token::NullArray => Ok(match self.protocol {
                Protocol::Resp2 => Value::Boolean(false),
                Protocol::Resp3 => Value::Nil,
            }),
            Token::Array(len) | Token::Push(len) => {
                let table = self.vm.table()?;
                for index in 1..=len {
                    let item = self.value()?;
                    self.vm.set(table, Value::Number(index as f64), item)?;
                }
                Ok(Value::Table(table))
            }
            Token::Map(pairs) => {
                let map = self.vm.table()?;
                for _ in 0..pairs {
                    let key = self.value()?;
                    let value = self.value()?;
                    set_entry(self.vm, map, key, value)?;
                }
                with_field(self.vm, "map", Value::Table(map))
            }
            Token::Set(len) => {
                let set = self.vm.table()?;
                for _ in 0..len {
                    let item = self.value()?;
                    set_entry(self.vm, set, item, Value::Boolean(true))?;
                }
                with_field(self.vm, "set", Value::Table(set))
            }
            Token::Double(value) => with_field(self.vm, "double", Value::Number(value)),
            Token::Boolean(value) => Ok(Value::Boolean(value)),
            Token::BigNumber(digits) => with_string(self.vm, "big_number", digits),
            Token::Verbatim(format, text) => {
                let verbatim = self.vm.table()?;
                let (format, text) = (self.vm.string(&format)?, self.vm.string(text)?);
                self.vm.set_field(verbatim, "format", format)?;
                self.vm.set_field(verbatim, "string", text)?;
                with_field(self.vm, "verbatim_string", Value::Table(verbatim))
            }
        }
    }
}

/// The table that stands for an error; `text` starts with its code.
pub(super) fn error_table(vm: &mut Vm, text: &[u8], is_counted: bool) -> Result<Value, Error> {
    let table = vm.table()?;
    let text = vm.string(text)?;
    vm.set_field(table, "err", text)?;
    if is_counted {
        vm.set_field(table, IS_COUNTED, Value::Boolean(true))?;
    }
    Ok(Value::Table(table))
}

/// Whether the error of this table was counted when the command failed.
pub(super) fn is_counted(vm: &mut Vm, table: Table) -> bool {
    vm.get_field(table, IS_COUNTED).is_ok_and(Value::is_truthy)
}

/// The table `{ name = text }`.
pub(super) fn with_string(vm: &mut Vm, name: &str, text: &[u8]) -> Result<Value, Error> {
    let text = vm.string(text)?;
    with_field(vm, name, text)
}

fn with_field(vm: &mut Vm, name: &str, value: Value) -> Result<Value, Error> {
    let table = vm.table()?;
    vm.set_field(table, name, value)?;
    Ok(Value::Table(table))
}

/// Sets an entry whose key a table may have.
fn set_entry(vm: &mut Vm, table: Table, key: Value, value: Value) -> Result<(), Error> {
    match key {
        Value::Nil => Ok(()),
        Value::Number(number) if number.is_nan() => Ok(()),
        key => vm.set(table, key, value),
    }
}

/// Writes a number as an argument of a command: the fewest digits that read back as it, an integer
/// without exponent.
pub(super) fn write_number(digits: &mut Vec<u8>, number: f64) {
    /// Whole numbers up to here are written as integers.
    const WHOLE_MAX: f64 = (i64::MAX / 2) as f64;
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        write_integer(digits, number as i64);
    } else {
        format_double(digits, number);
    }
}

/// How deep tables may be nested in a reply.
const DEPTH_MAX: usize = 1000;

/// Writes what a script returns. `script_protocol` is what the script chose for the replies that
/// reach it: under RESP3 its booleans are booleans.
///
/// Returns `false` where the reply grew beyond `max` bytes; what is written then is no reply.
pub(super) fn write(
    vm: &mut Vm,
    value: Value,
    script_protocol: Protocol,
    out: &mut ReplyWriter,
    max: usize,
) -> bool {
    let end = out.len().saturating_add(max);
    Writer { vm, script_protocol, out, end }.write(value, 0)
}

struct Writer<'a> {
    vm: &'a mut Vm,
    script_protocol: Protocol,
    out: &'a mut ReplyWriter,
    end: usize,
}

impl Writer<'_> {
    fn write(&mut self, value: Value, depth: usize) -> bool {
        match value {
            Value::String(text) => self.out.bulk(self.vm.bytes(text)),
            Value::Number(number) => self.out.integer(to_integer(number)),
            Value::Boolean(value) if self.script_protocol == Protocol::Resp3 => {
                self.out.boolean(value);
            }
            Value::Boolean(true) => self.out.integer(1),
            Value::Table(_) if depth >= DEPTH_MAX => {
                self.out.error("ERR reached lua stack limit");
            }
            Value::Table(table) => return self.write_table(table, depth + 1),
            _ => self.out.null(),
        }
        self.out.len() <= self.end
    }

    /// A table that names its type, or else an array up to the first nil.
    fn write_table(&mut self, table: Table, depth: usize) -> bool {
        if let Some(text) = self.text(table, "err") {
            self.out.error(&String::from_utf8_lossy(&text));
        } else if let Some(text) = self.text(table, "ok") {
            let text = String::from_utf8_lossy(&text);
            self.out.simple(&text.replace(['\r', '\n'], " "));
        } else if let Value::Number(number) = self.field(table, "double") {
            self.out.double(number);
        } else if let Value::Table(map) = self.field(table, "map") {
            return self.write_entries(map, depth, true);
        } else if let Value::Table(set) = self.field(table, "set") {
            return self.write_entries(set, depth, false);
        } else if let Some(digits) = self.text(table, "big_number") {
            let digits = String::from_utf8_lossy(&digits).replace(['\r', '\n'], " ");
            self.out.big_number(digits.as_bytes());
        } else if let Some((format, text)) = self.verbatim(table) {
            self.out.verbatim(&format, &text);
        } else {
            return self.write_array(table, depth);
        }
        self.out.len() <= self.end
    }

    fn write_array(&mut self, table: Table, depth: usize) -> bool {
        let start = self.out.begin();
        let mut len = 0;
        loop {
            let item = self.vm.get(table, Value::Number((len + 1) as f64));
            if item.is_nil() {
                break;
            }
            if !self.write(item, depth) {
                return false;
            }
            len += 1;
        }
        self.out.end_array(start, len);
        true
    }

    fn write_entries(&mut self, table: Table, depth: usize, with_values: bool) -> bool {
        let start = self.out.begin();
        let (mut len, mut key) = (0, Value::Nil);
        while let Some((next, value)) = self.vm.next_entry(table, key) {
            if !self.write(next, depth) || (with_values && !self.write(value, depth)) {
                return false;
            }
            (len, key) = (len + 1, next);
        }
        match with_values {
            true => self.out.end_map(start, len),
            false => self.out.end_set(start, len),
        }
        true
    }

    fn field(&mut self, table: Table, name: &str) -> Value {
        self.vm.get_field(table, name).unwrap_or_default()
    }

    fn string(&mut self, table: Table, name: &str) -> Option<Str> {
        match self.field(table, name) {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn text(&mut self, table: Table, name: &str) -> Option<Vec<u8>> {
        self.string(table, name).map(|text| self.vm.bytes(text).to_vec())
    }

    fn verbatim(&mut self, table: Table) -> Option<([u8; 3], Vec<u8>)> {
        let Value::Table(verbatim) = self.field(table, "verbatim_string") else {
            return None;
        };
        let format = self.text(verbatim, "format")?;
        let format = [0, 1, 2].map(|at| format.get(at).copied().unwrap_or(b' '));
        Some((format, self.text(verbatim, "string")?))
    }
}

/// A number without its fraction, as a processor converts it: what does not fit is the least one.
fn to_integer(number: f64) -> i64 {
    let fits = number >= i64::MIN as f64 && number < -(i64::MIN as f64);
    if fits { number as i64 } else { i64::MIN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lua51::Limits;

    #[test]
    fn a_reply_that_is_passed_on_is_the_reply_that_came() {
        let replies: [&[u8]; 8] = [
            b"+OK\r\n",
            b"-ERR text\r\n",
            b":-7\r\n",
            b"$3\r\na\0b\r\n",
            b"*2\r\n:1\r\n*1\r\n$1\r\nx\r\n",
            b"%1\r\n$1\r\nk\r\n,1.5\r\n",
            b"~1\r\n$1\r\nm\r\n",
            b"=6\r\ntxt:hi\r\n",
        ];
        for bytes in replies {
            let mut vm = Vm::new(Limits::default());
            let value = to_lua(&mut vm, bytes, Protocol::Resp3).expect("there is memory");
            let mut out = ReplyWriter::new(Protocol::Resp3);
            assert!(write(&mut vm, value, Protocol::Resp3, &mut out, 1000));
            assert_eq!(out.take().escape_ascii().to_string(), bytes.escape_ascii().to_string());
        }
    }

    #[test]
    fn a_reply_has_an_end() {
        let mut vm = Vm::new(Limits::default());
        let table = vm.table().expect("there is memory");
        for index in [1.0, 2.0] {
            vm.set(table, Value::Number(index), Value::Table(table)).expect("there is memory");
        }
        let mut out = ReplyWriter::default();
        assert!(!write(&mut vm, Value::Table(table), Protocol::Resp2, &mut out, 10_000));
    }

    #[test]
    fn numbers_lose_their_fraction_and_what_does_not_fit() {
        for (number, integer) in [
            (3.99, 3),
            (-3.99, -3),
            (1e300, i64::MIN),
            (f64::NAN, i64::MIN),
            (-9e18, -9_000_000_000_000_000_000),
        ] {
            assert_eq!(to_integer(number), integer, "{number}");
        }
    }

    #[test]
    fn arguments_have_the_fewest_digits() {
        for (number, digits) in [
            (3.0, "3"),
            (0.1, "0.1"),
            (1e17, "100000000000000000"),
            (-0.0, "0"),
            (12345.5, "12345.5"),
        ] {
            let mut written = Vec::new();
            write_number(&mut written, number);
            assert_eq!(String::from_utf8_lossy(&written), digits);
        }
    }
}
