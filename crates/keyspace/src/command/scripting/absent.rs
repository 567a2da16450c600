//! What commands of scripts and functions answer where the engine is built without scripting.

use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use crate::script::lua::NO_SCRIPTING;
use keyspace_resp::ReplyWriter;

pub(super) mod eval {
    pub use super::refuse as eval;
    pub use super::refuse as eval_ro;
    pub use super::refuse as evalsha;
    pub use super::refuse as evalsha_ro;
    pub use super::refuse as script_debug;
    pub use super::refuse as script_exists;
    pub use super::refuse as script_flush;
    pub use super::refuse as script_kill;
    pub use super::refuse as script_load;
}

pub(super) mod function {
    pub use super::refuse as fcall;
    pub use super::refuse as fcall_ro;
    pub use super::refuse as delete;
    pub use super::refuse as dump;
    pub use super::refuse as flush;
    pub use super::refuse as kill;
    pub use super::refuse as list;
    pub use super::refuse as load;
    pub use super::refuse as restore;
    pub use super::refuse as stats;
}

/// Refuses a command that runs code, or is about code.
pub fn refuse(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(NO_SCRIPTING)
}
