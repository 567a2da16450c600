//! The scene as it follows the simulation, and people at a console, on an engine.

use super::*;
use crate::celery::picture::{Doing, Group};
use celery_sim::{ActorId, Config, Simulation, TaskCall, TransportOptions};
use keyspace::{Engine, Options};

const START: UnixMillis = UnixMillis(1_795_402_600_000);

struct Stage {
    engine: Engine,
    celery: Simulation,
    scene: Scene,
    console: ClientId,
    now: UnixMillis,
}

impl Stage {
    fn new() -> Stage {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        engine.observe(true);
        let console = engine.connect(START);
        let config = Config { task_ms: 1_000, ..Config::solo() };
        let celery = Simulation::new(config, 5);
        Stage { engine, celery, scene: Scene::new(), console, now: START }
    }

    fn pass(&mut self, millis: i64) -> Picture {
        self.now = self.now + millis;
        self.celery.run(&mut self.engine, self.now);
        self.scene.identify(&self.celery.snapshot());
        for event in self.engine.take_events() {
            self.scene.see(&event);
        }
        self.scene.changed = true;
        self.scene.take_picture().expect("it is said to have changed")
    }

    fn type_in(&mut self, line: &str) -> Picture {
        self.engine.receive(self.console, format!("{line}\r\n").as_bytes(), self.now);
        self.pass(0)
    }

    fn worker(&mut self) -> ActorId {
        let id = self.celery.start_worker();
        self.pass(0);
        id
    }

    fn send(&mut self, task: &str, args: &[i64]) -> Picture {
        let call = TaskCall::new(task, args.iter().copied());
        let task_id = self.celery.send_task(call);
        self.celery.get_result(&task_id);
        self.pass(0)
    }
}

fn labels(group: &Group) -> Vec<&str> {
    group.first.iter().chain(&group.last).map(|token| token.label.as_str()).collect()
}

fn paths(picture: &Picture) -> Vec<Path> {
    picture.hops.iter().map(|hop| hop.path).collect()
}

#[test]
fn messages_wait_in_the_list_the_latest_at_its_head() {
    let mut stage = Stage::new();
    stage.send("app.add", &[1, 1]);
    let picture = stage.send("app.add", &[2, 2]);
    assert_eq!(labels(&picture.queues[0].tokens), ["add(2, 2)", "add(1, 1)"]);
    assert_eq!(picture.sent, 2);
    assert_eq!(paths(&picture), [Path::Send, Path::Send]);
    assert_eq!(picture.reads.len(), 2);
    assert!(picture.reads.iter().all(|read| read.got.is_none()));
}

#[test]
fn a_worker_parks_in_brpop_until_its_timeout() {
    let mut stage = Stage::new();
    stage.worker();
    let picture = stage.pass(300);
    let since = START.0 as f64;
    let span = Span { since, until: since + 1_000.0 };
    assert_eq!(picture.workers[0].doing, Doing::Parked(Some(span)));
}

#[test]
fn a_task_goes_from_the_list_to_a_worker_and_comes_back_as_a_result() {
    let mut stage = Stage::new();
    stage.worker();
    let taken = stage.send("app.add", &[2, 3]);
    assert!(taken.queues[0].tokens.is_empty());
    assert_eq!(labels(&taken.unacked), ["add(2, 3)"]);
    let worker = &taken.workers[0];
    assert_eq!(worker.token.as_ref().map(|token| token.label.as_str()), Some("add(2, 3)"));
    assert!(matches!(worker.doing, Doing::Running(_)));
    assert_eq!(paths(&taken), [Path::Send, Path::Take, Path::Keep]);

    let done = stage.pass(1_000);
    assert!(done.unacked.is_empty());
    assert_eq!(done.workers[0].token, None);
    assert!(matches!(done.workers[0].doing, Doing::Parked(_)));
    assert_eq!((done.results[0].ok, done.results[0].text.as_str()), (true, "5"));
    let got = done.reads[0].got.as_ref().map(|got| (got.text.as_str(), got.by.as_str()));
    assert_eq!(got, Some(("5", "PUBLISH")));
    assert_eq!(paths(&done)[3..], [Path::Store, Path::Notify, Path::Acknowledge]);
}

#[test]
fn a_failure_is_told_by_its_exception() {
    let mut stage = Stage::new();
    stage.worker();
    stage.send("app.boom", &[]);
    let picture = stage.pass(1_000);
    assert!(!picture.results[0].ok);
    assert_eq!(picture.results[0].text, "KeyError('boom')");
}

#[test]
fn a_killed_workers_message_stays_in_unacked() {
    let mut stage = Stage::new();
    let worker = stage.worker();
    stage.send("app.slow", &[60]);
    stage.celery.kill_worker(worker);
    let picture = stage.pass(0);
    assert_eq!(picture.workers[0].doing, Doing::Killed);
    assert_eq!(labels(&picture.unacked), ["slow(60)"]);
}

#[test]
fn a_restored_message_is_the_same_token_again() {
    let mut stage = Stage::new();
    stage.celery = Simulation::new(impatient(), 5);
    let worker = stage.worker();
    let taken = stage.send("app.slow", &[60]);
    stage.celery.kill_worker(worker);
    stage.pass(10);
    stage.worker();
    let picture = stage.pass(0);
    assert!(paths(&picture).contains(&Path::Restore));
    let (before, after) = (taken.workers[0].token.as_ref(), picture.workers[1].token.as_ref());
    assert_eq!(before.map(|token| token.id), after.map(|token| token.id));
    assert!(after.is_some_and(|token| token.redelivered));
    assert_eq!(picture.workers[0].token, None);
}

#[test]
fn a_stopped_worker_leaves_nothing() {
    let mut stage = Stage::new();
    let worker = stage.worker();
    stage.celery.stop_worker(worker);
    let picture = stage.pass(2_000);
    assert_eq!(picture.workers[0].doing, Doing::Stopped);
}

#[test]
fn many_messages_are_counted_in_the_middle() {
    let mut stage = Stage::new();
    for n in 0..50 {
        stage.send("app.add", &[n, n]);
    }
    let picture = stage.pass(0);
    let tokens = &picture.queues[0].tokens;
    assert_eq!((tokens.first.len(), tokens.hidden, tokens.last.len()), (1, 46, 3));
    assert_eq!(tokens.last[2].label, "add(0, 0)");
}

#[test]
fn what_people_push_and_pop_is_seen_too() {
    let mut stage = Stage::new();
    stage.type_in("RPUSH celery tail");
    let picture = stage.type_in("LPUSH celery head");
    assert_eq!(labels(&picture.queues[0].tokens), ["head", "tail"]);
    let picture = stage.type_in("RPOP celery");
    assert_eq!(labels(&picture.queues[0].tokens), ["head"]);
    let picture = stage.type_in("DEL celery");
    assert!(picture.queues[0].tokens.is_empty());
}

#[test]
fn a_change_that_is_not_celerys_makes_a_key_stale() {
    let mut stage = Stage::new();
    stage.type_in("RPUSH celery a b c");
    stage.scene.take_stale();
    stage.type_in("LREM celery 1 b");
    assert_eq!(stage.scene.take_stale(), BTreeSet::from([Stale::Queue(b"celery".to_vec())]));
    stage.scene.queue_is(b"celery", &[b"a".to_vec(), b"c".to_vec()]);
    let picture = stage.pass(0);
    assert_eq!(labels(&picture.queues[0].tokens), ["a", "c"]);
    stage.type_in("FLUSHALL");
    assert!(stage.scene.take_stale().contains(&Stale::Unacked));
}

#[test]
fn a_result_leaves_when_its_key_expires_or_is_deleted() {
    let mut stage = Stage::new();
    let worker = stage.worker();
    stage.send("app.add", &[1, 1]);
    let stored = stage.pass(1_000);
    stage.celery.kill_worker(worker);
    let life = stored.results[0].life.expect("results expire");
    assert_eq!(life.until - life.since, 86_400_000.0);
    let picture = stage.pass(86_400_000);
    assert!(picture.results.is_empty());
}

#[test]
fn the_feed_counts_what_repeats_and_marks_what_runs_in_a_transaction() {
    let mut stage = Stage::new();
    stage.celery = Simulation::new(Config { latency_ms: 1, ..Config::solo() }, 5);
    stage.worker();
    stage.pass(3_500);
    let lines = stage.scene.take_lines();
    let last = lines.last().expect("a worker says a lot");
    assert!(last.text.starts_with("BRPOP celery "), "{}", last.text);
    assert_eq!((last.who.as_str(), last.times > 1), ("w1@keyspace", true));
    stage.send("app.add", &[1, 1]);
    stage.pass(200);
    let lines = stage.scene.take_lines();
    let line = |name: &str| lines.iter().find(|line| line.text.starts_with(name)).expect("a line");
    assert!(line("HSET unacked").in_multi);
    assert!(!line("LPUSH celery").in_multi);
    assert_eq!(line("LPUSH celery").token, line("HSET unacked").token);
    assert_eq!(line("HSET unacked").weight, Weight::Message);
    assert_eq!(line("PING").weight, Weight::Housekeeping);
}

#[test]
fn workers_that_wait_do_not_flood_the_feed() {
    let mut stage = Stage::new();
    stage.worker();
    stage.worker();
    stage.pass(60_500);
    let lines = stage.scene.take_lines();
    let polls: Vec<u32> =
        lines.iter().filter(|line| line.text.starts_with("BRPOP")).map(|line| line.times).collect();
    assert_eq!(polls, [61, 61]);
}

#[test]
fn a_message_opens() {
    let mut stage = Stage::new();
    let picture = stage.send("app.add", &[2, 3]);
    let token = &picture.queues[0].tokens.first[0];
    let detail = stage.scene.detail(token.id).expect("the message is known");
    assert!(detail.headers.contains(&("task".to_owned(), "\"app.add\"".to_owned())));
    assert!(detail.properties.iter().any(|(name, _)| name == "delivery_tag"));
    assert_eq!(detail.body[0], ("args".to_owned(), "[2, 3]".to_owned()));
    assert_eq!(stage.scene.detail(9_999), None);
}

/// Whoever looks puts every unacknowledged message back.
fn impatient() -> Config {
    let broker_transport_options =
        TransportOptions { visibility_timeout: 0.0, ..TransportOptions::default() };
    Config { broker_transport_options, ..Config::solo() }
}
