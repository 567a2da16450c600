//! The data structures. They know nothing of commands or clients, nor of what time it is.

mod array;
pub(crate) mod bits;
mod bytes;
mod footprint;
pub(crate) mod geo;
mod hash;
pub(crate) mod hyperloglog;
mod list;
pub(crate) mod listpack;
mod memory;
mod packed;
mod places;
mod segmented;
mod set;
mod stream;
mod string;
mod table;
mod zset;

pub(crate) use array::Array;
pub(crate) use bytes::{SmallBytes, is_same};
pub(crate) use footprint::{allocation, string_bytes};
pub(crate) use hash::Hash;
pub(crate) use list::{End, List, NodeLimit, Side};
pub(crate) use memory::{ITEM_BYTES, heap_bytes};
pub(crate) use places::{Places, hash};
pub(crate) use segmented::Segmented;
pub(crate) use set::{Member, Set, SetLimits};
pub(crate) use stream::{
    Consumer, ConsumerGroup, ConsumerName, Idempotency, IdempotencyLimits, NODE_MAX_BYTES, Pending,
    References, Stream, StreamEntry, StreamId, StreamLimits, StreamNode, StreamNodeFlags,
    Threshold, Trim, message_id,
};
pub(crate) use string::{Str, canonical_integer};
use table::Table;
pub(crate) use zset::{
    Element, ElementRef, Interval, LexInterval, Limit, ScoreInterval, ZSet, in_order,
};

use crate::time::UnixMillis;

/// An insertion-ordered map with a hash that is the same on every run.
pub(crate) type Map<K, V> = indexmap::IndexMap<K, V, foldhash::quality::FixedState>;
/// An insertion-ordered set with a hash that is the same on every run.
pub(crate) type OrderedSet<T> = indexmap::IndexSet<T, foldhash::quality::FixedState>;

/// Up to which sizes Redis keeps a small collection in one listpack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ListpackLimits {
    /// How many elements it may have.
    pub entries: usize,
    /// How long each of them may be.
    pub value_bytes: usize,
}

/// What a key holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    String(Str),
    List(Box<List>),
    Hash(Box<Hash>),
    Set(Box<Set>),
    ZSet(Box<ZSet>),
    Stream(Box<Stream>),
    Array(Box<Array>),
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    String,
    List,
    Hash,
    Set,
    ZSet,
    Stream,
    Array,
}

impl ValueType {
    /// The name that `TYPE` answers.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::List => "list",
            ValueType::Hash => "hash",
            ValueType::Set => "set",
            ValueType::ZSet => "zset",
            ValueType::Stream => "stream",
            ValueType::Array => "array",
        }
    }
}

impl Value {
    pub fn value_type(&self) -> ValueType {
        match self {
            Value::String(_) => ValueType::String,
            Value::List(_) => ValueType::List,
            Value::Hash(_) => ValueType::Hash,
            Value::Set(_) => ValueType::Set,
            Value::ZSet(_) => ValueType::ZSet,
            Value::Stream(_) => ValueType::Stream,
            Value::Array(_) => ValueType::Array,
        }
    }

    /// The name that `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self {
            Value::String(value) => value.encoding(),
            Value::List(value) => value.encoding(),
            Value::Hash(value) => value.encoding(),
            Value::Set(value) => value.encoding(),
            Value::ZSet(value) => value.encoding(),
            Value::Stream(value) => value.encoding(),
            Value::Array(value) => value.encoding(),
        }
    }

    /// When the first part of it dies: the first field of a hash.
    pub fn next_field_expire(&self) -> Option<UnixMillis> {
        match self {
            Value::Hash(value) => value.next_expire(),
            _ => None,
        }
    }

    /// Whether an aggregate has no element left, so that its key must go.
    pub fn is_empty_aggregate(&self) -> bool {
        match self {
            // A stream may be empty and keep its groups.
            Value::String(_) | Value::Stream(_) => false,
            Value::List(value) => value.is_empty(),
            Value::Hash(value) => value.is_empty(),
            Value::Set(value) => value.is_empty(),
            Value::ZSet(value) => value.is_empty(),
            Value::Array(value) => value.is_empty(),
        }
    }
}

/// A type that a key can hold: how a handler says which one it needs.
pub(crate) trait Typed: Sized {
    fn from_value(value: &Value) -> Option<&Self>;
    fn from_value_mut(value: &mut Value) -> Option<&mut Self>;
    fn into_value(self) -> Value;
}

macro_rules! boxed {
    ($($name:ident),*) => {$(
        impl Typed for $name {
            fn from_value(value: &Value) -> Option<&Self> {
                match value { Value::$name(inner) => Some(inner), _ => None }
            }
            fn from_value_mut(value: &mut Value) -> Option<&mut Self> {
                match value { Value::$name(inner) => Some(inner), _ => None }
            }
            fn into_value(self) -> Value {
                Value::$name(Box::new(self))
            }
        }
    )*};
}

boxed!(List, Hash, Set, ZSet, Stream, Array);

impl Typed for Str {
    fn from_value(value: &Value) -> Option<&Self> {
        match value {
            Value::String(inner) => Some(inner),
            _ => None,
        }
    }

    fn from_value_mut(value: &mut Value) -> Option<&mut Self> {
        match value {
            Value::String(inner) => Some(inner),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::String(self)
    }
}
