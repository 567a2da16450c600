//! The log of what was denied, and of who could not log in.

use crate::time::UnixMillis;
use crate::value::SmallBytes;
use std::collections::VecDeque;

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Auth,
    Command,
    Key,
    Channel,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        }
    }
}

/// From where it was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogContext {
    Toplevel,
    Multi,
    Lua,
}

impl LogContext {
    pub fn name(self) -> &'static str {
        match self {
            LogContext::Toplevel => "toplevel",
            LogContext::Multi => "multi",
            LogContext::Lua => "lua",
        }
    }
}

/// What was denied to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denial {
    pub reason: Reason,
    pub context: LogContext,
    /// The command, key or channel.
    pub object: SmallBytes,
    pub username: SmallBytes,
}

/// A line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub id: i64,
    /// How often it happened.
    pub count: usize,
    pub denial: Denial,
    /// The client that met it last, as CLIENT INFO describes it.
    pub client_info: Vec<u8>,
    pub created_at: UnixMillis,
    pub updated_at: UnixMillis,
}

/// Within how many milliseconds the same denial counts as one entry.
const GROUPING_MS: i64 = 60_000;

/// How many of the newest entries are compared with a new denial.
const COMPARED: usize = 10;

/// What was denied, the latest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    next_id: i64,
    /// How often there was a denial for each reason since the start.
    counts: [u64; 4],
}

impl Log {
    /// Counts a denial and notes it, by itself or in an entry of the same that is recent, and forgets what is
    /// too much.
    pub fn add(&mut self, denial: Denial, client_info: Vec<u8>, now: UnixMillis, max_len: usize) {
        self.counts[denial.reason as usize] += 1;
        if max_len == 0 {
            self.entries.clear();
            return;
        }
        let is_same =
            |entry: &Entry| entry.denial == denial && now - entry.updated_at <= GROUPING_MS;
        match self.entries.iter().take(COMPARED).position(is_same) {
            Some(at) => {
                if let Some(mut entry) = self.entries.remove(at) {
                    entry.count += 1;
                    entry.client_info = client_info;
                    entry.updated_at = now;
                    self.entries.push_front(entry);
                }
            }
            None => {
                let id = self.next_id;
                self.next_id += 1;
                self.entries.push_front(Entry {
                    id,
                    count: 1,
                    denial,
                    client_info,
                    created_at: now,
                    updated_at: now,
                });
                self.entries.truncate(max_len);
            }
        }
    }

    /// How often something was denied for this reason.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }

    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets the entries; what was counted stays, and so does which number comes next.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
