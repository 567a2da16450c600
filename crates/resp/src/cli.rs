//! Replies as text: exactly what `redis-cli --no-raw` prints for them.
//!
//! Aggregates are numbered and nested by indentation, strings are quoted, and what a person reads
//! as text (`INFO`, `CLIENT LIST`) is shown as it is. Doubles are printed by [`format_double`], so
//! that servers that write the digits differently look the same.

use crate::double::format_double;
use crate::value::Value;
use std::fmt::Write;

/// Formats a reply. Lines are separated by `\n`, without one at the end.
///
/// ```
/// use keyspace_resp::{Value, cli};
///
/// let (reply, _) = Value::decode(b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n").unwrap().unwrap();
/// assert_eq!(cli::format(&reply), "1) \"a\"\n2) 1) (integer) 1\n   2) (nil)");
/// ```
pub fn format(reply: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, reply, 0);
    out
}

/// Formats the reply to a command: like [`format()`], unless [`is_text`] says that it is shown as
/// it is.
///
/// ```
/// use keyspace_resp::{Value, cli};
///
/// let reply = Value::Bulk(b"# Clients\r\nconnected_clients:1\r\n".to_vec());
/// assert_eq!(cli::format_answer(&["INFO", "clients"], &reply), "# Clients\r\nconnected_clients:1\r\n");
/// assert_eq!(cli::format_answer(&["GET", "k"], &reply), r##""# Clients\r\nconnected_clients:1\r\n""##);
/// ```
pub fn format_answer<A: AsRef<[u8]>>(command: &[A], reply: &Value) -> String {
    match reply {
        Value::Bulk(text) | Value::Error(text) if is_text(command) => lossy(text),
        _ => format(reply),
    }
}

/// Whether the reply to a command is text for a person, which is shown unquoted.
pub fn is_text<A: AsRef<[u8]>>(command: &[A]) -> bool {
    let word = |index: usize| command.get(index).map_or(&b""[..], AsRef::as_ref);
    let is = |index: usize, names: &[&str]| {
        names.iter().any(|name| word(index).eq_ignore_ascii_case(name.as_bytes()))
    };
    is(0, &["info", "lolwut"])
        || is(0, &["client"]) && is(1, &["list", "info"])
        || is(0, &["memory"]) && is(1, &["malloc-stats", "doctor"])
        || is(0, &["debug"]) && is(1, &["htstats", "htstats-key"])
        || is(0, &["cluster"]) && is(1, &["nodes", "info"]) && command.len() == 2
        || is(0, &["latency"]) && is(1, &["graph"]) && command.len() == 3
        || is(0, &["latency"]) && is(1, &["doctor"]) && command.len() == 2
}

/// Quotes bytes so that [`split_args`](crate::split_args) reads them back: printable ASCII as it
/// is, everything else escaped.
///
/// ```
/// assert_eq!(keyspace_resp::cli::quote(b"a \"b\"\n\xff"), r#""a \"b\"\n\xff""#);
/// ```
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => write!(out, "\\x{byte:02x}").expect("writing to a String cannot fail"),
        }
    }
    out.push('"');
    out
}

/// Appends a reply whose further lines are indented by `indent` columns.
fn write_value(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Simple(text) | Value::Verbatim(_, text) | Value::BigNumber(text) => {
            out.push_str(&lossy(text));
        }
        Value::Error(text) => {
            out.push_str("(error) ");
            out.push_str(&lossy(text));
        }
        Value::Integer(number) => {
            write!(out, "(integer) {number}").expect("writing to a String cannot fail");
        }
        Value::Bulk(bytes) => out.push_str(&quote(bytes)),
        Value::Null | Value::NullArray => out.push_str("(nil)"),
        Value::Boolean(value) => out.push_str(if *value { "(true)" } else { "(false)" }),
        Value::Double(number) => {
            let mut digits = Vec::new();
            format_double(&mut digits, *number);
            out.push_str("(double) ");
            out.push_str(&lossy(&digits));
        }
        Value::Array(items) => write_items(out, items, indent, ')', "(empty array)"),
        Value::Set(items) => write_items(out, items, indent, '~', "(empty set)"),
        Value::Push(items) => write_items(out, items, indent, ')', "(empty push)"),
        Value::Map(pairs) => write_map(out, pairs, indent),
    }
}

fn write_items(out: &mut String, items: &[Value], indent: usize, mark: char, empty: &str) {
    if items.is_empty() {
        out.push_str(empty);
    }
    let width = index_width(items.len());
    for (index, item) in items.iter().enumerate() {
        write_index(out, index, width, indent, mark);
        write_value(out, item, indent + width + 2);
    }
}

fn write_map(out: &mut String, pairs: &[(Value, Value)], indent: usize) {
    if pairs.is_empty() {
        out.push_str("(empty hash)");
    }
    let width = index_width(pairs.len());
    let inner = indent + width + 2;
    for (index, (key, value)) in pairs.iter().enumerate() {
        write_index(out, index, width, indent, '#');
        write_value(out, key, inner);
        out.push_str(" => ");
        if takes_lines(value) {
            start_line(out, inner);
        }
        write_value(out, value, inner);
    }
}

/// Starts an element: its number, right-aligned. The first stands where its parent left off.
fn write_index(out: &mut String, index: usize, width: usize, indent: usize, mark: char) {
    if index > 0 {
        start_line(out, indent);
    }
    write!(out, "{:>width$}{mark} ", index + 1).expect("writing to a String cannot fail");
}

fn start_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Digits of the largest number in an aggregate.
fn index_width(len: usize) -> usize {
    len.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// Whether an aggregate has more than one element at some level; a map puts it on its own lines.
fn takes_lines(value: &Value) -> bool {
    match value {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            items.len() > 1 || items.iter().any(takes_lines)
        }
        Value::Map(pairs) => {
            pairs.len() > 1
                || pairs.iter().any(|(key, value)| takes_lines(key) || takes_lines(value))
        }
        _ => false,
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split_args;
    use proptest::prelude::*;

    fn formatted(wire: &str) -> String {
        let wire = wire.replace(' ', "\r\n") + "\r\n";
        let (value, used) = Value::decode(wire.as_bytes()).expect("valid").expect("complete");
        assert_eq!(used, wire.len());
        format(&value)
    }

    #[test]
    fn scalars_say_their_type() {
        for (wire, text) in [
            ("+OK", "OK"),
            ("-ERR", "(error) ERR"),
            (":-7", "(integer) -7"),
            ("$-1", "(nil)"),
            ("*-1", "(nil)"),
            ("_", "(nil)"),
            ("#t", "(true)"),
            ("#f", "(false)"),
            (",0.10000000000000001", "(double) 0.1"),
            (",inf", "(double) inf"),
            ("(12345678901234567890123", "12345678901234567890123"),
            ("=6 txt:hi", "hi"),
        ] {
            assert_eq!(formatted(wire), text, "{wire}");
        }
    }

    #[test]
    fn bytes_that_do_not_print_are_escaped() {
        let all = b"a\x00\xff\"\\\n\r\t\x07\x08\x7f \xc3\xa9";
        assert_eq!(quote(all), r#""a\x00\xff\"\\\n\r\t\a\b\x7f \xc3\xa9""#);
    }

    #[test]
    fn empty_aggregates_are_named() {
        assert_eq!(
            formatted("*5 *0 %0 ~0 >0 *1 *0"),
            "1) (empty array)\n2) (empty hash)\n3) (empty set)\n4) (empty push)\n5) 1) (empty array)"
        );
    }

    #[test]
    fn nested_arrays_are_indented_by_the_width_of_their_numbers() {
        assert_eq!(
            formatted("*2 :1 *2 :2 *2 :3 :4"),
            "1) (integer) 1\n2) 1) (integer) 2\n   2) 1) (integer) 3\n      2) (integer) 4"
        );
        let lines = formatted("*11 *2 :1 *0 :2 :3 :4 :5 :6 :7 :8 :9 :10 *2 :11 *0");
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!(lines[..3], [" 1) 1) (integer) 1", "    2) (empty array)", " 2) (integer) 2"]);
        assert_eq!(lines[11..], ["11) 1) (integer) 11", "    2) (empty array)"]);
    }

    #[test]
    fn maps_and_sets_have_their_own_marks() {
        assert_eq!(formatted("%2 $1 a :1 $1 b ~2 #t _"), {
            "1# \"a\" => (integer) 1\n2# \"b\" => \n   1~ (true)\n   2~ (nil)"
        });
    }

    #[test]
    fn a_map_keeps_a_value_on_its_line_while_that_has_one_element() {
        assert_eq!(formatted("%1 +a %1 +b %1 +c :1"), "1# a => 1# b => 1# c => (integer) 1");
        assert_eq!(formatted("%1 +a *1 *2 :1 :2"), {
            "1# a => \n   1) 1) (integer) 1\n      2) (integer) 2"
        });
        assert_eq!(formatted("%1 *2 :1 :2 *2 :1 :2"), {
            "1# 1) (integer) 1\n   2) (integer) 2 => \n   1) (integer) 1\n   2) (integer) 2"
        });
    }

    #[test]
    fn replies_for_a_person_are_shown_as_they_are() {
        let list = Value::Bulk(b"id=1\n".to_vec());
        assert_eq!(format_answer(&["client", "LIST"], &list), "id=1\n");
        assert_eq!(format_answer(&["client", "getname"], &list), "\"id=1\\n\"");
        assert_eq!(format_answer(&["LATENCY", "doctor"], &list), "id=1\n");
        let error = Value::Error(b"ERR syntax error".to_vec());
        assert_eq!(format_answer(&["CLIENT", "LIST", "x"], &error), "ERR syntax error");
        assert!(!is_text::<&str>(&[]));
    }

    proptest! {
        #[test]
        fn what_is_quoted_reads_back_as_the_same_bytes(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_eq!(split_args(quote(&bytes).as_bytes()), Ok(vec![bytes]));
        }
    }
}
