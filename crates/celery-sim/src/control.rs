//! A program that calls workers by remote control, once: `celery inspect`, `celery control`.

use crate::actor::{Action, Activity, Actor};
use crate::config::Config;
use crate::connection::{Command, ConnectionId, Role};
use crate::ids;
use crate::keys::Keys;
use crate::mailbox::{self, Mailbox};
use crate::message;
use crate::process::{Lost, Process, Progress};
use crate::restore::{RestoreStep, Restorer};
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// A call of remote control.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlCall {
    /// The name of a command of `celery.worker.control`, as in `ping` or `revoke`.
    pub method: String,
    /// The call's arguments, as in `task_id`.
    pub arguments: Map<String, Json>,
    /// The workers that are meant; all where it is empty.
    pub destination: Vec<String>,
    /// The workers whose names match this, where no destination is said ...
    pub pattern: Option<String>,
    /// ... in this way: `glob`.
    pub matcher: Option<String>,
    /// Whether replies are waited for.
    pub reply: bool,
    /// For how many seconds the next reply is waited for.
    pub timeout: f64,
    /// How many replies are waited for; `None` is one from each destination, or as many as come.
    pub limit: Option<u32>,
    /// Replies are returned as a dict of workers, as `inspect` does, and not as a list.
    pub by_node: bool,
    /// How somebody said it, if somebody did.
    pub said: String,
}

impl Default for ControlCall {
    fn default() -> Self {
        ControlCall {
            method: String::new(),
            arguments: Map::new(),
            destination: Vec::new(),
            pattern: None,
            matcher: None,
            reply: false,
            timeout: 1.0,
            limit: None,
            by_node: false,
            said: String::new(),
        }
    }
}

impl ControlCall {
    /// `app.control.inspect().method()`.
    pub fn inspect(method: &str) -> ControlCall {
        ControlCall {
            method: method.to_owned(),
            reply: true,
            by_node: true,
            ..ControlCall::default()
        }
    }

    /// The call in a line.
    pub fn title(&self) -> String {
        match self.said.is_empty() {
            true => format!("{}()", self.method),
            false => self.said.clone(),
        }
    }

    /// How many replies are enough; `None` where that is not known.
    fn enough(&self) -> Option<usize> {
        let destinations = Some(self.destination.len()).filter(|count| *count > 0);
        self.limit.map(|limit| limit as usize).or(destinations)
    }

    /// `app.control.revoke(task_id)`.
    pub fn revoke(task_id: &str, terminate: bool) -> ControlCall {
        let mut arguments = Map::new();
        arguments.insert("task_id".to_owned(), task_id.into());
        arguments.insert("terminate".to_owned(), terminate.into());
        arguments.insert("signal".to_owned(), "SIGTERM".into());
        ControlCall { method: "revoke".to_owned(), arguments, ..ControlCall::default() }
    }
}

/// A call, and what has been replied to it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The call.
    pub call: &'a ControlCall,
    /// The replies, in the order in which they came: of a worker, to the call.
    pub replies: &'a Map<String, Json>,
    /// Whether more may come.
    pub waits: bool,
    /// Why the call ended without what it wanted, if it did.
    pub error: Option<&'a str>,
}

#[derive(Debug, Clone)]
enum Then {
    Connected,
    Reply,
    Wait,
    Restore(RestoreStep),
    Delete,
    Exited,
}

impl From<RestoreStep> for Then {
    fn from(step: RestoreStep) -> Then {
        Then::Restore(step)
    }
}

/// A simulated program of that kind.
#[derive(Debug, Clone)]
pub struct Control {
    name: String,
    keys: Keys,
    rng: Rng,
    process: Process<Then>,
    mailbox: Mailbox,
    restorer: Restorer,
    call: ControlCall,
    started: bool,
    /// When the last reply came, or the call was sent.
    heard_at: UnixMillis,
    /// How many replies came.
    heard: usize,
    replies: Map<String, Json>,
    activity: Activity,
}

impl Control {
    /// A program that calls when it first runs, and ends when nobody replies any more.
    pub fn new(name: &str, config: &Arc<Config>, call: ControlCall, seed: u64) -> Control {
        let mut rng = Rng::with_seed(seed);
        Control {
            name: name.to_owned(),
            keys: Keys::new(config),
            process: Process::new(0, config),
            mailbox: Mailbox { oid: ids::process_id(&mut rng), clock: 0 },
            restorer: Restorer::new(config),
            call,
            started: false,
            heard_at: UnixMillis(0),
            heard: 0,
            replies: Map::new(),
            activity: Activity::Starting,
            rng,
        }
    }

    /// What workers replied, by their names.
    pub fn replies(&self) -> &Map<String, Json> {
        &self.replies
    }

    /// The call, and what came of it so far.
    pub fn answer(&self) -> Answer<'_> {
        Answer {
            call: &self.call,
            replies: &self.replies,
            waits: !self.activity.is_over(),
            error: match &self.activity {
                Activity::Crashed(error) => Some(error),
                _ => None,
            },
        }
    }

    fn go_on(&mut self, then: Then, replies: &[Value], now: UnixMillis) {
        let reply = replies.last();
        match then {
            Then::Connected => {
                self.activity = Activity::Busy;
                self.heard_at = now;
                let (process, keys, rng) = (&mut self.process, &self.keys, &mut self.rng);
                self.mailbox.call(process, keys, &self.call, rng, now, Then::Reply);
                if !self.call.reply {
                    self.process.then(Then::Exited);
                }
            }
            Then::Reply => match reply.and_then(Value::as_array) {
                Some([_, Value::Bulk(reply)]) => {
                    if let Some((Json::Object(answers), _)) = message::open(reply) {
                        self.replies.extend(answers);
                    }
                    self.heard_at = now;
                    self.heard += 1;
                    match self.call.enough() {
                        Some(enough) if self.heard >= enough => self.process.then(Then::Delete),
                        _ => self.wait(),
                    }
                }
                _ => {
                    self.restorer.look(&mut self.process, &mut self.rng);
                    let is_over = (now - self.heard_at) as f64 >= self.call.timeout * 1_000.0;
                    self.process.then(if is_over { Then::Delete } else { Then::Wait });
                }
            },
            Then::Wait => self.wait(),
            Then::Restore(step) => self.restorer.go_on(&mut self.process, step, reply, now),
            Then::Delete => {
                let queue = mailbox::reply_queue(&self.mailbox.oid);
                queue.delete(&mut self.process, &self.keys, Role::Channel);
                self.process.then(Then::Exited);
            }
            Then::Exited => self.end(Activity::Stopped),
        }
    }

    fn wait(&mut self) {
        let oid = self.mailbox.oid.clone();
        mailbox::wait(&mut self.process, &self.keys, &oid, self.call.timeout, Then::Reply);
    }

    fn end(&mut self, activity: Activity) {
        self.process.abort();
        self.activity = activity;
    }
}

impl Actor for Control {
    fn name(&self) -> &str {
        &self.name
    }

    fn activity(&self) -> Activity {
        self.activity.clone()
    }

    fn connections(&self) -> Vec<(ConnectionId, Role)> {
        self.process.connections().collect()
    }

    fn receive(&mut self, connection: ConnectionId, bytes: &[u8], now: UnixMillis) {
        if self.process.receive(connection, bytes, now) {
            self.advance(now);
        } else {
            self.end(Activity::Crashed("the server does not speak RESP".to_owned()));
        }
    }

    fn disconnected(&mut self, connection: ConnectionId, _now: UnixMillis) {
        if self.process.disconnected(connection) != Lost::Nothing {
            self.end(Activity::Crashed("Connection closed by server.".to_owned()));
        }
    }

    fn advance(&mut self, now: UnixMillis) {
        if !std::mem::replace(&mut self.started, true) {
            if self.call.reply {
                self.process.open(Role::Consumer);
                self.process.call(Role::Consumer, Command::new("PING"));
                self.process.open(Role::Channel);
            }
            self.process.then(Then::Connected);
        }
        loop {
            match self.process.run(now) {
                Progress::Continue(then, replies) => self.go_on(then, &replies, now),
                Progress::Raised(error) => self.end(Activity::Crashed(error)),
                Progress::Waiting | Progress::Idle => break,
            }
        }
    }

    fn next_deadline(&self) -> Option<UnixMillis> {
        self.process.next_deadline()
    }

    fn take_actions(&mut self) -> Vec<Action> {
        self.process.take_actions()
    }

    fn kill(&mut self) {
        self.end(Activity::Killed);
    }
}
