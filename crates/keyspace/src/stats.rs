//! Counters that INFO reports.

use crate::value::Map;
use std::collections::BTreeMap;

/// Counts since the start, or since CONFIG RESETSTAT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stats {
    pub connections_received: u64,
    pub commands_processed: u64,
    pub keyspace_hits: u64,
    pub keyspace_misses: u64,
    pub expired_keys: u64,
    pub expired_fields: u64,
    pub evicted_keys: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub error_replies: u64,
    /// By full name, in the order of first use.
    pub commands: Map<&'static str, CommandStats>,
    /// Error replies by their code.
    pub errors: BTreeMap<String, u64>,
    /// Changes since the start; not reset.
    pub dirty: u64,
}

/// What one command did.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CommandStats {
    pub calls: u64,
    /// Calls that were refused before they started.
    pub rejected_calls: u64,
    /// Calls that answered an error.
    pub failed_calls: u64,
}

/// How many codes of errors are told apart; scripts can make up more.
const ERROR_CODES_MAX: usize = 128;

impl Stats {
    /// The counters of a command.
    pub fn command(&mut self, name: &'static str) -> &mut CommandStats {
        self.commands.entry(name).or_default()
    }

    /// Counts an error reply by its code, which is its first word.
    pub fn count_error(&mut self, text: &str) {
        self.error_replies += 1;
        let code = text.split(' ').next().unwrap_or_default();
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < ERROR_CODES_MAX {
            self.errors.insert(code.to_owned(), 1);
        }
    }

    /// Forgets everything but the number of changes.
    pub fn reset(&mut self) {
        *self = Stats { dirty: self.dirty, ..Stats::default() };
    }
}
