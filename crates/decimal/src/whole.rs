//! Whole numbers as long as they are: just what it takes to divide two of them.

use std::cmp::Ordering;

/// Limbs of 32 bits, the lowest first; the highest is not zero.
#[derive(Debug, Clone)]
pub struct Whole(Vec<u32>);

impl Whole {
    /// The number with these decimal digits.
    pub fn from_digits(digits: &[u8]) -> Whole {
        let mut whole = Whole(Vec::new());
        for piece in digits.chunks(9) {
            let value = piece.iter().fold(0, |value: u32, &digit| value * 10 + u32::from(digit));
            whole.multiply_and_add(10_u32.pow(piece.len() as u32), value);
        }
        whole
    }

    /// How many bits it has.
    pub fn bits(&self) -> u32 {
        self.0.last().map_or(0, |last| 32 * self.0.len() as u32 - last.leading_zeros())
    }

    pub fn multiply_by_power_of_ten(&mut self, mut power: u32) {
        while power > 0 {
            let step = power.min(9);
            self.multiply_and_add(10_u32.pow(step), 0);
            power -= step;
        }
    }

    fn multiply_and_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    pub fn shift_left(&mut self, bits: u32) {
        self.multiply_and_add(1 << (bits % 32), 0);
        let limbs = if self.0.is_empty() { 0 } else { (bits / 32) as usize };
        self.0.splice(0..0, std::iter::repeat_n(0, limbs));
    }

    fn subtract(&mut self, other: &Whole) {
        let mut borrow = 0;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let taken = u64::from(other.0.get(at).copied().unwrap_or(0)) + borrow;
            borrow = u64::from(u64::from(*limb) < taken);
            *limb = (u64::from(*limb)).wrapping_sub(taken) as u32;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn compare(&self, other: &Whole) -> Ordering {
        let sizes = self.0.len().cmp(&other.0.len());
        sizes.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// The first bits of a quotient below two, and whether something is left over.
pub fn divide(mut numerator: Whole, denominator: &Whole, count: u32) -> (u128, bool) {
    let mut quotient = 0;
    for _ in 0..count {
        quotient <<= 1;
        if numerator.compare(denominator) != Ordering::Less {
            numerator.subtract(denominator);
            quotient |= 1;
        }
        numerator.shift_left(1);
    }
    (quotient, numerator.bits() > 0)
}
