//! The engine in this process.

use super::{Measured, NOW_MS, Run, Slot, Subject, no_error};
use crate::workload::Workload;
use keyspace::{ClientId, Engine, Options, UnixMillis};
use std::hint::black_box;
use std::io;
use std::time::Instant;

/// An engine for each slot.
#[derive(Debug, Default)]
pub struct Native {
    scratch: Holder,
    small: Holder,
    large: Holder,
}

/// An engine and its one client.
#[derive(Debug)]
struct Holder {
    engine: Engine,
    client: ClientId,
}

impl Default for Holder {
    fn default() -> Holder {
        let start = UnixMillis(NOW_MS);
        let mut engine = Engine::new(Options { start, ..Options::default() });
        let client = engine.connect(start);
        Holder { engine, client }
    }
}

impl Holder {
    /// Gives the engine bytes, and takes what it answers.
    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.engine.receive(self.client, bytes, UnixMillis(NOW_MS));
        self.engine.take_output(self.client)
    }
}

impl Native {
    /// What a slot answers to these bytes.
    pub fn answers(&mut self, slot: Slot, bytes: &[u8]) -> Vec<u8> {
        self.holder(slot).send(bytes)
    }

    fn holder(&mut self, slot: Slot) -> &mut Holder {
        match slot {
            Slot::Scratch => &mut self.scratch,
            Slot::Small => &mut self.small,
            Slot::Large => &mut self.large,
        }
    }
}

impl Subject for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn commands(&self, depth: usize) -> usize {
        if depth < 8 { 1 << 18 } else { 1 << 19 }
    }

    fn empty(&mut self, slot: Slot) -> io::Result<()> {
        *self.holder(slot) = Holder::default();
        Ok(())
    }

    fn feed(&mut self, slot: Slot, workload: &Workload, commands: usize) -> io::Result<()> {
        let holder = self.holder(slot);
        for part in workload.first(commands).chunks(1 << 16) {
            black_box(holder.send(part));
        }
        Ok(())
    }

    fn measure(&mut self, slot: Slot, run: &Run) -> io::Result<Measured> {
        let pipelines = run.workload.pipelines(run.depth);
        let holder = self.holder(slot);
        let mut reply_bytes = 0;
        let start = Instant::now();
        for pipeline in pipelines.iter().cycle().take(run.commands / run.depth) {
            reply_bytes += black_box(holder.send(pipeline)).len() as u64;
        }
        let rate = run.commands as f64 / start.elapsed().as_secs_f64();
        Ok(Measured { rate, reply_bytes: Some(reply_bytes) })
    }

    fn time(&mut self, slot: Slot, workload: &Workload) -> io::Result<f64> {
        let Holder { engine, client } = self.holder(slot);
        let start = Instant::now();
        engine.receive(*client, &workload.bytes, UnixMillis(NOW_MS));
        while engine.has_unfinished_script() {
            engine.continue_script();
        }
        let reply = engine.take_output(*client);
        let seconds = start.elapsed().as_secs_f64();
        no_error(&workload.name, &reply).map(|()| seconds)
    }
}
