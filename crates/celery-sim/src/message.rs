//! What travels: a task message in kombu's envelope, and an entry of `unacked`.
//!
//! Built as Celery 5.7 builds them, key for key; read with the tolerance that a worker has for
//! messages that other programs made.

use crate::object::object;
use crate::python;
use crate::route::Destination;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A call of a task, as `apply_async` takes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskCall {
    /// The task's full name, as in `app.add`.
    pub task: String,
    /// Positional arguments.
    #[serde(with = "crate::json_text")]
    pub args: Vec<Value>,
    /// Keyword arguments.
    #[serde(with = "crate::json_text")]
    pub kwargs: Map<String, Value>,
    /// Run it not before so many milliseconds have passed.
    pub countdown_ms: Option<i64>,
    /// Run it not before this time, in milliseconds since 1970.
    pub eta_ms: Option<i64>,
    /// Do not run it when so many milliseconds have passed.
    pub expires_ms: Option<i64>,
    /// 0 to 9, of which 0 is first; the settings' where it says nothing.
    pub priority: Option<u8>,
    /// The queue; the route's or the settings' where it says nothing.
    pub queue: Option<String>,
    /// The exchange, rather than the queue's.
    pub exchange: Option<String>,
    /// The routing key, rather than the queue's.
    pub routing_key: Option<String>,
    /// The task's id; a new one where it says nothing.
    pub task_id: Option<String>,
    /// Whether nobody wants the result; the task's own mind where it says nothing.
    pub ignore_result: Option<bool>,
    /// Seconds after which the task's process is killed.
    pub time_limit: Option<f64>,
    /// Seconds after which `SoftTimeLimitExceeded` is raised in the task.
    pub soft_time_limit: Option<f64>,
    /// Whether sending is tried again where the connection is lost; the settings' where it says
    /// nothing.
    pub retry: Option<bool>,
}

impl TaskCall {
    /// A call with positional arguments, as `delay` takes them.
    pub fn new(task: &str, args: impl IntoIterator<Item = impl Into<Value>>) -> TaskCall {
        TaskCall {
            task: task.to_owned(),
            args: args.into_iter().map(Into::into).collect(),
            ..TaskCall::default()
        }
    }
}

/// A task message that is about to be sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Outgoing {
    pub task: String,
    pub id: String,
    pub args: Vec<Value>,
    pub kwargs: Map<String, Value>,
    /// Positional arguments are a list rather than a tuple, as beat has them.
    pub args_are_list: bool,
    pub eta: Option<UnixMillis>,
    pub expires: Option<UnixMillis>,
    /// The message's `expiration`, in milliseconds.
    pub expiration_ms: Option<i64>,
    pub group: Option<String>,
    pub group_index: Option<i64>,
    pub retries: u32,
    /// Hard and soft limit in seconds.
    pub timelimit: (Option<f64>, Option<f64>),
    /// The first task of all; itself where there is none.
    pub root_id: Option<String>,
    pub parent_id: Option<String>,
    pub ignore_result: bool,
    /// Signatures of tasks that follow, the next one last.
    pub chain: Option<Vec<Value>>,
    /// The signature of the body of the chord that this is a part of.
    pub chord: Option<Value>,
    pub priority: u8,
    pub to: Destination,
    /// Where the caller hears of the result.
    pub reply_to: String,
    /// The process that called first, where this is a retry.
    pub origin: Option<String>,
    pub is_beat: bool,
}

impl Outgoing {
    /// The message. `origin` is the sending process, as in `gen30588@vm`.
    pub fn encode(&self, delivery_tag: &str, origin: &str) -> Vec<u8> {
        let mut properties = Map::new();
        let mut property = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        property("correlation_id", self.id.as_str().into());
        property("reply_to", self.reply_to.as_str().into());
        if let Some(origin) = &self.origin {
            property("origin", origin.as_str().into());
        }
        property("delivery_mode", 2.into());
        if let Some(millis) = self.expiration_ms {
            property("expiration", millis.to_string().into());
        }
        let (exchange, routing_key) = (self.to.exchange.as_str(), self.to.routing_key.as_str());
        property("delivery_info", object! {"exchange": exchange, "routing_key": routing_key});
        property("priority", self.priority.into());
        property("body_encoding", "base64".into());
        property("delivery_tag", delivery_tag.into());
        envelope(&self.body(), self.headers(origin), properties)
    }

    fn body(&self) -> Value {
        let embed = object! {
            "callbacks": Value::Null,
            "errbacks": Value::Null,
            "chain": self.chain.clone(),
            "chord": self.chord.clone(),
        };
        vec![Value::from(self.args.clone()), self.kwargs.clone().into(), embed].into()
    }

    /// `repr` of the positional arguments.
    pub fn argsrepr(&self) -> String {
        match self.args_are_list {
            true => python::repr(&Value::from(self.args.clone())),
            false => python::tuple_repr(&self.args),
        }
    }

    fn headers(&self, origin: &str) -> Map<String, Value> {
        let point = |at: Option<UnixMillis>| at.map(python::isoformat);
        let (hard, soft) = self.timelimit;
        let mut headers = Map::new();
        let fields = object! {
            "lang": "py",
            "task": self.task.as_str(),
            "id": self.id.as_str(),
            "shadow": Value::Null,
            "eta": point(self.eta),
            "expires": point(self.expires),
            "group": self.group.clone(),
            "group_index": self.group_index,
            "retries": self.retries,
            "timelimit": vec![Value::from(hard.map(python::number)), soft.map(python::number).into()],
            "root_id": self.root_id.as_ref().unwrap_or(&self.id).as_str(),
            "parent_id": self.parent_id.clone(),
            "argsrepr": self.argsrepr(),
            "kwargsrepr": python::repr(&Value::Object(self.kwargs.clone())),
            "origin": origin,
            "ignore_result": self.ignore_result,
            "replaced_task_nesting": 0,
            "stamped_headers": Value::Null,
            "stamps": Map::new(),
        };
        if let Value::Object(fields) = fields {
            headers.extend(fields);
        }
        if self.is_beat {
            headers.insert("celery_beat_task".to_owned(), true.into());
        }
        headers
    }
}

/// kombu's envelope around a body.
pub(crate) fn envelope(
    body: &Value,
    headers: Map<String, Value>,
    properties: Map<String, Value>,
) -> Vec<u8> {
    python::json_dumps(&object! {
        "body": BASE64.encode(python::json_dumps(body)),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": headers,
        "properties": properties,
    })
}

/// The envelope of what is no task: an event, a call of remote control, a reply to one.
pub(crate) fn notice(
    body: &Value,
    headers: Value,
    delivery_mode: u8,
    exchange: &str,
    routing_key: &str,
    delivery_tag: &str,
) -> Vec<u8> {
    let (Value::Object(headers), Value::Object(properties)) = (
        headers,
        object! {
            "delivery_mode": delivery_mode,
            "delivery_info": object! {"exchange": exchange, "routing_key": routing_key},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": delivery_tag,
        },
    ) else {
        return Vec::new();
    };
    envelope(body, headers, properties)
}

/// The body and the headers of a message of any kind.
pub(crate) fn open(message: &[u8]) -> Option<(Value, Value)> {
    let mut raw: Value = serde_json::from_slice(message).ok()?;
    let body = decode_body(&raw)?;
    Some((body, raw.get_mut("headers")?.take()))
}

fn decode_body(raw: &Value) -> Option<Value> {
    let body = raw.get("body")?.as_str()?;
    let body = match raw.get("properties")?.get("body_encoding").and_then(Value::as_str) {
        Some("base64") => BASE64.decode(body).ok()?,
        _ => body.as_bytes().to_vec(),
    };
    serde_json::from_slice(&body).ok()
}

/// A message as a worker reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskMessage {
    /// All of it, to be put into `unacked` as it came.
    pub raw: Value,
    /// The id under which it waits for its acknowledgement.
    pub delivery_tag: String,
    /// The exchange it was sent to.
    pub exchange: String,
    /// The routing key it was sent with.
    pub routing_key: String,
    /// The priority it was sent with.
    pub priority: u8,
    /// What to run; `None` where this is no task of protocol 2.
    pub request: Option<Request>,
}

/// What a message asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Request {
    /// The task's full name.
    pub task: String,
    /// The task's id.
    pub id: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments.
    pub kwargs: Map<String, Value>,
    /// `repr` of the positional arguments, as the sender has it.
    pub argsrepr: String,
    /// `repr` of the keyword arguments.
    pub kwargsrepr: String,
    /// Not before this time.
    pub eta: Option<UnixMillis>,
    /// Not after this time.
    pub expires: Option<UnixMillis>,
    /// How often it was retried.
    pub retries: u32,
    /// The group or chord that it is a part of.
    pub group: Option<String>,
    /// Its place in there.
    pub group_index: Option<i64>,
    /// The first task of all.
    pub root_id: Option<String>,
    /// The task that sent it.
    pub parent_id: Option<String>,
    /// Hard and soft limit in seconds.
    pub timelimit: (Option<f64>, Option<f64>),
    /// Whether the sender wants no result.
    pub ignore_result: bool,
    /// Signatures of tasks that follow, the next one last.
    pub chain: Vec<Value>,
    /// The signature of the body of the chord that it is a part of.
    pub chord: Option<Value>,
    /// Where the caller hears of the result.
    pub reply_to: String,
    /// The process that sent it.
    pub origin: Option<String>,
    /// The exchange it was sent to; none where the routing key is a queue.
    pub exchange: String,
    /// The routing key it was sent with.
    pub routing_key: String,
    /// The priority it was sent with.
    pub priority: u8,
    /// Whether it was put back into its queue before.
    pub redelivered: bool,
}

impl TaskMessage {
    /// Reads a message; `None` where kombu would fail on it.
    pub fn parse(bytes: &[u8]) -> Option<TaskMessage> {
        Self::from_json(serde_json::from_slice(bytes).ok()?)
    }

    fn from_json(raw: Value) -> Option<TaskMessage> {
        let properties = raw.get("properties")?;
        let delivery_info = properties.get("delivery_info")?;
        Some(TaskMessage {
            delivery_tag: text(properties, "delivery_tag")?,
            exchange: text(delivery_info, "exchange")?,
            routing_key: text(delivery_info, "routing_key")?,
            priority: priority(properties),
            request: Request::from_json(&raw),
            raw,
        })
    }

    /// What it says, whoever it is for; `None` where that is no JSON.
    pub fn body(&self) -> Option<Value> {
        decode_body(&self.raw)
    }

    /// The message's entry in `unacked`.
    pub fn unacked_entry(&self) -> Vec<u8> {
        {
            let (exchange, routing_key) = (self.exchange.as_str(), self.routing_key.as_str());
            python::json_dumps(&vec![self.raw.clone(), exchange.into(), routing_key.into()].into())
        }
    }
}

impl Request {
    fn from_json(raw: &Value) -> Option<Request> {
        let headers = raw.get("headers")?;
        let properties = raw.get("properties")?;
        let Value::Array(body) = decode_body(raw)? else {
            return None;
        };
        let mut body = body.into_iter();
        let (Some(Value::Array(args)), Some(Value::Object(kwargs))) = (body.next(), body.next())
        else {
            return None;
        };
        let mut embed = body.next().unwrap_or_default();
        let mut embedded = |name| embed.get_mut(name).map(Value::take).filter(|it| !it.is_null());
        let point = |name| text(headers, name).as_deref().and_then(python::parse_isoformat);
        let delivered = |name| {
            let info = properties.get("delivery_info");
            info.and_then(|info| text(info, name)).unwrap_or_default()
        };
        let limit = |at| headers.get("timelimit").and_then(|it| it.get(at)).and_then(Value::as_f64);
        let retries = headers.get("retries").and_then(Value::as_u64).unwrap_or(0);
        Some(Request {
            task: text(headers, "task")?,
            id: text(headers, "id")?,
            args,
            kwargs,
            argsrepr: text(headers, "argsrepr").unwrap_or_default(),
            kwargsrepr: text(headers, "kwargsrepr").unwrap_or_default(),
            eta: point("eta"),
            expires: point("expires"),
            retries: u32::try_from(retries).unwrap_or(u32::MAX),
            group: text(headers, "group"),
            group_index: headers.get("group_index").and_then(Value::as_i64),
            root_id: text(headers, "root_id"),
            parent_id: text(headers, "parent_id"),
            timelimit: (limit(0), limit(1)),
            ignore_result: headers.get("ignore_result").and_then(Value::as_bool).unwrap_or(false),
            chain: match embedded("chain") {
                Some(Value::Array(chain)) => chain,
                _ => Vec::new(),
            },
            chord: embedded("chord"),
            reply_to: text(properties, "reply_to").unwrap_or_default(),
            origin: text(headers, "origin"),
            exchange: delivered("exchange"),
            routing_key: delivered("routing_key"),
            priority: priority(properties),
            redelivered: headers.get("redelivered").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn priority(properties: &Value) -> u8 {
    let priority = properties.get("priority").and_then(Value::as_u64).unwrap_or(0);
    u8::try_from(priority).unwrap_or(u8::MAX)
}

/// A message that is taken back from `unacked`.
#[derive(Debug, Clone)]
pub(crate) struct TakenBack {
    pub exchange: String,
    pub routing_key: String,
    pub priority: u8,
    /// What is pushed to its queues.
    pub message: Vec<u8>,
}

/// Takes a message back; `None` where the entry is not one of kombu's.
pub(crate) fn restore(entry: &[u8]) -> Option<TakenBack> {
    let Value::Array(entry) = serde_json::from_slice(entry).ok()? else {
        return None;
    };
    let [mut message, exchange, routing_key] = <[Value; 3]>::try_from(entry).ok()?;
    message.get_mut("headers")?.as_object_mut()?.insert("redelivered".into(), true.into());
    let properties = message.get_mut("properties")?;
    let priority = priority(properties);
    let delivery_info = properties.get_mut("delivery_info")?.as_object_mut()?;
    delivery_info.insert("redelivered".into(), true.into());
    Some(TakenBack {
        exchange: exchange.as_str()?.to_owned(),
        routing_key: routing_key.as_str()?.to_owned(),
        priority,
        message: python::json_dumps(&message),
    })
}
