//! Values: what a register, a table's slot or a host holds. A value is small and copied freely;
//! everything larger lives in the heap, and a value names it by its index there.

/// A Lua value.
///
/// Strings, tables, functions and threads are handles into the [`Vm`](crate::Vm) that made them, and
/// mean nothing to another, other than to its clone. A handle is good while the machine can reach
/// what it names; see [`Vm::keep`](crate::Vm::keep).
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub enum Value {
    /// `nil`
    #[default]
    Nil,
    /// `true` or `false`
    Boolean(bool),
    /// The one number type, a double.
    Number(f64),
    /// A string of bytes.
    String(Str),
    /// A table.
    Table(Table),
    /// A function, of whatever language.
    Function(Function),
    /// A coroutine.
    Thread(Thread),
    /// A full userdata, as `newproxy` makes it: an identity, perhaps with a metatable.
    UserData(UserData),
    /// A light userdata: a number that scripts can only compare, such as `cjson.null`.
    LightUserData(u32),
    /// No script sees it: a captured variable's cell in a register, or the key of an entry whose
    /// key was collected.
    #[doc(hidden)]
    Cell(Cell),
}

/// A string in the heap, with the hash that Lua 5.1 gives it. Equal strings are one string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str {
    pub(crate) id: u32,
    pub(crate) hash: u32,
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub(crate) u32);
    )*};
}

handles! {
    /// A table in the heap.
    Table,
    /// A function in the heap.
    Function,
    /// A coroutine in the heap.
    Thread,
    /// A userdata in the heap.
    UserData,
    /// A variable that outlives its scope, because a function captured it.
    Cell
}

impl Value {
    /// The key of a table's entry whose key was collected: equal to no key that a script has.
    pub(crate) const DEAD: Value = Value::Cell(Cell(u32::MAX));

    /// Whether a condition takes it for true: all but `nil` and `false`.
    #[must_use]
    pub fn is_truthy(self) -> bool {
        !matches!(self, Value::Nil | Value::Boolean(false))
    }

    /// Whether it is `nil`.
    #[must_use]
    pub fn is_nil(self) -> bool {
        matches!(self, Value::Nil)
    }

    /// What `type` answers.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Boolean(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Table(_) => "table",
            Value::Function(_) => "function",
            Value::Thread(_) => "thread",
            Value::UserData(_) | Value::LightUserData(_) => "userdata",
            Value::Cell(_) => "upvalue",
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Number(value)
    }
}

impl From<Table> for Value {
    fn from(value: Table) -> Value {
        Value::Table(value)
    }
}

impl From<Str> for Value {
    fn from(value: Str) -> Value {
        Value::String(value)
    }
}

impl From<Function> for Value {
    fn from(value: Function) -> Value {
        Value::Function(value)
    }
}
