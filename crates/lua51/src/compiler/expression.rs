//! Expressions into instructions.

use super::{Compiler, Jumps, Result};
use crate::ast::{BinaryOp, Expr, ExprId, Item, UnaryOp};
use crate::code::{Op, Operand};
use crate::value::{Str, Value};

/// How many elements a table constructor sets at once.
const ELEMENTS_AT_ONCE: usize = 50;

/// The left operand of an operator: the value of a captured local is read only after the right
/// operand, which may change it.
enum Left {
    Operand(Operand),
    Cell(u8),
}

impl<'a> Compiler<'a> {
    pub(super) fn expr(&self, id: ExprId) -> &'a Expr {
        &self.body.nodes[id as usize].expr
    }

    pub(super) fn line(&self, id: ExprId) -> u32 {
        self.body.nodes[id as usize].line
    }

    /// Evaluates a list into fresh registers, adjusted to `want` values. Without `want`, a last
    /// expression of many values is left open, up to the top of the stack; true if so.
    pub(super) fn expressions(
        &mut self,
        list: &[ExprId],
        want: Option<usize>,
        line: u32,
    ) -> Result<bool> {
        let first = self.free;
        for (at, id) in list.iter().enumerate() {
            let is_last = at + 1 == list.len();
            if is_last && self.is_multiple(*id) {
                let count = match want {
                    Some(want) => (want + 1).saturating_sub(at).max(1),
                    None => 0,
                };
                let register = self.free;
                self.multiple(*id, register, count as u8)?;
                self.allocate(count.saturating_sub(1), line)?;
                return Ok(want.is_none());
            }
            let register = self.allocate(1, self.line(*id))?;
            self.expression_to(*id, register)?;
            if want.is_some_and(|want| at >= want) {
                self.free = register;
            }
        }
        if let Some(want) = want
            && want > list.len()
        {
            let from = self.allocate(want - list.len(), line)?;
            self.emit(Op::LoadNil { a: from, b: first + want as u8 - 1 }, line);
        }
        Ok(false)
    }

    fn is_multiple(&self, id: ExprId) -> bool {
        matches!(self.expr(id), Expr::Call { .. } | Expr::Method { .. } | Expr::Vararg)
    }

    /// Evaluates a call or `...` for `count - 1` values from a register on, or all if `count` is 0.
    fn multiple(&mut self, id: ExprId, register: u8, count: u8) -> Result<()> {
        if let Expr::Vararg = self.expr(id) {
            self.emit(Op::Vararg { a: register, b: count }, self.line(id));
            return Ok(());
        }
        self.call(id, register, count)
    }

    /// Evaluates into a register, which changes last of all unless it is free.
    pub(super) fn expression_to(&mut self, id: ExprId, target: u8) -> Result<()> {
        let line = self.line(id);
        let mark = self.free;
        match *self.expr(id) {
            Expr::Nil => self.emit(Op::LoadNil { a: target, b: target }, line),
            Expr::Boolean(value) => self.emit(Op::LoadBool { a: target, value, skip: false }, line),
            Expr::Number(number) => self.number(number, target, line),
            Expr::String(string) => self.load(Value::String(string), target, line),
            Expr::Vararg => self.emit(Op::Vararg { a: target, b: 2 }, line),
            Expr::Function(function) => self.closure(function, target, line),
            Expr::Local(local) => {
                let register = self.registers[local as usize];
                if self.is_captured(local) {
                    self.emit(Op::GetCell { a: target, b: register }, line);
                } else if register != target {
                    self.emit(Op::Move { a: target, b: register }, line);
                }
            }
            Expr::Upvalue(b) => self.emit(Op::GetUpvalue { a: target, b }, line),
            Expr::Global(name) => {
                let k = self.constant(Value::String(name));
                self.emit(Op::GetGlobal { a: target, k }, line);
            }
            Expr::Index(..) | Expr::Call { .. } | Expr::Method { .. } => {
                self.suffixes(id, target)?
            }
            Expr::Table(_) | Expr::And(..) | Expr::Or(..) if target < self.locals_top => {
                // The local may be used inside.
                let fresh = self.allocate(1, line)?;
                self.expression_to(id, fresh)?;
                self.emit(Op::Move { a: target, b: fresh }, line);
            }
            Expr::Table(ref items) => self.table(items, target, line)?,
            Expr::And(..) => self.chain(id, false, target)?,
            Expr::Or(..) => self.chain(id, true, target)?,
            Expr::Binary(..) => self.binary(id, target)?,
            Expr::Unary(operator, operand) => {
                let b = self.any_register(operand)?;
                self.emit(unary(operator, target, b), line);
            }
            Expr::Paren(inner) => self.expression_to(inner, target)?,
        }
        self.free = mark;
        Ok(())
    }

    fn load(&mut self, value: Value, a: u8, line: u32) {
        let k = self.constant(value);
        self.emit(Op::LoadK { a, k }, line);
    }

    pub(super) fn number(&mut self, number: f64, register: u8, line: u32) {
        self.load(Value::Number(number), register, line);
    }

    /// Evaluates into some register: a local's own, or a fresh one.
    pub(super) fn any_register(&mut self, id: ExprId) -> Result<u8> {
        if let Expr::Local(local) = *self.expr(id)
            && !self.is_captured(local)
        {
            return Ok(self.registers[local as usize]);
        }
        let register = self.allocate(1, self.line(id))?;
        self.expression_to(id, register)?;
        Ok(register)
    }

    /// A constant, or some register.
    pub(super) fn operand(&mut self, id: ExprId) -> Result<Operand> {
        let constant = match *self.expr(id) {
            Expr::Nil => Some(Value::Nil),
            Expr::Boolean(value) => Some(Value::Boolean(value)),
            Expr::Number(number) => Some(Value::Number(number)),
            Expr::String(string) => Some(Value::String(string)),
            _ => None,
        };
        if let Some(operand) = constant.and_then(|value| self.constant_operand(value)) {
            return Ok(operand);
        }
        Ok(Operand::from(self.any_register(id)?))
    }

    fn left(&mut self, id: ExprId) -> Result<Left> {
        match *self.expr(id) {
            Expr::Local(local) if self.is_captured(local) => {
                Ok(Left::Cell(self.registers[local as usize]))
            }
            _ => Ok(Left::Operand(self.operand(id)?)),
        }
    }

    fn settled(&mut self, left: Left, line: u32) -> Result<Operand> {
        match left {
            Left::Operand(operand) => Ok(operand),
            Left::Cell(cell) => {
                let a = self.allocate(1, line)?;
                self.emit(Op::GetCell { a, b: cell }, line);
                Ok(Operand::from(a))
            }
        }
    }

    // Operators.

    /// A chain of binary operators, from its innermost left operand on.
    fn binary(&mut self, id: ExprId, target: u8) -> Result<()> {
        let mut spine = Vec::new();
        let mut at = id;
        while let Expr::Binary(operator, left, right) = *self.expr(at) {
            spine.push((operator, right, self.line(at)));
            at = left;
            if operator == BinaryOp::Concat {
                break;
            }
        }
        let mut left = at;
        let mut before = None;
        let mut between = None;
        while let Some((operator, right, line)) = spine.pop() {
            let result = match between {
                _ if spine.is_empty() => target,
                Some(register) => register,
                None => *between.insert(self.allocate(1, line)?),
            };
            let mark = self.free;
            if operator == BinaryOp::Concat {
                self.concat(left, right, result, line)?;
            } else {
                let first = match before {
                    Some(register) => Left::Operand(Operand::from(register)),
                    None => self.left(left)?,
                };
                let second = self.operand(right)?;
                let first = self.settled(first, line)?;
                self.operate(operator, result, first, second, line);
            }
            self.free = mark;
            before = Some(result);
            left = right;
        }
        Ok(())
    }

    fn operate(&mut self, operator: BinaryOp, a: u8, b: Operand, c: Operand, line: u32) {
        let op = match operator {
            BinaryOp::Add => Op::Add { a, b, c },
            BinaryOp::Sub => Op::Sub { a, b, c },
            BinaryOp::Mul => Op::Mul { a, b, c },
            BinaryOp::Div => Op::Div { a, b, c },
            BinaryOp::Mod => Op::Mod { a, b, c },
            BinaryOp::Pow => Op::Pow { a, b, c },
            _ => {
                self.emit(comparison(operator, true, b, c), line);
                let jump = self.jump(line);
                self.emit(Op::LoadBool { a, value: false, skip: true }, line);
                let yes = self.here();
                self.patch(jump, yes);
                self.emit(Op::LoadBool { a, value: true, skip: false }, line);
                return;
            }
        };
        self.emit(op, line);
    }

    /// Joins all operands of a chain at once, as `..` binds to the right.
    fn concat(&mut self, left: ExprId, right: ExprId, target: u8, line: u32) -> Result<()> {
        let first = self.free;
        let mut next = Some(left);
        let mut rest = right;
        while let Some(operand) = next {
            let register = self.allocate(1, line)?;
            self.expression_to(operand, register)?;
            next = match *self.expr(rest) {
                Expr::Binary(BinaryOp::Concat, left, right) => {
                    rest = right;
                    Some(left)
                }
                _ => None,
            };
        }
        let last = self.allocate(1, line)?;
        self.expression_to(rest, last)?;
        self.emit(Op::Concat { a: target, b: first, c: last }, line);
        Ok(())
    }

    /// The operands of a chain of `and`, or of `or`, in order.
    fn operands(&self, id: ExprId, is_or: bool) -> Vec<ExprId> {
        let mut operands = Vec::new();
        let mut at = id;
        loop {
            match *self.expr(at) {
                Expr::And(left, right) if !is_or => {
                    operands.push(right);
                    at = left;
                }
                Expr::Or(left, right) if is_or => {
                    operands.push(right);
                    at = left;
                }
                _ => break,
            }
        }
        operands.push(at);
        operands.reverse();
        operands
    }

    /// The value of a chain of `and` or `or`: of its first operand that decides, or of its last.
    fn chain(&mut self, id: ExprId, is_or: bool, target: u8) -> Result<()> {
        let operands = self.operands(id, is_or);
        let mut done = Jumps::new();
        let (last, others) = operands.split_last().expect("an operator has operands");
        for operand in others {
            self.value_if(*operand, is_or, target, &mut done)?;
        }
        self.expression_to(*last, target)?;
        self.patch_here(done);
        Ok(())
    }

    /// If an expression's truth is as given, puts its value in the target and is done; otherwise goes
    /// on.
    fn value_if(&mut self, id: ExprId, truth: bool, target: u8, done: &mut Jumps) -> Result<()> {
        let line = self.line(id);
        match *self.expr(id) {
            Expr::Paren(inner) if !self.is_multiple(inner) => {
                self.value_if(inner, truth, target, done)
            }
            Expr::And(..) if truth => self.value_if_all(id, truth, target, done),
            Expr::Or(..) if !truth => self.value_if_all(id, truth, target, done),
            Expr::Binary(operator, ..) if is_comparison(operator) => {
                let mut on = Jumps::new();
                self.jump_if(id, !truth, &mut on)?;
                self.emit(Op::LoadBool { a: target, value: truth, skip: false }, line);
                done.push(self.jump(line));
                self.patch_here(on);
                Ok(())
            }
            Expr::Nil | Expr::Boolean(false) if truth => Ok(()),
            Expr::Boolean(true) | Expr::Number(_) | Expr::String(_) if !truth => Ok(()),
            _ => {
                self.expression_to(id, target)?;
                self.emit(Op::Test { a: target, expect: truth }, line);
                done.push(self.jump(line));
                Ok(())
            }
        }
    }

    fn value_if_all(
        &mut self,
        id: ExprId,
        truth: bool,
        target: u8,
        done: &mut Jumps,
    ) -> Result<()> {
        let operands = self.operands(id, !truth);
        let (last, others) = operands.split_last().expect("an operator has operands");
        let mut on = Jumps::new();
        for operand in others {
            self.jump_if(*operand, !truth, &mut on)?;
        }
        self.value_if(*last, truth, target, done)?;
        self.patch_here(on);
        Ok(())
    }

    /// Jumps if an expression's truth is as given, and goes on otherwise.
    pub(super) fn jump_if(&mut self, id: ExprId, truth: bool, jumps: &mut Jumps) -> Result<()> {
        let line = self.line(id);
        let mark = self.free;
        match *self.expr(id) {
            Expr::Paren(inner) if !self.is_multiple(inner) => self.jump_if(inner, truth, jumps)?,
            Expr::Unary(UnaryOp::Not, operand) => self.jump_if(operand, !truth, jumps)?,
            Expr::And(..) | Expr::Or(..) => self.jump_if_chain(id, truth, jumps)?,
            Expr::Binary(operator, left, right) if is_comparison(operator) => {
                let left = self.left(left)?;
                let right = self.operand(right)?;
                let left = self.settled(left, line)?;
                self.emit(comparison(operator, truth, left, right), line);
                jumps.push(self.jump(line));
            }
            Expr::Nil | Expr::Boolean(false) => {
                if !truth {
                    jumps.push(self.jump(line));
                }
            }
            Expr::Boolean(true) | Expr::Number(_) | Expr::String(_) => {
                if truth {
                    jumps.push(self.jump(line));
                }
            }
            _ => {
                let a = self.any_register(id)?;
                self.emit(Op::Test { a, expect: truth }, line);
                jumps.push(self.jump(line));
            }
        }
        self.free = mark;
        Ok(())
    }

    fn jump_if_chain(&mut self, id: ExprId, truth: bool, jumps: &mut Jumps) -> Result<()> {
        let is_or = matches!(self.expr(id), Expr::Or(..));
        let operands = self.operands(id, is_or);
        if truth == is_or {
            // Any operand decides.
            for operand in operands {
                self.jump_if(operand, truth, jumps)?;
            }
            return Ok(());
        }
        let (last, others) = operands.split_last().expect("an operator has operands");
        let mut on = Jumps::new();
        for operand in others {
            self.jump_if(*operand, is_or, &mut on)?;
        }
        self.jump_if(*last, truth, jumps)?;
        self.patch_here(on);
        Ok(())
    }

    // Suffixes.

    /// A call for `count - 1` values from `register` on, which is the first free one.
    pub(super) fn call(&mut self, id: ExprId, register: u8, count: u8) -> Result<()> {
        let mark = self.free;
        let function = match *self.expr(id) {
            Expr::Call { function, .. } => function,
            Expr::Method { object, .. } => object,
            _ => id,
        };
        let start = self.allocate(1, self.line(id))?;
        let from = match *self.expr(function) {
            Expr::Local(local) if !self.is_captured(local) => self.registers[local as usize],
            _ => {
                self.expression_to(function, start)?;
                start
            }
        };
        self.finish_call(id, from, start, count)?;
        self.free = mark;
        debug_assert_eq!(start, register);
        Ok(())
    }

    /// Calls with the function, or the object of a method, in `from`; `base` is where the call
    /// starts, the last register in use.
    fn finish_call(&mut self, id: ExprId, from: u8, base: u8, count: u8) -> Result<()> {
        let (arguments, line, implicit) = match self.expr(id) {
            Expr::Call { arguments, line, .. } => {
                if from != base {
                    self.emit(Op::Move { a: base, b: from }, *line);
                }
                (arguments, *line, 0)
            }
            Expr::Method { name, arguments, line, .. } => {
                self.allocate(1, *line)?;
                let k = self.constant(Value::String(*name));
                self.emit(Op::SelfField { a: base, b: from, k }, *line);
                (arguments, *line, 1)
            }
            _ => return Ok(()),
        };
        let open = self.expressions(arguments, None, line)?;
        let b = if open { 0 } else { arguments.len() as u8 + implicit + 1 };
        self.emit(Op::Call { a: base, b, c: count }, line);
        self.free = base + 1;
        Ok(())
    }

    /// A chain of fields, calls and methods, from its innermost expression on.
    fn suffixes(&mut self, id: ExprId, target: u8) -> Result<()> {
        let mut chain = Vec::new();
        let mut at = id;
        loop {
            let inner = match *self.expr(at) {
                Expr::Index(object, _) => object,
                Expr::Call { function, .. } => function,
                Expr::Method { object, .. } => object,
                _ => break,
            };
            chain.push(at);
            at = inner;
        }
        let line = self.line(id);
        let base = self.free;
        let mut from = match *self.expr(at) {
            Expr::Local(local) if !self.is_captured(local) => self.registers[local as usize],
            Expr::Local(local) => {
                // A captured local is read behind a key, which may change it.
                let register = self.allocate(1, line)?;
                let cell = self.registers[local as usize];
                if let [.., first] = chain[..]
                    && let Expr::Index(_, key) = *self.expr(first)
                {
                    chain.pop();
                    let mark = self.free;
                    let key = self.key(key)?;
                    self.free = mark;
                    let line = self.line(first);
                    self.emit(Op::GetCell { a: register, b: cell }, line);
                    let result = if chain.is_empty() { target } else { register };
                    self.index(result, register, key, line);
                } else {
                    self.emit(Op::GetCell { a: register, b: cell }, line);
                }
                register
            }
            _ => {
                let register = self.allocate(1, line)?;
                self.expression_to(at, register)?;
                register
            }
        };
        while let Some(part) = chain.pop() {
            let is_last = chain.is_empty();
            let line = self.line(part);
            match *self.expr(part) {
                Expr::Index(_, key) => {
                    let mark = self.free;
                    let key = self.key(key)?;
                    self.free = mark;
                    let result = if is_last {
                        target
                    } else if from == base && self.free > base {
                        base
                    } else {
                        self.allocate(1, line)?
                    };
                    self.index(result, from, key, line);
                    from = result;
                }
                _ => {
                    if self.free == base {
                        self.allocate(1, line)?;
                    }
                    self.finish_call(part, from, base, 2)?;
                    from = base;
                    if is_last && target != base {
                        self.emit(Op::Move { a: target, b: base }, line);
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn key(&mut self, key: ExprId) -> Result<Key> {
        match *self.expr(key) {
            Expr::String(name) => Ok(Key::Name(name)),
            _ => Ok(Key::Operand(self.operand(key)?)),
        }
    }

    fn index(&mut self, a: u8, b: u8, key: Key, line: u32) {
        let op = match key {
            Key::Name(name) => Op::GetField { a, b, k: self.constant(Value::String(name)) },
            Key::Operand(c) => Op::GetTable { a, b, c },
        };
        self.emit(op, line);
    }

    // Tables.

    fn table(&mut self, items: &[Item], target: u8, line: u32) -> Result<()> {
        let positional = items.iter().filter(|item| matches!(item, Item::Positional(_))).count();
        let last_open =
            matches!(items.last(), Some(Item::Positional(last)) if self.is_multiple(*last));
        let array = rounded(positional - usize::from(last_open));
        let hash = rounded(items.len() - positional);
        let base = if self.free == target + 1 { target } else { self.allocate(1, line)? };
        self.emit(Op::NewTable { a: base, array, hash }, line);
        let (mut pending, mut set) = (0, 0);
        for (at, item) in items.iter().enumerate() {
            match item {
                Item::Keyed(key, value) => {
                    let mark = self.free;
                    let end = self.line(*value);
                    let key = self.key(*key)?;
                    let c = self.operand(*value)?;
                    let op = match key {
                        Key::Name(name) => {
                            Op::SetField { a: base, c, k: self.constant(Value::String(name)) }
                        }
                        Key::Operand(b) => Op::SetTable { a: base, b, c },
                    };
                    self.emit(op, end);
                    self.free = mark;
                }
                Item::Positional(value) if last_open && at + 1 == items.len() => {
                    let register = self.free;
                    self.multiple(*value, register, 0)?;
                    self.emit(Op::SetList { a: base, count: 0, from: set as u32 + 1 }, line);
                    pending = 0;
                }
                Item::Positional(value) => {
                    let register = self.allocate(1, self.line(*value))?;
                    self.expression_to(*value, register)?;
                    pending += 1;
                    if pending == ELEMENTS_AT_ONCE {
                        self.set_list(base, pending, set);
                        set += pending;
                        pending = 0;
                    }
                }
            }
        }
        if pending > 0 {
            self.set_list(base, pending, set);
        }
        if base != target {
            self.emit(Op::Move { a: target, b: base }, line);
        }
        Ok(())
    }

    fn set_list(&mut self, a: u8, count: usize, set: usize) {
        let line = self.proto.lines.last().copied().unwrap_or(0);
        self.emit(Op::SetList { a, count: count as u8, from: set as u32 + 1 }, line);
        self.free = a + 1;
    }
}

/// What follows a table: a name, or any value.
pub(super) enum Key {
    Name(Str),
    Operand(Operand),
}

fn is_comparison(operator: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(operator, Eq | Ne | Lt | Le | Gt | Ge)
}

fn comparison(operator: BinaryOp, truth: bool, b: Operand, c: Operand) -> Op {
    match operator {
        BinaryOp::Eq => Op::Eq { expect: truth, b, c },
        BinaryOp::Ne => Op::Eq { expect: !truth, b, c },
        BinaryOp::Lt => Op::Lt { expect: truth, b, c },
        BinaryOp::Le => Op::Le { expect: truth, b, c },
        BinaryOp::Gt => Op::Lt { expect: truth, b: c, c: b },
        _ => Op::Le { expect: truth, b: c, c: b },
    }
}

fn unary(operator: UnaryOp, a: u8, b: u8) -> Op {
    match operator {
        UnaryOp::Minus => Op::Minus { a, b },
        UnaryOp::Not => Op::Not { a, b },
        UnaryOp::Length => Op::Length { a, b },
    }
}

/// A table's size as 5.1 hands it on, in a byte of floating point that rounds up.
fn rounded(count: usize) -> u16 {
    let (mut mantissa, mut exponent) = (count, 0);
    while mantissa >= 16 {
        mantissa = mantissa.div_ceil(2);
        exponent += 1;
    }
    u16::try_from(mantissa << exponent).unwrap_or(u16::MAX)
}
