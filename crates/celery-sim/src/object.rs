//! JSON objects as they are written down. `json!` makes code for each of their fields; this makes a
//! table of them, which is a third less code for what a worker answers to remote control.

use serde_json::{Map, Value};

/// An object of these fields, in this order. Values are what a [`Value`] is made from.
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::object::of(&mut [$(($name, serde_json::Value::from($value))),*])
    };
}

pub(crate) use object;

/// Takes the values out of a table of fields.
#[inline(never)]
pub(crate) fn of(fields: &mut [(&'static str, Value)]) -> Value {
    let field = |(name, value): &mut (&'static str, Value)| ((*name).to_owned(), value.take());
    Value::Object(fields.iter_mut().map(field).collect::<Map<_, _>>())
}

/// The object that a text of ours is.
#[inline(never)]
pub(crate) fn parsed(text: &'static str) -> Map<String, Value> {
    serde_json::from_str(text).expect("what stands in the source is JSON")
}
