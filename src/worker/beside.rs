//! The other side of a scenario: the same acts in a world with another configuration, and what
//! the page sees of it.

use super::celery::Celery;
use super::observer::Observer;
use crate::celery::Update;
use celery_sim::scenario::Progress;
use celery_sim::{Act, Config, World};
use keyspace::UnixMillis;

/// A world beside the one that the page looks at.
#[derive(Clone)]
pub(super) struct Beside {
    world: World,
    observer: Observer,
    celery: Celery,
}

impl Beside {
    /// Its first moment.
    pub fn new(config: Config, seed: u64, start: UnixMillis) -> Beside {
        let celery = Celery::new(&config);
        let mut world = World::new(config, seed, start);
        let observer = Observer::connect(&mut world.engine, start);
        Beside { world, observer, celery }
    }

    /// Does here what is done to Celery or its server there.
    pub fn act(&mut self, act: &Act, now: UnixMillis) {
        self.run(now);
        // What cannot be done is said once, by the world that the page looks at.
        let _ = self.world.act(act, now);
        self.celery.configure(self.world.simulation.config());
    }

    /// Lets happen what is due until then.
    pub fn run(&mut self, until: UnixMillis) {
        self.world.run(until);
        self.celery.identify(&mut self.world.simulation);
        for event in self.world.engine.take_events() {
            self.celery.see(&event);
        }
    }

    /// Ends a step of the scenario in both worlds.
    pub fn end_step(&mut self, progress: &mut Progress, one: &mut World) {
        progress.end_step(one, Some(&mut self.world));
    }

    /// What is looked at of the page's world is looked at here too, as far as both are drawn.
    pub fn look_as(&mut self, other: &Celery) {
        self.celery.look_beside(other);
    }

    /// Whether the page may have something to be told.
    pub fn has_news(&self) -> bool {
        self.celery.has_news()
    }

    /// Takes what the page has not been told yet: the picture, and the stretch of time.
    pub fn take_updates(&mut self) -> impl Iterator<Item = Update> {
        let now = self.world.engine.now();
        let mut ask = self.observer.reader(&mut self.world.engine, now);
        self.celery.take_updates(&mut ask).into_iter().filter_map(|update| match update {
            Update::Picture(picture) => Some(Update::OtherPicture(picture)),
            Update::Timeline(timeline) => Some(Update::OtherTimeline(timeline)),
            _ => None,
        })
    }

    /// Bytes in memory, roughly.
    pub fn weight(&mut self) -> usize {
        super::moment::used_memory(&mut self.world) + self.celery.weight()
    }
}
