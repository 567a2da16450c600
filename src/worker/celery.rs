//! The simulation of Celery in the worker, and the scene that follows it.

mod scene;

use super::observer::Reader;
use crate::celery::Update;
use crate::celery::picture::{Span, TokenId};
use celery_sim::{Config, Simulation, TransportOptions, keys};
use keyspace::Event;
use keyspace_resp::Value;
use scene::{Scene, Stale};

/// How long bytes travel: long enough to see that they do.
const LATENCY_MS: i64 = 15;
/// How long a task runs: long enough to see that it does.
const TASK_MS: i64 = 2_000;
/// An hour by default. Here nobody waits so long for a message to come back.
const VISIBILITY_TIMEOUT_S: f64 = 30.0;
const RESTORE_INTERVAL_S: i64 = 5;

/// What the page sees of producers and workers.
#[derive(Clone)]
pub(super) struct Celery {
    scene: Scene,
    open: Option<TokenId>,
    open_changed: bool,
}

/// The settings with which the page starts.
pub(super) fn config() -> Config {
    Config {
        latency_ms: LATENCY_MS,
        task_ms: TASK_MS,
        broker_transport_options: TransportOptions {
            visibility_timeout: VISIBILITY_TIMEOUT_S,
            unacked_restore_interval: RESTORE_INTERVAL_S,
            unacked_restore_throttle: 1,
            ..TransportOptions::default()
        },
        ..Config::solo()
    }
}

impl Celery {
    /// No actors yet.
    pub fn new() -> Celery {
        Celery { scene: Scene::new(), open: None, open_changed: false }
    }

    /// Which message the page shows in full from now on.
    pub fn open(&mut self, token: Option<TokenId>) {
        self.open = token;
        self.open_changed = true;
    }

    /// Tells everything anew to a page that saw another moment of `other`.
    pub fn repaint(&mut self, other: &Celery) {
        self.open = other.open;
        self.open_changed = true;
        self.scene.repaint();
    }

    /// Learns who the actors are, and what became of tasks.
    pub fn identify(&mut self, simulation: &mut Simulation) {
        self.scene.identify(&simulation.snapshot());
    }

    /// Sees something that happened in the engine.
    pub fn see(&mut self, event: &Event) {
        self.scene.see(event);
    }

    /// Whether the page may have something to be told.
    pub fn has_news(&self) -> bool {
        self.open_changed || self.scene.has_news()
    }

    /// Takes what the page has not been told yet, once what has to be read again was.
    pub fn take_updates(&mut self, ask: &mut Reader<'_>) -> Vec<Update> {
        for stale in self.scene.take_stale() {
            self.refresh(stale, ask);
        }
        let mut updates = Vec::new();
        let lines = self.scene.take_lines();
        if !lines.is_empty() {
            updates.push(Update::Lines(lines));
        }
        let picture = self.scene.take_picture();
        if picture.is_some() || std::mem::take(&mut self.open_changed) {
            if let Some(token) = self.open {
                updates.push(Update::Detail(self.scene.detail(token).map(Box::new)));
            }
            self.open_changed = false;
        }
        updates.extend(picture.map(|picture| Update::Picture(Box::new(picture))));
        updates
    }

    fn refresh(&mut self, stale: Stale, ask: &mut Reader<'_>) {
        match stale {
            Stale::Queue(key) => {
                let elements = strings(ask.ask(0, &[b"LRANGE", &key, b"0", b"-1"]));
                self.scene.queue_is(&key, &elements);
            }
            Stale::Unacked => {
                let entries = strings(ask.ask(0, &[b"HGETALL", keys::UNACKED.as_bytes()]));
                let entries = entries.chunks_exact(2);
                let entries: Vec<_> =
                    entries.map(|pair| (pair[0].clone(), pair[1].clone())).collect();
                self.scene.unacked_is(&entries);
            }
            Stale::Result(task_id) => {
                let key = keys::result(&task_id);
                let value = ask.ask(1, &[b"GET", key.as_bytes()]);
                let until = ask.ask_integer(1, &[b"PEXPIRETIME", key.as_bytes()]);
                let since = ask.now();
                let life = until.filter(|&until| until >= 0);
                let life = life.map(|until| Span { since, until: until as f64 });
                let value = value.as_bytes().filter(|_| !matches!(value, Value::Error(_)));
                self.scene.result_is(&task_id, value.map(|value| (value, life)));
            }
        }
    }
}

/// The strings of a reply; none where it is an error.
fn strings(reply: Value) -> Vec<Vec<u8>> {
    match reply {
        Value::Array(items) => {
            items.iter().filter_map(|item| item.as_bytes().map(<[u8]>::to_vec)).collect()
        }
        _ => Vec::new(),
    }
}
