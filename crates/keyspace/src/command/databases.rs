//! Logical databases: DBSIZE, SWAPDB, MOVE, FLUSHDB, FLUSHALL.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
