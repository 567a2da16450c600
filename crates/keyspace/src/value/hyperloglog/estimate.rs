//! The estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (arXiv:1702.01284), which needs no correction at either end.

use super::{RANK_BITS, REGISTER_MAX, REGISTERS};

/// 1 / (2 ln 2).
const ALPHA: f64 = 0.5 / std::f64::consts::LN_2;

/// The number of elements, by how many registers have each value.
pub(super) fn estimate(histogram: &[usize; REGISTER_MAX as usize + 1]) -> u64 {
    let registers = REGISTERS as f64;
    let highest = RANK_BITS as usize + 1;
    let share = |count: usize| count as f64 / registers;
    let mut z = registers * tau(share(REGISTERS - histogram[highest]));
    for &count in histogram[1..highest].iter().rev() {
        z = (z + count as f64) * 0.5;
    }
    z += registers * sigma(share(histogram[0]));
    (ALPHA * registers * registers / z).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        let before = z;
        x *= x;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        let before = z;
        x = x.sqrt();
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
