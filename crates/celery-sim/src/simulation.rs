//! Actors on an engine: connects them, carries bytes both ways, lets time pass.
//!
//! Whatever is under way between an actor and the engine arrives in the order of its time, and of
//! its sending within a time. So the same calls with the same seed give the same bytes, and a
//! clone goes on as the original would.

use crate::actor::{Action, Activity, Actor};
use crate::config::Config;
use crate::connection::{ConnectionId, Role};
use crate::message::TaskCall;
use crate::producer::Producer;
use crate::worker::Worker;
use fastrand::Rng;
use keyspace::{ClientId, Engine, UnixMillis};
use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;

/// The number of an actor; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub u32);

/// Which part an actor plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// It sends tasks and reads results.
    Producer,
    /// It runs tasks.
    Worker,
}

/// What an actor says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ActorSnapshot {
    /// Its number.
    pub id: ActorId,
    /// Its part.
    pub kind: ActorKind,
    /// Its name, as in `w1@keyspace`.
    pub name: String,
    /// What it says that it is doing.
    pub activity: Activity,
    /// Every connection that it has or had, as the engine knows it.
    pub clients: Vec<(ClientId, Role)>,
}

/// How many actors that are no more are remembered.
const REMEMBERED_MAX: usize = 32;

/// Producers and workers on one engine.
#[derive(Debug, Clone)]
pub struct Simulation {
    config: Config,
    rng: Rng,
    actors: BTreeMap<ActorId, Player>,
    created: u32,
    workers_named: u32,
    producer: Option<ActorId>,
    links: BTreeMap<ClientId, (ActorId, ConnectionId)>,
    under_way: BTreeMap<(UnixMillis, u64), Parcel>,
    sent: u64,
}

#[derive(Debug, Clone)]
struct Player {
    part: Part,
    clients: Vec<(ClientId, Role)>,
    open: BTreeMap<ConnectionId, ClientId>,
}

#[derive(Debug, Clone)]
enum Part {
    Producer(Producer),
    Worker(Worker),
}

impl Part {
    fn actor(&self) -> &dyn Actor {
        match self {
            Part::Producer(producer) => producer,
            Part::Worker(worker) => worker,
        }
    }

    fn actor_mut(&mut self) -> &mut dyn Actor {
        match self {
            Part::Producer(producer) => producer,
            Part::Worker(worker) => worker,
        }
    }

    fn kind(&self) -> ActorKind {
        match self {
            Part::Producer(_) => ActorKind::Producer,
            Part::Worker(_) => ActorKind::Worker,
        }
    }
}

/// What is under way.
#[derive(Debug, Clone)]
enum Parcel {
    ToEngine(ActorId, Action),
    ToActor(ClientId, Vec<u8>),
    /// The server closed the connection.
    Closed(ClientId),
}

impl Simulation {
    /// A simulation without actors. A producer comes with the first task that is sent.
    pub fn new(config: Config, seed: u64) -> Simulation {
        Simulation {
            config,
            rng: Rng::with_seed(seed),
            actors: BTreeMap::new(),
            created: 0,
            workers_named: 0,
            producer: None,
            links: BTreeMap::new(),
            under_way: BTreeMap::new(),
            sent: 0,
        }
    }

    /// Lets the producer call a task, and returns the task's id. It happens in the next
    /// [`run`](Self::run).
    pub fn send_task(&mut self, call: TaskCall) -> String {
        self.producer().send(call)
    }

    /// Lets the producer wait for a result.
    pub fn get_result(&mut self, task_id: &str) {
        self.producer().get(task_id);
    }

    /// Lets the producer delete a result.
    pub fn forget_result(&mut self, task_id: &str) {
        self.producer().forget(task_id);
    }

    /// Lets the producer's process end when it has done what it was told; the next task is sent
    /// by a new one.
    pub fn exit_producer(&mut self) {
        if self.producer.is_some() {
            self.producer().exit();
            self.producer = None;
        }
    }

    /// Starts a worker with the next free name.
    pub fn start_worker(&mut self) -> ActorId {
        self.workers_named += 1;
        let name = format!("w{}@{}", self.workers_named, self.config.hostname);
        let worker = Worker::new(&name, self.config.clone(), self.rng.u64(..));
        self.add(Part::Worker(worker))
    }

    /// Shuts a worker down as SIGTERM does: it finishes its task first.
    pub fn stop_worker(&mut self, id: ActorId) {
        if let Some(Player { part: Part::Worker(worker), .. }) = self.actors.get_mut(&id) {
            worker.stop();
        }
    }

    /// Ends a worker as SIGKILL does: its connections drop, and what it had is left behind.
    pub fn kill_worker(&mut self, id: ActorId) {
        if let Some(Player { part: Part::Worker(worker), .. }) = self.actors.get_mut(&id)
            && !worker.activity().is_over()
        {
            worker.kill();
        }
    }

    /// Whether this client is a connection of an actor.
    pub fn owns(&self, client: ClientId) -> bool {
        self.links.contains_key(&client)
    }

    /// When something happens that [`run`](Self::run) should be called for.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let arrival = self.under_way.keys().next().map(|(at, _)| *at);
        let actors = self.actors.values().filter_map(|it| it.part.actor().next_deadline());
        actors.chain(arrival).min()
    }

    /// What the actors say of themselves, in the order in which they came.
    pub fn snapshot(&self) -> Vec<ActorSnapshot> {
        let snapshot = |(id, player): (&ActorId, &Player)| ActorSnapshot {
            id: *id,
            kind: player.part.kind(),
            name: player.part.actor().name().to_owned(),
            activity: player.part.actor().activity(),
            clients: player.clients.clone(),
        };
        self.actors.iter().map(snapshot).collect()
    }

    /// Runs actors and engine up to `now`, until nothing more happens. Each thing that is due on
    /// the way happens at its own time, unless the engine is later already.
    ///
    /// Returns the other clients that the engine named active, which the host has to look at.
    pub fn run(&mut self, engine: &mut Engine, now: UnixMillis) -> Vec<ClientId> {
        let mut others = Vec::new();
        loop {
            let due = self.next_deadline().into_iter().chain(engine.next_deadline()).min();
            let Some(due) = due.filter(|&due| due <= now) else {
                break;
            };
            engine.advance(due);
            self.settle(engine, engine.now(), &mut others);
        }
        engine.advance(now);
        self.settle(engine, engine.now(), &mut others);
        self.forget_the_dead();
        others
    }

    /// Lets everything happen that is due at `now`.
    fn settle(&mut self, engine: &mut Engine, now: UnixMillis, others: &mut Vec<ClientId>) {
        let ids: Vec<ActorId> = self.actors.keys().copied().collect();
        for id in ids {
            self.advance_actor(id, now);
        }
        loop {
            self.collect_output(engine, now, others);
            let next = self.under_way.first_entry().filter(|entry| entry.key().0 <= now);
            let Some(parcel) = next.map(OccupiedEntry::remove) else {
                break;
            };
            self.deliver(parcel, engine, now);
        }
    }

    fn deliver(&mut self, parcel: Parcel, engine: &mut Engine, now: UnixMillis) {
        match parcel {
            Parcel::ToEngine(id, action) => self.perform(id, action, engine, now),
            Parcel::ToActor(client, bytes) => {
                if let Some(&(id, connection)) = self.links.get(&client) {
                    self.with_actor(id, now, |actor| actor.receive(connection, &bytes, now));
                }
            }
            Parcel::Closed(client) => {
                engine.disconnect(client, now);
                if let Some((id, connection)) = self.links.remove(&client) {
                    self.with_actor(id, now, |actor| actor.disconnected(connection, now));
                }
            }
        }
    }

    fn perform(&mut self, id: ActorId, action: Action, engine: &mut Engine, now: UnixMillis) {
        let Some(player) = self.actors.get_mut(&id) else {
            return;
        };
        match action {
            Action::Open(connection, role) => {
                let client = engine.connect(now);
                player.clients.push((client, role));
                player.open.insert(connection, client);
                self.links.insert(client, (id, connection));
            }
            Action::Send(connection, bytes) => {
                if let Some(&client) = player.open.get(&connection) {
                    engine.receive(client, &bytes, now);
                }
            }
            Action::Close(connection) => {
                if let Some(client) = player.open.remove(&connection) {
                    self.links.remove(&client);
                    engine.disconnect(client, now);
                }
            }
        }
    }

    /// Sends on what the engine has for its clients.
    fn collect_output(&mut self, engine: &mut Engine, now: UnixMillis, others: &mut Vec<ClientId>) {
        for client in engine.take_active() {
            if !self.owns(client) {
                others.push(client);
                continue;
            }
            let bytes = engine.take_output(client);
            if !bytes.is_empty() {
                self.send(now, Parcel::ToActor(client, bytes));
            }
            if engine.is_closing(client) {
                self.send(now, Parcel::Closed(client));
            }
        }
    }

    fn send(&mut self, now: UnixMillis, parcel: Parcel) {
        self.sent += 1;
        self.under_way.insert((now + self.config.latency_ms, self.sent), parcel);
    }

    fn advance_actor(&mut self, id: ActorId, now: UnixMillis) {
        self.with_actor(id, now, |actor| actor.advance(now));
    }

    /// Lets an actor act, and sends what it wants to send.
    fn with_actor(&mut self, id: ActorId, now: UnixMillis, act: impl FnOnce(&mut dyn Actor)) {
        let Some(player) = self.actors.get_mut(&id) else {
            return;
        };
        let actor = player.part.actor_mut();
        act(actor);
        for action in actor.take_actions() {
            self.send(now, Parcel::ToEngine(id, action));
        }
    }

    fn add(&mut self, part: Part) -> ActorId {
        let id = ActorId(self.created);
        self.created += 1;
        self.actors.insert(id, Player { part, clients: Vec::new(), open: BTreeMap::new() });
        id
    }

    /// The producer that sends tasks now; a new process where there is none.
    fn producer(&mut self) -> &mut Producer {
        let running = |player: &Player| !player.part.actor().activity().is_over();
        let current = self.producer.filter(|id| self.actors.get(id).is_some_and(running));
        let id = current.unwrap_or_else(|| {
            let seed = self.rng.u64(..);
            let producer = Producer::new("producer", &self.config.hostname, seed);
            self.add(Part::Producer(producer))
        });
        self.producer = Some(id);
        match self.actors.get_mut(&id) {
            Some(Player { part: Part::Producer(producer), .. }) => producer,
            _ => unreachable!("the producer's id is a producer's"),
        }
    }

    /// Forgets the oldest of those that are no more.
    fn forget_the_dead(&mut self) {
        let is_dead =
            |player: &Player| player.open.is_empty() && player.part.actor().activity().is_over();
        let dead: Vec<ActorId> =
            self.actors.iter().filter(|(_, it)| is_dead(it)).map(|(id, _)| *id).collect();
        for id in dead.iter().take(dead.len().saturating_sub(REMEMBERED_MAX)) {
            self.actors.remove(id);
        }
    }
}
