//! The settings that CONFIG GET and CONFIG SET know.

use crate::notify::Class;
use crate::value::ListpackLimits;

/// Settings that the engine acts on.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub requirepass: Vec<u8>,
    pub notify_keyspace_events: Class,
    /// The most bytes of an argument, and of a string value.
    pub proto_max_bulk_len: usize,
    pub hash_max_listpack_entries: usize,
    pub hash_max_listpack_value: usize,
    /// Elements of a list node if positive; -1 to -5 are 4, 8, 16, 32, 64 KiB.
    pub list_max_listpack_size: i64,
    pub set_max_intset_entries: usize,
    pub set_max_listpack_entries: usize,
    pub set_max_listpack_value: usize,
    pub zset_max_listpack_entries: usize,
    pub zset_max_listpack_value: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            requirepass: Vec::new(),
            notify_keyspace_events: Class::NONE,
            proto_max_bulk_len: 512 * 1024 * 1024,
            hash_max_listpack_entries: 512,
            hash_max_listpack_value: 64,
            list_max_listpack_size: -2,
            set_max_intset_entries: 512,
            set_max_listpack_entries: 128,
            set_max_listpack_value: 64,
            zset_max_listpack_entries: 128,
            zset_max_listpack_value: 64,
        }
    }
}

impl Config {
    /// What keeps a sorted set a listpack.
    pub fn zset_limits(&self) -> ListpackLimits {
        ListpackLimits {
            entries: self.zset_max_listpack_entries,
            value_bytes: self.zset_max_listpack_value,
        }
    }
}
