//! ZSet values.

/// To be filled by its family.
#[derive(Debug, Clone, Default)]
pub(crate) struct ZSet {
    len: usize,
}

impl ZSet {
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn encoding(&self) -> &'static str {
        "listpack"
    }
}
