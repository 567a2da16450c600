//! The scene as it follows the simulation, and people at a console, on an engine.

use super::*;
use crate::celery::picture::{Doing, Group, Picture, Worker};
use crate::celery::tasks::{TaskQuery, TaskState};
use crate::celery::timeline::{Cause, Outcome, Timeline, TimelineQuery};
use celery_sim::{
    ActorId, Config, ExchangeType, Publication, QueueDefinition, Simulation, TaskCall,
    TransportOptions,
};
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
        Stage::of(config, engine, console)
    }

    fn of(config: Config, engine: Engine, console: ClientId) -> Stage {
        let scene = Scene::new(Settings::of(&config));
        Stage { engine, celery: Simulation::new(config, 5), scene, console, now: START }
    }

    /// The same stage with another configuration, before anything happened.
    fn with(self, config: Config) -> Stage {
        Stage::of(config, self.engine, self.console)
    }

    fn pass(&mut self, millis: i64) -> Picture {
        self.now = self.now + millis;
        self.celery.run(&mut self.engine, self.now);
        self.scene.identify(&self.celery.snapshot());
        self.scene.hear(self.celery.take_reports());
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

/// What a worker runs, and where.
fn running(worker: &Worker) -> Vec<&str> {
    worker.slots.iter().map(|slot| slot.token.label.as_str()).collect()
}

fn taken(picture: &Picture) -> Vec<&str> {
    picture.unacked.entries.iter().map(|entry| entry.token.label.as_str()).collect()
}

fn lines(stage: &mut Stage) -> Vec<Line> {
    stage.scene.feed.take()
}

fn stale(stage: &mut Stage) -> BTreeSet<Stale> {
    std::mem::take(&mut stage.scene.stale)
}

fn timeline(stage: &Stage, span_ms: f64) -> Timeline {
    let query = TimelineQuery { span_ms, until: None };
    let label = |token| stage.scene.messages.token(token).label;
    stage.scene.attempts.timeline(query, stage.now.0 as f64, label)
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
    assert_eq!(picture.flows[Path::Send as usize], 2);
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
    let picture = stage.send("app.add", &[2, 3]);
    assert!(picture.queues[0].tokens.is_empty());
    assert_eq!(taken(&picture), ["add(2, 3)"]);
    let worker = &picture.workers[0];
    assert_eq!(running(worker), ["add(2, 3)"]);
    assert_eq!(worker.doing, Doing::Running);
    assert_eq!(paths(&picture), [Path::Send, Path::Take, Path::Keep]);

    let done = stage.pass(1_000);
    assert!(done.unacked.is_empty());
    assert!(done.workers[0].slots.is_empty());
    assert_eq!(done.workers[0].done, 1);
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
    assert_eq!(taken(&picture), ["slow(60)"]);
    assert!(picture.unacked.entries[0].orphan);
}

#[test]
fn a_restored_message_is_the_same_token_again() {
    let mut stage = Stage::new();
    stage = stage.with(impatient());
    let worker = stage.worker();
    let before = stage.send("app.slow", &[60]);
    stage.celery.kill_worker(worker);
    stage.pass(10);
    stage.worker();
    let after = stage.pass(0);
    assert!(paths(&after).contains(&Path::Restore));
    let (before, after) = (&before.workers[0].slots[0], &after.workers[1].slots[0]);
    assert_eq!(before.token.id, after.token.id);
    assert!(after.token.redelivered);
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
    assert_eq!((tokens.first.len(), tokens.hidden, tokens.last.len()), (2, 44, 4));
    assert_eq!(tokens.last[3].label, "add(0, 0)");
}

/// Queues of a topic and a fanout exchange, and a worker that has them all.
fn exchanges(stage: Stage) -> Stage {
    let queue = |name: &str, exchange: &str, exchange_type, routing_key: &str| QueueDefinition {
        name: name.to_owned(),
        exchange: exchange.to_owned(),
        exchange_type,
        routing_key: routing_key.to_owned(),
    };
    stage.with(Config {
        task_ms: 1_000,
        task_queues: vec![
            queue("mail", "media", ExchangeType::Topic, "mail.#"),
            queue("audit", "media", ExchangeType::Topic, "*.new"),
            queue("all", "everyone", ExchangeType::Fanout, "celery"),
        ],
        ..Config::solo()
    })
}

fn send_to(stage: &mut Stage, queue: &str, routing_key: &str) -> Picture {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let call = TaskCall::new("app.add", [2, 3]);
    let call = TaskCall { queue: said(queue), routing_key: said(routing_key), ..call };
    stage.celery.send_task(call);
    stage.pass(0)
}

/// What stands in the list of each queue, by its name.
fn queued(picture: &Picture) -> Vec<(&str, Vec<&str>)> {
    let queues = picture.queues.iter().filter(|queue| !queue.tokens.is_empty());
    queues.map(|queue| (queue.queue.as_str(), labels(&queue.tokens))).collect()
}

#[test]
fn a_message_that_an_exchange_delivers_to_two_queues_is_one_task_in_both() {
    let mut stage = exchanges(Stage::new());
    stage.type_in(r#"SADD _kombu.binding.media "*.new\x06\x16^[^\\.]+\\.new$\x06\x16audit""#);
    let picture = send_to(&mut stage, "mail", "mail.new");
    let both = [("audit", vec!["add(2, 3)"]), ("mail", vec!["add(2, 3)"])];
    assert_eq!(queued(&picture), both);
    assert_eq!(picture.flows[Path::Send as usize], 2);
    for name in ["audit", "mail"] {
        let token = stage.scene.queues[name.as_bytes()][0];
        let raw = stage.scene.messages.get(token).expect("it is drawn").raw.to_vec();
        stage.scene.queue_is(name.as_bytes(), &[raw]);
    }
    assert_eq!(queued(&stage.pass(0)), both, "reading the lists again changes nothing");
    let table = stage.scene.table(&TaskQuery { count: 9, ..TaskQuery::default() });
    assert_eq!((table.total, table.rows[0].state), (1, TaskState::Waiting));

    stage.worker();
    stage.worker();
    let picture = stage.pass(100);
    let running: Vec<_> = picture.workers.iter().map(running).collect();
    assert_eq!(running, [["add(2, 3)"], ["add(2, 3)"]]);
    let picture = stage.pass(2_000);
    assert!(picture.workers.iter().all(|it| it.slots.is_empty() && it.prefetched.is_empty()));
    assert_eq!(picture.workers.iter().map(|it| it.done).collect::<Vec<_>>(), [1, 1]);
    assert!(timeline(&stage, 10_000.0).links.is_empty(), "neither was sent again");
}

#[test]
fn what_a_fanout_exchange_delivers_runs_in_every_worker_that_listens() {
    let mut stage = exchanges(Stage::new());
    stage.worker();
    stage.worker();
    stage.pass(100);
    send_to(&mut stage, "all", "");
    let picture = stage.pass(100);
    let running: Vec<_> = picture.workers.iter().map(running).collect();
    assert_eq!(running, [["add(2, 3)"], ["add(2, 3)"]]);
    let picture = stage.pass(2_000);
    assert_eq!(picture.workers.iter().map(|it| it.done).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn replies_to_remote_control_are_no_tasks() {
    let mut stage = Stage::new();
    stage = stage.with(Config { worker_mingle: true, ..Config::solo() });
    stage.worker();
    stage.pass(2_000);
    stage.worker();
    let picture = stage.pass(5_000);
    let is_reply = |line: &Line| {
        line.text.starts_with("LPUSH ") && line.text.contains(celery_sim::keys::REPLY_EXCHANGE)
    };
    assert!(lines(&mut stage).iter().any(is_reply), "the one that was there replies");
    assert!(picture.workers.iter().all(|it| it.prefetched.is_empty() && it.slots.is_empty()));
    assert_eq!(picture.flows, [0; Path::ALL.len()]);
}

#[test]
fn a_message_that_calls_no_task_is_called_by_what_it_says() {
    let mut stage = exchanges(Stage::new());
    stage.celery.publish(Publication {
        exchange: "media".to_owned(),
        kind: ExchangeType::Topic,
        routing_key: "mail.new".to_owned(),
        body: serde_json::json!({"n": 1}),
        queues: vec![("mail.#".to_owned(), "mail".to_owned())],
    });
    stage.worker();
    stage.pass(0);
    let hops = stage.pass(0).hops;
    assert_eq!(hops[0].token.label, "message: {'n': 1}");
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
    stale(&mut stage);
    stage.type_in("LREM celery 1 b");
    assert_eq!(stale(&mut stage), BTreeSet::from([Stale::Queue(b"celery".to_vec())]));
    stage.scene.queue_is(b"celery", &[b"a".to_vec(), b"c".to_vec()]);
    let picture = stage.pass(0);
    assert_eq!(labels(&picture.queues[0].tokens), ["a", "c"]);
    stage.type_in("FLUSHALL");
    assert!(stale(&mut stage).contains(&Stale::Unacked));
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
    stage = stage.with(Config { latency_ms: 1, ..Config::solo() });
    stage.worker();
    stage.pass(3_500);
    let said = lines(&mut stage);
    let polls = said.iter().rfind(|line| line.text.starts_with("BRPOP celery "));
    let polls = polls.expect("a worker waits");
    assert_eq!((polls.who.as_str(), polls.times > 1), ("w1@keyspace", true));
    stage.send("app.add", &[1, 1]);
    stage.pass(200);
    let lines = lines(&mut stage);
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
    let lines = lines(&mut stage);
    let polls: Vec<u32> =
        lines.iter().filter(|line| line.text.starts_with("BRPOP")).map(|line| line.times).collect();
    assert_eq!(polls, [61, 61]);
}

#[test]
fn a_message_opens() {
    let mut stage = Stage::new();
    let picture = stage.send("app.add", &[2, 3]);
    let token = &picture.queues[0].tokens.first[0];
    let detail = stage.scene.described(token.id).expect("the message is known");
    assert!(detail.headers.contains(&("task".to_owned(), "\"app.add\"".to_owned())));
    assert!(detail.properties.iter().any(|(name, _)| name == "delivery_tag"));
    assert_eq!(detail.body[0], ("args".to_owned(), "[2, 3]".to_owned()));
    assert_eq!(stage.scene.described(9_999), None);
}

/// Whoever looks puts every unacknowledged message back.
fn impatient() -> Config {
    let broker_transport_options =
        TransportOptions { visibility_timeout: 0.0, ..TransportOptions::default() };
    Config { broker_transport_options, ..Config::solo() }
}

#[test]
fn who_waits_longest_is_first_in_line() {
    let mut stage = Stage::new();
    stage.worker();
    stage.pass(400);
    stage.worker();
    let places = |picture: &Picture| -> Vec<Option<u32>> {
        picture.workers.iter().map(|worker| worker.place).collect()
    };
    assert_eq!(places(&stage.pass(0)), [Some(1), Some(2)]);
    // After a second with nothing the first asks again, and is last.
    assert_eq!(places(&stage.pass(700)), [Some(2), Some(1)]);
}

#[test]
fn what_is_unacknowledged_says_whose_it_is_and_until_when() {
    let mut stage = Stage::new();
    stage.worker();
    let picture = stage.send("app.slow", &[60]);
    let entry = &picture.unacked.entries[0];
    assert_eq!((entry.by.as_str(), entry.orphan), ("w1", false));
    let since = START.0 as f64;
    assert_eq!(entry.life, Some(Span { since, until: since + 3_600_000.0 }));
    stage.type_in("ZADD unacked_index XX 0 none");
    assert!(stale(&mut stage).contains(&Stale::UnackedIndex));
}

#[test]
fn an_attempt_is_a_bar_from_when_it_was_taken_until_it_was_acknowledged() {
    let mut stage = Stage::new();
    stage = stage.with(Config { latency_ms: 10, task_ms: 1_000, ..Config::solo() });
    stage.worker();
    stage.pass(1_500);
    stage.send("app.add", &[1, 1]);
    stage.pass(5_000);
    let timeline = timeline(&stage, 10_000.0);
    let [row] = timeline.rows.as_slice() else { panic!("one worker: {:?}", timeline.rows) };
    let [bar] = row.bars.as_slice() else { panic!("one attempt: {:?}", row.bars) };
    assert_eq!(
        (row.worker.as_str(), bar.number, bar.outcome),
        ("w1@keyspace", 1, Outcome::Success)
    );
    let (Some(started), Some(ended), Some(closed)) = (bar.started, bar.ended, bar.closed) else {
        panic!("it is over: {bar:?}");
    };
    assert!(bar.taken < started && ended < closed, "{bar:?}");
    let stored = ended - started - 1_000.0;
    assert!(stored > 0.0 && stored < 500.0, "it ends when its result is stored: {bar:?}");
    let unacked: Vec<u32> = timeline.samples.iter().map(|sample| sample.unacked).collect();
    assert!(unacked.contains(&1) && unacked.last() == Some(&0), "{unacked:?}");
}

#[test]
fn a_lost_attempt_and_the_one_that_follows_it_are_linked() {
    let mut stage = Stage::new();
    stage = stage.with(impatient());
    let worker = stage.worker();
    stage.send("app.slow", &[60]);
    stage.celery.kill_worker(worker);
    stage.pass(10);
    stage.worker();
    stage.pass(10);
    let timeline = timeline(&stage, 60_000.0);
    assert_eq!(timeline.rows[0].bars[0].outcome, Outcome::Lost);
    assert_eq!(timeline.rows[1].bars[0].number, 2);
    let [link] = timeline.links.as_slice() else { panic!("one link: {:?}", timeline.links) };
    assert_eq!((link.from.0, link.to.0, link.cause), (0, 1, Cause::Restored));
}

#[test]
fn what_is_too_short_to_be_drawn_apart_is_one_bar() {
    let mut stage = Stage::new();
    stage.worker();
    for n in 0..200 {
        stage.send("app.add", &[n, n]);
    }
    stage.pass(200_000);
    let bars = |timeline: &Timeline| timeline.rows[0].bars.len();
    assert_eq!(bars(&timeline(&stage, 250_000.0)), 200);
    let far = timeline(&stage, 250_000_000.0);
    let count: u32 = far.rows[0].bars.iter().map(|bar| bar.count).sum();
    assert_eq!((bars(&far), count), (1, 200));
}

#[test]
fn the_table_has_every_task_and_finds_one() {
    let mut stage = Stage::new();
    stage.worker();
    stage.send("app.add", &[1, 1]);
    stage.send("app.boom", &[]);
    stage.send("app.slow", &[60]);
    stage.pass(2_500);
    let all = TaskQuery { count: 50, ..TaskQuery::default() };
    let table = stage.scene.table(&all);
    let rows: Vec<_> =
        table.rows.iter().map(|it| (it.label.as_str(), it.state, &*it.result)).collect();
    assert_eq!(
        rows,
        [
            ("slow(60)", TaskState::Running, ""),
            ("boom()", TaskState::Failure, "KeyError('boom')"),
            ("add(1, 1)", TaskState::Success, "2"),
        ]
    );
    assert_eq!(table.rows[2].runtime_ms, Some(1_000.0));
    let failed = TaskQuery { state: Some(TaskState::Failure), ..all.clone() };
    assert_eq!(stage.scene.table(&failed).total, 1);
    let found = TaskQuery { filter: "KEYERROR".to_owned(), ..all };
    assert_eq!(stage.scene.table(&found).rows[0].label, "boom()");
}

#[test]
fn a_message_tells_its_deliveries_and_the_commands_about_it() {
    let mut stage = Stage::new();
    stage.worker();
    let picture = stage.send("app.add", &[2, 3]);
    let token = picture.unacked.entries[0].token.id;
    stage.pass(1_500);
    let detail = stage.scene.described(token).expect("the message is known");
    let [attempt] = detail.attempts.as_slice() else { panic!("{:?}", detail.attempts) };
    assert_eq!((attempt.worker.as_str(), attempt.outcome), ("w1", Outcome::Success));
    assert!(attempt.acked.is_some());
    let names: Vec<&str> =
        detail.history.iter().filter_map(|deed| deed.text.split(' ').next()).collect();
    for name in ["LPUSH", "ZADD", "HSET", "SETEX", "PUBLISH", "ZREM", "HDEL"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
}

#[test]
fn channels_have_listeners_and_a_message_that_nobody_hears_is_told() {
    let mut stage = Stage::new();
    stage.worker();
    let picture = stage.send("app.slow", &[60]);
    let names: Vec<(&str, &[String])> =
        picture.channels.iter().map(|it| (&*it.name, &*it.listeners)).collect();
    assert!(names.contains(&("/0.celery.pidbox", &["w1".to_owned()])), "{names:?}");
    assert!(names.contains(&("celery-task-meta-…", &["producer".to_owned()])), "{names:?}");
    let picture = stage.type_in("PUBLISH nowhere hello");
    let last = picture.channels.last().expect("there are channels");
    assert_eq!((last.name.as_str(), last.last.map(|(_, heard)| heard)), ("nowhere", Some(0)));
}

#[test]
fn a_clone_goes_on_by_itself() {
    let mut stage = Stage::new();
    stage.worker();
    stage.send("app.add", &[1, 1]);
    let mut earlier = stage.scene.clone();
    stage.pass(2_000);
    earlier.changed = true;
    let picture = earlier.take_picture().expect("it is said to have changed");
    assert_eq!(taken(&picture), ["add(1, 1)"]);
    assert!(taken(&stage.pass(0)).is_empty());
    assert!(earlier.weight() > 0);
}

#[test]
fn ten_thousand_messages_are_drawn_as_a_few() {
    let mut stage = Stage::new();
    for n in 0..10_000 {
        let call = TaskCall::new("app.add", [n, n]);
        stage.celery.send_task(call);
    }
    let picture = stage.pass(0);
    assert_eq!(picture.queues[0].tokens.len(), 10_000);
    assert!(crate::backend::encode(&picture).len() < 8_000);
    assert!(paths(&picture).len() <= 2, "what moves at once is told as one");
}

#[test]
fn a_worker_says_that_its_connections_are_lost_until_it_has_them_again() {
    let mut stage = Stage::new();
    stage.worker();
    let doing = |picture: &Picture| picture.workers.first().map(|worker| worker.doing.clone());
    assert!(matches!(doing(&stage.pass(3_000)), Some(Doing::Parked(_))));
    stage.celery.refuse_connections_until(stage.now + 3_000);
    stage.type_in("CLIENT KILL TYPE NORMAL");
    stage.type_in("CLIENT KILL TYPE PUBSUB");
    assert_eq!(doing(&stage.pass(1_000)), Some(Doing::Disconnected));
    assert!(matches!(doing(&stage.pass(12_000)), Some(Doing::Parked(_))));
}
