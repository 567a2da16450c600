//! What workers and senders tell of tasks and themselves: Celery's events.

use crate::object::object;
use crate::python;
use keyspace::UnixMillis;
use serde_json::{Map, Value};

/// The body of an event.
pub(crate) fn body(
    kind: &str,
    hostname: &str,
    pid: u32,
    clock: u64,
    fields: &Value,
    now: UnixMillis,
) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("hostname", hostname.into());
    put("utcoffset", 0.0.into());
    put("pid", pid.into());
    put("clock", clock.into());
    for (name, value) in fields.as_object().into_iter().flatten() {
        put(name, value.clone());
    }
    put("timestamp", python::seconds(now));
    put("type", kind.into());
    Value::Object(body)
}

/// Who a worker says that it is.
pub(crate) fn software() -> Value {
    object! {"sw_ident": "py-celery", "sw_ver": "5.7.0", "sw_sys": "Linux"}
}
