//! Beat: the process that sends periodic tasks.
//!
//! It sends as any producer does, and holds on to no result.

use crate::actor::{Action, Activity, Actor};
use crate::config::{BeatEntry, Config};
use crate::connection::{ConnectionId, Role};
use crate::message::TaskCall;
use crate::producer::Producer;
use keyspace::UnixMillis;
use std::sync::Arc;

/// A simulated beat.
#[derive(Debug, Clone)]
pub struct Beat {
    producer: Producer,
    entries: Vec<Entry>,
    started: bool,
}

#[derive(Debug, Clone)]
struct Entry {
    due: UnixMillis,
    entry: BeatEntry,
}

impl Entry {
    /// `schedule` in milliseconds, which is never nothing.
    fn interval_ms(&self) -> i64 {
        ((self.entry.schedule * 1000.0) as i64).max(1)
    }

    fn call(&self) -> TaskCall {
        let entry = &self.entry;
        TaskCall {
            task: entry.task.clone(),
            args: entry.args.clone(),
            kwargs: entry.kwargs.clone(),
            queue: entry.queue.clone(),
            priority: entry.priority,
            expires_ms: entry.expires.map(|seconds| (seconds * 1000.0) as i64),
            ..TaskCall::default()
        }
    }
}

impl Beat {
    /// A beat that has just started: each entry is due when its time has passed once.
    pub fn new(config: Arc<Config>, seed: u64) -> Beat {
        let entries = config.beat_schedule.values().cloned();
        let entries = entries.map(|entry| Entry { due: UnixMillis(0), entry }).collect();
        Beat { producer: Producer::new("beat", config, seed), entries, started: false }
    }

    /// Ends it when what is due was sent.
    pub fn stop(&mut self) {
        self.entries.clear();
        self.producer.exit();
    }
}

impl Actor for Beat {
    fn name(&self) -> &str {
        self.producer.name()
    }

    fn activity(&self) -> Activity {
        self.producer.activity()
    }

    fn connections(&self) -> Vec<(ConnectionId, Role)> {
        self.producer.connections()
    }

    fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis) {
        self.producer.receive(connection, bytes, now);
    }

    fn disconnected(&mut self, connection: ConnectionId, now: UnixMillis) {
        self.producer.disconnected(connection, now);
    }

    fn advance(&mut self, now: UnixMillis) {
        if !std::mem::replace(&mut self.started, true) {
            for entry in &mut self.entries {
                entry.due = now + entry.interval_ms();
            }
        }
        for entry in &mut self.entries {
            if entry.due <= now {
                // What was missed is sent once.
                entry.due = now + entry.interval_ms();
                self.producer.send_periodic(entry.call());
            }
        }
        self.producer.advance(now);
    }

    fn next_deadline(&self) -> Option<UnixMillis> {
        let due = self.entries.iter().map(|entry| entry.due);
        let due = due.filter(|_| self.started).min();
        self.producer.next_deadline().into_iter().chain(due).min()
    }

    fn take_actions(&mut self) -> Vec<Action> {
        self.producer.take_actions()
    }

    fn kill(&mut self) {
        self.entries.clear();
        self.producer.kill();
    }
}
