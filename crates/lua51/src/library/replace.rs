//! `string.gsub`, which may call a function for every match.

use super::pattern::{Capture, Match, Matcher};
use super::{Arguments, Continuation, Flow};
use crate::error::Error;
use crate::operate::Indexed;
use crate::value::{Str, Value};
use crate::vm::Vm;

/// A replacement in progress.
#[derive(Clone, Debug)]
pub(crate) struct Replacing {
    subject: Str,
    pattern: Str,
    by: Value,
    at: usize,
    count: i64,
    most: i64,
    out: Vec<u8>,
    /// The match that a function was called for.
    found: Option<Match>,
}

pub(super) fn gsub(vm: &mut Vm, arguments: Arguments) -> Result<Flow, Error> {
    let subject = vm.text(arguments, 0)?;
    let pattern = vm.text(arguments, 1)?;
    let by = match vm.argument(arguments, 2) {
        Value::Number(_) => Value::String(vm.text(arguments, 2)?),
        by @ (Value::String(_) | Value::Table(_) | Value::Function(_)) => by,
        _ => return Err(vm.argument_error(2, "string/function/table expected")),
    };
    let length = vm.heap.bytes_of(subject).len() as i64;
    let most = i64::from(vm.integer_or(arguments, 3, length + 1)? as i32);
    let replacing =
        Replacing { subject, pattern, by, at: 0, count: 0, most, out: Vec::new(), found: None };
    Box::new(replacing).advance(vm)
}

impl Replacing {
    pub(crate) fn for_each_value(&self, mut visit: impl FnMut(Value)) {
        visit(Value::String(self.subject));
        visit(Value::String(self.pattern));
        visit(self.by);
    }

    pub(super) fn proceed(
        mut self: Box<Self>,
        vm: &mut Vm,
        results: Arguments,
    ) -> Result<Flow, Error> {
        if let Some(found) = self.found.take() {
            let value = vm.argument(results, 0);
            self.add_value(vm, &found, value)?;
            if !self.pass(vm, Some(found.range.end)) {
                return self.finish(vm);
            }
        }
        self.advance(vm)
    }

    fn advance(mut self: Box<Self>, vm: &mut Vm) -> Result<Flow, Error> {
        let anchored = vm.heap.bytes_of(self.pattern).first() == Some(&b'^');
        while self.count < self.most {
            if vm.fuel <= 0 {
                return Ok(Flow::Pause(Continuation::Replace(self)));
            }
            let (subject, pattern) =
                (vm.heap.bytes_of(self.subject), vm.heap.bytes_of(self.pattern));
            let mut matcher = Matcher::new(subject, pattern);
            let found = matcher.match_at(self.at, usize::from(anchored));
            let steps = matcher.steps();
            vm.charge(steps);
            let found = found.map_err(|text| vm.error(text))?;
            if self.out.len() > vm.heap.room() {
                return Err(Error::Memory);
            }
            let mut end = None;
            if let Some(found) = found {
                self.count += 1;
                end = Some(found.range.end);
                if let Some(arguments) = self.replace(vm, &found)? {
                    self.found = Some(found);
                    return Ok(Flow::Call { arguments, continuation: Continuation::Replace(self) });
                }
            }
            if !self.pass(vm, end) {
                break;
            }
        }
        self.finish(vm)
    }

    /// Goes on behind a match, or by one byte; false at the end.
    fn pass(&mut self, vm: &Vm, end: Option<usize>) -> bool {
        let subject = vm.heap.bytes_of(self.subject);
        match end {
            Some(end) if end > self.at => self.at = end,
            _ if self.at < subject.len() => {
                self.out.push(subject[self.at]);
                self.at += 1;
            }
            _ => return false,
        }
        vm.heap.bytes_of(self.pattern).first() != Some(&b'^')
    }

    fn finish(mut self: Box<Self>, vm: &mut Vm) -> Result<Flow, Error> {
        let rest = &vm.heap.bytes_of(self.subject)[self.at..];
        self.out.extend_from_slice(rest);
        // The strings at hand are not needed any more, if room has to be made.
        vm.reserve(self.out.len())?;
        let result = vm.heap.string_from(self.out)?;
        vm.push(Value::String(result))?;
        vm.push(Value::Number(self.count as f64))?;
        Ok(Flow::Values(2))
    }

    /// Adds what replaces a match, or prepares a call for it, with so many arguments.
    fn replace(&mut self, vm: &mut Vm, found: &Match) -> Result<Option<u32>, Error> {
        match self.by {
            Value::String(by) => {
                let template = vm.heap.bytes_of(by).to_vec();
                self.add_template(vm, found, &template)?;
            }
            Value::Function(_) => {
                vm.push(self.by)?;
                let count = push_captures(vm, self.subject, found)?;
                return Ok(Some(count));
            }
            table => {
                let key = capture_value(vm, self.subject, found, 0)?;
                match vm.indexed(table, key)? {
                    Indexed::Value(value) => self.add_value(vm, found, value)?,
                    Indexed::Call { function, object } => {
                        vm.push(function)?;
                        vm.push(object)?;
                        vm.push(key)?;
                        return Ok(Some(2));
                    }
                }
            }
        }
        Ok(None)
    }

    fn add_template(&mut self, vm: &mut Vm, found: &Match, template: &[u8]) -> Result<(), Error> {
        let mut bytes = template.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'%' {
                self.out.push(byte);
                continue;
            }
            match bytes.next() {
                Some(b'0') => {
                    self.out.extend_from_slice(&vm.heap.bytes_of(self.subject)[found.range.clone()])
                }
                Some(digit @ b'1'..=b'9') => {
                    let index = usize::from(digit - b'1');
                    match found.capture(index).map_err(|text| vm.error(text))? {
                        Capture::Text(start, end) => {
                            self.out.extend_from_slice(&vm.heap.bytes_of(self.subject)[start..end])
                        }
                        Capture::Position(at) | Capture::Unfinished(at) => {
                            crate::number::write((at + 1) as f64, &mut self.out);
                        }
                    }
                }
                Some(other) => self.out.push(other),
                None => self.out.push(0),
            }
        }
        Ok(())
    }

    /// Adds a function's or a table's value; the match itself for nil or false.
    fn add_value(&mut self, vm: &mut Vm, found: &Match, value: Value) -> Result<(), Error> {
        match value {
            Value::Nil | Value::Boolean(false) => {
                self.out.extend_from_slice(&vm.heap.bytes_of(self.subject)[found.range.clone()]);
            }
            Value::String(text) => self.out.extend_from_slice(vm.heap.bytes_of(text)),
            Value::Number(number) => crate::number::write(number, &mut self.out),
            _ => {
                return Err(
                    vm.error(format!("invalid replacement value (a {})", value.type_name()))
                );
            }
        }
        Ok(())
    }
}

pub(super) fn capture_value(
    vm: &mut Vm,
    subject: Str,
    found: &Match,
    index: usize,
) -> Result<Value, Error> {
    let capture = found.capture(index).map_err(|text| vm.error(text))?;
    Ok(match capture {
        Capture::Text(start, end) => {
            let text = vm.heap.bytes_of(subject)[start..end].to_vec();
            Value::String(vm.heap.string_from(text)?)
        }
        Capture::Position(at) | Capture::Unfinished(at) => Value::Number((at + 1) as f64),
    })
}

/// Pushes all captures of a match; how many.
pub(super) fn push_captures(vm: &mut Vm, subject: Str, found: &Match) -> Result<u32, Error> {
    for index in 0..found.values() {
        let value = capture_value(vm, subject, found, index)?;
        vm.push(value)?;
    }
    Ok(found.values() as u32)
}
