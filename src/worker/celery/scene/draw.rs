//! The scene, drawn: what there is to see, cut to what fits.

use super::Scene;
use super::actors::Actor;
use super::channels::Channel;
use super::messages::shown;
use super::queues::Entry;
use super::results::Kept;
use crate::celery::picture::{
    self, Attempt, Binding, Deed, Detail, Doing, Group, Held, Key, Picture, Producer, Queue, Read,
    Slot, Span, Stored, Taken, TokenId, Unacked, Worker, short,
};
use crate::celery::tasks::TaskState;
use crate::worker::observer::Reader;
use celery_sim::message::TaskMessage;
use celery_sim::{Activity, ActorKind, keys, python};
use serde_bytes::ByteBuf;
use serde_json::Value;
use std::collections::{BTreeSet, VecDeque};

/// How many tokens of a list are drawn at its head and at its tail.
const HEAD_MAX: usize = 2;
const TAIL_MAX: usize = 4;
/// How much of the other places is drawn.
const QUEUES_MAX: usize = 8;
const UNACKED_MAX: usize = 6;
const RESULTS_MAX: usize = 4;
const CHANNELS_MAX: usize = 6;
const BINDINGS_MAX: usize = 8;
const WORKERS_MAX: usize = 10;
const PREFETCHED_MAX: usize = 4;
const HELD_MAX: usize = 3;
/// How many workers that are no more stay in the picture.
const GONE_MAX: usize = 2;
/// For how long a message that nobody heard is shown, in engine time.
const UNHEARD_MS: f64 = 5_000.0;
/// How much of a message is shown as it is stored.
const RAW_MAX: usize = 20_000;
/// How much of a command is shown in a history.
const DEED_MAX: usize = 240;

impl Scene {
    pub(super) fn picture(&self) -> Picture {
        let (workers, workers_hidden) = self.workers();
        let drawn = self.results.iter().rev().take(RESULTS_MAX);
        Picture {
            producers: self.producers(),
            queues: self.lists(),
            unacked: self.unacked(),
            bindings: self.bindings(),
            workers,
            workers_hidden,
            results: drawn.map(|(task_id, kept)| self.result(task_id, kept)).collect(),
            results_hidden: self.results.len().saturating_sub(RESULTS_MAX) as u32,
            results_db: self.settings.results_db,
            broker_db: self.settings.broker_db,
            reads: self
                .reads
                .iter()
                .map(|(token, got)| Read { token: self.messages.token(*token), got: got.clone() })
                .collect(),
            channels: self.channels(),
            flows: self.flows.to_vec(),
            hops: self.hops.iter().cloned().collect(),
        }
    }

    /// A message in full.
    pub(super) fn detail(&self, id: TokenId, ask: &mut Reader<'_>) -> Option<Detail> {
        let message = self.messages.get(id)?;
        let db = self.settings.results_db.filter(|_| !message.task_id.is_empty());
        let result = db.and_then(|db| {
            let key = Key { db, name: ByteBuf::from(keys::result(&message.task_id)) };
            match ask.ask(key.db, &[b"GET", &key.name]) {
                keyspace_resp::Value::Bulk(value) => Some((key, shown(&value, RAW_MAX))),
                _ => None,
            }
        });
        Some(Detail { result, ..self.described(id)? })
    }

    /// A message in full, but for its result.
    pub(super) fn described(&self, id: TokenId) -> Option<Detail> {
        let message = self.messages.get(id)?;
        let raw: Value = serde_json::from_slice(&message.raw).unwrap_or_default();
        let body = TaskMessage::parse(&message.raw).and_then(|message| message.request);
        let body = body.map_or_else(Vec::new, |request| {
            vec![
                ("args".to_owned(), printed(&Value::Array(request.args))),
                ("kwargs".to_owned(), printed(&Value::Object(request.kwargs))),
            ]
        });
        let attempts = self.attempts.chain(message.last_attempt).into_iter().map(|it| Attempt {
            number: it.number,
            worker: self.actors.get(&it.worker).map_or("", |actor| short(&actor.name)).to_owned(),
            taken: it.taken,
            started: it.started,
            ended: it.ended,
            acked: it.acked,
            outcome: it.outcome,
            cause: it.cause,
        });
        let history = message.history.iter().map(|line| Deed {
            line: line.number,
            at: line.at,
            who: short(&line.who).to_owned(),
            text: shown(line.text.as_bytes(), DEED_MAX),
        });
        Some(Detail {
            token: self.messages.token(id),
            task_id: message.task_id.to_string(),
            headers: fields(&raw["headers"]),
            properties: fields(&raw["properties"]),
            body,
            raw: shown(&message.raw, RAW_MAX),
            result: None,
            attempts: attempts.collect(),
            history: history.collect(),
            history_lost: message.history_lost,
        })
    }

    fn broker_key(&self, name: &[u8]) -> Key {
        Key { db: self.settings.broker_db, name: ByteBuf::from(name) }
    }

    fn producers(&self) -> Vec<Producer> {
        let others = self.actors.values().filter(|it| it.kind != ActorKind::Worker);
        let others = others.filter(|it| !it.is_over()).map(|it| Producer {
            name: it.name.to_string(),
            awaits: match it.says {
                Activity::AwaitingResults(count) => count as u32,
                _ => 0,
            },
        });
        others.take(WORKERS_MAX).collect()
    }

    fn lists(&self) -> Vec<Queue> {
        let default = self.settings.default_lists.first().map_or(&[][..], Vec::as_slice);
        let is_drawn = |key: &Vec<u8>, tokens: &VecDeque<TokenId>| {
            key.as_slice() == default || !tokens.is_empty()
        };
        let drawn = self.queues.iter().filter(|(key, tokens)| is_drawn(key, tokens));
        let mut drawn: Vec<_> = drawn.collect();
        drawn.sort_by_key(|(key, _)| {
            let (queue, priority) = self.settings.queue_and_priority(key);
            (queue != default, queue, priority)
        });
        let drawn = drawn.into_iter().take(QUEUES_MAX).map(|(key, tokens)| {
            let (queue, priority) = self.settings.queue_and_priority(key);
            Queue {
                key: self.broker_key(key),
                queue: shown(queue, 40),
                priority,
                tokens: self.group(tokens.iter().copied(), tokens.len(), HEAD_MAX, TAIL_MAX),
            }
        });
        drawn.collect()
    }

    fn unacked(&self) -> Unacked {
        Unacked {
            hash: self.broker_key(&self.settings.unacked),
            index: self.broker_key(&self.settings.unacked_index),
            entries: self
                .unacked
                .iter()
                .take(UNACKED_MAX)
                .map(|(tag, entry)| self.taken_entry(tag, entry))
                .collect(),
            hidden: self.unacked.len().saturating_sub(UNACKED_MAX) as u32,
        }
    }

    fn taken_entry(&self, tag: &str, entry: &Entry) -> Taken {
        let timeout = self.settings.visibility_timeout_ms;
        let since = self.delivered_at.get(tag).copied();
        let by = entry.by.and_then(|by| self.actors.get(&by));
        Taken {
            token: self.messages.token(entry.token),
            by: short(&entry.by_name).to_owned(),
            orphan: entry.by.is_some() && by.is_none_or(Actor::is_over),
            life: since.map(|since| Span { since, until: since + timeout }),
        }
    }

    fn bindings(&self) -> Vec<Binding> {
        let bindings = self.bindings.iter().filter_map(|(key, members)| {
            let queue = |member: &Vec<u8>| {
                let sep = &*self.settings.sep;
                let at = member.windows(sep.len().max(1)).rposition(|part| part == sep);
                shown(&member[at.map_or(0, |at| at + sep.len())..], 60)
            };
            Some(Binding {
                key: self.broker_key(key),
                exchange: shown(key.strip_prefix(&*self.settings.binding)?, 40),
                queues: members.iter().map(queue).collect(),
            })
        });
        bindings.take(BINDINGS_MAX).collect()
    }

    fn channels(&self) -> Vec<picture::Channel> {
        let mut channels: Vec<picture::Channel> =
            self.channels.iter().take(CHANNELS_MAX).map(|it| self.channel(it)).collect();
        if !self.listeners.is_empty() || self.results_published > 0 {
            let clients: BTreeSet<u64> = self.listeners.values().copied().collect();
            channels.push(picture::Channel {
                name: keys::result("…"),
                listeners: self.names(&clients),
                subscriptions: self.listeners.len() as u32,
                published: self.results_published,
                last: self.result_published_last,
            });
        }
        if let Some((name, at)) = &self.unheard
            && self.now - at < UNHEARD_MS
        {
            channels.push(picture::Channel {
                name: shown(name, 60),
                listeners: Vec::new(),
                subscriptions: 0,
                published: 1,
                last: Some((*at, 0)),
            });
        }
        channels
    }

    fn channel(&self, (name, channel): (&Vec<u8>, &Channel)) -> picture::Channel {
        picture::Channel {
            name: shown(name, 60),
            listeners: self.names(&channel.clients),
            subscriptions: channel.clients.len() as u32,
            published: channel.published,
            last: channel.last,
        }
    }

    fn names(&self, clients: &BTreeSet<u64>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for client in clients {
            let owner = self.owners.get(client).and_then(|(id, _)| self.actors.get(id));
            let name = match owner {
                Some(actor) => short(&actor.name).to_owned(),
                None => format!("client {client}"),
            };
            if !names.contains(&name) && names.len() < WORKERS_MAX {
                names.push(name);
            }
        }
        names
    }

    /// Tokens from the first to the last, of which there are so many.
    fn group(
        &self,
        tokens: impl DoubleEndedIterator<Item = TokenId> + Clone,
        count: usize,
        first: usize,
        last: usize,
    ) -> Group {
        let first = first.min(count);
        let last = last.min(count - first);
        let draw = |id| self.messages.token(id);
        let mut tail: Vec<_> = tokens.clone().rev().take(last).map(draw).collect();
        tail.reverse();
        Group {
            first: tokens.take(first).map(draw).collect(),
            hidden: (count - first - last) as u32,
            last: tail,
        }
    }

    fn result(&self, task_id: &str, kept: &Kept) -> Stored {
        let mut token = self.messages.token(kept.token);
        token.label = kept.label.clone();
        Stored {
            key: Key {
                db: self.settings.results_db.unwrap_or(self.settings.broker_db),
                name: ByteBuf::from(keys::result(task_id)),
            },
            token,
            ok: kept.state == TaskState::Success,
            text: kept.text.clone(),
            life: kept.life,
        }
    }

    /// The workers that are drawn, and how many are not.
    fn workers(&self) -> (Vec<Worker>, u32) {
        let workers: Vec<(u32, &Actor)> = self
            .actors
            .iter()
            .filter(|(_, it)| it.kind == ActorKind::Worker)
            .map(|(id, actor)| (*id, actor))
            .collect();
        let gone = workers.iter().filter(|(_, it)| it.is_over()).count();
        let mut surplus = gone.saturating_sub(GONE_MAX);
        let kept: Vec<(u32, &Actor)> = workers
            .into_iter()
            .filter(|(_, actor)| {
                let drop = surplus > 0 && actor.is_over();
                surplus -= usize::from(drop);
                !drop
            })
            .collect();
        let hidden = kept.len().saturating_sub(WORKERS_MAX) as u32;
        let drawn = kept.into_iter().take(WORKERS_MAX).map(|(id, it)| self.worker(id, it));
        (drawn.collect(), hidden)
    }

    fn worker(&self, id: u32, actor: &Actor) -> Worker {
        let mut slots = Vec::new();
        let mut prefetched = Vec::new();
        let mut held = Vec::new();
        for attempt in actor.attempts.iter().filter_map(|it| self.attempts.get(*it)) {
            match (attempt.started, attempt.held_until) {
                (Some(_), _) if attempt.ended.is_some() => {}
                (Some(since), _) => {
                    let span = attempt.runs_until.map(|until| Span { since, until });
                    slots.push(Slot { token: self.messages.token(attempt.token), span });
                }
                (None, Some(until)) => {
                    held.push((attempt.token, Span { since: attempt.taken, until }));
                }
                (None, None) => prefetched.push(attempt.token),
            }
        }
        held.sort_by(|(_, a), (_, b)| a.until.total_cmp(&b.until));
        let held_hidden = held.len().saturating_sub(HELD_MAX) as u32;
        let draw = |(token, span)| Held { token: self.messages.token(token), span };
        Worker {
            id,
            name: actor.name.to_string(),
            doing: actor.doing(),
            keys: actor
                .waits_for
                .1
                .iter()
                .map(|name| Key { db: actor.waits_for.0, name: ByteBuf::from(name.clone()) })
                .collect(),
            place: self.place_of(actor),
            concurrency: actor.concurrency.unwrap_or(self.settings.concurrency),
            prefetch_limit: actor.prefetch_limit,
            slots,
            prefetched: self.group(prefetched.iter().copied(), prefetched.len(), PREFETCHED_MAX, 0),
            held: held.into_iter().take(HELD_MAX).map(draw).collect(),
            held_hidden,
            stopping: actor.says == Activity::Stopping,
            done: actor.done,
        }
    }
}

impl Actor {
    fn doing(&self) -> Doing {
        if self.is_over() {
            return match &self.says {
                Activity::Killed => Doing::Killed,
                Activity::Crashed(error) => Doing::Crashed(error.clone()),
                _ => Doing::Stopped,
            };
        }
        match (self.parked, &self.says) {
            (Some(span), _) => Doing::Parked(span),
            (None, Activity::Running { .. }) => Doing::Running,
            (None, _) if self.has_waited && self.open.is_empty() => Doing::Disconnected,
            (None, _) if self.has_waited => Doing::Busy,
            (None, _) => Doing::Connecting,
        }
    }
}

fn fields(value: &Value) -> Vec<(String, String)> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(name, value)| (name.clone(), printed(value))).collect()
}

fn printed(value: &Value) -> String {
    String::from_utf8_lossy(&python::json_dumps(value)).into_owned()
}
