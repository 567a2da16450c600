//! Celery's result backend: how a result gets into its key.

use crate::config::Config;
use crate::connection::{Command, Role};
use crate::keys;
use crate::message::Request;
use crate::process::Process;
use crate::result::{self, Context, Outcome};
use keyspace::UnixMillis;

/// A result that is about to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub task_id: String,
    pub outcome: Outcome,
    pub request: Option<Box<Request>>,
    /// The tasks that it sent; `None` where nobody knows.
    pub children: Option<Vec<String>>,
}

impl Store {
    pub fn of(request: &Request, outcome: Outcome) -> Store {
        Store {
            task_id: request.id.clone(),
            outcome,
            request: Some(Box::new(request.clone())),
            children: Some(Vec::new()),
        }
    }
}

/// Looks what is stored, and goes on with [`finish`].
pub(crate) fn begin<T: Clone>(
    process: &mut Process<T>,
    store: Store,
    then: impl FnOnce(Box<Store>) -> T,
) {
    let get = Command::new("GET").arg(keys::result(&store.task_id));
    process.call_then(Role::Results, get, then(Box::new(store)));
}

/// Stores a result and tells of it, unless the task is known to have succeeded before.
pub(crate) fn finish<T: Clone>(
    process: &mut Process<T>,
    config: &Config,
    hostname: &str,
    store: &Store,
    stored: Option<&[u8]>,
    now: UnixMillis,
) {
    if stored.and_then(result::status_of).as_deref() == Some("SUCCESS") {
        return;
    }
    let key = keys::result(&store.task_id);
    let context = Context {
        request: store.request.as_deref(),
        children: store.children.as_deref(),
        extended: config.result_extended.then_some(hostname),
    };
    let meta = result::meta(&store.task_id, &store.outcome, &context, now);
    let set = match expires(config) {
        Some(seconds) => Command::new("SETEX").arg(&key).arg(seconds.to_string()).arg(&meta),
        None => Command::new("SET").arg(&key).arg(&meta),
    };
    let publish = Command::new("PUBLISH").arg(&key).arg(&meta);
    process.transaction(Role::Results, [set, publish]);
}

/// How many seconds a result is kept.
pub(crate) fn expires(config: &Config) -> Option<i64> {
    config.result_expires.map(|seconds| seconds as i64).filter(|&seconds| seconds > 0)
}
