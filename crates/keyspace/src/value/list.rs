//! Lists.

use super::SmallBytes;
use std::collections::VecDeque;

/// A list: both ends and any index in O(1).
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    elements: VecDeque<SmallBytes>,
}

impl List {
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    pub fn encoding(&self) -> &'static str {
        "listpack"
    }

    pub fn push_front(&mut self, element: &[u8]) {
        self.elements.push_front(element.into());
    }

    pub fn pop_back(&mut self) -> Option<SmallBytes> {
        self.elements.pop_back()
    }
}
