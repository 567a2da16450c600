//! Scripts and functions where the engine is built without scripting: there are none, and nothing
//! is ever unfinished.

use super::{Figures, Flags, Kind, RestorePolicy};
use crate::args::Args;
use crate::client::ClientId;
use crate::command::Command;
use crate::engine::Engine;
use crate::error::CommandError;
use crate::multi::Rest;
use crate::time::UnixMillis;

/// What every command answers that is about code.
pub(crate) const NO_SCRIPTING: CommandError = CommandError::text(
    &"ERR scripts and functions are not available: this engine is built without its feature \
      'scripting'",
);

/// What there is of scripts and functions: nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripting {}

impl Scripting {
    pub fn is_unfinished(&self) -> bool {
        false
    }

    pub fn declared_flags(&self, _command: &Command, _args: &Args<'_>) -> Option<Flags> {
        None
    }

    pub fn figures(&self) -> Figures {
        Figures::default()
    }

    pub fn library_codes(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// # Errors
    /// There is a library, and nothing that could run it.
    pub fn restore_libraries(
        &mut self,
        codes: &[Vec<u8>],
        _policy: RestorePolicy,
    ) -> Result<(), CommandError> {
        if codes.is_empty() { Ok(()) } else { Err(NO_SCRIPTING) }
    }
}

impl Engine {
    pub(super) fn run_unfinished(&mut self) {}

    pub(super) fn end_unfinished(&mut self, _id: ClientId) {}

    pub(crate) fn slow_script(&self) -> Option<Kind> {
        None
    }

    pub(crate) fn is_held_by_script(&self, _id: ClientId) -> bool {
        false
    }

    pub(crate) fn hold(&mut self, _id: ClientId) {}

    pub(crate) fn pass_time_of_script(&mut self, _now: UnixMillis) {}

    pub(crate) fn abandon_script(&mut self, _id: ClientId) -> bool {
        false
    }

    pub(crate) fn leave_to_script(&mut self, _rest: Rest) {}
}
