//! What the page sees of Celery: the scene that follows the simulation, and what is looked at.

mod scene;

use super::observer::Reader;
use crate::celery::{Look, Update};
use celery_sim::{Config, Simulation, TransportOptions};
use keyspace::Event;
use scene::{Looks, Scene, Settings};

/// How long bytes travel: long enough to see that they do.
const LATENCY_MS: i64 = 15;
/// How long a task runs: long enough to see that it does.
const TASK_MS: i64 = 2_000;
/// An hour by default. Here nobody waits so long for a message to come back.
const VISIBILITY_TIMEOUT_S: f64 = 30.0;
const RESTORE_INTERVAL_S: i64 = 5;

/// What the page sees of producers and workers.
#[derive(Debug, Clone)]
pub(super) struct Celery {
    scene: Scene,
    looks: Looks,
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
    pub fn new(config: &Config) -> Celery {
        Celery { scene: Scene::new(Settings::of(config)), looks: Looks::new() }
    }

    /// The settings are others.
    pub fn configure(&mut self, config: &Config) {
        self.scene.configure(Settings::of(config));
    }

    /// What the page looks at from now on.
    pub fn look(&mut self, look: Look) {
        self.looks.look(look);
    }

    /// Looks at what `other` looks at, as far as two sides are drawn beside each other.
    pub fn look_beside(&mut self, other: &Celery) {
        self.looks = other.looks.beside();
        self.scene.repaint();
    }

    /// Tells everything anew to a page that saw another moment of `other`.
    pub fn repaint(&mut self, other: &Celery) {
        self.looks = other.looks.clone();
        self.looks.repaint();
        self.scene.repaint();
    }

    /// Learns who the actors are, and what became of tasks.
    pub fn identify(&mut self, simulation: &mut Simulation) {
        self.scene.identify(&simulation.snapshot());
        self.scene.hear(simulation.take_reports());
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.scene.weight()
    }

    /// Sees something that happened in the engine.
    pub fn see(&mut self, event: &Event) {
        self.scene.see(event);
    }

    /// Whether the page may have something to be told.
    pub fn has_news(&self) -> bool {
        self.scene.has_news(&self.looks)
    }

    /// Takes what the page has not been told yet, once what has to be read again was.
    pub fn take_updates(&mut self, ask: &mut Reader<'_>) -> Vec<Update> {
        self.scene.take_updates(&mut self.looks, ask)
    }
}
