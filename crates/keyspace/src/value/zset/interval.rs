//! What ZRANGEBYSCORE and ZRANGEBYLEX select: the values between two limits.

/// One end of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit<T> {
    /// Before every value.
    First,
    Included(T),
    Excluded(T),
    /// Behind every value.
    Last,
}

/// The values from `min` to `max`; none where these stand the other way round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Interval<T> {
    pub min: Limit<T>,
    pub max: Limit<T>,
}

/// Of scores. None is NaN.
pub(crate) type ScoreInterval = Interval<f64>;
/// Of members, byte by byte.
pub(crate) type LexInterval<'a> = Interval<&'a [u8]>;

impl<T: PartialOrd> Interval<T> {
    /// Whether a value stands before the interval.
    pub fn starts_after(&self, value: &T) -> bool {
        match &self.min {
            Limit::First => false,
            Limit::Included(min) => value < min,
            Limit::Excluded(min) => value <= min,
            Limit::Last => true,
        }
    }

    /// Whether a value stands behind the interval.
    pub fn ends_before(&self, value: &T) -> bool {
        match &self.max {
            Limit::First => true,
            Limit::Included(max) => value > max,
            Limit::Excluded(max) => value >= max,
            Limit::Last => false,
        }
    }
}
