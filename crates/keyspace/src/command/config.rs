//! CONFIG GET, SET, RESETSTAT, REWRITE.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
