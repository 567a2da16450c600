//! Light, dark, or as the system has it.

/// A theme, as somebody chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// Reads a theme's name; what is none is the system's theme.
    pub fn from_name(name: &str) -> Theme {
        match name {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The word that style sheets know it by; none for the system's.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    /// The theme that a press on the switch brings: first the other one, then back.
    pub fn next(self, system_is_dark: bool) -> Theme {
        match (self, system_is_dark) {
            (Theme::System, true) => Theme::Light,
            (Theme::System, false) => Theme::Dark,
            _ => Theme::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Theme;

    #[test]
    fn the_switch_shows_the_other_theme_and_comes_back() {
        for dark in [true, false] {
            let other = Theme::System.next(dark);
            assert_ne!(other, Theme::System);
            assert_eq!(other.next(dark), Theme::System);
            assert_eq!(Theme::from_name(other.name().unwrap_or_default()), other);
        }
    }
}
