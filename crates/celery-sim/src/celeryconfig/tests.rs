//! What users write, and what is said of it.

use super::{Parsed, Severity, parse, write};
use crate::config::{BeatEntry, Config, QueueOrder, TransportOptions, WorkerPool};
use crate::exchange::ExchangeType;
use crate::route::{QueueDefinition, Route};
use serde_json::json;

const URLS: &str = "broker_url = 'redis://localhost:6379/0'\n";

fn read(text: &str) -> Parsed {
    parse(&format!("{URLS}{text}"), &Config::default())
}

/// The settings of a text that is all right.
fn config(text: &str) -> Config {
    let parsed = read(text);
    assert_eq!(parsed.problems, [], "{text}");
    parsed.config
}

/// The only problem of a text: `E 1:5 message` or `W 1:5 message`, the first line of the text
/// being 1.
fn problem(text: &str) -> String {
    let parsed = read(text);
    assert_eq!(parsed.problems.len(), 1, "{text}: {:?}", parsed.problems);
    let problem = &parsed.problems[0];
    let severity = if problem.severity == Severity::Error { 'E' } else { 'W' };
    assert_eq!(parsed.is_usable(), severity == 'W');
    format!("{severity} {}:{} {}", problem.place.line - 1, problem.place.column, problem.message)
}

#[test]
fn an_ordinary_file_is_read() {
    let text = "
# Broker and results.
result_backend = \"redis://localhost:6379/1\"

task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_concurrency = 4
worker_pool = 'solo'
broker_transport_options = {
    'visibility_timeout': 12 * 60 * 60,   # half a day
    'priority_steps': list_of_steps,
}
";
    let text = text.replace("list_of_steps", "[9, 0, 5]");
    let read = config(&text);
    let expected = Config {
        result_db: Some(1),
        task_acks_late: true,
        task_reject_on_worker_lost: true,
        worker_prefetch_multiplier: 1,
        worker_concurrency: 4,
        worker_pool: WorkerPool::Solo,
        broker_transport_options: TransportOptions {
            visibility_timeout: 43_200.0,
            priority_steps: vec![0, 5, 9],
            ..TransportOptions::default()
        },
        ..Config::default()
    };
    assert_eq!(read, expected);
}

#[test]
fn without_a_backend_there_is_none_and_without_a_broker_there_is_a_warning() {
    assert_eq!(config("").result_db, None);
    assert_eq!(config("result_backend = None").result_db, None);
    assert_eq!(config("result_backend = 'disabled://'").result_db, None);
    let parsed = parse("", &Config::default());
    assert!(parsed.is_usable());
    assert!(parsed.problems[0].message.starts_with("broker_url is not set"));
}

#[test]
fn what_belongs_to_the_world_stays() {
    let world =
        Config { latency_ms: 15, worker_mingle: false, task_acks_late: true, ..Config::default() };
    let read = parse(URLS, &world).config;
    assert_eq!((read.latency_ms, read.worker_mingle), (15, false));
    assert!(!read.task_acks_late, "a setting that is not in the text has Celery's default");
}

#[test]
fn unknown_names_come_with_the_nearest() {
    assert_eq!(
        problem("task_ack_late = True"),
        "E 1:1 unknown setting task_ack_late: did you mean task_acks_late?"
    );
    assert_eq!(
        problem("\nfoo_bar = 1"),
        "E 2:1 unknown setting foo_bar: Celery has none of that name"
    );
    assert_eq!(
        problem("CELERY_ACKS_LATE = True"),
        "E 1:1 CELERY_ACKS_LATE is an old name, or Django's: write task_acks_late"
    );
    assert_eq!(
        problem("CELERYD_CONCURRENCY = 4"),
        "E 1:1 CELERYD_CONCURRENCY is an old name, or Django's: write worker_concurrency"
    );
    assert_eq!(
        problem("visibility_timeout = 60"),
        "E 1:1 visibility_timeout belongs into a dict: broker_transport_options = \
         {'visibility_timeout': ...}"
    );
    assert_eq!(
        problem("broker_transport_options = {'visibilty_timeout': 60}"),
        "E 1:29 broker_transport_options['visibilty_timeout'] is unknown: did you mean \
         'visibility_timeout'?"
    );
}

#[test]
fn known_names_that_are_not_simulated_say_so() {
    assert_eq!(
        problem("worker_max_tasks_per_child = 100"),
        "W 1:1 worker_max_tasks_per_child is known to Celery, but the simulation does not follow it"
    );
    assert!(problem("broker_transport_options = {'socket_keepalive': True}").starts_with("W 1:29"));
}

#[test]
fn wrong_types_say_what_is_expected() {
    for (text, expected) in [
        ("task_acks_late = 1", "E 1:18 task_acks_late takes True or False, not 1"),
        ("task_acks_late = 'yes'", "E 1:18 task_acks_late takes True or False, not the str 'yes'"),
        (
            "worker_concurrency = 0",
            "E 1:22 worker_concurrency takes a whole number from 1 to 32, not 0",
        ),
        (
            "worker_concurrency = '4'",
            "E 1:22 worker_concurrency takes a whole number from 1 to 32, not the str '4'",
        ),
        (
            "worker_prefetch_multiplier = 1.5",
            "E 1:30 worker_prefetch_multiplier takes a whole number from 0 to 100000, not 1.5",
        ),
        (
            "worker_pool = 'gevent'",
            "E 1:15 worker_pool takes 'solo' or 'prefork' or 'processes', not the str 'gevent'",
        ),
        (
            "result_expires = -1",
            "E 1:18 result_expires takes a number of seconds, or timedelta(...), not -1",
        ),
        (
            "task_default_queue = ''",
            "E 1:22 task_default_queue takes a name, as a str, not the str ''",
        ),
        (
            "task_default_rate_limit = '10/d'",
            "E 1:27 task_default_rate_limit takes a rate, as in '10/s', '100/m' or '1000/h', or None, not the str '10/d'",
        ),
        (
            "broker_transport_options = 3600",
            "E 1:28 broker_transport_options takes a dict, not 3600",
        ),
        (
            "broker_transport_options = {1: 2}",
            "E 1:29 a key of broker_transport_options takes a str, not 1",
        ),
        (
            "broker_transport_options = {\n 'priority_steps': [0, 'a']}",
            "E 2:24 broker_transport_options['priority_steps'][1] takes a whole number from 0 to 255, not the str 'a'",
        ),
        (
            "task_routes = {'app.add': 3}",
            "E 1:27 task_routes['app.add'] takes a name, as a str, not 3",
        ),
        (
            "result_backend = 1",
            "E 1:18 result_backend takes a URL, as in 'redis://localhost:6379/0', not 1",
        ),
    ] {
        assert_eq!(problem(text), expected);
    }
}

#[test]
fn bad_urls_are_pointed_at() {
    assert!(
        problem("result_backend = 'amqp://guest@localhost//'")
            .starts_with("E 1:19 result_backend: the server here is Redis, not amqp")
    );
    assert!(
        problem("result_backend = 'redis://localhost:6379/x'")
            .starts_with("E 1:42 result_backend: \"x\" is no database")
    );
}

#[test]
fn one_database_for_both_is_allowed_and_warned_of() {
    let text = "result_backend = 'redis://localhost/0'";
    assert!(problem(text).starts_with("W 1:18 broker and results share database 0"));
    assert_eq!(read(text).config.result_db, Some(0));
    let text = "result_backend = 'redis://cache:6379/0'";
    assert!(problem(text).starts_with("W 1:18 localhost:6379 and cache:6379 are one server here"));
}

#[test]
fn a_setting_that_is_set_twice_has_the_last_value() {
    let text = "task_acks_late = True\napp.conf.task_acks_late = False";
    assert_eq!(problem(text), "W 1:1 task_acks_late is set again in line 3");
    assert!(!read(text).config.task_acks_late);
}

#[test]
fn durations_may_be_timedeltas_and_none_is_for_ever() {
    assert_eq!(
        config("result_expires = timedelta(hours=1, seconds=5)").result_expires,
        Some(3605.0)
    );
    assert_eq!(config("result_expires = datetime.timedelta(1)").result_expires, Some(86_400.0));
    assert_eq!(config("result_expires = None").result_expires, None);
    assert_eq!(config("result_expires = 0").result_expires, None);
    assert!(
        problem("result_expires = timedelta(years=1)").starts_with("E 1:18 result_expires takes")
    );
}

#[test]
fn routes_and_schedules_are_read() {
    let read = config(
        "task_routes = {'app.mail.*': {'queue': 'mail'}, 'app.add': 'sums'}
beat_schedule = {
    'add-every-30-seconds': {
        'task': 'app.add',
        'schedule': timedelta(seconds=30),
        'args': (16, 16),
        'kwargs': {'deep': {'a': [None, 1.5]}},
        'options': {'queue': 'sums', 'priority': 3, 'expires': 15.0},
    },
}",
    );
    assert_eq!(read.task_routes["app.mail.*"], Route::to_queue("mail"));
    assert_eq!(read.task_routes["app.add"], Route::to_queue("sums"));
    let entry = BeatEntry {
        task: "app.add".to_owned(),
        schedule: 30.0,
        args: vec![json!(16), json!(16)],
        kwargs: serde_json::from_str(r#"{"deep": {"a": [null, 1.5]}}"#).expect("JSON"),
        queue: Some("sums".to_owned()),
        priority: Some(3),
        expires: Some(15.0),
    };
    assert_eq!(read.beat_schedule["add-every-30-seconds"], entry);
    for (text, expected) in [
        ("{'a': {'schedule': 1}}", "takes a dict with a 'task'"),
        ("{'a': {'task': 'app.add'}}", "takes a dict with a 'schedule'"),
        ("{'a': {'task': 'app.add', 'schedule': crontab(hour=7)}}", "calendars are not simulated"),
        ("{'a': {'task': 'app.add', 'schedule': 0}}", "takes a number above 0"),
        ("{'a': {'tsak': 'app.add', 'schedule': 1}}", "did you mean 'task'?"),
        ("{'a': 3}", "takes a dict, not 3"),
    ] {
        let found = read_problems(&format!("beat_schedule = {text}"));
        assert!(found.iter().any(|it| it.contains(expected)), "{text}: {found:?}");
    }
}

fn read_problems(text: &str) -> Vec<String> {
    read(text).problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn every_problem_is_told_in_the_order_of_the_text() {
    let parsed = parse(
        "task_ack_late = True\nimport os\nworker_pool = 1\nbroker_url = 'x'",
        &Config::default(),
    );
    let lines: Vec<usize> = parsed.problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
    let long = format!("a = '{}'", "x".repeat(super::TEXT_MAX));
    assert!(parse(&long, &Config::default()).problems[0].message.contains("larger than"));
}

#[test]
fn what_is_written_reads_back_the_same() {
    assert_eq!(
        write(&Config { task_acks_late: true, ..Config::default() }),
        "broker_url = 'redis://localhost:6379/0'\nresult_backend = 'redis://localhost:6379/1'\n\
         task_acks_late = True\n"
    );
    let options = TransportOptions {
        visibility_timeout: 30.5,
        unacked_restore_interval: 1,
        unacked_restore_throttle: 2,
        unacked_restore_limit: Some(5),
        priority_steps: vec![0, 9],
        sep: "it's:\n".to_owned(),
        queue_order_strategy: QueueOrder::Sorted,
        global_keyprefix: "é\\".to_owned(),
        fanout_prefix: false,
        fanout_patterns: false,
        socket_timeout: Some(1.5),
        socket_connect_timeout: Some(2.0),
        max_connections: 3,
        health_check_interval: 0,
    };
    let entry = BeatEntry {
        task: "app.add".to_owned(),
        schedule: 0.25,
        args: vec![json!("a"), json!(null)],
        kwargs: serde_json::from_str(r#"{"x": [1, {"y": true}]}"#).expect("JSON"),
        queue: Some("q".to_owned()),
        priority: Some(9),
        expires: Some(3.0),
    };
    let everything = Config {
        broker_db: 3,
        result_db: Some(4),
        broker_transport_options: options,
        broker_connection_retry: false,
        broker_connection_max_retries: None,
        task_default_queue: "q".to_owned(),
        task_queues: vec![
            QueueDefinition::named("q"),
            QueueDefinition {
                name: "mail".to_owned(),
                exchange: "media".to_owned(),
                exchange_type: ExchangeType::Topic,
                routing_key: "mail.#".to_owned(),
            },
        ],
        task_routes: [
            ("a.*".to_owned(), Route::to_queue("b")),
            (
                "c".to_owned(),
                Route {
                    exchange: Some("media".to_owned()),
                    routing_key: Some("mail.new".to_owned()),
                    priority: Some(3),
                    ..Route::default()
                },
            ),
        ]
        .into(),
        task_acks_late: true,
        task_reject_on_worker_lost: true,
        task_acks_on_failure_or_timeout: false,
        task_track_started: true,
        task_ignore_result: true,
        task_time_limit: Some(30.0),
        task_soft_time_limit: Some(20.0),
        task_default_rate_limit: Some("10/m".to_owned()),
        task_default_priority: Some(3),
        task_queue_max_priority: Some(9),
        task_publish_retry: false,
        task_send_sent_event: true,
        result_expires: None,
        result_extended: true,
        worker_pool: WorkerPool::Solo,
        worker_concurrency: 7,
        worker_prefetch_multiplier: 0,
        worker_send_task_events: true,
        worker_enable_remote_control: false,
        worker_cancel_long_running_tasks_on_connection_loss: true,
        worker_soft_shutdown_timeout: 2.5,
        worker_disable_rate_limits: true,
        beat_schedule: [("x".to_owned(), entry.clone()), ("y".to_owned(), entry)].into(),
        ..Config::default()
    };
    let parsed = parse(&write(&everything), &Config::default());
    assert_eq!(parsed.problems, [], "{}", write(&everything));
    assert_eq!(parsed.config, everything);
}

#[test]
fn queues_are_bound_to_exchanges() {
    let read = config(
        "task_queues = (
    Queue('celery'),
    Queue('mail', Exchange('media', type='topic'), routing_key='mail.#'),
    kombu.Queue('all', exchange=Exchange('everyone', 'fanout')),
    Queue('sums', 'direct1', 'sum'),
)",
    );
    let queue = |name: &str, exchange: &str, exchange_type, routing_key: &str| QueueDefinition {
        name: name.to_owned(),
        exchange: exchange.to_owned(),
        exchange_type,
        routing_key: routing_key.to_owned(),
    };
    assert_eq!(
        read.task_queues,
        [
            queue("celery", "celery", ExchangeType::Direct, "celery"),
            queue("mail", "media", ExchangeType::Topic, "mail.#"),
            queue("all", "everyone", ExchangeType::Fanout, "celery"),
            queue("sums", "direct1", ExchangeType::Direct, "sum"),
        ]
    );
    for (text, expected) in [
        ("task_queues = ['mail']", "E 1:16 task_queues[0] takes a queue, as in Queue('mail', "),
        ("task_queues = [Queue()]", "E 1:16 task_queues[0] takes a queue, as in Queue('mail', "),
        ("task_queues = [Queue(5)]", "E 1:22 the name of task_queues[0] takes a name, as a str"),
        (
            "task_queues = [Queue('a', Exchange('b', type='headers'))]",
            "E 1:46 the type of the exchange of task_queues[0] takes 'direct' or 'topic' or 'fanout'",
        ),
        (
            "task_queues = [Queue('a', 5)]",
            "E 1:27 the exchange of task_queues[0] takes an exchange",
        ),
        (
            "task_queues = [Queue('a', max_length=5)]",
            "W 1:38 max_length of task_queues[0] is known",
        ),
        (
            "task_routes = {'app.add': {'exchange': 'media'}}",
            "E 1:27 task_routes['app.add'] takes a dict with a 'queue', or an 'exchange' and",
        ),
    ] {
        let found = problem(text);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
}
