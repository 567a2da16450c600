//! Places on the earth: coordinates, the geohash that is their score in a sorted set, distances,
//! and the cells that cover an area.
//!
//! A geohash halves the ranges of longitude and latitude in turns; its bits are interleaved, so
//! that a cell is a range of scores. Sines come from `libm`: the same on every platform.

mod cover;

pub(crate) use cover::{Area, Shape};

/// Coordinates are as the Mercator projection has them, which ends before the poles.
const LATITUDE_MAX: f64 = 85.051_128_78;
const LONGITUDE_MAX: f64 = 180.0;
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

/// How often each range is halved in a score.
const STEPS_MAX: u32 = 26;
const EVEN_BITS: u64 = 0x5555_5555_5555_5555;

/// A place, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

impl Place {
    /// A place that a geohash can have.
    pub fn new(longitude: f64, latitude: f64) -> Option<Place> {
        let is_known = longitude.abs() <= LONGITUDE_MAX && latitude.abs() <= LATITUDE_MAX;
        is_known.then_some(Place { longitude, latitude })
    }

    /// The score of the place in a sorted set: its cell after all steps.
    pub fn score(self) -> f64 {
        Cell::of(self, STEPS_MAX, LATITUDE_MAX).bits as f64
    }

    /// The middle of the cell that a score is.
    pub fn from_score(score: f64) -> Place {
        // Any score can be in a sorted set; what is no cell is some place all the same.
        let bounds = Cell { bits: bits_of_score(score), steps: STEPS_MAX }.bounds();
        let middle = |low: f64, high: f64, max: f64| ((low + high) / 2.0).clamp(-max, max);
        Place {
            longitude: middle(bounds.west, bounds.east, LONGITUDE_MAX),
            latitude: middle(bounds.south, bounds.north, LATITUDE_MAX),
        }
    }

    /// The eleven letters of the public geohash, which counts latitudes up to the poles. A score
    /// has bits for ten of them.
    pub fn geohash(self) -> [u8; 11] {
        const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
        let cell = Cell::of(self, STEPS_MAX, 90.0);
        let mut letters = [LETTERS[0]; 11];
        for (index, letter) in letters.iter_mut().take(10).enumerate() {
            let behind = STEPS_MAX * 2 - 5 * (index as u32 + 1);
            *letter = LETTERS[(cell.bits >> behind & 0x1f) as usize];
        }
        letters
    }

    /// The distance between two places on a sphere, in metres.
    pub fn distance(self, other: Place) -> f64 {
        let v = libm::sin((other.longitude.to_radians() - self.longitude.to_radians()) / 2.0);
        if v == 0.0 {
            return self.latitude_distance(other);
        }
        let (from, to) = (self.latitude.to_radians(), other.latitude.to_radians());
        let u = libm::sin((to - from) / 2.0);
        let a = u * u + libm::cos(from) * libm::cos(to) * v * v;
        // Between opposite ends of the earth rounding may lead beyond the sines there are.
        2.0 * EARTH_RADIUS_M * libm::asin(a.sqrt().min(1.0))
    }

    /// The distance between the circles of latitude of two places, in metres.
    fn latitude_distance(self, other: Place) -> f64 {
        EARTH_RADIUS_M * (other.latitude.to_radians() - self.latitude.to_radians()).abs()
    }
}

/// A rectangle of longitudes and latitudes: what is left of the earth after some steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    /// The halves that were chosen: those of longitudes in the odd bits.
    bits: u64,
    steps: u32,
}

/// The edges of a rectangle, in degrees.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Cell {
    /// The cell of a place after so many steps, where latitudes go up to `latitude_max`.
    fn of(place: Place, steps: u32, latitude_max: f64) -> Cell {
        let halves = |degrees: f64, max: f64| {
            let offset = (degrees + max) / (max + max);
            (offset * (1_u64 << steps) as f64) as u32
        };
        let longitude = halves(place.longitude, LONGITUDE_MAX);
        let latitude = halves(place.latitude, latitude_max);
        Cell { bits: spread(latitude) | spread(longitude) << 1, steps }
    }

    fn bounds(self) -> Bounds {
        let degrees = |halves: u64, max: f64| {
            -max + (halves as f64 / (1_u64 << self.steps) as f64) * (max + max)
        };
        let longitude = u64::from(gather(self.bits >> 1));
        let latitude = u64::from(gather(self.bits));
        Bounds {
            west: degrees(longitude, LONGITUDE_MAX),
            south: degrees(latitude, LATITUDE_MAX),
            east: degrees(longitude + 1, LONGITUDE_MAX),
            north: degrees(latitude + 1, LATITUDE_MAX),
        }
    }

    /// The cell so many cells to the east and to the north, around the earth.
    fn moved(self, east: i32, north: i32) -> Cell {
        let mask = (1_u64 << self.steps) - 1;
        let step = |halves: u32, by: i32| match by {
            0 => spread(halves),
            _ => spread((u64::from(halves).wrapping_add_signed(by.into()) & mask) as u32),
        };
        let latitude = step(gather(self.bits), north);
        let longitude = step(gather(self.bits >> 1), east);
        Cell { bits: latitude | longitude << 1, ..self }
    }

    /// The scores in the cell: from the first, up to but without the second.
    fn scores(self) -> (f64, f64) {
        let unused = (STEPS_MAX - self.steps) * 2;
        ((self.bits << unused) as f64, ((self.bits + 1) << unused) as f64)
    }
}

/// Puts a zero before each bit.
fn spread(halves: u32) -> u64 {
    let mut bits = u64::from(halves);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & EVEN_BITS
}

/// Takes every second bit, from the lowest on.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & EVEN_BITS;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) as u32
}

/// A score as a whole number, in the way that programs in C have on most processors: what is too
/// large becomes 0, and what is negative counts from the end.
fn bits_of_score(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    if score < HALF {
        score as i64 as u64
    } else if score < HALF * 2.0 {
        score as u64
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place() -> impl Strategy<Value = Place> {
        (-180.0..=180.0, -LATITUDE_MAX..=LATITUDE_MAX)
            .prop_map(|(longitude, latitude)| Place { longitude, latitude })
    }

    proptest! {
        #[test]
        fn a_score_is_near_its_place(place in place()) {
            let near = Place::from_score(place.score());
            prop_assert!(place.distance(near) < 1.0, "{place:?} {near:?}");
        }

        #[test]
        fn spread_bits_are_gathered_again(halves in any::<u32>()) {
            prop_assert_eq!(gather(spread(halves)), halves);
            prop_assert_eq!(gather(spread(halves) << 1), 0);
        }

        /// What a search by cells finds is what a look at every place finds, but for areas that
        /// reach over a pole: there a search finds what Redis finds, which is less.
        #[test]
        fn an_area_is_covered_by_its_cells(
            center in place(),
            shape in prop_oneof![
                (0.0..3e6).prop_map(|radius| Shape::Circle { radius }),
                (0.0..3e6, 0.0..3e6).prop_map(|(width, height)| Shape::Box { width, height }),
            ],
            near in prop::collection::vec((-20.0..20.0, -20.0..20.0), 0..30),
        ) {
            let area = Area { center, shape };
            prop_assume!(!area.reaches_over_a_pole());
            let ranges = area.score_ranges();
            for (east, north) in near {
                let Some(place) = Place::new(center.longitude + east, center.latitude + north) else {
                    continue;
                };
                let score = place.score();
                let place = Place::from_score(score);
                let is_covered = ranges.iter().any(|&(min, max)| min <= score && score < max);
                prop_assert!(area.distance_within(place).is_none() || is_covered, "{place:?}");
            }
        }
    }

    #[test]
    fn any_score_is_a_place() {
        for score in [f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.5, 1e300] {
            let place = Place::from_score(score);
            assert!(Place::new(place.longitude, place.latitude).is_some(), "{score}");
        }
    }
}
