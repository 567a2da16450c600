//! Calls, returns, errors and coroutines: everything that changes the stack of calls.

use crate::error::Error;
use crate::heap::FunctionData;
use crate::library::{Arguments, Continuation, Flow};
use crate::metamethod::Event;
use crate::thread::{ALL, After, Destination, FRAME_SLOTS, Frame, FrameKind, Status, ThreadData};
use crate::value::{Function, Thread, Value};
use crate::vm::Vm;

/// The most calls in C within each other that Lua 5.1 allows.
const MAX_BOUNDARIES: u32 = 199;
/// The most coroutines that resume each other.
const MAX_RESUMERS: usize = 195;
/// How often an error in a handler of errors is given to that handler.
const MAX_HANDLER_ERRORS: u32 = 10;

/// Why the machine stopped.
pub(crate) enum Exit {
    Done(Vec<Value>),
    Suspended,
    Host(u32),
    Error(Value),
}

/// Nothing, if the topmost Lua function goes on.
pub(crate) type Step = Option<Exit>;

impl Vm {
    /// Runs until there is something to tell the host.
    pub(crate) fn run_to_exit(&mut self) -> Exit {
        if let Some(error) = self.pending_error() {
            self.abort();
            return Exit::Error(error);
        }
        let mut step = self.enter();
        loop {
            let error = match step {
                Ok(Some(exit)) => return exit,
                Ok(None) => match self.execute() {
                    Ok(exit) => return exit,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            let value = self.thrown(error);
            if let Some(uncaught) = self.unwind(value) {
                self.abort();
                return Exit::Error(uncaught);
            }
            if error == Error::Memory {
                // What took the memory may be garbage by now.
                self.charge(self.memory() / 16);
                self.collect();
            }
            step = self.enter();
        }
    }

    /// Goes on where the machine stopped: at its start, behind a call of the host, in a library
    /// function, or in a Lua function.
    fn enter(&mut self) -> Result<Step, Error> {
        match self.thread.frames.last() {
            None if self.thread.top > 0 => {
                let arguments = self.thread.top - 1;
                self.call_at(0, arguments, Vm::host_destination(), false)
            }
            None => Ok(Some(Exit::Done(Vec::new()))),
            Some(frame) if frame.kind == FrameKind::Native => {
                let flow = match (self.host_answer.take(), self.thread.continuations.last()) {
                    (Some(count), Some(Continuation::Host)) => return self.leave_host(count),
                    (Some(count), _) => Flow::Values(count),
                    // Not answered yet.
                    (None, Some(Continuation::Host)) => return Ok(Some(Exit::Suspended)),
                    (None, Some(Continuation::Caught(count))) => Flow::Values(*count),
                    (None, _) => Flow::Nothing,
                };
                self.settle(flow, Destination::NONE)
            }
            Some(_) => Ok(None),
        }
    }

    /// Calls what is in a slot, with the arguments behind it.
    #[inline]
    pub(crate) fn call_at(
        &mut self,
        slot: u32,
        arguments: u32,
        destination: Destination,
        boundary: bool,
    ) -> Result<Step, Error> {
        let Value::Function(function) = self.thread.stack[slot as usize] else {
            return self.call_object(slot, arguments, destination, boundary);
        };
        match &self.heap.functions[function.0] {
            FunctionData::Lua { proto, .. } => {
                let proto = *proto;
                self.push_lua(function, proto, slot, arguments, destination, boundary)?;
                Ok(None)
            }
            FunctionData::Native { function: native, .. } => {
                let native = *native;
                self.collect_if_due();
                if self.thread.frames.len() >= self.limits.calls {
                    return Err(self.error("stack overflow"));
                }
                self.charge(4);
                self.thread.boundaries += u32::from(boundary);
                let flow = self
                    .natively(|vm| native.0(vm, Arguments { base: slot + 1, count: arguments }));
                self.thread.boundaries -= u32::from(boundary);
                self.settle(flow?, destination)
            }
            FunctionData::Host(number) => {
                let number = *number;
                self.collect_if_due();
                self.call_host(number, arguments, destination)
            }
        }
    }

    /// Calls a value that is no function by its `__call`.
    fn call_object(
        &mut self,
        slot: u32,
        arguments: u32,
        destination: Destination,
        boundary: bool,
    ) -> Result<Step, Error> {
        let object = self.thread.stack[slot as usize];
        let Value::Function(function) = self.metamethod(object, Event::Call) else {
            return Err(self.call_error(object));
        };
        self.thread.top = slot + 1 + arguments;
        self.push(Value::Nil)?;
        let (from, to) = (slot as usize, self.thread.top as usize);
        self.thread.stack.copy_within(from..to - 1, from + 1);
        self.thread.stack[from] = Value::Function(function);
        self.call_at(slot, arguments + 1, destination, boundary)
    }

    #[inline]
    fn push_lua(
        &mut self,
        function: Function,
        id: u32,
        slot: u32,
        arguments: u32,
        destination: Destination,
        boundary: bool,
    ) -> Result<(), Error> {
        let proto = &self.protos[id];
        let parameters = u32::from(proto.parameters);
        let (is_vararg, length) = (proto.is_vararg, proto.code.len());
        let mut base = slot + 1;
        let mut varargs = 0;
        if is_vararg {
            base = slot + 1 + arguments.max(parameters);
            varargs = arguments.saturating_sub(parameters);
        }
        let size = base as usize + FRAME_SLOTS;
        if size > self.thread.stack.len() {
            self.grow_stack(size)?;
        }
        for missing in arguments..parameters {
            self.thread.stack[(slot + 1 + missing) as usize] = Value::Nil;
        }
        if is_vararg {
            // Fixed parameters move above the others, which then end right below the base.
            for parameter in 0..parameters {
                let from = (slot + 1 + parameter) as usize;
                self.thread.stack[(base + parameter) as usize] = self.thread.stack[from];
            }
        }
        if self.thread.frames.len() >= self.limits.calls {
            return Err(self.error("stack overflow"));
        }
        if boundary {
            self.check_boundaries()?;
            self.thread.boundaries += 1;
        }
        if self.thread.frames.len() >= self.thread.frame_room {
            let more = self.thread.frame_room.max(8);
            self.heap.take(more * size_of::<Frame>())?;
            self.thread.frame_room += more;
            self.thread.frames.reserve_exact(more);
        }
        self.fuel -= length as i64;
        self.thread.frames.push(Frame {
            kind: FrameKind::Lua,
            boundary,
            destination,
            function: function.0,
            proto: id,
            base,
            pc: 0,
            varargs,
            tail_calls: 0,
        });
        Ok(())
    }

    fn check_boundaries(&mut self) -> Result<(), Error> {
        if self.thread.boundaries + 1 >= MAX_BOUNDARIES {
            return Err(self.error("C stack overflow"));
        }
        Ok(())
    }

    /// Stops the machine at a call of a function of the host, with so many arguments from the top of
    /// the stack, which stay there until it answers.
    fn call_host(
        &mut self,
        function: u32,
        arguments: u32,
        destination: Destination,
    ) -> Result<Step, Error> {
        let base = self.thread.top - arguments;
        self.push_native(destination, Continuation::Host, base)?;
        self.host_arguments = arguments;
        Ok(Some(Exit::Host(function)))
    }

    /// Goes on behind a call of the host, which answered so many values.
    fn leave_host(&mut self, count: u32) -> Result<Step, Error> {
        let frame = self.thread.pop_frame().expect("the host was called");
        self.thread.continuations.pop();
        let results = Arguments { base: self.thread.top - count, count };
        let results = self.lower(results, frame.base);
        match self.thread.frames.last() {
            Some(caller) if caller.kind == FrameKind::Lua => self.place(results, frame.destination),
            _ => self.settle(Flow::Values(count), frame.destination),
        }
    }

    /// Carries out what a library function said, until a Lua function is on top or the machine stops.
    pub(crate) fn settle(&mut self, flow: Flow, destination: Destination) -> Result<Step, Error> {
        let (mut flow, mut destination) = (flow, destination);
        loop {
            let results = match flow {
                Flow::Call { arguments, continuation } => {
                    let slot = self.thread.top - arguments - 1;
                    self.push_native(destination, continuation, slot)?;
                    match self.begin(slot, arguments)? {
                        Some(next) => {
                            flow = next;
                            destination = Destination::NONE;
                            continue;
                        }
                        None => return Ok(None),
                    }
                }
                Flow::Host { function, arguments } => {
                    return self.call_host(function, arguments, destination);
                }
                Flow::Pause(continuation) => {
                    let base = self.thread.top;
                    self.push_native(destination, continuation, base)?;
                    return Ok(Some(Exit::Suspended));
                }
                Flow::Resume { thread, arguments, wrapped } => {
                    let base = self.thread.top - arguments;
                    self.push_native(destination, Continuation::Resumed { wrapped }, base)?;
                    match self.resume(thread, arguments)? {
                        Some((next, to)) => {
                            flow = next;
                            destination = to;
                            continue;
                        }
                        None => return Ok(None),
                    }
                }
                Flow::Yield(count) => {
                    self.thread.yielded = Some(destination);
                    let values = self.leave_thread(count, Status::Suspended)?;
                    flow = Flow::Values(values);
                    destination = Destination::NONE;
                    continue;
                }
                Flow::Nothing => self.results(None)?,
                Flow::One(value) => self.results(Some(value))?,
                Flow::Values(count) => Arguments { base: self.thread.top - count, count },
            };
            match self.thread.frames.last().map(|frame| frame.kind) {
                Some(FrameKind::Lua) => return self.place(results, destination),
                Some(FrameKind::Native) => {
                    let frame = self.thread.pop_frame().expect("the frame on top was seen");
                    let continuation =
                        self.thread.continuations.pop().expect("a native frame has a continuation");
                    destination = frame.destination;
                    let results = self.lower(results, frame.base);
                    flow = self.natively(|vm| continuation.proceed(vm, results))?;
                }
                None if self.thread.resumer.is_some() => {
                    let values = self.leave_thread(results.count, Status::Dead)?;
                    flow = Flow::Values(values);
                    destination = Destination::NONE;
                }
                None => {
                    let (from, to) =
                        (results.base as usize, (results.base + results.count) as usize);
                    let values = self.thread.stack[from..to].to_vec();
                    self.abort();
                    return Ok(Some(Exit::Done(values)));
                }
            }
        }
    }

    /// Moves results to where the call stood that they are of, so that nothing piles up below them.
    fn lower(&mut self, results: Arguments, base: u32) -> Arguments {
        let (from, to) = (results.base as usize, (results.base + results.count) as usize);
        self.thread.stack.copy_within(from..to, base as usize);
        self.thread.top = base + results.count;
        Arguments { base, ..results }
    }

    fn results(&mut self, value: Option<Value>) -> Result<Arguments, Error> {
        let base = self.thread.top;
        if let Some(value) = value {
            self.push(value)?;
        }
        Ok(Arguments { base, count: self.thread.top - base })
    }

    /// Calls a function for a library function: what a native one says, or nothing if a Lua one is on
    /// top now.
    fn begin(&mut self, slot: u32, arguments: u32) -> Result<Option<Flow>, Error> {
        let value = self.thread.stack[slot as usize];
        let Value::Function(function) = value else {
            let Value::Function(function) = self.metamethod(value, Event::Call) else {
                return Err(self.call_error(value));
            };
            self.push(Value::Nil)?;
            let (from, to) = (slot as usize, self.thread.top as usize);
            self.thread.stack.copy_within(from..to - 1, from + 1);
            self.thread.stack[from] = Value::Function(function);
            return self.begin(slot, arguments + 1);
        };
        self.charge(4);
        match &self.heap.functions[function.0] {
            FunctionData::Lua { proto, .. } => {
                let proto = *proto;
                self.push_lua(function, proto, slot, arguments, Destination::NONE, false)?;
                Ok(None)
            }
            FunctionData::Native { function: native, .. } => {
                let native = *native;
                self.collect_if_due();
                self.natively(|vm| native.0(vm, Arguments { base: slot + 1, count: arguments }))
                    .map(Some)
            }
            FunctionData::Host(number) => Ok(Some(Flow::Host { function: *number, arguments })),
        }
    }

    /// Notes that a library function waits; what it gets will stand at `base`.
    fn push_native(
        &mut self,
        destination: Destination,
        continuation: Continuation,
        base: u32,
    ) -> Result<(), Error> {
        if self.thread.frames.len() >= self.limits.calls {
            return Err(self.error("stack overflow"));
        }
        self.check_boundaries()?;
        self.thread.boundaries += 1;
        self.thread.continuations.push(continuation);
        self.thread.frames.push(Frame {
            kind: FrameKind::Native,
            boundary: true,
            destination,
            function: u32::MAX,
            proto: 0,
            base,
            pc: 0,
            varargs: 0,
            tail_calls: 0,
        });
        Ok(())
    }

    /// Puts results where the Lua function on top wants them.
    #[inline]
    pub(crate) fn place(
        &mut self,
        results: Arguments,
        destination: Destination,
    ) -> Result<Step, Error> {
        let slot = destination.slot as usize;
        let from = results.base as usize;
        let stack = &mut self.thread.stack;
        if destination.want == ALL {
            let count = results.count as usize;
            stack.copy_within(from..from + count, slot);
            self.thread.top = (slot + count) as u32;
            return Ok(None);
        }
        let want = destination.want as usize;
        let count = want.min(results.count as usize);
        match count {
            0 => {}
            1 => stack[slot] = stack[from],
            _ => stack.copy_within(from..from + count, slot),
        }
        for missing in &mut stack[slot + count..slot + want] {
            *missing = Value::Nil;
        }
        match destination.after {
            After::Nothing => Ok(None),
            After::Compare { expect, negate } => {
                let truth = self.thread.stack[slot].is_truthy() != negate;
                self.take_jump(truth == expect);
                Ok(None)
            }
            After::Concat => self.resume_concat(slot),
        }
    }

    /// Passes over the jump that comes next unless it is to be taken.
    pub(crate) fn take_jump(&mut self, taken: bool) {
        if let Some(frame) = self.thread.frames.last_mut() {
            frame.pc += u32::from(!taken);
        }
    }

    /// Returns from the Lua function on top.
    #[inline]
    pub(crate) fn return_from(&mut self, from: u32, count: u32) -> Result<Step, Error> {
        let frame = self.thread.pop_frame().expect("a function that returns is on top");
        if let Some(caller) = self.thread.frames.last()
            && caller.kind == FrameKind::Lua
        {
            return self.place(Arguments { base: from, count }, frame.destination);
        }
        self.thread.top = from + count;
        self.settle(Flow::Values(count), frame.destination)
    }

    /// Calls a metamethod from the Lua function on top.
    pub(crate) fn call_metamethod(
        &mut self,
        method: Value,
        arguments: &[Value],
        destination: Destination,
    ) -> Result<Step, Error> {
        let slot = self.live_top_of_frame();
        self.thread.top = slot;
        self.push(method)?;
        for argument in arguments {
            self.push(*argument)?;
        }
        self.call_at(slot, arguments.len() as u32, destination, true)
    }

    /// The first slot above the registers of the Lua function on top.
    fn live_top_of_frame(&self) -> u32 {
        match self.thread.frames.last() {
            Some(frame) if frame.kind == FrameKind::Lua => {
                frame.base + u32::from(self.protos[frame.proto].registers)
            }
            _ => self.thread.top,
        }
    }

    // Coroutines.

    /// Makes another coroutine the running one, with arguments from the stack. What it goes on with,
    /// or nothing if a Lua function of it is on top.
    fn resume(
        &mut self,
        thread: Thread,
        arguments: u32,
    ) -> Result<Option<(Flow, Destination)>, Error> {
        if self.resumers() >= MAX_RESUMERS {
            return Err(self.error("C stack overflow"));
        }
        let from = (self.thread.top - arguments) as usize;
        let values = self.thread.stack[from..from + arguments as usize].to_vec();
        self.thread.top = from as u32;
        self.switch_to(thread, Status::Normal);
        self.thread.status = Status::Running;
        for value in values {
            self.push(value)?;
        }
        match self.thread.yielded.take() {
            Some(destination) => Ok(Some((Flow::Values(arguments), destination))),
            None => Ok(self.begin(0, arguments)?.map(|flow| (flow, Destination::NONE))),
        }
    }

    fn resumers(&self) -> usize {
        let mut count = 0;
        let mut at = self.thread.resumer;
        while let Some(Thread(id)) = at {
            count += 1;
            at = self.heap.threads[id].resumer;
        }
        count
    }

    /// Puts the running coroutine away, and another in its place, which it may have resumed.
    fn switch_to(&mut self, thread: Thread, status: Status) {
        self.thread.status = status;
        let from = self.current;
        let next = std::mem::take(&mut self.heap.threads[thread.0]);
        self.heap.threads[from.0] = std::mem::replace(&mut self.thread, next);
        self.current = thread;
        if status == Status::Normal {
            self.thread.resumer = Some(from);
        }
    }

    /// Ends or suspends the running coroutine, and carries values from its top to whoever resumed it.
    fn leave_thread(&mut self, count: u32, status: Status) -> Result<u32, Error> {
        let from = (self.thread.top - count) as usize;
        let values = self.thread.stack[from..from + count as usize].to_vec();
        self.thread.top = from as u32;
        let resumer =
            self.thread.resumer.take().expect("only a coroutine that was resumed can be left");
        if status == Status::Dead {
            self.discard_thread();
        }
        self.switch_to(resumer, status);
        self.thread.status = Status::Running;
        for value in values {
            self.push(value)?;
        }
        Ok(count)
    }

    /// Empties the running coroutine.
    pub(crate) fn discard_thread(&mut self) {
        let before = self.thread.bytes();
        self.thread = ThreadData::default();
        self.heap.give_back(before - self.thread.bytes());
    }

    // Errors.

    /// The value of an error; a refusal of memory is counted.
    fn thrown(&mut self, error: Error) -> Value {
        self.refused += u64::from(error == Error::Memory);
        self.error_value(error)
    }

    /// Takes the stack of calls down to whoever catches an error, and gives it to them. The error, if
    /// nobody does.
    pub(crate) fn unwind(&mut self, error: Value) -> Option<Value> {
        let mut error = error;
        let innermost = self.thread.frames.iter().rev().find(|frame| frame.kind == FrameKind::Lua);
        self.raised_at = innermost.map(|frame| (frame.proto, frame.pc));
        loop {
            while let Some(frame) = self.thread.pop_frame() {
                if frame.kind == FrameKind::Lua {
                    continue;
                }
                let continuation =
                    self.thread.continuations.pop().expect("a native frame has a continuation");
                self.thread.top = frame.base;
                match self.catch(continuation, error, frame.destination) {
                    Ok(true) => return None,
                    Ok(false) => {}
                    Err(next) => error = self.thrown(next),
                }
            }
            let Some(resumer) = self.thread.resumer.take() else { return Some(error) };
            self.discard_thread();
            self.switch_to(resumer, Status::Dead);
            self.thread.status = Status::Running;
        }
    }

    /// Whether a continuation catches an error.
    fn catch(
        &mut self,
        continuation: Continuation,
        error: Value,
        destination: Destination,
    ) -> Result<bool, Error> {
        let values: &[Value] = match continuation {
            Continuation::Protected { handler: Some(handler) } => {
                return self.handle(handler, error, 0, destination);
            }
            Continuation::Handler { handler, errors } => {
                return self.handle(handler, error, errors + 1, destination);
            }
            Continuation::Protected { handler: None } => match (self.error_field, error) {
                (Some(field), Value::Table(table)) => match self
                    .heap
                    .get(table, Value::String(field))
                {
                    text @ (Value::String(_) | Value::Number(_)) => &[Value::Boolean(false), text],
                    other => &[Value::Boolean(false), error, other],
                },
                _ => &[Value::Boolean(false), error],
            },
            Continuation::Resumed { wrapped: false } => &[Value::Boolean(false), error],
            Continuation::Load { .. } => &[Value::Nil, error],
            Continuation::Resumed { wrapped: true } => {
                let Value::String(text) = error else { return Ok(false) };
                let message = [&self.position(1), self.heap.bytes_of(text)].concat();
                return Err(Error::Lua(Value::String(self.heap.message(&message))));
            }
            _ => return Ok(false),
        };
        self.caught(values, destination)
    }

    /// Leaves values as results of a library function that has ended, for [`Vm::enter`] to settle.
    fn caught(&mut self, values: &[Value], destination: Destination) -> Result<bool, Error> {
        self.push_native(destination, Continuation::Caught(values.len() as u32), self.thread.top)?;
        for value in values {
            self.push(*value)?;
        }
        Ok(true)
    }

    fn handle(
        &mut self,
        handler: Value,
        error: Value,
        errors: u32,
        destination: Destination,
    ) -> Result<bool, Error> {
        if errors > MAX_HANDLER_ERRORS || !matches!(handler, Value::Function(_)) {
            let message = Value::String(self.heap.message(b"error in error handling"));
            return self.caught(&[Value::Boolean(false), message], destination);
        }
        let continuation = Continuation::Handle { handler, error, errors };
        self.push_native(destination, continuation, self.thread.top)?;
        Ok(true)
    }
}
