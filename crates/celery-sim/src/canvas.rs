//! Groups, chains and chords: several calls at once, as messages.

use crate::config::Config;
use crate::ids;
use crate::message::{Outgoing, TaskCall};
use crate::object::object;
use crate::tasks;
use fastrand::Rng;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Several calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canvas {
    /// Each by itself.
    Group(Vec<TaskCall>),
    /// One after another: each takes the result of the one before as its first argument.
    Chain(Vec<TaskCall>),
    /// Each by itself, and then the body with the list of their results.
    Chord(Vec<TaskCall>, Box<TaskCall>),
}

/// Ids of what was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    /// The tasks whose results are the result of all: a group's tasks, a chain's last, a chord's
    /// body.
    pub results: Vec<String>,
    /// The tasks before them, whose failure is theirs.
    pub parents: Vec<String>,
    /// The group, where there is one.
    pub group: Option<String>,
}

/// The message of a call.
pub(crate) fn outgoing(
    call: &TaskCall,
    id: &str,
    config: &Config,
    reply_to: &str,
    now: UnixMillis,
) -> Outgoing {
    let eta = call.countdown_ms.map(|millis| now + millis);
    let task = tasks::find(&call.task, config);
    let to = config.destination(call);
    let ignored = config.task_ignore_result || task.is_some_and(|task| task.ignore_result);
    Outgoing {
        task: call.task.clone(),
        id: id.to_owned(),
        args: call.args.clone(),
        kwargs: call.kwargs.clone(),
        eta: eta.or(call.eta_ms.map(UnixMillis)),
        expires: call.expires_ms.map(|millis| now + millis),
        expiration_ms: call.expires_ms,
        timelimit: (call.time_limit, call.soft_time_limit),
        ignore_result: call.ignore_result.unwrap_or(ignored),
        priority: call.priority.or(to.priority).or(config.task_default_priority).unwrap_or(0),
        to,
        reply_to: reply_to.to_owned(),
        ..Outgoing::default()
    }
}

/// A call inside of another's message.
pub(crate) fn signature(call: &TaskCall, id: &str, reply_to: &str, group: Option<&str>) -> Value {
    let mut options = Map::new();
    let mut put = |name: &str, value: Value| options.insert(name.to_owned(), value);
    let places =
        [("queue", &call.queue), ("exchange", &call.exchange), ("routing_key", &call.routing_key)];
    for (name, place) in places {
        if let Some(place) = place {
            put(name, place.as_str().into());
        }
    }
    if let Some(priority) = call.priority {
        put("priority", priority.into());
    }
    put("task_id", id.into());
    put("reply_to", reply_to.into());
    if let Some(group) = group {
        put("group_id", group.into());
    }
    object! {
        "task": call.task.as_str(),
        "args": call.args.clone(),
        "kwargs": call.kwargs.clone(),
        "options": options,
        "subtask_type": Value::Null,
        "immutable": false,
    }
}

impl Canvas {
    /// Gives every call an id.
    pub(crate) fn ids(&self, rng: &mut Rng) -> Called {
        let mut ids = |calls: &[TaskCall]| -> Vec<String> {
            let id = |call: &TaskCall| call.task_id.clone();
            calls.iter().map(|call| id(call).unwrap_or_else(|| ids::message_id(rng))).collect()
        };
        match self {
            Canvas::Group(calls) => {
                let results = ids(calls);
                let group = Some(ids::message_id(rng));
                Called { results, parents: Vec::new(), group }
            }
            Canvas::Chain(calls) => {
                let mut parents = ids(calls);
                let results = parents.pop().into_iter().collect();
                Called { results, parents, group: None }
            }
            Canvas::Chord(calls, body) => {
                let parents = ids(calls);
                let results = ids(std::slice::from_ref(body.as_ref()));
                let group = Some(ids::message_id(rng));
                Called { results, parents, group }
            }
        }
    }
}
