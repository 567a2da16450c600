//! Actors: whose connection is whose, what each says of itself, and who waits in BRPOP.

use super::{Scene, millis};
use crate::celery::picture::Span;
use crate::celery::timeline::Outcome;
use celery_sim::{Activity, ActorKind, ActorSnapshot, Report, Role, What};
use keyspace::{ClientId, UnixMillis};
use std::collections::BTreeSet;
use std::rc::Rc;

/// An actor, as far as the picture shows it.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub kind: ActorKind,
    pub name: Rc<str>,
    pub says: Activity,
    /// Its open connections.
    pub open: BTreeSet<u64>,
    pub parked: Option<Option<Span>>,
    /// The keys of its last BRPOP, and their database.
    pub waits_for: (u8, Vec<Vec<u8>>),
    /// It has waited for a message at least once.
    pub has_waited: bool,
    /// Its attempts that are not over, by number.
    pub attempts: Vec<u64>,
    /// How many messages it acknowledged.
    pub done: u32,
    /// How many tasks it runs at once, once it says so.
    pub concurrency: Option<u32>,
    pub prefetch_limit: Option<u32>,
}

impl Actor {
    fn new(snapshot: &ActorSnapshot) -> Actor {
        Actor {
            kind: snapshot.kind,
            name: snapshot.name.as_str().into(),
            says: Activity::Starting,
            open: BTreeSet::new(),
            parked: None,
            waits_for: (0, Vec::new()),
            has_waited: false,
            attempts: Vec::new(),
            done: 0,
            concurrency: None,
            prefetch_limit: None,
        }
    }

    /// Whether the process ended and all its connections are gone.
    pub fn is_over(&self) -> bool {
        self.open.is_empty() && self.says.is_over()
    }
}

/// A change of a key, and the command that it comes from.
pub(super) struct Change<'a> {
    pub at: UnixMillis,
    pub client: Option<ClientId>,
    pub event: &'a str,
    pub args: &'a [Vec<u8>],
}

impl Change<'_> {
    pub fn command(&self) -> Vec<u8> {
        self.args.first().map(|name| name.to_ascii_uppercase()).unwrap_or_default()
    }

    pub fn at_ms(&self) -> f64 {
        millis(self.at)
    }
}

impl Scene {
    /// Learns who the actors are, and what they say of themselves.
    pub fn identify(&mut self, actors: &[ActorSnapshot]) {
        if self.actors.len() > actors.len() {
            self.actors.retain(|id, _| actors.iter().any(|actor| actor.id.0 == *id));
            self.owners.retain(|_, (id, _)| self.actors.contains_key(id));
        }
        for snapshot in actors {
            let id = snapshot.id.0;
            if !self.actors.contains_key(&id) {
                self.changed = true;
                let actor = Actor::new(snapshot);
                if actor.kind == ActorKind::Worker {
                    self.attempts.born(id, &actor.name, self.now);
                }
                self.actors.insert(id, actor);
            }
            let Some(actor) = self.actors.get_mut(&id) else {
                continue;
            };
            for &(client, role) in &snapshot.clients {
                if self.owners.insert(client.0, (id, role)).is_none() {
                    actor.open.insert(client.0);
                }
            }
            if let Some(workload) = &snapshot.workload {
                actor.concurrency = Some(workload.slots.len() as u32);
                actor.prefetch_limit = workload.prefetch_limit.map(|limit| limit as u32);
            }
            if actor.says != snapshot.activity {
                actor.says = snapshot.activity.clone();
                self.changed = true;
                if actor.is_over() {
                    self.attempts_lost(id, self.now);
                }
            }
        }
    }

    /// Hears what workers say of their tasks.
    pub fn hear(&mut self, reports: impl IntoIterator<Item = Report>) {
        self.reports.extend(reports);
        self.changed |= !self.reports.is_empty();
    }

    /// Takes over what workers said before a time, or all of it.
    pub(super) fn believe(&mut self, before: Option<UnixMillis>) {
        let is_due = |report: &Report| before.is_none_or(|before| report.at < before);
        while self.reports.front().is_some_and(is_due)
            && let Some(report) = self.reports.pop_front()
        {
            self.reported(&report);
        }
    }

    fn reported(&mut self, report: &Report) {
        let worker = report.actor.0;
        let Some(attempt) = self.attempt_of(worker, &report.task_id) else {
            return;
        };
        let at = millis(report.at);
        match &report.what {
            What::Held { until } => self.attempt_held(attempt, millis(*until)),
            What::Started { until, .. } => self.attempt_starts(attempt, at, Some(millis(*until))),
            What::Ended { state } => self.attempt_ends(attempt, at, outcome(state)),
            What::Received | What::Acked | What::Requeued => {}
        }
    }

    pub(super) fn actor_of(&mut self, client: Option<ClientId>) -> Option<(Role, &mut Actor)> {
        let (id, role) = *self.owners.get(&client?.0)?;
        self.actors.get_mut(&id).map(|actor| (role, actor))
    }

    /// The worker whose connection it is.
    pub(super) fn worker_of(&self, client: Option<ClientId>) -> Option<u32> {
        let (id, _) = *self.owners.get(&client?.0)?;
        self.is_kind(id, ActorKind::Worker).then_some(id)
    }

    pub(super) fn is_kind(&self, id: u32, kind: ActorKind) -> bool {
        self.actors.get(&id).is_some_and(|actor| actor.kind == kind)
    }

    /// A client waits for keys.
    pub(super) fn parks(&mut self, client: ClientId, db: u8, keys: &[Vec<u8>], span: Option<Span>) {
        self.line.retain(|waiting| *waiting != client.0);
        self.line.push(client.0);
        if let Some((Role::Consumer, actor)) = self.actor_of(Some(client)) {
            actor.has_waited = true;
            actor.parked = Some(span);
            if actor.waits_for.1 != keys {
                actor.waits_for = (db, keys.to_vec());
                self.learn_queues(db, keys);
            }
        }
        self.changed = true;
    }

    /// A client waits no longer.
    pub(super) fn unparks(&mut self, client: ClientId) {
        self.line.retain(|waiting| *waiting != client.0);
        if let Some((Role::Consumer, actor)) = self.actor_of(Some(client)) {
            actor.parked = None;
        }
        self.changed = true;
    }

    /// The place of a worker among those who wait for the list that it looks at first.
    pub(super) fn place_of(&self, actor: &Actor) -> Option<u32> {
        actor.parked?;
        let first = actor.waits_for.1.first()?;
        let mut place = 0;
        for client in &self.line {
            let owner = self.owners.get(client).and_then(|(id, _)| self.actors.get(id));
            match owner {
                Some(owner) if owner.waits_for.1.contains(first) => place += 1,
                _ => continue,
            }
            if actor.open.contains(client) {
                return Some(place);
            }
        }
        None
    }

    pub(super) fn disconnected(&mut self, at: UnixMillis, client: ClientId) {
        self.commands.remove(&client.0);
        self.feed.forget(client.0);
        self.leave_all(client.0, None);
        self.unparks(client);
        let Some((_, actor)) = self.actor_of(Some(client)) else {
            return;
        };
        actor.open.remove(&client.0);
        let is_over = actor.is_over();
        self.changed = true;
        if is_over && let Some((id, _)) = self.owners.get(&client.0).copied() {
            self.attempts_lost(id, millis(at));
        }
    }
}

/// What became of an attempt, by Celery's name of a state.
pub(super) fn outcome(state: &str) -> Outcome {
    match state {
        "SUCCESS" => Outcome::Success,
        "RETRY" => Outcome::Retry,
        "REVOKED" => Outcome::Revoked,
        "LOST" => Outcome::Lost,
        _ => Outcome::Failure,
    }
}
