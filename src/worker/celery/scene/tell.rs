//! What the page is told: what it looks at, when that changed, and no more than it can draw.

use super::{Scene, Stale};
use crate::celery::picture::{Picture, Span, TokenId};
use crate::celery::tasks::TaskQuery;
use crate::celery::timeline::TimelineQuery;
use crate::celery::{Look, Update};
use crate::worker::observer::Reader;
use celery_sim::keys;
use keyspace_resp::Value;

/// How many times something else is told before table and timeline are, while they change all the
/// time: the map comes first.
const PATIENCE: u32 = 2;
/// How many members of a set of bindings are read.
const MEMBERS_MAX: usize = 32;

/// What the page looks at; it stays so whichever moment of a run is shown.
#[derive(Debug, Clone)]
pub struct Looks {
    message: Option<TokenId>,
    tasks: Option<TaskQuery>,
    timeline: Option<TimelineQuery>,
    message_news: bool,
    tasks_news: bool,
    timeline_news: bool,
    feed_anew: bool,
    /// How often table and timeline were put off.
    patience: u32,
}

impl Looks {
    /// The page looks at nothing but the map.
    pub fn new() -> Looks {
        Looks {
            message: None,
            tasks: None,
            timeline: None,
            message_news: false,
            tasks_news: false,
            timeline_news: false,
            feed_anew: false,
            patience: 0,
        }
    }

    /// The page looks at something else.
    pub fn look(&mut self, look: Look) {
        match look {
            Look::Message(token) => {
                self.message = token;
                self.message_news = true;
            }
            Look::Tasks(query) => {
                self.tasks = query;
                self.tasks_news = true;
            }
            Look::Timeline(query) => {
                self.timeline = query;
                self.timeline_news = true;
            }
        }
    }

    /// What is looked at of a world beside the one that these are about: the stretch of time.
    pub fn beside(&self) -> Looks {
        Looks { timeline: self.timeline, timeline_news: true, ..Looks::new() }
    }

    /// The moment is another: everything is to be told anew.
    pub fn repaint(&mut self) {
        self.message_news = true;
        self.tasks_news = true;
        self.timeline_news = true;
        self.feed_anew = true;
    }

    fn has_news(&self) -> bool {
        self.message_news && self.message.is_some()
            || self.tasks_news && self.tasks.is_some()
            || self.timeline_news && self.timeline.is_some()
            || self.feed_anew
    }
}

impl Scene {
    /// Whether the page may have something to be told.
    pub fn has_news(&self, looks: &Looks) -> bool {
        self.changed || !self.stale.is_empty() || self.feed.is_fresh() || looks.has_news()
    }

    /// Takes what the page has not been told yet, once what has to be read again was.
    pub fn take_updates(&mut self, looks: &mut Looks, ask: &mut Reader<'_>) -> Vec<Update> {
        for stale in std::mem::take(&mut self.stale) {
            self.read_again(stale, ask);
        }
        let mut updates = Vec::new();
        if std::mem::take(&mut looks.feed_anew) {
            updates.push(Update::Feed { anew: true, lines: self.feed.take_all() });
        } else if self.feed.is_fresh() {
            updates.push(Update::Feed { anew: false, lines: self.feed.take() });
        }
        if self.changed {
            looks.message_news = true;
            looks.tasks_news = true;
            looks.timeline_news = true;
        }
        updates.extend(self.take_picture().map(|picture| Update::Picture(Box::new(picture))));
        if std::mem::take(&mut looks.message_news)
            && let Some(token) = looks.message
        {
            updates.push(Update::Message(self.detail(token, ask).map(Box::new)));
        }
        let is_busy = !updates.is_empty() && looks.patience < PATIENCE;
        looks.patience = if is_busy { looks.patience + 1 } else { 0 };
        if !is_busy {
            self.tell_looks(looks, ask.now(), &mut updates);
        }
        updates
    }

    /// The picture, where it has changed since it was taken last.
    pub fn take_picture(&mut self) -> Option<Picture> {
        std::mem::take(&mut self.changed).then(|| {
            self.believe(None);
            let picture = self.picture();
            self.hops_fresh = self.hops_made.wrapping_add(1);
            picture
        })
    }

    fn tell_looks(&self, looks: &mut Looks, now: f64, updates: &mut Vec<Update>) {
        if std::mem::take(&mut looks.tasks_news)
            && let Some(query) = &looks.tasks
        {
            updates.push(Update::Tasks(self.table(query)));
        }
        if std::mem::take(&mut looks.timeline_news)
            && let Some(query) = looks.timeline
        {
            let label = |token| self.messages.token(token).label;
            updates.push(Update::Timeline(self.attempts.timeline(query, now, label)));
        }
    }

    fn read_again(&mut self, stale: Stale, ask: &mut Reader<'_>) {
        let broker = self.settings.broker_db;
        match stale {
            Stale::Queue(key) => {
                let elements = strings(ask.ask(broker, &[b"LRANGE", &key, b"0", b"-1"]));
                self.queue_is(&key, &elements);
            }
            Stale::Unacked => {
                let entries = strings(ask.ask(broker, &[b"HGETALL", &self.settings.unacked]));
                self.unacked_is(&pairs(entries));
            }
            Stale::UnackedIndex => {
                let range: [&[u8]; 5] =
                    [b"ZRANGE", &self.settings.unacked_index, b"0", b"-1", b"WITHSCORES"];
                let entries = strings(ask.ask(broker, &range));
                self.unacked_index_is(&pairs(entries));
            }
            Stale::Binding(key) => {
                let mut members = strings(ask.ask(broker, &[b"SMEMBERS", &key]));
                members.truncate(MEMBERS_MAX);
                self.binding_is(&key, members);
            }
            Stale::Result(task_id) => {
                let Some(db) = self.settings.results_db else {
                    return;
                };
                let key = keys::result(&task_id);
                let value = ask.ask(db, &[b"GET", key.as_bytes()]);
                let until = ask.ask_integer(db, &[b"PEXPIRETIME", key.as_bytes()]);
                let since = ask.now();
                let life = until.filter(|&until| until >= 0);
                let life = life.map(|until| Span { since, until: until as f64 });
                let value = value.as_bytes().filter(|_| !matches!(value, Value::Error(_)));
                self.result_is(&task_id, value.map(|value| (value, life)));
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

/// Strings two by two.
fn pairs(strings: Vec<Vec<u8>>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut strings = strings.into_iter();
    std::iter::from_fn(|| Some((strings.next()?, strings.next()?))).collect()
}
