//! A moment of a run: the engine, the processes around it, and everything that is known of them.
//!
//! A moment is a value. A clone of it, given the same inputs, becomes the same later moments; so
//! the past is kept as clones, and what lies between them is played again.

use super::beside::Beside;
use super::celery::Celery;
use super::feed::{self, Feed};
use super::history::History;
use super::index::KeyIndex;
use super::input::{Entry, Input};
use super::observer::{Observer, Reader};
use crate::backend::{ChangedBy, ClientEvent, ConsoleId, Happening, Inspection, Update};
use crate::celery::Look;
use celery_sim::scenario::Progress;
use celery_sim::{Config, Step, World};
use keyspace::{ClientId, ConnectOptions, Event, UnixMillis};
use serde_bytes::ByteBuf;
use std::collections::BTreeMap;

/// Everything at a moment.
#[derive(Clone)]
pub(super) struct Moment {
    pub world: World,
    beside: Option<Box<Beside>>,
    pub scenario: Option<Progress>,
    observer: Observer,
    consoles: BTreeMap<ConsoleId, ClientId>,
    pub keys: KeyIndex,
    pub history: History,
    pub celery: Celery,
    pub feed: Feed,
    pub inspection: Option<Inspection>,
    pub inspection_stale: bool,
    /// What the page is to be told of the console's clients.
    pub updates: Vec<Update>,
}

/// How far [`Moment::run`] may go.
pub(super) struct Limit<'a> {
    /// Things that arrive, at most.
    pub steps: usize,
    /// The command after which to stop.
    pub pause_on: Option<&'a PauseOn>,
}

/// A command after which to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PauseOn {
    /// Any.
    Any,
    /// One that begins with the first word and has the others among its arguments.
    Words(Vec<String>),
}

/// Why a run stopped where it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// Nothing more is due.
    Settled,
    /// The limit of steps.
    OutOfSteps,
    /// The command to stop after ran.
    Command(String),
    /// A step of the scenario is over.
    StepOver,
}

impl PauseOn {
    /// Reads what somebody typed; nothing where that is nothing.
    pub fn from_text(text: &str) -> Option<PauseOn> {
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        (!words.is_empty()).then_some(PauseOn::Words(words))
    }

    fn matches(&self, args: &[Vec<u8>]) -> bool {
        let PauseOn::Words(words) = self else {
            return true;
        };
        let is_named = args
            .first()
            .zip(words.first())
            .is_some_and(|(name, word)| name.eq_ignore_ascii_case(word.as_bytes()));
        let has = |word: &String| {
            let contains =
                |arg: &Vec<u8>| String::from_utf8_lossy(arg).to_lowercase().contains(word.as_str());
            args[1..].iter().any(contains)
        };
        is_named && words[1..].iter().all(has)
    }
}

impl Moment {
    /// The first moment of a run.
    pub fn new(config: Config, seed: u64, start: UnixMillis) -> Moment {
        let celery = Celery::new(&config);
        let mut world = World::new(config, seed, start);
        let observer = Observer::connect(&mut world.engine, start);
        Moment {
            world,
            beside: None,
            scenario: None,
            observer,
            consoles: BTreeMap::new(),
            keys: KeyIndex::default(),
            history: History::default(),
            celery,
            feed: Feed::default(),
            inspection: None,
            inspection_stale: false,
            updates: Vec::new(),
        }
    }

    /// The first moment of a scenario.
    pub fn of_scenario(progress: Progress, seed: u64, start: UnixMillis) -> Moment {
        let (one, other) = (progress.scenario.one.config(), progress.scenario.other.config());
        Moment {
            beside: Some(Box::new(Beside::new(other, seed, start))),
            scenario: Some(progress),
            ..Moment::new(one, seed, start)
        }
    }

    /// The engine's time.
    pub fn now(&self) -> UnixMillis {
        self.world.engine.now()
    }

    /// Whether it stopped among things that are due at the same time.
    pub fn is_amid(&self) -> bool {
        self.world.simulation.is_amid()
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        let step = self.scenario.as_ref().and_then(|progress| progress.due);
        self.world.next_deadline().into_iter().chain(step).min()
    }

    /// Clients of the console that are connected.
    pub fn consoles(&self) -> Vec<ConsoleId> {
        self.consoles.keys().copied().collect()
    }

    /// Lends the client for reading, and what has to be read.
    pub fn reader(&mut self) -> (Reader<'_>, &mut KeyIndex, &mut Celery, &History) {
        let now = self.world.engine.now();
        let reader = self.observer.reader(&mut self.world.engine, now);
        (reader, &mut self.keys, &mut self.celery, &self.history)
    }

    /// What the page looks at from now on.
    pub fn look(&mut self, look: Look) {
        self.celery.look(look);
        self.look_beside();
    }

    fn look_beside(&mut self) {
        if let Some(beside) = &mut self.beside {
            beside.look_as(&self.celery);
        }
    }

    /// The other side of the scenario, where there is one.
    pub fn beside(&mut self) -> Option<&mut Beside> {
        self.beside.as_deref_mut()
    }

    /// Whether the page may have something to be told of either side.
    pub fn has_news_of_celery(&self) -> bool {
        self.celery.has_news() || self.beside.as_ref().is_some_and(|beside| beside.has_news())
    }

    /// Shows itself to a page that saw `seen`.
    pub fn repaint(&mut self, seen: &Moment) {
        self.keys.repaint(seen.keys.query().cloned());
        self.inspection = seen.inspection.clone();
        self.inspection_stale = true;
        self.celery.repaint(&seen.celery);
        self.look_beside();
        self.updates.clear();
    }

    /// Bytes in memory, roughly.
    pub fn weight(&mut self) -> usize {
        let one = used_memory(&mut self.world);
        let beside = self.beside.as_mut().map_or(0, |beside| beside.weight());
        one + beside + self.keys.weight() + self.celery.weight() + OVERHEAD_BYTES
    }

    /// Takes an input in; the error says why it cannot be done.
    pub fn apply(&mut self, input: &Input, now: UnixMillis) -> Result<(), String> {
        match input {
            Input::Connect { console, db } => self.connect(*console, *db, now),
            Input::Disconnect { console } => {
                if let Some(client) = self.consoles.remove(console) {
                    self.drop_client(client, now);
                }
            }
            Input::Command { console, args } => {
                if let Some(&client) = self.consoles.get(console) {
                    let mut bytes = Vec::new();
                    keyspace_resp::encode_command(&mut bytes, args);
                    self.world.engine.receive(client, &bytes, now);
                }
            }
            Input::Act(act) => {
                if let Some(beside) = &mut self.beside {
                    beside.act(act, now);
                }
                self.world.act(act, now)?;
                self.celery.configure(self.world.simulation.config());
            }
            Input::NextStep => {
                let acts = self.scenario.as_mut().map(|progress| progress.begin_step(now));
                for act in acts.unwrap_or_default() {
                    self.apply(&Input::Act(Box::new(act)), now)?;
                }
            }
            Input::Script => self.world.engine.continue_script(),
        }
        Ok(())
    }

    /// Lets happen what is due until then, and says how far it came, and why not further. `see`
    /// is told of every event.
    pub fn run(
        &mut self,
        until: UnixMillis,
        limit: &Limit<'_>,
        see: &mut dyn FnMut(&Event),
    ) -> (UnixMillis, Why) {
        let step_due = self.scenario.as_ref().and_then(|progress| progress.due);
        let end = step_due.map_or(until, |due| due.min(until));
        let mut others = Vec::new();
        let mut steps = limit.steps;
        let mut why = loop {
            match self.world.step(end, &mut others) {
                Step::Settled => break Why::Settled,
                Step::Command if limit.pause_on.is_some() => {
                    if let Some(command) = self.observe(limit.pause_on, see) {
                        break Why::Command(command);
                    }
                }
                Step::Command | Step::Arrival => {}
            }
            steps = steps.saturating_sub(1);
            if steps == 0 {
                break Why::OutOfSteps;
            }
        };
        self.deliver(others);
        self.observe(None, see);
        self.celery.identify(&mut self.world.simulation);
        let reached = if why == Why::Settled { end } else { self.now().min(end) };
        if why == Why::Settled {
            if let Some(beside) = &mut self.beside {
                beside.run(reached);
            }
            if let Some(progress) = self.scenario.as_mut().filter(|it| it.is_due(reached)) {
                match &mut self.beside {
                    Some(beside) => beside.end_step(progress, &mut self.world),
                    None => progress.end_step(&mut self.world, None),
                }
                why = Why::StepOver;
            }
        }
        (reached, why)
    }

    /// Hands on what there is for the console, and lets nothing else happen.
    pub fn collect(&mut self, see: &mut dyn FnMut(&Event)) {
        let mut others = Vec::new();
        self.world.simulation.collect(&mut self.world.engine, &mut others);
        self.deliver(others);
        self.observe(None, see);
    }

    /// Plays an input of the past again, and what happened before it.
    pub fn replay(&mut self, entry: &Entry) {
        match entry.amid {
            Some(arrived) => {
                let mut others = Vec::new();
                while self.world.simulation.delivered() < arrived
                    && self.world.step(entry.at, &mut others) != Step::Settled
                {}
                self.deliver(others);
                // It could be done then, or could not, as it can or cannot now.
                let _ = self.apply(&entry.input, entry.at);
                self.collect(&mut |_| {});
            }
            None => {
                self.run_through(entry.at);
                let _ = self.apply(&entry.input, entry.at);
                self.run_through(entry.at);
            }
        }
    }

    /// Runs until then, however much happens.
    pub fn run_through(&mut self, until: UnixMillis) {
        let limit = Limit { steps: usize::MAX, pause_on: None };
        while self.run(until, &limit, &mut |_| {}).1 == Why::StepOver {}
    }

    fn connect(&mut self, console: ConsoleId, db: u8, now: UnixMillis) {
        if let Some(old) = self.consoles.remove(&console) {
            self.drop_client(old, now);
        }
        let engine = &mut self.world.engine;
        let client = engine.connect_with(ConnectOptions::default(), now);
        if db != 0 {
            let mut bytes = Vec::new();
            keyspace_resp::encode_command(&mut bytes, &["SELECT".to_owned(), db.to_string()]);
            engine.receive(client, &bytes, now);
            engine.take_output(client);
        }
        self.consoles.insert(console, client);
        self.tell(console, ClientEvent::Connected);
    }

    fn drop_client(&mut self, client: ClientId, now: UnixMillis) {
        self.world.engine.cancel_script(client);
        self.world.engine.disconnect(client, now);
    }

    /// Hands clients what they are owed, and closes the connections that the engine wants closed.
    fn deliver(&mut self, clients: Vec<ClientId>) {
        for client in clients {
            let closing = self.world.engine.is_closing(client);
            if let Some(console) = self.console_of(client) {
                let output = self.world.engine.take_output(client);
                if !output.is_empty() {
                    self.push_output(console, output);
                }
                if closing {
                    self.consoles.remove(&console);
                    self.tell(console, ClientEvent::Closed);
                }
            }
            if closing {
                let now = self.now();
                self.world.engine.disconnect(client, now);
            }
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

    /// Takes what happened into account, and says which command is the one to stop after, if any.
    fn observe(
        &mut self,
        pause_on: Option<&PauseOn>,
        see: &mut dyn FnMut(&Event),
    ) -> Option<String> {
        let mut found = None;
        let events = self.world.engine.take_events();
        if !events.is_empty() {
            // Whose connections they are of must be known first.
            self.celery.identify(&mut self.world.simulation);
        }
        for event in events {
            see(&event);
            if let (Event::Command { args, .. }, Some(pause_on)) = (&event, pause_on)
                && found.is_none()
                && pause_on.matches(args)
            {
                let words: Vec<_> = feed::shorten(args);
                let words: Vec<_> =
                    words.iter().map(|word| String::from_utf8_lossy(word)).collect();
                found = Some(words.join(" "));
            }
            self.note(event);
        }
        found
    }

    fn note(&mut self, event: Event) {
        self.keys.note(&event);
        self.celery.see(&event);
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

/// What is known of a run besides its engine: histories, feeds and the picture.
const OVERHEAD_BYTES: usize = 200_000;

pub(super) fn used_memory(world: &mut World) -> usize {
    let info = world.ask(0, &["INFO", "memory"]);
    let info = String::from_utf8_lossy(info.as_bytes().unwrap_or_default());
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
    used.and_then(|used| used.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::PauseOn;

    #[test]
    fn a_command_to_stop_after_is_named_by_its_first_word_and_parts_of_the_others() {
        let args =
            |line: &str| line.split(' ').map(|arg| arg.as_bytes().to_vec()).collect::<Vec<_>>();
        let pause = PauseOn::from_text(" hset  UNACKED ").expect("two words");
        assert!(pause.matches(&args("HSET unacked tag entry")));
        assert!(!pause.matches(&args("HSET other tag entry")));
        assert!(!pause.matches(&args("GET unacked")));
        assert!(PauseOn::from_text("brpop").expect("a word").matches(&args("BRPOP celery 1")));
        assert!(PauseOn::Any.matches(&args("PING")));
        assert_eq!(PauseOn::from_text("  "), None);
    }
}
