//! Numbers as text, both ways, as Lua 5.1 has them by way of C: `%.14g` and `strtod`.

/// Writes a number as `tostring` does, by `%.14g`.
pub fn write(number: f64, out: &mut Vec<u8>) {
    let whole = number as i64;
    if whole as f64 == number
        && whole.unsigned_abs() < 100_000_000_000_000
        && (whole != 0 || number.is_sign_positive())
    {
        write_integer(whole, out);
    } else {
        general(number, 14, false, out);
    }
}

fn write_integer(number: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Infinity and not-a-number, as C prints them; false if the number is neither.
fn special(number: f64, out: &mut Vec<u8>) -> bool {
    if number.is_finite() {
        return false;
    }
    if number.is_sign_negative() {
        out.push(b'-');
    }
    out.extend_from_slice(if number.is_nan() { b"nan" } else { b"inf" });
    true
}

/// C's `%.<precision>f`.
pub(crate) fn fixed(number: f64, precision: usize, alternate: bool, out: &mut Vec<u8>) {
    if !special(number, out) {
        out.extend_from_slice(format!("{number:.precision$}").as_bytes());
        if alternate && precision == 0 {
            out.push(b'.');
        }
    }
}

/// C's `%.<precision>e`.
pub(crate) fn exponential(number: f64, precision: usize, alternate: bool, out: &mut Vec<u8>) {
    if special(number, out) {
        return;
    }
    let text = format!("{number:.precision$e}");
    let (mantissa, exponent) = split_exponent(&text);
    out.extend_from_slice(mantissa.as_bytes());
    if alternate && precision == 0 {
        out.push(b'.');
    }
    write_exponent(exponent, out);
}

/// C's `%.<precision>g`; `alternate` keeps the zeros at the end.
pub(crate) fn general(number: f64, precision: usize, alternate: bool, out: &mut Vec<u8>) {
    if special(number, out) {
        return;
    }
    let precision = precision.max(1);
    let text = format!("{number:.*e}", precision - 1);
    let (mantissa, exponent) = split_exponent(&text);
    let trim = |digits: &str| -> String {
        if alternate || !digits.contains('.') {
            return digits.to_owned();
        }
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if exponent < -4 || exponent >= precision as i32 {
        out.extend_from_slice(trim(mantissa).as_bytes());
        if alternate && precision == 1 {
            out.push(b'.');
        }
        write_exponent(exponent, out);
    } else {
        let decimals = (precision as i32 - 1 - exponent) as usize;
        out.extend_from_slice(trim(&format!("{number:.decimals$}")).as_bytes());
        if alternate && decimals == 0 {
            out.push(b'.');
        }
    }
}

/// Splits what Rust prints for `{:e}`.
fn split_exponent(text: &str) -> (&str, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}

/// An exponent with a sign and at least two digits.
fn write_exponent(exponent: i32, out: &mut Vec<u8>) {
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.unsigned_abs()).as_bytes());
}

/// What `%` answers: the remainder with the sign of the divisor.
#[inline]
pub(crate) fn modulo(left: f64, right: f64) -> f64 {
    left - (left / right).floor() * right
}

/// What `^` answers. Powers that are whole numbers are calculated with twice the digits, so that they
/// are rounded once, as a good C library does and as no two others agree on; and everywhere alike.
pub(crate) fn power(left: f64, right: f64) -> f64 {
    const MOST: f64 = 1024.0;
    if right == 2.0 {
        return left * left;
    }
    if right == 0.5 && left >= 0.0 {
        return left.sqrt();
    }
    if right.fract() == 0.0 && right.abs() <= MOST && left != 0.0 {
        let result = whole_power(left, right.abs() as u32, right < 0.0);
        // Where the second half of the digits is lost, they are not worth more.
        if result.abs() > 1e-280 && result.abs() < 1e280 {
            return result;
        }
    }
    libm::pow(left, right)
}

fn whole_power(base: f64, exponent: u32, inverse: bool) -> f64 {
    let (mut base, mut result, mut rest) = ((base, 0.0), (1.0, 0.0), exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = product(result, base);
        }
        rest >>= 1;
        if rest > 0 {
            base = product(base, base);
        }
    }
    if !inverse {
        return result.0;
    }
    let quotient = 1.0 / result.0;
    let (high, low) = exact_product(quotient, result.0);
    quotient + (((1.0 - high) - low) - quotient * result.1) / result.0
}

/// The product of two numbers of two parts each, the larger part first.
fn product(left: (f64, f64), right: (f64, f64)) -> (f64, f64) {
    let (high, low) = exact_product(left.0, right.0);
    let low = low + (left.0 * right.1 + left.1 * right.0);
    let sum = high + low;
    (sum, low - (sum - high))
}

/// A product, and what rounding took from it.
fn exact_product(left: f64, right: f64) -> (f64, f64) {
    let halves = |number: f64| {
        let shifted = number * 134_217_729.0;
        let high = shifted - (shifted - number);
        (high, number - high)
    };
    let product = left * right;
    let ((a, b), (c, d)) = (halves(left), halves(right));
    (product, ((a * c - product) + a * d + b * c) + b * d)
}

/// Whether C's `isspace` holds.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The number that a string is, or none: white space around it, decimal or hexadecimal, `inf` and
/// `nan` as well. Bytes behind a NUL do not count, as C does not see them.
#[must_use]
pub fn parse(text: &[u8]) -> Option<f64> {
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    let (number, used) = prefix(text)?;
    text[used..].iter().all(|byte| is_space(*byte)).then_some(number)
}

/// C's `strtod`: the number at the start of a text, and how many bytes it takes.
pub(crate) fn prefix(text: &[u8]) -> Option<(f64, usize)> {
    let mut at = text.iter().take_while(|byte| is_space(**byte)).count();
    let negative = text.get(at) == Some(&b'-');
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let rest = &text[at..];
    let (magnitude, used) = if rest.len() > 1 && rest[0] == b'0' && rest[1] | 32 == b'x' {
        hexadecimal(rest).unwrap_or((0.0, 1))
    } else if starts_with(rest, b"infinity") {
        (f64::INFINITY, 8)
    } else if starts_with(rest, b"inf") {
        (f64::INFINITY, 3)
    } else if starts_with(rest, b"nan") {
        (f64::NAN, 3)
    } else {
        decimal(rest)?
    };
    Some((if negative { -magnitude } else { magnitude }, at + used))
}

fn starts_with(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[..word.len()].eq_ignore_ascii_case(word)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// An optional exponent behind a mantissa: how many bytes it takes.
fn exponent(text: &[u8], letter: u8) -> usize {
    if text.first().is_none_or(|byte| byte | 32 != letter) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    match digits(&text[1 + sign..]) {
        0 => 0,
        count => 1 + sign + count,
    }
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let whole = digits(text);
    let mut used = whole;
    if text.get(used) == Some(&b'.') {
        let fraction = digits(&text[used + 1..]);
        if whole + fraction == 0 {
            return None;
        }
        used += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    used += exponent(&text[used..], b'e');
    Some((keyspace_decimal::parse(&text[..used])?, used))
}

/// A hexadecimal number with `0x` before it, perhaps with a fraction and a binary exponent.
fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let mut at = 2;
    let (mut mantissa, mut scale, mut any, mut sticky) = (0u64, 0i32, false, false);
    let mut in_fraction = false;
    while let Some(byte) = text.get(at) {
        if *byte == b'.' && !in_fraction {
            in_fraction = true;
        } else if let Some(digit) = (*byte as char).to_digit(16) {
            any = true;
            if mantissa >> 59 == 0 {
                mantissa = mantissa * 16 + u64::from(digit);
                scale = scale.saturating_sub(if in_fraction { 4 } else { 0 });
            } else {
                sticky |= digit != 0;
                scale = scale.saturating_add(if in_fraction { 0 } else { 4 });
            }
        } else {
            break;
        }
        at += 1;
    }
    if !any {
        return None;
    }
    let length = exponent(&text[at..], b'p');
    if length > 0 {
        let written = std::str::from_utf8(&text[at + 1..at + length]).ok()?;
        let limit = if written.starts_with('-') { i32::MIN / 2 } else { i32::MAX / 2 };
        scale = scale.saturating_add(written.parse().unwrap_or(limit));
        at += length;
    }
    // A bit that was dropped only matters where it breaks a tie, and there it counts as one.
    let number = (mantissa | u64::from(sticky)) as f64;
    Some((scale_by_two(number, scale), at))
}

/// `number * 2^scale`, in steps that neither overflow nor vanish too early.
fn scale_by_two(mut number: f64, mut scale: i32) -> f64 {
    while scale > 1000 && number.is_finite() && number != 0.0 {
        number *= 2f64.powi(1000);
        scale -= 1000;
    }
    while scale < -1000 && number != 0.0 {
        number *= 2f64.powi(-1000);
        scale += 1000;
    }
    number * 2f64.powi(scale.clamp(-1000, 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(number: f64) -> String {
        let mut out = Vec::new();
        write(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_by_14_significant_digits() {
        assert_eq!(shown(1.0), "1");
        assert_eq!(shown(-0.0), "-0");
        assert_eq!(shown(0.1), "0.1");
        assert_eq!(shown(1e14), "1e+14");
        assert_eq!(shown(99_999_999_999_999.0), "99999999999999");
        assert_eq!(shown(123_456_789_012_345.0), "1.2345678901234e+14");
        assert_eq!(shown(1e-5), "1e-05");
        assert_eq!(shown(1.0 / 3.0), "0.33333333333333");
        assert_eq!(shown(f64::INFINITY), "inf");
        assert_eq!(shown(1e300), "1e+300");
    }

    #[test]
    fn whole_powers_are_rounded_once() {
        for (text, number) in [
            ("1e-30", power(10.0, -30.0)),
            ("1e22", power(10.0, 22.0)),
            ("1e23", power(10.0, 23.0)),
            ("0.001", power(10.0, -3.0)),
            ("9007199254740992", power(2.0, 53.0)),
            ("1e300", power(10.0, 300.0)),
            ("-27", power(-3.0, 3.0)),
            ("1.5", power(2.25, 0.5)),
        ] {
            assert_eq!(Some(number), parse(text.as_bytes()), "{text}");
        }
        assert_eq!(power(0.0, 0.0), 1.0);
        assert_eq!(power(0.0, -1.0), f64::INFINITY);
        assert!(power(-8.0, 1.0 / 3.0).is_nan());
        assert_eq!(power(2.0, 1024.0), f64::INFINITY);
        assert_eq!(power(2.0, -1074.0), 5e-324);
    }

    #[test]
    fn text_is_read_as_c_reads_it() {
        assert_eq!(parse(b" 12 "), Some(12.0));
        assert_eq!(parse(b"0x10"), Some(16.0));
        assert_eq!(parse(b"0x1.8p1"), Some(3.0));
        assert_eq!(parse(b"1e2"), Some(100.0));
        assert_eq!(parse(b".5"), Some(0.5));
        assert_eq!(parse(b"5."), Some(5.0));
        assert_eq!(parse(b"-inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse(b"1\0x"), Some(1.0));
        for wrong in [&b""[..], b" ", b"1e", b"0x", b".", b"1 2", b"e1", b"--1"] {
            assert_eq!(parse(wrong), None, "{}", String::from_utf8_lossy(wrong));
        }
    }
}
