//! What travels: a task message in kombu's envelope, an unacked entry, a result.
//!
//! Built as Celery 5.7 builds them, key for key; read with the tolerance that a worker has for
//! messages that other programs made.

use crate::keys;
use crate::python;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keyspace::UnixMillis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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
    /// Do not run it when so many milliseconds have passed.
    pub expires_ms: Option<i64>,
    /// 0 to 9.
    pub priority: u8,
}

impl TaskCall {
    /// A call with positional arguments, as `delay` takes them.
    pub fn new(task: &str, args: impl IntoIterator<Item = impl Into<Value>>) -> TaskCall {
        TaskCall {
            task: task.to_owned(),
            args: args.into_iter().map(Into::into).collect(),
            kwargs: Map::new(),
            countdown_ms: None,
            expires_ms: None,
            priority: 0,
        }
    }
}

/// What the sender puts on a message besides the call.
#[derive(Debug, Clone)]
pub struct Stamp<'a> {
    /// The task's id.
    pub task_id: &'a str,
    /// The message's own id, new for each message.
    pub delivery_tag: &'a str,
    /// The id of the sending process.
    pub reply_to: &'a str,
    /// The sending process, as in `gen30588@vm`.
    pub origin: &'a str,
    /// Whether nobody wants the result.
    pub ignore_result: bool,
    /// When it is sent.
    pub now: UnixMillis,
}

/// The message of a call: what is pushed to the queue.
pub fn build(call: &TaskCall, stamp: &Stamp<'_>) -> Vec<u8> {
    let point = |millis: Option<i64>| match millis {
        Some(millis) => Value::from(python::isoformat(stamp.now + millis)),
        None => Value::Null,
    };
    let mut properties = Map::new();
    properties.insert("correlation_id".into(), stamp.task_id.into());
    properties.insert("reply_to".into(), stamp.reply_to.into());
    properties.insert("delivery_mode".into(), 2.into());
    if let Some(millis) = call.expires_ms {
        properties.insert("expiration".into(), millis.to_string().into());
    }
    let delivery_info = json!({"exchange": "", "routing_key": keys::DEFAULT_QUEUE});
    properties.insert("delivery_info".into(), delivery_info);
    properties.insert("priority".into(), call.priority.into());
    properties.insert("body_encoding".into(), "base64".into());
    properties.insert("delivery_tag".into(), stamp.delivery_tag.into());
    let message = json!({
        "body": encode_body(call),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": call.task,
            "id": stamp.task_id,
            "shadow": null,
            "eta": point(call.countdown_ms),
            "expires": point(call.expires_ms),
            "group": null,
            "group_index": null,
            "retries": 0,
            "timelimit": [null, null],
            "root_id": stamp.task_id,
            "parent_id": null,
            "argsrepr": python::tuple_repr(&call.args),
            "kwargsrepr": python::repr(&Value::Object(call.kwargs.clone())),
            "origin": stamp.origin,
            "ignore_result": stamp.ignore_result,
            "replaced_task_nesting": 0,
            "stamped_headers": null,
            "stamps": {},
        },
        "properties": properties,
    });
    python::json_dumps(&message)
}

fn encode_body(call: &TaskCall) -> String {
    let embed = json!({"callbacks": null, "errbacks": null, "chain": null, "chord": null});
    let body = json!([call.args, call.kwargs, embed]);
    BASE64.encode(python::json_dumps(&body))
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
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The task's full name.
    pub task: String,
    /// The task's id.
    pub id: String,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments.
    pub kwargs: Map<String, Value>,
    /// Not before this time.
    pub eta: Option<UnixMillis>,
    /// Whether the sender wants no result.
    pub ignore_result: bool,
}

impl TaskMessage {
    /// Reads a message; `None` where kombu would fail on it.
    pub fn parse(bytes: &[u8]) -> Option<TaskMessage> {
        Self::from_json(serde_json::from_slice(bytes).ok()?)
    }

    fn from_json(raw: Value) -> Option<TaskMessage> {
        let properties = raw.get("properties")?;
        let delivery_info = properties.get("delivery_info")?;
        let text = |value: &Value, name| value.get(name)?.as_str().map(str::to_owned);
        Some(TaskMessage {
            delivery_tag: text(properties, "delivery_tag")?,
            exchange: text(delivery_info, "exchange")?,
            routing_key: text(delivery_info, "routing_key")?,
            priority: priority(properties),
            request: Request::from_json(&raw),
            raw,
        })
    }

    /// The message's entry in `unacked`.
    pub fn unacked_entry(&self) -> Vec<u8> {
        python::json_dumps(&json!([self.raw, self.exchange, self.routing_key]))
    }
}

impl Request {
    fn from_json(raw: &Value) -> Option<Request> {
        let headers = raw.get("headers")?;
        let body = raw.get("body")?.as_str()?;
        let body = match raw.get("properties")?.get("body_encoding").and_then(Value::as_str) {
            Some("base64") => BASE64.decode(body).ok()?,
            _ => body.as_bytes().to_vec(),
        };
        let Value::Array(body) = serde_json::from_slice(&body).ok()? else {
            return None;
        };
        let mut body = body.into_iter();
        let (Some(Value::Array(args)), Some(Value::Object(kwargs))) = (body.next(), body.next())
        else {
            return None;
        };
        Some(Request {
            task: headers.get("task")?.as_str()?.to_owned(),
            id: headers.get("id")?.as_str()?.to_owned(),
            args,
            kwargs,
            eta: headers.get("eta").and_then(Value::as_str).and_then(python::parse_isoformat),
            ignore_result: headers.get("ignore_result").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

fn priority(properties: &Value) -> u8 {
    let priority = properties.get("priority").and_then(Value::as_u64).unwrap_or(0);
    u8::try_from(priority).unwrap_or(u8::MAX)
}

/// A message taken back from `unacked`: the list it goes to, and what is pushed there. `None`
/// where the entry is not one of kombu's.
pub fn restore(entry: &[u8]) -> Option<(String, Vec<u8>)> {
    let Value::Array(entry) = serde_json::from_slice(entry).ok()? else {
        return None;
    };
    let [mut message, _exchange, routing_key] = <[Value; 3]>::try_from(entry).ok()?;
    let queue = routing_key.as_str()?;
    message.get_mut("headers")?.as_object_mut()?.insert("redelivered".into(), true.into());
    let properties = message.get_mut("properties")?;
    let list = keys::queue_for_priority(queue, priority(properties));
    let delivery_info = properties.get_mut("delivery_info")?.as_object_mut()?;
    delivery_info.insert("redelivered".into(), true.into());
    Some((list, python::json_dumps(&message)))
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It returned a value.
    Success(Value),
    /// It raised.
    Failure {
        /// The exception's class.
        exc_type: &'static str,
        /// The exception's arguments.
        exc_message: Vec<Value>,
        /// The module of the class.
        exc_module: &'static str,
        /// What Python prints; `None` where the task did not start.
        traceback: Option<String>,
    },
}

impl Outcome {
    /// Celery's name of it.
    pub fn state(&self) -> &'static str {
        match self {
            Outcome::Success(_) => "SUCCESS",
            Outcome::Failure { .. } => "FAILURE",
        }
    }
}

/// The value of a result's key: `status`, `result` and the rest.
pub fn result_meta(task_id: &str, outcome: &Outcome, now: UnixMillis) -> Vec<u8> {
    let (status, result, traceback) = match outcome {
        Outcome::Success(value) => ("SUCCESS", value.clone(), None),
        Outcome::Failure { exc_type, exc_message, exc_module, traceback } => {
            let result = json!({
                "exc_type": exc_type,
                "exc_message": exc_message,
                "exc_module": exc_module,
            });
            ("FAILURE", result, traceback.as_deref())
        }
    };
    python::json_dumps(&json!({
        "status": status,
        "result": result,
        "traceback": traceback,
        "children": [],
        "date_done": python::isoformat(now),
        "task_id": task_id,
    }))
}

/// The status in a stored result.
pub fn status_of(meta: &[u8]) -> Option<String> {
    let meta: Value = serde_json::from_slice(meta).ok()?;
    meta.get("status")?.as_str().map(str::to_owned)
}

/// Whether a task with this status has ended.
pub fn is_ready(status: &str) -> bool {
    matches!(status, "SUCCESS" | "FAILURE" | "REVOKED")
}
