//! The scene, drawn: what there is to see, cut to what fits.

use super::tokens::{shown, summary};
use super::{Actor, Kept, Scene, millis};
use crate::celery::picture::{
    Detail, Doing, Group, Picture, Queue, Read, Span, Stored, TokenId, Worker,
};
use celery_sim::message::TaskMessage;
use celery_sim::{Activity, ActorKind, keys, python};
use serde_json::Value;

/// How many tokens of a list are drawn at its head and at its tail.
const HEAD_MAX: usize = 1;
const TAIL_MAX: usize = 3;
/// How many entries of the other places are drawn.
const UNACKED_MAX: usize = 6;
const RESULTS_MAX: usize = 4;
/// How many workers that are no more stay in the picture.
const GONE_MAX: usize = 2;

impl Scene {
    /// A message in full.
    pub fn detail(&self, id: TokenId) -> Option<Detail> {
        let message = self.tokens.get(&id)?;
        let raw: Value = serde_json::from_slice(&message.raw).unwrap_or_default();
        let body = TaskMessage::parse(&message.raw).and_then(|message| message.request);
        let body = body.map_or_else(Vec::new, |request| {
            vec![
                ("args".to_owned(), printed(&Value::Array(request.args))),
                ("kwargs".to_owned(), printed(&Value::Object(request.kwargs))),
            ]
        });
        let result = self.results.iter().find(|(task_id, _)| *task_id == message.task_id);
        Some(Detail {
            token: self.token(id),
            task_id: message.task_id.clone(),
            headers: fields(&raw["headers"]),
            properties: fields(&raw["properties"]),
            body,
            raw: String::from_utf8_lossy(&message.raw).into_owned(),
            result: result.map(|(_, kept)| String::from_utf8_lossy(&kept.value).into_owned()),
        })
    }

    pub(super) fn picture(&self) -> Picture {
        let queues =
            keys::queue_lists(keys::DEFAULT_QUEUE).enumerate().filter_map(|(step, key)| {
                let tokens = self.queues.get(key.as_bytes());
                let shown_always = step == 0;
                (shown_always || tokens.is_some_and(|tokens| !tokens.is_empty())).then(|| Queue {
                    name: shown(key.as_bytes(), usize::MAX),
                    tokens: self.group(tokens.into_iter().flatten().copied(), HEAD_MAX, TAIL_MAX),
                })
            });
        let drawn = self.results.iter().rev().take(RESULTS_MAX);
        Picture {
            queues: queues.collect(),
            unacked: self.group(self.unacked.iter().map(|(_, token)| *token), UNACKED_MAX, 0),
            workers: self.workers(),
            results: drawn.map(|(_, kept)| self.stored(kept)).collect(),
            results_hidden: self.results.len().saturating_sub(RESULTS_MAX) as u32,
            reads: self
                .reads
                .iter()
                .map(|(token, got)| Read { token: self.token(*token), got: got.clone() })
                .collect(),
            sent: self.sent,
            hops: self.hops.iter().cloned().collect(),
        }
    }

    fn group(&self, tokens: impl Iterator<Item = TokenId>, first: usize, last: usize) -> Group {
        let tokens: Vec<TokenId> = tokens.collect();
        let (first, rest) = tokens.split_at(first.min(tokens.len()));
        let (hidden, last) = rest.split_at(rest.len().saturating_sub(last));
        let draw = |tokens: &[TokenId]| tokens.iter().map(|&id| self.token(id)).collect();
        Group { first: draw(first), hidden: hidden.len() as u32, last: draw(last) }
    }

    fn stored(&self, kept: &Kept) -> Stored {
        let (ok, text) = summary(&kept.value);
        Stored { token: self.token(kept.token), ok, text, life: kept.life }
    }

    fn workers(&self) -> Vec<Worker> {
        let workers = self.actors.iter().filter(|(_, it)| it.kind == ActorKind::Worker);
        let workers = workers.map(|(&id, actor)| Worker {
            id,
            name: actor.name.clone(),
            doing: actor.doing(),
            token: actor.token.map(|token| self.token(token)),
            stopping: actor.says == Activity::Stopping,
        });
        let workers: Vec<Worker> = workers.collect();
        let gone = workers.iter().filter(|worker| worker.doing.is_over()).count();
        let mut surplus = gone.saturating_sub(GONE_MAX);
        let kept = workers.into_iter().filter(|worker| {
            let drop = surplus > 0 && worker.doing.is_over();
            surplus -= usize::from(drop);
            !drop
        });
        kept.collect()
    }
}

impl Actor {
    fn doing(&self) -> Doing {
        if self.open.is_empty() && self.says.is_over() {
            return match &self.says {
                Activity::Killed => Doing::Killed,
                Activity::Crashed(error) => Doing::Crashed(error.clone()),
                _ => Doing::Stopped,
            };
        }
        match (self.parked, &self.says) {
            (Some(span), _) => Doing::Parked(span),
            (None, Activity::Running { since, until, .. }) => {
                Doing::Running(Span { since: millis(*since), until: millis(*until) })
            }
            (None, _) if self.has_parked => Doing::Busy,
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
