//! How Python prints values: `json.dumps`, `repr` and `datetime.isoformat`, to the byte.
//!
//! Messages are compared with recorded ones byte for byte, and readers of a task's `argsrepr` see
//! Python. Values are [`serde_json::Value`]; what JSON cannot hold is no concern here.

use keyspace::UnixMillis;
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};
use std::fmt::Write as _;
use std::io;

/// `json.dumps(value)`: `", "` and `": "` between, and nothing but ASCII.
pub fn json_dumps(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut out, JsonDumps);
    value.serialize(&mut serializer).expect("a JSON value writes to memory");
    out
}

/// `repr(value)`; arrays are lists.
pub fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(double) if number.is_f64() => float_repr(double),
            _ => number.to_string(),
        },
        Value::String(text) => string_repr(text),
        Value::Array(items) => format!("[{}]", join(items)),
        Value::Object(map) => {
            let pairs =
                map.iter().map(|(key, value)| format!("{}: {}", string_repr(key), repr(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A value over several lines where it does not fit in one of so many characters, laid out as
/// `pprint` does; dicts keep their order.
pub fn pretty(value: &Value, width: usize) -> String {
    let mut out = String::new();
    write_pretty(&mut out, value, 0, width);
    out
}

/// Writes a value that begins `indent` characters behind the start of the line, with `width` left
/// in all.
fn write_pretty(out: &mut String, value: &Value, indent: usize, width: usize) {
    let in_a_line = repr(value);
    let fits = indent + in_a_line.chars().count() <= width;
    let between = format!(",\n{:indent$}", "", indent = indent + 1);
    match value {
        Value::Array(items) if !fits && !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { &between });
                write_pretty(out, item, indent + 1, width.saturating_sub(1));
            }
            out.push(']');
        }
        Value::Object(map) if !fits && !map.is_empty() => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                let key = format!("{}: ", string_repr(key));
                out.push_str(if at == 0 { "" } else { &between });
                out.push_str(&key);
                let behind = indent + 1 + key.chars().count();
                write_pretty(out, value, behind, width.saturating_sub(1));
            }
            out.push('}');
        }
        _ => out.push_str(&in_a_line),
    }
}

/// `repr(tuple(items))`: `()`, `(1,)`, `(1, 2)`.
pub fn tuple_repr(items: &[Value]) -> String {
    match items {
        [only] => format!("({},)", repr(only)),
        _ => format!("({})", join(items)),
    }
}

/// `repr` of a double: the shortest digits that read back as the same double.
pub fn float_repr(value: f64) -> String {
    let shortest = format!("{value:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// `datetime.isoformat()` of a point in time in UTC, as in `2026-11-23T02:57:54.991000+00:00`.
pub fn isoformat(at: UnixMillis) -> String {
    let nanos = i128::from(at.0) * 1_000_000;
    let Ok(at) = time::OffsetDateTime::from_unix_timestamp_nanos(nanos) else {
        return String::new();
    };
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    if at.microsecond() != 0 {
        let _ = write!(text, ".{:06}", at.microsecond());
    }
    text + "+00:00"
}

/// `datetime.fromisoformat(text)`, for the form that [`isoformat`] writes.
pub fn parse_isoformat(text: &str) -> Option<UnixMillis> {
    let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    let millis = at.ok()?.unix_timestamp_nanos().div_euclid(1_000_000);
    i64::try_from(millis).ok().map(UnixMillis)
}

/// `time.time()`: seconds as Python prints them.
pub fn timestamp(at: UnixMillis) -> String {
    float_repr(at.0 as f64 / 1000.0)
}

/// `time.time()` as JSON.
pub(crate) fn seconds(at: UnixMillis) -> Value {
    Value::from(at.0 as f64 / 1000.0)
}

/// A number of seconds as Python has it: an integer where it is whole.
pub(crate) fn number(seconds: f64) -> Value {
    if seconds.fract() == 0.0 && seconds.abs() < 1e15 {
        return Value::from(seconds as i64);
    }
    Value::from(seconds)
}

fn join(items: &[Value]) -> String {
    items.iter().map(repr).collect::<Vec<_>>().join(", ")
}

/// `repr(text)`: the text in quotes.
pub fn string_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(quote);
    for char in text.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char == quote => out.extend(['\\', char]),
            char if char.is_ascii_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push(quote);
    out
}

/// The layout of `json.dumps` with its defaults.
struct JsonDumps;

impl Formatter for JsonDumps {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(float_repr(value).as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for char in fragment.chars() {
            if matches!(char, ' '..='~') {
                writer.write_all(&[char as u8])?;
            } else {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_fit_in_a_line_is_laid_out_over_several() {
        let value = json!({"ok": "pong", "queues": [{"name": "celery"}, {"name": "mail"}]});
        assert_eq!(pretty(&value, 80), repr(&value));
        let lines =
            ["{'ok': 'pong',", " 'queues': [{'name': 'celery'},", "            {'name': 'mail'}]}"];
        assert_eq!(pretty(&value, 32), lines.join("\n"));
        assert_eq!(pretty(&json!([]), 1), "[]");
    }

    #[test]
    fn json_is_laid_out_as_by_python() {
        let value = json!({"a": [1, null, true], "é": "\u{7f}😀\n\"", "f": 5.0, "e": {}, "l": []});
        let expected = concat!(
            r#"{"a": [1, null, true], "\u00e9": "\u007f\ud83d\ude00\n\"", "#,
            r#""f": 5.0, "e": {}, "l": []}"#
        );
        assert_eq!(String::from_utf8(json_dumps(&value)).unwrap(), expected);
    }

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (5.0, "5.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (9007199254740993.0, "9007199254740992.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (0.0, "0.0"),
        ];
        for (value, text) in cases {
            assert_eq!(float_repr(value), text);
        }
    }

    #[test]
    fn repr_is_pythons() {
        let value = json!([1, "it's", "a\"'", null, true, {"k": 1.5}, "\n\u{1}"]);
        assert_eq!(repr(&value), r#"[1, "it's", 'a"\'', None, True, {'k': 1.5}, '\n\x01']"#);
        assert_eq!(tuple_repr(&[json!(1)]), "(1,)");
        assert_eq!(tuple_repr(&[json!(2), json!(3)]), "(2, 3)");
        assert_eq!(tuple_repr(&[]), "()");
    }

    #[test]
    fn times_print_as_in_python() {
        let at = UnixMillis(1_795_402_674_991);
        assert_eq!(isoformat(at), "2026-11-23T02:57:54.991000+00:00");
        assert_eq!(parse_isoformat("2026-11-23T02:57:54.991000+00:00"), Some(at));
        assert_eq!(parse_isoformat("tomorrow"), None);
        assert_eq!(isoformat(UnixMillis(0)), "1970-01-01T00:00:00+00:00");
        assert_eq!(isoformat(UnixMillis(i64::MAX)), "");
        assert_eq!(timestamp(at), "1795402674.991");
        assert_eq!(timestamp(UnixMillis(1_795_402_674_000)), "1795402674.0");
    }
}
