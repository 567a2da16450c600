//! Expiry: when keys die, and asking about it.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
