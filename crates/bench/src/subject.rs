//! What is measured: something that holds data and runs commands.

mod browser;
mod native;
mod redis;

pub use browser::Browser;
pub use native::Native;
pub use redis::Redis;

use crate::options::Options;
use crate::workload::Workload;
use std::io;

/// The time that engines are told, in milliseconds since 1970: it stands.
const NOW_MS: i64 = 1_700_000_000_000;

/// Data that a subject holds beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// What one measurement needs.
    Scratch,
    /// Small collections, kept for many measurements.
    Small,
    /// Large collections, kept for many measurements.
    Large,
}

/// A measurement.
#[derive(Debug)]
pub struct Run<'a> {
    /// The template of the commands.
    pub command: &'a str,
    /// The commands, to be sent in a cycle.
    pub workload: &'a Workload,
    /// Random numbers are below this.
    pub below: usize,
    /// Commands that are sent together.
    pub depth: usize,
    /// Commands in all; whole pipelines.
    pub commands: usize,
}

/// What a measurement finds.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Commands a second.
    pub rate: f64,
    /// The length of all replies, where it is known.
    pub reply_bytes: Option<u64>,
}

/// Makes sure that a reply is there and is no error.
fn no_error(what: &str, reply: &[u8]) -> io::Result<()> {
    if matches!(reply.first(), None | Some(b'-')) {
        return Err(io::Error::other(format!("{what}: {}", String::from_utf8_lossy(reply))));
    }
    Ok(())
}

/// Something that is measured.
pub trait Subject {
    /// The heading of its column.
    fn name(&self) -> &'static str;

    /// Commands that take it about the third part of a second.
    fn commands(&self, depth: usize) -> usize;

    /// Empties a slot.
    fn empty(&mut self, slot: Slot) -> io::Result<()>;

    /// Gives a slot the first commands of a workload, untimed.
    fn feed(&mut self, slot: Slot, workload: &Workload, commands: usize) -> io::Result<()>;

    /// Measures commands on a slot.
    fn measure(&mut self, slot: Slot, run: &Run) -> io::Result<Measured>;

    /// The seconds that a slot takes for a workload of one command, a script.
    fn time(&mut self, slot: Slot, workload: &Workload) -> io::Result<f64>;
}

/// All that is measured, in the order of their columns.
#[derive(Debug, Default)]
pub struct Subjects {
    native: Option<Native>,
    /// The wasm in a browser.
    pub browser: Option<Browser>,
    /// The real server.
    pub redis: Option<Redis>,
}

impl Subjects {
    /// Nothing that is measured.
    pub fn none() -> Subjects {
        Subjects::default()
    }

    /// Starts what is wanted.
    pub fn start(options: &Options) -> io::Result<Subjects> {
        Ok(Subjects {
            native: options.native.then(Native::default),
            browser: options.page.as_ref().map(Browser::start).transpose()?,
            redis: options.redis.then(Redis::start).transpose()?,
        })
    }

    /// Each in turn.
    pub fn iter(&mut self) -> impl Iterator<Item = &mut dyn Subject> {
        let native = self.native.iter_mut().map(|subject| subject as &mut dyn Subject);
        let browser = self.browser.iter_mut().map(|subject| subject as &mut dyn Subject);
        let redis = self.redis.iter_mut().map(|subject| subject as &mut dyn Subject);
        native.chain(browser).chain(redis)
    }

    /// The headings of the columns.
    pub fn names(&mut self) -> Vec<&'static str> {
        self.iter().map(|subject| subject.name()).collect()
    }

    /// What the columns are, in words.
    pub fn describe(&self) -> String {
        let mut lines = Vec::new();
        if self.native.is_some() {
            lines.push("native: the engine in this process; bytes in, bytes out".to_owned());
        }
        if let Some(browser) = &self.browser {
            lines.push(format!("wasm:   the same engine and bytes in {}", browser.version()));
        }
        if let Some(redis) = &self.redis {
            lines.push(format!(
                "redis:  redis-server {} behind a unix socket, as redis-benchmark measures it",
                redis.version()
            ));
        }
        lines.join("\n")
    }
}
