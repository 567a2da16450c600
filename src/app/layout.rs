//! How the panes share the page: sizes that a person drags, and which pane a small screen shows.

use keyspace_resp::parse_double;

/// A pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pane {
    Keys,
    Stage,
    Console,
}

impl Pane {
    /// The word that style sheets know it by.
    pub fn name(self) -> &'static str {
        match self {
            Pane::Keys => "keys",
            Pane::Stage => "stage",
            Pane::Console => "console",
        }
    }
}

/// The border that is dragged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Border {
    /// Between the keys and the stage.
    Keys,
    /// Above the console.
    Console,
}

/// Sizes in percent of the desk, so that they mean the same on every screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    /// How wide the keys are.
    pub keys: f64,
    /// How high the console is.
    pub console: f64,
    /// What a small screen shows.
    pub pane: Pane,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { keys: 32.0, console: 42.0, pane: Pane::Console }
    }
}

/// No pane gets smaller or larger than this.
const SHARES: std::ops::RangeInclusive<f64> = 12.0..=80.0;

impl Layout {
    /// Reads what [`to_text`](Self::to_text) wrote; the rest is as at first.
    pub fn from_text(text: &str) -> Layout {
        let mut layout = Layout::default();
        let mut sizes = text.split(' ').map(|size| parse_double(size.as_bytes()));
        if let (Some(Some(keys)), Some(Some(console))) = (sizes.next(), sizes.next()) {
            layout.set(Border::Keys, keys);
            layout.set(Border::Console, console);
        }
        layout
    }

    /// The sizes.
    pub fn to_text(self) -> String {
        format!("{:.2} {:.2}", self.keys, self.console)
    }

    /// Moves a border.
    pub fn set(&mut self, border: Border, share: f64) {
        if !share.is_finite() {
            return;
        }
        let share = share.clamp(*SHARES.start(), *SHARES.end());
        match border {
            Border::Keys => self.keys = share,
            Border::Console => self.console = share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Border, Layout};

    #[test]
    fn sizes_read_back_and_stay_in_bounds() {
        let mut layout = Layout::default();
        layout.set(Border::Keys, 200.0);
        layout.set(Border::Console, 25.5);
        assert_eq!(Layout::from_text(&layout.to_text()), layout);
        assert_eq!((layout.keys, layout.console), (80.0, 25.5));
        layout.set(Border::Keys, f64::NAN);
        assert_eq!(layout.keys, 80.0);
    }

    #[test]
    fn nonsense_reads_as_the_first_sizes() {
        assert_eq!(Layout::from_text("a b"), Layout::default());
    }
}
