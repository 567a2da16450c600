//! What happens in the engine, as a person may read it: bounded, however much happens at once.

use crate::backend::{ChangedBy, FeedItem, Happening};
use keyspace::UnixMillis;
use serde_bytes::ByteBuf;
use std::collections::VecDeque;

/// How many things one batch tells; of more, the last.
const ITEMS_MAX: usize = 100;
/// How much of a command is told.
const ARGS_MAX: usize = 12;
const ARG_BYTES_MAX: usize = 60;

#[derive(Clone, Default)]
pub(super) struct Feed {
    items: VecDeque<FeedItem>,
    next: u64,
}

impl Feed {
    pub fn push(&mut self, at: UnixMillis, by: Option<ChangedBy>, what: Happening) {
        if self.items.len() == ITEMS_MAX {
            self.items.pop_front();
        }
        self.items.push_back(FeedItem { number: self.next, at: at.0 as f64, by, what });
        self.next += 1;
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What happened since the last call, the oldest first; the numbers tell of gaps.
    pub fn take(&mut self) -> Option<Vec<FeedItem>> {
        let items = std::mem::take(&mut self.items);
        (!items.is_empty()).then(|| items.into())
    }
}

/// As much of a command as is told.
pub(super) fn shorten(args: &[Vec<u8>]) -> Vec<ByteBuf> {
    let cut = |arg: &Vec<u8>| ByteBuf::from(&arg[..arg.len().min(ARG_BYTES_MAX)]);
    let mut shown: Vec<ByteBuf> = args.iter().take(ARGS_MAX).map(cut).collect();
    if args.len() > ARGS_MAX {
        shown.push(ByteBuf::from("…".as_bytes()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Feed, ITEMS_MAX};
    use crate::backend::Happening;
    use keyspace::UnixMillis;

    #[test]
    fn a_flood_keeps_its_end_and_its_numbers() {
        let mut feed = Feed::default();
        for _ in 0..ITEMS_MAX + 7 {
            feed.push(UnixMillis(1), None, Happening::TimedOut);
        }
        let items = feed.take().expect("something happened");
        assert_eq!((items.len(), items[0].number), (ITEMS_MAX, 7));
        assert_eq!(feed.take(), None);
    }
}
