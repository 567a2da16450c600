//! Points in time. The engine never asks for the time; its host says it.

use std::ops::{Add, Sub};

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This point plus `millis`, or `None` where it cannot be represented.
    pub fn checked_add(self, millis: i64) -> Option<UnixMillis> {
        self.0.checked_add(millis).map(UnixMillis)
    }
}

impl Add<i64> for UnixMillis {
    type Output = UnixMillis;

    /// The point `millis` later, at most the latest that can be represented.
    fn add(self, millis: i64) -> UnixMillis {
        UnixMillis(self.0.saturating_add(millis))
    }
}

impl Sub for UnixMillis {
    type Output = i64;

    /// The distance in milliseconds.
    fn sub(self, earlier: UnixMillis) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}
