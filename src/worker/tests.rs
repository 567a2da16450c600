//! A session as a page drives it.

use super::Session;
use crate::backend::{
    ClientEvent, ClockAction, ConsoleId, Inspection, KeyKind, KeyQuery, KeyValue, Request, Sort,
    StreamGroup, Update,
};
use crate::celery;
use crate::celery::lab;
use crate::celery::picture::{Doing, Picture};
use crate::lessons;
use serde_bytes::ByteBuf;

const CONSOLE: ConsoleId = ConsoleId(1);

fn session() -> Session {
    let mut session = Session::new(1, 1_000.0);
    session.handle(Request::Connect { console: CONSOLE, db: 0 }, 1_000.0);
    session.take_batch(1_000.0).expect("the first batch says that the engine runs");
    session
}

fn command(session: &mut Session, line: &str, real: f64) {
    let args = line.split(' ').map(|arg| ByteBuf::from(arg.as_bytes())).collect();
    session.handle(Request::Command { console: CONSOLE, args }, real);
}

fn updates(session: &mut Session, real: f64) -> Vec<Update> {
    session.turn(real);
    session.take_batch(real).map(|batch| batch.updates).unwrap_or_default()
}

fn client_events(updates: Vec<Update>) -> Vec<ClientEvent> {
    let events = updates.into_iter().filter_map(|update| match update {
        Update::Client { event, .. } => Some(event),
        _ => None,
    });
    events.collect()
}

fn output(bytes: &str) -> ClientEvent {
    ClientEvent::Output(ByteBuf::from(bytes.as_bytes()))
}

/// The names of the keys that the page is told, if it is told any.
fn keys_told(session: &mut Session) -> Option<Vec<String>> {
    let mut windows = updates(session, 1_000.0).into_iter().filter_map(|update| match update {
        Update::Keys(window) => Some(window),
        _ => None,
    });
    let text = |name: &ByteBuf| String::from_utf8_lossy(name).into_owned();
    windows.next_back().map(|window| window.rows.iter().map(|row| text(&row.name)).collect())
}

#[test]
fn keys_stand_in_their_order_however_they_came_to_it() {
    const LINES: [&str; 10] = [
        "SET kb 1",
        "SET ka 1 EX 30",
        "SET kc 1 EX 10",
        "SET other 1",
        "SET kb 2",
        "EXPIRE kb 20",
        "RENAME kc kd",
        "DEL ka",
        "PERSIST kd",
        "SET ka 3 EX 5",
    ];
    let orders = [
        (Sort::Name, ["ka", "kb", "kd"]),
        (Sort::Changed, ["ka", "kd", "kb"]),
        (Sort::Expiry, ["ka", "kb", "kd"]),
    ];
    for (sort, expected) in orders {
        let mut session = session();
        let query = KeyQuery { db: 0, filter: "k".into(), sort, offset: 0, count: 10 };
        session.handle(Request::Watch(query.clone()), 1_000.0);
        let mut last = None;
        for line in LINES {
            command(&mut session, line, 1_000.0);
            last = keys_told(&mut session);
        }
        assert_eq!(last.as_deref(), Some(&expected.map(str::to_owned)[..]), "{sort:?}");
        // The same, looked for as a whole.
        session.handle(Request::Watch(KeyQuery { filter: "x".into(), ..query.clone() }), 1_000.0);
        assert_eq!(keys_told(&mut session), Some(Vec::new()));
        session.handle(Request::Watch(query), 1_000.0);
        assert_eq!(keys_told(&mut session), last, "{sort:?}");
    }
}

#[test]
fn replies_come_in_one_piece_a_batch() {
    let mut session = session();
    command(&mut session, "SET k v", 1_001.0);
    command(&mut session, "GET k", 1_001.0);
    assert_eq!(client_events(updates(&mut session, 1_001.0)), [output("+OK\r\n$1\r\nv\r\n")]);
}

#[test]
fn a_blocked_client_is_told_from_when_until_when() {
    let mut session = session();
    command(&mut session, "BRPOP q 2", 1_000.0);
    let blocked = ClientEvent::Blocked { since: 1_000.0, until: Some(3_000.0) };
    assert_eq!(client_events(updates(&mut session, 1_000.0)), [blocked]);
    assert_eq!(session.next_turn_in(1_500.0), Some(1_500.0));
    let events = client_events(updates(&mut session, 3_000.0));
    assert_eq!(events, [output("*-1\r\n"), ClientEvent::Unblocked]);
}

#[test]
fn connecting_anew_gives_up_waiting() {
    let mut session = session();
    command(&mut session, "BRPOP q 0", 1_000.0);
    session.handle(Request::Connect { console: CONSOLE, db: 0 }, 1_100.0);
    command(&mut session, "PING", 1_200.0);
    let blocked = ClientEvent::Blocked { since: 1_000.0, until: None };
    let events = client_events(updates(&mut session, 1_200.0));
    assert_eq!(events, [blocked, ClientEvent::Connected, output("+PONG\r\n")]);
}

#[test]
fn a_script_that_runs_on_is_told_of_and_ends_with_its_connection() {
    let mut session = session();
    let script = ["EVAL", "while true do end", "0"];
    let args = script.map(|arg| ByteBuf::from(arg.as_bytes())).to_vec();
    session.handle(Request::Command { console: CONSOLE, args }, 1_000.0);
    assert_eq!(session.next_turn_in(1_001.0), Some(0.0), "it goes on between messages");
    session.handle(Request::Connect { console: CONSOLE, db: 0 }, 1_100.0);
    command(&mut session, "PING", 1_200.0);
    let running = ClientEvent::Running { since: 1_000.0 };
    let events = client_events(updates(&mut session, 1_200.0));
    assert_eq!(events, [running, ClientEvent::Connected, output("+PONG\r\n")]);
}

#[test]
fn a_step_runs_what_is_due() {
    let mut session = session();
    command(&mut session, "BRPOP q 60", 1_000.0);
    updates(&mut session, 1_000.0);
    session.handle(Request::Clock(ClockAction::Step), 1_010.0);
    let updates = updates(&mut session, 1_010.0);
    assert!(updates.iter().any(|update| matches!(update, Update::Clock(state) if state.paused)));
    assert_eq!(client_events(updates)[0], output("*-1\r\n"));
    assert_eq!(session.next_turn_in(9_999.0), None);
}

#[test]
fn nothing_new_is_no_batch() {
    let mut session = session();
    session.handle(Request::Watch(KeyQuery { count: 10, ..KeyQuery::default() }), 1_000.0);
    assert!(session.take_batch(1_000.0).is_some());
    session.turn(2_000.0);
    assert!(session.take_batch(2_000.0).is_none());
}

/// What the page is told of a key.
fn inspect(session: &mut Session, name: &str) -> (KeyKind, u64, KeyValue) {
    let name = ByteBuf::from(name.as_bytes());
    session.handle(Request::Inspect(Some(Inspection { db: 0, name, limit: 2 })), 1_000.0);
    let mut updates = updates(session, 1_000.0).into_iter();
    let detail = updates.find_map(|update| match update {
        Update::Key { detail, .. } => detail,
        _ => None,
    });
    let detail = detail.expect("the key exists");
    (detail.kind, detail.size, detail.value)
}

#[test]
fn a_key_shows_what_it_holds_by_its_type() {
    let mut session = session();
    let text = |text: &str| ByteBuf::from(text.as_bytes());
    let pairs = |one: &str, other: &str| vec![(text(one), text(other))];
    for (line, kind, size, value) in [
        ("SET k v", KeyKind::String, 1, KeyValue::String(text("v"))),
        ("RPUSH k a b c", KeyKind::List, 3, KeyValue::List(vec![text("a"), text("b")])),
        ("SADD k 1", KeyKind::Set, 1, KeyValue::Set(vec![text("1")])),
        (
            "ZADD k 1.5 m",
            KeyKind::SortedSet,
            1,
            KeyValue::SortedSet(vec![(text("m"), "1.5".into())]),
        ),
        (
            "XADD k 1-1 f v",
            KeyKind::Stream,
            1,
            KeyValue::Stream { entries: vec![("1-1".into(), pairs("f", "v"))], groups: Vec::new() },
        ),
        (
            "ARMSET k 7 a 18446744073709551614 b",
            KeyKind::Array,
            2,
            KeyValue::Array(vec![
                ("7".into(), text("a")),
                ("18446744073709551614".into(), text("b")),
            ]),
        ),
    ] {
        command(&mut session, "DEL k", 1_000.0);
        command(&mut session, line, 1_000.0);
        assert_eq!(inspect(&mut session, "k"), (kind, size, value), "{line}");
    }
}

#[test]
fn a_stream_shows_the_groups_that_read_it() {
    let mut session = session();
    for line in [
        "XADD s 1-1 f v",
        "XADD s 2-1 f v",
        "XGROUP CREATE s readers 0",
        "XREADGROUP GROUP readers one COUNT 1 STREAMS s >",
    ] {
        command(&mut session, line, 1_000.0);
    }
    let groups = |session: &mut Session| match inspect(session, "s").2 {
        KeyValue::Stream { groups, .. } => groups,
        other => panic!("{other:?}"),
    };
    let readers = StreamGroup {
        name: ByteBuf::from(b"readers".to_vec()),
        consumers: "1".to_owned(),
        pending: "1".to_owned(),
        lag: "1".to_owned(),
        last_delivered_id: "1-1".to_owned(),
    };
    assert_eq!(groups(&mut session), std::slice::from_ref(&readers));
    command(&mut session, "XACK s readers 1-1", 1_000.0);
    let told = updates(&mut session, 1_000.0);
    assert!(told.iter().any(|update| matches!(update, Update::Key { .. })), "it is told anew");
    assert_eq!(groups(&mut session)[0].pending, "0");
}

/// The picture after Celery ran for some seconds of real time.
fn picture(session: &mut Session, from: f64, until: f64) -> Picture {
    let mut picture = None;
    let mut real = from;
    while real < until {
        for update in updates(session, real) {
            if let Update::Celery(celery::Update::Picture(drawn)) = update {
                picture = Some(*drawn);
            }
        }
        real += 50.0;
    }
    picture.expect("something changed")
}

#[test]
fn a_task_comes_back_as_a_result() {
    let mut session = session();
    session.handle(Request::Celery(celery::Request::StartWorker), 1_000.0);
    session.handle(Request::Celery(celery::Request::Send(celery::Task::Add)), 1_000.0);
    let picture = picture(&mut session, 1_000.0, 9_000.0);
    assert_eq!(picture.results[0].text, "5");
    assert_eq!(picture.reads[0].got.as_ref().map(|got| got.ok), Some(true));
    assert!(picture.unacked.is_empty());
}

/// What was told last of the answers to remote control.
fn answers(session: &mut Session, from: f64, until: f64) -> Vec<lab::Answer> {
    let steps = (from as u32..until as u32).step_by(50);
    let told = steps.flat_map(|real| updates(session, f64::from(real)));
    let answers = told.filter_map(|update| match update {
        Update::Lab(lab::Update::Answers(answers)) => Some(answers),
        _ => None,
    });
    answers.last().expect("there were answers")
}

#[test]
fn what_workers_answer_to_remote_control_is_told_as_python() {
    let mut session = session();
    session.handle(Request::Celery(celery::Request::StartWorker), 1_000.0);
    let text = "app.control.inspect().ping()\napp.control.pool_grow(2, reply=True)\n\
                app.control.heartbeat()";
    let calls = celery::Request::Calls { text: text.to_owned(), make: true };
    session.handle(Request::Celery(calls), 2_000.0);
    let told = answers(&mut session, 2_000.0, 2_600.0);
    assert!(told.iter().all(|answer| answer.waits == answer.wants), "{told:?}");
    let told = answers(&mut session, 2_600.0, 5_000.0);
    let [heartbeat, grow, ping] = told.as_slice() else { panic!("three calls: {told:?}") };
    assert!(!heartbeat.wants && heartbeat.replies.is_empty());
    assert_eq!(grow.call, "app.control.pool_grow(2, reply=True)");
    assert_eq!(
        grow.replies,
        [lab::Reply {
            worker: "w1@keyspace".to_owned(),
            says: r#"{'error': 'AttributeError("\'TaskPool\' object has no attribute \'grow\'")'}"#
                .to_owned(),
            is_error: true,
        }]
    );
    assert_eq!((ping.call.as_str(), ping.waits), ("app.control.inspect().ping()", false));
    assert_eq!(ping.replies[0].says, "{'ok': 'pong'}");
}

#[test]
fn a_goal_is_told_of_once_when_it_is_reached() {
    let mut session = session();
    let place = lessons::Place::from_address("strings/1").expect("a step");
    let step = &lessons::all()[place.lesson].steps[place.step];
    session.handle(Request::Goal(Some(step.goal.conditions.clone())), 1_000.0);
    let mut told = |line: &str, real: f64| {
        command(&mut session, line, real);
        updates(&mut session, real).contains(&Update::GoalReached)
    };
    assert!(!told("SET greeting goodbye", 1_000.0));
    assert!(told("SET greeting hello", 1_001.0));
    assert!(!told("GET greeting", 1_002.0));
}

#[test]
fn a_paused_clock_stops_celery() {
    let mut session = session();
    session.handle(Request::Clock(ClockAction::Toggle), 1_000.0);
    session.handle(Request::Celery(celery::Request::StartWorker), 1_000.0);
    let picture = picture(&mut session, 1_000.0, 9_000.0);
    assert_eq!(picture.workers[0].doing, Doing::Connecting);
    assert_eq!(session.next_turn_in(9_000.0), None);
}

#[test]
fn what_a_console_does_to_the_queue_is_read_again() {
    let mut session = session();
    command(&mut session, "RPUSH celery a b c", 1_000.0);
    command(&mut session, "LREM celery 1 b", 1_001.0);
    let picture = picture(&mut session, 1_001.0, 1_100.0);
    let tokens = &picture.queues[0].tokens;
    let labels: Vec<_> = tokens.first.iter().chain(&tokens.last).map(|it| &*it.label).collect();
    assert_eq!(labels, ["a", "c"]);
}
