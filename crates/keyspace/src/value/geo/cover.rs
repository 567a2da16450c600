//! The cells that cover an area: one around its centre, as small as can be, and its neighbours.

use super::{Bounds, Cell, EARTH_RADIUS_M, LATITUDE_MAX, Place, STEPS_MAX};

/// The half of the earth's girth on the Mercator projection, in metres.
const MERCATOR_MAX_M: f64 = 20_037_726.37;

/// What a search looks in; lengths are in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Circle {
        radius: f64,
    },
    /// By its sides, which follow circles of latitude and longitude.
    Box {
        width: f64,
        height: f64,
    },
}

/// A shape around a place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub center: Place,
    pub shape: Shape,
}

impl Area {
    /// The distance of a place from the centre, in metres, where it is inside of the area.
    pub fn distance_within(&self, place: Place) -> Option<f64> {
        match self.shape {
            Shape::Circle { radius } => {
                Some(self.center.distance(place)).filter(|&distance| distance <= radius)
            }
            Shape::Box { width, height } => {
                let beside = Place { longitude: self.center.longitude, ..place };
                let is_inside = self.center.latitude_distance(place) <= height / 2.0
                    && place.distance(beside) <= width / 2.0;
                is_inside.then(|| self.center.distance(place))
            }
        }
    }

    /// Ranges of scores, their ends not included, in which everything inside of the area is; in
    /// the order in which Redis walks them, which is that of results that are not sorted.
    pub fn score_ranges(&self) -> Vec<(f64, f64)> {
        let bounds = self.bounds();
        let mut steps = self.estimated_steps();
        if steps > 1 && !Cell::of(self.center, steps, LATITUDE_MAX).reaches(&bounds) {
            steps -= 1;
        }
        let middle = Cell::of(self.center, steps, LATITUDE_MAX);
        let edges = middle.bounds();
        let is_needed = |(east, north): (i32, i32)| {
            let is_useless = north < 0 && edges.south < bounds.south
                || north > 0 && edges.north > bounds.north
                || east < 0 && edges.west < bounds.west
                || east > 0 && edges.east > bounds.east;
            steps < 2 || !is_useless
        };
        let sides = [(0, 1), (0, -1), (1, 0), (-1, 0)];
        let corners = [(1, 1), (-1, 1), (1, -1), (-1, -1)];
        let mut cells = vec![middle];
        for (east, north) in sides.into_iter().chain(corners).filter(|&to| is_needed(to)) {
            let cell = middle.moved(east, north);
            // Large cells are their own neighbours around the earth.
            if !cells.contains(&cell) {
                cells.push(cell);
            }
        }
        cells.into_iter().map(Cell::scores).collect()
    }

    /// The rectangle around the area.
    fn bounds(&self) -> Bounds {
        let (width, height) = match self.shape {
            Shape::Circle { radius } => (radius, radius),
            Shape::Box { width, height } => (width / 2.0, height / 2.0),
        };
        let Place { longitude, latitude } = self.center;
        let north = (height / EARTH_RADIUS_M).to_degrees();
        let nearer_pole = if latitude < 0.0 { latitude - north } else { latitude + north };
        let east = (width / EARTH_RADIUS_M / libm::cos(nearer_pole.to_radians())).to_degrees();
        Bounds {
            west: longitude - east,
            south: latitude - north,
            east: longitude + east,
            north: latitude + north,
        }
    }

    /// Whether it goes on behind a pole, where its rectangle ends.
    #[cfg(test)]
    pub fn reaches_over_a_pole(&self) -> bool {
        let Bounds { south, north, .. } = self.bounds();
        south < -90.0 || north > 90.0
    }

    /// The steps after which a cell is about as large as the area.
    fn estimated_steps(&self) -> u32 {
        let mut radius = match self.shape {
            Shape::Circle { radius } => radius,
            Shape::Box { width, height } => {
                let (width, height) = (width / 2.0, height / 2.0);
                (width * width + height * height).sqrt()
            }
        };
        if radius == 0.0 {
            return STEPS_MAX;
        }
        let mut steps = -1_i32;
        while radius < MERCATOR_MAX_M {
            radius *= 2.0;
            steps += 1;
        }
        // Towards the poles there are more degrees to a metre.
        steps -= match self.center.latitude.abs() {
            latitude if latitude > 80.0 => 2,
            latitude if latitude > 66.0 => 1,
            _ => 0,
        };
        steps.clamp(1, STEPS_MAX as i32) as u32
    }
}

impl Cell {
    /// Whether the neighbours on all sides end outside of `bounds`.
    fn reaches(self, bounds: &Bounds) -> bool {
        let edges = |east, north| self.moved(east, north).bounds();
        edges(0, 1).north >= bounds.north
            && edges(0, -1).south <= bounds.south
            && edges(1, 0).east >= bounds.east
            && edges(-1, 0).west <= bounds.west
    }
}
