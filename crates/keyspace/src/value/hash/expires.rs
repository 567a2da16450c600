//! When the fields of a hash die: by field, and in the order of time.

use crate::sorted::SortedSet;
use crate::time::UnixMillis;
use crate::value::{Map, SmallBytes};

/// The fields of a hash that have an expiry. Both indexes always hold the same.
#[derive(Debug, Clone, Default)]
pub(super) struct FieldExpires {
    by_field: Map<SmallBytes, UnixMillis>,
    by_time: SortedSet<(UnixMillis, SmallBytes)>,
}

impl FieldExpires {
    pub fn len(&self) -> usize {
        self.by_field.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_field.is_empty()
    }

    pub fn get(&self, field: &[u8]) -> Option<UnixMillis> {
        self.by_field.get(field).copied()
    }

    /// The field that dies first, and when.
    pub fn first(&self) -> Option<&(UnixMillis, SmallBytes)> {
        self.by_time.first()
    }

    pub fn set(&mut self, field: &[u8], expire_at: UnixMillis) {
        if let Some(was) = self.by_field.insert(field.into(), expire_at) {
            self.by_time.remove(&(was, field.into()));
        }
        self.by_time.insert((expire_at, field.into()));
    }

    /// `false` where the field has no expiry.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let Some(was) = self.by_field.swap_remove(field) else {
            return false;
        };
        self.by_time.remove(&(was, field.into()));
        true
    }
}
