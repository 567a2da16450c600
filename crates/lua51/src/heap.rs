//! The heap: every string, table, function, cell and coroutine, and an exact account of their bytes.
//!
//! To allocate never collects. Room is made before, at points where all that is in use can be
//! reached from the machine's roots (`gc.rs`); an allocation beyond the limit is an error.

use crate::arena::Arena;
use crate::error::Error;
use crate::table::{NoRoom, TableData};
use crate::thread::ThreadData;
use crate::value::{Cell, Function, Str, Table, Thread, UserData, Value};
use crate::vm::NativeFunction;

/// The bytes of a string.
#[derive(Clone, Debug, Default)]
pub(crate) struct StringData {
    pub(crate) bytes: Box<[u8]>,
    hash: u32,
    /// The next string of the same bucket.
    next: u32,
}

/// What a function is in the heap.
#[derive(Clone, Debug)]
pub(crate) enum FunctionData {
    /// Compiled from source.
    Lua { proto: u32, upvalues: Box<[Cell]>, environment: Table },
    /// A library's, with values of its own.
    Native { function: NativeFunction, upvalues: Box<[Value]> },
    /// The host's: a call leaves the machine.
    Host(u32),
}

impl Default for FunctionData {
    fn default() -> Self {
        FunctionData::Host(u32::MAX)
    }
}

/// What a full userdata is in the heap.
#[derive(Clone, Debug, Default)]
pub(crate) struct UserDataData {
    pub(crate) metatable: Option<Table>,
}

const NONE: u32 = u32::MAX;
const FIRST_BUCKETS: usize = 256;

#[derive(Clone, Debug)]
pub(crate) struct Heap {
    pub(crate) strings: Arena<StringData>,
    pub(crate) tables: Arena<TableData>,
    pub(crate) functions: Arena<FunctionData>,
    pub(crate) cells: Arena<Value>,
    pub(crate) threads: Arena<ThreadData>,
    pub(crate) userdata: Arena<UserDataData>,
    /// The first string of each bucket; strings are found by their hash.
    buckets: Vec<u32>,
    string_count: usize,
    /// The bytes in use.
    pub(crate) bytes: usize,
    pub(crate) limit: usize,
    /// A collection is due when so many bytes are in use.
    pub(crate) threshold: usize,
}

impl Heap {
    pub(crate) fn new(limit: usize) -> Heap {
        Heap {
            strings: Arena::default(),
            tables: Arena::default(),
            functions: Arena::default(),
            cells: Arena::default(),
            threads: Arena::default(),
            userdata: Arena::default(),
            buckets: vec![NONE; FIRST_BUCKETS],
            string_count: 0,
            bytes: 0,
            limit,
            threshold: 0,
        }
    }

    /// The bytes that may still be allocated.
    pub(crate) fn room(&self) -> usize {
        self.limit.saturating_sub(self.bytes)
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Result<(), Error> {
        if bytes > self.room() {
            return Err(Error::Memory);
        }
        self.bytes += bytes;
        Ok(())
    }

    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    #[inline]
    pub(crate) fn bytes_of(&self, string: Str) -> &[u8] {
        &self.strings[string.id].bytes
    }

    /// The string of these bytes.
    pub(crate) fn string(&mut self, bytes: &[u8]) -> Result<Str, Error> {
        let hash = hash(bytes);
        match self.find_string(bytes, hash) {
            Some(string) => Ok(string),
            None => {
                self.take(string_cost(bytes.len()))?;
                Ok(self.add_string(bytes.into(), hash))
            }
        }
    }

    /// The string of these bytes, which are not copied.
    pub(crate) fn string_from(&mut self, bytes: Vec<u8>) -> Result<Str, Error> {
        let hash = hash(&bytes);
        match self.find_string(&bytes, hash) {
            Some(string) => Ok(string),
            None => {
                self.take(string_cost(bytes.len()))?;
                Ok(self.add_string(bytes.into_boxed_slice(), hash))
            }
        }
    }

    /// A short string that must be had even at the limit: the message of an error.
    pub(crate) fn message(&mut self, bytes: &[u8]) -> Str {
        let hash = hash(bytes);
        self.find_string(bytes, hash).unwrap_or_else(|| {
            self.bytes += string_cost(bytes.len());
            self.add_string(bytes.into(), hash)
        })
    }

    fn find_string(&self, bytes: &[u8], hash: u32) -> Option<Str> {
        let mut at = self.buckets[hash as usize & (self.buckets.len() - 1)];
        while at != NONE {
            let string = &self.strings[at];
            if string.hash == hash && *string.bytes == *bytes {
                return Some(Str { id: at, hash });
            }
            at = string.next;
        }
        None
    }

    fn add_string(&mut self, bytes: Box<[u8]>, hash: u32) -> Str {
        if self.string_count >= self.buckets.len() {
            self.grow_buckets();
        }
        self.string_count += 1;
        let bucket = hash as usize & (self.buckets.len() - 1);
        let id = self.strings.insert(StringData { bytes, hash, next: self.buckets[bucket] });
        self.buckets[bucket] = id;
        Str { id, hash }
    }

    fn grow_buckets(&mut self) {
        let size = self.buckets.len() * 2;
        let old = std::mem::replace(&mut self.buckets, vec![NONE; size]);
        for mut at in old {
            while at != NONE {
                let string = &mut self.strings[at];
                let next = string.next;
                let bucket = string.hash as usize & (size - 1);
                string.next = self.buckets[bucket];
                self.buckets[bucket] = at;
                at = next;
            }
        }
    }

    /// Frees every string that is not marked.
    pub(crate) fn sweep_strings(&mut self) {
        for bucket in 0..self.buckets.len() {
            let mut at = self.buckets[bucket];
            let mut kept = NONE;
            while at != NONE {
                let next = self.strings[at].next;
                if self.strings.is_marked(at) {
                    self.strings[at].next = kept;
                    kept = at;
                }
                at = next;
            }
            self.buckets[bucket] = kept;
        }
        let (mut freed_bytes, mut freed) = (0, 0);
        self.strings.sweep(|_, string| {
            freed += 1;
            freed_bytes += string_cost(string.bytes.len());
        });
        self.string_count -= freed;
        self.give_back(freed_bytes);
    }

    /// A new table with room for so many elements and entries.
    pub(crate) fn table(&mut self, array: usize, hash: usize) -> Result<Table, Error> {
        self.take(size_of::<TableData>() + TableData::bytes_of(array, hash))?;
        Ok(Table(self.tables.insert(TableData::sized(array, hash))))
    }

    pub(crate) fn function(&mut self, function: FunctionData) -> Result<Function, Error> {
        self.take(function_cost(&function))?;
        Ok(Function(self.functions.insert(function)))
    }

    pub(crate) fn cell(&mut self, value: Value) -> Result<Cell, Error> {
        self.take(size_of::<Value>() + 1)?;
        Ok(Cell(self.cells.insert(value)))
    }

    pub(crate) fn thread(&mut self, thread: ThreadData) -> Result<Thread, Error> {
        self.take(thread.bytes())?;
        Ok(Thread(self.threads.insert(thread)))
    }

    pub(crate) fn new_userdata(&mut self, metatable: Option<Table>) -> Result<UserData, Error> {
        self.take(size_of::<UserDataData>())?;
        Ok(UserData(self.userdata.insert(UserDataData { metatable })))
    }

    #[inline]
    pub(crate) fn get(&self, table: Table, key: Value) -> Value {
        self.tables[table.0].get(key)
    }

    /// Sets a key that is neither nil nor NaN, without metamethods.
    pub(crate) fn set(&mut self, table: Table, key: Value, value: Value) -> Result<(), Error> {
        let room = self.room();
        let grown =
            self.tables[table.0].set(key, value, room).map_err(|NoRoom { .. }| Error::Memory)?;
        self.account(grown);
        self.tables[table.0].absent = 0;
        Ok(())
    }

    pub(crate) fn account(&mut self, grown: isize) {
        self.bytes = self.bytes.saturating_add_signed(grown);
    }

    /// Sets a field by its name.
    pub(crate) fn set_field(
        &mut self,
        table: Table,
        name: &str,
        value: Value,
    ) -> Result<(), Error> {
        let name = self.string(name.as_bytes())?;
        self.set(table, Value::String(name), value)
    }

    /// The metatable of a table or a full userdata.
    pub(crate) fn own_metatable(&self, value: Value) -> Option<Table> {
        match value {
            Value::Table(table) => self.tables[table.0].metatable,
            Value::UserData(id) => self.userdata[id.0].metatable,
            _ => None,
        }
    }
}

pub(crate) fn string_cost(length: usize) -> usize {
    size_of::<StringData>() + 5 + length
}

pub(crate) fn function_cost(function: &FunctionData) -> usize {
    size_of::<FunctionData>()
        + match function {
            FunctionData::Lua { upvalues, .. } => size_of_val(&**upvalues),
            FunctionData::Native { upvalues, .. } => size_of_val(&**upvalues),
            FunctionData::Host(_) => 0,
        }
}

/// The hash of Lua 5.1, which looks at 32 bytes at most.
fn hash(bytes: &[u8]) -> u32 {
    let length = bytes.len();
    let step = (length >> 5) + 1;
    let mut hash = length as u32;
    let mut at = length;
    while at >= step {
        let shifted = (hash << 5).wrapping_add(hash >> 2);
        hash ^= shifted.wrapping_add(u32::from(bytes[at - 1]));
        at -= step;
    }
    hash
}
