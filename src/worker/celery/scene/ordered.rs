//! Items by name, in the order in which they came: as the fields of a small hash, however many.

use std::collections::BTreeMap;
use std::rc::Rc;

/// Items by name, in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Ordered<V> {
    items: BTreeMap<u64, (Rc<str>, V)>,
    numbers: BTreeMap<Rc<str>, u64>,
    count: u64,
}

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Ordered { items: BTreeMap::new(), numbers: BTreeMap::new(), count: 0 }
    }
}

impl<V> Ordered<V> {
    /// Adds an item at the end; returns the one that had the name.
    pub fn insert(&mut self, name: &str, value: V) -> Option<V> {
        let before = self.remove(name);
        let name: Rc<str> = name.into();
        self.count += 1;
        self.items.insert(self.count, (name.clone(), value));
        self.numbers.insert(name, self.count);
        before
    }

    pub fn get(&self, name: &str) -> Option<&V> {
        self.items.get(self.numbers.get(name)?).map(|(_, value)| value)
    }

    pub fn remove(&mut self, name: &str) -> Option<V> {
        let number = self.numbers.remove(name)?;
        self.items.remove(&number).map(|(_, value)| value)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// From the oldest to the latest.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Rc<str>, &V)> {
        self.items.values().map(|(name, value)| (name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::Ordered;

    #[test]
    fn what_comes_again_is_the_latest() {
        let mut items = Ordered::default();
        assert_eq!(items.insert("a", 1), None);
        items.insert("b", 2);
        assert_eq!(items.insert("a", 3), Some(1));
        let all: Vec<_> = items.iter().map(|(name, value)| (&**name, *value)).collect();
        assert_eq!(all, [("b", 2), ("a", 3)]);
        assert_eq!((items.remove("b"), items.get("b"), items.len()), (Some(2), None, 1));
    }
}
