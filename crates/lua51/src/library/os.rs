//! The one function of `os` that asks nothing of an operating system.

use super::{Arguments, Flow};
use crate::error::Error;
use crate::value::Value;
use crate::vm::Vm;

pub(super) fn open(vm: &mut Vm) -> Result<(), Error> {
    vm.open_table("os", &[("clock", clock)]).map(drop)
}

/// The host's time: the machine has none of its own.
fn clock(vm: &mut Vm, _: Arguments) -> Result<Flow, Error> {
    Ok(Flow::One(Value::Number(vm.clock)))
}
