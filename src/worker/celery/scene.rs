//! From events to the picture.
//!
//! The scene knows what it draws from two sources only: the engine's events, and keys that it
//! asks to have read again when an event says that they changed in a way that is not Celery's.
//! Actors tell it who they are, and nothing of where a message is.

mod draw;
mod feed;
mod tokens;

use crate::celery::picture::{Got, Hop, Line, Path, Picture, Span, TokenId, Weight};
use celery_sim::{Activity, ActorKind, ActorSnapshot, Role, keys, python};
use feed::{Feed, typed};
use keyspace::{ClientId, Event, UnixMillis};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokens::summary;

/// How many results that the producer wants are drawn.
const READS_MAX: usize = 4;
/// How many moves are remembered.
const HOPS_MAX: usize = 16;

/// A key whose contents the scene has to be told anew.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stale {
    /// A list of the queue, in db 0.
    Queue(Vec<u8>),
    /// The hash `unacked`, in db 0.
    Unacked,
    /// A result's key, in db 1.
    Result(String),
}

/// What is known. An empty one knows of no keys and asks for none.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    actors: BTreeMap<u32, Actor>,
    owners: BTreeMap<u64, (u32, Role)>,
    /// The last command of each client: what a change of a key comes from.
    commands: BTreeMap<u64, Vec<Vec<u8>>>,
    tokens: BTreeMap<TokenId, Message>,
    tokens_made: TokenId,
    by_task: BTreeMap<String, TokenId>,
    by_tag: BTreeMap<String, TokenId>,
    queues: BTreeMap<Vec<u8>, VecDeque<TokenId>>,
    unacked: Vec<(String, TokenId)>,
    results: Vec<(String, Kept)>,
    subscribed: BTreeMap<String, u64>,
    reads: VecDeque<(TokenId, Option<Got>)>,
    hops: VecDeque<Hop>,
    hops_made: u32,
    sent: u32,
    stale: BTreeSet<Stale>,
    feed: Feed,
    changed: bool,
}

/// An actor, as far as the picture shows it.
#[derive(Debug, Clone)]
struct Actor {
    kind: ActorKind,
    name: String,
    says: Activity,
    open: BTreeSet<u64>,
    parked: Option<Option<Span>>,
    /// It has waited for a message at least once.
    has_parked: bool,
    token: Option<TokenId>,
}

/// A message.
#[derive(Debug, Clone)]
struct Message {
    label: String,
    task_id: String,
    raw: Vec<u8>,
    redelivered: bool,
}

/// A stored result.
#[derive(Debug, Clone)]
struct Kept {
    token: TokenId,
    value: Vec<u8>,
    life: Option<Span>,
}

impl Scene {
    /// A scene of an engine that may have keys already.
    pub fn new() -> Scene {
        let mut scene = Scene { changed: true, ..Scene::default() };
        scene.db_changed(0);
        scene
    }

    /// Learns who the actors are, and what they say of themselves.
    pub fn identify(&mut self, actors: &[ActorSnapshot]) {
        if self.actors.len() > actors.len() {
            self.actors.retain(|id, _| actors.iter().any(|actor| actor.id.0 == *id));
            self.owners.retain(|_, (id, _)| self.actors.contains_key(id));
        }
        for snapshot in actors {
            self.changed |= !self.actors.contains_key(&snapshot.id.0);
            let actor = self.actors.entry(snapshot.id.0).or_insert_with(|| Actor {
                kind: snapshot.kind,
                name: snapshot.name.clone(),
                says: Activity::Starting,
                open: BTreeSet::new(),
                parked: None,
                has_parked: false,
                token: None,
            });
            if actor.says != snapshot.activity {
                actor.says = snapshot.activity.clone();
                self.changed = true;
            }
            for &(client, role) in &snapshot.clients {
                if self.owners.insert(client.0, (snapshot.id.0, role)).is_none() {
                    actor.open.insert(client.0);
                }
            }
        }
    }

    /// Sees something that happened in the engine.
    pub fn see(&mut self, event: &Event) {
        match event {
            Event::Command { at, client, db, args } => self.command(*at, *client, db.0, args),
            Event::KeyChanged { at, client, db, key, event } => {
                self.key_changed(*at, *client, db.0, key, event);
            }
            Event::DbChanged { db, .. } => self.db_changed(db.0),
            Event::Blocked { at, client, deadline, .. } => {
                let span = deadline.map(|until| Span { since: millis(*at), until: millis(until) });
                self.park(*client, Some(span));
            }
            Event::Woken { client, .. } | Event::Unblocked { client, .. } => {
                self.park(*client, None);
            }
            Event::Published { at, channel, message, receivers } => {
                if *receivers > 0 {
                    self.published(*at, channel, message);
                }
            }
            Event::Disconnected { client, .. } => self.disconnected(*client),
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

    /// Whether there is anything to take.
    pub fn has_news(&self) -> bool {
        self.changed || !self.stale.is_empty() || self.feed.is_fresh()
    }

    /// Takes the keys that have to be read.
    pub fn take_stale(&mut self) -> BTreeSet<Stale> {
        std::mem::take(&mut self.stale)
    }

    /// Is told what a list of the queue holds, from its head.
    pub fn queue_is(&mut self, key: &[u8], elements: &[Vec<u8>]) {
        self.changed = true;
        self.queues.remove(key);
        let tokens = elements.iter().map(|element| self.token_of(element)).collect();
        self.queues.insert(key.to_vec(), tokens);
    }

    /// Is told what `unacked` holds.
    pub fn unacked_is(&mut self, entries: &[(Vec<u8>, Vec<u8>)]) {
        self.changed = true;
        self.unacked.clear();
        for (tag, entry) in entries {
            self.keep_unacked(tag, entry);
        }
    }

    /// Is told what a result's key holds, and until when.
    pub fn result_is(&mut self, task_id: &str, value: Option<(&[u8], Option<Span>)>) {
        self.changed = true;
        match value {
            Some((value, life)) => self.keep_result(task_id, value, life),
            None => self.results.retain(|(known, _)| known != task_id),
        }
    }

    /// Takes the lines of the feed that are new or have changed.
    pub fn take_lines(&mut self) -> Vec<Line> {
        self.feed.take()
    }

    /// The picture, where it has changed since it was taken last.
    pub fn take_picture(&mut self) -> Option<Picture> {
        std::mem::take(&mut self.changed).then(|| {
            self.forget_tokens();
            self.picture()
        })
    }

    fn command(&mut self, at: UnixMillis, client: ClientId, db: u8, args: &[Vec<u8>]) {
        self.commands.insert(client.0, args.to_vec());
        let (name, rest) = match args {
            [name, rest @ ..] => (name.to_ascii_uppercase(), rest),
            [] => return,
        };
        let owner = self.owners.get(&client.0).copied();
        let is_producer = owner.is_some_and(|(id, _)| self.is_kind(id, ActorKind::Producer));
        match (&name[..], rest) {
            (b"SUBSCRIBE", channels) if is_producer => {
                for task_id in channels.iter().filter_map(|channel| task_of(channel)) {
                    self.subscribed.insert(task_id.to_owned(), client.0);
                }
            }
            (b"UNSUBSCRIBE", channels) => {
                for task_id in channels.iter().filter_map(|channel| task_of(channel)) {
                    self.subscribed.remove(task_id);
                }
            }
            (b"GET", [key]) if is_producer && db == 1 => self.fetched(at, key),
            _ => {}
        }
        let token = self.token_in(args).map(|id| self.token(id));
        let (who, role) = match owner {
            Some((id, role)) => (self.actors[&id].name.clone(), role.title()),
            None => (format!("client {}", client.0), ""),
        };
        let is_message = token.is_some() || name == b"BRPOP";
        self.feed.add(
            client.0,
            Line {
                number: 0,
                at: millis(at),
                who,
                role: role.to_owned(),
                db,
                text: typed(args),
                token,
                weight: if is_message { Weight::Message } else { Weight::Housekeeping },
                in_multi: false,
                times: 1,
            },
        );
    }

    fn key_changed(
        &mut self,
        at: UnixMillis,
        client: Option<ClientId>,
        db: u8,
        key: &[u8],
        event: &str,
    ) {
        if matches!(event, "new" | "keymiss") || !is_drawn(db, key) {
            return;
        }
        let args = client.and_then(|client| self.commands.get(&client.0)).cloned();
        let change = Change { at, client, event, args: &args.unwrap_or_default() };
        if db == 0 && is_queue(key) {
            self.queue_changed(key, &change);
        } else if db == 0 && key == keys::UNACKED.as_bytes() {
            self.unacked_changed(&change);
        } else if db == 1
            && let Some(task_id) = task_of(key)
        {
            self.result_changed(task_id, &change);
        } else {
            return;
        }
        self.changed = true;
    }

    fn queue_changed(&mut self, key: &[u8], change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("lpush", b"LPUSH" | b"LPUSHX", [_, _, elements @ ..]) => {
                for element in elements {
                    let token = self.token_of(element);
                    self.queues.entry(key.to_vec()).or_default().push_front(token);
                    self.pushed(token, change);
                }
            }
            ("rpush", b"RPUSH" | b"RPUSHX", [_, _, elements @ ..]) => {
                for element in elements {
                    let token = self.token_of(element);
                    self.queues.entry(key.to_vec()).or_default().push_back(token);
                    self.pushed(token, change);
                }
            }
            ("rpop", b"BRPOP", _) | ("rpop", b"RPOP", [_, _]) => {
                let token = self.queues.get_mut(key).and_then(VecDeque::pop_back);
                self.taken(token, change);
            }
            ("lpop", b"BLPOP", _) | ("lpop", b"LPOP", [_, _]) => {
                let token = self.queues.get_mut(key).and_then(VecDeque::pop_front);
                self.taken(token, change);
            }
            ("del" | "expired", _, _) => {
                self.queues.remove(key);
            }
            _ => {
                self.stale.insert(Stale::Queue(key.to_vec()));
            }
        }
    }

    /// A message came into the queue: from a producer, or back from `unacked`.
    fn pushed(&mut self, token: TokenId, change: &Change<'_>) {
        let by_worker =
            self.actor_of(change.client).is_some_and(|(_, it)| it.kind == ActorKind::Worker);
        if by_worker {
            self.hop(Path::Restore, token, change.at);
        } else {
            self.sent += 1;
            self.hop(Path::Send, token, change.at);
        }
        let wanted = self.tokens.get(&token).map(|message| &message.task_id);
        let wanted = wanted.is_some_and(|task_id| self.subscribed.contains_key(task_id));
        if wanted && self.reads.iter().all(|(read, _)| *read != token) {
            self.reads.push_front((token, None));
            self.reads.truncate(READS_MAX);
        }
    }

    fn taken(&mut self, token: Option<TokenId>, change: &Change<'_>) {
        let Some(token) = token else {
            return;
        };
        if let Some((_, actor)) = self.actor_of(change.client) {
            actor.token = Some(token);
            self.hop(Path::Take, token, change.at);
        }
    }

    fn unacked_changed(&mut self, change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("hset", b"HSET", [_, _, pairs @ ..]) => {
                for pair in pairs.chunks_exact(2) {
                    let token = self.keep_unacked(&pair[0], &pair[1]);
                    self.hop(Path::Keep, token, change.at);
                }
            }
            ("hdel", b"HDEL", [_, _, tags @ ..]) => {
                for tag in tags {
                    self.acknowledged(&String::from_utf8_lossy(tag), change);
                }
            }
            ("del" | "expired", _, _) => self.unacked.clear(),
            _ => {
                self.stale.insert(Stale::Unacked);
            }
        }
    }

    fn acknowledged(&mut self, tag: &str, change: &Change<'_>) {
        let Some(at) = self.unacked.iter().position(|(known, _)| known == tag) else {
            return;
        };
        let (_, token) = self.unacked.remove(at);
        match self.actor_of(change.client) {
            Some((_, actor)) if actor.token == Some(token) => {
                actor.token = None;
                self.hop(Path::Acknowledge, token, change.at);
            }
            // Another worker takes it out to restore it.
            _ => {
                for actor in self.actors.values_mut().filter(|it| it.token == Some(token)) {
                    actor.token = None;
                }
            }
        }
    }

    fn keep_unacked(&mut self, tag: &[u8], entry: &[u8]) -> TokenId {
        let tag = String::from_utf8_lossy(tag).into_owned();
        let message = serde_json::from_slice::<Value>(entry).ok();
        let message = message.and_then(|entry| entry.get(0).map(python::json_dumps));
        let known = self.by_tag.get(&tag).copied().filter(|id| self.tokens.contains_key(id));
        let token = known.unwrap_or_else(|| self.token_of(message.as_deref().unwrap_or(entry)));
        self.unacked.retain(|(known, _)| *known != tag);
        self.unacked.push((tag, token));
        token
    }

    fn result_changed(&mut self, task_id: &str, change: &Change<'_>) {
        match (change.event, &change.command()[..], change.args) {
            ("set", b"SETEX", [_, _, seconds, value]) => {
                let seconds =
                    std::str::from_utf8(seconds).ok().and_then(|it| it.parse::<f64>().ok());
                let since = millis(change.at);
                let life = seconds.map(|seconds| Span { since, until: since + seconds * 1000.0 });
                self.keep_result(task_id, value, life);
                if let Some((_, kept)) = self.results.iter().find(|(known, _)| known == task_id) {
                    self.hop(Path::Store, kept.token, change.at);
                }
            }
            ("expire", b"SETEX", _) => {}
            ("del" | "expired", _, _) => self.results.retain(|(known, _)| known != task_id),
            _ => {
                self.stale.insert(Stale::Result(task_id.to_owned()));
            }
        }
    }

    fn keep_result(&mut self, task_id: &str, value: &[u8], life: Option<Span>) {
        let token = self.by_task.get(task_id).copied().unwrap_or_else(|| {
            let label = format!("task {}", task_id.get(..8).unwrap_or(task_id));
            self.make_token(Message {
                label,
                task_id: task_id.to_owned(),
                raw: Vec::new(),
                redelivered: false,
            })
        });
        self.results.retain(|(known, _)| known != task_id);
        let kept = Kept { token, value: value.to_vec(), life };
        self.results.push((task_id.to_owned(), kept));
    }

    /// A result was published, and somebody listens.
    fn published(&mut self, at: UnixMillis, channel: &[u8], message: &[u8]) {
        let Some(task_id) = task_of(channel).filter(|it| self.subscribed.contains_key(*it)) else {
            return;
        };
        if let Some(&token) = self.by_task.get(task_id) {
            self.got(at, token, message, Path::Notify, "PUBLISH");
        }
    }

    /// The producer looked for a result; it is read if it was there.
    fn fetched(&mut self, at: UnixMillis, key: &[u8]) {
        let kept =
            task_of(key).and_then(|task| self.results.iter().find(|(known, _)| known == task));
        if let Some((_, kept)) = kept.cloned() {
            self.got(at, kept.token, &kept.value, Path::Fetch, "GET");
        }
    }

    fn got(&mut self, at: UnixMillis, token: TokenId, meta: &[u8], path: Path, by: &str) {
        let (ok, text) = summary(meta);
        if let Some((_, got)) = self.reads.iter_mut().find(|(read, _)| *read == token) {
            *got = Some(Got { ok, text, by: by.to_owned() });
        }
        self.hop(path, token, at);
        self.changed = true;
    }

    fn park(&mut self, client: ClientId, parked: Option<Option<Span>>) {
        if let Some((role, actor)) = self.actor_of(Some(client))
            && role == Role::Consumer
        {
            actor.has_parked |= parked.is_some();
            actor.parked = parked;
            self.changed = true;
        }
    }

    fn disconnected(&mut self, client: ClientId) {
        self.commands.remove(&client.0);
        self.feed.forget(client.0);
        self.subscribed.retain(|_, subscriber| *subscriber != client.0);
        self.park(client, None);
        if let Some((_, actor)) = self.actor_of(Some(client)) {
            actor.open.remove(&client.0);
            self.changed = true;
        }
    }

    /// Nothing that was known of a database holds any more.
    fn db_changed(&mut self, db: u8) {
        match db {
            0 => {
                let lists = keys::queue_lists(keys::DEFAULT_QUEUE).map(String::into_bytes);
                self.stale.extend(lists.map(Stale::Queue));
                self.stale.insert(Stale::Unacked);
            }
            1 => {
                let results = self.results.iter().map(|(task_id, _)| task_id.clone());
                self.stale.extend(results.map(Stale::Result));
            }
            _ => {}
        }
    }

    fn actor_of(&mut self, client: Option<ClientId>) -> Option<(Role, &mut Actor)> {
        let (id, role) = *self.owners.get(&client?.0)?;
        self.actors.get_mut(&id).map(|actor| (role, actor))
    }

    fn is_kind(&self, id: u32, kind: ActorKind) -> bool {
        self.actors.get(&id).is_some_and(|actor| actor.kind == kind)
    }

    fn hop(&mut self, path: Path, token: TokenId, at: UnixMillis) {
        self.hops_made += 1;
        let token = self.token(token);
        self.hops.push_back(Hop { number: self.hops_made, path, token, at: millis(at) });
        if self.hops.len() > HOPS_MAX {
            self.hops.pop_front();
        }
    }
}

/// A change of a key, and the command that it comes from.
struct Change<'a> {
    at: UnixMillis,
    client: Option<ClientId>,
    event: &'a str,
    args: &'a [Vec<u8>],
}

impl Change<'_> {
    fn command(&self) -> Vec<u8> {
        self.args.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default()
    }
}

fn millis(at: UnixMillis) -> f64 {
    at.0 as f64
}

/// Whether the picture shows something of a key.
fn is_drawn(db: u8, key: &[u8]) -> bool {
    match db {
        0 => is_queue(key) || key == keys::UNACKED.as_bytes(),
        1 => task_of(key).is_some(),
        _ => false,
    }
}

fn is_queue(key: &[u8]) -> bool {
    keys::queue_lists(keys::DEFAULT_QUEUE).any(|list| list.as_bytes() == key)
}

fn task_of(key: &[u8]) -> Option<&str> {
    keys::task_of_result(std::str::from_utf8(key).ok()?)
}

#[cfg(test)]
mod tests;
