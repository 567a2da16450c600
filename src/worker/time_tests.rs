//! The past of a session, and what is done to Celery in it, as a page drives them.

use super::{Input, Session};
use crate::backend::{
    ClientEvent, ClockAction, ConsoleId, FeedItem, Happening, Request, TimeRequest, TimeState,
    Update,
};
use crate::celery::picture::Picture;
use crate::celery::timeline::TimelineQuery;
use crate::celery::{self, Look, lab};
use celery_sim::{Act, Fault, TaskCall, scenario};
use serde_bytes::ByteBuf;

const CONSOLE: ConsoleId = ConsoleId(1);
const START: f64 = 1_000_000.0;

/// A session and the real time, which passes in steps as a browser's does.
struct Page {
    session: Session,
    real: f64,
    told: Vec<Update>,
}

impl Page {
    fn new() -> Page {
        let mut page = Page { session: Session::new(3, START), real: START, told: Vec::new() };
        page.ask(Request::Connect { console: CONSOLE, db: 0 });
        page
    }

    fn ask(&mut self, request: Request) {
        self.session.handle(request, self.real);
        self.hear();
    }

    fn time(&mut self, request: TimeRequest) {
        self.ask(Request::Time(request));
    }

    fn act(&mut self, act: Act) {
        self.session.turn(self.real);
        self.session.perform(Input::Act(Box::new(act)), self.real);
        self.session.turn(self.real);
        self.hear();
    }

    fn send(&mut self, task: &str, arg: i64) {
        let call = TaskCall::new(task, [arg, 1]);
        self.act(Act::Send { call, count: 1, get: true, name: String::new() });
    }

    fn hear(&mut self) {
        if let Some(batch) = self.session.take_batch(self.real) {
            self.told.extend(batch.updates);
        }
    }

    fn pass(&mut self, millis: f64) {
        let until = self.real + millis;
        while self.real < until {
            self.real = (self.real + 70.0).min(until);
            self.session.turn(self.real);
            self.hear();
        }
    }

    /// The reply to a command of the console.
    fn command(&mut self, line: &str) -> String {
        self.told.clear();
        let args = line.split(' ').map(|arg| ByteBuf::from(arg.as_bytes())).collect();
        self.ask(Request::Command { console: CONSOLE, args });
        let output = self.told.iter().filter_map(|update| match update {
            Update::Client { event: ClientEvent::Output(bytes), .. } => Some(bytes.to_vec()),
            _ => None,
        });
        String::from_utf8_lossy(&output.collect::<Vec<_>>().concat()).into_owned()
    }

    /// Everything that the server holds and has done at the moment that is shown.
    fn state(&mut self) -> String {
        let world = &mut self.session.run.moment.world;
        let mut parts = vec![format!("{}", world.engine.now().0)];
        for command in [&["INFO", "commandstats"][..], &["INFO", "keyspace"], &["CLIENT", "LIST"]] {
            parts.push(format!("{:?}", world.ask(0, command)));
        }
        for key in ["celery", "unacked", "unacked_index", "log"] {
            parts.push(format!("{:?}", world.ask(0, &["DUMP", key])));
        }
        parts.join("\n")
    }

    fn last<T>(&self, find: impl Fn(&Update) -> Option<T>) -> Option<T> {
        self.told.iter().rev().find_map(find)
    }

    fn time_state(&self) -> TimeState {
        let state = |update: &Update| match update {
            Update::Time(state) => Some((**state).clone()),
            _ => None,
        };
        self.last(state).expect("the page was told")
    }

    /// Some workers, tasks, commands and a fault.
    fn busy() -> Page {
        let mut page = Page::new();
        page.act(Act::StartWorker);
        page.act(Act::StartWorker);
        page.pass(900.0);
        for n in 0..6 {
            page.send("app.add", n);
            page.command(&format!("RPUSH log {n}"));
            page.pass(700.0);
        }
        page.act(Act::Fault(Fault::Kill("w1".to_owned())));
        page.pass(4_000.0);
        page.command("EVAL return(redis.call('RPUSH','log','lua')) 0");
        page.pass(30_000.0);
        page
    }
}

#[test]
fn an_earlier_moment_is_what_it_was() {
    let mut page = Page::new();
    let mut seen = Vec::new();
    page.act(Act::StartWorker);
    for n in 0..12 {
        page.pass(450.0);
        page.send("app.add", n);
        page.pass(1_000.0);
        seen.push((page.session.clock.now(page.real), page.state()));
    }
    page.ask(Request::Clock(ClockAction::Toggle));
    for (at, state) in seen.iter().rev().chain(&seen) {
        page.time(TimeRequest::Visit(at.0 as f64));
        assert!(page.state() == *state, "the moment {} is another than it was", at.0);
        page.pass(500.0);
        assert!(page.state() == *state, "a moment that is looked at stands");
    }
    page.time(TimeRequest::Return);
    assert!(page.state() == seen[11].1, "the present is another than it was");
}

#[test]
fn an_earlier_moment_can_only_be_looked_at() {
    let mut page = Page::busy();
    page.time(TimeRequest::Visit(START + 3_000.0));
    assert!(page.told.iter().any(|it| matches!(it, Update::Moved { since: None, past: true, .. })));
    assert!(page.time_state().present.is_some());
    let state = page.state();
    assert_eq!(page.command("SET k v"), "");
    page.act(Act::StartWorker);
    let refused = |update: &Update| matches!(update, Update::Lab(lab::Update::Refused(_)));
    assert!(page.told.iter().any(refused));
    assert!(page.state() == state);
}

#[test]
fn the_past_is_played_again_up_to_the_present() {
    let mut page = Page::busy();
    let present = page.state();
    page.time(TimeRequest::Visit(START));
    page.ask(Request::Clock(ClockAction::Rate(10.0)));
    page.ask(Request::Clock(ClockAction::Toggle));
    page.pass(3_000.0);
    assert!(page.session.run.present().is_some(), "it is not at its end yet");
    page.pass(3_000.0);
    assert!(page.session.run.present().is_none());
    assert!(page.state() == present);
}

#[test]
fn the_run_goes_on_from_an_earlier_moment() {
    let mut page = Page::busy();
    let end = page.session.clock.now(page.real);
    page.time(TimeRequest::Visit(START + 2_000.0));
    let marks = page.time_state().marks.len();
    page.told.clear();
    page.time(TimeRequest::Fork);
    let moved = |update: &Update| match update {
        Update::Moved { since, consoles, past: false } => Some((*since, consoles.clone())),
        _ => None,
    };
    assert_eq!(page.last(moved), Some((Some(START + 2_000.0), vec![CONSOLE])));
    assert!(page.time_state().present.is_none());
    assert!(page.time_state().marks.len() < marks, "what came after is forgotten");
    assert_eq!(page.command("SET k v"), "+OK\r\n");
    page.time(TimeRequest::Visit(end.0 as f64));
    assert!(page.session.run.present().is_none(), "there is no such moment any more");
    page.ask(Request::Clock(ClockAction::Toggle));
    page.pass(5_000.0);
    assert_eq!(page.command("GET k"), "$1\r\nv\r\n");
}

/// The file of a run.
fn export(page: &mut Page) -> String {
    page.time(TimeRequest::Export);
    let file = |update: &Update| match update {
        Update::Exported(file) => Some(file.clone()),
        _ => None,
    };
    page.last(file).expect("a file").expect("the run is not too long")
}

#[test]
fn a_file_plays_the_run_again() {
    let mut page = Page::busy();
    page.ask(Request::Clock(ClockAction::Toggle));
    let present = page.state();
    let text = export(&mut page);
    let mut other = Page::new();
    other.command("SET mine 1");
    other.time(TimeRequest::Import(text.clone()));
    assert_eq!(other.time_state().said, None);
    assert_eq!(other.session.clock.now(other.real).0 as f64, START, "it begins at its beginning");
    assert!(other.session.run.present().is_some());
    other.time(TimeRequest::Return);
    assert!(other.state() == present);
    assert_eq!(export(&mut other), text, "and is the same file again");
    other.time(TimeRequest::Import("{}".to_owned()));
    assert!(other.time_state().said.is_some_and(|said| said.contains("no file of a run")));
    other.ask(Request::Clock(ClockAction::Toggle));
    assert_eq!(other.time_state().said, None, "it was said");
}

#[test]
fn a_client_that_connects_while_the_past_is_shown_is_connected_in_the_present() {
    let mut page = Page::new();
    page.command("SET k v");
    page.pass(1_000.0);
    page.time(TimeRequest::Visit(START));
    page.told.clear();
    page.ask(Request::Connect { console: CONSOLE, db: 0 });
    assert!(!page.told.iter().any(|update| matches!(update, Update::Lab(lab::Update::Refused(_)))));
    page.time(TimeRequest::Return);
    let connected = Update::Client { console: CONSOLE, event: ClientEvent::Connected };
    assert!(page.told.contains(&connected));
    assert_eq!(page.command("GET k"), "$1\r\nv\r\n");
}

#[test]
fn one_command_runs_at_a_time_also_in_the_past_and_the_same_follows() {
    let mut page = Page::new();
    page.act(Act::StartWorker);
    page.pass(300.0);
    page.ask(Request::Clock(ClockAction::Toggle));
    let begin = page.session.clock.now(page.real);
    page.send("app.add", 1);
    let mut states = Vec::new();
    for _ in 0..40 {
        page.told.clear();
        page.time(TimeRequest::StepCommand);
        let after = page.session.stopped_after.clone().expect("it says which command ran");
        let feed = page.told.iter().filter_map(|update| match update {
            Update::Feed(items) => Some(items),
            _ => None,
        });
        let is_command = |item: &&FeedItem| matches!(item.what, Happening::Command { .. });
        let ran = feed.flatten().filter(is_command).count();
        // EXEC runs those that were queued, and a script those that it calls.
        let runs_others = after == "EXEC" || after.starts_with("EVALSHA");
        assert!(ran == 1 || runs_others, "{ran} commands ran: {after}");
        states.push(page.state());
        if states.len() == 20 {
            // In the middle of things somebody else does something.
            page.command("RPUSH log x");
        }
    }
    let text = export(&mut page);
    page.time(TimeRequest::Visit(begin.0 as f64));
    page.time(TimeRequest::Return);
    assert!(page.state() == states[39], "the present is held where it stopped");
    let mut other = Page::new();
    other.time(TimeRequest::Import(text));
    other.time(TimeRequest::Return);
    for page in [&mut page, &mut other] {
        page.ask(Request::Clock(ClockAction::Skip(10_000.0)));
        page.pass(200.0);
    }
    assert_eq!(page.command("LRANGE log 0 -1"), "*1\r\n$1\r\nx\r\n");
}

#[test]
fn the_clock_stops_after_a_command_that_was_named() {
    let mut page = Page::new();
    page.time(TimeRequest::PauseOn("hset unacked".to_owned()));
    page.act(Act::StartWorker);
    page.pass(500.0);
    page.send("app.add", 1);
    page.pass(5_000.0);
    assert!(page.session.clock.is_paused());
    assert!(page.time_state().stopped_after.is_some_and(|it| it.starts_with("HSET unacked")));
    let held = page.session.run.moment.world.ask(0, &["HLEN", "unacked"]);
    assert_eq!(held, keyspace_resp::Value::Integer(1));
    page.time(TimeRequest::PauseOn(String::new()));
    page.ask(Request::Clock(ClockAction::Toggle));
    page.pass(5_000.0);
    let held = page.session.run.moment.world.ask(0, &["HLEN", "unacked"]);
    assert_eq!(held, keyspace_resp::Value::Integer(0), "it goes on");
}

#[test]
fn an_hour_passes_in_pieces_and_memory_stays_bounded() {
    let mut page = Page::new();
    for _ in 0..4 {
        page.act(Act::StartWorker);
    }
    page.pass(500.0);
    let before = page.session.clock.now(page.real);
    page.ask(Request::Clock(ClockAction::Skip(3_600_000.0)));
    assert!(page.session.clock.now(page.real) > before, "it is on its way");
    assert_eq!(page.session.next_turn_in(page.real), Some(0.0));
    page.pass(20_000.0);
    assert!(page.session.clock.now(page.real) >= before + 3_600_000);
    assert_ne!(page.session.next_turn_in(page.real), Some(0.0), "it has arrived");
    page.act(Act::ExitProducer);
    let state = page.time_state();
    assert!(state.kept <= state.kept_max && state.weight <= state.weight_max, "{state:?}");
    assert!(state.kept > 5, "{state:?}");
    page.time(TimeRequest::Visit(state.begin + 1_800_000.0));
    assert_eq!(page.session.run.moment.now().0 as f64, state.begin + 1_800_000.0);
}

#[test]
fn a_machine_that_sleeps_wakes_later_in_the_past_too() {
    let mut page = Page::new();
    page.act(Act::StartWorker);
    page.pass(500.0);
    page.act(Act::Fault(Fault::JumpClock { ms: 600_000 }));
    page.pass(1_000.0);
    let at = page.session.clock.now(page.real);
    assert!(at.0 as f64 >= START + 601_000.0);
    let state = page.state();
    page.send("app.add", 1);
    page.pass(1_000.0);
    page.time(TimeRequest::Visit(at.0 as f64));
    assert!(page.state() == state);
}

#[test]
fn a_script_that_runs_on_is_played_again_slice_by_slice() {
    let mut page = Page::new();
    let script = "local n = 0; while n < 3e6 do n = n + 1 end; redis.call('SET', 'n', n)";
    let args = ["EVAL", script, "0"].map(|arg| ByteBuf::from(arg.as_bytes())).to_vec();
    page.ask(Request::Command { console: CONSOLE, args });
    page.pass(10_000.0);
    assert_eq!(page.command("EXISTS n"), ":1\r\n");
    let state = page.state();
    let at = page.session.clock.now(page.real).0 as f64;
    page.pass(1_000.0);
    page.time(TimeRequest::Visit(START));
    page.time(TimeRequest::Visit(at));
    assert!(page.state() == state);
}

#[test]
fn a_scenario_is_played_step_by_step_and_what_there_was_comes_back() {
    let mut page = Page::new();
    page.command("SET mine 1");
    let scenario = &scenario::ALL[0];
    page.ask(Request::Celery(celery::Request::Begin(scenario.name.to_owned())));
    assert_eq!(page.session.run.moment.consoles(), [], "they connect anew");
    for _ in scenario.steps {
        page.ask(Request::Celery(celery::Request::NextStep));
        page.pass(20_000.0);
        assert!(page.session.clock.is_paused(), "a step stops the clock at its end");
    }
    let state = |update: &Update| match update {
        Update::Lab(lab::Update::Scenario(state)) => state.clone(),
        _ => None,
    };
    let state = page.last(state).expect("the page was told");
    assert_eq!(state.outcomes.len(), scenario.steps.len());
    let one = state.outcomes.iter().flat_map(|(one, _)| one);
    assert!(one.clone().count() > 3 && one.into_iter().all(|outcome| outcome.holds), "{state:?}");
    let text = export(&mut page);
    assert!(text.contains(scenario.name));

    page.ask(Request::Celery(celery::Request::Leave));
    assert_eq!(page.command("GET mine"), "$1\r\n1\r\n");
    let mut other = Page::new();
    other.time(TimeRequest::Import(text));
    other.time(TimeRequest::Return);
    let progress = other.session.run.moment.scenario.as_ref().expect("it is a scenario's");
    assert_eq!(progress.outcomes, state.outcomes);
    page.ask(Request::Celery(celery::Request::Begin("nothing".to_owned())));
    assert!(page.told.iter().any(|it| matches!(it, Update::Lab(lab::Update::Refused(_)))));
}

#[test]
fn both_sides_of_a_scenario_are_pictured_at_the_same_moment() {
    let mut page = Page::new();
    let query = TimelineQuery { span_ms: 30_000.0, until: None };
    page.ask(Request::Celery(celery::Request::Look(Look::Timeline(Some(query)))));
    page.ask(Request::Celery(celery::Request::Begin("killed".to_owned())));
    for _ in 0..2 {
        page.ask(Request::Celery(celery::Request::NextStep));
        page.pass(20_000.0);
    }
    // Acknowledged before the task runs, and after it ran.
    let unacked = |picture: &Picture| picture.unacked.entries.len();
    let one = page.last(|update| match update {
        Update::Celery(celery::Update::Picture(picture)) => Some(unacked(picture)),
        _ => None,
    });
    let other = page.last(|update| match update {
        Update::Celery(celery::Update::OtherPicture(picture)) => Some(unacked(picture)),
        _ => None,
    });
    assert_eq!((one, other), (Some(0), Some(1)));
    let one = page.last(|update| match update {
        Update::Celery(celery::Update::Timeline(timeline)) => Some(timeline.until),
        _ => None,
    });
    let other = page.last(|update| match update {
        Update::Celery(celery::Update::OtherTimeline(timeline)) => Some(timeline.until),
        _ => None,
    });
    assert!(one.is_some() && one == other, "{one:?} {other:?}");
}

#[test]
fn settings_are_checked_and_used_by_processes_that_start_later() {
    let mut page = Page::new();
    page.ask(Request::Celery(celery::Request::Check("task_ack_late = 1".to_owned())));
    let problems = |update: &Update| match update {
        Update::Lab(lab::Update::Problems(problems)) => Some(problems.len()),
        _ => None,
    };
    assert_eq!(page.last(problems), Some(2), "an unknown name, and no broker");
    let text = "broker_url = 'redis://localhost:6379/5'\n";
    page.act(Act::Configure(text.to_owned()));
    let config = |update: &Update| match update {
        Update::Lab(lab::Update::Config(config)) => Some(config.clone()),
        _ => None,
    };
    assert_eq!(page.last(config).as_deref(), Some(text));
}
