//! How Redis prints a double: the shortest decimal digits that read back as the same number.

use crate::reply::write_integer;
use std::io::Write;

/// Appends `value` as Redis 7.2 and later print it in replies: integers without a fraction,
/// `inf`, `-inf` and `nan` by name, everything else by the shortest digits that round-trip,
/// with an exponent (`1e+30`, `1e-7`) where plain notation would be long.
///
/// ```
/// let mut out = Vec::new();
/// keyspace_resp::format_double(&mut out, 0.1);
/// assert_eq!(out, b"0.1");
/// ```
pub fn format_double(out: &mut Vec<u8>, value: f64) {
    if let Some(whole) = whole(value) {
        write_integer(out, whole);
    } else if value.is_nan() {
        out.extend_from_slice(b"nan");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
    } else if value == 0.0 {
        out.extend_from_slice(b"-0");
    } else {
        shortest(out, value);
    }
}

/// The integer as which a double is printed.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let whole = value as i64;
    let is_it = whole as f64 == value && (whole != 0 || value.is_sign_positive());
    (is_it && whole.unsigned_abs() < INTEGERS_BELOW).then_some(whole)
}

/// Doubles below this magnitude that have no fraction are printed as integers.
const INTEGERS_BELOW: u64 = 1 << 52;

/// Lays out the shortest digits of a finite, non-zero `value`.
fn shortest(out: &mut Vec<u8>, value: f64) {
    let (digits, point) = digits_and_point(&format!("{:e}", value.abs()));
    if value < 0.0 {
        out.push(b'-');
    }
    let count = digits.len() as i32;
    // Value = 0.DIGITS * 10^point; `exponent` counts the zeros that follow the digits.
    let exponent = point - count;
    let scientific = (point - 1).abs();
    if exponent >= 0 && scientific < count + 7 {
        out.extend_from_slice(&digits);
        out.extend(std::iter::repeat_n(b'0', exponent as usize));
    } else if exponent < 0 && (exponent > -7 || scientific < 4) {
        if point <= 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', -point as usize));
            out.extend_from_slice(&digits);
        } else {
            out.extend_from_slice(&digits[..point as usize]);
            out.push(b'.');
            out.extend_from_slice(&digits[point as usize..]);
        }
    } else {
        out.push(digits[0]);
        if count > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        let sign = if point > 0 { '+' } else { '-' };
        write!(out, "e{sign}{scientific}").expect("writing to a Vec cannot fail");
    }
}

/// The significant digits of a number in scientific notation, and where the decimal point stands
/// before them: the number is `0.DIGITS * 10^point`.
fn digits_and_point(printed: &str) -> (Vec<u8>, i32) {
    let (mantissa, exponent) = printed.split_once('e').expect("the notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    (mantissa.bytes().filter(|&byte| byte != b'.').collect(), exponent + 1)
}

#[cfg(test)]
mod tests {
    use super::format_double;
    use proptest::prelude::*;

    fn printed(value: f64) -> String {
        let mut out = Vec::new();
        format_double(&mut out, value);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn doubles_print_as_redis_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (-17.0, "-17"),
            (0.1, "0.1"),
            (1.5, "1.5"),
            (0.30000000000000004, "0.30000000000000004"),
            (1e20, "1e+20"),
            (1.5e6, "1500000"),
            (1e30, "1e+30"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (1e-7, "1e-7"),
            (0.000001, "0.000001"),
            (13.361389338970184, "13.361389338970184"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(printed(value), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_as_the_same_number(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(printed(value).parse::<f64>().expect("a number"), value);
            prop_assert_eq!(keyspace_decimal::parse(printed(value).as_bytes()), Some(value));
        }
    }
}
