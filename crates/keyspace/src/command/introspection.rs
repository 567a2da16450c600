//! COMMAND: the command table, as clients ask for it.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
