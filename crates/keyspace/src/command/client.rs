//! CLIENT and its subcommands.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
