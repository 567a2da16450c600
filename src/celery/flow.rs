//! What moves on the wires of the map.
//!
//! While the clock runs slowly, whatever moves is drawn by itself. When it runs fast, what takes the
//! same path while a move is in sight goes together, and it is said how many they are.

use super::picture::Hop;
use std::collections::VecDeque;

/// How long a move is in sight, in real time, as the style sheet has it.
pub const MOVE_MS: f64 = 400.0;
/// From this pace on moves go together, and what is in one place of the map is drawn there
/// without coming in first: it is gone before it has come.
const FAST: f64 = 10.0;
/// How many moves are remembered.
const MOVES_MAX: usize = 16;

/// Whether a clock runs too fast for one thing at a time to be watched.
pub fn is_fast(rate: f64) -> bool {
    rate >= FAST
}

/// The moves that may still be in sight.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flow {
    moves: VecDeque<Hop>,
    /// The number of the last hop that was seen.
    seen: u32,
}

impl Flow {
    /// The moves, the oldest first; several that go together are the last of them, with how many
    /// they are.
    pub fn moves(&self) -> impl DoubleEndedIterator<Item = &Hop> {
        self.moves.iter()
    }

    /// Takes in the last hops there were, some of which are known; the clock runs so fast.
    pub fn follow(&mut self, hops: &[Hop], rate: f64) {
        let last = hops.last().map_or(0, |hop| hop.number);
        if last < self.seen {
            // The moment is an earlier one.
            self.moves.clear();
            self.seen = 0;
        }
        let seen = std::mem::replace(&mut self.seen, last);
        for hop in hops.iter().filter(|hop| hop.number > seen) {
            self.add(hop, rate);
        }
    }

    fn add(&mut self, hop: &Hop, rate: f64) {
        // Both sides of a scenario count over the same stretches of time.
        let stretch = |at: f64| (at / (MOVE_MS * rate)).floor();
        let before = self.moves.iter_mut().rev().find(|it| it.path == hop.path);
        match before.filter(|it| is_fast(rate) && stretch(it.at) == stretch(hop.at)) {
            Some(before) => {
                *before =
                    Hop { number: before.number, count: before.count + hop.count, ..hop.clone() };
            }
            None => self.moves.push_back(hop.clone()),
        }
        if self.moves.len() > MOVES_MAX {
            self.moves.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Flow;
    use crate::celery::picture::{Hop, Path, Token};

    fn hop(number: u32, path: Path, at: f64) -> Hop {
        let token = Token { id: number, label: "add(2, 3)".to_owned(), redelivered: false };
        Hop { number, path, token, count: 1, at }
    }

    fn counts(flow: &Flow) -> Vec<(u32, u32)> {
        flow.moves().map(|hop| (hop.number, hop.count)).collect()
    }

    #[test]
    fn slow_moves_go_one_by_one_and_each_is_taken_once() {
        let mut flow = Flow::default();
        let hops = [hop(1, Path::Send, 0.0), hop(2, Path::Send, 10.0)];
        flow.follow(&hops, 1.0);
        flow.follow(&hops, 1.0);
        assert_eq!(counts(&flow), [(1, 1), (2, 1)]);
    }

    #[test]
    fn fast_moves_on_a_path_go_together_for_as_long_as_a_move_is_in_sight() {
        let mut flow = Flow::default();
        flow.follow(&[hop(1, Path::Send, 0.0), hop(2, Path::Take, 0.0)], 100.0);
        flow.follow(&[hop(3, Path::Send, 39_000.0), hop(4, Path::Send, 41_000.0)], 100.0);
        assert_eq!(counts(&flow), [(1, 2), (2, 1), (4, 1)]);
    }

    #[test]
    fn an_earlier_moment_has_its_own_moves() {
        let mut flow = Flow::default();
        flow.follow(&[hop(7, Path::Send, 0.0)], 1.0);
        flow.follow(&[hop(3, Path::Send, 0.0)], 1.0);
        assert_eq!(counts(&flow), [(3, 1)]);
    }
}
