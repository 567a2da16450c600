//! A link that runs commands again: they stand in the address, behind `#/run/`.

use crate::host::page;

/// What stands in front of the commands.
const PREFIX: &str = "/run/";
/// Longer addresses are cut by some programs on their way.
const BYTES_MAX: usize = 6_000;

/// The commands in the part of an address behind `#`, one a line.
pub fn commands(hash: &str) -> Option<String> {
    page::decode_component(hash.strip_prefix(PREFIX)?)
}

/// The part of an address behind `#`, with it, that runs these commands; `None` where they are too
/// many.
pub fn hash(commands: &str) -> Option<String> {
    let hash = format!("#{PREFIX}{}", page::encode_component(commands));
    (hash.len() <= BYTES_MAX).then_some(hash)
}
