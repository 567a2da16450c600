//! `celery worker`: the options with which a worker is started.

use super::Word;
use crate::celeryconfig::Problem;
use crate::config::{Config, WorkerPool};
use crate::worker::{PROCESSES_MAX, QUEUES_MAX};
use keyspace_resp::parse_double;

/// What a worker's command line says; the settings hold for the rest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WorkerOptions {
    /// `-n`: the name, as in `w2@%h`.
    pub hostname: Option<String>,
    /// `-P`.
    pub pool: Option<WorkerPool>,
    /// `-c`.
    pub concurrency: Option<usize>,
    /// `-Q`.
    pub queues: Vec<String>,
    /// `-X`.
    pub exclude_queues: Vec<String>,
    /// `--prefetch-multiplier`.
    pub prefetch_multiplier: Option<u32>,
    /// `-E`.
    pub task_events: bool,
    /// `--time-limit`, in seconds.
    pub time_limit: Option<f64>,
    /// `--soft-time-limit`, in seconds.
    pub soft_time_limit: Option<f64>,
    /// `--without-gossip`.
    pub without_gossip: bool,
    /// `--without-mingle`.
    pub without_mingle: bool,
    /// `--without-heartbeat`.
    pub without_heartbeat: bool,
}

impl WorkerOptions {
    /// The name of the worker on a machine, as `celery.utils.nodenames` makes it: without an `@`
    /// what is said is the machine's name.
    pub fn name(&self, machine: &str) -> String {
        let said = self.hostname.as_deref().unwrap_or_default();
        let (name, host) = match said.split_once('@') {
            Some((name, host)) => (name, host),
            None => ("", said),
        };
        let name = if name.is_empty() { "celery" } else { name };
        let host = if host.is_empty() { machine } else { host };
        let (short, domain) = machine.split_once('.').unwrap_or((machine, ""));
        let expand = |text: &str| {
            let text = text.replace("%h", machine).replace("%n", short).replace("%d", domain);
            text.replace("%i", "0").replace("%I", "")
        };
        format!("{}@{}", expand(name), expand(host))
    }

    /// The settings of such a worker; the error says why there can be none.
    pub fn config(&self, settings: &Config) -> Result<Config, String> {
        let mut config = settings.clone();
        if let Some(pool) = self.pool {
            config.worker_pool = pool;
        }
        if let Some(concurrency) = self.concurrency {
            config.worker_concurrency = concurrency;
        }
        if let Some(multiplier) = self.prefetch_multiplier {
            config.worker_prefetch_multiplier = multiplier;
        }
        if !self.queues.is_empty() {
            config.worker_queues = self.queues.clone();
        }
        if !self.exclude_queues.is_empty() {
            let all = config.consumed_queues();
            config.worker_queues = all.into_iter().map(|queue| queue.name).collect();
            config.worker_queues.retain(|queue| !self.exclude_queues.contains(queue));
            if config.worker_queues.is_empty() {
                return Err("-X leaves this worker no queue to consume".to_owned());
            }
        }
        config.task_time_limit = self.time_limit.or(config.task_time_limit);
        config.task_soft_time_limit = self.soft_time_limit.or(config.task_soft_time_limit);
        config.worker_send_task_events |= self.task_events;
        config.worker_gossip = !self.without_gossip;
        config.worker_mingle = !self.without_mingle;
        config.worker_heartbeat = !self.without_heartbeat;
        Ok(config)
    }
}

/// Options with a value that have no effect here.
const WITHOUT_EFFECT: &[&str] = &[
    "-l",
    "--loglevel",
    "-O",
    "--optimization",
    "-f",
    "--logfile",
    "--pidfile",
    "-I",
    "--include",
];

/// Options that would have an effect which is not simulated.
const NOT_SIMULATED: &[(&str, &str)] = &[
    ("--autoscale", "control pool_grow and pool_shrink change a pool that runs"),
    ("--max-tasks-per-child", "a pool's processes run as many tasks as come"),
    ("--max-memory-per-child", "a pool's processes take no memory"),
    ("--disable-prefetch", "--prefetch-multiplier 1 is nearest to it"),
    ("--purge", "celery purge does that"),
    ("--discard", "celery purge does that"),
    ("-B", "celery beat starts it"),
    ("--beat", "celery beat starts it"),
    ("-D", "a worker is in the background here"),
    ("--detach", "a worker is in the background here"),
    ("-b", "celeryconfig.py says where Redis is"),
    ("--broker", "celeryconfig.py says where Redis is"),
    ("--heartbeat-interval", "a heartbeat is sent every two seconds"),
    ("-S", "revoked tasks are forgotten with the worker"),
    ("--statedb", "revoked tasks are forgotten with the worker"),
];

/// Reads what follows `celery worker`.
pub(super) fn parse(words: &[Word], end: &Word) -> Result<WorkerOptions, Problem> {
    let mut options = WorkerOptions::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, joined) = apart(word);
        match name {
            "-E" | "--task-events" | "--events" => options.task_events = true,
            "--without-gossip" => options.without_gossip = true,
            "--without-mingle" => options.without_mingle = true,
            "--without-heartbeat" => options.without_heartbeat = true,
            _ if !name.starts_with('-') => {
                return word.fail(format!("a worker takes no {name}: options begin with -"));
            }
            _ => {
                if let Some((_, why)) = NOT_SIMULATED.iter().find(|(known, _)| *known == name) {
                    return word.fail(format!("{name} is not simulated: {why}"));
                }
                let value = joined.or_else(|| words.next().cloned());
                let Some(value) = value else {
                    return end.fail(format!("{name} needs a value"));
                };
                option(&mut options, name, word, &value)?;
            }
        }
    }
    Ok(options)
}

/// An option's name, and its value where both are one word: `-c4`, `--queues=mail`.
fn apart(word: &Word) -> (&str, Option<Word>) {
    let value =
        |text: &str, before: usize| Word { text: text.to_owned(), column: word.column + before };
    if word.text.starts_with("--") {
        return match word.text.split_once('=') {
            Some((name, text)) => (name, Some(value(text, name.chars().count() + 1))),
            None => (&word.text, None),
        };
    }
    match word.text.char_indices().nth(2) {
        Some((at, _)) if word.text.starts_with('-') => {
            (&word.text[..at], Some(value(&word.text[at..], 2)))
        }
        _ => (&word.text, None),
    }
}

fn option(
    options: &mut WorkerOptions,
    name: &str,
    word: &Word,
    value: &Word,
) -> Result<(), Problem> {
    match name {
        "-n" | "--hostname" => options.hostname = Some(hostname(value)?),
        "-P" | "--pool" => options.pool = Some(pool(value)?),
        "-c" | "--concurrency" => options.concurrency = Some(number(name, value, PROCESSES_MAX)?),
        "-Q" | "--queues" => options.queues = queues(name, value)?,
        "-X" | "--exclude-queues" => options.exclude_queues = queues(name, value)?,
        "--prefetch-multiplier" => match value.text.parse() {
            Ok(multiplier @ 0..=10_000) => options.prefetch_multiplier = Some(multiplier),
            _ => {
                return value.fail(format!(
                    "{name} takes a whole number up to 10000; 0 is as many messages as there are"
                ));
            }
        },
        "--time-limit" => options.time_limit = Some(seconds(name, value)?),
        "--soft-time-limit" => options.soft_time_limit = Some(seconds(name, value)?),
        _ if WITHOUT_EFFECT.contains(&name) => {}
        _ => {
            return word.fail(format!(
                "{name} is not known here; there are -n, -P, -c, -Q, -X, -E, --prefetch-multiplier, \
                 --time-limit, --soft-time-limit and --without-gossip, -mingle, -heartbeat"
            ));
        }
    }
    Ok(())
}

/// The longest name of a worker.
const HOSTNAME_MAX: usize = 100;

fn hostname(value: &Word) -> Result<String, Problem> {
    let is_fit = |char: char| char.is_ascii_alphanumeric() || "-_.@%".contains(char);
    let text = &value.text;
    match text.len() <= HOSTNAME_MAX && text.chars().all(is_fit) && text.matches('@').count() < 2 {
        true => Ok(text.clone()),
        false => value.fail(
            "-n takes a name of letters, digits, - _ . and one @, as in w2@%h, where %h is the machine",
        ),
    }
}

fn pool(value: &Word) -> Result<WorkerPool, Problem> {
    match value.text.as_str() {
        "prefork" | "processes" => Ok(WorkerPool::Prefork),
        "solo" => Ok(WorkerPool::Solo),
        "eventlet" | "gevent" | "threads" | "custom" => {
            value.fail(format!("the pool {} is not simulated; prefork and solo are", value.text))
        }
        other => value.fail(format!("there is no pool {other}; prefork and solo are simulated")),
    }
}

fn number(name: &str, value: &Word, max: usize) -> Result<usize, Problem> {
    match value.text.parse() {
        Ok(number) if (1..=max).contains(&number) => Ok(number),
        _ => value.fail(format!("{name} takes a whole number from 1 to {max} here")),
    }
}

fn seconds(name: &str, value: &Word) -> Result<f64, Problem> {
    match parse_double(value.text.as_bytes()) {
        Some(seconds) if (0.001..=1e9).contains(&seconds) => Ok(seconds),
        _ => value.fail(format!("{name} takes a number of seconds, as in 2.5")),
    }
}

fn queues(name: &str, value: &Word) -> Result<Vec<String>, Problem> {
    let mut queues: Vec<String> = Vec::new();
    for queue in value.text.split(',').map(str::trim).filter(|queue| !queue.is_empty()) {
        if !queues.iter().any(|known| known == queue) {
            queues.push(queue.to_owned());
        }
    }
    match queues.len() {
        0 => value.fail(format!("{name} takes names of queues, as in mail,celery")),
        count if count > QUEUES_MAX => {
            value.fail(format!("a worker consumes {QUEUES_MAX} queues at most here"))
        }
        _ => Ok(queues),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::Program;

    fn options(line: &str) -> WorkerOptions {
        match super::super::parse(line) {
            Ok(Program::RunWorker(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn problem(line: &str) -> String {
        let problem = super::super::parse(line).expect_err(line);
        format!("{} {}", problem.place.column, problem.message)
    }

    #[test]
    fn a_worker_is_started_as_its_line_says() {
        let line = "celery -A tasks worker -n w2@%h -c4 -P prefork -Q mail,celery \
                    --prefetch-multiplier=1 -l INFO -E --without-mingle";
        let read = options(line);
        assert_eq!(read.name("keyspace"), "w2@keyspace");
        let config = read.config(&Config::solo()).expect("it has queues");
        assert_eq!((config.worker_pool, config.worker_concurrency), (WorkerPool::Prefork, 4));
        assert_eq!(config.worker_queues, ["mail", "celery"]);
        assert_eq!(config.worker_prefetch_multiplier, 1);
        assert!(config.worker_send_task_events && config.worker_gossip && !config.worker_mingle);
        let others = options("celery worker -X celery").config(&Config::solo());
        assert_eq!(others, Err("-X leaves this worker no queue to consume".to_owned()));
    }

    #[test]
    fn a_name_without_an_at_sign_is_the_machines() {
        let name = |line: &str| options(line).name("keyspace");
        assert_eq!(name("celery worker"), "celery@keyspace");
        assert_eq!(name("celery worker -n w2"), "celery@w2");
        assert_eq!(name("celery worker -n w2@"), "w2@keyspace");
        assert_eq!(name("celery worker --hostname=%n.w2@%h"), "keyspace.w2@keyspace");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_column() {
        let cases = [
            ("celery worker -c", "17 -c needs a value"),
            ("celery worker -c 0", "18 -c takes a whole number from 1 to 64 here"),
            ("celery worker -cx", "17 -c takes a whole number from 1 to 64 here"),
            (
                "celery worker -P gevent",
                "18 the pool gevent is not simulated; prefork and solo are",
            ),
            ("celery worker mail", "15 a worker takes no mail: options begin with -"),
            ("celery worker --pool=x", "22 there is no pool x; prefork and solo are simulated"),
            ("celery worker -Q ,", "18 -Q takes names of queues, as in mail,celery"),
            ("celery worker -B", "15 -B is not simulated: celery beat starts it"),
            (
                "celery worker --time-limit -1",
                "28 --time-limit takes a number of seconds, as in 2.5",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(problem(line), expected);
        }
        assert!(
            problem("celery worker --nope 1").starts_with("15 --nope is not known here; there")
        );
        assert!(problem("celery worker -n a@b@c").starts_with("18 -n takes a name of letters"));
    }
}
