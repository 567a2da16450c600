//! Actors on an engine: what outlives them, what comes back, and that it is all the same each time.

use celery_sim::calls::Program;
use celery_sim::{
    Activity, ActorKind, Canvas, Config, ControlCall, ExchangeType, QueueDefinition, Report, Role,
    Simulation, TaskCall, TransportOptions, What, WorkerPool, keys,
};
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
fn an_error_ends_a_worker() {
    let mut world = World::new(Config::solo());
    world.ask(0, &["SET", "celery", "no list"]);
    world.celery.start_worker();
    world.pass(100);
    let Activity::Crashed(error) = world.activity("w1@keyspace") else {
        panic!("LLEN fails on a string");
    };
    assert!(error.starts_with("WRONGTYPE"), "{error}");
}

#[test]
fn a_lost_connection_puts_back_what_is_unacknowledged_and_what_runs_runs_twice() {
    let mut world = World::new(Config { worker_concurrency: 1, ..quiet() });
    world.celery.start_worker();
    world.pass(100);
    let slow = world.celery.send_task(TaskCall::new("app.slow", [6]));
    let later = TaskCall { countdown_ms: Some(30_000), ..TaskCall::new("app.add", [1, 1]) };
    world.celery.send_task(later);
    world.pass(1_000);
    assert_eq!(world.count(&["HLEN", "unacked"]), 2);
    world.celery.take_reports();
    world.ask(0, &["CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes"]);
    world.pass(13_000);
    let starts = |report: &Report| matches!(report.what, What::Started { .. });
    let again = world.celery.take_reports();
    let again = again.iter().filter(|report| report.task_id == slow && starts(report));
    assert_eq!(again.count(), 1, "it was put back, taken again, and ran a second time");
    assert_eq!(world.result(&slow).unwrap()["result"], "slept 6");
    assert_eq!(world.count(&["HLEN", "unacked"]), 1, "the held one is held again");
}

#[test]
fn a_worker_of_one_thread_notices_a_lost_connection_when_its_task_is_done() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let slow = world.celery.send_task(TaskCall::new("app.slow", [3]));
    world.pass(500);
    world.ask(0, &["CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes"]);
    world.pass(1_000);
    assert!(matches!(world.activity("w1@keyspace"), Activity::Running { .. }));
    world.pass(3_000);
    assert_eq!(world.result(&slow).unwrap()["result"], "slept 3");
    assert_eq!(world.count(&["EXISTS", "unacked", "celery"]), 0, "it ran once");
    let again = world.celery.send_task(TaskCall::new("app.add", [2, 3]));
    world.pass(100);
    assert_eq!(world.result(&again).unwrap()["result"], 5);
}

#[test]
fn a_result_that_is_waited_for_arrives_though_the_server_was_away() {
    let mut world = World::new(quiet());
    world.celery.start_worker();
    world.pass(100);
    let slow = world.celery.send_task(TaskCall::new("app.slow", [8]));
    world.celery.get_result(&slow);
    world.pass(0);
    assert_eq!(world.activity("producer"), Activity::AwaitingResults(1));
    world.pass(1_000);
    world.celery.refuse_connections_until(world.now + 5_000);
    world.ask(0, &["CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes"]);
    world.ask(0, &["CLIENT", "KILL", "TYPE", "PUBSUB", "SKIPME", "yes"]);
    world.pass(15_000);
    assert_eq!(world.activity("producer"), Activity::Idle);
    assert_eq!(world.result(&slow).unwrap()["result"], "slept 8");
}

#[test]
fn a_call_that_cannot_be_sent_raises_and_the_program_goes_on() {
    let mut world = World::new(Config::solo());
    world.celery.refuse_connections_until(world.now + 5_000);
    world.celery.send_task(TaskCall::new("app.fire_and_forget", [1]));
    world.pass(0);
    world.pass(4_000);
    assert_eq!(world.activity("producer"), Activity::Idle);
    assert_eq!(world.celery.producer_errors().count(), 1);
    world.pass(2_000);
    world.celery.send_task(TaskCall::new("app.fire_and_forget", [1]));
    world.pass(0);
    assert_eq!(world.count(&["LLEN", "celery"]), 1);
}

#[test]
fn without_a_result_backend_nothing_is_stored_or_read() {
    let mut world = World::new(Config { result_db: None, ..Config::solo() });
    world.celery.start_worker();
    world.pass(100);
    let task_id = world.celery.send_task(TaskCall::new("app.add", [1, 1]));
    world.celery.get_result(&task_id);
    world.celery.send_task(TaskCall::new("app.nobody_knows", [1]));
    world.pass(0);
    assert_eq!(world.celery.producer_errors().count(), 1);
    assert_eq!(world.count(&["EXISTS", "celery", "unacked"]), 0);
    let roles: Vec<Role> = world
        .celery
        .snapshot()
        .into_iter()
        .flat_map(|actor| actor.clients.into_iter().map(|(_, role)| role))
        .collect();
    assert!(roles.iter().all(|role| role.is_broker()), "{roles:?}");
}

#[test]
fn whatever_the_numbers_of_a_message_are_nothing_breaks() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let call = TaskCall { eta_ms: Some(i64::MAX), ..TaskCall::new("app.slow", [1e300]) };
    world.celery.send_task(call);
    world
        .celery
        .send_task(TaskCall { countdown_ms: Some(i64::MIN), ..TaskCall::new("app.flaky", [1]) });
    let body = "W1tdLCB7fSwge31d";
    let message = format!(
        r#"{{"body": "{body}", "headers": {{"task": "app.flaky", "id": "x", "retries": 4294967296}},
        "properties": {{"delivery_tag": "t", "priority": 300, "body_encoding": "base64",
        "delivery_info": {{"exchange": "", "routing_key": "celery"}}}}}}"#
    );
    world.ask(0, &["LPUSH", "celery", &message]);
    world.pass(1_000);
    assert!(!world.activity("w1@keyspace").is_over());
}

#[test]
fn a_worker_connects_again_when_the_server_is_back() {
    let mut world = World::new(quiet());
    world.celery.start_worker();
    world.pass(100);
    world.celery.refuse_connections_until(world.now + 5_000);
    world.ask(0, &["CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "yes"]);
    world.pass(4_000);
    assert_eq!(world.activity("w1@keyspace"), Activity::Starting);
    world.pass(4_000);
    let task_id = world.celery.send_task(TaskCall::new("app.add", [2, 3]));
    world.pass(100);
    assert_eq!(world.result(&task_id).unwrap()["result"], 5);
}

#[test]
fn a_process_that_is_lost_fails_its_task_or_gives_it_back() {
    for gives_back in [false, true] {
        let config =
            Config { worker_concurrency: 1, task_reject_on_worker_lost: gives_back, ..quiet() };
        let mut world = World::new(config);
        let worker = world.celery.start_worker();
        world.pass(100);
        let task_id = world.celery.send_task(TaskCall::new("app.slow", [3]));
        world.pass(1_000);
        world.celery.kill_pool_process(worker, 0);
        world.pass(4_000);
        let result = world.result(&task_id).unwrap();
        match gives_back {
            false => assert_eq!(result["result"]["exc_type"], "WorkerLostError"),
            true => assert_eq!(result["result"], "slept 3"),
        }
        assert_eq!(world.count(&["HLEN", "unacked"]), 0);
    }
}

#[test]
fn limits_of_time_raise_in_a_task_and_kill_its_process() {
    let mut world = World::new(Config { task_time_limit: Some(2.0), ..quiet() });
    world.celery.start_worker();
    world.pass(100);
    let hard = world.celery.send_task(TaskCall::new("app.slow", [4]));
    let call = TaskCall { soft_time_limit: Some(1.0), ..TaskCall::new("app.slow", [4]) };
    let soft = world.celery.send_task(call);
    world.pass(0);
    world.pass(1_500);
    assert_eq!(world.result(&soft).unwrap()["result"]["exc_type"], "SoftTimeLimitExceeded");
    assert!(world.result(&hard).is_none());
    world.pass(1_000);
    assert_eq!(world.result(&hard).unwrap()["result"]["exc_type"], "TimeLimitExceeded");
    assert_eq!(world.count(&["HLEN", "unacked"]), 0);
}

#[test]
fn a_rate_limit_spreads_tasks_over_time() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let ids: Vec<String> =
        (0..3).map(|i| world.celery.send_task(TaskCall::new("app.limited", [i]))).collect();
    world.pass(0);
    let done = |world: &mut World| ids.iter().filter(|id| world.result(id).is_some()).count();
    assert_eq!(done(&mut world), 1);
    assert_eq!(world.count(&["HLEN", "unacked"]), 2, "they are taken, and wait in the worker");
    world.pass(2_000);
    assert_eq!(done(&mut world), 2);
    world.pass(2_000);
    assert_eq!(done(&mut world), 3);
}

#[test]
fn a_task_that_comes_too_late_is_revoked() {
    let mut world = World::new(Config::solo());
    let call = TaskCall { expires_ms: Some(1_000), ..TaskCall::new("app.add", [1, 1]) };
    let task_id = world.celery.send_task(call);
    world.pass(0);
    world.pass(2_000);
    world.celery.start_worker();
    world.pass(100);
    let result = world.result(&task_id).unwrap();
    assert_eq!(result["status"], "REVOKED");
    assert_eq!(result["result"]["exc_message"][0], "expired");
}

#[test]
fn a_cold_shutdown_puts_back_what_runs() {
    let mut world = World::new(quiet());
    let worker = world.celery.start_worker();
    world.pass(100);
    for _ in 0..2 {
        world.celery.send_task(TaskCall::new("app.slow", [3]));
    }
    world.pass(500);
    world.celery.stop_worker_cold(worker);
    world.pass(1_500);
    assert_eq!(world.activity("w1@keyspace"), Activity::Stopped);
    assert_eq!(world.count(&["LLEN", "celery"]), 2);
    assert_eq!(world.count(&["EXISTS", "unacked", "unacked_index"]), 0);
}

#[test]
fn a_pool_takes_as_many_messages_as_its_settings_say() {
    let config = Config { worker_concurrency: 2, worker_prefetch_multiplier: 2, ..quiet() };
    let mut world = World::new(Config { task_acks_late: true, ..config });
    world.celery.start_worker();
    world.pass(100);
    for _ in 0..6 {
        world.celery.send_task(TaskCall::new("app.slow", [3]));
    }
    world.pass(500);
    let workload = world.celery.snapshot()[0].workload.clone().expect("a worker has one");
    assert_eq!(workload.slots.iter().filter(|slot| slot.running.is_some()).count(), 2);
    assert_eq!(workload.prefetched.len(), 2);
    assert!(!workload.parked);
    assert_eq!(world.count(&["LLEN", "celery"]), 2);
}

/// What workers answer to a call, once it is over.
fn answers(world: &mut World, call: ControlCall) -> serde_json::Value {
    let id = world.celery.control(call);
    world.pass(2_500);
    let (_, answer) = world.celery.answers().find(|(it, _)| *it == id).expect("it is remembered");
    assert!(!answer.waits);
    answer.replies.clone().into()
}

#[test]
fn workers_are_called_by_name_or_by_pattern_and_all_that_is_wrong_is_answered() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.celery.start_worker();
    world.pass(100);
    let pong = serde_json::json!({"ok": "pong"});
    let ping = ControlCall::inspect("ping");
    assert_eq!(
        answers(&mut world, ping.clone()),
        serde_json::json!({"w1@keyspace": pong, "w2@keyspace": pong})
    );
    let by_name = ControlCall { destination: vec!["w2@keyspace".to_owned()], ..ping.clone() };
    assert_eq!(answers(&mut world, by_name), serde_json::json!({"w2@keyspace": pong}));
    let by_pattern = ControlCall {
        pattern: Some("w1@*".to_owned()),
        matcher: Some("glob".to_owned()),
        ..ping.clone()
    };
    assert_eq!(answers(&mut world, by_pattern), serde_json::json!({"w1@keyspace": pong}));
    let mut one = |method: &str, arguments: serde_json::Value| {
        let call = ControlCall {
            arguments: arguments.as_object().expect("an object").clone(),
            destination: vec!["w1@keyspace".to_owned()],
            ..ControlCall::inspect(method)
        };
        answers(&mut world, call)["w1@keyspace"].take()
    };
    assert_eq!(one("dump_revoked", serde_json::json!({})), serde_json::json!([]));
    let error = |text: &str| serde_json::json!({ "error": text });
    assert_eq!(one("nosuch", serde_json::json!({})), error("KeyError('nosuch')"));
    assert_eq!(
        one("election", serde_json::json!({})),
        error(
            "TypeError(\"election() missing 2 required positional arguments: 'id' and 'topic'\")"
        )
    );
    assert_eq!(
        one("active_queues", serde_json::json!({"x": 1})),
        error("TypeError(\"active_queues() got an unexpected keyword argument 'x'\")")
    );
    let revoke = serde_json::json!({"task_id": "a", "terminate": true});
    assert_eq!(one("revoke", revoke), serde_json::json!({"ok": "terminate: tasks unknown"}));
}

#[test]
fn a_worker_is_started_by_its_command_line_and_tells_its_figures() {
    let mut world = World::new(Config::solo());
    let run = |world: &mut World, line: &str| match celery_sim::command_line::parse(line) {
        Ok(Program::RunWorker(options)) => world.celery.run_worker(&options).map(|_| ()),
        other => panic!("{line}: {other:?}"),
    };
    let line =
        "celery -A app worker -n w1@%h -c 2 -P prefork -Q mail,celery --prefetch-multiplier 1";
    assert_eq!(run(&mut world, line), Ok(()));
    let twice = "w1@keyspace runs already: -n gives a worker another name";
    assert_eq!(run(&mut world, line), Err(twice.to_owned()));
    world.celery.start_worker();
    let names: Vec<String> = world.celery.figures().map(|figures| figures.name).collect();
    assert_eq!(names, ["w1@keyspace", "w2@keyspace"], "a name that is taken is not given");
    world.pass(100);
    world.pass(2_500);
    for _ in 0..3 {
        let call = TaskCall::new("app.slow", [3]);
        world.celery.send_task(TaskCall { queue: Some("mail".to_owned()), ..call });
    }
    world.pass(500);
    let figures = world.celery.figures().next().expect("w1");
    assert_eq!((figures.pool, figures.processes), (WorkerPool::Prefork, 2));
    assert_eq!((figures.active, figures.unacknowledged, figures.prefetch_limit), (2, 2, Some(2)));
    assert_eq!((figures.total, figures.queues), (2, vec!["mail".to_owned(), "celery".to_owned()]));
    assert_eq!(world.count(&["LLEN", "mail"]), 1);
}

/// Queues of a direct, a topic and a fanout exchange.
fn exchanges() -> Config {
    let queue = |name: &str, exchange: &str, exchange_type, routing_key: &str| QueueDefinition {
        name: name.to_owned(),
        exchange: exchange.to_owned(),
        exchange_type,
        routing_key: routing_key.to_owned(),
    };
    Config {
        task_queues: vec![
            QueueDefinition::named("celery"),
            queue("mail", "media", ExchangeType::Topic, "mail.#"),
            queue("audit", "media", ExchangeType::Topic, "*.new"),
            queue("news", "daily", ExchangeType::Direct, "n"),
            queue("all", "everyone", ExchangeType::Fanout, "celery"),
        ],
        ..impatient()
    }
}

fn to(queue: &str, exchange: &str, routing_key: &str) -> TaskCall {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    TaskCall {
        queue: said(queue),
        exchange: said(exchange),
        routing_key: said(routing_key),
        ..TaskCall::new("app.slow", [1])
    }
}

#[test]
fn messages_go_by_the_tables_of_exchanges_as_far_as_the_sender_knows_them() {
    let mut world = World::new(exchanges());
    let worker = world.celery.start_worker();
    world.pass(100);
    let member = "*.new\x06\x16^[^\\.]+\\.new$\x06\x16audit";
    assert_eq!(world.count(&["SISMEMBER", "_kombu.binding.media", member]), 1);
    world.celery.stop_worker(worker);
    world.pass(1_500);
    let mut lengths = |call: TaskCall| {
        world.celery.send_task(call);
        world.pass(100);
        ["celery", "mail", "audit", "news", "all"].map(|queue| world.count(&["LLEN", queue]))
    };
    let unknown = lengths(to("", "media", "mail.new"));
    assert_eq!(unknown, [0; 5], "who did not declare an exchange takes it for a direct one");
    assert_eq!(lengths(to("", "daily", "n")), [0, 0, 0, 1, 0]);
    assert_eq!(lengths(to("news", "", "")), [0, 0, 0, 2, 0]);
    assert_eq!(lengths(to("mail", "", "")), [0, 1, 0, 2, 0], "mail.# matches itself");
    assert_eq!(lengths(to("mail", "", "mail.new")), [0, 2, 1, 2, 0]);
    assert_eq!(lengths(to("", "media", "mail.new")), [0, 3, 2, 2, 0]);
    assert_eq!(lengths(to("", "media", "nothing")), [0, 3, 2, 2, 0], "it is dropped");
    assert_eq!(lengths(to("all", "", "")), [0, 3, 2, 2, 0], "nobody listens");
}

#[test]
fn a_producer_that_is_renewed_has_the_settings_that_there_are_then() {
    let mut world = World::new(quiet());
    let lengths = |world: &mut World| {
        world.celery.send_task(to("mail", "", "mail.new"));
        world.pass(100);
        ["mail", "audit"].map(|queue| world.count(&["LLEN", queue]))
    };
    assert_eq!(lengths(&mut world), [1, 0], "it takes mail for a queue like others");
    world.celery.configure(exchanges());
    let worker = world.celery.start_worker();
    world.pass(100);
    world.celery.kill_worker(worker);
    world.pass(100);
    let before = lengths(&mut world);
    assert_eq!(before[1], 0, "it was there before");
    world.celery.renew_producer();
    let after = lengths(&mut world);
    assert_eq!(after, [before[0] + 1, 1]);
    let producers = world.celery.snapshot().into_iter().filter(|it| it.kind == ActorKind::Producer);
    let over: Vec<bool> = producers.map(|it| it.activity.is_over()).collect();
    assert_eq!(over, [true, false]);
}

#[test]
fn a_fanout_exchange_reaches_every_worker_and_what_a_topic_exchange_sent_is_restored_to_all() {
    let mut world = World::new(exchanges());
    let first = world.celery.start_worker();
    world.celery.start_worker();
    world.pass(100);
    let runs = |world: &mut World, task_id: &str| {
        let reports = world.celery.take_reports();
        let of_task = reports.into_iter().filter(|report| report.task_id == task_id);
        of_task.filter(|report| matches!(report.what, What::Started { .. })).count()
    };
    let task_id = world.celery.send_task(to("all", "", ""));
    world.pass(500);
    assert_eq!(world.count(&["HLEN", "unacked"]), 1, "both have the same delivery tag");
    world.pass(1_500);
    assert_eq!(runs(&mut world, &task_id), 2);
    let call = TaskCall { args: vec![4.into()], ..to("mail", "", "mail.only") };
    let task_id = world.celery.send_task(call);
    world.pass(500);
    for name in ["w1@keyspace", "w2@keyspace"] {
        if let Activity::Running { .. } = world.activity(name) {
            let id = world.celery.worker_named(name).expect("it runs");
            world.celery.kill_worker(id);
        }
    }
    assert!(world.celery.is_over(first) || world.celery.workers().count() == 1);
    world.pass(15_000);
    assert_eq!(runs(&mut world, &task_id), 2, "it was restored by the exchange's table");
    assert_eq!(world.count(&["EXISTS", "unacked"]), 0);
}

#[test]
fn a_call_with_destinations_waits_for_no_more_replies_than_those() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let destination = vec!["w1@keyspace".to_owned()];
    let id = world.celery.control(ControlCall { destination, ..ControlCall::inspect("ping") });
    world.pass(100);
    let (_, answer) = world.celery.answers().find(|(it, _)| *it == id).expect("it is remembered");
    assert!(!answer.waits && answer.replies.len() == 1);
    let patient = ControlCall { timeout: 3.0, ..ControlCall::inspect("ping") };
    let id = world.celery.control(patient);
    let waits = |world: &World| {
        let answer = world.celery.answers().find(|(it, _)| *it == id);
        answer.is_some_and(|(_, answer)| answer.waits)
    };
    world.pass(2_500);
    assert!(waits(&world), "three seconds are not over");
    world.pass(1_500);
    assert!(!waits(&world));
}

#[test]
fn a_call_that_waits_for_less_than_a_second_turns_away_from_its_brpop() {
    let mut world = World::new(Config::solo());
    let mut ping = |timeout: f64| {
        let id = world.celery.control(ControlCall { timeout, ..ControlCall::inspect("ping") });
        world.pass(0);
        let mut elapsed = 0;
        while world.celery.answers().any(|(it, answer)| it == id && answer.waits) {
            world.pass(100);
            elapsed += 100;
        }
        elapsed
    };
    assert_eq!([ping(0.5), ping(0.0), ping(1.0)], [500, 0, 1_000]);
    assert_eq!(world.count(&["EXISTS", "_kombu.binding.reply.celery.pidbox"]), 0);
    world.celery.start_worker();
    world.pass(100);
    let id = world.celery.control(ControlCall { timeout: 0.2, ..ControlCall::inspect("ping") });
    world.pass(0);
    world.pass(300);
    let (_, answer) = world.celery.answers().find(|(it, _)| *it == id).expect("it is remembered");
    assert!(!answer.waits && answer.replies.len() == 1);
}

#[test]
fn a_worker_tells_its_settings_with_celerys_defaults_where_they_are_wanted() {
    let mut world = World::new(Config { worker_prefetch_multiplier: 7, ..Config::solo() });
    world.celery.start_worker();
    world.pass(100);
    let mut conf = |with_defaults: bool| {
        let mut call = ControlCall::inspect("conf");
        call.arguments.insert("with_defaults".to_owned(), with_defaults.into());
        let id = world.celery.control(call);
        world.pass(1_500);
        let mut answers = world.celery.answers();
        let (_, answer) = answers.find(|(it, _)| *it == id).expect("it is remembered");
        answer.replies["w1@keyspace"].clone()
    };
    let (set, all) = (conf(false), conf(true));
    assert_eq!(set["worker_prefetch_multiplier"], 7);
    assert_eq!(set["broker_url"], "redis://:********@localhost:6379/0");
    assert!(set.get("task_serializer").is_none());
    assert_eq!(
        (&all["task_serializer"], &all["worker_prefetch_multiplier"]),
        (&"json".into(), &7.into())
    );
    let names = |conf: &serde_json::Value| conf.as_object().map_or(0, serde_json::Map::len);
    assert_eq!(names(&all), 207);
}

#[test]
fn a_chord_whose_part_fails_fails() {
    let mut world = World::new(Config::solo());
    world.celery.start_worker();
    world.pass(100);
    let parts =
        vec![TaskCall::new("app.add", [1, 1]), TaskCall::new("app.boom", Vec::<i64>::new())];
    let body = Box::new(TaskCall::new("app.xsum", Vec::<i64>::new()));
    let called = world.celery.send_canvas(Canvas::Chord(parts, body));
    world.pass(500);
    let result = world.result(&called.results[0]).unwrap();
    assert_eq!(result["result"]["exc_type"], "ChordError");
}

/// A worker with a pool that says nothing to others.
fn quiet() -> Config {
    Config {
        worker_mingle: false,
        worker_gossip: false,
        worker_heartbeat: false,
        ..Config::default()
    }
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
