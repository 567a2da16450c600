//! From events to the picture.
//!
//! The scene knows what it draws from two sources only: the engine's events, and keys that it
//! asks to have read again when an event says that they changed in a way that is not Celery's.
//! Actors tell it who they are and what they do, and nothing of where a message is.
//!
//! A scene is `Clone` and shares its records with its clones, so that an earlier moment of a run
//! can be kept beside the present one.

mod actors;
mod attempts;
mod channels;
mod draw;
mod feed;
mod messages;
mod ordered;
mod queues;
mod results;
mod settings;
mod table;
mod tell;

pub use settings::Settings;
pub use tell::Looks;

use crate::celery::picture::{Got, Hop, Line, Path, Span, TokenId, Weight};
use actors::{Actor, Change};
use attempts::Attempts;
use celery_sim::{ActorKind, Report, Role, keys};
use channels::Channel;
use feed::{Feed, typed};
use keyspace::{ClientId, Event, UnixMillis};
use messages::Messages;
use ordered::Ordered;
use queues::Entry;
use results::Kept;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

/// How many moves are remembered.
const HOPS_MAX: usize = 16;
/// How many moves on the same path are told apart, of those that the page is told at once.
const HOPS_APART: usize = 2;

/// A key whose contents the scene has to be told anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stale {
    /// A list of a queue.
    Queue(Vec<u8>),
    /// The hash `unacked`.
    Unacked,
    /// The sorted set `unacked_index`.
    UnackedIndex,
    /// A set of bindings.
    Binding(Vec<u8>),
    /// A task's result.
    Result(String),
}

/// What is known.
#[derive(Debug, Clone)]
pub struct Scene {
    settings: Settings,
    /// The time of the last event.
    now: f64,
    actors: BTreeMap<u32, Actor>,
    owners: BTreeMap<u64, (u32, Role)>,
    /// The last command of each client: what a change of a key comes from.
    commands: BTreeMap<u64, Rc<[Vec<u8>]>>,
    /// Clients that wait for keys, in the order in which they came.
    line: Vec<u64>,
    /// What workers said of their tasks, and of which not all events were seen yet.
    reports: VecDeque<Report>,
    messages: Messages,
    attempts: Attempts,
    queues: BTreeMap<Vec<u8>, VecDeque<TokenId>>,
    unacked: Ordered<Entry>,
    /// The scores in `unacked_index`, in milliseconds.
    delivered_at: BTreeMap<Rc<str>, f64>,
    bindings: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    results: Ordered<Rc<Kept>>,
    /// Tasks whose results a producer listens for, and its connection.
    listeners: BTreeMap<Rc<str>, u64>,
    results_published: u32,
    result_published_last: Option<(f64, u32)>,
    channels: BTreeMap<Vec<u8>, Channel>,
    /// The last channel on which something was published that nobody heard, and when.
    unheard: Option<(Vec<u8>, f64)>,
    reads: VecDeque<(TokenId, Option<Got>)>,
    hops: VecDeque<Hop>,
    hops_made: u32,
    /// The first move that the page was not told.
    hops_fresh: u32,
    flows: [u32; Path::ALL.len()],
    stale: BTreeSet<Stale>,
    feed: Feed,
    changed: bool,
}

impl Scene {
    /// A scene of an engine that may have keys already.
    pub fn new(settings: Settings) -> Scene {
        let mut scene = Scene {
            settings: settings.clone(),
            now: 0.0,
            actors: BTreeMap::new(),
            owners: BTreeMap::new(),
            commands: BTreeMap::new(),
            line: Vec::new(),
            reports: VecDeque::new(),
            messages: Messages::default(),
            attempts: Attempts::default(),
            queues: BTreeMap::new(),
            unacked: Ordered::default(),
            delivered_at: BTreeMap::new(),
            bindings: BTreeMap::new(),
            results: Ordered::default(),
            listeners: BTreeMap::new(),
            results_published: 0,
            result_published_last: None,
            channels: BTreeMap::new(),
            unheard: None,
            reads: VecDeque::new(),
            hops: VecDeque::new(),
            hops_made: 0,
            hops_fresh: 0,
            flows: [0; Path::ALL.len()],
            stale: BTreeSet::new(),
            feed: Feed::default(),
            changed: true,
        };
        scene.begin(&settings);
        scene
    }

    /// Learns what was configured anew.
    pub fn configure(&mut self, settings: Settings) {
        if self.settings != settings {
            self.settings = settings.clone();
            self.changed = true;
            self.begin(&settings);
        }
    }

    /// What Celery uses may be there already.
    fn begin(&mut self, settings: &Settings) {
        for key in &settings.default_lists {
            self.learn_queue(key);
        }
        self.db_changed(settings.broker_db);
        if let Some(db) = settings.results_db {
            self.db_changed(db);
        }
    }

    /// About how many bytes a clone of this takes for itself.
    pub fn weight(&self) -> usize {
        const POINTERS: usize = 64;
        self.messages.weight()
            + self.attempts.weight()
            + (self.unacked.len() + self.results.len() + self.listeners.len()) * POINTERS
            + self.queues.values().map(VecDeque::len).sum::<usize>() * size_of::<TokenId>()
    }

    /// Sees something that happened in the engine.
    pub fn see(&mut self, event: &Event) {
        match event {
            Event::Command { at, client, db, args } => {
                self.reach(*at);
                self.command(*at, *client, db.0, args);
            }
            Event::KeyChanged { at, client, db, key, event } => {
                self.reach(*at);
                self.key_changed(*at, *client, db.0, key, event);
            }
            Event::DbChanged { db, .. } => self.db_changed(db.0),
            Event::Blocked { at, client, db, keys, deadline } => {
                let span = deadline.map(|until| Span { since: millis(*at), until: millis(until) });
                self.parks(*client, db.0, keys, span);
            }
            Event::Woken { client, .. } | Event::Unblocked { client, .. } => self.unparks(*client),
            Event::Published { at, channel, message, receivers } => {
                self.published(*at, channel, message, *receivers);
            }
            Event::Disconnected { at, client } => self.disconnected(*at, *client),
            Event::Connected { .. }
            | Event::KeyExpired { .. }
            | Event::ScriptUnfinished { .. }
            | Event::ScriptEnded { .. } => {}
        }
    }

    /// Gives the picture to a page that saw another moment.
    pub fn repaint(&mut self) {
        self.changed = true;
    }

    /// What workers said up to this time is true before what happens now.
    fn reach(&mut self, at: UnixMillis) {
        if self.now < millis(at) {
            self.now = millis(at);
            self.believe(Some(at));
        }
    }

    fn command(&mut self, at: UnixMillis, client: ClientId, db: u8, args: &[Vec<u8>]) {
        let (name, rest) = match args {
            [name, rest @ ..] => (name.to_ascii_uppercase(), rest),
            [] => return,
        };
        self.commands.insert(client.0, args.into());
        let owner = self.owners.get(&client.0).copied();
        match (&name[..], rest) {
            (b"SUBSCRIBE" | b"PSUBSCRIBE" | b"UNSUBSCRIBE" | b"PUNSUBSCRIBE", channels) => {
                self.subscriptions(client, &name, channels);
            }
            (b"GET", [key])
                if Some(db) == self.settings.results_db
                    && owner.is_some_and(|(id, _)| self.is_kind(id, ActorKind::Producer)) =>
            {
                self.fetched(at, key);
            }
            (b"HDEL", [key, tags @ ..]) if *key == self.settings.unacked => {
                if let Some(worker) = self.worker_of(Some(client)) {
                    let change = Change { at, client: Some(client), event: "hdel", args };
                    self.acknowledges(worker, tags, &change);
                }
            }
            // The message of a task makes a list a queue, whoever will read it.
            (b"LPUSH" | b"RPUSH", [key, element, ..])
                if owner.is_some()
                    && db == self.settings.broker_db
                    && !self.is_queue(key)
                    && celery_sim::message::TaskMessage::parse(element)
                        .is_some_and(|message| message.request.is_some()) =>
            {
                self.learn_queue(key);
            }
            _ => {}
        }
        let token = self.token_in(&name, rest);
        let (who, role) = match owner {
            Some((id, role)) => {
                let name = self.actors.get(&id).map(|actor| actor.name.to_string());
                (name.unwrap_or_default(), role.title())
            }
            None => (format!("client {}", client.0), ""),
        };
        let is_message = token.is_some() || name == b"BRPOP";
        let line = Line {
            number: 0,
            at: millis(at),
            who,
            role: role.to_owned(),
            db,
            text: typed(args),
            token: token.map(|id| self.messages.token(id)),
            weight: if is_message { Weight::Message } else { Weight::Housekeeping },
            in_multi: false,
            times: 1,
        };
        if let (Some(line), Some(token)) = (self.feed.add(client.0, line), token) {
            self.messages.remember(token, line);
        }
    }

    /// The token that a command is about.
    fn token_in(&mut self, name: &[u8], rest: &[Vec<u8>]) -> Option<TokenId> {
        let [key, rest @ ..] = rest else {
            return None;
        };
        if let Some(task_id) = task_of(key) {
            return self.messages.of_task(task_id);
        }
        if matches!(name, b"LPUSH" | b"RPUSH") && self.is_queue(key) {
            let token = self.token_in_queue(key, rest.first()?, self.now);
            return self
                .messages
                .get(token)
                .is_some_and(|it| !it.task_id.is_empty())
                .then_some(token);
        }
        // Tags are as long as ids are.
        let tag = |arg: &Vec<u8>| match arg.len() {
            30..=40 => self.messages.of_tag(std::str::from_utf8(arg).ok()?),
            _ => None,
        };
        rest.iter().find_map(tag)
    }

    fn key_changed(
        &mut self,
        at: UnixMillis,
        client: Option<ClientId>,
        db: u8,
        key: &[u8],
        event: &str,
    ) {
        if matches!(event, "new" | "keymiss") {
            return;
        }
        let is_broker = db == self.settings.broker_db;
        let result = task_of(key).filter(|_| Some(db) == self.settings.results_db);
        let is_queue = is_broker && self.is_queue(key);
        let is_binding = is_broker && key.starts_with(&self.settings.binding);
        let is_unacked = is_broker && key == self.settings.unacked;
        let is_index = is_broker && key == self.settings.unacked_index;
        if !(is_queue || is_binding || is_unacked || is_index || result.is_some()) {
            return;
        }
        self.changed = true;
        let args = client.and_then(|client| self.commands.get(&client.0)).cloned();
        let args = args.as_deref().unwrap_or_default();
        let change = Change { at, client, event, args };
        match result {
            Some(task_id) => self.result_changed(task_id, &change),
            None if is_queue => self.queue_changed(key, &change),
            None if is_unacked => self.unacked_changed(&change),
            None if is_index => self.unacked_index_changed(&change),
            None => self.binding_changed(key, &change),
        }
    }

    /// Nothing that was known of a database holds any more.
    fn db_changed(&mut self, db: u8) {
        if db == self.settings.broker_db {
            self.stale.extend(self.queues.keys().cloned().map(Stale::Queue));
            self.stale.extend(self.bindings.keys().cloned().map(Stale::Binding));
            self.stale.extend([Stale::Unacked, Stale::UnackedIndex]);
        }
        if Some(db) == self.settings.results_db {
            let results = self.results.iter().map(|(task_id, _)| task_id.to_string());
            self.stale.extend(results.map(Stale::Result));
        }
    }

    fn hop(&mut self, path: Path, token: TokenId, at: UnixMillis) {
        self.flows[path as usize] = self.flows[path as usize].saturating_add(1);
        let token = self.messages.token(token);
        let fresh = |hop: &&mut Hop| hop.number >= self.hops_fresh && hop.path == path;
        let mut fresh: Vec<&mut Hop> = self.hops.iter_mut().filter(fresh).collect();
        if fresh.len() >= HOPS_APART
            && let Some(last) = fresh.pop()
        {
            last.count += 1;
            last.token = token;
            last.at = millis(at);
            return;
        }
        self.hops_made = self.hops_made.wrapping_add(1);
        let number = self.hops_made;
        self.hops.push_back(Hop { number, path, token, count: 1, at: millis(at) });
        if self.hops.len() > HOPS_MAX {
            self.hops.pop_front();
        }
    }
}

fn millis(at: UnixMillis) -> f64 {
    at.0 as f64
}

fn task_of(key: &[u8]) -> Option<&str> {
    keys::task_of_result(std::str::from_utf8(key).ok()?)
}

#[cfg(test)]
mod tests;
