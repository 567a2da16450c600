//! The server about itself: INFO, TIME, MEMORY, DEBUG.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
