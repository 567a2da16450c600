//! What the stage shows, and the address that says so.

/// A page of the playground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Playground,
    Celery,
}

impl Route {
    /// The routes that have a tab.
    pub const TABS: &[Route] = &[Route::Playground, Route::Celery];

    /// Reads the part of an address behind `#`.
    pub fn from_hash(hash: &str) -> Route {
        match hash.trim_matches('/') {
            "celery" => Route::Celery,
            _ => Route::Playground,
        }
    }

    /// The part of an address behind `#`, with it.
    pub fn href(self) -> &'static str {
        match self {
            Route::Playground => "#/",
            Route::Celery => "#/celery",
        }
    }

    /// The word that style sheets know it by.
    pub fn word(self) -> &'static str {
        match self {
            Route::Playground => "playground",
            Route::Celery => "celery",
        }
    }

    /// What its tab says.
    pub fn name(self) -> &'static str {
        match self {
            Route::Playground => "Playground",
            Route::Celery => "Celery",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Route;

    #[test]
    fn addresses_read_back() {
        for route in [Route::Playground, Route::Celery] {
            assert_eq!(Route::from_hash(&route.href()[1..]), route);
        }
        assert_eq!(Route::from_hash("nonsense"), Route::Playground);
    }
}
