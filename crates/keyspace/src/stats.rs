//! Counters that INFO reports.

/// Counts since the start, or since CONFIG RESETSTAT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stats {
    pub connections_received: u64,
    pub commands_processed: u64,
    pub keyspace_hits: u64,
    pub keyspace_misses: u64,
    pub expired_keys: u64,
    pub evicted_keys: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub error_replies: u64,
    /// Changes since the start; not reset.
    pub dirty: u64,
}

impl Stats {
    /// Forgets everything but the number of changes.
    pub fn reset(&mut self) {
        *self = Stats { dirty: self.dirty, ..Stats::default() };
    }
}
