//! The bridge between the engine and its Lua machine.
//!
//! A script runs in slices. [`Context::run_script`](crate::context::Context::run_script) begins it
//! and runs the first slice, within the command that calls it; most scripts end there. One that does not is *unfinished*: it holds the
//! engine, as it does in Redis, and the host lets it go on by
//! [`Engine::continue_script`](crate::Engine::continue_script), between which it may do other
//! things. Meanwhile nothing else happens: time stands, and what clients send waits. Once the
//! script has run for `busy-reply-threshold` they are answered `BUSY`, except for the commands
//! that end it.
//!
//! A call of `redis.call` leaves the machine with [`lua51::Outcome::Host`], so the machine never
//! holds the engine: `run.rs` serves the call and goes on. Who adds to the table `redis` adds a row
//! to `api.rs`.

mod api;
mod convert;
mod library;
mod machine;
mod run;

use super::flags::{self, Flags};
use super::{Figures, Kind};
use crate::args::Args;
use crate::client::ClientId;
use crate::command::{Code, Command};
use crate::error::CommandError;
use crate::value::Map;
use library::Libraries;
use lua51::Kept;
use machine::{MEMORY_MAX, Machine};
use run::Running;
use sha1::{Digest as _, Sha1};

/// Whether the command that runs code allows it to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    MayWrite,
    OnlyReads,
}

/// A SHA-1 digest in lower-case hexadecimal, by which a script is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest(pub [u8; Digest::LEN]);

impl Digest {
    /// Its length in bytes.
    pub const LEN: usize = 40;

    pub fn of(bytes: &[u8]) -> Digest {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; Digest::LEN];
        for (byte, pair) in Sha1::digest(bytes).iter().zip(hex.chunks_exact_mut(2)) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Digest(hex)
    }

    /// Reads it, in any case of its letters; `None` where the length is another.
    pub fn read(text: &[u8]) -> Option<Digest> {
        let mut hex: [u8; Digest::LEN] = text.try_into().ok()?;
        // Eight at a time. This leaves digits as they are, and what is no letter becomes none of
        // those that a digest has.
        for eight in hex.as_chunks_mut().0 {
            let word = u64::from_ne_bytes(*eight);
            *eight = (word | (word & 0x4040_4040_4040_4040) >> 1).to_ne_bytes();
        }
        Some(Digest(hex))
    }
}

/// A script that is kept.
#[derive(Debug, Clone)]
struct Script {
    function: Kept,
    /// `None` where its first line says nothing of it.
    flags: Option<Flags>,
    /// By SCRIPT LOAD: it is not forgotten to make room for others.
    loaded: bool,
    bytes: usize,
}

/// How many scripts that only EVAL brought are kept.
const EVALUATED_MAX: usize = 500;

/// Everything that the engine knows of scripts and functions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scripting {
    scripts: Map<Digest, Script>,
    /// The machine that runs scripts, once there was one.
    machine: Option<Box<Machine>>,
    libraries: Libraries,
    running: Option<Box<Running>>,
    /// Clients whose input waits for the end of the script, in order of arrival.
    waiting: Vec<ClientId>,
    /// Scripts forgotten to make room, since the start.
    evicted: u64,
}

impl Scripting {
    /// Whether a script of that digest is kept.
    pub fn knows_script(&self, digest: &[u8]) -> bool {
        Digest::read(digest).is_some_and(|digest| self.scripts.contains_key(&digest))
    }

    /// What the code that a command runs says of itself, where it is known and says anything.
    pub fn declared_flags(&self, command: &Command, args: &Args<'_>) -> Option<Flags> {
        let name = args.get(1)?;
        match command.spec.code? {
            Code::Source => flags::script_shebang(name).ok()?.1,
            Code::Digest => self.scripts.get(&Digest::read(name)?)?.flags,
            Code::Function => Some(self.libraries.function(name)?.flags),
        }
    }

    /// Compiles a script, unless it is known, and keeps it.
    ///
    /// # Errors
    /// What is wrong with it; it is not kept then.
    pub fn keep_script(&mut self, source: &[u8], loaded: bool) -> Result<Digest, CommandError> {
        let digest = Digest::of(source);
        if let Some(script) = self.scripts.get_mut(&digest) {
            script.loaded |= loaded;
            return Ok(digest);
        }
        let (code, flags) = flags::script_shebang(source)?;
        let machine = self.machine.get_or_insert_with(|| Box::new(Machine::for_scripts()));
        let function = machine.compile(code, b"@user_script").map_err(|message| {
            let message = String::from_utf8_lossy(&message);
            CommandError::composed(format!("ERR Error compiling script (new function): {message}"))
        })?;
        self.make_place();
        let bytes = source.len();
        self.scripts.insert(digest, Script { function, flags, loaded, bytes });
        Ok(digest)
    }

    /// Forgets the oldest script that only EVAL brought, where there are too many of these.
    fn make_place(&mut self) {
        if self.scripts.values().filter(|script| !script.loaded).count() < EVALUATED_MAX {
            return;
        }
        let oldest = self.scripts.iter().find(|(_, script)| !script.loaded);
        if let Some(digest) = oldest.map(|(digest, _)| *digest)
            && let Some(script) = self.scripts.shift_remove(&digest)
            && let Some(machine) = &mut self.machine
        {
            machine.release(script.function);
            self.evicted += 1;
        }
    }

    /// SCRIPT FLUSH: forgets every script, and the machine that ran them.
    pub fn forget_scripts(&mut self) {
        self.scripts.clear();
        self.machine = None;
    }

    /// How much there is of everything.
    pub fn figures(&self) -> Figures {
        let (libraries, functions) = self.count_libraries();
        let memory = |machine: &Option<Box<Machine>>| {
            machine.as_ref().map_or(0, |machine| machine.memory() as u64)
        };
        Figures {
            scripts: self.scripts.len(),
            libraries,
            functions,
            evicted: self.evicted,
            script_bytes: self.scripts.values().map(|script| script.bytes as u64).sum(),
            library_bytes: self.library_codes().map(|code| code.len() as u64).sum(),
            script_machine_bytes: memory(&self.machine),
            function_machine_bytes: memory(&self.libraries.machine),
        }
    }

    /// The machine that runs such code.
    fn machine_mut(&mut self, kind: Kind) -> &mut Option<Box<Machine>> {
        match kind {
            Kind::Script => &mut self.machine,
            Kind::Function => &mut self.libraries.machine,
        }
    }

    /// Collects what code left behind, where that is much: the next one needs room to begin.
    fn tidy(&mut self, kind: Kind) {
        if let Some(machine) = self.machine_mut(kind)
            && machine.memory() > MEMORY_MAX / 4
        {
            machine.vm.collect();
        }
    }

    /// Whether code is unfinished.
    #[inline]
    pub fn is_unfinished(&self) -> bool {
        self.running.is_some()
    }

    /// The code that runs or is unfinished.
    pub fn running(&self) -> Option<&Running> {
        self.running.as_deref()
    }
}
