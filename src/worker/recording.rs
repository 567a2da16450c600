//! A run as a file: its seed, its settings, and what came from outside with the times.

use super::celery;
use super::input::{Entry, Input};
use celery_sim::Config;
use celery_sim::celeryconfig::{self, Severity};
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};

/// The word by which the file is known.
const FORMAT: &str = "keyspace-run";
const VERSION: u32 = 2;
/// The largest file that is read, in bytes.
const TEXT_MAX: usize = 8 << 20;
/// The longest run that is played again.
const LENGTH_MAX_MS: i64 = 366 * 86_400_000;

/// All that a run depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    format: String,
    version: u32,
    pub seed: u64,
    /// In milliseconds since 1970.
    pub start: i64,
    /// How long it is.
    pub length_ms: i64,
    /// The scenario that it is of; it then has the scenario's settings.
    pub scenario: Option<String>,
    /// The settings with which it begins, as a `celeryconfig.py`.
    config: String,
    inputs: Vec<Line>,
}

/// An input in the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// In milliseconds since the start.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amid: Option<u64>,
    input: Input,
}

/// The first words of every file, whatever its version.
#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    format: String,
    #[serde(default)]
    version: u32,
}

impl Recording {
    pub fn new<'a>(
        seed: u64,
        (start, end): (UnixMillis, UnixMillis),
        config: &Config,
        scenario: Option<&str>,
        log: impl Iterator<Item = &'a Entry>,
    ) -> Recording {
        let line = |entry: &Entry| Line {
            at: entry.at - start,
            amid: entry.amid,
            input: entry.input.clone(),
        };
        Recording {
            format: FORMAT.to_owned(),
            version: VERSION,
            seed,
            start: start.0,
            length_ms: end - start,
            scenario: scenario.map(str::to_owned),
            config: celeryconfig::write(config),
            inputs: log.map(line).collect(),
        }
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Reads a file; the error says what is wrong with it.
    pub fn from_text(text: &str) -> Result<Recording, String> {
        if text.len() > TEXT_MAX {
            return Err(format!("The file is larger than {} MB.", TEXT_MAX >> 20));
        }
        let header: Header = serde_json::from_str(text)
            .map_err(|error| format!("This is no file of a run: it is not JSON ({error})."))?;
        if header.format != FORMAT {
            return Err(format!("This is no file of a run: it has no \"format\": \"{FORMAT}\"."));
        }
        if header.version != VERSION {
            return Err(format!(
                "The file has version {}; this page reads version {VERSION}.",
                header.version
            ));
        }
        let recording: Recording = serde_json::from_str(text)
            .map_err(|error| format!("The file of the run is damaged: {error}."))?;
        recording.check()?;
        Ok(recording)
    }

    /// The settings with which it begins.
    pub fn settings(&self) -> Config {
        self.parsed().config
    }

    fn parsed(&self) -> celeryconfig::Parsed {
        celeryconfig::parse(&self.config, &celery::config())
    }

    /// What came, and when.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let start = UnixMillis(self.start);
        self.inputs.iter().map(move |line| Entry {
            at: start + line.at,
            amid: line.amid,
            input: line.input.clone(),
        })
    }

    fn check(&self) -> Result<(), String> {
        if !(0..=LENGTH_MAX_MS).contains(&self.length_ms) {
            return Err("The run is longer than a year, or ends before it begins.".to_owned());
        }
        if !(0..=LENGTH_MAX_MS * 200).contains(&self.start) {
            return Err("The run begins at no time that a clock shows.".to_owned());
        }
        if let Some(name) = &self.scenario
            && celery_sim::scenario::find(name).is_none()
        {
            return Err(format!("This page has no scenario {name}."));
        }
        let parsed = self.parsed();
        if !parsed.is_usable() {
            let mut problems = parsed.problems.iter();
            let first = problems.find(|problem| problem.severity == Severity::Error);
            let first = first.map_or("", |problem| problem.message.as_str());
            return Err(format!("The settings of the run have errors: {first}."));
        }
        let mut before = 0;
        for (number, line) in self.inputs.iter().enumerate() {
            if line.at < before || line.at > self.length_ms {
                let number = number + 1;
                return Err(format!("Input {number} comes at {} ms, out of its order.", line.at));
            }
            before = line.at;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::ConsoleId;
    use celery_sim::{Act, Fault, TaskCall};
    use serde_bytes::ByteBuf;

    fn recording() -> Recording {
        let args = [&b"SET"[..], b"k\xff \"\n", b""].map(ByteBuf::from).to_vec();
        let inputs = [
            Input::Connect { console: ConsoleId(1), db: 3 },
            Input::Command { console: ConsoleId(1), args },
            Input::Act(Box::new(Act::send("a", TaskCall::new("app.add", [1, 2])))),
            Input::Act(Box::new(Act::Fault(Fault::Kill("w1".to_owned())))),
            Input::NextStep,
        ];
        let log: Vec<Entry> = inputs
            .into_iter()
            .zip(10..)
            .map(|(input, at)| Entry { at: UnixMillis(at), amid: (at == 12).then_some(7), input })
            .collect();
        let times = (UnixMillis(5), UnixMillis(100));
        Recording::new(u64::MAX, times, &celery::config(), Some("happy-path"), log.iter())
    }

    #[test]
    fn a_file_reads_back_as_it_was_written() {
        let recording = recording();
        let read = Recording::from_text(&recording.to_text()).expect("a good file");
        assert_eq!(read, recording);
        assert_eq!(read.settings(), celery::config());
        assert_eq!(read.entries().next().map(|entry| entry.at), Some(UnixMillis(10)));
    }

    #[test]
    fn bad_files_say_what_is_wrong() {
        let text = recording().to_text();
        let wrong = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            Recording::from_text(&text.replacen(from, to, 1)).expect_err(to)
        };
        assert!(Recording::from_text("hello").expect_err("text").contains("not JSON"));
        assert!(Recording::from_text("{}").expect_err("empty").contains("no \"format\""));
        assert!(wrong("\"version\": 2", "\"version\": 1").contains("reads version 2"));
        assert!(wrong("\"length_ms\": 95", "\"length_ms\": -1").contains("ends before it begins"));
        assert!(wrong("\"length_ms\": 95", "\"length_ms\": 6").contains("Input 3 comes at 7 ms"));
        assert!(wrong("\"at\": 6", "\"at\": 60").contains("Input 3 comes at 7 ms, out of"));
        assert!(wrong("happy-path", "nothing").contains("no scenario nothing"));
        assert!(wrong("worker_pool", "worker_pol").contains("did you mean worker_pool?"));
        assert!(wrong("next_step", "nxt_step").contains("damaged"));
        assert!(wrong("\"seed\"", "\"sead\"").contains("sead"));
    }
}
