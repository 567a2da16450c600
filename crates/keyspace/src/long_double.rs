//! The 80-bit floating point of x87, in which INCRBYFLOAT and HINCRBYFLOAT calculate in Redis.
//!
//! Its 64 bits of precision are why 0.1 + 0.2 is 0.3 there. Numbers are read as C's `strtold`
//! reads them and printed as `%.17Lf` prints them, without the zeros at the end. Only what these
//! commands need is here: sums, comparisons, and seconds in milliseconds.

mod read;

use std::cmp::Ordering;
use std::ops::{Add, Neg, Sub};

/// Digits printed after the point.
const FRACTION_DIGITS: usize = 17;
/// One unit of the integer that holds the printed digits of a fraction.
const FRACTION_UNITS: u128 = 10u128.pow(FRACTION_DIGITS as u32);
/// Bits of a mantissa.
const PRECISION: u32 = 64;
/// The power of two behind the mantissa of the smallest numbers, which may be short.
const MIN_POWER: i32 = -16_382 - 63;
/// The power of two behind the mantissa of the largest numbers.
const MAX_POWER: i32 = 16_383 - 63;

/// An extended-precision number; it may be infinite, and not-a-number as the sum of infinities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LongDouble {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Magnitude {
    /// The mantissa as an integer, times two to this power. Its first bit is set, unless the power
    /// is the smallest; zero has the smallest power.
    Finite {
        mantissa: u64,
        power: i32,
    },
    Infinite,
    NotANumber,
}

use Magnitude::{Finite, Infinite, NotANumber};

impl LongDouble {
    pub const ZERO: LongDouble =
        LongDouble { negative: false, magnitude: Finite { mantissa: 0, power: MIN_POWER } };
    const INFINITY: LongDouble = LongDouble { negative: false, magnitude: Infinite };

    /// The smallest and the largest finite number.
    pub fn limits() -> (LongDouble, LongDouble) {
        let magnitude = Finite { mantissa: u64::MAX, power: MAX_POWER };
        let largest = LongDouble { negative: false, magnitude };
        (-largest, largest)
    }

    /// The number nearest to `number * 2^power`, ties to even; `more` says that a little less than
    /// one is to be added to `number`, which then has more bits than a mantissa.
    fn rounded(number: u128, more: bool, power: i32) -> LongDouble {
        let surplus = (u128::BITS - number.leading_zeros()) as i32 - PRECISION as i32;
        let shift = surplus.max(MIN_POWER - power);
        let (mut mantissa, mut power) = if shift <= 0 {
            // Exact; a zero takes the smallest power.
            let shift = if number == 0 { MIN_POWER - power } else { shift };
            (number.checked_shl(shift.unsigned_abs()).unwrap_or(0), power + shift)
        } else {
            (shift_to_even(number, more, shift.unsigned_abs()), power + shift)
        };
        if mantissa >> PRECISION > 0 {
            (mantissa, power) = (mantissa >> 1, power + 1);
        }
        let finite = Finite { mantissa: mantissa as u64, power };
        LongDouble { negative: false, magnitude: if power > MAX_POWER { Infinite } else { finite } }
    }

    /// Neither infinite nor not-a-number.
    pub fn is_finite(self) -> bool {
        matches!(self.magnitude, Finite { .. })
    }

    /// This number of seconds in milliseconds, rounded up; the nearest integer where it is out of
    /// range.
    pub fn ceil_millis(self) -> i64 {
        let Finite { mantissa, power } = self.magnitude else {
            return match (self.magnitude, self.negative) {
                (NotANumber, _) => 0,
                (_, true) => i64::MIN,
                (_, false) => i64::MAX,
            };
        };
        let millis = LongDouble::rounded(u128::from(mantissa) * 1000, false, power);
        let Finite { mantissa, power } = millis.magnitude else {
            return if self.negative { i64::MIN } else { i64::MAX };
        };
        let mantissa = i128::from(mantissa);
        let signed = if self.negative { -mantissa } else { mantissa };
        let whole = match power {
            1.. => signed << power.min(63),
            _ => {
                let shift = power.unsigned_abs().min(PRECISION + 1);
                // A shift to the right rounds down.
                -(-signed >> shift)
            }
        };
        whole.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Plain decimal notation with at most 17 digits after the point, rounded to even. The number
    /// must be finite.
    pub fn format(self) -> String {
        let mut digits = match self.magnitude {
            Finite { mantissa, power: power @ 0.. } => format_integer(mantissa, power as u32),
            Finite { mantissa, power } => format_fraction(mantissa, power.unsigned_abs()),
            Infinite | NotANumber => String::new(),
        };
        if self.negative && digits != "0" {
            digits.insert(0, '-');
        }
        digits
    }
}

impl From<i64> for LongDouble {
    fn from(value: i64) -> Self {
        let number = LongDouble::rounded(value.unsigned_abs().into(), false, 0);
        if value < 0 { -number } else { number }
    }
}

impl Neg for LongDouble {
    type Output = LongDouble;

    fn neg(self) -> LongDouble {
        LongDouble { negative: !self.negative, ..self }
    }
}

impl Add for LongDouble {
    type Output = LongDouble;

    fn add(self, other: LongDouble) -> LongDouble {
        let (Finite { .. }, Finite { .. }) = (self.magnitude, other.magnitude) else {
            return self.add_infinite(other);
        };
        // The one that is larger, whatever the signs, comes first.
        let (first, second) =
            if self.compare_magnitude(other).is_lt() { (other, self) } else { (self, other) };
        let (Finite { mantissa, power }, Finite { mantissa: other, power: other_power }) =
            (first.magnitude, second.magnitude)
        else {
            return LongDouble::ZERO;
        };
        // One bit is left for the carry, and 63 below the mantissa.
        let shift = (power - other_power).unsigned_abs();
        let (large, small) = (u128::from(mantissa) << 63, u128::from(other) << 63);
        let aligned = small.checked_shr(shift).unwrap_or(0);
        let more = aligned.checked_shl(shift).unwrap_or(0) != small;
        let sum = if first.negative == second.negative {
            large + aligned
        } else {
            large - aligned - u128::from(more)
        };
        let number = LongDouble::rounded(sum, more, power - 63);
        // A difference of equals is positive.
        let negative = if sum == 0 { first.negative && second.negative } else { first.negative };
        LongDouble { negative, ..number }
    }
}

impl Sub for LongDouble {
    type Output = LongDouble;

    fn sub(self, other: LongDouble) -> LongDouble {
        self + -other
    }
}

impl LongDouble {
    /// The sum where one of the two is not finite.
    fn add_infinite(self, other: LongDouble) -> LongDouble {
        match (self.magnitude, other.magnitude) {
            (NotANumber, _) => self,
            (_, NotANumber) => other,
            (Infinite, Infinite) if self.negative != other.negative => {
                LongDouble { negative: false, magnitude: NotANumber }
            }
            (Infinite, _) => self,
            _ => other,
        }
    }

    /// Which is farther from zero; neither is not-a-number.
    fn compare_magnitude(self, other: LongDouble) -> Ordering {
        let parts = |number: LongDouble| match number.magnitude {
            Finite { mantissa, power } => (power, mantissa),
            Infinite | NotANumber => (i32::MAX, 0),
        };
        parts(self).cmp(&parts(other))
    }
}

impl PartialEq for LongDouble {
    fn eq(&self, other: &LongDouble) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for LongDouble {
    fn partial_cmp(&self, other: &LongDouble) -> Option<Ordering> {
        if self.magnitude == NotANumber || other.magnitude == NotANumber {
            return None;
        }
        let zero = LongDouble::ZERO.magnitude;
        Some(match (self.negative, other.negative) {
            _ if self.magnitude == zero && other.magnitude == zero => Ordering::Equal,
            (false, false) => self.compare_magnitude(*other),
            (true, true) => other.compare_magnitude(*self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        })
    }
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
    let units = shift_to_even(fraction * FRACTION_UNITS, false, shift);
    let whole = whole + units / FRACTION_UNITS;
    let digits = format!("{:0width$}", units % FRACTION_UNITS, width = FRACTION_DIGITS);
    match digits.trim_end_matches('0') {
        "" => whole.to_string(),
        digits => format!("{whole}.{digits}"),
    }
}

/// `value / 2^shift`, rounded half to even; `more` says that `value` is a little larger. `value` has
/// fewer than 128 bits, and `shift` is not 0.
fn shift_to_even(value: u128, more: bool, shift: u32) -> u128 {
    if shift >= u128::BITS {
        return 0;
    }
    let quotient = value >> shift;
    let rest = value & ((1 << shift) - 1);
    let half = 1 << (shift - 1);
    let up = rest > half || rest == half && (more || quotient & 1 == 1);
    quotient + u128::from(up)
}

#[cfg(test)]
mod tests {
    use super::read::MAX_TEXT_BYTES;
    use super::*;
    use proptest::prelude::*;
    use rustc_apfloat::Float;
    use rustc_apfloat::ieee::X87DoubleExtended;

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

    /// A number's bits as x87 lays them out.
    fn bits(number: LongDouble) -> u128 {
        let (exponent, mantissa) = match number.magnitude {
            Finite { mantissa, power } if mantissa >> 63 == 0 => {
                assert_eq!(power, MIN_POWER);
                (0, mantissa)
            }
            Finite { mantissa, power } => (power + 63 + 16_383, mantissa),
            Infinite => (0x7fff, 1 << 63),
            NotANumber => (0x7fff, 0b11 << 62),
        };
        let sign = u128::from(number.negative) << 79;
        sign | (exponent as u128) << 64 | u128::from(mantissa)
    }

    /// The same number in another's implementation.
    fn reference(number: LongDouble) -> X87DoubleExtended {
        X87DoubleExtended::from_bits(bits(number))
    }

    /// Finite numbers of every size, many of them close to another or to a limit.
    fn number() -> impl Strategy<Value = LongDouble> {
        let mantissa = prop_oneof![any::<u64>(), Just(u64::MAX), Just(1 << 63), 0..4u64];
        let power = prop_oneof![
            -140..140i32,
            MIN_POWER..MIN_POWER + 140,
            MAX_POWER - 140..=MAX_POWER,
            MIN_POWER..=MAX_POWER,
        ];
        (any::<bool>(), mantissa, power).prop_map(|(negative, mantissa, power)| {
            let mantissa = if power == MIN_POWER { mantissa } else { mantissa | 1 << 63 };
            LongDouble { negative, magnitude: Finite { mantissa, power } }
        })
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_reference(a in number(), b in number()) {
            let expected = (reference(a) + reference(b)).value.to_bits();
            prop_assert_eq!(bits(a + b), expected);
            let expected = (reference(a) - reference(b)).value.to_bits();
            prop_assert_eq!(bits(a - b), expected);
            prop_assert_eq!(a.partial_cmp(&b), reference(a).partial_cmp(&reference(b)));
        }

        #[test]
        fn milliseconds_are_those_of_the_reference(seconds in number()) {
            let millis = (reference(seconds) * reference(LongDouble::from(1000))).value;
            let up = rustc_apfloat::Round::TowardPositive;
            let expected = millis.to_i128_r(64, up, &mut false).value;
            prop_assert_eq!(i128::from(seconds.ceil_millis()), expected);
        }

        #[test]
        fn integers_are_themselves(value in any::<i64>()) {
            prop_assert_eq!(LongDouble::from(value).format(), value.to_string());
        }

        #[test]
        fn texts_read_as_the_reference_reads_them(
            text in prop_oneof![
                "[0-9]{1,40}(\\.[0-9]{0,40})?(e[+-]?[0-9]{1,2})?",
                "[0-9]{0,3}\\.[0-9]{1,25}e-?49[0-9]{2}",
                "0x[0-9a-f]{1,40}(\\.[0-9a-f]{0,40})?p-?[0-9]{1,3}",
                "0x[0-9a-f]{1,20}\\.[0-9a-f]{0,20}p-?16[34][0-9]{2}",
            ],
        ) {
            let expected = text.parse::<X87DoubleExtended>().ok();
            let marker = if text.starts_with("0x") { 'p' } else { 'e' };
            let zero = text.split(marker).next().is_some_and(|mantissa| {
                mantissa.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'x'))
            });
            let expected = expected.filter(|number| number.is_finite() && (zero || !number.is_zero()));
            let read = LongDouble::parse(text.as_bytes());
            prop_assert_eq!(read.map(bits), expected.map(|number| number.to_bits()));
        }
    }
}
