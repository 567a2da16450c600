//! The double nearest to a decimal number.
//!
//! What is short is one multiplication or division of doubles that hold both numbers exactly
//! (W. D. Clinger, "How to read floating point numbers accurately", 1990). The rest is divided in
//! whole numbers as long as they are. That takes a fifth of the room of the tables with which
//! others are fast for every text, and a tab downloads this.

mod whole;

use whole::Whole;

/// So many digits decide; of more, only whether any is not zero.
const DIGITS_MAX: usize = 770;
/// Bits of a quotient that rounding needs: the first may be zero, and the last shows a tie.
const QUOTIENT_BITS: u32 = 66;
/// The powers of ten that doubles hold exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The double nearest to a decimal number, of which nothing is left over; of two that are equally
/// near, the even one. The text is digits with a point and an exponent or without; or `inf`,
/// `infinity` or `nan`, in any case; each with a sign or without. None where it is anything else.
///
/// ```
/// assert_eq!(keyspace_decimal::parse(b"-1.5e3"), Some(-1500.0));
/// assert_eq!(keyspace_decimal::parse(b"1e999"), Some(f64::INFINITY));
/// assert_eq!(keyspace_decimal::parse(b"1.5 "), None);
/// ```
pub fn parse(text: &[u8]) -> Option<f64> {
    let (is_negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let is = |word: &[u8]| rest.eq_ignore_ascii_case(word);
    let magnitude = if is(b"inf") || is(b"infinity") {
        f64::INFINITY
    } else if is(b"nan") {
        f64::NAN
    } else {
        Decimal::parse(rest)?.nearest()
    };
    Some(if is_negative { -magnitude } else { magnitude })
}

/// `digits` times ten to the power of `exponent`.
struct Decimal {
    /// From 0 to 9 each; the first is not zero.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Decimal> {
        let mut decimal = Decimal { digits: Vec::new(), exponent: 0 };
        let mut at = decimal.take_digits(text, false);
        let mut count = at;
        if text.get(at) == Some(&b'.') {
            let fraction = decimal.take_digits(&text[at + 1..], true);
            count += fraction;
            at += 1 + fraction;
        }
        if count == 0 {
            return None;
        }
        match &text[at..] {
            [] => {}
            [b'e' | b'E', exponent @ ..] => {
                let exponent = read_exponent(exponent)?;
                decimal.exponent = decimal.exponent.saturating_add(exponent);
            }
            _ => return None,
        }
        Some(decimal)
    }

    /// Takes the digits at the beginning of a text, and says how many there are.
    fn take_digits(&mut self, text: &[u8], is_fraction: bool) -> usize {
        let mut count = 0;
        for &byte in text.iter().take_while(|byte| byte.is_ascii_digit()) {
            count += 1;
            let digit = byte - b'0';
            let is_kept = self.digits.len() < DIGITS_MAX;
            if is_kept && (digit != 0 || !self.digits.is_empty()) {
                self.digits.push(digit);
            } else if let Some(last) = self.digits.last_mut()
                && digit != 0
            {
                // Somewhat more than what the digits say.
                *last |= 1;
            }
            self.exponent += i64::from(!is_kept) - i64::from(is_fraction);
        }
        count
    }

    fn nearest(&self) -> f64 {
        if self.digits.is_empty() {
            return 0.0;
        }
        let power = self.exponent.saturating_add(self.digits.len() as i64);
        if power > 310 {
            return f64::INFINITY;
        }
        if power < -330 {
            return 0.0;
        }
        // It is between -1101 and 310 now.
        let exponent = self.exponent as i32;
        self.short(exponent).unwrap_or_else(|| self.long(exponent))
    }

    /// Where doubles hold both numbers exactly.
    fn short(&self, exponent: i32) -> Option<f64> {
        if self.digits.len() > 16 {
            return None;
        }
        let whole = self.digits.iter().fold(0, |whole: u64, &digit| whole * 10 + u64::from(digit));
        let power = *EXACT_POWERS.get(exponent.unsigned_abs() as usize)?;
        (whole <= 1 << 53).then(|| match exponent < 0 {
            true => whole as f64 / power,
            false => whole as f64 * power,
        })
    }

    fn long(&self, exponent: i32) -> f64 {
        rounded(&scaled(&self.digits, exponent, QUOTIENT_BITS))
    }
}

/// The first bits of a number: it is `bits` times two to the power of `exponent`, or, where that is
/// inexact, more than that by less than one of `bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled {
    /// The bits.
    pub bits: u128,
    /// The power of two.
    pub exponent: i32,
    /// Whether something is left over.
    pub is_inexact: bool,
}

/// The first bits of `digits`, a whole number of digits from 0 to 9, times ten to the power of
/// `power`: `count` of them, of which the first may be zero, and at most 128.
///
/// ```
/// let half = keyspace_decimal::scaled(&[5], -1, 8);
/// assert!(!half.is_inexact);
/// assert_eq!(half.bits as f64 * 2_f64.powi(half.exponent), 0.5);
/// ```
pub fn scaled(digits: &[u8], power: i32, count: u32) -> Scaled {
    let mut numerator = Whole::from_digits(digits);
    let mut denominator = Whole::from_digits(&[1]);
    let multiplied = if power < 0 { &mut denominator } else { &mut numerator };
    multiplied.multiply_by_power_of_ten(power.unsigned_abs());
    // Now the first bit of the quotient is at 1, or the second is.
    let shift = denominator.bits() as i32 - numerator.bits() as i32;
    let shifted = if shift < 0 { &mut denominator } else { &mut numerator };
    shifted.shift_left(shift.unsigned_abs());
    let (bits, is_inexact) = whole::divide(numerator, &denominator, count);
    Scaled { bits, exponent: 1 - count as i32 - shift, is_inexact }
}

/// The double nearest to a number of which there are at least 64 bits.
fn rounded(scaled: &Scaled) -> f64 {
    let bits = 128 - scaled.bits.leading_zeros() as i32;
    // The power of two of the first bit.
    let power = bits - 1 + scaled.exponent;
    let kept_bits = if power < -1022 { 53 - (-1022 - power) } else { 53 };
    if kept_bits < 0 {
        return 0.0;
    }
    let dropped = bits - kept_bits;
    let half = 1_u128 << (dropped - 1);
    let rest = scaled.bits & ((half << 1) - 1);
    let kept = (scaled.bits >> dropped) as u64;
    let goes_up = rest > half || (rest == half && (scaled.is_inexact || kept & 1 == 1));
    let kept = kept + u64::from(goes_up);
    if power < -1022 {
        // A carry makes it the smallest of those with a whole mantissa.
        return f64::from_bits(kept);
    }
    let bits = (((power + 1023) as u64) << 52) + (kept - (1 << 52));
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

/// A sign or none, and digits; what is too large stays too large.
fn read_exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0_i64, |size, &digit| {
        size.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some(if is_negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    fn reads_as_the_standard_library_reads(text: &str) -> Result<(), TestCaseError> {
        let read = parse(text.as_bytes()).map(f64::to_bits);
        prop_assert_eq!(read, text.parse::<f64>().ok().map(f64::to_bits), "{}", text);
        Ok(())
    }

    #[test]
    fn the_ends_of_what_doubles_hold() {
        let texts = [
            "0",
            "-0",
            "0e999999999999999999999",
            "1e-400",
            "1e400",
            "1e99999999999999999999",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2e-324",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "9007199254740992",
            "9007199254740993",
            "9007199254740993.0000000000000000000000000000000000000000001",
            "00000000000000000000000000000000001",
            "123456789012345678901234567890e-20",
            ".5",
            "5.",
            ".",
            "",
            "e5",
            "1e",
            "1e+",
            "+",
            "-",
            "1_0",
            "0x10",
            " 1",
            "1 ",
            "--1",
        ];
        for text in texts {
            reads_as_the_standard_library_reads(text).expect(text);
        }
        let long = format!("1{}1e-800", "0".repeat(2_000));
        reads_as_the_standard_library_reads(&long).expect("a long text");
        // Half way between two doubles, and a little more behind more digits than are kept.
        let half = "9007199254740993".to_owned() + "." + &"0".repeat(1_000);
        reads_as_the_standard_library_reads(&half).expect("half way");
        reads_as_the_standard_library_reads(&(half + "1")).expect("a little more");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn texts_read_as_the_nearest_double(
            text in "[+-]?([0-9]{0,40}|[0-9]{0,400})([.][0-9]{0,30})?([eE][+-]?[0-9]{1,3})?",
            special in "[+-]?(inf|INF|Infinity|infinit|NaN|nan|in|)( |[.]|e)?",
        ) {
            reads_as_the_standard_library_reads(&text)?;
            reads_as_the_standard_library_reads(&special)?;
        }

        #[test]
        fn what_is_printed_reads_back(bits in any::<u64>(), decimals in 0..20_usize) {
            let value = f64::from_bits(bits);
            for text in [format!("{value}"), format!("{value:e}"), format!("{value:.decimals$e}")] {
                reads_as_the_standard_library_reads(&text)?;
            }
        }

        /// Between two doubles the even one is nearest, and the last digit decides.
        #[test]
        fn what_is_half_way_reads_as_the_even_double(
            mantissa in 1_u128 << 52..1 << 53, power in 0..70_u32, exponent in -400..300_i32,
        ) {
            let half: u128 = (2 * mantissa + 1) << power;
            for whole in [half - 1, half, half + 1] {
                reads_as_the_standard_library_reads(&whole.to_string())?;
                reads_as_the_standard_library_reads(&format!("{whole}.0e{exponent}"))?;
            }
        }

        /// The same for doubles with a fraction.
        #[test]
        fn what_is_half_way_behind_the_point_reads_as_the_even_double(
            mantissa in 1_u128 << 52..1 << 53, power in 0..30_u32,
        ) {
            // (2m + 1) / 2^power
            let half = (2 * mantissa + 1) * 5_u128.pow(power);
            for digits in [half - 1, half, half + 1] {
                reads_as_the_standard_library_reads(&format!("{digits}e-{power}"))?;
            }
        }
    }
}
