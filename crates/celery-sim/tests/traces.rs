//! The simulation sends what Celery was recorded to send.
//!
//! `traces/` has recordings of real processes on a real server, each line with the process, what
//! its connection is for, the database and the command. Each test plays the same scenario on an
//! engine and compares, connection by connection, command by command, byte by byte; only ids,
//! times, process numbers and host names are replaced by what they are. What differs on purpose
//! stands in the crate's documentation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use celery_sim::{
    ActorId, ActorKind, BeatEntry, Called, Canvas, Config, ControlCall, ExchangeType, Publication,
    QueueOrder, Simulation, TaskCall, TransportOptions,
};
use keyspace::{ClientId, Engine, Event, Options, UnixMillis};
use keyspace_resp::split_args;
use regex_lite::{Captures, Regex};
use serde_json::json;
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

    fn is_heartbeat(&self) -> bool {
        self.is("PUBLISH") && self.words[1].ends_with(b"/worker.heartbeat")
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
        Play::with(Config::solo())
    }

    fn with(config: Config) -> Play {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        engine.observe(true);
        let config = Config { hostname: "h".to_owned(), ..config };
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
        self.pass(0);
        self.pass(1_500);
        id
    }

    fn stop_worker(&mut self, id: ActorId) {
        self.celery.stop_worker(id);
        self.pass(2_000);
    }

    /// `task.delay(..)` in a new process, after which something may be done in the same process.
    fn send(&mut self, task: &str, args: &[i64]) -> String {
        let task_id = self.celery.send_task(TaskCall::new(task, args.iter().copied()));
        self.pass(0);
        task_id
    }

    /// `task.delay(..).get()` in a process of its own.
    fn send_and_get(&mut self, call: TaskCall, millis: i64) {
        let task_id = self.celery.send_task(call);
        self.celery.get_result(&task_id);
        self.pass(0);
        self.pass(millis);
        self.exit();
    }

    fn call_and_get(&mut self, canvas: Canvas) -> Called {
        let called = self.celery.send_canvas(canvas);
        self.celery.get_called(called.clone());
        self.pass(100);
        self.exit();
        called
    }

    fn exit(&mut self) {
        self.celery.exit_producer();
        self.pass(200);
    }

    /// What was sent, by the names that the recordings use.
    fn sent(&self) -> Vec<Sent> {
        let mut names = BTreeMap::new();
        let mut counts = BTreeMap::<String, usize>::new();
        let mut count = |name: String| {
            let count = counts.entry(name.clone()).or_default();
            *count += 1;
            match *count {
                1 => name,
                count => format!("{name}{count}"),
            }
        };
        for actor in self.celery.snapshot() {
            let process = match actor.kind {
                ActorKind::Worker => count("worker".to_owned()),
                _ => match count("producer".to_owned()).as_str() {
                    "producer" => "producer1".to_owned(),
                    other => other.to_owned(),
                },
            };
            for (client, role) in actor.clients {
                names.insert(client, count(format!("{process} {role:?}")));
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
            // What a script runs is told with the database, too.
            place: if place == "script" { "0" } else { place }.to_owned(),
            words: split_args(command.as_bytes()).expect("quoted words"),
        }
    });
    sent.collect()
}

/// Each connection's commands as text: without what two runs never share.
fn compare(log: Vec<Sent>) -> BTreeMap<String, String> {
    let mut connections = BTreeMap::<String, (Ids, Vec<String>)>::new();
    for sent in log {
        // The recording server refuses these, and so did not tell of them.
        if sent.is("CLIENT") {
            continue;
        }
        let (ids, lines) =
            connections.entry(sent.connection.clone()).or_insert_with(|| (Ids::new(), Vec::new()));
        // Whether a server knows a script depends on who was there before.
        if sent.is("SCRIPT") && sent.words[1].eq_ignore_ascii_case(b"LOAD") {
            lines.pop();
            continue;
        }
        // How often somebody waits and asks again depends on how slow a machine is.
        if sent.is_heartbeat() && lines.last().is_some_and(|last| last.contains("heartbeat")) {
            continue;
        }
        let words: Vec<String> = sent.words.iter().map(|word| ids.replace(word)).collect();
        // The database of SELECT is the one before on the engine, the one after in recordings.
        let db = if sent.is("SELECT") { "-" } else { &sent.place };
        let line = format!("[{db}] {}", words.join(" "));
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
    connections.into_iter().map(|(name, (_, lines))| (name, lines.join("\n"))).collect()
}

/// Replaces ids by the order in which they come, and times and host names by what they are.
struct Ids {
    id: Regex,
    body: Regex,
    others: Vec<(Regex, &'static str)>,
    known: Vec<String>,
}

impl Ids {
    fn new() -> Ids {
        let regex = |pattern| Regex::new(pattern).expect("a pattern");
        Ids {
            id: regex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|^[0-9a-f]{32}$"),
            body: regex(r#"\"body\": \"([A-Za-z0-9+/=]+)\""#),
            others: vec![
                (regex(r"\d{4}-\d\d-\d\dT[0-9:.]+\+00:00"), "<date>"),
                (regex(r"^\d{10}(\.\d+)?$|^\d{13}$"), "<time>"),
                (regex(r"gen\d+@\w+"), "<origin>"),
                (regex(r#"\\"(expires|timestamp)\\": \d{10}(\.\d+)?"#), "<time>"),
                (regex(r#"\\"(pid|clock|runtime)\\": [0-9.e-]+"#), "<number>"),
                (regex(r#"\\"loadavg\\": \[[^]]*\]"#), "<load>"),
            ],
            known: Vec::new(),
        }
    }

    fn replace(&mut self, word: &[u8]) -> String {
        let text = String::from_utf8_lossy(word).into_owned();
        let decode = |body: &Captures<'_>| match BASE64.decode(&body[1]) {
            Ok(bytes) => format!("body: {}", String::from_utf8_lossy(&bytes)),
            Err(_) => body[0].to_owned(),
        };
        let text = text.replace("lib/python3.11/site-packages/", "");
        let text = self.body.replace_all(&text, decode).into_owned();
        let text = text.replace("A@h", "w1@h").replace("B@h", "w2@h");
        let mut text = text.as_bytes().escape_ascii().to_string();
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
    check_but(trace, play, |_, commands| commands);
}

/// As [`check`], where what differs on purpose is taken out of both.
fn check_but(trace: &str, play: &Play, taken: impl Fn(&str, String) -> String) {
    let text = |log| -> BTreeMap<String, String> {
        let connections = compare(log).into_iter();
        connections.map(|(name, commands)| (name.clone(), taken(&name, commands))).collect()
    };
    let expected = text(recorded(trace));
    let sent = text(play.sent());
    for (connection, commands) in &expected {
        let sent = sent.get(connection).map_or("", String::as_str);
        assert_eq!(sent, commands, "on the connection {connection}: sent, and recorded");
    }
    assert_eq!(sent.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
}

/// Only the first of each command that is repeated, as somebody asks until there is an answer.
fn without_repetition(commands: String) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in commands.lines() {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The transactions of a connection in the order of their first ids: which of two processes is
/// quicker differs from run to run.
fn transactions_in_order(commands: String) -> String {
    let mut parts: Vec<&str> = commands.split("[0] MULTI").collect();
    let before = parts.remove(0).to_owned();
    parts.sort_unstable();
    before + "[0] MULTI" + &parts.join("[0] MULTI")
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

#[test]
fn a_worker_with_every_default_on_asks_the_others_and_tells_of_itself() {
    let config = Config::default();
    let solo = Config::solo();
    let mut play =
        Play::with(Config { worker_pool: solo.worker_pool, worker_concurrency: 1, ..config });
    let worker = play.celery.start_worker();
    play.pass(0);
    play.pass(8_000);
    play.stop_worker(worker);
    check(include_str!("traces/02_default_worker.txt"), &play);
}

#[test]
fn a_task_that_is_retried_is_sent_again_for_later() {
    let mut play = Play::new();
    let worker = play.start_worker();
    play.send_and_get(TaskCall::new("app.flaky", [7]), 3_000);
    play.stop_worker(worker);
    check(include_str!("traces/06_retry.txt"), &play);
}

#[test]
fn a_task_with_a_countdown_is_taken_at_once_and_held() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let call = TaskCall { countdown_ms: Some(3_000), ..TaskCall::new("app.add", [1, 2]) };
    play.send_and_get(call, 4_000);
    play.stop_worker(worker);
    check(include_str!("traces/07_eta.txt"), &play);
}

#[test]
fn failures_and_that_a_task_began_are_stored() {
    let mut play = Play::with(Config { result_expires: Some(60.0), ..Config::solo() });
    let worker = play.start_worker();
    play.send_and_get(TaskCall::new("app.boom", Vec::<i64>::new()), 100);
    play.send_and_get(TaskCall::new("app.tracked", [5]), 100);
    play.celery.get_result("no-such-id");
    play.exit();
    play.stop_worker(worker);
    check(include_str!("traces/08_states.txt"), &play);
}

#[test]
fn remote_control_is_obeyed_and_answered() {
    let mut play = Play::new();
    play.start_worker();
    play.celery.control(ControlCall::inspect("ping"));
    play.pass(0);
    play.pass(1_500);
    let call = TaskCall { countdown_ms: Some(4_000), ..TaskCall::new("app.add", [1, 1]) };
    let task_id = play.celery.send_task(call);
    play.pass(0);
    play.pass(1_000);
    play.celery.control(ControlCall::revoke(&task_id, false));
    play.pass(0);
    play.pass(4_500);
    play.celery.get_result(&task_id);
    play.exit();
    for method in ["active_queues", "ping", "shutdown"] {
        play.celery.control(ControlCall::inspect(method));
        play.pass(0);
        play.pass(1_500);
    }
    play.pass(2_000);
    check(include_str!("traces/09_remote_control.txt"), &play);
}

#[test]
fn a_groups_tasks_are_sent_one_by_one_and_read_together() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let calls = (0..3).map(|i| TaskCall::new("app.add", [i, i])).collect();
    play.call_and_get(Canvas::Group(calls));
    play.stop_worker(worker);
    check_but(include_str!("traces/10_group.txt"), &play, |connection, commands| {
        match connection {
            // Python's sets have no order, and its garbage collector lets go of a result that is
            // then listened to again.
            "producer1 Results" => commands.lines().filter(|it| !it.contains("MGET")).collect(),
            "producer1 ResultListener" => {
                let lines = commands.lines().filter(|it| !it.contains("UNSUBSCRIBE"));
                without_repetition(lines.collect::<Vec<_>>().join("\n"))
            }
            _ => commands,
        }
    });
}

#[test]
fn a_chords_last_part_sends_its_body() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let calls = (0..3).map(|i| TaskCall::new("app.add", [i, i])).collect();
    let body = Box::new(TaskCall::new("app.xsum", Vec::<i64>::new()));
    play.call_and_get(Canvas::Chord(calls, body));
    play.stop_worker(worker);
    check_but(include_str!("traces/11_chord.txt"), &play, polled_parents);
}

#[test]
fn a_chains_tasks_send_each_other() {
    let mut play = Play::new();
    let worker = play.start_worker();
    let calls = vec![
        TaskCall::new("app.add", [1, 2]),
        TaskCall::new("app.add", [10]),
        TaskCall::new("app.add", [100]),
    ];
    play.call_and_get(Canvas::Chain(calls));
    play.stop_worker(worker);
    check_but(include_str!("traces/12_chain.txt"), &play, polled_parents);
}

/// A `get()` asks for its parents' results again and again.
fn polled_parents(connection: &str, commands: String) -> String {
    match connection {
        "producer1 Results" => without_repetition(commands),
        // Which results arrived when somebody looked: in any order.
        "producer1 ResultListener" => {
            let mut lines: Vec<&str> = commands.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        }
        _ => commands,
    }
}

#[test]
fn priorities_have_lists_of_their_own() {
    let mut play = Play::with(Config {
        broker_transport_options: TransportOptions {
            queue_order_strategy: QueueOrder::Priority,
            ..TransportOptions::default()
        },
        ..Config::solo()
    });
    for priority in [9, 0, 5, 3] {
        let args = [i64::from(priority), 0];
        let call = TaskCall { priority: Some(priority), ..TaskCall::new("app.add", args) };
        let task_id = play.celery.send_task(call);
        play.celery.drop_result(&task_id);
    }
    play.pass(0);
    play.exit();
    let worker = play.start_worker();
    play.stop_worker(worker);
    check(include_str!("traces/13_priorities.txt"), &play);
}

#[test]
fn what_a_killed_worker_had_is_restored_by_another() {
    let mut play = Play::with(Config {
        broker_transport_options: TransportOptions {
            visibility_timeout: 5.0,
            unacked_restore_interval: 1,
            unacked_restore_throttle: 1,
            ..TransportOptions::default()
        },
        ..Config::solo()
    });
    let first = play.celery.start_worker();
    play.pass(0);
    play.pass(2_500);
    play.send("app.slow", &[3]);
    play.exit();
    play.pass(1_000);
    play.celery.kill_worker(first);
    play.pass(3_200);
    let second = play.celery.start_worker();
    play.pass(0);
    play.pass(8_500);
    play.stop_worker(second);
    check(include_str!("traces/15_visibility_timeout.txt"), &play);
}

#[test]
fn a_worker_tells_of_its_tasks() {
    let mut play = Play::with(Config {
        worker_send_task_events: true,
        task_send_sent_event: true,
        worker_heartbeat: true,
        ..Config::solo()
    });
    let worker = play.start_worker();
    play.pass(1_000);
    let mut heartbeat = ControlCall::inspect("heartbeat");
    heartbeat.reply = false;
    play.celery.control(heartbeat);
    play.pass(0);
    play.pass(2_500);
    play.send("app.add", &[1, 2]);
    play.pass(3_000);
    play.stop_worker(worker);
    let recording = recorded(include_str!("traces/17_events.txt"));
    let of_workers = |log: &[Sent]| {
        let is_worker = |sent: &&Sent| sent.connection.starts_with("worker ");
        compare(log.iter().filter(is_worker).cloned().collect())
    };
    assert_eq!(of_workers(&play.sent()), of_workers(&recording));
    // The sender of the recording uses its connection for other things, too.
    let of_sender = |log: &[Sent]| {
        let tells = |sent: &&Sent| sent.words[1..].iter().any(|word| word.ends_with(b"/task.sent"));
        let told = log.iter().filter(tells).cloned();
        let told = told.map(|sent| Sent { connection: "producer".to_owned(), ..sent });
        compare(told.collect())
    };
    assert_eq!(of_sender(&play.sent()), of_sender(&recording));
    assert_eq!(of_sender(&recording).len(), 1);
}

#[test]
fn beat_sends_what_is_due_and_holds_no_result() {
    let entry = BeatEntry {
        task: "app.add".to_owned(),
        schedule: 1.0,
        args: vec![1.into(), 1.into()],
        ..BeatEntry::default()
    };
    let mut play =
        Play::with(Config { beat_schedule: [("a".to_owned(), entry)].into(), ..Config::solo() });
    let worker = play.start_worker();
    let beat = play.celery.start_beat();
    play.pass(0);
    play.pass(4_500);
    play.celery.kill_actor(beat);
    play.stop_worker(worker);
    check(include_str!("traces/19_beat.txt"), &play);
}

#[test]
fn processes_of_a_pool_have_connections_of_their_own_and_acknowledge_early() {
    let mut play = Play::with(Config::default());
    let worker = play.celery.start_worker();
    play.pass(0);
    play.pass(6_000);
    let ids: Vec<String> =
        (0..3).map(|i| play.celery.send_task(TaskCall::new("app.add", [i, i]))).collect();
    for id in &ids {
        play.celery.get_result(id);
    }
    play.pass(0);
    play.pass(3_000);
    play.exit();
    play.stop_worker(worker);
    check_but(
        include_str!("traces/22_prefork.txt"),
        &play,
        |connection, commands| match connection {
            "worker Channel" => transactions_in_order(commands),
            _ => polled_parents(connection, commands),
        },
    );
}

#[test]
fn two_workers_know_of_each_other_and_share_the_queue() {
    let solo = Config::solo();
    let mut play = Play::with(Config {
        worker_pool: solo.worker_pool,
        worker_concurrency: 1,
        ..Config::default()
    });
    let first = play.celery.start_worker();
    play.pass(0);
    play.pass(8_500);
    let second = play.celery.start_worker();
    play.pass(0);
    play.pass(7_700);
    let ids: Vec<String> =
        (0..4).map(|i| play.celery.send_task(TaskCall::new("app.add", [i, i]))).collect();
    for id in &ids {
        play.celery.get_result(id);
    }
    play.pass(0);
    play.pass(500);
    play.exit();
    play.stop_worker(first);
    play.stop_worker(second);
    check(include_str!("traces/23_two_workers.txt"), &play);
}

#[test]
fn a_worker_takes_its_queues_in_turn() {
    let mut play = Play::with(Config {
        worker_queues: vec!["emails".to_owned(), "celery".to_owned()],
        ..Config::solo()
    });
    let call = TaskCall { queue: Some("emails".to_owned()), ..TaskCall::new("app.add", [1, 1]) };
    let task_id = play.celery.send_task(call);
    play.celery.drop_result(&task_id);
    play.pass(0);
    play.exit();
    let queues = [("eu.#", "q.eu"), ("us.*", "q.us")];
    let queues = queues.map(|(key, queue)| (key.to_owned(), queue.to_owned()));
    for (exchange, kind, routing_key, body, queues) in [
        ("news", ExchangeType::Topic, "eu.se", json!({"a": 1}), queues.to_vec()),
        ("all", ExchangeType::Fanout, "", json!({"b": 1}), Vec::new()),
    ] {
        let (exchange, routing_key) = (exchange.to_owned(), routing_key.to_owned());
        play.celery.publish(Publication { exchange, kind, routing_key, body, queues });
    }
    play.exit();
    let worker = play.start_worker();
    play.pass(1_000);
    play.stop_worker(worker);
    check(include_str!("traces/24_routing.txt"), &play);
}

#[test]
fn a_queue_is_counted_and_purged() {
    let mut play = Play::new();
    for i in 0..3 {
        let task_id = play.celery.send_task(TaskCall::new("app.add", [i, i]));
        play.celery.drop_result(&task_id);
    }
    play.celery.count_queue("celery");
    play.exit();
    play.celery.purge_queue("celery");
    play.exit();
    check(include_str!("traces/18_queue_ops.txt"), &play);
}
