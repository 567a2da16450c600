//! A program that calls workers by remote control, once: `celery inspect`, `celery control`.

use crate::actor::{Action, Activity, Actor};
use crate::config::Config;
use crate::connection::{Command, ConnectionId, Role};
use crate::ids;
use crate::keys::Keys;
use crate::mailbox::{self, Mailbox, MailboxCall};
use crate::message;
use crate::process::{Lost, Process, Progress};
use crate::restore::{RestoreStep, Restorer};
use fastrand::Rng;
use keyspace::UnixMillis;
use keyspace_resp::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::sync::Arc;

/// A call of remote control.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ControlCall {
    /// `ping`, `active`, `reserved`, `scheduled`, `registered`, `active_queues`, `revoked`,
    /// `clock`, `query_task`, `stats`, `conf`, `revoke`, `rate_limit`, `time_limit`,
    /// `add_consumer`, `cancel_consumer`, `pool_grow`, `pool_shrink`, `enable_events`,
    /// `disable_events`, `heartbeat`, `shutdown`.
    pub method: String,
    /// The call's arguments, as in `task_id`.
    #[serde(with = "crate::json_text")]
    pub arguments: Map<String, Json>,
    /// The workers that are meant; all where it is empty.
    pub destination: Vec<String>,
    /// Whether replies are waited for.
    pub reply: bool,
}

impl ControlCall {
    /// `app.control.inspect().method()`.
    pub fn inspect(method: &str) -> ControlCall {
        ControlCall { method: method.to_owned(), reply: true, ..ControlCall::default() }
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

#[derive(Debug, Clone)]
enum Then {
    Connected,
    Reply,
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
    call: MailboxCall,
    started: bool,
    replies: Map<String, Json>,
    activity: Activity,
}

impl Control {
    /// A program that calls when it first runs, and ends when nobody replies any more.
    pub fn new(name: &str, config: &Arc<Config>, call: ControlCall, seed: u64) -> Control {
        let mut rng = Rng::with_seed(seed);
        let ControlCall { method, arguments, destination, reply } = call;
        Control {
            name: name.to_owned(),
            keys: Keys::new(config),
            process: Process::new(0, config),
            mailbox: Mailbox { oid: ids::process_id(&mut rng), clock: 0 },
            restorer: Restorer::new(config),
            call: MailboxCall { method, arguments, destination, reply },
            started: false,
            replies: Map::new(),
            activity: Activity::Starting,
            rng,
        }
    }

    /// What workers replied, by their names.
    pub fn replies(&self) -> &Map<String, Json> {
        &self.replies
    }

    fn go_on(&mut self, then: Then, replies: &[Value], now: UnixMillis) {
        let reply = replies.last();
        match then {
            Then::Connected => {
                self.activity = Activity::Busy;
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
                    let oid = self.mailbox.oid.clone();
                    mailbox::wait(&mut self.process, &self.keys, &oid, Then::Reply);
                }
                _ => {
                    self.restorer.look(&mut self.process, &mut self.rng);
                    self.process.then(Then::Delete);
                }
            },
            Then::Restore(step) => self.restorer.go_on(&mut self.process, step, reply, now),
            Then::Delete => {
                let queue = mailbox::reply_queue(&self.mailbox.oid);
                queue.delete(&mut self.process, &self.keys, Role::Channel);
                self.process.then(Then::Exited);
            }
            Then::Exited => self.end(Activity::Stopped),
        }
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
