//! A simulated producer or worker on a real server.
//!
//! ```text
//! actor worker HOST:PORT [NAME [SETTINGS]]  runs tasks until standard input ends, then shuts down warmly
//! actor producer HOST:PORT TASK ARG..       calls a task, and prints its id and what is stored of it
//! actor canvas HOST:PORT CANVAS             the same for a group, a chain or a chord
//! ```
//! Arguments are JSON; SETTINGS are those of `celery_sim::Config`, where `{}` is Celery's defaults,
//! and CANVAS is a `celery_sim::Canvas`, as in `{"group": [{"task": "app.add", "args": [1, 2]}]}`.
//! Says on standard error what it does.

use celery_sim::{
    Action, Activity, Actor, Canvas, Config, ConnectionId, Producer, TaskCall, Worker,
};
use keyspace::UnixMillis;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What wakes the driver.
enum Event {
    Bytes(ConnectionId, Vec<u8>),
    Closed(ConnectionId),
    InputEnded,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    // Two that start at once still differ, as the time leaves the upper bits alone.
    let seed = u64::from(std::process::id()) << 44 ^ now().0.unsigned_abs();
    let ended = match args[..] {
        ["worker", address] => run_worker(address, "sim@keyspace", Config::solo(), seed),
        ["worker", address, name] => run_worker(address, name, Config::solo(), seed),
        ["worker", address, name, settings] => match serde_json::from_str(settings) {
            Ok(config) => run_worker(address, name, config, seed),
            Err(error) => Err(error.into()),
        },
        ["producer", address, task, ref arguments @ ..] => {
            run_producer(address, task, arguments, seed)
        }
        ["canvas", address, canvas] => run_canvas(address, canvas, seed),
        _ => {
            let usage = "usage: actor worker HOST:PORT [NAME [SETTINGS]] \
                         | producer HOST:PORT TASK ARG.. | canvas HOST:PORT CANVAS";
            Err(usage.into())
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn run_worker(address: &str, name: &str, config: Config, seed: u64) -> Result<()> {
    let mut driver = Driver::new(address);
    let events = driver.events.clone();
    thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        events.send(Event::InputEnded)
    });
    let mut worker = Worker::new(name, config, seed);
    driver.run(&mut worker, Worker::stop, |_| false)
}

fn run_producer(address: &str, task: &str, arguments: &[&str], seed: u64) -> Result<()> {
    let arguments: Vec<serde_json::Value> = arguments
        .iter()
        .map(|text| serde_json::from_str(text))
        .collect::<serde_json::Result<_>>()?;
    let mut producer = Producer::new("producer", Arc::new(Config::solo()), seed);
    let task_id = producer.send(TaskCall::new(task, arguments));
    producer.get(&task_id);
    println!("{task_id}");
    finish(address, producer, &[task_id])
}

fn run_canvas(address: &str, canvas: &str, seed: u64) -> Result<()> {
    let canvas: Canvas = serde_json::from_str(canvas)?;
    let mut producer = Producer::new("producer", Arc::new(Config::solo()), seed);
    let called = producer.call(canvas);
    producer.get_called(called.clone());
    finish(address, producer, &called.results)
}

/// Runs a producer until it has its results, and prints them.
fn finish(address: &str, mut producer: Producer, task_ids: &[String]) -> Result<()> {
    let mut exiting = false;
    Driver::new(address).run(
        &mut producer,
        |_| {},
        |producer| {
            let done = producer.activity() == Activity::Idle && !exiting;
            if done {
                exiting = true;
                producer.exit();
            }
            done
        },
    )?;
    for task_id in task_ids {
        match producer.result(task_id) {
            Some(meta) => println!("{meta}"),
            None => return Err(format!("there is no result of {task_id}").into()),
        }
    }
    Ok(())
}

/// Carries bytes between one actor and a server.
struct Driver {
    address: String,
    streams: HashMap<ConnectionId, TcpStream>,
    events: Sender<Event>,
    inbox: Receiver<Event>,
}

impl Driver {
    fn new(address: &str) -> Driver {
        let (events, inbox) = channel();
        Driver { address: address.to_owned(), streams: HashMap::new(), events, inbox }
    }

    /// Runs an actor until it is over. `stop` is called when standard input ends, `look` after
    /// each round; it says whether the actor has been given something to do.
    fn run<A: Actor>(
        &mut self,
        actor: &mut A,
        stop: impl Fn(&mut A),
        mut look: impl FnMut(&mut A) -> bool,
    ) -> Result<()> {
        let mut activity = None;
        loop {
            actor.advance(now());
            for action in actor.take_actions() {
                self.perform(action)?;
            }
            if activity.as_ref() != Some(&actor.activity()) {
                eprintln!("{}: {:?}", actor.name(), actor.activity());
                activity = Some(actor.activity());
            }
            match actor.activity() {
                Activity::Crashed(error) => return Err(error.into()),
                over if over.is_over() => return Ok(()),
                _ if look(actor) => continue,
                _ => {}
            }
            match self.wait(actor.next_deadline()) {
                Some(Event::Bytes(id, bytes)) => actor.receive(id, &bytes, now()),
                Some(Event::Closed(id)) => actor.disconnected(id, now()),
                Some(Event::InputEnded) => stop(actor),
                None => {}
            }
        }
    }

    fn wait(&self, deadline: Option<UnixMillis>) -> Option<Event> {
        let Some(deadline) = deadline else {
            return self.inbox.recv().ok();
        };
        let millis = u64::try_from(deadline - now()).unwrap_or(0);
        self.inbox.recv_timeout(Duration::from_millis(millis)).ok()
    }

    fn perform(&mut self, action: Action) -> Result<()> {
        match action {
            Action::Open(id, _) => {
                let stream = TcpStream::connect(&self.address)?;
                stream.set_nodelay(true)?;
                let reader = stream.try_clone()?;
                let events = self.events.clone();
                thread::spawn(move || read(id, reader, &events));
                self.streams.insert(id, stream);
            }
            Action::Send(id, bytes) => {
                if let Some(stream) = self.streams.get_mut(&id) {
                    stream.write_all(&bytes)?;
                }
            }
            Action::Close(id) => {
                if let Some(stream) = self.streams.remove(&id) {
                    stream.shutdown(Shutdown::Both)?;
                }
            }
        }
        Ok(())
    }
}

/// Hands on what a server sends, until it or the driver closes the connection.
fn read(id: ConnectionId, mut stream: TcpStream, events: &Sender<Event>) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let event = match stream.read(&mut buffer) {
            Ok(0) | Err(_) => Event::Closed(id),
            Ok(len) => Event::Bytes(id, buffer[..len].to_vec()),
        };
        let closed = matches!(event, Event::Closed(_));
        if events.send(event).is_err() || closed {
            return;
        }
    }
}

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
