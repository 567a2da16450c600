//! Tables, laid out exactly as Lua 5.1 lays them out: an array, and a hash whose colliding entries
//! are chained inside it (Brent's variation). What scripts can observe of it, the order of `next`
//! and the border that `#` finds, is therefore the same.

use crate::value::{Str, Table, Value};

const NONE: u32 = u32::MAX;
/// The largest array has `2^MAX_BITS` elements.
const MAX_BITS: usize = 26;

#[derive(Clone, Copy, Debug)]
struct Node {
    key: Value,
    value: Value,
    /// The next entry of the same chain.
    next: u32,
}

const FREE: Node = Node { key: Value::Nil, value: Value::Nil, next: NONE };

/// What a table is in the heap.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableData {
    array: Vec<Value>,
    /// A power of two of entries, or none.
    nodes: Vec<Node>,
    /// All entries from here on are taken.
    last_free: u32,
    pub(crate) metatable: Option<Table>,
    /// Metamethods known to be absent from this table as a metatable, by [`crate::metamethod::Event`].
    pub(crate) absent: u32,
    /// A script's attempt to change it is an error.
    pub(crate) readonly: bool,
}

/// Where a value stands in a table.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    Array(usize),
    Node(usize),
}

/// What a table must become to take one key more.
struct Growth {
    array: usize,
    hash: usize,
}

/// A table could not grow within the room it was given; it is as before.
pub(crate) struct NoRoom {
    pub(crate) needed: usize,
}

impl TableData {
    pub(crate) fn sized(array: usize, hash: usize) -> TableData {
        let mut table = TableData { array: vec![Value::Nil; array], ..TableData::default() };
        table.set_nodes(hash);
        table
    }

    /// The bytes that a table of these sizes takes beside its own record.
    pub(crate) fn bytes_of(array: usize, hash: usize) -> usize {
        let nodes = if hash == 0 { 0 } else { hash.next_power_of_two() };
        array * size_of::<Value>() + nodes * size_of::<Node>()
    }

    pub(crate) fn bytes(&self) -> usize {
        TableData::bytes_of(self.array.len(), self.nodes.len())
    }

    #[inline]
    pub(crate) fn get(&self, key: Value) -> Value {
        match key {
            Value::String(key) => self.get_string(key),
            Value::Number(key) => self.get_number(key),
            Value::Nil => Value::Nil,
            _ => self.node(key).map_or(Value::Nil, |at| self.nodes[at].value),
        }
    }

    #[inline]
    pub(crate) fn get_string(&self, key: Str) -> Value {
        match self.string_node(key) {
            Some(at) => self.nodes[at].value,
            None => Value::Nil,
        }
    }

    #[inline]
    fn string_node(&self, key: Str) -> Option<usize> {
        let mask = self.nodes.len().wrapping_sub(1);
        let mut at = key.hash as usize & mask;
        while let Some(node) = self.nodes.get(at) {
            if let Value::String(other) = node.key
                && other.id == key.id
            {
                return Some(at);
            }
            at = node.next as usize;
        }
        None
    }

    #[inline]
    pub(crate) fn get_number(&self, key: f64) -> Value {
        if let Some(at) = self.array_index(key) {
            return self.array[at];
        }
        if self.nodes.is_empty() {
            return Value::Nil;
        }
        self.node(Value::Number(key)).map_or(Value::Nil, |at| self.nodes[at].value)
    }

    fn node(&self, key: Value) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let mut at = self.main_position(key);
        while let Some(node) = self.nodes.get(at) {
            if node.key == key {
                return Some(at);
            }
            at = node.next as usize;
        }
        None
    }

    /// Where the value of a key that is present stands.
    #[inline]
    pub(crate) fn find(&self, key: Value) -> Option<Slot> {
        match key {
            Value::String(key) => self.string_node(key).map(Slot::Node),
            Value::Number(number) => match self.array_index(number) {
                Some(at) => Some(Slot::Array(at)),
                None => self.node(key).map(Slot::Node),
            },
            _ => self.node(key).map(Slot::Node),
        }
    }

    #[inline]
    pub(crate) fn slot(&self, slot: Slot) -> Value {
        match slot {
            Slot::Array(at) => self.array[at],
            Slot::Node(at) => self.nodes[at].value,
        }
    }

    #[inline]
    pub(crate) fn set_slot(&mut self, slot: Slot, value: Value) {
        match slot {
            Slot::Array(at) => self.array[at] = value,
            Slot::Node(at) => self.nodes[at].value = value,
        }
    }

    /// The place in the array of a number, if it is there.
    #[inline]
    pub(crate) fn array_index(&self, key: f64) -> Option<usize> {
        let index = key as i64;
        let at = index.wrapping_sub(1) as u64;
        (index as f64 == key && at < self.array.len() as u64).then_some(at as usize)
    }

    /// Sets a key that is neither nil nor NaN. `room` is how many bytes the table may grow by; the
    /// answer is by how many it has grown, which is less than nothing when it shrank.
    pub(crate) fn set(&mut self, key: Value, value: Value, room: usize) -> Result<isize, NoRoom> {
        if let Some(slot) = self.find(key) {
            self.set_slot(slot, value);
            return Ok(0);
        }
        self.insert(key, value, room)
    }

    /// Adds a key that is absent.
    pub(crate) fn insert(
        &mut self,
        key: Value,
        value: Value,
        room: usize,
    ) -> Result<isize, NoRoom> {
        if let Some(at) = self.place(key) {
            self.nodes[at].value = value;
            return Ok(0);
        }
        let before = self.bytes();
        let growth = self.growth(key);
        let after = TableData::bytes_of(growth.array, growth.hash);
        let needed = after.saturating_sub(before);
        if needed > room {
            return Err(NoRoom { needed });
        }
        self.resize(growth.array, growth.hash);
        let slot = match self.find(key) {
            Some(slot) => slot,
            None => Slot::Node(self.place(key).expect("a table was made large enough for the key")),
        };
        self.set_slot(slot, value);
        Ok(after as isize - before as isize)
    }

    /// An entry for a key that is absent, or none if the hash is full.
    fn place(&mut self, key: Value) -> Option<usize> {
        if self.nodes.is_empty() {
            return None;
        }
        let main = self.main_position(key);
        let mut at = main;
        if !self.nodes[main].value.is_nil() {
            let free = self.free_node()?;
            let others_main = self.main_position(self.nodes[main].key);
            if others_main == main {
                self.nodes[free].next = self.nodes[main].next;
                self.nodes[main].next = free as u32;
                at = free;
            } else {
                // What stands here belongs to another chain, and gives way.
                let mut before = others_main;
                while self.nodes[before].next as usize != main {
                    before = self.nodes[before].next as usize;
                }
                self.nodes[before].next = free as u32;
                self.nodes[free] = self.nodes[main];
                self.nodes[main] = FREE;
            }
        }
        self.nodes[at].key = key;
        Some(at)
    }

    fn free_node(&mut self) -> Option<usize> {
        while self.last_free > 0 {
            self.last_free -= 1;
            if self.nodes[self.last_free as usize].key.is_nil() {
                return Some(self.last_free as usize);
            }
        }
        None
    }

    /// Where a key stands if nothing is in its way.
    fn main_position(&self, key: Value) -> usize {
        let size = self.nodes.len();
        let modulus = (size - 1) | 1;
        match key {
            Value::String(key) => key.hash as usize & (size - 1),
            Value::Boolean(key) => usize::from(key) & (size - 1),
            Value::Number(key) => {
                if key == 0.0 {
                    return 0;
                }
                let bits = key.to_bits();
                ((bits as u32).wrapping_add((bits >> 32) as u32)) as usize % modulus
            }
            Value::Table(Table(id)) => (id as usize * 4 + 1) % modulus,
            Value::Function(id) => (id.0 as usize * 4 + 2) % modulus,
            Value::Thread(id) => (id.0 as usize * 4 + 3) % modulus,
            Value::UserData(id) => (id.0 as usize * 4) % modulus,
            Value::LightUserData(id) => id as usize % modulus,
            Value::Nil | Value::Cell(_) => 0,
        }
    }

    /// The sizes that fit all entries and one more: the array is the largest of which more than half
    /// is in use.
    fn growth(&self, key: Value) -> Growth {
        let mut counts = [0usize; MAX_BITS + 1];
        let mut candidates = 0;
        let mut total = 0;
        for (index, value) in self.array.iter().enumerate() {
            if !value.is_nil() {
                counts[ceil_log2(index + 1)] += 1;
                candidates += 1;
                total += 1;
            }
        }
        for key in
            self.nodes.iter().filter(|node| !node.value.is_nil()).map(|node| node.key).chain([key])
        {
            total += 1;
            if let Some(index) = array_candidate(key) {
                counts[ceil_log2(index)] += 1;
                candidates += 1;
            }
        }
        let (array, within) = array_size(&counts, candidates);
        Growth { array, hash: total - within }
    }

    fn resize(&mut self, array: usize, hash: usize) {
        let old_nodes = std::mem::take(&mut self.nodes);
        self.set_nodes(hash);
        let vanishing =
            if array < self.array.len() { self.array.split_off(array) } else { Vec::new() };
        if array > self.array.len() {
            self.array.reserve_exact(array - self.array.len());
            self.array.resize(array, Value::Nil);
        } else {
            self.array.shrink_to_fit();
        }
        for (offset, value) in vanishing.into_iter().enumerate() {
            if !value.is_nil() {
                self.put(Value::Number((array + offset + 1) as f64), value);
            }
        }
        for node in old_nodes.into_iter().rev() {
            if !node.value.is_nil() {
                self.put(node.key, node.value);
            }
        }
    }

    /// Adds an entry for which the table was sized.
    fn put(&mut self, key: Value, value: Value) {
        let slot = match self.find(key) {
            Some(slot) => slot,
            None => Slot::Node(self.place(key).expect("a table was sized for its entries")),
        };
        self.set_slot(slot, value);
    }

    fn set_nodes(&mut self, hash: usize) {
        let size = if hash == 0 { 0 } else { hash.next_power_of_two() };
        self.nodes = vec![FREE; size];
        self.last_free = size as u32;
    }

    /// Sizes the array for elements that are about to be set, as a table constructor does; true if
    /// that is possible within the room.
    pub(crate) fn grow_array(&mut self, array: usize, room: usize) -> Result<isize, NoRoom> {
        if array <= self.array.len() {
            return Ok(0);
        }
        let needed = (array - self.array.len()) * size_of::<Value>();
        if needed > room {
            return Err(NoRoom { needed });
        }
        let used = self.nodes.len();
        let before = self.bytes();
        self.resize(array, used);
        Ok(self.bytes() as isize - before as isize)
    }

    /// A border, as `#` finds it: an index that is there while the next is not, or 0.
    pub(crate) fn border(&self) -> usize {
        let mut high = self.array.len();
        if high > 0 && self.array[high - 1].is_nil() {
            let mut low = 0;
            while high - low > 1 {
                let middle = (low + high) / 2;
                if self.array[middle - 1].is_nil() {
                    high = middle;
                } else {
                    low = middle;
                }
            }
            return low;
        }
        if self.nodes.is_empty() { high } else { self.border_in_hash(high) }
    }

    fn border_in_hash(&self, from: usize) -> usize {
        let mut low = from;
        let mut high = from + 1;
        while !self.get_number(high as f64).is_nil() {
            low = high;
            high *= 2;
            if high > i32::MAX as usize {
                // Made to mislead the search: count one by one.
                let mut index = 1;
                while !self.get_number(index as f64).is_nil() {
                    index += 1;
                }
                return index - 1;
            }
        }
        while high - low > 1 {
            let middle = (low + high) / 2;
            if self.get_number(middle as f64).is_nil() {
                high = middle;
            } else {
                low = middle;
            }
        }
        low
    }

    /// The entry behind a key, or the first one behind nil; `Err` if the key is not there.
    pub(crate) fn next(&self, key: Value) -> Result<Option<(Value, Value)>, ()> {
        let from = match key {
            Value::Nil => 0,
            _ => match self.find(key).ok_or(())? {
                Slot::Array(at) => at + 1,
                Slot::Node(at) => self.array.len() + at + 1,
            },
        };
        for (at, value) in self.array.iter().enumerate().skip(from) {
            if !value.is_nil() {
                return Ok(Some((Value::Number((at + 1) as f64), *value)));
            }
        }
        let nodes = self.nodes.iter().skip(from.saturating_sub(self.array.len()));
        Ok(nodes.clone().find(|node| !node.value.is_nil()).map(|node| (node.key, node.value)))
    }

    /// How many entries there may be, for whoever walks them all.
    pub(crate) fn extent(&self) -> usize {
        self.array.len() + self.nodes.len()
    }

    /// How many elements the array holds before the first that is nil: these are read by index.
    pub(crate) fn array(&self) -> &[Value] {
        &self.array
    }

    pub(crate) fn array_mut(&mut self) -> &mut [Value] {
        &mut self.array
    }

    /// Every entry, for the collector.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(Value, Value)) {
        for value in &self.array {
            visit(Value::Nil, *value);
        }
        for node in &self.nodes {
            visit(node.key, node.value);
        }
    }

    /// Every entry of the hash.
    #[cfg(feature = "cjson")]
    pub(crate) fn for_each_hashed(&self, mut visit: impl FnMut(Value, Value)) {
        for node in &self.nodes {
            visit(node.key, node.value);
        }
    }

    /// Empties entries that the collector says are dead, and marks collected keys of empty ones.
    pub(crate) fn clear(
        &mut self,
        dead_entry: impl Fn(Value, Value) -> bool,
        dead_key: impl Fn(Value) -> bool,
    ) {
        for value in &mut self.array {
            if dead_entry(Value::Nil, *value) {
                *value = Value::Nil;
            }
        }
        for node in &mut self.nodes {
            if dead_entry(node.key, node.value) {
                node.value = Value::Nil;
            }
            if node.value.is_nil() && dead_key(node.key) {
                node.key = Value::DEAD;
            }
        }
    }
}

/// A key as an index that could stand in an array.
fn array_candidate(key: Value) -> Option<usize> {
    match key {
        Value::Number(number) => {
            let index = number as i64;
            (index as f64 == number && index > 0 && index <= 1 << MAX_BITS)
                .then_some(index as usize)
        }
        _ => None,
    }
}

/// The size of the array, and how many of the candidates it holds; `counts[i]` is how many of them
/// are above `2^(i-1)` and up to `2^i`.
fn array_size(counts: &[usize], candidates: usize) -> (usize, usize) {
    let (mut below, mut within, mut size) = (0, 0, 0);
    for (bits, count) in counts.iter().enumerate() {
        if (1 << bits) / 2 >= candidates {
            break;
        }
        if *count > 0 {
            below += count;
            if below > (1 << bits) / 2 {
                size = 1 << bits;
                within = below;
            }
        }
        if below == candidates {
            break;
        }
    }
    (size, within)
}

fn ceil_log2(number: usize) -> usize {
    number.next_power_of_two().trailing_zeros() as usize
}
