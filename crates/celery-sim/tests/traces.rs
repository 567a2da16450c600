//! The simulation sends what Celery was recorded to send.
//!
//! `traces/` has recordings of real processes on a real server, each line with the process, what
//! its connection is for, the database and the command. Each test plays the same scenario on an
//! engine and compares, connection by connection, command by command, byte by byte; only ids,
//! times and host names are replaced by what they are. Where the simulation differs on purpose,
//! `expected` says so: that is the table in the crate's documentation.

use celery_sim::{ActorId, ActorKind, Config, Simulation, TaskCall};
use keyspace::{ClientId, Engine, Event, Options, UnixMillis};
use keyspace_resp::split_args;
use regex_lite::Regex;
use std::collections::BTreeMap;
use std::fmt::Write;

const START: UnixMillis = UnixMillis(1_795_402_600_123);

/// A command on a connection: process, role, database, words.
#[derive(Debug, Clone)]
struct Sent {
    connection: String,
    place: String,
    words: Vec<Vec<u8>>,
}

impl Sent {
    fn is(&self, name: &str) -> bool {
        self.words[0].eq_ignore_ascii_case(name.as_bytes())
    }
}

/// A simulation on an engine, and time.
struct Play {
    engine: Engine,
    celery: Simulation,
    now: UnixMillis,
    log: Vec<(ClientId, u8, Vec<Vec<u8>>)>,
}

impl Play {
    fn new() -> Play {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        engine.observe(true);
        let config = Config { hostname: "h".to_owned(), ..Config::solo() };
        Play { engine, celery: Simulation::new(config, 1), now: START, log: Vec::new() }
    }

    fn pass(&mut self, millis: i64) {
        self.now = self.now + millis;
        let others = self.celery.run(&mut self.engine, self.now);
        assert!(others.is_empty(), "every client is an actor's");
        for event in self.engine.take_events() {
            if let Event::Command { client, db, args, .. } = event {
                self.log.push((client, db.0, args));
            }
        }
    }

    fn start_worker(&mut self) -> ActorId {
        let id = self.celery.start_worker();
        self.pass(1_500);
        id
    }

    /// `task.delay(..)` in a new process, after which something may be done in the same process.
    fn send(&mut self, task: &str, args: &[i64]) -> String {
        let task_id = self.celery.send_task(TaskCall::new(task, args.iter().copied()));
        self.pass(0);
        task_id
    }

    fn exit(&mut self) {
        self.celery.exit_producer();
        self.pass(200);
    }

    /// What was sent, by the names that the recordings use.
    fn sent(&self) -> Vec<Sent> {
        let mut names = BTreeMap::new();
        let mut producers = 0;
        for actor in self.celery.snapshot() {
            let process = match actor.kind {
                ActorKind::Worker => "worker".to_owned(),
                ActorKind::Producer => {
                    producers += 1;
                    format!("producer{producers}")
                }
            };
            for (client, role) in actor.clients {
                names.insert(client, format!("{process} {role:?}"));
            }
        }
        let sent = self.log.iter().map(|(client, db, words)| Sent {
            connection: names[client].clone(),
            place: db.to_string(),
            words: words.clone(),
        });
        sent.collect()
    }
}

fn recorded(trace: &str) -> Vec<Sent> {
    let lines = trace.lines().filter(|line| !line.starts_with('#'));
    let sent = lines.map(|line| {
        let (process, rest) = line.split_once(' ').expect("a process");
        let (role, rest) = rest.split_once(' ').expect("a role");
        let (place, command) = rest.split_once(' ').expect("a database");
        Sent {
            connection: format!("{process} {role}"),
            place: place.to_owned(),
            words: split_args(command.as_bytes()).expect("quoted words"),
        }
    });
    sent.collect()
}

/// What the simulation is to send where Celery sends `recorded`.
fn expected(recorded: Vec<Sent>) -> Vec<Sent> {
    let mut expected: Vec<Sent> = Vec::new();
    for mut sent in recorded {
        // Scripts are replaced by the commands that they run.
        if sent.is("EVALSHA") || sent.is("SCRIPT") {
            continue;
        }
        if sent.place == "script" {
            sent.words[0].make_ascii_uppercase();
            sent.place = "0".to_owned();
        }
        // What a script asks the time for inside MULTI must be known before.
        let multi = expected.iter().rposition(|before| {
            before.connection == sent.connection && (before.is("MULTI") || before.is("EXEC"))
        });
        match multi.filter(|&at| sent.is("TIME") && expected[at].is("MULTI")) {
            Some(multi) => expected.insert(multi, sent),
            None => expected.push(sent),
        }
    }
    expected
}

/// Each connection's commands as text: without what two runs never share.
fn compare(log: Vec<Sent>) -> BTreeMap<String, String> {
    let mut ids = Ids::new();
    let mut connections = BTreeMap::<String, Vec<String>>::new();
    for sent in log {
        // The recording server refuses these, and so did not tell of them.
        if sent.is("CLIENT") {
            continue;
        }
        let lines = connections.entry(sent.connection.clone()).or_default();
        let words: Vec<String> = sent.words.iter().map(|word| ids.replace(word)).collect();
        // The database of SELECT is the one before on the engine, the one after in recordings.
        let db = if sent.is("SELECT") { "-" } else { &sent.place };
        let line = format!("[{db}] {}", words.join(" "));
        // How often an idle worker asks depends on how slow its machine is.
        if sent.is("BRPOP") && lines.last() == Some(&line) {
            continue;
        }
        // Recordings tell of EXEC after the commands that it runs, events before them.
        let multi = lines.iter().rposition(|before| before.ends_with("] MULTI"));
        match multi.filter(|_| sent.is("EXEC")) {
            Some(multi) => lines.insert(multi + 1, line),
            None => lines.push(line),
        }
    }
    connections.into_iter().map(|(name, lines)| (name, lines.join("\n"))).collect()
}

/// Replaces ids by the order in which they come, and times and host names by what they are.
struct Ids {
    id: Regex,
    others: [(Regex, &'static str); 3],
    known: Vec<String>,
}

impl Ids {
    fn new() -> Ids {
        let regex = |pattern| Regex::new(pattern).expect("a pattern");
        Ids {
            id: regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|^[0-9a-f]{32}$"),
            others: [
                (regex(r"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00"), "<date>"),
                (regex(r"^\d{10}\.\d+$|^\d{13}$"), "<time>"),
                (regex(r"gen\d+@\w+"), "<origin>"),
            ],
            known: Vec::new(),
        }
    }

    fn replace(&mut self, word: &[u8]) -> String {
        let mut text = word.escape_ascii().to_string();
        for (pattern, what) in &self.others {
            text = pattern.replace_all(&text, *what).into_owned();
        }
        let mut out = String::new();
        let mut end = 0;
        for found in self.id.find_iter(&text) {
            let known = self.known.iter().position(|id| id == found.as_str());
            let number = known.unwrap_or_else(|| {
                self.known.push(found.as_str().to_owned());
                self.known.len() - 1
            });
            out += &text[end..found.start()];
            write!(out, "<id {number}>").expect("strings take what is written");
            end = found.end();
        }
        out + &text[end..]
    }
}

fn check(trace: &str, play: &Play) {
    let expected = compare(expected(recorded(trace)));
    let sent = compare(play.sent());
    for (connection, commands) in &expected {
        let sent = sent.get(connection).map_or("", String::as_str);
        assert_eq!(sent, commands, "on the connection {connection}: sent, and recorded");
    }
    assert_eq!(sent.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
}

#[test]
fn a_producer_connects_once_and_declares_its_queue_once() {
    let mut play = Play::new();
    play.send("app.add", &[2, 3]);
    play.exit();
    for call in [
        TaskCall { countdown_ms: Some(60_000), ..TaskCall::new("app.add", [2, 3]) },
        TaskCall { expires_ms: Some(120_000), ..TaskCall::new("app.add", [2, 3]) },
        TaskCall::new("app.fire_and_forget", [1]),
    ] {
        play.celery.send_task(call);
        play.exit();
    }
    play.send("app.add", &[1, 1]);
    play.send("app.add", &[2, 2]);
    play.exit();
    check(include_str!("traces/01_producer.txt"), &play);
}

#[test]
fn a_worker_starts_waits_and_says_goodbye() {
    let mut play = Play::new();
    let worker = play.start_worker();
    play.pass(4_000);
    play.celery.stop_worker(worker);
    play.pass(2_000);
    check(include_str!("traces/03_worker.txt"), &play);
}

#[test]
fn a_task_goes_through_the_queue_and_its_result_comes_back() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let first = play.celery.send_task(TaskCall::new("app.add", [2, 3]));
    play.celery.get_result(&first);
    play.pass(0);
    play.exit();
    let second = play.send("app.add", &[4, 5]);
    play.pass(1_500);
    play.celery.get_result(&second);
    play.celery.forget_result(&second);
    play.exit();
    play.celery.stop_worker(worker);
    play.pass(2_000);
    check(include_str!("traces/04_task.txt"), &play);
}

#[test]
fn a_slow_task_stays_unacknowledged_until_it_is_done() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let task = play.send("app.slow", &[2]);
    play.pass(1_000);
    play.celery.get_result(&task);
    play.pass(2_000);
    play.exit();
    play.celery.stop_worker(worker);
    play.pass(2_000);
    check(include_str!("traces/05_acks_late.txt"), &play);
}
