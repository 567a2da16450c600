//! What the stage shows, and the address that says so.

use crate::lessons::Place;

/// A page of the playground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Playground,
    Celery,
    /// A step of a lesson, or the list of lessons.
    Learn(Option<Place>),
}

impl Route {
    /// The routes that have a tab.
    pub const TABS: &[Route] = &[Route::Playground, Route::Celery, Route::Learn(None)];

    /// Reads the part of an address behind `#`.
    pub fn from_hash(hash: &str) -> Route {
        let path = hash.split('?').next().unwrap_or_default();
        let hash = path.trim_matches('/');
        match hash.split_once('/').unwrap_or((hash, "")) {
            ("celery", "") => Route::Celery,
            ("learn", place) => Route::Learn(Place::from_address(place)),
            _ => Route::Playground,
        }
    }

    /// The part of an address behind `#`, with it.
    pub fn href(self) -> String {
        match self {
            Route::Playground => "#/".to_owned(),
            Route::Celery => "#/celery".to_owned(),
            Route::Learn(None) => "#/learn".to_owned(),
            Route::Learn(Some(place)) => format!("#/learn/{}", place.address()),
        }
    }

    /// The step of a lesson that it shows.
    pub fn place(self) -> Option<Place> {
        match self {
            Route::Learn(place) => place,
            Route::Playground | Route::Celery => None,
        }
    }

    /// The word that style sheets know it by.
    pub fn word(self) -> &'static str {
        match self {
            Route::Playground => "playground",
            Route::Celery => "celery",
            Route::Learn(_) => "learn",
        }
    }

    /// What its tab says.
    pub fn name(self) -> &'static str {
        match self {
            Route::Playground => "Playground",
            Route::Celery => "Celery",
            Route::Learn(_) => "Learn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;
    use crate::lessons::Place;

    #[test]
    fn addresses_read_back() {
        let place = Some(Place { lesson: 2, step: 1 });
        for route in [Route::Playground, Route::Celery, Route::Learn(None), Route::Learn(place)] {
            assert_eq!(Route::from_hash(&route.href()[1..]), route);
        }
        assert_eq!(Route::from_hash("nonsense"), Route::Playground);
        assert_eq!(Route::from_hash("/celery?scenario=happy-path&embed"), Route::Celery);
    }
}
