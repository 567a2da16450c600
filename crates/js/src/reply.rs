//! Replies as JavaScript values.

use js_sys::{Array, Error, Map, Set};
use keyspace_resp::Value;
use wasm_bindgen::JsValue;

/// The largest integer below which every integer is a JavaScript number.
const SAFE_INTEGER: u64 = 1 << 53;

/// A reply as a JavaScript value. Bytes that are not UTF-8 are replaced as `TextDecoder` does.
pub(crate) fn to_js(value: &Value) -> JsValue {
    match value {
        Value::Simple(bytes)
        | Value::Bulk(bytes)
        | Value::Verbatim(_, bytes)
        | Value::BigNumber(bytes) => text(bytes),
        Value::Error(bytes) => Error::new(&String::from_utf8_lossy(bytes)).into(),
        Value::Integer(number) if number.unsigned_abs() <= SAFE_INTEGER => (*number as f64).into(),
        Value::Integer(number) => (*number).into(),
        Value::Double(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Null | Value::NullArray => JsValue::NULL,
        Value::Array(items) | Value::Push(items) => {
            items.iter().map(to_js).collect::<Array>().into()
        }
        Value::Set(items) => {
            let set = Set::default();
            for item in items {
                set.add(&to_js(item));
            }
            set.into()
        }
        Value::Map(pairs) => {
            let map = Map::new();
            for (key, value) in pairs {
                map.set(&to_js(key), &to_js(value));
            }
            map.into()
        }
    }
}

fn text(bytes: &[u8]) -> JsValue {
    JsValue::from_str(&String::from_utf8_lossy(bytes))
}
