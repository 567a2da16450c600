//! What can be done to Celery: other settings, things that go wrong, scenarios. Plain data, and
//! what happens to it.

use super::Request;
use celery_sim::celeryconfig::{Problem, Severity};
use celery_sim::scenario::{self, Outcome, Scenario};
use celery_sim::{Fault, Figures};
use serde::{Deserialize, Serialize};

/// What the worker tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Update {
    /// The settings of processes that start from now on, as a `celeryconfig.py`.
    Config(String),
    /// What is wrong with the `celeryconfig.py` that was asked about.
    Problems(Vec<Problem>),
    /// What is wrong with the calls that were asked about.
    CallProblems(Vec<Problem>),
    /// How far the scenario is, if there is one.
    Scenario(Option<ScenarioState>),
    /// The names of the workers that run.
    Workers(Vec<String>),
    /// The workers that run, in figures.
    Figures(Vec<Figures>),
    /// What is wrong with the line for a terminal that was asked about.
    LineProblems(Vec<Problem>),
    /// Calls of workers by remote control, and what they returned so far; the latest first.
    Answers(Vec<Answer>),
    /// What was asked for cannot be done, and why.
    Refused(String),
}

/// A call of workers by remote control, and what it returned so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Counts up.
    pub number: u32,
    /// The call in a line.
    pub call: String,
    /// Whether it wants replies.
    pub wants: bool,
    /// Whether more replies may come.
    pub waits: bool,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// What each worker replied, in the order of the replies.
    pub replies: Vec<Reply>,
}

/// What a worker replied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub worker: String,
    /// In Python, over several lines where it is long.
    pub says: String,
    /// It could not do what was wanted.
    pub is_error: bool,
}

/// How far a scenario is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioState {
    /// Its name.
    pub name: String,
    /// How many of its steps have begun.
    pub begun: u32,
    /// When the step that runs is over, in engine time.
    pub due: Option<f64>,
    /// What became of the checks of each step that is over, with its own configuration and with
    /// the other.
    pub outcomes: Vec<(Vec<Outcome>, Vec<Outcome>)>,
}

impl ScenarioState {
    /// How long the steps that have begun run together, in milliseconds.
    pub fn length_ms(&self) -> f64 {
        let steps = self.scenario().map_or(&[][..], |scenario| scenario.steps);
        steps.iter().take(self.begun as usize).map(|step| step.for_ms as f64).sum()
    }

    /// The scenario.
    pub fn scenario(&self) -> Option<&'static Scenario> {
        scenario::find(&self.name)
    }
}

/// What is open for something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawer {
    Send,
    Scenarios,
    Workers,
    Config,
    Faults,
}

/// What the page remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub drawer: Option<Drawer>,
    /// The settings of now.
    pub config: String,
    /// What stands in the editor.
    pub text: String,
    pub problems: Vec<Problem>,
    /// The calls of tasks that somebody writes.
    pub calls: String,
    pub call_problems: Vec<Problem>,
    pub answers: Vec<Answer>,
    /// The line that starts a worker.
    pub line: String,
    /// What stood there before somebody typed.
    suggestion: String,
    pub line_problems: Vec<Problem>,
    pub figures: Vec<Figures>,
    pub scenario: Option<ScenarioState>,
    /// The workers that run.
    pub workers: Vec<String>,
    /// The worker that things are done to, where one was chosen.
    worker: Option<String>,
    /// What could not be done, and why.
    pub refused: Option<String>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    Told(Update),
    /// A drawer is opened, or closed where it is open.
    Toggle(Drawer),
    /// Somebody types in the editor.
    Edit(String),
    /// Somebody writes calls of tasks.
    Write(String),
    /// Somebody wants those calls made.
    Make,
    /// Somebody starts beat.
    Beat,
    /// Somebody types a line for a terminal.
    Line(String),
    /// Somebody wants that line run.
    RunLine,
    /// Somebody calls workers by remote control.
    Control(String),
    /// Somebody wants the text used.
    Apply,
    /// Somebody wants the settings of now back.
    Reset,
    /// Somebody chooses the worker that things are done to.
    Worker(String),
    /// Something goes wrong.
    Fault(Fault),
    Begin(&'static str),
    NextStep,
    Leave,
}

impl State {
    /// Whether the editor's text can be used, and is not what is used already.
    pub fn can_apply(&self) -> bool {
        self.text != self.config
            && self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }

    /// Whether what is written is something that can be done.
    pub fn can_make(&self) -> bool {
        !self.calls.trim().is_empty() && self.call_problems.is_empty()
    }

    /// Whether the line for a terminal can be run.
    pub fn can_run_line(&self) -> bool {
        !self.line.trim().is_empty() && self.line_problems.is_empty()
    }

    /// The worker that things are done to: the chosen one, or the latest, where any runs.
    pub fn worker(&self) -> Option<&String> {
        let chosen = self.worker.as_ref().filter(|chosen| self.workers.contains(chosen));
        chosen.or(self.workers.last())
    }

    /// Lets something happen, and says what to ask of the worker.
    pub fn apply(&mut self, action: Action) -> Vec<Request> {
        if !matches!(action, Action::Told(_)) {
            self.refused = None;
        }
        match action {
            Action::Told(update) => self.told(update),
            Action::Toggle(drawer) => return self.toggle(drawer),
            Action::Edit(text) => {
                self.text.clone_from(&text);
                return vec![Request::Check(text)];
            }
            Action::Write(text) => {
                self.calls.clone_from(&text);
                return vec![Request::Calls { text, make: false }];
            }
            Action::Make => {
                return vec![Request::Calls { text: self.calls.clone(), make: true }];
            }
            Action::Line(text) => {
                self.line.clone_from(&text);
                return vec![Request::Line { text, make: false }];
            }
            Action::RunLine => {
                return vec![Request::Line { text: self.line.clone(), make: true }];
            }
            Action::Control(text) => return vec![Request::Program(text)],
            Action::Beat => return vec![Request::Program("celery -A app beat".to_owned())],
            Action::Apply if self.can_apply() => {
                return vec![Request::Configure(self.text.clone())];
            }
            Action::Apply => {}
            Action::Reset => {
                self.text.clone_from(&self.config);
                return vec![Request::Check(self.text.clone())];
            }
            Action::Worker(name) => self.worker = Some(name),
            Action::Fault(fault) => return vec![Request::Fault(fault)],
            Action::Begin(name) => return vec![Request::Begin(name.to_owned())],
            Action::NextStep => return vec![Request::NextStep],
            Action::Leave => return vec![Request::Leave],
        }
        Vec::new()
    }

    fn toggle(&mut self, drawer: Drawer) -> Vec<Request> {
        let before = self.drawer;
        self.drawer = (before != Some(drawer)).then_some(drawer);
        let mut requests = Vec::new();
        let shows_figures = |drawer: Option<Drawer>| drawer == Some(Drawer::Workers);
        if shows_figures(before) != shows_figures(self.drawer) {
            requests.push(Request::Figures(shows_figures(self.drawer)));
        }
        match self.drawer {
            Some(Drawer::Config) => requests.push(Request::Check(self.text.clone())),
            Some(Drawer::Workers) => self.suggest(),
            _ => {}
        }
        requests
    }

    /// Writes the line that starts the next worker, unless somebody wrote another.
    fn suggest(&mut self) {
        if self.line != self.suggestion {
            return;
        }
        let is_taken = |number: &usize| {
            let name = format!("w{number}@");
            self.workers.iter().any(|worker| worker.starts_with(&name))
        };
        let number = (1..).find(|number| !is_taken(number)).unwrap_or(1);
        self.suggestion = format!(
            "celery -A app worker -n w{number}@%h -P prefork -c 4 -Q celery,mail \
             --prefetch-multiplier 4 --without-gossip --without-mingle --without-heartbeat"
        );
        self.line.clone_from(&self.suggestion);
    }

    fn told(&mut self, update: Update) {
        match update {
            Update::Config(config) => {
                if self.text == self.config || self.can_apply() {
                    self.text.clone_from(&config);
                }
                self.config = config;
            }
            Update::Problems(problems) => self.problems = problems,
            Update::CallProblems(problems) => self.call_problems = problems,
            Update::Scenario(scenario) => {
                if scenario.is_some() && self.scenario.is_none() {
                    self.drawer = Some(Drawer::Scenarios);
                    self.figures.clear();
                }
                self.scenario = scenario;
            }
            Update::Workers(workers) => {
                self.workers = workers;
                self.suggest();
            }
            Update::Figures(figures) => self.figures = figures,
            Update::LineProblems(problems) => self.line_problems = problems,
            Update::Answers(answers) => self.answers = answers,
            Update::Refused(why) => self.refused = Some(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use celery_sim::celeryconfig::Place;

    fn told(state: &mut State, update: Update) {
        assert_eq!(state.apply(Action::Told(update)), []);
    }

    #[test]
    fn a_text_is_applied_where_nothing_is_wrong_with_it() {
        let mut state = State::default();
        told(&mut state, Update::Config("a = 1\n".to_owned()));
        assert_eq!(state.text, "a = 1\n");
        let asked = state.apply(Action::Edit("a = 2\n".to_owned()));
        assert_eq!(asked, [Request::Check("a = 2\n".to_owned())]);
        let problem = Problem {
            place: Place { line: 1, column: 1 },
            severity: Severity::Error,
            message: "unknown".to_owned(),
        };
        told(&mut state, Update::Problems(vec![problem]));
        assert_eq!(state.apply(Action::Apply), []);
        told(&mut state, Update::Problems(Vec::new()));
        let asked = state.apply(Action::Apply);
        assert_eq!(asked, [Request::Configure("a = 2\n".to_owned())]);
        told(&mut state, Update::Config("a = 2\n".to_owned()));
        assert!(!state.can_apply());
    }

    #[test]
    fn what_is_typed_stays_while_the_settings_change_elsewhere() {
        let mut state = State::default();
        told(&mut state, Update::Config("a = 1\n".to_owned()));
        state.apply(Action::Edit("a = ".to_owned()));
        let problem = Problem {
            place: Place { line: 1, column: 5 },
            severity: Severity::Error,
            message: "expected a value".to_owned(),
        };
        told(&mut state, Update::Problems(vec![problem]));
        told(&mut state, Update::Config("a = 3\n".to_owned()));
        assert_eq!(state.text, "a = ");
        assert_eq!(state.apply(Action::Reset), [Request::Check("a = 3\n".to_owned())]);
        assert_eq!(state.text, "a = 3\n");
    }

    #[test]
    fn the_line_of_the_next_worker_stands_ready_unless_another_was_written() {
        let mut state = State::default();
        assert_eq!(state.apply(Action::Toggle(Drawer::Workers)), [Request::Figures(true)]);
        assert!(state.line.contains("-n w1@%h "), "{}", state.line);
        told(&mut state, Update::Workers(vec!["w1@keyspace".to_owned()]));
        assert!(state.line.contains("-n w2@%h "), "{}", state.line);
        let written = "celery -A app worker -c 1".to_owned();
        let asked = state.apply(Action::Line(written.clone()));
        assert_eq!(asked, [Request::Line { text: written.clone(), make: false }]);
        told(&mut state, Update::Workers(Vec::new()));
        assert_eq!(state.line, written);
        assert!(state.can_run_line());
        assert_eq!(state.apply(Action::Toggle(Drawer::Send)), [Request::Figures(false)]);
    }

    #[test]
    fn things_are_done_to_the_worker_that_was_chosen_or_the_latest() {
        let mut state = State::default();
        assert_eq!(state.worker(), None);
        told(&mut state, Update::Workers(vec!["w1".to_owned(), "w2".to_owned()]));
        assert_eq!(state.worker().map(String::as_str), Some("w2"));
        state.apply(Action::Worker("w1".to_owned()));
        assert_eq!(state.worker().map(String::as_str), Some("w1"));
        told(&mut state, Update::Workers(vec!["w2".to_owned()]));
        assert_eq!(state.worker().map(String::as_str), Some("w2"));
    }

    #[test]
    fn a_scenario_opens_its_drawer_and_what_is_refused_is_said_until_something_is_done() {
        let mut state = State::default();
        let scenario = ScenarioState {
            name: "happy-path".to_owned(),
            begun: 0,
            due: None,
            outcomes: Vec::new(),
        };
        told(&mut state, Update::Scenario(Some(scenario)));
        assert_eq!(state.drawer, Some(Drawer::Scenarios));
        told(&mut state, Update::Refused("no".to_owned()));
        assert!(state.refused.is_some());
        state.apply(Action::Toggle(Drawer::Scenarios));
        assert_eq!((state.drawer, state.refused), (None, None));
    }
}
