//! Actors on an engine: what outlives them, what comes back, and that it is all the same each time.

use celery_sim::{Activity, Config, Simulation, TaskCall, TransportOptions, keys};
use keyspace::{ClientId, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};

const START: UnixMillis = UnixMillis(1_795_402_600_000);

struct World {
    engine: Engine,
    celery: Simulation,
    reader: ClientId,
    now: UnixMillis,
}

impl World {
    fn new(config: Config) -> World {
        let mut engine = Engine::new(Options { start: START, ..Options::default() });
        engine.observe(true);
        let reader = engine.connect(START);
        World { engine, celery: Simulation::new(config, 3), reader, now: START }
    }

    fn pass(&mut self, millis: i64) {
        self.now = self.now + millis;
        self.celery.run(&mut self.engine, self.now);
    }

    fn ask(&mut self, db: u8, command: &[&str]) -> Value {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &["SELECT".to_owned(), db.to_string()]);
        encode_command(&mut bytes, command);
        self.engine.receive(self.reader, &bytes, self.now);
        let (mut replies, _) =
            Value::decode_all(&self.engine.take_output(self.reader)).expect("RESP");
        replies.pop().expect("a reply")
    }

    fn count(&mut self, command: &[&str]) -> i64 {
        match self.ask(0, command) {
            Value::Integer(count) => count,
            other => panic!("{command:?} answers {other:?}"),
        }
    }

    fn result(&mut self, task_id: &str) -> Option<serde_json::Value> {
        let value = self.ask(1, &["GET", &keys::result(task_id)]);
        value.as_bytes().map(|meta| serde_json::from_slice(meta).expect("JSON"))
    }

    fn activity(&self, name: &str) -> Activity {
        let actors = self.celery.snapshot();
        actors.into_iter().find(|actor| actor.name == name).expect("an actor").activity
    }
}

/// kombu's settings for impatient people: look every second, give up on a message after five.
fn impatient() -> Config {
    let broker_transport_options = TransportOptions {
        visibility_timeout: 5.0,
        unacked_restore_interval: 1,
        unacked_restore_throttle: 1,
        ..TransportOptions::default()
    };
    Config { broker_transport_options, ..Config::solo() }
}

#[test]
fn a_killed_workers_message_is_restored_and_run_by_another() {
    let mut world = World::new(impatient());
    let first = world.celery.start_worker();
    world.pass(100);
    let task_id = world.celery.send_task(TaskCall::new("app.slow", [3]));
    world.pass(1_000);
    assert!(matches!(world.activity("w1@keyspace"), Activity::Running { .. }));
    world.celery.kill_worker(first);
    world.pass(0);
    assert_eq!(world.activity("w1@keyspace"), Activity::Killed);
    assert_eq!(world.count(&["HLEN", "unacked"]), 1);

    world.celery.start_worker();
    world.pass(3_000);
    assert_eq!(world.count(&["HLEN", "unacked"]), 1, "it is not given up yet");
    world.pass(2_000);
    assert!(matches!(world.activity("w2@keyspace"), Activity::Running { .. }));
    world.pass(3_000);
    assert_eq!(world.result(&task_id).unwrap()["result"], "slept 3");
    assert_eq!(world.count(&["EXISTS", "unacked", "unacked_index", "unacked_mutex"]), 0);
}

#[test]
fn a_message_that_is_restored_says_so_and_is_first_in_line() {
    let mut world = World::new(impatient());
    let worker = world.celery.start_worker();
    world.pass(100);
    world.celery.send_task(TaskCall::new("app.slow", [60]));
    world.pass(100);
    world.celery.kill_worker(worker);
    world.celery.send_task(TaskCall::new("app.add", [1, 1]));
    world.pass(6_000);
    world.celery.start_worker();
    world.pass(0);
    let Activity::Running { task, .. } = world.activity("w2@keyspace") else {
        panic!("the restored message is taken at once");
    };
    assert_eq!(task, "app.slow");
    let Value::Array(entries) = world.ask(0, &["HVALS", "unacked"]) else {
        panic!("unacked is a hash");
    };
    let entry: serde_json::Value = serde_json::from_slice(entries[0].as_bytes().unwrap()).unwrap();
    assert_eq!(entry[0]["headers"]["redelivered"], true);
    assert_eq!(entry[0]["properties"]["delivery_info"]["redelivered"], true);
}

#[test]
fn a_stopped_worker_finishes_its_task() {
    let mut world = World::new(Config::solo());
    let worker = world.celery.start_worker();
    world.pass(100);
    let task_id = world.celery.send_task(TaskCall::new("app.slow", [2]));
    world.pass(100);
    world.celery.stop_worker(worker);
    world.pass(1_000);
    assert!(world.result(&task_id).is_none());
    world.pass(2_000);
    assert_eq!(world.activity("w1@keyspace"), Activity::Stopped);
    assert_eq!(world.result(&task_id).unwrap()["status"], "SUCCESS");
    let clients = world.celery.snapshot()[0].clients.clone();
    assert!(clients.iter().all(|(client, _)| !world.celery.owns(*client)));
}

#[test]
fn a_held_message_runs_at_its_time_and_does_not_hold_up_others() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let call = TaskCall { countdown_ms: Some(5_000), ..TaskCall::new("app.add", [1, 2]) };
    let late = world.celery.send_task(call);
    let soon = world.celery.send_task(TaskCall::new("app.add", [3, 4]));
    world.pass(0);
    world.pass(4_999);
    assert_eq!(world.result(&soon).unwrap()["result"], 7);
    assert!(world.result(&late).is_none());
    assert_eq!(world.count(&["HLEN", "unacked"]), 1);
    world.pass(1);
    assert_eq!(world.result(&late).unwrap()["result"], 3);
}

#[test]
fn a_worker_that_stops_puts_held_messages_back() {
    let mut world = World::new(Config::solo());
    let worker = world.celery.start_worker();
    world.pass(100);
    let call = TaskCall { countdown_ms: Some(60_000), ..TaskCall::new("app.add", [1, 2]) };
    world.celery.send_task(call);
    world.pass(100);
    world.celery.stop_worker(worker);
    world.pass(2_000);
    assert_eq!(world.count(&["LLEN", "celery"]), 1);
    assert_eq!(world.count(&["EXISTS", "unacked", "unacked_index"]), 0);
}

#[test]
fn a_message_that_is_no_task_is_dropped_and_one_that_is_no_message_ends_the_worker() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let message = r#"{"body": "", "headers": {}, "properties": {"delivery_tag": "t",
        "delivery_info": {"exchange": "", "routing_key": "celery"}}}"#;
    world.ask(0, &["LPUSH", "celery", message]);
    world.pass(100);
    assert_eq!(world.activity("w1@keyspace"), Activity::Idle);
    assert_eq!(world.count(&["EXISTS", "celery", "unacked"]), 0);
    world.ask(0, &["LPUSH", "celery", "hello"]);
    world.pass(100);
    assert!(matches!(world.activity("w1@keyspace"), Activity::Crashed(_)));
}

#[test]
fn a_lost_connection_or_an_error_ends_a_worker() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    world.ask(0, &["CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes"]);
    world.pass(0);
    assert!(matches!(world.activity("w1@keyspace"), Activity::Crashed(_)));
    world.ask(0, &["SET", "celery", "no list"]);
    world.celery.start_worker();
    world.pass(100);
    let Activity::Crashed(error) = world.activity("w2@keyspace") else {
        panic!("LLEN fails on a string");
    };
    assert!(error.starts_with("WRONGTYPE"), "{error}");
}

#[test]
fn bytes_take_their_time() {
    let mut world = World::new(Config { latency_ms: 50, ..Config::solo() });
    world.celery.start_worker();
    world.pass(5_000);
    let task_id = world.celery.send_task(TaskCall::new("app.add", [2, 3]));
    world.pass(0);
    world.pass(49);
    assert!(world.celery.snapshot()[1].clients.is_empty(), "its first connection is under way");
    world.pass(10_000);
    assert_eq!(world.result(&task_id).unwrap()["result"], 5);
}

#[test]
fn the_same_seed_gives_the_same_events_also_from_a_checkpoint() {
    let play = |world: &mut World| {
        world.celery.send_task(TaskCall::new("app.boom", Vec::<i64>::new()));
        world.pass(777);
        world.engine.take_events()
    };
    let mut first = World::new(Config { latency_ms: 7, ..Config::solo() });
    first.celery.start_worker();
    first.pass(333);
    first.engine.take_events();
    let mut second = World {
        engine: first.engine.clone(),
        celery: first.celery.clone(),
        reader: first.reader,
        now: first.now,
    };
    let events = play(&mut first);
    assert!(!events.is_empty());
    assert_eq!(events, play(&mut second));
}
