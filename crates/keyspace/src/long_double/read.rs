//! Reading a number as C's `strtold` does: the nearest one with 64 bits of precision, ties to even.

use super::LongDouble;

/// Longer texts are no numbers for Redis.
pub(super) const MAX_TEXT_BYTES: usize = 5 * 1024 - 1;
/// Decimal exponents beyond this are too large, or too small, behind any mantissa of that length.
const EXPONENT_BOUND: i64 = 20_000;
/// Bits of a quotient that rounding to 64 needs: the first may be zero, and the last shows a tie.
const QUOTIENT_BITS: u32 = 66;

impl LongDouble {
    /// Reads a decimal or hexadecimal number or an infinity, without white space around it.
    /// A finite text that is too large or too small for the type is refused.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let (negative, digits) = match text {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let magnitude = parse_magnitude(&digits.to_ascii_lowercase())?;
        Some(if negative { -magnitude } else { magnitude })
    }
}

/// Reads a number without a sign, in lower case.
fn parse_magnitude(text: &[u8]) -> Option<LongDouble> {
    if matches!(text, b"inf" | b"infinity") {
        return Some(LongDouble::INFINITY);
    }
    let (digits, radix, marker) = match text {
        [b'0', b'x', hex @ ..] => (hex, 16, b'p'),
        _ => (text, 10, b'e'),
    };
    let end = digits.iter().position(|&byte| byte == marker);
    let (mantissa, exponent) = match end {
        Some(end) => (&digits[..end], parse_exponent(&digits[end + 1..])?),
        None => (digits, 0),
    };
    let point = mantissa.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = match point {
        Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
        None => (mantissa, &[][..]),
    };
    let digits: Option<Vec<u8>> =
        whole.iter().chain(fraction).map(|&byte| digit(byte, radix)).collect();
    let digits = digits.filter(|digits| !digits.is_empty())?;
    if digits.iter().all(|&digit| digit == 0) {
        return Some(LongDouble::ZERO);
    }
    if exponent.abs() > EXPONENT_BOUND {
        return None;
    }
    let places = fraction.len() as i64;
    let number = match radix {
        16 => hexadecimal(&digits, exponent - 4 * places),
        _ => decimal(&digits, exponent - places),
    };
    (number.is_finite() && number != LongDouble::ZERO).then_some(number)
}

fn digit(byte: u8, radix: u32) -> Option<u8> {
    char::from(byte).to_digit(radix).map(|digit| digit as u8)
}

/// Reads an exponent with its sign; one of any length, saturated.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let magnitude = digits.iter().try_fold(0i64, |number, &byte| {
        Some(number.saturating_mul(10).saturating_add(digit(byte, 10)?.into()))
    })?;
    Some(if text.starts_with(b"-") { -magnitude } else { magnitude })
}

/// The digits, as an integer, times two to this power.
fn hexadecimal(digits: &[u8], power: i64) -> LongDouble {
    let (mut number, mut more, mut power) = (0u128, false, power as i32);
    for &digit in digits {
        if number >> 120 == 0 {
            number = number << 4 | u128::from(digit);
        } else {
            more |= digit != 0;
            power += 4;
        }
    }
    LongDouble::rounded(number, more, power)
}

/// The digits, as an integer, times ten to this power.
fn decimal(digits: &[u8], power: i64) -> LongDouble {
    let scaled = keyspace_decimal::scaled(digits, power as i32, QUOTIENT_BITS);
    LongDouble::rounded(scaled.bits, scaled.is_inexact, scaled.exponent)
}
