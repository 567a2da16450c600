//! `cjson`: JSON, with the settings, limits and messages of lua-cjson 2.1.0.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::number;
use crate::value::{Table, Value};
use crate::vm::Vm;

/// The field of a metatable that makes a table an array, whatever is in it.
const ARRAY: &str = "__is_cjson_array";
/// What JSON's null is.
const NULL: Value = Value::LightUserData(0);

/// What scripts can set of a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    sparse_convert: bool,
    sparse_ratio: i64,
    sparse_safe: i64,
    encode_depth: i64,
    decode_depth: i64,
    invalid_encoded: Invalid,
    invalid_decoded: bool,
    keep_buffer: bool,
    precision: i64,
    mark_arrays: bool,
}

/// What numbers become that JSON does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Refused,
    Written,
    Null,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            sparse_convert: false,
            sparse_ratio: 2,
            sparse_safe: 10,
            encode_depth: 1000,
            decode_depth: 1000,
            invalid_encoded: Invalid::Refused,
            invalid_decoded: true,
            keep_buffer: true,
            precision: 14,
            mark_arrays: false,
        }
    }
}

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    let module = module(vm)?;
    let globals = vm.globals;
    vm.heap.set_field(globals, "cjson", Value::Table(module))
}

/// A module with settings of its own, by whose number its functions find them.
fn module(vm: &mut Vm) -> Result<Table, Error> {
    let functions: &[(&str, super::Native)] = &[
        ("encode", encode),
        ("decode", decode),
        ("encode_sparse_array", encode_sparse_array),
        ("encode_max_depth", encode_max_depth),
        ("decode_max_depth", decode_max_depth),
        ("encode_number_precision", encode_number_precision),
        ("encode_keep_buffer", encode_keep_buffer),
        ("encode_invalid_numbers", encode_invalid_numbers),
        ("decode_invalid_numbers", decode_invalid_numbers),
        ("decode_array_with_array_mt", decode_array_with_array_mt),
        ("new", new),
    ];
    let number = Value::Number(vm.json.len() as f64);
    vm.heap.take(size_of::<Settings>())?;
    vm.json.push(Settings::default());
    let table = vm.heap.table(0, 0)?;
    for (name, function) in functions {
        let function = vm.native(*function, &[number])?;
        vm.heap.set_field(table, name, function)?;
    }
    vm.heap.set_field(table, "null", NULL)?;
    let name = vm.string(b"cjson")?;
    vm.heap.set_field(table, "_NAME", name)?;
    let version = vm.string(b"2.1.0")?;
    vm.heap.set_field(table, "_VERSION", version)?;
    Ok(table)
}

fn new(vm: &mut Vm, _: Arguments) -> Result<Flow, Error> {
    Ok(Flow::One(Value::Table(module(vm)?)))
}

// Settings.

fn settings(vm: &mut Vm, arguments: Arguments) -> &mut Settings {
    let at = match vm.own_value(arguments, 0) {
        Value::Number(number) => number as usize,
        _ => 0,
    };
    &mut vm.json[at]
}

/// A setting that is a whole number, set if an argument says so.
fn integer_setting(
    vm: &mut Vm,
    arguments: Arguments,
    index: u32,
    (least, most): (i64, i64),
    field: fn(&mut Settings) -> &mut i64,
) -> Result<Value, Error> {
    if !vm.argument(arguments, index).is_nil() {
        let value = vm.integer(arguments, index)?;
        if !(least..=most).contains(&value) {
            return Err(
                vm.argument_error(0, &format!("expected integer between {least} and {most}"))
            );
        }
        *field(settings(vm, arguments)) = value;
    }
    Ok(Value::Number(*field(settings(vm, arguments)) as f64))
}

/// A choice between words, of which the first two are also `false` and `true`.
fn choice(
    vm: &mut Vm,
    arguments: Arguments,
    index: u32,
    words: &[&str],
) -> Result<Option<usize>, Error> {
    match vm.argument(arguments, index) {
        Value::Nil => Ok(None),
        Value::Boolean(value) => Ok(Some(usize::from(value))),
        _ => {
            let text = vm.text(arguments, index)?;
            let text = vm.heap.bytes_of(text).to_vec();
            match words.iter().position(|word| word.as_bytes() == text) {
                Some(found) => Ok(Some(found)),
                None => {
                    let text = String::from_utf8_lossy(&text).into_owned();
                    Err(vm.argument_error(index, &format!("invalid option '{text}'")))
                }
            }
        }
    }
}

fn boolean_setting(
    vm: &mut Vm,
    arguments: Arguments,
    index: u32,
    field: fn(&mut Settings) -> &mut bool,
) -> Result<Value, Error> {
    if let Some(chosen) = choice(vm, arguments, index, &["off", "on"])? {
        *field(settings(vm, arguments)) = chosen == 1;
    }
    Ok(Value::Boolean(*field(settings(vm, arguments))))
}

fn at_most(vm: &mut Vm, arguments: Arguments, count: u32) -> Result<(), Error> {
    if arguments.count > count {
        Err(vm.argument_error(count, "found too many arguments"))
    } else {
        Ok(())
    }
}

fn encode_sparse_array(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    const MOST: i64 = i32::MAX as i64;
    at_most(vm, arguments, 3)?;
    let convert = boolean_setting(vm, arguments, 0, |settings| &mut settings.sparse_convert)?;
    let ratio =
        integer_setting(vm, arguments, 1, (0, MOST), |settings| &mut settings.sparse_ratio)?;
    let safe = integer_setting(vm, arguments, 2, (0, MOST), |settings| &mut settings.sparse_safe)?;
    for value in [convert, ratio, safe] {
        vm.push(value)?;
    }
    Ok(Flow::Values(3))
}

fn encode_max_depth(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    let depths = (1, i64::from(i32::MAX));
    integer_setting(vm, arguments, 0, depths, |settings| &mut settings.encode_depth).map(Flow::One)
}

fn decode_max_depth(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    let depths = (1, i64::from(i32::MAX));
    integer_setting(vm, arguments, 0, depths, |settings| &mut settings.decode_depth).map(Flow::One)
}

fn encode_number_precision(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    integer_setting(vm, arguments, 0, (1, 14), |settings| &mut settings.precision).map(Flow::One)
}

fn encode_keep_buffer(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    boolean_setting(vm, arguments, 0, |settings| &mut settings.keep_buffer).map(Flow::One)
}

fn encode_invalid_numbers(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    if let Some(chosen) = choice(vm, arguments, 0, &["off", "on", "null"])? {
        settings(vm, arguments).invalid_encoded =
            [Invalid::Refused, Invalid::Written, Invalid::Null][chosen];
    }
    Ok(Flow::One(match settings(vm, arguments).invalid_encoded {
        Invalid::Refused => Value::Boolean(false),
        Invalid::Written => Value::Boolean(true),
        Invalid::Null => vm.string(b"null")?,
    }))
}

fn decode_invalid_numbers(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    boolean_setting(vm, arguments, 0, |settings| &mut settings.invalid_decoded).map(Flow::One)
}

fn decode_array_with_array_mt(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    at_most(vm, arguments, 1)?;
    boolean_setting(vm, arguments, 0, |settings| &mut settings.mark_arrays).map(Flow::One)
}

// Encoding.

fn encode(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if arguments.count != 1 {
        return Err(vm.argument_error(0, "expected 1 argument"));
    }
    let value = vm.argument(arguments, 0);
    let settings = *settings(vm, arguments);
    let array = vm.heap.string(ARRAY.as_bytes())?;
    let mut encoder =
        Encoder { settings, array: Value::String(array), out: Vec::new(), open: Vec::new() };
    encoder.value(vm, value)?;
    while let Some(level) = encoder.open.pop() {
        encoder.proceed(vm, level)?;
    }
    let out = encoder.out;
    vm.charge(out.len());
    vm.reserve(out.len())?;
    vm.text_result(out)
}

/// A table being written, and how far.
enum Level {
    Array { table: Table, next: usize, length: usize },
    Object { table: Table, key: Value },
}

/// Writes values, with the tables that are open as a list, as they may nest deep.
struct Encoder {
    settings: Settings,
    array: Value,
    out: Vec<u8>,
    open: Vec<Level>,
}

impl Encoder {
    fn value(&mut self, vm: &mut Vm, value: Value) -> Result<(), Error> {
        if self.out.len() > vm.heap.room() {
            return Err(Error::Memory);
        }
        match value {
            Value::Nil | NULL => self.out.extend_from_slice(b"null"),
            Value::Boolean(value) => {
                self.out.extend_from_slice(if value { b"true" } else { b"false" })
            }
            Value::Number(number) => self.number(vm, number)?,
            Value::String(text) => quote(vm.heap.bytes_of(text), &mut self.out),
            Value::Table(table) => self.table(vm, table)?,
            _ => return Err(refused(vm, value, "type not supported")),
        }
        Ok(())
    }

    fn number(&mut self, vm: &mut Vm, number: f64) -> Result<(), Error> {
        if !number.is_finite() {
            match self.settings.invalid_encoded {
                Invalid::Refused => {
                    return Err(refused(vm, Value::Number(number), "must not be NaN or Inf"));
                }
                Invalid::Null => {
                    self.out.extend_from_slice(b"null");
                    return Ok(());
                }
                Invalid::Written if number.is_nan() => {
                    self.out.extend_from_slice(b"nan");
                    return Ok(());
                }
                Invalid::Written => {}
            }
        }
        number::general(number, self.settings.precision as usize, false, &mut self.out);
        Ok(())
    }

    fn table(&mut self, vm: &mut Vm, table: Table) -> Result<(), Error> {
        let depth = self.open.len() as i64 + 1;
        if depth > self.settings.encode_depth {
            return Err(vm.error(format!("Cannot serialise, excessive nesting ({depth})")));
        }
        let is_marked = vm.heap.tables[table.0]
            .metatable
            .is_some_and(|meta| vm.heap.get(meta, self.array).is_truthy());
        let length = match self.array_length(vm, table)? {
            None if is_marked => Some(vm.heap.tables[table.0].border()),
            length => length.filter(|length| *length > 0 || is_marked),
        };
        self.open.push(match length {
            Some(length) => {
                self.out.push(b'[');
                Level::Array { table, next: 1, length }
            }
            None => {
                self.out.push(b'{');
                Level::Object { table, key: Value::Nil }
            }
        });
        Ok(())
    }

    /// The length of a table as an array, if all its keys are whole numbers from 1 and it is not too
    /// sparse for one.
    fn array_length(&self, vm: &mut Vm, table: Table) -> Result<Option<usize>, Error> {
        let (mut most, mut items, mut valid) = (0.0, 0.0, true);
        let data = &vm.heap.tables[table.0];
        for (index, value) in data.array().iter().enumerate() {
            if !value.is_nil() {
                most = (index + 1) as f64;
                items += 1.0;
            }
        }
        data.for_each_hashed(|key, value| {
            if value.is_nil() {
                return;
            }
            match key {
                Value::Number(key)
                    if key >= 1.0 && key.fract() == 0.0 && key <= f64::from(i32::MAX) =>
                {
                    most = f64::max(most, key);
                    items += 1.0;
                }
                _ => valid = false,
            }
        });
        vm.charge(vm.heap.tables[table.0].extent());
        if !valid {
            return Ok(None);
        }
        let Settings { sparse_ratio, sparse_safe, sparse_convert, .. } = self.settings;
        if sparse_ratio > 0 && most > items * sparse_ratio as f64 && most > sparse_safe as f64 {
            if !sparse_convert {
                return Err(refused(vm, Value::Table(table), "excessively sparse array"));
            }
            return Ok(None);
        }
        Ok(Some(most as usize))
    }

    /// Writes the next element of the innermost open table, or closes it.
    fn proceed(&mut self, vm: &mut Vm, level: Level) -> Result<(), Error> {
        match level {
            Level::Array { next, length, .. } if next > length => self.out.push(b']'),
            Level::Array { table, next, length } => {
                if next > 1 {
                    self.out.push(b',');
                }
                let value = vm.heap.tables[table.0].get_number(next as f64);
                self.open.push(Level::Array { table, next: next + 1, length });
                self.value(vm, value)?;
            }
            Level::Object { table, key } => {
                let Ok(Some((next, value))) = vm.heap.tables[table.0].next(key) else {
                    self.out.push(b'}');
                    return Ok(());
                };
                if !key.is_nil() {
                    self.out.push(b',');
                }
                match next {
                    Value::String(text) => quote(vm.heap.bytes_of(text), &mut self.out),
                    Value::Number(number) => {
                        self.out.push(b'"');
                        self.number(vm, number)?;
                        self.out.push(b'"');
                    }
                    _ => return Err(refused(vm, next, "table key must be a number or string")),
                }
                self.out.push(b':');
                self.open.push(Level::Object { table, key: next });
                self.value(vm, value)?;
            }
        }
        Ok(())
    }
}

fn refused(vm: &mut Vm, value: Value, reason: &str) -> Error {
    vm.error(format!("Cannot serialise {}: {reason}", value.type_name()))
}

fn quote(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' | b'/' => out.extend_from_slice(&[b'\\', *byte]),
            8 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            12 => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0..=31 | 127 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

// Decoding.

#[derive(Clone, Debug, PartialEq)]
enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Text(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    Colon,
    Comma,
    End,
    Wrong(&'static str),
}

impl Token {
    fn name(&self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Text(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::End => "T_END",
            Token::Wrong(text) => text,
        }
    }
}

fn decode(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if arguments.count != 1 {
        return Err(vm.argument_error(0, "expected 1 argument"));
    }
    let text = vm.text(arguments, 0)?;
    let source = vm.heap.bytes_of(text).to_vec();
    if source.len() >= 2 && (source[0] == 0 || source[1] == 0) {
        return Err(vm.error("JSON parser does not support UTF-16 or UTF-32"));
    }
    vm.charge(source.len());
    vm.reserve(source.len() * 2)?;
    let settings = *settings(vm, arguments);
    let mut decoder =
        Decoder { source: &source, at: 0, token_at: 0, settings, array_metatable: None };
    let value = decoder.document(vm)?;
    Ok(Flow::One(value))
}

/// A table being read: an array's next index, or an object's key.
enum Open {
    Array { table: Table, index: usize },
    Object { table: Table, key: Value },
}

/// Reads tokens, with the tables that are open as a list, as they may nest deep.
struct Decoder<'a> {
    source: &'a [u8],
    at: usize,
    /// Where the token at hand begins, for messages.
    token_at: usize,
    settings: Settings,
    array_metatable: Option<Table>,
}

impl Decoder<'_> {
    fn document(&mut self, vm: &mut Vm) -> Result<Value, Error> {
        let mut open: Vec<Open> = Vec::new();
        let mut token = self.next();
        loop {
            let mut value = match token {
                Token::Text(text) => Value::String(vm.heap.string_from(text)?),
                Token::Number(number) => Value::Number(number),
                Token::Boolean(value) => Value::Boolean(value),
                Token::Null => NULL,
                Token::ArrayBegin => {
                    let table = self.descend(vm, open.len())?;
                    self.mark_array(vm, table)?;
                    token = self.next();
                    if token == Token::ArrayEnd {
                        Value::Table(table)
                    } else {
                        open.push(Open::Array { table, index: 1 });
                        continue;
                    }
                }
                Token::ObjectBegin => {
                    let table = self.descend(vm, open.len())?;
                    token = self.next();
                    if token == Token::ObjectEnd {
                        Value::Table(table)
                    } else {
                        let key = self.key(vm, token)?;
                        open.push(Open::Object { table, key });
                        token = self.next();
                        continue;
                    }
                }
                other => return Err(self.unexpected(vm, "value", &other)),
            };
            // A value is complete: whatever it completes is complete, too.
            loop {
                token = self.next();
                match open.pop() {
                    None if token == Token::End => return Ok(value),
                    None => return Err(self.unexpected(vm, "the end", &token)),
                    Some(Open::Array { table, index }) => {
                        vm.heap.set(table, Value::Number(index as f64), value)?;
                        match token {
                            Token::ArrayEnd => value = Value::Table(table),
                            Token::Comma => {
                                open.push(Open::Array { table, index: index + 1 });
                                break;
                            }
                            other => return Err(self.unexpected(vm, "comma or array end", &other)),
                        }
                    }
                    Some(Open::Object { table, key }) => {
                        vm.heap.set(table, key, value)?;
                        match token {
                            Token::ObjectEnd => value = Value::Table(table),
                            Token::Comma => {
                                let next = self.next();
                                let key = self.key(vm, next)?;
                                open.push(Open::Object { table, key });
                                break;
                            }
                            other => {
                                return Err(self.unexpected(vm, "comma or object end", &other));
                            }
                        }
                    }
                }
            }
            token = self.next();
        }
    }

    fn descend(&self, vm: &mut Vm, depth: usize) -> Result<Table, Error> {
        let depth = depth as i64 + 1;
        if depth > self.settings.decode_depth {
            let at = self.at;
            return Err(vm.error(format!(
                "Found too many nested data structures ({depth}) at character {at}"
            )));
        }
        vm.heap.table(0, 0)
    }

    fn mark_array(&mut self, vm: &mut Vm, table: Table) -> Result<(), Error> {
        if !self.settings.mark_arrays {
            return Ok(());
        }
        let metatable = match self.array_metatable {
            Some(metatable) => metatable,
            None => {
                let metatable = vm.heap.table(0, 1)?;
                vm.heap.set_field(metatable, ARRAY, Value::Boolean(true))?;
                *self.array_metatable.insert(metatable)
            }
        };
        vm.heap.tables[table.0].metatable = Some(metatable);
        Ok(())
    }

    /// An object's key, with the colon behind it.
    fn key(&mut self, vm: &mut Vm, token: Token) -> Result<Value, Error> {
        let Token::Text(text) = token else {
            return Err(self.unexpected(vm, "object key string", &token));
        };
        let key = Value::String(vm.heap.string_from(text)?);
        match self.next() {
            Token::Colon => Ok(key),
            other => Err(self.unexpected(vm, "colon", &other)),
        }
    }

    fn unexpected(&self, vm: &mut Vm, expected: &str, found: &Token) -> Error {
        let at = self.token_at + 1;
        vm.error(format!("Expected {expected} but found {} at character {at}", found.name()))
    }

    fn peek(&self) -> u8 {
        self.source.get(self.at).copied().unwrap_or(0)
    }

    fn next(&mut self) -> Token {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.token_at = self.at;
        let simple = match self.peek() {
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            0 => return Token::End,
            b'"' => return self.text(),
            _ => return self.word(),
        };
        self.at += 1;
        simple
    }

    fn wrong(&mut self, text: &'static str) -> Token {
        self.token_at = self.at;
        Token::Wrong(text)
    }

    fn word(&mut self) -> Token {
        let rest = &self.source[self.at..];
        if rest[0] == b'-' || rest[0].is_ascii_digit() {
            if !self.settings.invalid_decoded && is_invalid_number(rest) {
                return self.wrong("invalid number");
            }
            return self.number();
        }
        for (word, token) in [
            ("true", Token::Boolean(true)),
            ("false", Token::Boolean(false)),
            ("null", Token::Null),
        ] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return token;
            }
        }
        let starts_number = matches!(rest[0], b'+' | b'i' | b'I' | b'n' | b'N');
        if starts_number && self.settings.invalid_decoded && is_invalid_number(rest) {
            return self.number();
        }
        self.wrong("invalid token")
    }

    fn number(&mut self) -> Token {
        match number::prefix(&self.source[self.at..]) {
            Some((number, used)) => {
                self.at += used;
                Token::Number(number)
            }
            None => self.wrong("invalid number"),
        }
    }

    fn text(&mut self) -> Token {
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                b'"' => break,
                0 => return self.wrong("unexpected end of string"),
                b'\\' => {
                    if let Err(wrong) = self.escape(&mut text) {
                        return self.wrong(wrong);
                    }
                }
                byte => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
        self.at += 1;
        Token::Text(text)
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), &'static str> {
        let meant = match self.source.get(self.at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(text).ok_or("invalid unicode escape code"),
            _ => return Err("invalid escape code"),
        };
        text.push(meant);
        self.at += 2;
        Ok(())
    }

    /// The number behind a `\u` at a place.
    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.source.get(at + 2..at + 6)?;
        digits.iter().try_fold(0, |code, digit| Some(code * 16 + (*digit as char).to_digit(16)?))
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Option<()> {
        let mut code = self.hex(self.at)?;
        let mut length = 6;
        if code & 0xf800 == 0xd800 {
            // A pair of surrogates, the high one first.
            let low_at = self.at + 6;
            if code & 0x400 != 0 || !self.source.get(low_at..)?.starts_with(b"\\u") {
                return None;
            }
            let low = self.hex(low_at)?;
            if low & 0xfc00 != 0xdc00 {
                return None;
            }
            code = (((code & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000;
            length = 12;
        }
        let mut utf8 = [0; 4];
        text.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut utf8).as_bytes());
        self.at += length;
        Some(())
    }
}

/// Whether what begins here is a number for C, but not for JSON.
fn is_invalid_number(text: &[u8]) -> bool {
    if text[0] == b'+' {
        return true;
    }
    let text = text.strip_prefix(b"-").unwrap_or(text);
    match text.first() {
        Some(b'0') => text.get(1).is_some_and(|byte| byte | 32 == b'x' || byte.is_ascii_digit()),
        Some(byte) if *byte <= b'9' => false,
        _ => {
            text.len() >= 3
                && (text[..3].eq_ignore_ascii_case(b"inf")
                    || text[..3].eq_ignore_ascii_case(b"nan"))
        }
    }
}
