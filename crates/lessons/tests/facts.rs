//! Every lesson is true: its commands are answered as it says, a goal is reached by what its step
//! lets one do, and not before.

use keyspace::command::{self, Flag};
use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_lessons::parse::{Source, folder};
use keyspace_lessons::{Condition, Part, Progress};
use keyspace_resp::{Value, encode_command};
use keyspace_transcript::{Backend, Block, Connection, Received, run};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

fn lessons() -> Vec<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../www/lessons");
    folder(&path).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_command_is_answered_as_the_lesson_says_and_every_goal_is_reached_by_its_step() {
    let lessons = lessons();
    assert!(lessons.len() >= 16, "the lessons are where they are looked for");
    for Source { lesson, transcripts } in &lessons {
        let mut desk = Desk::new();
        for (step, transcript) in lesson.steps.iter().zip(transcripts) {
            let place = format!("{}, '{}'", lesson.id, step.title);
            desk.begin(Progress::new(step.goal.conditions.clone()));
            assert!(!desk.is_reached(), "{place}: the goal is reached before anything is done");
            run(&lesson.id, transcript, &mut desk).unwrap_or_else(|failure| panic!("{failure}"));
            assert!(desk.is_reached(), "{place}: what the step says does not reach its goal");
        }
    }
}

#[test]
fn every_step_says_something_and_has_something_to_do() {
    for Source { lesson, .. } in lessons() {
        assert!(!lesson.steps.is_empty() && lesson.summary.ends_with('.'), "{}", lesson.id);
        for step in &lesson.steps {
            let has = |wanted: fn(&Part) -> bool| step.parts.iter().any(wanted);
            assert!(has(|part| matches!(part, Part::Text(_))), "{}: {}", lesson.id, step.title);
            let does = has(|part| matches!(part, Part::Try(moves) if !moves.is_empty()));
            assert!(does, "{}: {}", lesson.id, step.title);
        }
    }
}

#[test]
fn to_look_whether_a_goal_is_reached_changes_nothing() {
    for Source { lesson, .. } in lessons() {
        for condition in lesson.steps.iter().flat_map(|step| &step.goal.conditions) {
            if let Condition::Answers { args, .. } = condition {
                let spec = command::lookup(args[0].as_bytes()).expect("a command that exists");
                let harmless = spec.flags.contains(&Flag::Readonly);
                assert!(harmless, "{}: a check must not run {}", lesson.id, args[0]);
            }
        }
    }
}

#[test]
fn addresses_of_lessons_are_their_own() {
    let lessons = lessons();
    let ids: BTreeSet<&str> = lessons.iter().map(|source| &*source.lesson.id).collect();
    assert_eq!(ids.len(), lessons.len());
}

/// An engine with a learner at it, and somebody who looks whether the goal is reached.
struct Desk {
    engine: Engine,
    observer: ClientId,
    /// The learner's clients, which stay from step to step.
    clients: Vec<ClientId>,
    /// How many of them the step has named.
    named: usize,
    progress: Progress,
}

impl Desk {
    fn new() -> Desk {
        let start = UnixMillis(1_700_000_000_000);
        let mut engine = Engine::new(Options { start, ..Options::default() });
        engine.observe(true);
        let options = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let observer = engine.connect_with(options, start);
        let progress = Progress::new(Vec::new());
        Desk { engine, observer, clients: Vec::new(), named: 0, progress }
    }

    fn begin(&mut self, progress: Progress) {
        self.progress = progress;
        self.named = 0;
    }

    fn is_reached(&mut self) -> bool {
        for event in self.engine.take_events() {
            self.progress.see(&event);
        }
        let (engine, observer) = (&mut self.engine, self.observer);
        self.progress.is_reached(|db, args| {
            let mut request = Vec::new();
            encode_command(&mut request, &["SELECT", &db.to_string()]);
            engine.receive(observer, &request, engine.now());
            engine.take_output(observer);
            request.clear();
            encode_command(&mut request, args);
            engine.receive(observer, &request, engine.now());
            let reply = engine.take_output(observer);
            Value::decode(&reply).expect("the engine speaks RESP").expect("an answer").0
        })
    }
}

impl Backend for Desk {
    fn connect(&mut self) -> io::Result<Connection> {
        if self.named == self.clients.len() {
            let client = self.engine.connect(self.engine.now());
            self.clients.push(client);
        }
        self.named += 1;
        Ok(self.named - 1)
    }

    fn send(&mut self, connection: Connection, bytes: &[u8]) -> io::Result<()> {
        let now = self.engine.now();
        self.engine.receive(self.clients[connection], bytes, now);
        Ok(())
    }

    fn receive(&mut self, connection: Connection) -> io::Result<Received> {
        let client = self.clients[connection];
        let (bytes, closed) = (self.engine.take_output(client), self.engine.is_closing(client));
        Ok(Received { bytes, closed })
    }

    fn receive_settled(&mut self, connection: Connection) -> io::Result<Received> {
        self.receive(connection)
    }

    fn advance(&mut self, millis: u64) {
        let millis = i64::try_from(millis).expect("lessons wait for days, not for ages");
        self.engine.advance(self.engine.now() + millis);
    }

    fn skips(&self, _block: &Block) -> bool {
        false
    }
}
