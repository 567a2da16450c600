//! Places for what flows by: what comes takes the place of what has gone, so that an element of
//! the page is filled anew instead of made anew.

/// Which item of a list has which place.
#[derive(Debug, Default)]
pub struct Slots(Vec<Option<u32>>);

impl Slots {
    /// The places of these items, each one's own; who was there before keeps its place.
    pub fn assign(&mut self, items: &[u32]) -> Vec<usize> {
        for slot in &mut self.0 {
            *slot = slot.filter(|item| items.contains(item));
        }
        items.iter().map(|item| self.place(*item)).collect()
    }

    fn place(&mut self, item: u32) -> usize {
        let known = self.0.iter().position(|slot| *slot == Some(item));
        let place = known.or_else(|| self.0.iter().position(Option::is_none));
        let place = place.unwrap_or(self.0.len());
        self.0.resize(self.0.len().max(place + 1), None);
        self.0[place] = Some(item);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn what_comes_takes_the_place_of_what_has_gone() {
        let mut slots = Slots::default();
        assert_eq!(slots.assign(&[3, 2, 1]), [0, 1, 2]);
        assert_eq!(slots.assign(&[4, 3, 2]), [2, 0, 1]);
        assert!(slots.assign(&[]).is_empty());
        assert_eq!(slots.assign(&[7, 8, 9, 10]), [0, 1, 2, 3]);
    }
}
