//! Coroutines.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::heap::FunctionData;
use crate::thread::{Status, ThreadData};
use crate::value::{Thread, Value};
use crate::vm::Vm;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    vm.open_table(
        "coroutine",
        &[
            ("create", create),
            ("resume", resume),
            ("running", running),
            ("status", status),
            ("wrap", wrap),
            ("yield", suspend),
        ],
    )
    .map(drop)
}

fn new_thread(vm: &mut Vm, arguments: Arguments) -> Result<Thread, Error> {
    let function = match vm.argument(arguments, 0) {
        Value::Function(function)
            if matches!(vm.heap.functions[function.0], FunctionData::Lua { .. }) =>
        {
            function
        }
        _ => return Err(vm.argument_error(0, "Lua function expected")),
    };
    vm.reserve(size_of::<ThreadData>() * 32)?;
    let mut data = ThreadData::new();
    data.stack[0] = Value::Function(function);
    data.top = 1;
    vm.heap.thread(data)
}

fn create(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    Ok(Flow::One(Value::Thread(new_thread(vm, arguments)?)))
}

fn wrap(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let thread = new_thread(vm, arguments)?;
    Ok(Flow::One(vm.native(wrapped, &[Value::Thread(thread)])?))
}

fn wrapped(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let Value::Thread(thread) = vm.own_value(arguments, 0) else { return Ok(Flow::Nothing) };
    if let Some(reason) = not_resumable(vm, thread) {
        return Err(vm.error(reason));
    }
    vm.thread.top = arguments.base + arguments.count;
    Ok(Flow::Resume { thread, arguments: arguments.count, wrapped: true })
}

fn status_of(vm: &Vm, thread: Thread) -> Status {
    if thread == vm.current { Status::Running } else { vm.heap.threads[thread.0].status }
}

/// Why a coroutine cannot be resumed.
fn not_resumable(vm: &Vm, thread: Thread) -> Option<String> {
    let status = match status_of(vm, thread) {
        Status::Suspended => return None,
        Status::Running => "running",
        Status::Normal => "normal",
        Status::Dead => "dead",
    };
    Some(format!("cannot resume {status} coroutine"))
}

fn thread_argument(vm: &mut Vm, arguments: Arguments) -> Result<Thread, Error> {
    match vm.argument(arguments, 0) {
        Value::Thread(thread) => Ok(thread),
        _ => Err(vm.argument_error(0, "coroutine expected")),
    }
}

fn resume(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let thread = thread_argument(vm, arguments)?;
    if let Some(reason) = not_resumable(vm, thread) {
        let reason = vm.string(reason.as_bytes())?;
        vm.push(Value::Boolean(false))?;
        vm.push(reason)?;
        return Ok(Flow::Values(2));
    }
    vm.thread.top = arguments.base + arguments.count;
    Ok(Flow::Resume { thread, arguments: arguments.count - 1, wrapped: false })
}

fn running(vm: &mut Vm, _: Arguments) -> Result<Flow, Error> {
    Ok(Flow::One(if vm.thread.resumer.is_none() { Value::Nil } else { Value::Thread(vm.current) }))
}

fn status(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let thread = thread_argument(vm, arguments)?;
    let status = match status_of(vm, thread) {
        Status::Suspended => "suspended",
        Status::Running => "running",
        Status::Normal => "normal",
        Status::Dead => "dead",
    };
    Ok(Flow::One(vm.string(status.as_bytes())?))
}

fn suspend(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    if vm.thread.resumer.is_none() || vm.thread.boundaries > 0 {
        return Err(vm.fault("attempt to yield across metamethod/C-call boundary"));
    }
    vm.thread.top = arguments.base + arguments.count;
    Ok(Flow::Yield(arguments.count))
}
