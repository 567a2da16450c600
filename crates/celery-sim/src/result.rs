//! What is stored of a task: `celery-task-meta-<id>`.

use crate::message::Request;
use crate::python;
use keyspace::UnixMillis;
use serde_json::{Map, Value, json};

/// How a task ended, or what it does.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It began.
    Started {
        /// The process that runs it.
        pid: u32,
        /// The worker.
        hostname: String,
    },
    /// It returned a value.
    Success(Value),
    /// It raised.
    Failure(Exception),
    /// It raised, and was sent again.
    Retry(Exception),
    /// It will not run.
    Revoked(Exception),
}

/// What Python raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Exception {
    /// The exception's class.
    pub exc_type: String,
    /// The exception's arguments.
    pub exc_message: Vec<Value>,
    /// The module of the class.
    pub exc_module: String,
    /// What Python prints; `None` where the task did not run in a process that lives.
    pub traceback: Option<String>,
}

impl Exception {
    /// An exception without a traceback.
    pub fn new(module: &str, class: &str, args: Vec<Value>) -> Exception {
        Exception {
            exc_type: class.to_owned(),
            exc_message: args,
            exc_module: module.to_owned(),
            traceback: None,
        }
    }

    /// `repr` of the exception.
    pub fn repr(&self) -> String {
        let args: Vec<String> = self.exc_message.iter().map(python::repr).collect();
        format!("{}({})", self.exc_type, args.join(", "))
    }

    fn result(&self) -> Value {
        json!({
            "exc_type": self.exc_type,
            "exc_message": self.exc_message,
            "exc_module": self.exc_module,
        })
    }
}

impl Outcome {
    /// Celery's name of it.
    pub fn state(&self) -> &'static str {
        match self {
            Outcome::Started { .. } => "STARTED",
            Outcome::Success(_) => "SUCCESS",
            Outcome::Failure(_) => "FAILURE",
            Outcome::Retry(_) => "RETRY",
            Outcome::Revoked(_) => "REVOKED",
        }
    }

    /// What is stored as its result.
    pub fn result(&self) -> Value {
        match self {
            Outcome::Started { pid, hostname } => json!({"pid": pid, "hostname": hostname}),
            Outcome::Success(value) => value.clone(),
            Outcome::Failure(exception)
            | Outcome::Retry(exception)
            | Outcome::Revoked(exception) => exception.result(),
        }
    }

    fn traceback(&self) -> Option<&str> {
        match self {
            Outcome::Started { .. } | Outcome::Success(_) => None,
            Outcome::Failure(exception)
            | Outcome::Retry(exception)
            | Outcome::Revoked(exception) => exception.traceback.as_deref(),
        }
    }
}

/// What is known of a task besides how it ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context<'a> {
    /// What was asked for; `None` where only the id is known.
    pub request: Option<&'a Request>,
    /// The tasks that it sent; `None` where nobody knows.
    pub children: Option<&'a [String]>,
    /// The worker, where `result_extended` is on.
    pub extended: Option<&'a str>,
}

/// The value of a result's key.
pub(crate) fn meta(
    task_id: &str,
    outcome: &Outcome,
    context: &Context<'_>,
    now: UnixMillis,
) -> Vec<u8> {
    let mut meta = Map::new();
    let mut put = |name: &str, value: Value| meta.insert(name.to_owned(), value);
    let state = outcome.state();
    put("status", state.into());
    put("result", outcome.result());
    put("traceback", outcome.traceback().into());
    let child = |id: &String| json!([[id, null], null]);
    let children = context.children.map(|ids| ids.iter().map(child).collect::<Vec<Value>>());
    put("children", children.into());
    put("date_done", is_ready(state).then(|| python::isoformat(now)).into());
    if let Some(request) = context.request {
        if let Some(group) = &request.group {
            put("group_id", group.as_str().into());
        }
        if let Some(parent) = &request.parent_id {
            put("parent_id", parent.as_str().into());
        }
        if let Some(hostname) = context.extended {
            put("name", request.task.as_str().into());
            put("args", request.args.clone().into());
            put("kwargs", request.kwargs.clone().into());
            put("worker", hostname.into());
            put("retries", request.retries.into());
            put("queue", request.routing_key.as_str().into());
        }
    }
    put("task_id", task_id.into());
    python::json_dumps(&Value::Object(meta))
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
