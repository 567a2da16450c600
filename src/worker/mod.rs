//! What the Web Worker does, without the browser: a run of the engine and of Celery, driven by
//! [`Request`]s and real time.
//!
//! Whoever hosts a [`Session`] hands over requests, calls [`turn`](Session::turn) when
//! [`next_turn_in`](Session::next_turn_in) says so, and takes batches when the page can draw them.

mod answers;
mod beside;
mod celery;
mod clock;
mod docs;
mod feed;
mod goal;
mod history;
mod index;
mod input;
mod inspect;
mod moment;
mod observer;
mod recording;
mod run;
mod timeline;

use crate::backend::{Batch, ClockAction, ConsoleId, Request, TimeRequest, TimeState, Update};
use crate::celery::lab::{self, ScenarioState};
use crate::celery::{Request as CeleryRequest, Task};
use celery_sim::{
    Act, ActorId, Fault, Figures, TaskCall, calls, celeryconfig, command_line, scenario,
};
use clock::Clock;
use goal::Goal;
use input::Input;
use keyspace::{Event, UnixMillis};
use moment::{PauseOn, Why};
use run::Run;

/// The page is told something once a frame at most, ...
const FRAME_MS: f64 = 16.0;
/// ... and less often while its clock runs so many times as fast as real time that nobody follows
/// one change after the other: what moves there is drawn in each frame all the same.
const FAST: f64 = 10.0;
const FAST_FRAME_MS: f64 = 48.0;

/// An engine and everything that the page sees of it.
pub struct Session {
    clock: Clock,
    run: Run,
    /// The run that waits while a scenario is played, and its clock.
    set_aside: Option<Box<(Run, Clock)>>,
    /// Connections that the console asked for while an earlier moment was shown.
    owed: Vec<Input>,
    goal: Goal,
    pause_on: String,
    stopped_after: Option<String>,
    /// What could not be done, and why.
    said: Option<String>,
    time_told: Option<TimeState>,
    time_changed: bool,
    config_told: String,
    workers_told: Vec<String>,
    answers_told: answers::Known,
    /// The workers in figures, as the page was told, where it shows them.
    figures_told: Option<Vec<Figures>>,
    scenario_told: Option<ScenarioState>,
    handled: u32,
    handled_told: u32,
    updates: Vec<Update>,
}

impl Session {
    /// An empty engine whose time is the real time, in milliseconds since 1970.
    pub fn new(seed: u64, real: f64) -> Session {
        let clock = Clock::new(real);
        let start = clock.now(real);
        Session {
            clock,
            run: Run::new(celery::config(), seed, start),
            set_aside: None,
            owed: Vec::new(),
            goal: Goal::default(),
            pause_on: String::new(),
            stopped_after: None,
            said: None,
            time_told: None,
            time_changed: true,
            config_told: String::new(),
            workers_told: Vec::new(),
            answers_told: answers::Known::default(),
            figures_told: None,
            scenario_told: None,
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
            Request::Connect { console, db } => self.link(Input::Connect { console, db }, real),
            Request::Disconnect { console } => self.link(Input::Disconnect { console }, real),
            Request::Command { console, args } => {
                self.perform(Input::Command { console, args }, real);
            }
            Request::Clock(action) => self.move_clock(action, real),
            Request::Watch(query) => self.run.moment.keys.watch(query),
            Request::Inspect(inspection) => {
                self.run.moment.inspection = inspection;
                self.run.moment.inspection_stale = true;
            }
            Request::Names { db, prefix } => {
                let (mut ask, keys, ..) = self.run.moment.reader();
                keys.refresh(&mut ask);
                let names = keys.names(db, &prefix);
                self.updates.push(Update::Names { db, prefix, names });
            }
            Request::Celery(request) => self.celery(request, now, real),
            Request::Time(request) => self.time(request, real),
            Request::Goal(conditions) => self.goal = Goal::new(conditions),
        }
        self.handled = self.handled.wrapping_add(1);
        self.turn(real);
    }

    /// Lets happen what is due at a real time.
    pub fn turn(&mut self, real: f64) {
        let now = self.clock.now(real);
        let was_past = self.run.present().is_some();
        let pause_on = PauseOn::from_text(&self.pause_on);
        let goal = &mut self.goal;
        let mut see = |event: &Event| goal.see(event);
        let why = self.run.turn(now, &mut self.clock, pause_on.as_ref(), &mut see, real);
        self.stopped(why);
        if was_past && self.run.present().is_none() {
            self.arrived(real);
        }
    }

    /// In how many milliseconds of real time something is due, if anything ever is.
    pub fn next_turn_in(&self, real: f64) -> Option<f64> {
        if self.run.moment.world.engine.has_unfinished_script() {
            return Some(0.0);
        }
        self.clock.real_until(self.run.next_deadline().unwrap_or(UnixMillis(i64::MAX)), real)
    }

    /// How many milliseconds of real time there are at least between two batches. Whoever asked for
    /// something does not wait.
    pub fn tells_every_ms(&self) -> f64 {
        let is_asked = self.handled != self.handled_told;
        if self.clock.rate() < FAST || is_asked { FRAME_MS } else { FAST_FRAME_MS }
    }

    /// Whether the page may have something to be told.
    pub fn has_news(&self) -> bool {
        let moment = &self.run.moment;
        !self.updates.is_empty()
            || !moment.updates.is_empty()
            || self.handled != self.handled_told
            || moment.inspection_stale
            || !moment.feed.is_empty()
            || self.goal.is_stale()
            || moment.keys.is_stale()
            || self.clock.is_changed(self.run.next_deadline())
            || moment.has_news_of_celery()
            || self.time_changed
    }

    /// Takes what the page has not been told yet, if anything.
    pub fn take_batch(&mut self, _real: f64) -> Option<Batch> {
        let moment = &mut self.run.moment;
        let mut updates = std::mem::take(&mut self.updates);
        updates.append(&mut moment.updates);
        updates.extend(moment.feed.take().map(Update::Feed));
        let inspection =
            moment.inspection.clone().filter(|_| std::mem::take(&mut moment.inspection_stale));
        let (mut ask, keys, celery, history) = moment.reader();
        keys.refresh(&mut ask);
        updates.extend(keys.take_databases().map(Update::Databases));
        updates.extend(keys.take_window(&mut ask).map(Update::Keys));
        if let Some(inspection) = inspection {
            let (db, name) = (inspection.db, inspection.name.clone());
            let meta = keys.meta(db, &name);
            let changes = history.of(db, &name);
            let detail = meta.and_then(|meta| inspect::read(&mut ask, &inspection, meta, changes));
            updates.push(Update::Key { db, name, detail: detail.map(Box::new) });
        }
        updates.extend(self.goal.take_reached(&mut ask).then_some(Update::GoalReached));
        updates.extend(celery.take_updates(&mut ask).into_iter().map(Update::Celery));
        if let Some(beside) = moment.beside() {
            updates.extend(beside.take_updates().map(Update::Celery));
        }
        self.tell_workers(&mut updates);
        let simulation = &self.run.moment.world.simulation;
        updates.extend(self.answers_told.take_news(simulation).map(Update::Lab));
        self.tell_run(&mut updates);
        let state = self.clock.take_changed(self.run.next_deadline());
        updates.extend(state.map(Update::Clock));
        let news = !updates.is_empty() || self.handled != self.handled_told;
        self.handled_told = self.handled;
        news.then_some(Batch { handled: self.handled, updates })
    }

    /// Connects or disconnects a client of the console, in the present.
    fn link(&mut self, input: Input, real: f64) {
        if self.run.present().is_some() {
            self.owed.push(input);
        } else {
            self.perform(input, real);
        }
    }

    /// Takes an input in, and says why where it cannot be done.
    fn perform(&mut self, input: Input, real: f64) {
        let now = self.clock.now(real);
        if let Err(why) = self.run.perform(input, now) {
            self.updates.push(Update::Lab(lab::Update::Refused(why)));
        }
        self.time_changed = true;
        if self.run.moment.now() > now && self.run.present().is_none() {
            // The machine slept.
            self.clock.set(self.run.moment.now(), real);
        }
    }

    fn move_clock(&mut self, action: ClockAction, real: f64) {
        self.said = None;
        self.stopped_after = None;
        self.clock.act(action, self.run.next_deadline(), real);
        self.time_changed = true;
    }

    fn celery(&mut self, request: CeleryRequest, now: UnixMillis, real: f64) {
        let act = match request {
            CeleryRequest::Send(task) => Act::Send {
                call: TaskCall::new(
                    &format!("{}.{}", celery_sim::tasks::APP, task.name()),
                    task.args().iter().copied(),
                ),
                count: 1,
                get: task != Task::FireAndForget,
                name: String::new(),
            },
            CeleryRequest::StartWorker => Act::StartWorker,
            CeleryRequest::StopWorker(id) => Act::StopWorker(self.name_of(id)),
            CeleryRequest::KillWorker(id) => Act::Fault(Fault::Kill(self.name_of(id))),
            CeleryRequest::Fault(fault) => Act::Fault(fault),
            CeleryRequest::Configure(text) => Act::Configure(text),
            CeleryRequest::Program(text) => Act::Program(text),
            CeleryRequest::Look(look) => return self.run.moment.look(look),
            CeleryRequest::Check(text) => {
                let world = self.run.moment.world.simulation.config();
                let problems = celeryconfig::parse(&text, world).problems;
                self.updates.push(Update::Lab(lab::Update::Problems(problems)));
                return;
            }
            CeleryRequest::Calls { text, make } => return self.calls(&text, make, real),
            CeleryRequest::Line { text, make } => return self.line(&text, make, real),
            CeleryRequest::Figures(shown) => {
                self.figures_told = shown.then(Vec::new);
                return;
            }
            CeleryRequest::Begin(name) => return self.begin(&name, now, real),
            CeleryRequest::NextStep => {
                self.perform(Input::NextStep, real);
                self.clock.run(real);
                return;
            }
            CeleryRequest::Leave => return self.leave(real),
        };
        self.perform(Input::Act(Box::new(act)), real);
    }

    /// Says what is wrong with calls of tasks, and makes them where nothing is.
    fn calls(&mut self, text: &str, make: bool, real: f64) {
        let parsed = calls::parse(text, self.run.moment.world.simulation.config());
        if make && parsed.problems.is_empty() {
            for act in parsed.acts {
                self.perform(Input::Act(Box::new(act)), real);
            }
        }
        self.updates.push(Update::Lab(lab::Update::CallProblems(parsed.problems)));
    }

    /// Says what is wrong with a line for a terminal, and runs it where nothing is.
    fn line(&mut self, text: &str, make: bool, real: f64) {
        let problems: Vec<_> = command_line::parse(text).err().into_iter().collect();
        if make && problems.is_empty() {
            self.perform(Input::Act(Box::new(Act::Program(text.to_owned()))), real);
        }
        self.updates.push(Update::Lab(lab::Update::LineProblems(problems)));
    }

    fn name_of(&self, id: u32) -> String {
        self.run.moment.world.simulation.name_of(ActorId(id)).unwrap_or_default().to_owned()
    }

    /// Begins a scenario, and sets the run aside that there is, unless one is already.
    fn begin(&mut self, name: &str, now: UnixMillis, real: f64) {
        let Some(scenario) = scenario::find(name) else {
            let why = format!("There is no scenario {name}.");
            self.updates.push(Update::Lab(lab::Update::Refused(why)));
            return;
        };
        let mut run = Run::of_scenario(scenario, now);
        run.moment.repaint(&self.run.moment);
        let before = std::mem::replace(&mut self.run, run);
        if self.set_aside.is_none() {
            self.set_aside = Some(Box::new((before, self.clock.clone())));
        }
        self.clock.stop_at(now, real);
        self.switched(now);
    }

    /// Ends a scenario: the run that was set aside goes on where it was.
    fn leave(&mut self, real: f64) {
        if let Some(before) = self.set_aside.take() {
            let (mut run, mut clock) = *before;
            run.moment.repaint(&self.run.moment);
            clock.stop_at(run.moment.now(), real);
            let since = run.moment.now();
            self.run = run;
            self.clock = clock;
            self.switched(since);
        }
    }

    fn time(&mut self, request: TimeRequest, real: f64) {
        self.said = None;
        self.stopped_after = None;
        self.time_changed = true;
        match request {
            TimeRequest::Visit(at) => {
                let at = UnixMillis(at as i64);
                self.run.visit(at, &mut self.clock, real);
                if self.run.present().is_some() {
                    self.moved(None);
                } else {
                    self.arrived(real);
                }
            }
            TimeRequest::Return => {
                self.run.return_to_present(&mut self.clock, real);
                self.arrived(real);
            }
            TimeRequest::Fork => {
                if let Some(since) = self.run.fork() {
                    self.owed.clear();
                    self.moved(Some(since));
                }
            }
            TimeRequest::StepCommand => {
                let goal = &mut self.goal;
                let mut see = |event: &Event| goal.see(event);
                let was_past = self.run.present().is_some();
                let why = self.run.step_command(&mut self.clock, &mut see, real);
                self.stopped(why);
                if was_past && self.run.present().is_none() {
                    self.arrived(real);
                }
            }
            TimeRequest::PauseOn(text) => self.pause_on = text,
            TimeRequest::Export => {
                let file = self.run.export();
                self.updates.push(Update::Exported(file));
            }
            TimeRequest::Import(text) => match Run::import(&text, &mut self.clock, real) {
                Ok(mut run) => {
                    run.moment.repaint(&self.run.moment);
                    let since = run.moment.now();
                    self.run = run;
                    self.set_aside = None;
                    self.switched(since);
                }
                Err(why) => self.said = Some(why),
            },
        }
    }

    /// Notes why the run stopped, where it did.
    fn stopped(&mut self, why: Option<Why>) {
        match why {
            Some(Why::Command(command)) => {
                self.stopped_after = Some(command);
                self.time_changed = true;
            }
            Some(Why::StepOver) => self.time_changed = true,
            Some(Why::Settled | Why::OutOfSteps) | None => {}
        }
    }

    /// The present is shown again: the console's clients have what they asked for meanwhile.
    fn arrived(&mut self, real: f64) {
        self.moved(None);
        for input in std::mem::take(&mut self.owed) {
            self.perform(input, real);
        }
    }

    /// Another run is shown, to which no client of the console is connected.
    fn switched(&mut self, since: UnixMillis) {
        self.owed.clear();
        self.tell_moved(Some(since), Vec::new());
    }

    /// Tells the page that another moment is shown, and what it shows.
    fn moved(&mut self, since: Option<UnixMillis>) {
        self.tell_moved(since, self.run.moment.consoles());
    }

    fn tell_moved(&mut self, since: Option<UnixMillis>, consoles: Vec<ConsoleId>) {
        let since = since.map(|since| since.0 as f64);
        let past = self.run.present().is_some();
        self.updates.push(Update::Moved { since, consoles, past });
        self.time_changed = true;
    }

    fn tell_workers(&mut self, updates: &mut Vec<Update>) {
        let simulation = &self.run.moment.world.simulation;
        if !simulation.workers().eq(self.workers_told.iter()) {
            self.workers_told = simulation.workers().map(str::to_owned).collect();
            updates.push(Update::Lab(lab::Update::Workers(self.workers_told.clone())));
        }
        if let Some(told) = &mut self.figures_told
            && !simulation.figures().eq(told.iter().cloned())
        {
            *told = simulation.figures().collect();
            updates.push(Update::Lab(lab::Update::Figures(told.clone())));
        }
    }

    /// Tells what has changed about the run, its settings and its scenario.
    fn tell_run(&mut self, updates: &mut Vec<Update>) {
        if !std::mem::take(&mut self.time_changed) {
            return;
        }
        let timeline = &self.run.timeline;
        let state = TimeState {
            begin: timeline.begin().0 as f64,
            present: self.run.present().map(|at| at.0 as f64),
            marks: timeline.marks(),
            kept: timeline.kept() as u32,
            kept_max: timeline::KEPT_MAX as u32,
            weight: timeline.weight() as u64,
            weight_max: timeline::WEIGHT_MAX as u64,
            pause_on: self.pause_on.clone(),
            stopped_after: self.stopped_after.clone(),
            said: self.said.clone(),
        };
        if self.time_told.as_ref() != Some(&state) {
            self.time_told = Some(state.clone());
            updates.push(Update::Time(Box::new(state)));
        }
        let config = celeryconfig::write(self.run.moment.world.simulation.config());
        if self.config_told != config {
            self.config_told.clone_from(&config);
            updates.push(Update::Lab(lab::Update::Config(config)));
        }
        let scenario = self.run.moment.scenario.as_ref().map(|progress| ScenarioState {
            name: progress.scenario.name.to_owned(),
            begun: progress.begun as u32,
            due: progress.due.map(|due| due.0 as f64),
            outcomes: progress.outcomes.clone(),
        });
        if self.scenario_told != scenario {
            self.scenario_told.clone_from(&scenario);
            updates.push(Update::Lab(lab::Update::Scenario(scenario)));
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod time_tests;
