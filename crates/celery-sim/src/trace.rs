//! One run of a task, in whichever process runs it: Celery's `trace_task`.
//!
//! The task runs, sends what follows it, and stores how it ended; the last part of a chord sends
//! its body. Only the connections of results and of sending are used, which are opened as they
//! are needed.

use crate::backend::{self, Store};
use crate::config::Config;
use crate::connection::{Command, Role};
use crate::ids;
use crate::keys;
use crate::message::{Outgoing, Request, TaskCall};
use crate::process::{Process, evalsha};
use crate::publisher::Publisher;
use crate::python;
use crate::result::{Exception, Outcome};
use crate::scripts::{CHORD_CLAIM_EXTEND, CHORD_CLEANUP, CHORD_PART_RETURN};
use crate::tasks::{self, Ending, Fate, Task};
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Where a run goes on after a step.
#[derive(Debug, Clone)]
pub(crate) enum TraceStep {
    /// That it began is stored, where that is wanted: the task begins.
    Begin,
    /// The task's time is over.
    Ran,
    /// What is stored for a task is known.
    Meta(Box<Store>),
    /// All of the task is stored: it may be a part of a chord.
    Stored,
    /// The part is noted.
    PartReturned,
    /// All parts' results are known.
    Parts,
    /// The body's claim is held.
    Claimed(Box<Outgoing>),
    /// All is done.
    Done,
}

/// A run that is over.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    pub outcome: Outcome,
    pub runtime_ms: i64,
}

#[derive(Debug, Clone)]
struct Run {
    request: Arc<Request>,
    task: Task,
    fate: Fate,
    since: UnixMillis,
    children: Vec<String>,
    outcome: Option<Outcome>,
    runtime_ms: i64,
    /// The token under which it holds the claim to the chord's body.
    claim: String,
}

/// Runs tasks one after another.
#[derive(Debug, Clone)]
pub(crate) struct Tracer {
    config: Arc<Config>,
    /// The worker.
    hostname: String,
    pid: u32,
    rng: Rng,
    publisher: Publisher,
    run: Option<Run>,
}

impl Tracer {
    pub fn new(config: &Arc<Config>, hostname: &str, pid: u32, seed: u64) -> Tracer {
        let publisher = Publisher::new(Role::ProducerBroker, Role::ProducerChannel, config, pid);
        Tracer {
            config: Arc::clone(config),
            hostname: hostname.to_owned(),
            pid,
            rng: Rng::with_seed(seed),
            publisher,
            run: None,
        }
    }

    /// When the task that runs will have run, if nothing stops it.
    pub fn begin<T: Clone + From<TraceStep>>(
        &mut self,
        process: &mut Process<T>,
        request: &Arc<Request>,
        task: Task,
        now: UnixMillis,
    ) -> UnixMillis {
        let fate = task.fate(request, &self.config, &mut self.rng);
        let until = now + fate.millis;
        if task.track_started && !ignores(request, &task) {
            let started = Outcome::Started { pid: self.pid, hostname: self.hostname.clone() };
            self.store(process, Store::of(request, started));
        }
        self.run = Some(Run {
            request: Arc::clone(request),
            task,
            fate,
            since: now,
            children: Vec::new(),
            outcome: None,
            runtime_ms: 0,
            claim: String::new(),
        });
        process.then(TraceStep::Begin.into());
        until
    }

    /// Raises `SoftTimeLimitExceeded` in the task.
    pub fn exceed_soft_limit<T: Clone + From<TraceStep>>(&mut self, process: &mut Process<T>) {
        if let Some(run) = &mut self.run
            && run.outcome.is_none()
        {
            run.fate.ending = Ending::Raised(tasks::soft_time_limit_exceeded());
            process.unwind();
            process.then(TraceStep::Ran.into());
        }
    }

    /// A command of it was answered with an error: the task failed by that.
    pub fn raised(&mut self, error: &str) -> Option<Done> {
        let run = self.run.take()?;
        let exception =
            Exception::new("redis.exceptions", "ResponseError", vec![error.to_owned().into()]);
        Some(Done { outcome: Outcome::Failure(exception), runtime_ms: run.runtime_ms })
    }

    pub fn go_on<T: Clone + From<TraceStep>>(
        &mut self,
        process: &mut Process<T>,
        step: TraceStep,
        reply: Option<&Value>,
        now: UnixMillis,
    ) -> Option<Done> {
        let Some(run) = &mut self.run else {
            return None;
        };
        match step {
            TraceStep::Begin => {
                run.since = now;
                process.sleep_then(run.fate.millis, TraceStep::Ran.into());
            }
            TraceStep::Ran => self.ran(process, now),
            TraceStep::Meta(store) => {
                let stored = reply.and_then(Value::as_bytes);
                backend::finish(process, &self.config, &self.hostname, &store, stored, now);
            }
            TraceStep::Stored => self.return_part(process),
            TraceStep::PartReturned => self.part_returned(process, reply),
            TraceStep::Parts => self.join(process, reply, now),
            TraceStep::Claimed(body) => {
                if matches!(reply, Some(Value::Integer(held)) if *held != 0) {
                    self.publisher.publish(process, &body, &mut self.rng, now);
                    self.clean_up(process);
                }
            }
            TraceStep::Done => {
                let run = self.run.take()?;
                let outcome = run.outcome.unwrap_or(Outcome::Success(Json::Null));
                return Some(Done { outcome, runtime_ms: run.runtime_ms });
            }
        }
        None
    }

    fn store<T: Clone + From<TraceStep>>(&self, process: &mut Process<T>, store: Store) {
        backend::begin(process, store, |store| TraceStep::Meta(store).into());
    }

    /// The task returned or raised.
    fn ran<T: Clone + From<TraceStep>>(&mut self, process: &mut Process<T>, now: UnixMillis) {
        let Some(run) = &mut self.run else {
            return;
        };
        run.runtime_ms = now - run.since;
        let request = Arc::clone(&run.request);
        let ignored = ignores(&request, &run.task);
        let outcome = match run.fate.ending.clone() {
            Ending::Returned(value) => {
                if let Some(next) = self.next_of_chain(&request, &value) {
                    self.add_child(&next.id);
                    self.publisher.publish(process, &next, &mut self.rng, now);
                }
                Outcome::Success(value)
            }
            Ending::Raised(exception) => Outcome::Failure(exception),
            Ending::Retried { exception, countdown_ms } => {
                let again = self.retry_of(&request, now + countdown_ms);
                self.add_child(&again.id);
                self.publisher.publish(process, &again, &mut self.rng, now);
                Outcome::Retry(exception)
            }
        };
        if !ignored {
            let children = self.run.as_ref().map(|run| run.children.clone());
            let store = Store { children, ..Store::of(&request, outcome.clone()) };
            self.store(process, store);
            if let Outcome::Failure(exception) = &outcome {
                self.fail_rest_of_chain(process, &request, exception);
            }
        }
        if let Some(run) = &mut self.run {
            run.outcome = Some(outcome);
        }
        process.then(TraceStep::Stored.into());
        process.then(TraceStep::Done.into());
    }

    fn add_child(&mut self, id: &str) {
        if let Some(run) = &mut self.run {
            run.children.push(id.to_owned());
        }
    }

    /// The message of the next task of a chain, which takes the result.
    fn next_of_chain(&self, request: &Request, result: &Json) -> Option<Outgoing> {
        let (next, rest) = request.chain.split_last()?;
        let mut outgoing = self.outgoing(next, request, Some(result.clone()))?;
        outgoing.chain = Some(rest.to_vec());
        Some(outgoing)
    }

    /// The message of a signature that a task sends, with an argument before its own.
    fn outgoing(&self, signature: &Json, parent: &Request, arg: Option<Json>) -> Option<Outgoing> {
        let task = signature.get("task")?.as_str()?.to_owned();
        let options = signature.get("options")?;
        let text = |name: &str| options.get(name).and_then(Json::as_str).map(str::to_owned);
        let immutable = signature.get("immutable").and_then(Json::as_bool).unwrap_or(false);
        let own = signature.get("args").and_then(Json::as_array).cloned().unwrap_or_default();
        let args = arg.filter(|_| !immutable).into_iter().chain(own).collect();
        let priority = options.get("priority").and_then(Json::as_u64);
        let priority = priority.and_then(|priority| u8::try_from(priority).ok());
        let kwargs = signature.get("kwargs").and_then(Json::as_object).cloned();
        let chord = options.get("chord").filter(|chord| !chord.is_null()).cloned();
        let to = self.config.destination(&TaskCall {
            task: task.clone(),
            queue: text("queue"),
            exchange: text("exchange"),
            routing_key: text("routing_key"),
            ..TaskCall::default()
        });
        Some(Outgoing {
            id: text("task_id")?,
            args,
            kwargs: kwargs.unwrap_or_default(),
            group: text("group_id"),
            group_index: options.get("group_index").and_then(Json::as_i64),
            root_id: parent.root_id.clone(),
            parent_id: Some(parent.id.clone()),
            ignore_result: options.get("ignore_result").and_then(Json::as_bool).unwrap_or(false),
            chord,
            priority: priority.or(to.priority).or(self.config.task_default_priority).unwrap_or(0),
            to,
            reply_to: text("reply_to").unwrap_or_else(|| parent.reply_to.clone()),
            task,
            ..Outgoing::default()
        })
    }

    /// The message of a retry: the same task again, later.
    fn retry_of(&self, request: &Request, eta: UnixMillis) -> Outgoing {
        let place = || Some(request.routing_key.clone());
        let call = TaskCall { task: request.task.clone(), ..TaskCall::default() };
        let to = self.config.destination(&match request.exchange.is_empty() {
            true => TaskCall { queue: place(), ..call },
            false => {
                let exchange = Some(request.exchange.clone());
                TaskCall { exchange, routing_key: place(), ..call }
            }
        });
        Outgoing {
            task: request.task.clone(),
            id: request.id.clone(),
            args: request.args.clone(),
            kwargs: request.kwargs.clone(),
            eta: Some(eta),
            expires: request.expires,
            group: request.group.clone(),
            group_index: request.group_index,
            retries: request.retries.saturating_add(1),
            timelimit: request.timelimit,
            root_id: request.root_id.clone(),
            parent_id: Some(request.id.clone()),
            ignore_result: request.ignore_result,
            chain: Some(request.chain.clone()).filter(|chain| !chain.is_empty()),
            chord: request.chord.clone(),
            priority: request.priority,
            to,
            reply_to: request.reply_to.clone(),
            origin: request.origin.clone(),
            ..Outgoing::default()
        }
    }

    /// Tasks of a chain that will not run fail as the one before them did.
    fn fail_rest_of_chain<T: Clone + From<TraceStep>>(
        &self,
        process: &mut Process<T>,
        request: &Request,
        exception: &Exception,
    ) {
        for element in &request.chain {
            let id = element.get("options").and_then(|options| options.get("task_id"));
            let Some(id) = id.and_then(Json::as_str) else {
                continue;
            };
            let outcome = Outcome::Failure(exception.clone());
            let children = Some(Vec::new());
            let store = Store { task_id: id.to_owned(), outcome, request: None, children };
            self.store(process, store);
        }
    }

    /// `on_chord_part_return`: notes the part's result.
    fn return_part<T: Clone + From<TraceStep>>(&mut self, process: &mut Process<T>) {
        let Some(run) = &mut self.run else {
            return;
        };
        let (Some(group), Some(_), Some(outcome)) =
            (&run.request.group, &run.request.chord, &run.outcome)
        else {
            return;
        };
        if matches!(outcome, Outcome::Retry(_)) || self.config.result_db.is_none() {
            return;
        }
        run.claim = ids::lock_token(&mut self.rng);
        let part = json!([1, run.request.id, outcome.state(), outcome.result()]);
        let part = String::from_utf8_lossy(&python::json_dumps(&part)).into_owned();
        let index = run.request.group_index.map_or("+inf".to_owned(), |index| index.to_string());
        let expires = backend::expires(&self.config).unwrap_or(0).to_string();
        let names = [".j", ".t", ".s", ".d", "", ".c"].map(|suffix| keys::group(group, suffix));
        let args: [&str; 8] =
            [&run.request.id, &part, "1", &index, &expires, &expires, "6", &run.claim];
        let eval = evalsha(&CHORD_PART_RETURN, &names, &args);
        let then = TraceStep::PartReturned.into();
        process.script(Role::Results, &CHORD_PART_RETURN, eval, Some(then));
    }

    /// The last part has the claim to the body: it reads all results.
    fn part_returned<T: Clone + From<TraceStep>>(
        &self,
        process: &mut Process<T>,
        reply: Option<&Value>,
    ) {
        let Some([Value::Integer(ready), extra, size, Value::Integer(claimed)]) =
            reply.and_then(Value::as_array)
        else {
            return;
        };
        let number = |value: &Value| match value {
            Value::Integer(number) => Some(*number),
            value => std::str::from_utf8(value.as_bytes()?).ok()?.parse::<i64>().ok(),
        };
        let total = number(size).unwrap_or(0).saturating_add(number(extra).unwrap_or(0));
        let group = self.run.as_ref().and_then(|run| run.request.group.as_ref());
        let Some(group) = group.filter(|_| *ready == total && *claimed == 1) else {
            return;
        };
        process.call(Role::Results, Command::new("GET").arg(keys::group(group, "")));
        let range = Command::new("ZRANGE").arg(keys::group(group, ".j")).args(["0", "-1"]);
        process.transaction_then(Role::Results, [range], TraceStep::Parts.into());
    }

    /// All results are there: the body is called with them, or fails as a part did.
    fn join<T: Clone + From<TraceStep>>(
        &self,
        process: &mut Process<T>,
        reply: Option<&Value>,
        now: UnixMillis,
    ) {
        let Some(run) = &self.run else {
            return;
        };
        let (Some(group), Some(chord)) = (&run.request.group, &run.request.chord) else {
            return;
        };
        let parts = reply.and_then(Value::as_array).and_then(|replies| replies.first());
        let parts = parts.and_then(Value::as_array).unwrap_or_default();
        let mut results = Vec::new();
        for part in parts {
            let part = part.as_bytes().and_then(|part| serde_json::from_slice(part).ok());
            let Some(Json::Array(part)) = part else {
                continue;
            };
            if let [_, id, state, result] = &part[..] {
                if state != "SUCCESS" {
                    return self.fail_body(process, group, chord, id, result, now);
                }
                results.push(result.clone());
            }
        }
        let Some(body) = self.outgoing(chord, &run.request, Some(results.into())) else {
            return;
        };
        let claim = [keys::group(group, ".c"), keys::group(group, ".s")];
        let extend = evalsha(&CHORD_CLAIM_EXTEND, &claim, &[&run.claim, "21"]);
        let then = TraceStep::Claimed(Box::new(body)).into();
        process.script(Role::Results, &CHORD_CLAIM_EXTEND, extend, Some(then));
    }

    fn fail_body<T: Clone + From<TraceStep>>(
        &self,
        process: &mut Process<T>,
        group: &str,
        chord: &Json,
        part: &Json,
        result: &Json,
        now: UnixMillis,
    ) {
        let text = |value: &Json, name: &str| value.get(name)?.as_str().map(str::to_owned);
        let raised = Exception::new(
            "",
            &text(result, "exc_type").unwrap_or_default(),
            result.get("exc_message").and_then(Json::as_array).cloned().unwrap_or_default(),
        );
        let part = part.as_str().unwrap_or_default();
        let message = format!("Dependency {part} raised {}", raised.repr());
        let exception = Exception::new("celery.exceptions", "ChordError", vec![message.into()]);
        if let Some(id) = chord.get("options").and_then(|options| text(options, "task_id")) {
            let outcome = Outcome::Failure(exception);
            let store = Store { task_id: id, outcome, request: None, children: Some(Vec::new()) };
            backend::finish(process, &self.config, &self.hostname, &store, None, now);
        }
        process.call(Role::Results, Command::new("DEL").arg(keys::group(group, ".s")));
    }

    /// The body is sent: nobody needs the parts' results any more.
    fn clean_up<T: Clone>(&self, process: &mut Process<T>) {
        let Some((run, group)) =
            self.run.as_ref().and_then(|run| Some((run, run.request.group.as_ref()?)))
        else {
            return;
        };
        let names = [".c", ".j", ".t", ".s", ".d"].map(|suffix| keys::group(group, suffix));
        let eval = evalsha(&CHORD_CLEANUP, &names, &[&run.claim, "300"]);
        process.script(Role::Results, &CHORD_CLEANUP, eval, None);
    }
}

/// Whether nobody wants the result.
pub(crate) fn ignores(request: &Request, task: &Task) -> bool {
    request.ignore_result || task.ignore_result
}
