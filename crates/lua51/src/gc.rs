//! The collector: marks what can be reached from the machine's roots, and sweeps the rest. It runs
//! between instructions and before a library function allocates, never inside an allocation.

use crate::arena::Arena;
use crate::code::Proto;
use crate::heap::{FunctionData, Heap, function_cost};
use crate::table::TableData;
use crate::thread::ThreadData;
use crate::value::{Cell, Function, Str, Table, Thread, UserData, Value};
use crate::vm::Vm;

/// A collection is not worth it for less.
const LEAST_GARBAGE: usize = 1 << 20;

/// Near the limit collections come at ever smaller steps, down to this one.
const LEAST_STEP: usize = 64;

/// What is marked, but not yet what it refers to.
#[derive(Default)]
struct Marker {
    tables: Vec<Table>,
    functions: Vec<Function>,
    cells: Vec<Cell>,
    threads: Vec<Thread>,
    protos: Vec<u32>,
    /// Tables with weak entries, or with entries whose keys may have to be forgotten.
    to_clear: Vec<(Table, Weakness)>,
}

#[derive(Clone, Copy, Default)]
struct Weakness {
    keys: bool,
    values: bool,
}

impl Vm {
    /// Collects if that is due.
    #[inline]
    pub(crate) fn collect_if_due(&mut self) {
        if self.heap.bytes >= self.heap.threshold {
            self.collect();
        }
    }

    /// Makes room for so many bytes, by a collection if need be. What is in use must be reachable.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), crate::Error> {
        if self.heap.bytes.saturating_add(bytes) >= self.heap.threshold {
            self.collect();
        }
        if bytes > self.heap.room() {
            return Err(crate::Error::Memory);
        }
        Ok(())
    }

    /// Frees everything that cannot be reached any more.
    ///
    /// Values that a host got from the machine count as reachable only if they are kept by
    /// [`Vm::keep`] or can be reached by scripts.
    pub fn collect(&mut self) {
        let mut marker = Marker::default();
        self.mark_roots(&mut marker);
        marker.drain(
            &mut self.heap,
            &mut self.protos,
            self.event_names[crate::metamethod::Event::Mode as usize],
        );
        for (table, weakness) in std::mem::take(&mut marker.to_clear) {
            clear(&mut self.heap, table, weakness);
        }
        self.sweep();
        self.heap.threshold = match self.stress {
            true => self.heap.bytes + 1,
            false => {
                let step = self.heap.bytes.max(LEAST_GARBAGE).min(self.heap.room() / 2);
                self.heap.bytes + step.max(LEAST_STEP)
            }
        };
    }

    fn mark_roots(&mut self, marker: &mut Marker) {
        let live = self.live_top();
        for slot in &mut self.thread.stack[live..] {
            *slot = Value::Nil;
        }
        mark_thread(&self.thread, marker, &mut self.heap);
        let roots = [Value::Table(self.globals), Value::String(self.memory_message)];
        let kept = self.kept.iter().map(|kept| kept.value);
        for value in roots.into_iter().chain(kept) {
            marker.mark(&mut self.heap, value);
        }
        if let Some(metatable) = self.string_metatable {
            marker.mark(&mut self.heap, Value::Table(metatable));
        }
        marker.mark(&mut self.heap, Value::Thread(self.current));
        for name in self.event_names.iter().chain(&self.error_field) {
            self.heap.strings.mark(name.id);
        }
    }

    fn sweep(&mut self) {
        let heap = &mut self.heap;
        heap.sweep_strings();
        let mut freed = 0;
        heap.tables.sweep(|_, table| freed += size_of::<TableData>() + table.bytes());
        heap.functions.sweep(|_, function| freed += function_cost(function));
        heap.cells.sweep(|_, _| freed += size_of::<Value>() + 1);
        heap.userdata.sweep(|_, userdata| freed += size_of_val(userdata));
        heap.threads.sweep(|_, thread| freed += thread.bytes());
        self.protos.sweep(|_, proto| freed += proto.bytes());
        self.heap.give_back(freed);
    }
}

impl Marker {
    fn mark(&mut self, heap: &mut Heap, value: Value) {
        match value {
            Value::String(Str { id, .. }) => drop(heap.strings.mark(id)),
            Value::Table(table) if heap.tables.mark(table.0) => self.tables.push(table),
            Value::Function(function) if heap.functions.mark(function.0) => {
                self.functions.push(function)
            }
            Value::Thread(thread) if heap.threads.mark(thread.0) => self.threads.push(thread),
            Value::Cell(cell) if value != Value::DEAD && heap.cells.mark(cell.0) => {
                self.cells.push(cell)
            }
            Value::UserData(UserData(id)) if heap.userdata.mark(id) => {
                if let Some(metatable) = heap.userdata[id].metatable {
                    self.mark(heap, Value::Table(metatable));
                }
            }
            _ => {}
        }
    }

    fn drain(&mut self, heap: &mut Heap, protos: &mut Arena<Proto>, mode: Str) {
        loop {
            if let Some(table) = self.tables.pop() {
                self.table(heap, table, mode);
            } else if let Some(function) = self.functions.pop() {
                self.function(heap, protos, function);
            } else if let Some(cell) = self.cells.pop() {
                let value = heap.cells[cell.0];
                self.mark(heap, value);
            } else if let Some(Thread(id)) = self.threads.pop() {
                let mut thread = std::mem::take(&mut heap.threads[id]);
                let top = (thread.top as usize).min(thread.stack.len());
                for slot in &mut thread.stack[top..] {
                    *slot = Value::Nil;
                }
                mark_thread(&thread, self, heap);
                heap.threads[id] = thread;
            } else if let Some(proto) = self.protos.pop() {
                self.proto(heap, protos, proto);
            } else {
                return;
            }
        }
    }

    fn table(&mut self, heap: &mut Heap, table: Table, mode: Str) {
        let data = std::mem::take(&mut heap.tables[table.0]);
        let mut weakness = Weakness::default();
        if let Some(metatable) = data.metatable {
            self.mark(heap, Value::Table(metatable));
            // A table that is its own metatable is not in its place just now.
            let field = if metatable == table {
                data.get_string(mode)
            } else {
                heap.tables[metatable.0].get_string(mode)
            };
            if let Value::String(mode) = field {
                let mode = heap.bytes_of(mode);
                weakness = Weakness { keys: mode.contains(&b'k'), values: mode.contains(&b'v') };
            }
        }
        let mut forget = false;
        data.for_each(|key, value| {
            if value.is_nil() {
                forget |= is_object(key);
                return;
            }
            if !weakness.keys || matches!(key, Value::String(_)) {
                self.mark(heap, key);
            }
            if !weakness.values || matches!(value, Value::String(_)) {
                self.mark(heap, value);
            }
        });
        if forget || weakness.keys || weakness.values {
            self.to_clear.push((table, weakness));
        }
        heap.tables[table.0] = data;
    }

    fn function(&mut self, heap: &mut Heap, protos: &mut Arena<Proto>, function: Function) {
        let data = std::mem::take(&mut heap.functions[function.0]);
        match &data {
            FunctionData::Lua { proto, upvalues, environment } => {
                self.mark(heap, Value::Table(*environment));
                for cell in upvalues {
                    self.mark(heap, Value::Cell(*cell));
                }
                if protos.mark(*proto) {
                    self.protos.push(*proto);
                }
            }
            FunctionData::Native { upvalues, .. } => {
                for value in upvalues {
                    self.mark(heap, *value);
                }
            }
            FunctionData::Host(_) => {}
        }
        heap.functions[function.0] = data;
    }

    fn proto(&mut self, heap: &mut Heap, protos: &mut Arena<Proto>, id: u32) {
        let proto = &protos[id];
        for constant in &proto.constants {
            self.mark(heap, *constant);
        }
        let names = proto
            .upvalue_names
            .iter()
            .chain(proto.locals.iter().map(|local| &local.name))
            .chain(&proto.source);
        for name in names {
            heap.strings.mark(name.id);
        }
        for inner in proto.protos.clone() {
            if protos.mark(inner) {
                self.protos.push(inner);
            }
        }
    }
}

fn mark_thread(thread: &ThreadData, marker: &mut Marker, heap: &mut Heap) {
    for value in &thread.stack {
        marker.mark(heap, *value);
    }
    for frame in &thread.frames {
        if frame.function != u32::MAX {
            marker.mark(heap, Value::Function(Function(frame.function)));
        }
    }
    for continuation in &thread.continuations {
        continuation.for_each_value(|value| marker.mark(heap, value));
    }
    if let Some(resumer) = thread.resumer {
        marker.mark(heap, Value::Thread(resumer));
    }
}

fn is_object(value: Value) -> bool {
    !matches!(
        value,
        Value::Nil
            | Value::Boolean(_)
            | Value::Number(_)
            | Value::LightUserData(_)
            | Value::Cell(_)
    )
}

/// Whether an object was not reached; a string is never taken from a weak table.
fn is_dead(heap: &Heap, value: Value) -> bool {
    match value {
        Value::Table(id) => !heap.tables.is_marked(id.0),
        Value::Function(id) => !heap.functions.is_marked(id.0),
        Value::Thread(id) => !heap.threads.is_marked(id.0),
        Value::UserData(id) => !heap.userdata.is_marked(id.0),
        Value::String(id) => !heap.strings.is_marked(id.id),
        _ => false,
    }
}

fn clear(heap: &mut Heap, table: Table, weakness: Weakness) {
    let mut data = std::mem::take(&mut heap.tables[table.0]);
    data.clear(
        |key, value| {
            let collected = |weak: bool, value: Value| {
                weak && !matches!(value, Value::String(_)) && is_dead(heap, value)
            };
            !value.is_nil() && (collected(weakness.keys, key) || collected(weakness.values, value))
        },
        |key| is_dead(heap, key),
    );
    heap.tables[table.0] = data;
}
