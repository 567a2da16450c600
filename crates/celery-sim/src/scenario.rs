//! Scenarios: a configuration, narrated steps that run the real thing, and checks of what the
//! server then holds. The same steps can be run with a second configuration beside the first.

mod catalog;

use crate::act::Act;
use crate::config::{Config, TransportOptions};
use crate::world::World;
use keyspace::UnixMillis;
use keyspace_resp::{Value, cli};
use serde::{Deserialize, Serialize};

pub use catalog::ALL;

/// A story of a few steps.
#[derive(Debug)]
pub struct Scenario {
    /// Its name in addresses and files.
    pub name: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The question that it answers.
    pub question: &'static str,
    /// Its configuration.
    pub one: Side,
    /// The configuration that it is compared with.
    pub other: Side,
    /// What happens, three to six steps.
    pub steps: &'static [Step],
}

/// One of the two configurations.
#[derive(Debug)]
pub struct Side {
    /// What is special about it, in a few words.
    pub title: &'static str,
    /// Its `celeryconfig.py`.
    pub celeryconfig: &'static str,
}

/// A step: what is done, how long it then runs, and what is true afterwards.
#[derive(Debug)]
pub struct Step {
    /// What happens, in a few words.
    pub title: &'static str,
    /// What there is to see, and why.
    pub narration: &'static str,
    /// What is done at its beginning.
    pub acts: fn() -> Vec<Act>,
    /// How long it runs.
    pub for_ms: i64,
    /// What is then true.
    pub checks: &'static [Check],
}

/// Something that is true of the server.
#[derive(Debug)]
pub struct Check {
    /// What is true, in words.
    pub says: &'static str,
    /// The database.
    pub db: u8,
    /// What is asked. `{name}` stands for the id of the task of that name.
    pub command: &'static [&'static str],
    /// What is answered with the scenario's own configuration.
    pub one: Expect,
    /// What is answered with the other.
    pub other: Expect,
}

/// A reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// This number.
    Is(i64),
    /// This number or a larger one.
    AtLeast(i64),
    /// Nothing.
    Nil,
    /// Text that contains this.
    Has(&'static str),
    /// Text that does not contain this.
    Lacks(&'static str),
}

impl Expect {
    /// Of a long text, the line that is asked about; of a long line, what is looked for in it.
    fn what_matters_of(self, reply: &Value) -> Option<String> {
        let (Expect::Has(part) | Expect::Lacks(part)) = self else {
            return None;
        };
        let text = String::from_utf8_lossy(reply.as_bytes()?);
        let subject = part.split(':').next().unwrap_or(part);
        let mut lines = text.lines();
        if lines.clone().count() < 2 {
            return text.contains(part).then(|| format!("… {part} …"));
        }
        let line = lines.find(|line| line.starts_with(subject));
        Some(line.map_or_else(|| format!("(no {subject})"), str::to_owned))
    }

    fn is_met_by(self, reply: &Value) -> bool {
        let text = || reply.as_bytes().map(String::from_utf8_lossy);
        match (self, reply) {
            (Expect::Is(expected), Value::Integer(number)) => *number == expected,
            (Expect::AtLeast(least), Value::Integer(number)) => *number >= least,
            (Expect::Nil, reply) => matches!(reply, Value::Null),
            (_, Value::Error(_)) => false,
            (Expect::Has(part), _) => text().is_some_and(|text| text.contains(part)),
            (Expect::Lacks(part), _) => text().is_some_and(|text| !text.contains(part)),
            _ => false,
        }
    }
}

/// What became of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether it is true.
    pub holds: bool,
    /// What was asked, as one types it.
    pub command: String,
    /// What was answered, as `redis-cli` shows it.
    pub reply: String,
}

/// How much of a reply an outcome shows, in characters.
const REPLY_MAX: usize = 200;
/// The seed of every scenario: what happens is the same for everybody.
pub const SEED: u64 = 8;

/// The scenario of a name.
pub fn find(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

impl Side {
    /// The settings, in a world that is slow enough to be looked at.
    pub fn config(&self) -> Config {
        crate::celeryconfig::parse(self.celeryconfig, &slow_world()).config
    }
}

/// A world that is slow enough to be looked at, with workers that say little of themselves.
pub fn slow_world() -> Config {
    Config {
        latency_ms: 15,
        task_ms: 2_000,
        broker_transport_options: TransportOptions::default(),
        ..Config::solo()
    }
}

impl Check {
    /// Asks the server.
    pub fn ask(&self, world: &mut World, of_other: bool) -> Outcome {
        let expected = if of_other { self.other } else { self.one };
        let mut command = Vec::new();
        for arg in self.command {
            match with_ids(arg, world) {
                Ok(arg) => command.push(arg),
                Err(reply) => return Outcome { holds: false, command: arg.to_string(), reply },
            }
        }
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let reply = world.ask(self.db, &args);
        let text = expected.what_matters_of(&reply).unwrap_or_else(|| cli::format(&reply));
        let text = text.trim_end();
        let short: String = text.chars().take(REPLY_MAX).collect();
        let reply_text = if short.len() < text.len() { short + "…" } else { short };
        Outcome { holds: expected.is_met_by(&reply), command: command.join(" "), reply: reply_text }
    }
}

/// An argument with the ids of the tasks that it names.
fn with_ids(arg: &str, world: &World) -> Result<String, String> {
    let Some((before, rest)) = arg.split_once('{') else {
        return Ok(arg.to_owned());
    };
    let Some((name, after)) = rest.split_once('}') else {
        return Ok(arg.to_owned());
    };
    Ok(format!("{before}{}{after}", world.task(name)?))
}

/// A scenario under way: which step runs, until when, and what became of the checks.
#[derive(Debug, Clone)]
pub struct Progress {
    /// The scenario.
    pub scenario: &'static Scenario,
    /// How many steps have begun.
    pub begun: usize,
    /// When the step that runs is over.
    pub due: Option<UnixMillis>,
    /// The outcomes of each step that is over: its own configuration's, and the other's.
    pub outcomes: Vec<(Vec<Outcome>, Vec<Outcome>)>,
}

impl Progress {
    /// A scenario whose first step has not begun.
    pub fn new(scenario: &'static Scenario) -> Progress {
        Progress { scenario, begun: 0, due: None, outcomes: Vec::new() }
    }

    /// Begins the next step at `now`, and returns what is to be done; nothing while a step runs,
    /// and after the last.
    pub fn begin_step(&mut self, now: UnixMillis) -> Vec<Act> {
        let Some(step) = self.scenario.steps.get(self.begun).filter(|_| self.due.is_none()) else {
            return Vec::new();
        };
        self.begun += 1;
        self.due = Some(now + step.for_ms);
        (step.acts)()
    }

    /// Whether the step that runs is over at `now`.
    pub fn is_due(&self, now: UnixMillis) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Ends the step that runs: asks what is true.
    pub fn end_step(&mut self, one: &mut World, other: Option<&mut World>) {
        let Some(step) = self.begun.checked_sub(1).and_then(|at| self.scenario.steps.get(at))
        else {
            return;
        };
        if self.due.take().is_none() {
            return;
        }
        let ask = |world: &mut World, of_other| {
            step.checks.iter().map(|check| check.ask(world, of_other)).collect()
        };
        let of_other = other.map(|world| ask(world, true)).unwrap_or_default();
        self.outcomes.push((ask(one, false), of_other));
    }
}
