//! Metamethods: their names, and how they are found.

use crate::heap::Heap;
use crate::value::{Str, Table, Value};
use crate::vm::Vm;

macro_rules! events {
    ($($event:ident $name:literal),*) => {
        /// What a metatable may define.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Event { $($event),* }

        /// The field of a metatable for each event, in order.
        pub(crate) const NAMES: &[&str] = &[$($name),*];
    };
}

events! {
    Index "__index", NewIndex "__newindex", Eq "__eq", Length "__len", Add "__add", Sub "__sub", Mul "__mul", Div "__div",
    Mod "__mod", Pow "__pow", Minus "__unm", Lt "__lt", Le "__le", Concat "__concat", Call "__call",
    ToString "__tostring", Metatable "__metatable", Mode "__mode"
}

/// The field of a metatable for an event; that there is none is remembered.
#[inline]
pub(crate) fn lookup(heap: &mut Heap, names: &[Str], metatable: Table, event: Event) -> Value {
    let table = &mut heap.tables[metatable.0];
    let bit = 1u32 << event as u32;
    if table.absent & bit != 0 {
        return Value::Nil;
    }
    let value = table.get_string(names[event as usize]);
    if value.is_nil() {
        table.absent |= bit;
    }
    value
}

impl Vm {
    /// The metatable of any value.
    pub(crate) fn metatable_of(&self, value: Value) -> Option<Table> {
        match value {
            Value::String(_) => self.string_metatable,
            _ => self.heap.own_metatable(value),
        }
    }

    /// What a value's metatable defines for an event, or nil.
    pub(crate) fn metamethod(&mut self, value: Value, event: Event) -> Value {
        match self.metatable_of(value) {
            Some(metatable) => lookup(&mut self.heap, &self.event_names, metatable, event),
            None => Value::Nil,
        }
    }

    /// The metamethod of two operands: the left one's, or else the right one's.
    pub(crate) fn binary_metamethod(&mut self, left: Value, right: Value, event: Event) -> Value {
        match self.metamethod(left, event) {
            Value::Nil => self.metamethod(right, event),
            found => found,
        }
    }

    /// The metamethod by which two values may be compared: both must have the same.
    pub(crate) fn comparison_metamethod(
        &mut self,
        left: Value,
        right: Value,
        event: Event,
    ) -> Value {
        let (first, second) = (self.metamethod(left, event), self.metamethod(right, event));
        if first == second { first } else { Value::Nil }
    }
}
