//! The random numbers of `math.random`, which a host may replace by a generator of its own.

/// A generator: its state, and what makes of it the next number and a new state.
#[derive(Clone, Copy, Debug)]
pub struct Random {
    /// All that it remembers.
    pub state: u64,
    /// The next number from 0 up to, but not including, 1.
    pub next: fn(&mut u64) -> f64,
    /// The state for a seed.
    pub seed: fn(f64) -> u64,
}

impl Default for Random {
    /// A linear congruential generator of 64 bits.
    fn default() -> Random {
        Random {
            state: 0,
            next: |state| {
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (*state >> 11) as f64 / (1u64 << 53) as f64
            },
            seed: f64::to_bits,
        }
    }
}
