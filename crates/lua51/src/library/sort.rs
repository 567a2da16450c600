//! `table.sort`: Lua 5.1's quicksort as a machine that asks for one comparison after the other, so
//! that comparisons may be functions of scripts, and may be suspended.

use super::{Arguments, Continuation, Flow};
use crate::error::Error;
use crate::metamethod::Event;
use crate::value::{Table, Value};
use crate::vm::Vm;
use std::cmp::Ordering;

/// A sort in progress: a range, its partition, and the ranges still to do.
#[derive(Clone, Debug)]
pub(crate) struct Sorting {
    table: Table,
    function: Option<Value>,
    low: i64,
    high: i64,
    /// From below and from above, towards each other.
    i: i64,
    j: i64,
    pivot: Value,
    phase: Phase,
    ranges: Vec<(i64, i64)>,
    paused: bool,
}

/// Which comparison is next.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Ends,
    MiddleAndLow,
    HighAndMiddle,
    FromBelow,
    FromAbove,
}

pub(super) fn sort(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let table = vm.table_argument(arguments, 0)?;
    let high = vm.heap.tables[table.0].border() as i64;
    let function = match vm.argument(arguments, 1) {
        Value::Nil => None,
        _ => Some(vm.function_argument(arguments, 1)?),
    };
    let mut sorting = Box::new(Sorting {
        table,
        function,
        low: 1,
        high,
        i: 0,
        j: 0,
        pivot: Value::Nil,
        phase: Phase::Ends,
        ranges: Vec::new(),
        paused: false,
    });
    if !sorting.next_range() {
        return Ok(Flow::Nothing);
    }
    sorting.advance(vm)
}

impl Sorting {
    pub(crate) fn for_each_value(&self, mut visit: impl FnMut(Value)) {
        visit(Value::Table(self.table));
        visit(self.pivot);
        if let Some(function) = self.function {
            visit(function);
        }
    }

    pub(super) fn proceed(
        mut self: Box<Self>,
        vm: &mut Vm,
        results: Arguments,
    ) -> Result<Flow, Error> {
        if self.paused {
            self.paused = false;
        } else {
            let less = vm.argument(results, 0).is_truthy();
            if !self.decide(vm, less)? {
                return Ok(Flow::Nothing);
            }
        }
        self.advance(vm)
    }

    fn advance(mut self: Box<Self>, vm: &mut Vm) -> Result<Flow, Error> {
        loop {
            vm.charge(4);
            if vm.fuel <= 0 {
                self.paused = true;
                return Ok(Flow::Pause(Continuation::Sort(self)));
            }
            let (left, right) = self.operands(vm);
            let function = match self.function {
                Some(function) => function,
                None => match vm.plain_order(left, right) {
                    Some(order) => {
                        if !self.decide(vm, order == Some(Ordering::Less))? {
                            return Ok(Flow::Nothing);
                        }
                        continue;
                    }
                    None => order_method(vm, left, right)?,
                },
            };
            vm.push(function)?;
            vm.push(left)?;
            vm.push(right)?;
            return Ok(Flow::Call { arguments: 2, continuation: Continuation::Sort(self) });
        }
    }

    fn at(&self, vm: &Vm, index: i64) -> Value {
        vm.heap.tables[self.table.0].get_number(index as f64)
    }

    fn swap(&self, vm: &mut Vm, first: i64, second: i64) -> Result<(), Error> {
        let (left, right) = (self.at(vm, first), self.at(vm, second));
        vm.raw_set(self.table, Value::Number(first as f64), right)?;
        vm.raw_set(self.table, Value::Number(second as f64), left)
    }

    /// What is to be compared: whether the first is less than the second.
    fn operands(&self, vm: &Vm) -> (Value, Value) {
        match self.phase {
            Phase::Ends => (self.at(vm, self.high), self.at(vm, self.low)),
            Phase::MiddleAndLow => (self.at(vm, self.i), self.at(vm, self.low)),
            Phase::HighAndMiddle => (self.at(vm, self.high), self.at(vm, self.i)),
            Phase::FromBelow => (self.at(vm, self.i), self.pivot),
            Phase::FromAbove => (self.pivot, self.at(vm, self.j)),
        }
    }

    /// Goes on with a comparison's result; false if all is sorted.
    fn decide(&mut self, vm: &mut Vm, less: bool) -> Result<bool, Error> {
        match self.phase {
            Phase::Ends => {
                if less {
                    self.swap(vm, self.low, self.high)?;
                }
                if self.high - self.low == 1 {
                    return Ok(self.end_range());
                }
                self.i = (self.low + self.high) / 2;
                self.phase = Phase::MiddleAndLow;
            }
            Phase::MiddleAndLow if less => {
                self.swap(vm, self.i, self.low)?;
                return self.partition(vm);
            }
            Phase::MiddleAndLow => self.phase = Phase::HighAndMiddle,
            Phase::HighAndMiddle => {
                if less {
                    self.swap(vm, self.i, self.high)?;
                }
                return self.partition(vm);
            }
            Phase::FromBelow if less => {
                if self.i > self.high {
                    return Err(vm.error("invalid order function for sorting"));
                }
                self.i += 1;
            }
            Phase::FromBelow => {
                self.j -= 1;
                self.phase = Phase::FromAbove;
            }
            Phase::FromAbove if less => {
                if self.j < self.low {
                    return Err(vm.error("invalid order function for sorting"));
                }
                self.j -= 1;
            }
            Phase::FromAbove => return self.meet(vm),
        }
        Ok(true)
    }

    /// Begins to part a range around the median of three of its elements.
    fn partition(&mut self, vm: &mut Vm) -> Result<bool, Error> {
        if self.high - self.low == 2 {
            return Ok(self.end_range());
        }
        self.pivot = self.at(vm, self.i);
        self.swap(vm, self.i, self.high - 1)?;
        self.i = self.low + 1;
        self.j = self.high - 1;
        self.phase = Phase::FromBelow;
        Ok(true)
    }

    /// Exchanges two elements on wrong sides; or, if the sides met, goes on with the smaller one.
    fn meet(&mut self, vm: &mut Vm) -> Result<bool, Error> {
        if self.j >= self.i {
            self.swap(vm, self.i, self.j)?;
            self.i += 1;
            self.phase = Phase::FromBelow;
            return Ok(true);
        }
        self.swap(vm, self.high - 1, self.i)?;
        let (below, above) = ((self.low, self.i - 1), (self.i + 1, self.high));
        let (first, later) =
            if self.i - self.low < self.high - self.i { (below, above) } else { (above, below) };
        self.ranges.push(later);
        (self.low, self.high) = first;
        Ok(self.next_range())
    }

    fn end_range(&mut self) -> bool {
        self.high = self.low;
        self.next_range()
    }

    /// Begins the range at hand, or the next one, of more than one element.
    fn next_range(&mut self) -> bool {
        while self.low >= self.high {
            let Some((low, high)) = self.ranges.pop() else { return false };
            (self.low, self.high) = (low, high);
        }
        self.phase = Phase::Ends;
        true
    }
}

/// The metamethod that orders two values.
fn order_method(vm: &mut Vm, left: Value, right: Value) -> Result<Value, Error> {
    if left.type_name() == right.type_name() {
        let method = vm.comparison_metamethod(left, right, Event::Lt);
        if !method.is_nil() {
            return Ok(method);
        }
    }
    Err(vm.comparison_error(left, right))
}
