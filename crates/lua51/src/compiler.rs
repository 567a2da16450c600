//! A syntax tree into instructions.
//!
//! Registers are a stack: locals at the bottom, temporaries above. A local that a function inside
//! captures lives in a cell, which its register holds; so a frame that ends has nothing to close.
//! Chains of operators and of suffixes are walked in a loop, as only nesting is bounded.

mod constants;
mod expression;

use constants::Constants;
use expression::Key;

use crate::arena::Arena;
use crate::ast::{
    Block, Capture as AstCapture, Expr, ExprId, FunctionBody, LocalId, Statement, StatementKind,
};
use crate::code::{CONSTANT, Capture, LocalName, MAX_REGISTERS, Op, Operand, Proto};
use crate::error::Error;
use crate::heap::Heap;
use crate::value::{Str, Value};

/// Why a tree cannot be compiled.
pub(crate) enum CompileError {
    /// A function needs more registers than there are; the line at which it does.
    TooComplex(u32),
    Memory,
}

impl From<Error> for CompileError {
    fn from(_: Error) -> CompileError {
        CompileError::Memory
    }
}

type Result<T> = std::result::Result<T, CompileError>;

/// Compiles a function and all inside it; its place among the compiled ones.
pub(crate) fn compile(
    body: &FunctionBody,
    source: Str,
    heap: &mut Heap,
    protos: &mut Arena<Proto>,
) -> Result<u32> {
    let mut inner = Vec::new();
    for function in &body.functions {
        inner.push(compile(function, source, heap, protos)?);
    }
    let mut compiler = Compiler {
        arena: protos,
        body,
        proto: Proto { protos: inner, source: Some(source), ..Proto::default() },
        registers: vec![0; body.locals.len()],
        constants: Constants::default(),
        free: 0,
        locals_top: 0,
        open_names: Vec::new(),
        hidden_names: HiddenNames {
            numeric: names(heap, ["(for index)", "(for limit)", "(for step)"])?,
            generic: names(heap, ["(for generator)", "(for state)", "(for control)"])?,
        },
        breaks: Vec::new(),
    };
    compiler.function()?;
    let Compiler { proto, arena, .. } = compiler;
    heap.take(proto.bytes())?;
    Ok(arena.insert(proto))
}

#[derive(Clone, Copy)]
struct HiddenNames {
    numeric: [Str; 3],
    generic: [Str; 3],
}

fn names(heap: &mut Heap, [first, second, third]: [&str; 3]) -> Result<[Str; 3]> {
    Ok([
        heap.string(first.as_bytes())?,
        heap.string(second.as_bytes())?,
        heap.string(third.as_bytes())?,
    ])
}

/// Jumps whose target is not known yet.
type Jumps = Vec<usize>;

struct Compiler<'a> {
    /// The functions inside, compiled already.
    arena: &'a mut Arena<Proto>,
    body: &'a FunctionBody,
    proto: Proto,
    /// The register of each local that has been declared.
    registers: Vec<u8>,
    constants: Constants,
    /// The first free register.
    free: u8,
    /// The first register above the locals.
    locals_top: u8,
    /// Places in `proto.locals` of the names in scope.
    open_names: Vec<usize>,
    /// What the registers of a loop's own are called.
    hidden_names: HiddenNames,
    /// The jumps out of each loop around the statement.
    breaks: Vec<Jumps>,
}

impl Compiler<'_> {
    fn function(&mut self) -> Result<()> {
        let body = self.body;
        self.proto.parameters = body.parameters as u8;
        self.proto.is_vararg = body.is_vararg;
        for (name, capture) in &body.upvalues {
            self.proto.upvalue_names.push(*name);
            // The register is the surrounding function's to say, in `closure`.
            self.proto.captures.push(match capture {
                AstCapture::Upvalue(index) => Capture::Upvalue(*index),
                AstCapture::Local(_) => Capture::Register(0),
            });
        }
        for local in 0..body.parameters {
            let register = self.allocate(1, body.line)?;
            self.declare(local, register, body.line);
        }
        self.block_statements(&body.body)?;
        self.emit(Op::Return { a: 0, b: 1 }, body.body.end_line);
        self.close_names(0);
        Ok(())
    }

    // Emission.

    fn emit(&mut self, op: Op, line: u32) {
        self.proto.code.push(op);
        self.proto.lines.push(line);
    }

    /// Emits an instruction whose target is patched later; its place.
    fn emit_jump(&mut self, op: Op, line: u32) -> usize {
        self.emit(op, line);
        self.proto.code.len() - 1
    }

    fn here(&self) -> u32 {
        self.proto.code.len() as u32
    }

    fn jump(&mut self, line: u32) -> usize {
        self.emit_jump(Op::Jump { to: 0 }, line)
    }

    fn patch(&mut self, at: usize, target: u32) {
        match &mut self.proto.code[at] {
            Op::Jump { to }
            | Op::ForPrepare { to, .. }
            | Op::ForLoop { to, .. }
            | Op::IteratorLoop { to, .. } => *to = target,
            _ => {}
        }
    }

    fn patch_here(&mut self, jumps: Jumps) {
        let here = self.here();
        for jump in jumps {
            self.patch(jump, here);
        }
    }

    fn allocate(&mut self, count: usize, line: u32) -> Result<u8> {
        let first = self.free;
        let top = first as usize + count;
        if top > MAX_REGISTERS as usize {
            return Err(CompileError::TooComplex(line));
        }
        self.free = top as u8;
        self.proto.registers = self.proto.registers.max(self.free);
        Ok(first)
    }

    /// Where a constant stands.
    fn constant(&mut self, value: Value) -> u32 {
        self.constants.place(&mut self.proto.constants, value)
    }

    /// A constant as an operand, if there are few enough of them.
    fn constant_operand(&mut self, value: Value) -> Option<Operand> {
        let constant = self.constant(value);
        u16::try_from(constant + u32::from(CONSTANT)).ok()
    }

    // Locals.

    /// Brings a local into scope whose value is in a register.
    fn declare(&mut self, local: LocalId, register: u8, line: u32) {
        self.registers[local as usize] = register;
        self.locals_top = self.locals_top.max(register + 1);
        if self.body.locals[local as usize].captured {
            self.emit(Op::NewCell { a: register }, line);
        }
        let name = self.body.locals[local as usize].name;
        self.open_names.push(self.proto.locals.len());
        let start = self.here();
        self.proto.locals.push(LocalName { name, register, start, end: start });
    }

    /// Names the registers of a loop's own.
    fn declare_hidden(&mut self, first: u8, names: [Str; 3]) {
        let start = self.here();
        for (register, name) in (first..).zip(names) {
            self.open_names.push(self.proto.locals.len());
            self.proto.locals.push(LocalName { name, register, start, end: start });
        }
    }

    fn close_names(&mut self, keep: usize) {
        let here = self.here();
        for at in self.open_names.drain(keep..) {
            self.proto.locals[at].end = here;
        }
    }

    fn is_captured(&self, local: LocalId) -> bool {
        self.body.locals[local as usize].captured
    }

    /// Runs a part of the function in a scope of its own.
    fn scoped(&mut self, part: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let (free, locals_top, names) = (self.free, self.locals_top, self.open_names.len());
        part(self)?;
        self.close_names(names);
        self.free = free;
        self.locals_top = locals_top;
        Ok(())
    }

    // Statements.

    fn block(&mut self, block: &Block) -> Result<()> {
        self.scoped(|this| this.block_statements(block))
    }

    fn block_statements(&mut self, block: &Block) -> Result<()> {
        for statement in &block.statements {
            self.statement(statement)?;
            self.free = self.locals_top;
        }
        Ok(())
    }

    fn statement(&mut self, statement: &Statement) -> Result<()> {
        let line = statement.line;
        match &statement.kind {
            StatementKind::Local { locals, values } => self.local(locals, values, line),
            StatementKind::LocalFunction { local, function } => {
                self.local_function(*local, *function, line)
            }
            StatementKind::Assign { targets, values } => self.assign(targets, values, line),
            StatementKind::Call(call) => {
                let base = self.allocate(0, line)?;
                self.call(*call, base, 1)
            }
            StatementKind::Do(body) => self.block(body),
            StatementKind::While { condition, body } => self.while_loop(*condition, body, line),
            StatementKind::Repeat { body, condition } => self.repeat(body, *condition),
            StatementKind::If { arms, otherwise } => self.if_else(arms, otherwise.as_ref()),
            StatementKind::NumericFor { local, start, limit, step, body } => self.scoped(|this| {
                this.numeric_for(*local, [Some(*start), Some(*limit), *step], body, line)
            }),
            StatementKind::GenericFor { locals, values, body } => {
                self.scoped(|this| this.generic_for(locals, values, body, line))
            }
            StatementKind::Return(values) => self.return_values(values, line),
            StatementKind::Break => {
                let jump = self.jump(line);
                if let Some(breaks) = self.breaks.last_mut() {
                    breaks.push(jump);
                }
                Ok(())
            }
        }
    }

    fn local(&mut self, locals: &[LocalId], values: &[ExprId], line: u32) -> Result<()> {
        let first = self.free;
        self.expressions(values, Some(locals.len()), line)?;
        self.free = first + locals.len() as u8;
        let end = values.last().map_or(line, |value| self.line(*value));
        for (offset, local) in locals.iter().enumerate() {
            self.declare(*local, first + offset as u8, end);
        }
        Ok(())
    }

    fn local_function(&mut self, local: LocalId, function: u32, line: u32) -> Result<()> {
        let register = self.allocate(1, line)?;
        if !self.is_captured(local) {
            self.declare(local, register, line);
            self.closure(function, register, line);
            return Ok(());
        }
        self.emit(Op::LoadNil { a: register, b: register }, line);
        self.declare(local, register, line);
        let value = self.allocate(1, line)?;
        self.closure(function, value, line);
        self.emit(Op::SetCell { a: register, b: value }, line);
        Ok(())
    }

    fn assign(&mut self, targets: &[ExprId], values: &[ExprId], line: u32) -> Result<()> {
        if let ([target], [value]) = (targets, values) {
            return self.assign_one(*target, *value);
        }
        let mut places = Vec::new();
        for target in targets {
            places.push(self.place(*target, targets.len() > 1)?);
        }
        let first = self.free;
        self.expressions(values, Some(targets.len()), line)?;
        let end = values.last().map_or(line, |value| self.line(*value));
        for (offset, place) in places.into_iter().enumerate().rev() {
            self.store(place, Operand::from(first + offset as u8), end)?;
        }
        Ok(())
    }

    fn assign_one(&mut self, target: ExprId, value: ExprId) -> Result<()> {
        let end = self.line(value);
        if let Expr::Local(local) = self.expr(target)
            && !self.is_captured(*local)
        {
            let register = self.registers[*local as usize];
            return self.expression_to(value, register);
        }
        let place = self.place(target, false)?;
        let value = match place {
            Place::Field(..) | Place::Element(..) => self.operand(value)?,
            Place::OfCell(..) => self.operand(value)?,
            _ => Operand::from(self.any_register(value)?),
        };
        self.store(place, value, end)
    }

    /// Evaluates what comes before the last key of a target. With other targets beside it, none of
    /// that may be a register that they change.
    fn place(&mut self, target: ExprId, with_others: bool) -> Result<Place> {
        let line = self.line(target);
        Ok(match *self.expr(target) {
            Expr::Local(local) if self.is_captured(local) => {
                Place::Cell(self.registers[local as usize])
            }
            Expr::Local(local) => Place::Register(self.registers[local as usize]),
            Expr::Upvalue(index) => Place::Upvalue(index),
            Expr::Global(name) => Place::Global(self.constant(Value::String(name))),
            Expr::Index(object, key) => {
                if let Expr::Local(local) = *self.expr(object)
                    && self.is_captured(local)
                    && !with_others
                {
                    let key = self.key(key)?;
                    return Ok(Place::OfCell(self.registers[local as usize], key));
                }
                let object = self.any_register(object)?;
                let object = if with_others { self.unshared(object, line)? } else { object };
                if let Expr::String(name) = *self.expr(key) {
                    return Ok(Place::Field(object, self.constant(Value::String(name))));
                }
                let key = self.operand(key)?;
                match u8::try_from(key) {
                    Ok(register) if with_others => {
                        Place::Element(object, Operand::from(self.unshared(register, line)?))
                    }
                    _ => Place::Element(object, key),
                }
            }
            _ => Place::Register(self.any_register(target)?),
        })
    }

    /// A register with the same value that is no local's.
    fn unshared(&mut self, register: u8, line: u32) -> Result<u8> {
        if register >= self.locals_top {
            return Ok(register);
        }
        let copy = self.allocate(1, line)?;
        self.emit(Op::Move { a: copy, b: register }, line);
        Ok(copy)
    }

    fn store(&mut self, place: Place, value: Operand, line: u32) -> Result<()> {
        // Only a table's element may be a constant.
        let register = value as u8;
        let op = match place {
            Place::Register(a) => Op::Move { a, b: register },
            Place::Cell(a) => Op::SetCell { a, b: register },
            Place::Upvalue(b) => Op::SetUpvalue { a: register, b },
            Place::Global(k) => Op::SetGlobal { a: register, k },
            Place::OfCell(cell, ref key) => {
                // What the local is by now.
                let a = self.allocate(1, line)?;
                self.emit(Op::GetCell { a, b: cell }, line);
                match *key {
                    Key::Name(name) => {
                        Op::SetField { a, c: value, k: self.constant(Value::String(name)) }
                    }
                    Key::Operand(b) => Op::SetTable { a, b, c: value },
                }
            }
            Place::Field(a, k) => Op::SetField { a, c: value, k },
            Place::Element(a, b) => Op::SetTable { a, b, c: value },
        };
        self.emit(op, line);
        Ok(())
    }

    fn while_loop(&mut self, condition: ExprId, body: &Block, line: u32) -> Result<()> {
        let start = self.here();
        let mut exits = Jumps::new();
        self.jump_if(condition, false, &mut exits)?;
        self.free = self.locals_top;
        self.breaks.push(exits);
        self.block(body)?;
        let back = self.jump(line);
        self.patch(back, start);
        self.end_loop();
        Ok(())
    }

    fn end_loop(&mut self) {
        let breaks = self.breaks.pop().unwrap_or_default();
        self.patch_here(breaks);
    }

    fn repeat(&mut self, body: &Block, condition: ExprId) -> Result<()> {
        let start = self.here();
        self.breaks.push(Jumps::new());
        self.scoped(|this| {
            this.block_statements(body)?;
            let mut again = Jumps::new();
            this.jump_if(condition, false, &mut again)?;
            for jump in again {
                this.patch(jump, start);
            }
            Ok(())
        })?;
        self.end_loop();
        Ok(())
    }

    fn if_else(&mut self, arms: &[(ExprId, Block)], otherwise: Option<&Block>) -> Result<()> {
        let mut ends = Jumps::new();
        for (at, (condition, body)) in arms.iter().enumerate() {
            let mut next = Jumps::new();
            self.jump_if(*condition, false, &mut next)?;
            self.free = self.locals_top;
            self.block(body)?;
            if at + 1 < arms.len() || otherwise.is_some() {
                ends.push(self.jump(body.end_line));
            }
            self.patch_here(next);
        }
        if let Some(block) = otherwise {
            self.block(block)?;
        }
        self.patch_here(ends);
        Ok(())
    }

    fn numeric_for(
        &mut self,
        local: LocalId,
        bounds: [Option<ExprId>; 3],
        body: &Block,
        line: u32,
    ) -> Result<()> {
        let base = self.free;
        for bound in bounds {
            let register = self.allocate(1, line)?;
            match bound {
                Some(bound) => self.expression_to(bound, register)?,
                None => self.number(1.0, register, line),
            }
        }
        self.locals_top = self.free;
        self.declare_hidden(base, self.hidden_names.numeric);
        let prepare = self.emit_jump(Op::ForPrepare { a: base, to: 0 }, line);
        let start = self.here();
        self.breaks.push(Jumps::new());
        self.scoped(|this| {
            let register = this.allocate(1, line)?;
            this.declare(local, register, line);
            this.block_statements(body)
        })?;
        let target = self.here();
        self.patch(prepare, target);
        self.emit(Op::ForLoop { a: base, to: start }, line);
        self.end_loop();
        Ok(())
    }

    fn generic_for(
        &mut self,
        locals: &[LocalId],
        values: &[ExprId],
        body: &Block,
        line: u32,
    ) -> Result<()> {
        let base = self.free;
        self.expressions(values, Some(3), line)?;
        self.free = base + 3;
        self.locals_top = self.free;
        self.declare_hidden(base, self.hidden_names.generic);
        let prepare = self.jump(line);
        let start = self.here();
        self.breaks.push(Jumps::new());
        self.scoped(|this| {
            // The iterator, its state and the control variable are copied above them to be called.
            let first = this.allocate(locals.len().max(3), line)?;
            this.free = first + locals.len() as u8;
            for (offset, local) in locals.iter().enumerate() {
                this.declare(*local, first + offset as u8, line);
            }
            this.block_statements(body)
        })?;
        self.patch_here(vec![prepare]);
        self.emit(Op::IteratorCall { a: base, c: locals.len() as u8 }, line);
        self.emit(Op::IteratorLoop { a: base, to: start }, line);
        self.end_loop();
        Ok(())
    }

    fn return_values(&mut self, values: &[ExprId], line: u32) -> Result<()> {
        let end = values.last().map_or(line, |value| self.line(*value));
        if let [value] = values {
            match *self.expr(*value) {
                Expr::Call { .. } | Expr::Method { .. } => {
                    let base = self.allocate(0, line)?;
                    self.call(*value, base, 0)?;
                    let at = self.proto.code.len() - 1;
                    if let Op::Call { a, b, .. } = self.proto.code[at] {
                        self.proto.code[at] = Op::TailCall { a, b };
                    }
                    // Only a native function's results come back here.
                    self.emit(Op::Return { a: base, b: 0 }, end);
                    return Ok(());
                }
                Expr::Vararg => {}
                _ => {
                    let a = self.any_register(*value)?;
                    self.emit(Op::Return { a, b: 2 }, end);
                    return Ok(());
                }
            }
        }
        let first = self.free;
        let open = self.expressions(values, None, line)?;
        let b = if open { 0 } else { values.len() as u8 + 1 };
        self.emit(Op::Return { a: first, b }, end);
        Ok(())
    }

    fn closure(&mut self, function: u32, register: u8, line: u32) {
        let inner = self.proto.protos[function as usize];
        for (at, (_, capture)) in self.body.functions[function as usize].upvalues.iter().enumerate()
        {
            if let AstCapture::Local(local) = capture {
                self.arena[inner].captures[at] = Capture::Register(self.registers[*local as usize]);
            }
        }
        self.emit(Op::Closure { a: register, function }, line);
    }
}

/// Where an assignment puts its value.
enum Place {
    Register(u8),
    Cell(u8),
    Upvalue(u8),
    Global(u32),
    Field(u8, u32),
    Element(u8, Operand),
    /// An element of the table that a captured local holds.
    OfCell(u8, Key),
}
