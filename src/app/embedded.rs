//! The page in a frame of somebody else's page: `#/celery?scenario=happy-path&embed` shows the
//! picture of a scenario alone.

/// What an address asks for behind its route.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The scenario of Celery to begin with, as it stands in the address.
    pub scenario: Option<String>,
    /// Only what the route shows, without keys and console.
    pub embed: bool,
    /// Nothing runs until somebody lets it.
    pub empty: bool,
}

impl Asked {
    /// Reads the part of an address behind `#`.
    pub fn from_hash(hash: &str) -> Asked {
        let mut asked = Asked::default();
        let query = hash.split_once('?').map_or("", |(_, query)| query);
        for pair in query.split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("scenario", name) if !name.is_empty() => asked.scenario = Some(name.to_owned()),
                ("embed", _) => asked.embed = true,
                ("empty", _) => asked.empty = true,
                _ => {}
            }
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn a_frame_says_its_scenario() {
        let asked = Asked::from_hash("/celery?scenario=happy-path&embed");
        let framed = Asked { embed: true, ..Asked::default() };
        assert_eq!(asked, Asked { scenario: Some("happy-path".to_owned()), ..framed });
        let without = Asked { embed: true, ..Asked::default() };
        assert_eq!(Asked::from_hash("/celery?scenario=&embed"), without);
        assert_eq!(Asked::from_hash("/celery"), Asked::default());
        assert!(Asked::from_hash("/celery?empty").empty);
    }
}
