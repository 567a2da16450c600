//! `celeryconfig.py`: settings as the Python assignments that users of Celery know.
//!
//! [`parse`] reads a text onto a [`Config`], and says of everything that it cannot use where it
//! stands and what is expected. [`write()`] gives the text of a configuration. Nothing is executed.

pub(crate) mod literal;
mod names;
pub(crate) mod read;
mod routes;
mod settings;
#[cfg(test)]
mod tests;
mod url;
mod write;

use crate::config::Config;
use literal::Assignment;
use read::{Notes, Reader};
use url::Purpose;

/// The longest text that is read, in bytes.
pub const TEXT_MAX: usize = 100_000;

/// A place in a text: line and column, both from 1, columns in characters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Severity {
    /// The setting cannot be used.
    Error,
    /// It can, and does something that may surprise.
    Warning,
}

/// Something that is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, and what is expected.
    pub message: String,
}

impl Problem {
    pub(crate) fn error(place: Place, message: impl Into<String>) -> Problem {
        Problem { place, severity: Severity::Error, message: message.into() }
    }

    fn warning(place: Place, message: impl Into<String>) -> Problem {
        Problem { place, severity: Severity::Warning, message: message.into() }
    }
}

/// What a text says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The settings. Those with an error have Celery's default.
    pub config: Config,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

impl Parsed {
    /// Whether the settings can be used as the text has them.
    pub fn is_usable(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }
}

/// Reads a text. What is no setting of Celery, such as the latency or the options of `celery
/// worker`, is `world`'s.
pub fn parse(text: &str, world: &Config) -> Parsed {
    // Without a backend in its settings, Celery has none.
    let mut config = Config { result_db: None, ..settings_of(world) };
    if text.len() > TEXT_MAX {
        let message = format!("the file is larger than {TEXT_MAX} bytes");
        let problems = vec![Problem::error(Place { line: 1, column: 1 }, message)];
        return Parsed { config, problems };
    }
    let (assignments, problems) = literal::parse(text);
    let mut notes = Notes { problems, ..Notes::default() };
    for (at, assignment) in assignments.iter().enumerate() {
        let later = &assignments[at + 1..];
        if let Some(again) = later.iter().find(|it| setting_of(it) == setting_of(assignment)) {
            let message = format!("{} is set again in line {}", assignment.name, again.place.line);
            notes.problems.push(Problem::warning(assignment.place, message));
            continue;
        }
        assign(&mut config, assignment, &mut notes);
    }
    compare_urls(&assignments, &mut notes);
    let mut problems = notes.problems;
    problems.sort_by_key(|problem| problem.place);
    Parsed { config, problems }
}

/// The text of a configuration: broker and backend, and what is not Celery's default.
pub fn write(config: &Config) -> String {
    write::write(config)
}

/// Celery's defaults in a world.
fn settings_of(world: &Config) -> Config {
    Config {
        hostname: world.hostname.clone(),
        latency_ms: world.latency_ms,
        task_ms: world.task_ms,
        tasks: world.tasks.clone(),
        worker_queues: world.worker_queues.clone(),
        worker_mingle: world.worker_mingle,
        worker_gossip: world.worker_gossip,
        worker_heartbeat: world.worker_heartbeat,
        ..Config::default()
    }
}

/// The setting's name, without the `app.conf.` that it may have.
fn setting_of(assignment: &Assignment) -> &str {
    let name = assignment.name.as_str();
    name.split_once(".conf.").map_or(name, |(_, setting)| setting)
}

fn assign(config: &mut Config, assignment: &Assignment, notes: &mut Notes) {
    let name = setting_of(assignment);
    let place = assignment.place;
    let mut reader = Reader { name: name.to_owned(), place, node: &assignment.value, notes };
    if settings::read(config, &mut reader) {
        return;
    }
    if names::is_known(name) {
        reader.ignored();
    } else {
        notes.problems.push(Problem::error(place, unknown(name)));
    }
}

/// What to say of a name that is no setting's.
fn unknown(name: &str) -> String {
    if let Some(new) = names::of_capitals(name) {
        return format!("{name} is an old name, or Django's: write {new}");
    }
    if settings::is_transport_option(name) {
        return format!("{name} belongs into a dict: broker_transport_options = {{'{name}': ...}}");
    }
    match names::nearest(name, settings::names()) {
        Some(near) => format!("unknown setting {name}: did you mean {near}?"),
        None => format!("unknown setting {name}: Celery has none of that name"),
    }
}

/// What may surprise about the two URLs.
fn compare_urls(assignments: &[Assignment], notes: &mut Notes) {
    let url = |purpose| notes.urls.iter().find(move |(of, _, _)| *of == purpose);
    let mut warnings = Vec::new();
    if !assignments.iter().any(|it| setting_of(it) == "broker_url") {
        let message = "broker_url is not set: Celery would look for RabbitMQ; here it is \
                       redis://localhost:6379/0";
        warnings.push(Problem::warning(Place { line: 1, column: 1 }, message));
    }
    if let (Some((_, _, broker)), Some((_, place, results))) =
        (url(Purpose::Broker), url(Purpose::Results))
    {
        if broker.server != results.server {
            let message = format!(
                "{} and {} are one server here: the Redis of this page",
                broker.server, results.server
            );
            warnings.push(Problem::warning(*place, message));
        } else if broker.db == results.db {
            let message = format!(
                "broker and results share database {}: results lie between the queues, and \
                 FLUSHDB takes both",
                broker.db
            );
            warnings.push(Problem::warning(*place, message));
        }
    }
    notes.problems.extend(warnings);
}
