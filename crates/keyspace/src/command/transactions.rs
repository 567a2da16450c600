//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
