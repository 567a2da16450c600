//! Publish and subscribe.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
