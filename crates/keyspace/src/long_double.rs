//! The 80-bit floating point of x87, in which INCRBYFLOAT and HINCRBYFLOAT calculate in Redis.
//!
//! Its 64 bits of precision are why 0.1 + 0.2 is 0.3 there. Numbers are read as C's `strtold`
//! reads them and printed as `%.17Lf` prints them, without the zeros at the end.

use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round};
use std::ops::{Add, Sub};

/// Longer texts are no numbers for Redis.
const MAX_TEXT_BYTES: usize = 5 * 1024 - 1;
/// Decimal exponents beyond this are too large, or too small, behind any mantissa of that length.
const EXPONENT_BOUND: i64 = 20_000;
/// Digits printed after the point.
const FRACTION_DIGITS: usize = 17;
/// One unit of the integer that holds the printed digits of a fraction.
const FRACTION_UNITS: u128 = 10u128.pow(FRACTION_DIGITS as u32);

/// An extended-precision number; it may be infinite, and not-a-number as the sum of infinities.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct LongDouble(X87DoubleExtended);

impl LongDouble {
    pub const ZERO: LongDouble = LongDouble(X87DoubleExtended::ZERO);

    /// The smallest and the largest finite number.
    pub fn limits() -> (LongDouble, LongDouble) {
        let largest = X87DoubleExtended::largest();
        (LongDouble(-largest), LongDouble(largest))
    }

    /// Reads a decimal or hexadecimal number or an infinity, without white space around it.
    /// A finite text that is too large or too small for the type is refused.
    pub fn parse(text: &[u8]) -> Option<LongDouble> {
        if text.is_empty() || text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let (negative, digits) = match text.as_bytes()[0] {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let magnitude = parse_magnitude(&digits.to_ascii_lowercase())?;
        Some(LongDouble(if negative { -magnitude } else { magnitude }))
    }

    /// Neither infinite nor not-a-number.
    pub fn is_finite(self) -> bool {
        self.0.is_finite()
    }

    /// This number of seconds in milliseconds, rounded up; the nearest integer where it is out of
    /// range.
    pub fn ceil_millis(self) -> i64 {
        let millis = (self.0 * LongDouble::from(1000).0).value;
        let rounded = millis.to_i128_r(64, Round::TowardPositive, &mut false).value;
        rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Plain decimal notation with at most 17 digits after the point, rounded to even. The number
    /// must be finite.
    pub fn format(self) -> String {
        let bits = self.0.to_bits();
        let mantissa = bits as u64;
        // The number is the mantissa, as an integer, times two to this power.
        let power = ((bits >> 64) as i32 & 0x7fff).max(1) - 16383 - 63;
        let mut digits = match power {
            0.. => format_integer(mantissa, power as u32),
            _ => format_fraction(mantissa, power.unsigned_abs()),
        };
        if self.0.is_negative() && digits != "0" {
            digits.insert(0, '-');
        }
        digits
    }
}

impl From<i64> for LongDouble {
    fn from(value: i64) -> Self {
        LongDouble(X87DoubleExtended::from_i128(i128::from(value)).value)
    }
}

impl Add for LongDouble {
    type Output = LongDouble;

    fn add(self, other: LongDouble) -> LongDouble {
        LongDouble((self.0 + other.0).value)
    }
}

impl Sub for LongDouble {
    type Output = LongDouble;

    fn sub(self, other: LongDouble) -> LongDouble {
        LongDouble((self.0 - other.0).value)
    }
}

/// Reads a number without a sign, in lower case.
fn parse_magnitude(text: &str) -> Option<X87DoubleExtended> {
    if text == "inf" || text == "infinity" {
        return Some(X87DoubleExtended::INFINITY);
    }
    let (digits, is_digit, marker): (&str, fn(&u8) -> bool, char) = match text.strip_prefix("0x") {
        Some(hex) => (hex, u8::is_ascii_hexdigit, 'p'),
        None => (text, u8::is_ascii_digit, 'e'),
    };
    let (mantissa, exponent) = digits.split_once(marker).unwrap_or((digits, "0"));
    if mantissa.bytes().filter(|byte| *byte == b'.').count() > 1
        || !mantissa.bytes().all(|byte| byte == b'.' || is_digit(&byte))
        || !mantissa.bytes().any(|byte| is_digit(&byte))
    {
        return None;
    }
    let exponent = parse_exponent(exponent)?;
    if mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return Some(X87DoubleExtended::ZERO);
    }
    if exponent.abs() > EXPONENT_BOUND {
        return None;
    }
    let prefix = if marker == 'p' { "0x" } else { "" };
    let parsed = format!("{prefix}{mantissa}{marker}{exponent}").parse::<X87DoubleExtended>();
    parsed.ok().filter(|number| number.is_finite() && !number.is_zero())
}

/// Reads an exponent with its sign; one of any length, saturated.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse().unwrap_or(i64::MAX);
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

/// `mantissa * 2^power` in decimal.
fn format_integer(mantissa: u64, power: u32) -> String {
    /// A limb holds nine decimal digits, so that it can be doubled 29 times within 64 bits.
    const LIMB: u64 = 1_000_000_000;
    const SHIFT_MAX: u32 = 29;
    let mut limbs = vec![mantissa % LIMB, mantissa / LIMB % LIMB, mantissa / LIMB / LIMB];
    let mut left = power;
    while left > 0 {
        let shift = left.min(SHIFT_MAX);
        let mut carry = 0;
        for limb in &mut limbs {
            let wide = (*limb << shift) + carry;
            *limb = wide % LIMB;
            carry = wide / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
        left -= shift;
    }
    let mut digits: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    let zeros = digits.bytes().take_while(|&digit| digit == b'0').count();
    digits.drain(..zeros.min(digits.len() - 1));
    digits
}

/// `mantissa / 2^shift` in decimal, rounded to the digits that are printed.
fn format_fraction(mantissa: u64, shift: u32) -> String {
    let mantissa = u128::from(mantissa);
    let whole = mantissa.checked_shr(shift).unwrap_or(0);
    let fraction = match 1u128.checked_shl(shift) {
        Some(unit) => mantissa & (unit - 1),
        None => mantissa,
    };
    // 64 bits times 57 bits: the product has at most 121.
    let units = divide_to_even(fraction * FRACTION_UNITS, shift);
    let whole = whole + units / FRACTION_UNITS;
    let digits = format!("{:0width$}", units % FRACTION_UNITS, width = FRACTION_DIGITS);
    match digits.trim_end_matches('0') {
        "" => whole.to_string(),
        digits => format!("{whole}.{digits}"),
    }
}

/// `value / 2^shift`, rounded half to even; `value` has fewer than 127 bits and `shift` is not 0.
fn divide_to_even(value: u128, shift: u32) -> u128 {
    if shift > 127 {
        return 0;
    }
    let quotient = value >> shift;
    let rest = value & ((1 << shift) - 1);
    let half = 1 << (shift - 1);
    let up = rest > half || rest == half && quotient & 1 == 1;
    quotient + u128::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> String {
        let parse = |text: &str| LongDouble::parse(text.as_bytes()).expect("a number");
        (parse(a) + parse(b)).format()
    }

    #[test]
    fn sums_have_the_precision_of_80_bits() {
        for (a, b, expected) in [
            ("0.1", "0.2", "0.3"),
            ("3.0e3", "200", "3200"),
            ("5.0e3", "-2e2", "4800"),
            ("10.50", "0.1", "10.6"),
            ("1", "-1", "0"),
            ("-0.5", "0.5", "0"),
            ("-1e-20", "0", "0"),
            ("0x10", "0x1.8p1", "19"),
            ("1.23", "17", "18.23"),
            ("9223372036854775807", "1", "9223372036854775808"),
            ("1e20", "0.00001", "100000000000000000000"),
            ("-1.5", "0.25", "-1.25"),
        ] {
            assert_eq!(sum(a, b), expected, "{a} + {b}");
        }
    }

    #[test]
    fn large_numbers_print_every_digit() {
        assert_eq!(sum("1e30", "0"), "1000000000000000000024696061952");
        let largest = sum("1.18973149535723176502e4932", "0");
        assert_eq!((largest.len(), &largest[..10]), (4933, "1189731495"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            "+-1",
            " 1",
            "1 ",
            "abc",
            "1e",
            "1e+",
            ".",
            "0x",
            "nan",
            "1.2.3",
            "1e5000",
            "1e-6000",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "infinit",
            "1_0",
        ] {
            assert_eq!(LongDouble::parse(text.as_bytes()), None, "{text:?}");
        }
        assert!(LongDouble::parse(&[b'1'; MAX_TEXT_BYTES + 1]).is_none());
        assert!(LongDouble::parse(b"-INF").is_some_and(|number| !number.is_finite()));
        assert!(LongDouble::parse(b"0e99999999999999999999").is_some());
    }

    #[test]
    fn what_is_printed_reads_as_itself() {
        for text in ["0", "1.5", "-0.0625", "123456789.25", "18446744073709551616"] {
            assert_eq!(sum(text, "0"), text);
        }
        assert_eq!((LongDouble::from(i64::MIN)).format(), i64::MIN.to_string());
    }
}
