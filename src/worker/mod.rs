//! What the Web Worker does, without the browser: an engine, its clock and the console clients,
//! driven by [`Request`]s and real time.
//!
//! Whoever hosts a [`Session`] hands over requests, calls [`turn`](Session::turn) when
//! [`next_turn_in`](Session::next_turn_in) says so, and takes batches when the page can draw them.

mod celery;
mod clock;
mod docs;
mod feed;
mod goal;
mod history;
mod index;
mod inspect;
mod observer;

use crate::backend::{
    Batch, ChangedBy, ClientEvent, ConsoleId, Happening, Inspection, Request, Update,
};
use celery::Celery;
use clock::Clock;
use feed::Feed;
use goal::Goal;
use history::History;
use index::KeyIndex;
use keyspace::{ClientId, ConnectOptions, Engine, Event, Options, UnixMillis};
use observer::Observer;
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

/// An engine and everything that the page sees of it.
pub struct Session {
    engine: Engine,
    clock: Clock,
    observer: Observer,
    consoles: BTreeMap<ConsoleId, ClientId>,
    keys: KeyIndex,
    history: History,
    celery: Celery,
    feed: Feed,
    goal: Goal,
    inspection: Option<Inspection>,
    inspection_stale: bool,
    handled: u32,
    handled_told: u32,
    updates: Vec<Update>,
}

impl Session {
    /// An empty engine whose time is the real time, in milliseconds since 1970.
    pub fn new(seed: u64, real: f64) -> Session {
        let clock = Clock::new(real);
        let start = clock.now(real);
        let mut engine = Engine::new(Options { seed, start, ..Options::default() });
        engine.observe(true);
        let observer = Observer::connect(&mut engine, start);
        Session {
            engine,
            clock,
            observer,
            consoles: BTreeMap::new(),
            keys: KeyIndex::default(),
            history: History::default(),
            celery: Celery::new(seed),
            feed: Feed::default(),
            goal: Goal::default(),
            inspection: None,
            inspection_stale: false,
            handled: 0,
            handled_told: 0,
            updates: vec![Update::Ready { commands: docs::commands() }],
        }
    }

    /// Does what the page asks, at a real time.
    pub fn handle(&mut self, request: Request, real: f64) {
        self.turn(real);
        let now = self.clock.now(real);
        match request {
            Request::Received => return,
            Request::Connect { console, db } => self.connect(console, db, now),
            Request::Disconnect { console } => {
                if let Some(client) = self.consoles.remove(&console) {
                    self.engine.cancel_script(client);
                    self.engine.disconnect(client, now);
                }
            }
            Request::Command { console, args } => {
                if let Some(&client) = self.consoles.get(&console) {
                    let mut bytes = Vec::new();
                    keyspace_resp::encode_command(&mut bytes, &args);
                    self.engine.receive(client, &bytes, now);
                }
            }
            Request::Clock(action) => self.clock.act(action, self.next_deadline(), real),
            Request::Watch(query) => self.keys.watch(query),
            Request::Inspect(inspection) => {
                self.inspection = inspection;
                self.inspection_stale = true;
            }
            Request::Names { db, prefix } => {
                self.keys.refresh(&mut self.observer.reader(&mut self.engine, now));
                let names = self.keys.names(db, &prefix);
                self.updates.push(Update::Names { db, prefix, names });
            }
            Request::Celery(request) => self.celery.handle(request),
            Request::Goal(conditions) => self.goal = Goal::new(conditions),
        }
        self.handled = self.handled.wrapping_add(1);
        self.turn(real);
    }

    /// Lets happen what is due at a real time.
    pub fn turn(&mut self, real: f64) {
        let now = self.clock.now(real);
        self.engine.continue_script();
        for client in self.celery.run(&mut self.engine, now) {
            self.deliver(client, now);
        }
        for event in self.engine.take_events() {
            self.observe(event);
        }
    }

    /// In how many milliseconds of real time something is due, if anything ever is.
    pub fn next_turn_in(&self, real: f64) -> Option<f64> {
        if self.engine.has_unfinished_script() {
            return Some(0.0);
        }
        self.clock.real_until(self.next_deadline()?, real)
    }

    /// When the engine or an actor has something to do.
    fn next_deadline(&self) -> Option<UnixMillis> {
        self.engine.next_deadline().into_iter().chain(self.celery.next_deadline()).min()
    }

    /// Whether the page may have something to be told.
    pub fn has_news(&self) -> bool {
        !self.updates.is_empty()
            || self.handled != self.handled_told
            || self.inspection_stale
            || !self.feed.is_empty()
            || self.goal.is_stale()
            || self.keys.is_stale()
            || self.clock.is_changed(self.next_deadline())
            || self.celery.has_news()
    }

    /// Takes what the page has not been told yet, if anything.
    pub fn take_batch(&mut self, real: f64) -> Option<Batch> {
        let now = self.clock.now(real);
        let mut ask = self.observer.reader(&mut self.engine, now);
        self.keys.refresh(&mut ask);
        self.updates.extend(self.feed.take().map(Update::Feed));
        self.updates.extend(self.keys.take_databases().map(Update::Databases));
        self.updates.extend(self.keys.take_window(&mut ask).map(Update::Keys));
        if std::mem::take(&mut self.inspection_stale)
            && let Some(inspection) = &self.inspection
        {
            let (db, name) = (inspection.db, inspection.name.clone());
            let meta = self.keys.meta(db, &name);
            let changes = self.history.of(db, &name);
            let detail = meta.and_then(|meta| inspect::read(&mut ask, inspection, meta, changes));
            self.updates.push(Update::Key { db, name, detail: detail.map(Box::new) });
        }
        self.updates.extend(self.goal.take_reached(&mut ask).then_some(Update::GoalReached));
        self.updates.extend(self.celery.take_updates(&mut ask).into_iter().map(Update::Celery));
        let state = self.clock.take_changed(self.next_deadline());
        self.updates.extend(state.map(Update::Clock));
        let updates = std::mem::take(&mut self.updates);
        let news = !updates.is_empty() || self.handled != self.handled_told;
        self.handled_told = self.handled;
        news.then_some(Batch { handled: self.handled, updates })
    }

    fn connect(&mut self, console: ConsoleId, db: u8, now: UnixMillis) {
        if let Some(old) = self.consoles.remove(&console) {
            self.engine.cancel_script(old);
            self.engine.disconnect(old, now);
        }
        let client = self.engine.connect_with(ConnectOptions::default(), now);
        if db != 0 {
            let mut bytes = Vec::new();
            keyspace_resp::encode_command(&mut bytes, &["SELECT".to_owned(), db.to_string()]);
            self.engine.receive(client, &bytes, now);
            self.engine.take_output(client);
        }
        self.consoles.insert(console, client);
        self.tell(console, ClientEvent::Connected);
    }

    /// Hands a client what it is owed, and closes its connection where the engine wants that.
    fn deliver(&mut self, client: ClientId, now: UnixMillis) {
        let closing = self.engine.is_closing(client);
        if let Some(console) = self.console_of(client) {
            let output = self.engine.take_output(client);
            if !output.is_empty() {
                self.push_output(console, output);
            }
            if closing {
                self.consoles.remove(&console);
                self.tell(console, ClientEvent::Closed);
            }
        }
        if closing {
            self.engine.disconnect(client, now);
        }
    }

    /// Appends output to the update before, where that is output of the same console.
    fn push_output(&mut self, console: ConsoleId, output: Vec<u8>) {
        if let Some(Update::Client { console: last, event: ClientEvent::Output(bytes) }) =
            self.updates.last_mut()
            && *last == console
        {
            bytes.extend_from_slice(&output);
            return;
        }
        self.tell(console, ClientEvent::Output(ByteBuf::from(output)));
    }

    fn observe(&mut self, event: Event) {
        self.keys.note(&event);
        self.celery.see(&event);
        self.goal.see(&event);
        match event {
            Event::Command { at, client, db, args } => {
                self.history.command(client, &args);
                let args = feed::shorten(&args);
                let by = Some(self.name_of(client));
                self.feed.push(at, by, Happening::Command { db: db.0, args });
            }
            Event::Disconnected { client, .. } => self.history.forget(client),
            Event::KeyChanged { at, client, db, key, event } => {
                let by = client.map(|client| self.name_of(client));
                self.mark_inspection(db.0, Some(&key));
                self.history.changed(at, db.0, key, event, client, by);
            }
            Event::DbChanged { db, .. } => self.mark_inspection(db.0, None),
            Event::KeyExpired { at, db, key } => {
                let key = ByteBuf::from(key);
                self.feed.push(at, None, Happening::Expired { db: db.0, key });
            }
            Event::Blocked { at, client, db, keys, deadline } => {
                let keys = feed::shorten(&keys);
                let by = Some(self.name_of(client));
                self.feed.push(at, by, Happening::Waits { db: db.0, keys });
                let until = deadline.map(|deadline| deadline.0 as f64);
                self.tell_client(client, ClientEvent::Blocked { since: at.0 as f64, until });
            }
            Event::Woken { at, client, db, key } => {
                let (by, key) = (Some(self.name_of(client)), ByteBuf::from(key));
                self.feed.push(at, by, Happening::Served { db: db.0, key });
                self.tell_client(client, ClientEvent::Unblocked);
            }
            Event::Unblocked { at, client } => {
                self.feed.push(at, Some(self.name_of(client)), Happening::TimedOut);
                self.tell_client(client, ClientEvent::Unblocked);
            }
            Event::ScriptUnfinished { at, client } => {
                self.tell_client(client, ClientEvent::Running { since: at.0 as f64 });
            }
            Event::ScriptEnded { client, .. } => self.tell_client(client, ClientEvent::Unblocked),
            Event::Connected { .. } | Event::Published { .. } => {}
        }
    }

    fn mark_inspection(&mut self, db: u8, key: Option<&[u8]>) {
        let hit = self.inspection.as_ref().is_some_and(|inspection| {
            inspection.db == db && key.is_none_or(|key| inspection.name.as_slice() == key)
        });
        self.inspection_stale |= hit;
    }

    fn console_of(&self, client: ClientId) -> Option<ConsoleId> {
        self.consoles.iter().find(|&(_, &id)| id == client).map(|(&console, _)| console)
    }

    fn name_of(&self, client: ClientId) -> ChangedBy {
        self.console_of(client).map_or(ChangedBy::Client(client.0), ChangedBy::Console)
    }

    fn tell_client(&mut self, client: ClientId, event: ClientEvent) {
        if let Some(console) = self.console_of(client) {
            self.tell(console, event);
        }
    }

    fn tell(&mut self, console: ConsoleId, event: ClientEvent) {
        self.updates.push(Update::Client { console, event });
    }
}

#[cfg(test)]
mod tests;
