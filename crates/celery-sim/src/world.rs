//! A server, the processes around it, and what somebody does to them.

use crate::act::Act;
use crate::calls::{self, Program};
use crate::celeryconfig;
use crate::config::Config;
use crate::faults;
use crate::simulation::{ActorId, Simulation, Step};
use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use std::collections::BTreeMap;

/// How many tasks one act sends at most.
pub(crate) const SEND_MAX: u32 = 10_000;
/// How many tasks keep a name; the oldest are forgotten.
const NAMED_MAX: usize = 10_000;

/// An engine and a simulation on it. The same seed, settings, acts and times give the same
/// commands; a clone goes on as the original would.
#[derive(Debug, Clone)]
pub struct World {
    /// The server.
    pub engine: Engine,
    /// The processes.
    pub simulation: Simulation,
    /// Tasks by the names that acts gave them.
    named: BTreeMap<String, String>,
    /// A hidden client, which looks without being seen.
    reader: ClientId,
}

impl World {
    /// An empty server and no processes.
    pub fn new(config: Config, seed: u64, start: UnixMillis) -> World {
        let mut engine = Engine::new(Options { seed, start, ..Options::default() });
        engine.observe(true);
        let hidden = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        let reader = engine.connect_with(hidden, start);
        let simulation = Simulation::new(config, seed);
        World { engine, simulation, named: BTreeMap::new(), reader }
    }

    /// Does something at `now`; the error says why it cannot be done. What follows from it
    /// happens in the next [`run`](Self::run).
    pub fn act(&mut self, act: &Act, now: UnixMillis) -> Result<(), String> {
        match act {
            Act::Send { call, count, get, name } => {
                for _ in 0..(*count).min(SEND_MAX) {
                    let task_id = self.simulation.send_task(call.clone());
                    if *get {
                        self.simulation.get_result(&task_id);
                    } else if name.is_empty() {
                        // Nobody has its AsyncResult, and Python collects it at once.
                        self.simulation.drop_result(&task_id);
                    }
                    self.name_task(name, task_id);
                }
            }
            Act::SendCanvas { canvas, name } => {
                let called = self.simulation.send_canvas(canvas.clone());
                if let Some(task_id) = called.results.last() {
                    self.name_task(name, task_id.clone());
                }
                self.simulation.get_called(called);
            }
            Act::Define(task) => {
                let mut config = self.simulation.config().clone();
                config.tasks.retain(|known| known.name != task.name);
                config.tasks.push(task.clone());
                self.simulation.configure(config);
            }
            Act::Program(text) => {
                let program = calls::program(text).map_err(|problem| problem.message)?;
                self.run_program(program)?;
            }
            Act::StartBeat => {
                self.simulation.start_beat();
            }
            Act::GetResult(name) => {
                let task_id = self.task(name)?.to_owned();
                self.simulation.get_result(&task_id);
            }
            Act::ForgetResult(name) => {
                let task_id = self.task(name)?.to_owned();
                self.simulation.forget_result(&task_id);
            }
            Act::ExitProducer => self.simulation.exit_producer(),
            Act::StartWorker => {
                self.simulation.start_worker();
            }
            Act::StopWorker(name) => {
                let worker = self.worker(name)?;
                self.simulation.stop_worker(worker);
            }
            Act::Fault(fault) => faults::perform(self, fault, now)?,
            Act::Configure(text) => {
                let parsed = celeryconfig::parse(text, self.simulation.config());
                if !parsed.is_usable() {
                    return Err("this celeryconfig.py has errors".to_owned());
                }
                self.simulation.configure(parsed.config);
                self.simulation.renew_producer();
            }
            Act::Command { db, args } => {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                self.administer(*db, &[&args], now)?;
            }
        }
        Ok(())
    }

    fn run_program(&mut self, program: Program) -> Result<(), String> {
        match program {
            Program::Control(call) => {
                self.simulation.control(call);
            }
            Program::Purge => {
                for queue in self.simulation.config().consumed_queues() {
                    self.simulation.purge_queue(&queue.name);
                }
            }
            Program::StartBeat => {
                self.simulation.start_beat();
            }
            Program::RunWorker(options) => {
                self.simulation.run_worker(&options)?;
            }
        }
        Ok(())
    }

    /// Runs everything up to `now`, and returns who else has output.
    pub fn run(&mut self, now: UnixMillis) -> Vec<ClientId> {
        self.simulation.run(&mut self.engine, now)
    }

    /// Lets the next thing arrive that is due at `now` or before.
    pub fn step(&mut self, now: UnixMillis, others: &mut Vec<ClientId>) -> Step {
        self.simulation.step(&mut self.engine, now, others)
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        self.engine.next_deadline().into_iter().chain(self.simulation.next_deadline()).min()
    }

    /// The id of a task that an act named.
    pub fn task(&self, name: &str) -> Result<&str, String> {
        self.named.get(name).map(String::as_str).ok_or_else(|| format!("no task is called {name}"))
    }

    /// The worker of a name.
    pub fn worker(&self, name: &str) -> Result<ActorId, String> {
        self.simulation.worker_named(name).ok_or_else(|| format!("there is no worker {name}"))
    }

    /// What the server answers to a hidden client, now.
    pub fn ask(&mut self, db: u8, args: &[&str]) -> Value {
        let now = self.engine.now();
        let replies = self.replies(self.reader, db, &[args], now);
        replies.into_iter().next_back().unwrap_or_else(|| Value::Error(NO_REPLY.into()))
    }

    /// Connects as a `redis-cli` does, runs commands and disconnects; what fails is an error.
    pub(crate) fn administer(
        &mut self,
        db: u8,
        commands: &[&[&str]],
        now: UnixMillis,
    ) -> Result<Vec<Value>, String> {
        let client = self.engine.connect(now);
        let replies = self.replies(client, db, commands, now);
        self.engine.disconnect(client, now);
        let error = replies.iter().find_map(|reply| match reply {
            Value::Error(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => None,
        });
        match error {
            Some(error) => Err(error),
            None if replies.len() <= commands.len() => Err(NO_REPLY.to_owned()),
            None => Ok(replies),
        }
    }

    /// The replies to SELECT and some commands.
    fn replies(
        &mut self,
        client: ClientId,
        db: u8,
        commands: &[&[&str]],
        now: UnixMillis,
    ) -> Vec<Value> {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &["SELECT", &db.to_string()]);
        for command in commands {
            encode_command(&mut bytes, command);
        }
        self.engine.receive(client, &bytes, now);
        let output = self.engine.take_output(client);
        Value::decode_all(&output).map(|(replies, _)| replies).unwrap_or_default()
    }

    fn name_task(&mut self, name: &str, task_id: String) {
        if name.is_empty() {
            return;
        }
        if self.named.len() >= NAMED_MAX {
            self.named.pop_first();
        }
        self.named.insert(name.to_owned(), task_id);
    }
}

/// What an administrator is told who waits: for a script, or in vain.
const NO_REPLY: &str = "the server does not answer now";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TaskCall;

    fn listened_for(act: Act) -> usize {
        let mut world = World::new(Config::solo(), 1, UnixMillis(0));
        world.act(&act, UnixMillis(0)).expect("a producer can always send");
        world.run(UnixMillis(10_000));
        let channels = world.ask(0, &["PUBSUB", "CHANNELS", "celery-task-meta-*"]);
        channels.as_array().map_or(0, <[_]>::len)
    }

    #[test]
    fn the_program_listens_for_results_that_it_keeps() {
        let send = |get, name: &str| Act::Send {
            call: TaskCall::new("app.add", [2, 3]),
            count: 3,
            get,
            name: name.to_owned(),
        };
        assert_eq!(listened_for(send(true, "")), 3);
        assert_eq!(listened_for(send(false, "kept")), 3);
        assert_eq!(listened_for(send(false, "")), 0);
    }
}
