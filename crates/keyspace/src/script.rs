//! Scripts and functions: what the engine knows of code that clients bring.
//!
//! This is the seam: what runs code is `lua`, and an engine that is built without the feature
//! `scripting` has `absent` in its place, where nothing runs. Both give [`Scripting`], and to the
//! engine what it asks as it goes: whether code is unfinished, and who waits for its end.

mod flags;
#[cfg_attr(not(feature = "scripting"), path = "script/absent.rs")]
pub(crate) mod lua;

pub(crate) use flags::Flags;
pub(crate) use lua::Scripting;

use crate::client::ClientId;
use crate::engine::Engine;

/// What kind of code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of EVAL.
    Script,
    /// Of FCALL.
    Function,
}

/// What becomes of the libraries that are there as others are restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RestorePolicy {
    /// They stay; none of the new ones may be among them.
    Append,
    /// One that comes anew takes the place of the old one.
    Replace,
    /// They go.
    Flush,
}

/// How much there is, as INFO and MEMORY STATS tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub scripts: usize,
    pub libraries: usize,
    pub functions: usize,
    /// Scripts forgotten to make room, since the start.
    pub evicted: u64,
    /// The sources of scripts, and of libraries.
    pub script_bytes: u64,
    pub library_bytes: u64,
    /// What the machine of scripts has in use, and that of functions.
    pub script_machine_bytes: u64,
    pub function_machine_bytes: u64,
}

impl Engine {
    /// Whether a script or function is unfinished, so that the host should call
    /// [`continue_script`](Self::continue_script), and may do other things in between.
    #[inline]
    pub fn has_unfinished_script(&self) -> bool {
        self.scripting.is_unfinished()
    }

    /// Lets an unfinished script or function run on for a while. What waited for its end runs once
    /// it has ended.
    pub fn continue_script(&mut self) {
        self.run_unfinished();
    }

    /// Ends the unfinished script or function of this client at once, whatever it has done: for a
    /// host whose user wants that. What it has written stays.
    pub fn cancel_script(&mut self, id: ClientId) {
        self.end_unfinished(id);
    }
}
