//! Reading arguments. Handlers read all of them before they touch data.

use crate::error::CommandError;
use crate::long_double::LongDouble;
use crate::time::UnixMillis;
use keyspace_resp::parse_double;

/// A command's arguments, its name first.
pub(crate) type Args<'a> = [&'a [u8]];

/// The arguments of a command with no more than these need no allocation.
pub(crate) const FEW_ARGUMENTS: usize = 8;

/// Whether an argument is this keyword, in any case.
pub(crate) fn is(arg: &[u8], keyword: &str) -> bool {
    arg.eq_ignore_ascii_case(keyword.as_bytes())
}

/// Whether an argument says how a command that empties something goes about it; here that is all
/// the same.
pub(crate) fn is_flush_mode(arg: &[u8]) -> bool {
    is(arg, "sync") || is(arg, "async")
}

/// A signed 64-bit integer in canonical decimal form.
pub(crate) fn integer(arg: &[u8]) -> Result<i64, CommandError> {
    crate::value::canonical_integer(arg).ok_or(CommandError::NotAnInteger)
}

/// A finite or infinite double; `nan`, white space and an empty text are refused.
pub(crate) fn float(arg: &[u8]) -> Result<f64, CommandError> {
    parse_float(arg).ok_or(CommandError::NotAFloat)
}

/// A double as C's `strtod` reads it, without white space around it: decimal or `inf`.
pub(crate) fn parse_float(arg: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(arg).ok()?;
    let value: f64 = match text.trim_start_matches(['+', '-']).get(..2) {
        Some("0x" | "0X") => parse_hex_float(text)?,
        _ => parse_double(arg)?,
    };
    // A decimal number too large for a double is out of range, not infinite.
    let named_infinity = text.to_ascii_lowercase().contains("inf");
    (!value.is_nan() && (value.is_finite() || named_infinity)).then_some(value)
}

/// A hexadecimal integer or fraction, such as `0x1A` or `0x1.8p3`.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let (mantissa, exponent) = match digits.split_once(['p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let scale = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    value *= 2f64.powi(scale);
    Some(if negative { -value } else { value })
}

/// A blocking command's timeout in seconds, as the point at which it ends; `None` for 0, which
/// waits for ever.
pub(crate) fn timeout(arg: &[u8], now: UnixMillis) -> Result<Option<UnixMillis>, CommandError> {
    let seconds = LongDouble::parse(arg).ok_or(CommandError::TimeoutNotFloat)?;
    match seconds.ceil_millis() {
        i64::MAX => Err(CommandError::TimeoutOutOfRange),
        ..0 => Err(CommandError::TimeoutNegative),
        0 => Ok(None),
        millis => now.checked_add(millis).map(Some).ok_or(CommandError::TimeoutOutOfRange),
    }
}

/// When a timeout in milliseconds ends; `None` for 0, which waits for ever.
pub(crate) fn timeout_millis(
    arg: &[u8],
    now: UnixMillis,
) -> Result<Option<UnixMillis>, CommandError> {
    let millis = integer(arg).map_err(|_| CommandError::TimeoutNotInteger)?;
    match millis {
        0 => Ok(None),
        ..0 => Err(CommandError::TimeoutNegative),
        _ => now.checked_add(millis).map(Some).ok_or(CommandError::TimeoutOutOfRange),
    }
}

/// The integer that a text begins with, as C's `atoi` reads it: 0 where it begins with none.
pub(crate) fn leading_integer(arg: &[u8]) -> i64 {
    let text = arg.trim_ascii_start();
    let signs = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let (sign, rest) = text.split_at(signs);
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let step =
        |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    let number = digits.fold(0, step);
    if sign == b"-" { -number } else { number }
}

/// The keys that follow a `numkeys` argument at `args[at]`, and what follows the keys.
pub(crate) fn counted_keys<'b, 'a>(
    args: &'b Args<'a>,
    at: usize,
) -> Result<(&'b Args<'a>, &'b Args<'a>), CommandError> {
    let count = integer(args[at]).map_err(|_| CommandError::NumKeysNotPositive)?;
    let count = usize::try_from(count).ok().filter(|&count| count > 0);
    let count = count.ok_or(CommandError::NumKeysNotPositive)?;
    let rest = &args[at + 1..];
    if count > rest.len() {
        return Err(CommandError::NumKeysTooMany);
    }
    Ok(rest.split_at(count))
}

/// A cursor over options: keywords and what follows them.
#[derive(Debug)]
pub(crate) struct Options<'b, 'a> {
    rest: &'b Args<'a>,
}

impl<'b, 'a> Options<'b, 'a> {
    /// A cursor over `args`, which start with the first option.
    pub fn new(args: &'b Args<'a>) -> Self {
        Options { rest: args }
    }

    /// The next argument, if there is one.
    pub fn next(&mut self) -> Option<&'a [u8]> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// The argument that a keyword needs behind it.
    pub fn value(&mut self) -> Result<&'a [u8], CommandError> {
        self.next().ok_or(CommandError::Syntax)
    }

    /// The integer that a keyword needs behind it.
    pub fn integer(&mut self) -> Result<i64, CommandError> {
        integer(self.value()?)
    }

    /// What has not been read.
    pub fn rest(&self) -> &'b Args<'a> {
        self.rest
    }
}

/// An index range as LRANGE, GETRANGE and ZRANGE take it, negative numbers counting from the
/// end: the first and last of `len` elements, or `None` where the range is empty.
pub(crate) fn clamp_range(start: i64, stop: i64, len: usize) -> Option<(usize, usize)> {
    let len = len as i64;
    let start = if start < 0 { (start.saturating_add(len)).max(0) } else { start };
    let stop = if stop < 0 { stop.saturating_add(len) } else { stop.min(len - 1) };
    (start <= stop && start < len).then_some((start as usize, stop as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_strtod_reads_them() {
        for (text, value) in [
            ("1.5", Some(1.5)),
            ("+1", Some(1.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e3", Some(1000.0)),
            ("0x10", Some(16.0)),
            ("-0x1.8p1", Some(-3.0)),
            ("inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("nan", None),
            ("1e400", None),
            ("", None),
            (" 1", None),
            ("1 ", None),
            ("0x", None),
        ] {
            assert_eq!(parse_float(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn timeouts_are_exact_to_the_millisecond() {
        let timeout = |text: &str| timeout(text.as_bytes(), UnixMillis(1000));
        for (text, end) in [
            ("0", None),
            ("-0.001", None),
            ("0.07", Some(1070)),
            ("0.0001", Some(1001)),
            ("1.001", Some(2001)),
            ("9223372036854773.5", Some(9_223_372_036_854_774_500)),
        ] {
            assert_eq!(timeout(text), Ok(end.map(UnixMillis)), "{text}");
        }
        for (text, error) in [
            ("-0.002", CommandError::TimeoutNegative),
            ("-inf", CommandError::TimeoutNegative),
            ("inf", CommandError::TimeoutOutOfRange),
            ("1e300", CommandError::TimeoutOutOfRange),
            ("9223372036854775", CommandError::TimeoutOutOfRange),
            ("nan", CommandError::TimeoutNotFloat),
            ("1s", CommandError::TimeoutNotFloat),
        ] {
            assert_eq!(timeout(text), Err(error), "{text}");
        }
    }

    #[test]
    fn ranges_count_from_either_end() {
        assert_eq!(clamp_range(0, -1, 3), Some((0, 2)));
        assert_eq!(clamp_range(-100, 100, 3), Some((0, 2)));
        assert_eq!(clamp_range(3, 5, 3), None);
        assert_eq!(clamp_range(2, 1, 3), None);
        assert_eq!(clamp_range(0, -1, 0), None);
        assert_eq!(clamp_range(i64::MIN, i64::MIN, 3), None);
    }
}
