//! Actors on an engine: connects them, carries bytes both ways, lets time pass.
//!
//! Whatever is under way between an actor and the engine arrives in the order of its time, and of
//! its sending within a time. So the same calls with the same seed give the same bytes, and a
//! clone goes on as the original would. Commands that were written at once reach the engine one
//! by one, so that whoever drives can stop after each.

use crate::actor::{Action, Activity, Actor};
use crate::beat::Beat;
use crate::canvas::{Called, Canvas};
use crate::command_line::WorkerOptions;
use crate::config::Config;
use crate::connection::{ConnectionId, Role};
use crate::control::{Answer, Control, ControlCall};
use crate::exchange::Publication;
use crate::message::TaskCall;
use crate::producer::Producer;
use crate::worker::Worker;
use crate::workload::{Figures, Report, Workload};
use fastrand::Rng;
use keyspace::{ClientId, Engine, UnixMillis};
use serde_json::{Map, Value};
use std::collections::btree_map::OccupiedEntry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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
    /// It sends periodic tasks.
    Beat,
    /// It calls workers by remote control.
    Control,
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
    /// The tasks that it has, where it is a worker.
    pub workload: Option<Workload>,
}

/// How many reports are kept until they are taken; the oldest go first.
const REPORTS_MAX: usize = 16_384;

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
    /// What is due at this time is being delivered.
    delivering: Option<UnixMillis>,
    /// What is left of a write whose first commands have run.
    begun: Option<(ActorId, ConnectionId, Vec<u8>)>,
    delivered: u64,
    reports: VecDeque<Report>,
    /// Nobody can connect before.
    broker_down_until: Option<UnixMillis>,
}

#[derive(Debug, Clone)]
struct Player {
    part: Part,
    clients: Vec<(ClientId, Role)>,
    open: BTreeMap<ConnectionId, ClientId>,
    /// Its process is stopped: what arrives waits.
    stopped: bool,
    waiting: Vec<Parcel>,
    /// It is killed when it has a message, before it can say so.
    doomed: bool,
}

#[derive(Debug, Clone)]
enum Part {
    Producer(Box<Producer>),
    Worker(Box<Worker>),
    Beat(Box<Beat>),
    Control(Box<Control>),
}

impl Part {
    fn actor(&self) -> &dyn Actor {
        match self {
            Part::Producer(producer) => producer.as_ref(),
            Part::Worker(worker) => worker.as_ref(),
            Part::Beat(beat) => beat.as_ref(),
            Part::Control(control) => control.as_ref(),
        }
    }

    fn actor_mut(&mut self) -> &mut dyn Actor {
        match self {
            Part::Producer(producer) => producer.as_mut(),
            Part::Worker(worker) => worker.as_mut(),
            Part::Beat(beat) => beat.as_mut(),
            Part::Control(control) => control.as_mut(),
        }
    }

    fn workload(&self) -> Option<Workload> {
        match self {
            Part::Worker(worker) => Some(worker.workload()),
            Part::Producer(_) | Part::Beat(_) | Part::Control(_) => None,
        }
    }

    fn take_reports(&mut self, actor: ActorId) -> Vec<Report> {
        let news = match self {
            Part::Worker(worker) => worker.take_news(),
            Part::Producer(_) | Part::Beat(_) | Part::Control(_) => Vec::new(),
        };
        let report = |(at, task_id, what)| Report { at, actor, task_id, what };
        news.into_iter().map(report).collect()
    }

    fn kind(&self) -> ActorKind {
        match self {
            Part::Producer(_) => ActorKind::Producer,
            Part::Worker(_) => ActorKind::Worker,
            Part::Beat(_) => ActorKind::Beat,
            Part::Control(_) => ActorKind::Control,
        }
    }
}

impl Player {
    fn kill(&mut self) {
        self.stopped = false;
        self.doomed = false;
        self.waiting.clear();
        if !self.part.actor().activity().is_over() {
            self.part.actor_mut().kill();
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
    /// There was no server to connect to.
    Refused(ActorId, ConnectionId),
}

/// How far [`Simulation::step`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A command reached the engine.
    Command,
    /// Something else arrived: a connection, a reply, the end of a connection.
    Arrival,
    /// Nothing more is due.
    Settled,
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
            delivering: None,
            begun: None,
            delivered: 0,
            reports: VecDeque::new(),
            broker_down_until: None,
        }
    }

    /// The settings of processes that start from now on.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Changes the settings of processes that start from now on, and how long bytes travel.
    pub fn configure(&mut self, config: Config) {
        self.config = config;
    }

    /// Lets a producer of its own send what comes next, with the settings that there are now. The
    /// one before ends, unless it has something to do.
    pub fn renew_producer(&mut self) {
        let before = self.producer.take().and_then(|id| self.actors.get_mut(&id));
        if let Some(player) = before
            && player.part.actor().activity() == Activity::Idle
        {
            player.kill();
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

    /// Lets the producer send a group, a chain or a chord, and returns the ids of its tasks.
    pub fn send_canvas(&mut self, canvas: Canvas) -> Called {
        self.producer().call(canvas)
    }

    /// Lets the producer wait for what a group, a chain or a chord returned.
    pub fn get_called(&mut self, called: Called) {
        self.producer().get_called(called);
    }

    /// Lets the producer let go of a result.
    pub fn drop_result(&mut self, task_id: &str) {
        self.producer().drop_result(task_id);
    }

    /// Lets the producer send a message to an exchange.
    pub fn publish(&mut self, publication: Publication) {
        self.producer().publish_to(publication);
    }

    /// Lets the producer look how long a queue is.
    pub fn count_queue(&mut self, queue: &str) {
        self.producer().count(queue);
    }

    /// Lets the producer delete all messages of a queue.
    pub fn purge_queue(&mut self, queue: &str) {
        self.producer().purge(queue);
    }

    /// Starts beat with the schedule of now.
    pub fn start_beat(&mut self) -> ActorId {
        let beat = Beat::new(Arc::new(self.config.clone()), self.rng.u64(..));
        self.add(Part::Beat(Box::new(beat)))
    }

    /// Ends beat.
    pub fn stop_beat(&mut self, id: ActorId) {
        if let Some(Player { part: Part::Beat(beat), .. }) = self.actors.get_mut(&id) {
            beat.stop();
        }
    }

    /// Lets a new process call workers by remote control.
    pub fn control(&mut self, call: ControlCall) -> ActorId {
        let config = Arc::new(self.config.clone());
        let control = Control::new("control", &config, call, self.rng.u64(..));
        self.add(Part::Control(Box::new(control)))
    }

    /// What workers replied to such a process, by their names.
    pub fn control_replies(&self, id: ActorId) -> Option<&Map<String, Value>> {
        match &self.actors.get(&id)?.part {
            Part::Control(control) => Some(control.replies()),
            _ => None,
        }
    }

    /// Calls of workers by remote control and what was replied, in the order of the calls. Only
    /// the latest are remembered.
    pub fn answers(&self) -> impl DoubleEndedIterator<Item = (ActorId, Answer<'_>)> {
        self.actors.iter().filter_map(|(id, player)| match &player.part {
            Part::Control(control) => Some((*id, control.answer())),
            _ => None,
        })
    }

    /// What calls and reads of the producers raised.
    pub fn producer_errors(&self) -> impl Iterator<Item = &str> {
        self.actors.values().flat_map(|player| match &player.part {
            Part::Producer(producer) => producer.errors().collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    }

    /// Shuts a worker down as SIGQUIT does: what it runs is given up and put back.
    pub fn stop_worker_cold(&mut self, id: ActorId) {
        if let Some(Player { part: Part::Worker(worker), .. }) = self.actors.get_mut(&id) {
            worker.stop_cold();
        }
    }

    /// Ends any process as SIGKILL does.
    pub fn kill_actor(&mut self, id: ActorId) {
        if let Some(player) = self.actors.get_mut(&id) {
            player.kill();
        }
    }

    /// Ends a process of a worker's prefork pool as SIGKILL does.
    pub fn kill_pool_process(&mut self, id: ActorId, slot: usize) {
        if let Some(Player { part: Part::Worker(worker), .. }) = self.actors.get_mut(&id) {
            worker.kill_pool_process(slot);
        }
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
        let name = loop {
            self.workers_named += 1;
            let name = format!("w{}@{}", self.workers_named, self.config.hostname);
            if !self.workers().any(|running| running == name) {
                break name;
            }
        };
        let worker = Worker::new(&name, self.config.clone(), self.rng.u64(..));
        self.add(Part::Worker(Box::new(worker)))
    }

    /// Starts a worker as a command line says; the error says why that cannot be.
    pub fn run_worker(&mut self, options: &WorkerOptions) -> Result<ActorId, String> {
        let name = options.name(&self.config.hostname);
        if self.workers().any(|running| running == name) {
            return Err(format!("{name} runs already: -n gives a worker another name"));
        }
        let config = options.config(&self.config)?;
        let worker = Worker::new(&name, config, self.rng.u64(..));
        Ok(self.add(Part::Worker(Box::new(worker))))
    }

    /// Shuts a worker down as SIGTERM does: it finishes its task first.
    pub fn stop_worker(&mut self, id: ActorId) {
        if let Some(Player { part: Part::Worker(worker), .. }) = self.actors.get_mut(&id) {
            worker.stop();
        }
    }

    /// Ends a worker as SIGKILL does: its connections drop, and what it had is left behind.
    pub fn kill_worker(&mut self, id: ActorId) {
        if let Some(player) = self.actors.get_mut(&id) {
            player.kill();
        }
    }

    /// Ends a worker as SIGKILL does when it next has a message from BRPOP: before it can put it
    /// into `unacked`.
    pub fn kill_worker_before_unacked(&mut self, id: ActorId) {
        if let Some(player) = self.running_worker(id) {
            player.doomed = true;
        }
    }

    /// Stops a worker's process as SIGSTOP does: it does nothing, and its connections stay.
    pub fn pause_worker(&mut self, id: ActorId) {
        if let Some(player) = self.running_worker(id) {
            player.stopped = true;
        }
    }

    /// Lets a stopped process go on as SIGCONT does; what arrived meanwhile is there at once.
    pub fn resume_worker(&mut self, id: ActorId, now: UnixMillis) {
        let Some(player) = self.running_worker(id) else {
            return;
        };
        player.stopped = false;
        for parcel in std::mem::take(&mut player.waiting) {
            self.send_at(now, parcel);
        }
    }

    /// Whether a worker's process is stopped.
    pub fn is_paused(&self, id: ActorId) -> bool {
        self.actors.get(&id).is_some_and(|player| player.stopped)
    }

    /// Refuses new connections of actors until then: the server is down. That it closes those it
    /// has is the caller's part.
    pub fn refuse_connections_until(&mut self, until: UnixMillis) {
        self.broker_down_until = Some(until);
    }

    /// Whether connections are refused.
    pub fn is_broker_down(&self, now: UnixMillis) -> bool {
        self.broker_down_until.is_some_and(|until| now < until)
    }

    /// The worker of a name, with its host or without: `w1@keyspace`, `w1`.
    pub fn worker_named(&self, name: &str) -> Option<ActorId> {
        let is_named = |player: &Player| {
            let known = player.part.actor().name();
            known == name || known.split('@').next() == Some(name)
        };
        let mut workers =
            self.actors.iter().filter(|(_, player)| player.part.kind() == ActorKind::Worker);
        workers.find(|(_, player)| is_named(player)).map(|(id, _)| *id)
    }

    /// The names of the workers whose processes run.
    pub fn workers(&self) -> impl Iterator<Item = &str> {
        let players = self.actors.values();
        let running = players.filter(|it| !it.part.actor().activity().is_over());
        let workers = running.filter(|player| player.part.kind() == ActorKind::Worker);
        workers.map(|player| player.part.actor().name())
    }

    /// What the workers have whose processes run.
    pub fn figures(&self) -> impl Iterator<Item = Figures> {
        self.actors.values().filter_map(|player| match &player.part {
            Part::Worker(worker) if !worker.activity().is_over() => Some(worker.figures()),
            _ => None,
        })
    }

    /// An actor's name.
    pub fn name_of(&self, id: ActorId) -> Option<&str> {
        self.actors.get(&id).map(|player| player.part.actor().name())
    }

    /// Whether an actor's process is no more, or was never there.
    pub fn is_over(&self, id: ActorId) -> bool {
        self.actors.get(&id).is_none_or(|player| player.part.actor().activity().is_over())
    }

    /// The open connection of a role, as the engine knows it.
    pub fn client_of(&self, id: ActorId, role: Role) -> Option<ClientId> {
        let player = self.actors.get(&id)?;
        let open = |client: &ClientId| player.open.values().any(|open| open == client);
        let of_role = player.clients.iter().filter(|(_, known)| *known == role);
        of_role.map(|(client, _)| *client).find(open)
    }

    fn running_worker(&mut self, id: ActorId) -> Option<&mut Player> {
        let player = self.actors.get_mut(&id)?;
        let is_running =
            matches!(player.part, Part::Worker(_)) && !player.part.actor().activity().is_over();
        is_running.then_some(player)
    }

    /// Whether this client is a connection of an actor.
    pub fn owns(&self, client: ClientId) -> bool {
        self.links.contains_key(&client)
    }

    /// When something happens that [`run`](Self::run) should be called for.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let arrival = self.under_way.keys().next().map(|(at, _)| *at);
        let awake = self.actors.values().filter(|player| !player.stopped);
        let actors = awake.filter_map(|player| player.part.actor().next_deadline());
        actors.chain(arrival).chain(self.delivering).min()
    }

    /// How many things have arrived, on either side, since the simulation began.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Whether [`step`](Self::step) stopped among things that are due at the same time.
    pub fn is_amid(&self) -> bool {
        self.delivering.is_some()
    }

    /// What the actors say of themselves, in the order in which they came.
    pub fn snapshot(&self) -> Vec<ActorSnapshot> {
        let snapshot = |(id, player): (&ActorId, &Player)| ActorSnapshot {
            id: *id,
            kind: player.part.kind(),
            name: player.part.actor().name().to_owned(),
            activity: player.part.actor().activity(),
            clients: player.clients.clone(),
            workload: player.part.workload(),
        };
        self.actors.iter().map(snapshot).collect()
    }

    /// Takes what became of tasks in workers since it was last taken, in order. Only the newest
    /// are kept.
    pub fn take_reports(&mut self) -> Vec<Report> {
        std::mem::take(&mut self.reports).into()
    }

    /// Runs actors and engine up to `now`, until nothing more happens. Each thing that is due on
    /// the way happens at its own time, unless the engine is later already.
    ///
    /// Returns the other clients that the engine named active, which the host has to look at.
    pub fn run(&mut self, engine: &mut Engine, now: UnixMillis) -> Vec<ClientId> {
        let mut others = Vec::new();
        while self.step(engine, now, &mut others) != Step::Settled {}
        others
    }

    /// Lets the next thing arrive that is due at `now` or before, as [`run`](Self::run) would,
    /// and adds to `others` who else has output.
    pub fn step(
        &mut self,
        engine: &mut Engine,
        now: UnixMillis,
        others: &mut Vec<ClientId>,
    ) -> Step {
        loop {
            if let Some(at) = self.delivering {
                if let Some(step) = self.deliver_next(engine, at, others) {
                    return step;
                }
                self.delivering = None;
            }
            let due = self.next_deadline().into_iter().chain(engine.next_deadline()).min();
            let due = due.filter(|&due| due <= now);
            engine.advance(due.unwrap_or(now));
            let at = engine.now();
            self.advance_actors(at);
            self.collect_output(engine, at, others);
            let is_something_due = self.under_way.keys().next().is_some_and(|(due, _)| *due <= at);
            if due.is_some_and(|due| at < due) && !is_something_due {
                // A script is unfinished, and the server's time stands.
                return Step::Settled;
            }
            if due.is_none() && !is_something_due {
                self.forget_the_dead();
                return Step::Settled;
            }
            self.delivering = Some(at);
        }
    }

    /// Sends on what the engine has for its clients without letting anything arrive.
    pub fn collect(&mut self, engine: &mut Engine, others: &mut Vec<ClientId>) {
        if self.begun.is_none() {
            self.collect_output(engine, engine.now(), others);
        }
    }

    /// Lets the next thing arrive that is due at `at`.
    fn deliver_next(
        &mut self,
        engine: &mut Engine,
        at: UnixMillis,
        others: &mut Vec<ClientId>,
    ) -> Option<Step> {
        let at = at.max(engine.now());
        let parcel = match self.begun.take() {
            Some((id, connection, rest)) => Parcel::ToEngine(id, Action::Send(connection, rest)),
            None => {
                let next = self.under_way.first_entry().filter(|entry| entry.key().0 <= at);
                next.map(OccupiedEntry::remove)?
            }
        };
        self.delivered += 1;
        let step = match &parcel {
            Parcel::ToEngine(_, Action::Send(..)) => Step::Command,
            _ => Step::Arrival,
        };
        self.deliver(parcel, engine, at);
        if self.begun.is_none() {
            self.collect_output(engine, at, others);
        }
        Some(step)
    }

    fn advance_actors(&mut self, now: UnixMillis) {
        let awake = self.actors.iter().filter(|(_, player)| !player.stopped);
        let ids: Vec<ActorId> = awake.map(|(id, _)| *id).collect();
        for id in ids {
            self.with_actor(id, now, |actor| actor.advance(now));
        }
    }

    fn deliver(&mut self, parcel: Parcel, engine: &mut Engine, now: UnixMillis) {
        match parcel {
            Parcel::ToEngine(id, action) => self.perform(id, action, engine, now),
            Parcel::ToActor(client, ref bytes) => {
                if let Some(&(id, connection)) = self.links.get(&client)
                    && !self.is_kept_from(id, client, &parcel)
                {
                    self.with_actor(id, now, |actor| actor.receive(connection, bytes, now));
                }
            }
            Parcel::Closed(client) => {
                engine.disconnect(client, now);
                let Some(&(id, connection)) = self.links.get(&client) else {
                    return;
                };
                if self.is_kept_from(id, client, &parcel) {
                    return;
                }
                self.links.remove(&client);
                if let Some(player) = self.actors.get_mut(&id) {
                    player.open.remove(&connection);
                }
                self.with_actor(id, now, |actor| actor.disconnected(connection, now));
            }
            Parcel::Refused(id, connection) => {
                self.with_actor(id, now, |actor| actor.disconnected(connection, now));
            }
        }
    }

    /// Whether what arrives does not reach the actor: its process is stopped, or ends right now.
    fn is_kept_from(&mut self, id: ActorId, client: ClientId, parcel: &Parcel) -> bool {
        let Some(player) = self.actors.get_mut(&id) else {
            return true;
        };
        if player.stopped {
            player.waiting.push(parcel.clone());
            return true;
        }
        if player.doomed
            && let Parcel::ToActor(_, bytes) = parcel
            && player.clients.contains(&(client, Role::Consumer))
            && bytes.starts_with(b"*2\r\n")
        {
            player.kill();
            return true;
        }
        false
    }

    fn perform(&mut self, id: ActorId, action: Action, engine: &mut Engine, now: UnixMillis) {
        let is_down = self.is_broker_down(now);
        let Some(player) = self.actors.get_mut(&id) else {
            return;
        };
        match action {
            Action::Open(connection, _) if is_down => {
                self.send(now, Parcel::Refused(id, connection));
            }
            Action::Open(connection, role) => {
                let client = engine.connect(now);
                player.clients.push((client, role));
                player.open.insert(connection, client);
                self.links.insert(client, (id, connection));
            }
            Action::Send(connection, mut bytes) => {
                if let Some(&client) = player.open.get(&connection) {
                    let rest = bytes.split_off(first_command(&bytes));
                    if !rest.is_empty() {
                        self.begun = Some((id, connection, rest));
                    }
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
        self.send_at(now + self.config.latency_ms, parcel);
    }

    fn send_at(&mut self, at: UnixMillis, parcel: Parcel) {
        self.sent += 1;
        self.under_way.insert((at, self.sent), parcel);
    }

    /// Lets an actor act, and sends what it wants to send.
    fn with_actor(&mut self, id: ActorId, now: UnixMillis, act: impl FnOnce(&mut dyn Actor)) {
        let Some(player) = self.actors.get_mut(&id) else {
            return;
        };
        let actor = player.part.actor_mut();
        act(actor);
        let actions = actor.take_actions();
        self.reports.extend(player.part.take_reports(id));
        let surplus = self.reports.len().saturating_sub(REPORTS_MAX);
        self.reports.drain(..surplus);
        for action in actions {
            self.send(now, Parcel::ToEngine(id, action));
        }
    }

    fn add(&mut self, part: Part) -> ActorId {
        let id = ActorId(self.created);
        self.created += 1;
        let player = Player {
            part,
            clients: Vec::new(),
            open: BTreeMap::new(),
            stopped: false,
            waiting: Vec::new(),
            doomed: false,
        };
        self.actors.insert(id, player);
        id
    }

    /// The producer that sends tasks now; a new process where there is none.
    fn producer(&mut self) -> &mut Producer {
        let running = |player: &Player| !player.part.actor().activity().is_over();
        let current = self.producer.filter(|id| self.actors.get(id).is_some_and(running));
        let id = current.unwrap_or_else(|| {
            let seed = self.rng.u64(..);
            let producer = Producer::new("producer", Arc::new(self.config.clone()), seed);
            self.add(Part::Producer(Box::new(producer)))
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

/// How many bytes the first command takes; all of them where they are not whole commands.
fn first_command(bytes: &[u8]) -> usize {
    let length_of = |at: usize, mark: u8| -> Option<(usize, usize)> {
        let line = bytes.get(at..)?;
        let end = line.windows(2).position(|pair| pair == b"\r\n")?;
        let number = line[..end].strip_prefix(&[mark])?;
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some((number, at + end + 2))
    };
    let command = || {
        let (count, mut at) = length_of(0, b'*')?;
        for _ in 0..count {
            let (length, begin) = length_of(at, b'$')?;
            at = begin.checked_add(length)?.checked_add(2)?;
        }
        (at <= bytes.len()).then_some(at)
    };
    command().unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::first_command;

    #[test]
    fn commands_written_at_once_are_told_apart() {
        let written = b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nGET\r\n$2\r\n\r\n\r\n";
        assert_eq!(first_command(written), 15);
        assert_eq!(first_command(&written[15..]), written.len() - 15);
        assert_eq!(first_command(b"*1\r\n$9\r\nMULTI"), 13, "what is no command goes as it is");
        assert_eq!(first_command(b""), 0);
    }
}
