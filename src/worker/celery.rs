//! The simulation of Celery in the worker, and the scene that follows it.

mod scene;

use super::observer::Reader;
use crate::celery::picture::{Span, TokenId};
use crate::celery::{Request, Task, Update};
use celery_sim::{ActorId, Config, Simulation, TaskCall, TransportOptions, keys};
use keyspace::{ClientId, Engine, Event, UnixMillis};
use keyspace_resp::Value;
use scene::{Scene, Stale};

/// How long bytes travel: long enough to see that they do.
const LATENCY_MS: i64 = 15;
/// How long a task runs: long enough to see that it does.
const TASK_MS: i64 = 2_000;
/// An hour by default. Here nobody waits so long for a message to come back.
const VISIBILITY_TIMEOUT_S: f64 = 30.0;
const RESTORE_INTERVAL_S: i64 = 5;

/// Producers and workers, and what the page sees of them.
pub(super) struct Celery {
    simulation: Simulation,
    scene: Scene,
    open: Option<TokenId>,
    open_changed: bool,
}

impl Celery {
    /// No actors yet.
    pub fn new(seed: u64) -> Celery {
        let config = Config {
            latency_ms: LATENCY_MS,
            task_ms: TASK_MS,
            broker_transport_options: TransportOptions {
                visibility_timeout: VISIBILITY_TIMEOUT_S,
                unacked_restore_interval: RESTORE_INTERVAL_S,
                unacked_restore_throttle: 1,
                ..TransportOptions::default()
            },
            ..Config::solo()
        };
        Celery {
            simulation: Simulation::new(config, seed),
            scene: Scene::new(),
            open: None,
            open_changed: false,
        }
    }

    /// Does what the page asks; it begins in the next [`run`](Self::run).
    pub fn handle(&mut self, request: Request) {
        match request {
            Request::Send(task) => {
                let name = format!("{}.{}", celery_sim::tasks::APP, task.name());
                let call = TaskCall::new(&name, task.args().iter().copied());
                let task_id = self.simulation.send_task(call);
                if task != Task::FireAndForget {
                    self.simulation.get_result(&task_id);
                }
            }
            Request::StartWorker => {
                self.simulation.start_worker();
            }
            Request::StopWorker(id) => self.simulation.stop_worker(ActorId(id)),
            Request::KillWorker(id) => self.simulation.kill_worker(ActorId(id)),
            Request::Open(token) => {
                self.open = token;
                self.open_changed = true;
            }
        }
    }

    /// Lets the actors act up to `now`, and returns the other clients that have output.
    pub fn run(&mut self, engine: &mut Engine, now: UnixMillis) -> Vec<ClientId> {
        let others = self.simulation.run(engine, now);
        self.scene.identify(&self.simulation.snapshot());
        others
    }

    /// When an actor has something to do.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        self.simulation.next_deadline()
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
