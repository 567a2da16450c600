//! The last things that happened.

use crate::backend::FeedItem;
use crate::design::Shared;
use std::collections::VecDeque;

/// How many things are kept.
const ITEMS_MAX: usize = 150;

/// The last things that happened, the latest first.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub items: VecDeque<Item>,
}

/// Something that happened, or a gap.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Happened(Shared<FeedItem>),
    /// So much happened that so many things before the one of that number are not told.
    Gap {
        before: u64,
        count: u64,
    },
}

impl State {
    /// Adds what happened, the oldest first.
    pub fn add(&mut self, items: Vec<FeedItem>) {
        for item in items {
            let last = self.items.front().and_then(|item| match item {
                Item::Happened(item) => Some(item.number),
                Item::Gap { .. } => None,
            });
            let missing = last.map_or(0, |last| item.number.saturating_sub(last + 1));
            if missing > 0 {
                self.items.push_front(Item::Gap { before: item.number, count: missing });
            }
            self.items.push_front(Item::Happened(Shared::new(item)));
        }
        self.items.truncate(ITEMS_MAX);
    }

    /// Forgets everything: another engine is there.
    pub fn clear(&mut self) {
        self.items.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{ITEMS_MAX, Item, State};
    use crate::backend::{FeedItem, Happening};

    fn item(number: u64) -> FeedItem {
        FeedItem { number, at: 0.0, by: None, what: Happening::TimedOut }
    }

    #[test]
    fn the_latest_stands_first_and_gaps_are_told() {
        let mut state = State::default();
        state.add(vec![item(0), item(1)]);
        state.add(vec![item(5)]);
        assert_eq!(state.items[1], Item::Gap { before: 5, count: 3 });
        assert!(matches!(&state.items[0], Item::Happened(item) if item.number == 5));
        assert_eq!(state.items.len(), 4);
    }

    #[test]
    fn only_the_last_things_are_kept() {
        let mut state = State::default();
        state.add((0..1_000).map(item).collect());
        assert_eq!(state.items.len(), ITEMS_MAX);
    }
}
