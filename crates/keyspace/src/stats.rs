//! Counters that INFO reports.

use crate::command;
use crate::latency::Histogram;
use crate::rates::{Rates, Totals};
use crate::sorted::SortedMap;
use crate::time::UnixMillis;

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
    pub evicted_clients: u64,
    pub rejected_connections: u64,
    pub query_limit_disconnections: u64,
    pub output_limit_disconnections: u64,
    /// How often a host brought bytes, and took some.
    pub reads: u64,
    pub writes: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub error_replies: u64,
    /// How long all commands took together.
    pub micros: u64,
    /// The most commands that one input brought, and the longest time that one took.
    pub commands_per_turn_max: u64,
    pub turn_micros_max: u64,
    pub rates: Rates,
    /// By the place of the command's row, as far as any was called.
    by_row: Vec<CommandStats>,
    /// The rows of these commands, in the order of first use.
    used_rows: Vec<usize>,
    /// Error replies by their code.
    pub errors: SortedMap<String, u64>,
    /// Changes since the start; not reset.
    pub dirty: u64,
}

/// What one command did.
#[derive(Debug, Clone, Default)]
pub(crate) struct CommandStats {
    pub calls: u64,
    /// Calls that were refused before they started.
    pub rejected_calls: u64,
    /// Calls that answered an error.
    pub failed_calls: u64,
    /// How long all calls took together.
    pub micros: u64,
    /// How long single calls took, as far as `latency-tracking` was on.
    pub durations: Histogram,
    is_used: bool,
}

/// How many codes of errors are told apart; scripts can make up more.
const ERROR_CODES_MAX: usize = 128;

/// What stands for all codes once there were too many.
const ERROR_CODES_DISABLED: &str = "ERRORSTATS_DISABLED";

impl Stats {
    /// Lets the ticks of the rates pass; to be called before something is counted.
    #[inline]
    pub fn tick(&mut self, now: UnixMillis) {
        if self.rates.are_due(now) {
            self.rates.tick(
                now,
                Totals {
                    commands: self.commands_processed,
                    bytes_in: self.bytes_in,
                    bytes_out: self.bytes_out,
                    cycles: self.reads,
                    micros: self.micros,
                },
            );
        }
    }

    /// Counts that a key was looked up to be read.
    #[inline]
    pub fn count_lookup(&mut self, exists: bool) {
        self.keyspace_hits += u64::from(exists);
        self.keyspace_misses += u64::from(!exists);
    }

    /// Notes that an input was dealt with; `before` is how many commands had run until then, and
    /// how long they took.
    pub fn note_turn(&mut self, before: (u64, u64)) {
        // The counters may have been reset meanwhile.
        let commands = self.commands_processed.saturating_sub(before.0);
        self.commands_per_turn_max = self.commands_per_turn_max.max(commands);
        self.turn_micros_max = self.turn_micros_max.max(self.micros.saturating_sub(before.1));
    }

    /// The counters of the command with that row.
    pub fn command(&mut self, row: usize) -> &mut CommandStats {
        if row >= self.by_row.len() {
            self.by_row.resize(row + 1, CommandStats::default());
        }
        let stats = &mut self.by_row[row];
        if !std::mem::replace(&mut stats.is_used, true) {
            self.used_rows.push(row);
        }
        stats
    }

    /// The counters of every command that was used, by full name, in the order of first use.
    pub fn commands(&self) -> impl Iterator<Item = (&'static str, &CommandStats)> {
        let names: Vec<_> = command::rows().map(|spec| spec.name).collect();
        self.used_rows.iter().map(move |&row| (names[row], &self.by_row[row]))
    }

    /// Counts an error reply by its code, which is its first word. With one code too many codes are
    /// not counted any more.
    pub fn count_error(&mut self, text: &str) {
        self.error_replies += 1;
        let code = text.split(' ').next().unwrap_or_default();
        if self.errors.contains_key(ERROR_CODES_DISABLED) {
            return;
        }
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
            return;
        }
        let is_too_much = self.errors.len() >= ERROR_CODES_MAX;
        if is_too_much {
            self.errors = SortedMap::default();
        }
        let code = if is_too_much { ERROR_CODES_DISABLED } else { code };
        self.errors.insert(code.to_owned(), 1);
    }

    /// Forgets everything but the number of changes.
    pub fn reset(&mut self) {
        *self = Stats { dirty: self.dirty, rates: self.rates.set_back(), ..Stats::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_codes_than_can_be_told_apart_are_counted_no_more() {
        let mut stats = Stats::default();
        let codes = 0..ERROR_CODES_MAX;
        codes.for_each(|code| stats.count_error(&format!("CODE{code} text")));
        stats.count_error("CODE0 again");
        assert_eq!(stats.errors.len(), ERROR_CODES_MAX);
        assert_eq!(stats.errors.get("CODE0"), Some(&2));
        for text in ["ONE more", "TWO more", "CODE0 again"] {
            stats.count_error(text);
            let left: Vec<_> = stats.errors.keys().map(String::as_str).collect();
            assert_eq!(left, [ERROR_CODES_DISABLED]);
        }
        assert_eq!(stats.errors.get(ERROR_CODES_DISABLED), Some(&1));
        assert_eq!(stats.error_replies, ERROR_CODES_MAX as u64 + 4);
        stats.reset();
        stats.count_error("ONE more");
        assert_eq!(stats.errors.get("ONE"), Some(&1));
    }
}
