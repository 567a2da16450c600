//! `celery` as it is typed into a terminal: `celery -A app worker -n w2@%h -c 4 -Q mail,celery`.
//!
//! [`parse`] gives what has to be done, or says at which column the line goes wrong. Options
//! without an effect here, such as those of the log, are accepted; those that would have one which
//! is not simulated are refused.

mod worker;

pub use worker::WorkerOptions;

use crate::calls::Program;
use crate::celeryconfig::{Place, Problem};
use crate::control::ControlCall;
use keyspace_resp::parse_double;
use serde_json::{Map, Value};

/// A word of the line, and the column at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    column: usize,
}

impl Word {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Problem> {
        Err(Problem::error(Place { line: 1, column: self.column }, message))
    }
}

/// Options before the command, by their names, and whether they have a value.
const PRELOAD: &[(&[&str], bool)] = &[
    (&["-A", "--app"], true),
    (&["--workdir"], true),
    (&["--loader"], true),
    (&["--no-color", "-C"], false),
    (&["--quiet", "-q"], false),
    (&["--skip-checks"], false),
];

/// Reads a line that begins with `celery`.
pub fn parse(line: &str) -> Result<Program, Problem> {
    let words = words(line)?;
    let mut words = words.iter();
    let end = Word { text: String::new(), column: line.chars().count() + 1 };
    if words.next().is_none_or(|word| word.text != "celery") {
        let place = Place { line: 1, column: 1 };
        return Err(Problem::error(place, "expected celery, as in celery -A app worker -c 4"));
    }
    let command = loop {
        let Some(word) = words.next() else {
            return end.fail("expected a command, as in celery -A app worker");
        };
        if !word.text.starts_with('-') {
            break word;
        }
        let name = word.text.split('=').next().unwrap_or_default();
        let Some((_, has_value)) = PRELOAD.iter().find(|(names, _)| names.contains(&name)) else {
            return word.fail(match name {
                "-b" | "--broker" | "--result-backend" | "--config" => {
                    format!("{name} is not known here: celeryconfig.py says where Redis is")
                }
                _ => format!("celery has no option {name} here"),
            });
        };
        if *has_value && !word.text.contains('=') && words.next().is_none() {
            return end.fail(format!("{name} needs a value"));
        }
    };
    let rest: Vec<Word> = words.cloned().collect();
    match command.text.as_str() {
        "worker" => worker::parse(&rest, &end).map(Program::RunWorker),
        "beat" => no_more(&rest, Program::StartBeat),
        "purge" => {
            let sure = |word: &Word| matches!(word.text.as_str(), "-f" | "--force");
            let rest: Vec<Word> = rest.into_iter().filter(|word| !sure(word)).collect();
            no_more(&rest, Program::Purge)
        }
        "status" => remote(&rest, &end, "status").map(Program::Control),
        "inspect" | "control" => remote(&rest, &end, &command.text).map(Program::Control),
        other => command.fail(format!(
            "celery {other} is not known here; there are worker, beat, inspect, control, status \
             and purge"
        )),
    }
}

fn no_more(rest: &[Word], program: Program) -> Result<Program, Problem> {
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        match word.text.as_str() {
            "-l" | "--loglevel" => {
                rest.next();
            }
            option => return word.fail(format!("{option} is not known here")),
        }
    }
    Ok(program)
}

/// The line's words, as a shell has them.
fn words(line: &str) -> Result<Vec<Word>, Problem> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quote: Option<(char, usize)> = None;
    for (at, char) in line.chars().enumerate() {
        let column = at + 1;
        match (char, quote) {
            (char, Some((mark, _))) if char == mark => quote = None,
            ('\'' | '"', None) => {
                quote = Some((char, column));
                open.get_or_insert(Word { text: String::new(), column });
            }
            (' ' | '\t' | '\r', None) => words.extend(open.take()),
            (char, _) => {
                open.get_or_insert(Word { text: String::new(), column }).text.push(char);
            }
        }
    }
    words.extend(open);
    match quote {
        Some((_, column)) => {
            let place = Place { line: 1, column };
            Err(Problem::error(place, "this quote is not closed"))
        }
        None => Ok(words),
    }
}

/// What `celery inspect` and `celery control` take by position, by command; the last one takes all
/// that is left where it is `..`.
const INSPECT: &[(&str, &[&str])] = &[
    ("active", &[]),
    ("active_queues", &[]),
    ("clock", &[]),
    ("conf", &["with_defaults"]),
    ("memdump", &["samples"]),
    ("memsample", &[]),
    ("objgraph", &["type", "num", "max_depth"]),
    ("ping", &[]),
    ("query_task", &["..ids"]),
    ("registered", &["..taskinfoitems"]),
    ("report", &[]),
    ("reserved", &[]),
    ("revoked", &[]),
    ("scheduled", &[]),
    ("stats", &[]),
];

const CONTROL: &[(&str, &[&str])] = &[
    ("add_consumer", &["queue", "exchange", "exchange_type", "routing_key"]),
    ("autoscale", &["max", "min"]),
    ("cancel_consumer", &["queue"]),
    ("disable_events", &[]),
    ("election", &[]),
    ("enable_events", &[]),
    ("heartbeat", &[]),
    ("pool_grow", &["n"]),
    ("pool_restart", &[]),
    ("pool_shrink", &["n"]),
    ("rate_limit", &["task_name", "rate_limit"]),
    ("revoke", &["..task_id"]),
    ("revoke_by_stamped_headers", &["..headers"]),
    ("shutdown", &[]),
    ("terminate", &["signal", "..task_id"]),
    ("time_limit", &["task_name", "soft", "hard"]),
];

/// `celery inspect stats -d w1@keyspace`, `celery control rate_limit app.add 10/m`.
fn remote(rest: &[Word], end: &Word, kind: &str) -> Result<ControlCall, Problem> {
    let mut call =
        ControlCall { reply: true, by_node: kind != "control", ..ControlCall::default() };
    let mut positional = Vec::new();
    let mut rest = rest.iter();
    while let Some(word) = rest.next() {
        let (name, joined) = match word.text.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word.text.as_str(), None),
        };
        let mut value = || match joined.clone().or_else(|| rest.next().map(|it| it.text.clone())) {
            Some(value) => Ok(value),
            None => end.fail(format!("{name} needs a value")),
        };
        match name {
            "-d" | "--destination" => {
                call.destination = value()?.split(',').map(|it| it.trim().to_owned()).collect();
            }
            "-t" | "--timeout" => {
                let seconds = parse_double(value()?.as_bytes());
                let seconds = seconds.filter(|it| (0.0..=3_600.0).contains(it));
                let Some(seconds) = seconds else {
                    return word.fail("-t takes a number of seconds, up to 3600, here");
                };
                call.timeout = seconds;
            }
            "-j" | "--json" => {}
            option if option.starts_with('-') => {
                return word.fail(format!("celery {kind} has no option {option} here"));
            }
            _ => positional.push(word),
        }
    }
    let mut positional = positional.into_iter();
    let commands = if kind == "control" { CONTROL } else { INSPECT };
    let command = match (kind, positional.next()) {
        ("status", None) => "ping",
        ("status", Some(extra)) => return extra.fail("celery status takes no arguments"),
        (_, Some(word)) => match commands.iter().find(|(name, _)| *name == word.text) {
            Some((name, _)) => name,
            None => return word.fail(not_recognised(kind, &word.text, commands)),
        },
        (_, None) => return end.fail(format!("expected a command: celery {kind} ...")),
    };
    call.method = command.to_owned();
    let takes = commands.iter().find(|(name, _)| *name == command).map_or(&[][..], |(_, it)| it);
    call.arguments = arguments(takes, &mut positional)?;
    match positional.next() {
        Some(extra) => extra.fail(format!("{command} takes less")),
        None => Ok(call),
    }
}

fn not_recognised(kind: &str, command: &str, commands: &[(&str, &[&str])]) -> String {
    let there: Vec<&str> = commands.iter().map(|(name, _)| *name).collect();
    format!("{command} is no command of celery {kind}; there are {}", there.join(", "))
}

/// Arguments as Celery converts them by their names.
fn arguments<'w>(
    takes: &[&str],
    words: &mut impl Iterator<Item = &'w Word>,
) -> Result<Map<String, Value>, Problem> {
    let mut arguments = Map::new();
    for name in takes {
        if let Some(name) = name.strip_prefix("..") {
            let all: Vec<Value> = words.by_ref().map(|word| word.text.as_str().into()).collect();
            arguments.insert(name.to_owned(), all.into());
            continue;
        }
        let Some(word) = words.next() else {
            break;
        };
        let text = word.text.as_str();
        let value = match *name {
            "n" | "max" | "min" | "samples" | "num" | "max_depth" => match text.parse::<u16>() {
                Ok(number) => number.into(),
                Err(_) => return word.fail(format!("{name} is a whole number, as in 2")),
            },
            "soft" | "hard" => match parse_double(text.as_bytes()) {
                Some(number) if (0.0..=1e9).contains(&number) => number.into(),
                _ => return word.fail(format!("{name} is a number of seconds, as in 2.5")),
            },
            "with_defaults" => matches!(text, "1" | "true" | "yes" | "on").into(),
            _ => text.into(),
        };
        arguments.insert((*name).to_owned(), value);
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(line: &str) -> ControlCall {
        match parse(line) {
            Ok(Program::Control(call)) => call,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn problem(line: &str) -> String {
        let problem = parse(line).expect_err(line);
        format!("{} {}", problem.place.column, problem.message)
    }

    #[test]
    fn workers_are_inspected_and_controlled() {
        let stats = call("celery -A app inspect stats -d w1@keyspace,w2@keyspace --timeout=2");
        assert_eq!(stats.destination, ["w1@keyspace", "w2@keyspace"]);
        assert_eq!((stats.method.as_str(), stats.timeout, stats.by_node), ("stats", 2.0, true));
        let limit = call("celery --app=app control rate_limit app.add 10/m");
        assert_eq!(json!(limit.arguments), json!({"task_name": "app.add", "rate_limit": "10/m"}));
        let end = call("celery control terminate SIGKILL 'a' b");
        assert_eq!(json!(end.arguments), json!({"signal": "SIGKILL", "task_id": ["a", "b"]}));
        let limits = call("celery control time_limit app.add 1.5 3");
        assert_eq!(json!(limits.arguments)["hard"], json!(3.0));
        assert_eq!(call("celery status").method, "ping");
        assert_eq!(parse("celery -A app beat -l INFO"), Ok(Program::StartBeat));
        assert_eq!(parse("celery -A app purge -f"), Ok(Program::Purge));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_column() {
        let cases = [
            ("worker", "1 expected celery, as in celery -A app worker -c 4"),
            ("celery", "7 expected a command, as in celery -A app worker"),
            ("celery -A", "10 -A needs a value"),
            ("celery -b x worker", "8 -b is not known here: celeryconfig.py says where Redis is"),
            ("celery control pool_grow x", "26 n is a whole number, as in 2"),
            ("celery control pool_grow 1 2", "28 pool_grow takes less"),
            ("celery inspect stats -d", "24 -d needs a value"),
            ("celery inspect 'stats", "16 this quote is not closed"),
            ("celery status now", "15 celery status takes no arguments"),
        ];
        for (line, expected) in cases {
            assert_eq!(problem(line), expected);
        }
        assert!(problem("celery shell").starts_with("8 celery shell is not known here; there are"));
        assert!(
            problem("celery inspect grow").starts_with("16 grow is no command of celery inspect")
        );
    }
}
