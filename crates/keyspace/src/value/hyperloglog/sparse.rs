//! The sparse encoding: registers as runs of equal values, one or two bytes a run.
//!
//! `00llllll` is a run of 1 to 64 zeros, `01llllll llllllll` one of up to 16384, and `1vvvvvll`
//! one of 1 to 4 registers with a value from 1 to 32. Lengths and values are stored less one.

use super::{Corrupted, REGISTERS};
use smallvec::SmallVec;

/// The one run of an empty HyperLogLog.
pub(super) const EMPTY: [u8; 2] = [0x7f, 0xff];

const SHORT_ZEROS_MAX: usize = 64;
const VALUE_MAX: u8 = 32;
const VALUE_LEN_MAX: usize = 4;
/// A register's value is changed within so many runs of those that may be united then.
const UNITED_RUNS: usize = 5;

/// Registers of one value, next to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub value: u8,
    pub len: usize,
}

impl Run {
    /// The first run of `bytes`, and how many of them it takes.
    fn decode(bytes: &[u8]) -> Option<(Run, usize)> {
        let first = *bytes.first()?;
        let low = usize::from(first & 0x3f);
        Some(match first {
            0x80.. => {
                let run = Run { value: (first >> 2 & 0x1f) + 1, len: usize::from(first & 3) + 1 };
                (run, 1)
            }
            0x40.. => {
                let second = usize::from(bytes.get(1).copied().unwrap_or_default());
                (Run { value: 0, len: (low << 8 | second) + 1 }, 2)
            }
            _ => (Run { value: 0, len: low + 1 }, 1),
        })
    }

    /// Appends the run in its shortest form; none where it has no register.
    fn encode(self, to: &mut SmallVec<[u8; 8]>) {
        let Some(len) = self.len.checked_sub(1) else {
            return;
        };
        if self.value > 0 {
            to.push(0x80 | (self.value - 1) << 2 | len as u8);
        } else if self.len > SHORT_ZEROS_MAX {
            to.extend([0x40 | (len >> 8) as u8, len as u8]);
        } else {
            to.push(len as u8);
        }
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.value {
            0 if self.len > SHORT_ZEROS_MAX => write!(f, "Z:{}", self.len),
            0 => write!(f, "z:{}", self.len),
            value => write!(f, "v:{value},{}", self.len),
        }
    }
}

/// The runs in order.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (run, taken) = Run::decode(rest)?;
        rest = rest.get(taken..).unwrap_or_default();
        Some(run)
    })
}

/// Refuses runs that do not add up to the registers.
pub(super) fn check(bytes: &[u8]) -> Result<(), Corrupted> {
    let mut covered = 0;
    for run in runs(bytes) {
        covered += run.len;
        if covered > REGISTERS {
            break;
        }
    }
    if covered == REGISTERS { Ok(()) } else { Err(Corrupted) }
}

/// What became of a register that was to be raised.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Raised {
    Yes,
    /// It is as high already.
    No,
    /// The value, or the runs that it asks for, are too much for this encoding.
    DoesNotFit,
}

/// Raises a register to `value` in the runs that start at `start`, unless that takes more than
/// `max_bytes` in all.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    start: usize,
    index: usize,
    value: u8,
    max_bytes: usize,
) -> Raised {
    if value > VALUE_MAX {
        return Raised::DoesNotFit;
    }
    let Some(place) = find(&bytes[start..], index) else {
        return Raised::DoesNotFit;
    };
    let Place { before, at, taken, first, run } = place;
    if run.value >= value {
        return Raised::No;
    }
    let mut new = SmallVec::new();
    Run { len: index - first, ..run }.encode(&mut new);
    Run { value, len: 1 }.encode(&mut new);
    Run { len: first + run.len - 1 - index, ..run }.encode(&mut new);
    if new.len() > taken && bytes.len() + new.len() - taken > max_bytes {
        return Raised::DoesNotFit;
    }
    replace(bytes, start + at, taken, &new);
    unite(bytes, start + before);
    Raised::Yes
}

/// Where the run of a register is: in bytes from the first run.
struct Place {
    /// The run before it, or itself where it is the first.
    before: usize,
    at: usize,
    taken: usize,
    /// The first register that it covers.
    first: usize,
    run: Run,
}

fn find(bytes: &[u8], index: usize) -> Option<Place> {
    let (mut before, mut at, mut first) = (0, 0, 0);
    loop {
        let (run, taken) = Run::decode(bytes.get(at..)?)?;
        if index < first + run.len {
            return Some(Place { before, at, taken, first, run });
        }
        before = at;
        at += taken;
        first += run.len;
    }
}

/// Puts other bytes in the place of some.
fn replace(bytes: &mut Vec<u8>, at: usize, taken: usize, new: &[u8]) {
    let len = bytes.len();
    let new_len = len + new.len() - taken;
    bytes.resize(len.max(new_len), 0);
    bytes.copy_within(at + taken..len, at + new.len());
    bytes[at..at + new.len()].copy_from_slice(new);
    bytes.truncate(new_len);
}

/// Unites neighbours of one value, in the few runs from `at` on in which a change can have made
/// them. As in Redis, so that the bytes are the same.
fn unite(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..UNITED_RUNS {
        let Some((run, taken)) = Run::decode(&bytes[at.min(bytes.len())..]) else {
            return;
        };
        let next = Run::decode(&bytes[(at + taken).min(bytes.len())..]);
        match next {
            Some((next, 1)) if run.value > 0 && next.value == run.value => {
                let len = run.len + next.len;
                if len <= VALUE_LEN_MAX {
                    let mut united = SmallVec::new();
                    Run { len, ..run }.encode(&mut united);
                    replace(bytes, at, 2, &united);
                    continue;
                }
            }
            _ => {}
        }
        at += taken;
    }
}
