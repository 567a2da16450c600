//! Keys of any type: DEL, EXISTS, TYPE, RENAME, COPY, SCAN, OBJECT, SORT.

use super::CommandSpec;

pub(crate) const COMMANDS: &[CommandSpec] = &[];
