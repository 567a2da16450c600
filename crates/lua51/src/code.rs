//! What source is compiled to: instructions of eight bytes on registers.

use crate::value::{Str, Value};

/// Registers and constants in one operand: below [`CONSTANT`] a register, from there a constant.
pub(crate) type Operand = u16;
pub(crate) const CONSTANT: u16 = 256;
/// The most registers of a function.
pub(crate) const MAX_REGISTERS: u8 = 250;

/// An instruction. `a`, `b` and `c` are registers or operands, `k` is a constant, `to` an
/// instruction's position. A count one too high leaves 0 for "up to the top of the stack".
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Move {
        a: u8,
        b: u8,
    },
    LoadK {
        a: u8,
        k: u32,
    },
    /// Sets the registers from `a` to `b` to nil.
    LoadNil {
        a: u8,
        b: u8,
    },
    /// Sets a register, and may pass over the next instruction.
    LoadBool {
        a: u8,
        value: bool,
        skip: bool,
    },
    GetUpvalue {
        a: u8,
        b: u8,
    },
    SetUpvalue {
        a: u8,
        b: u8,
    },
    /// Puts a register's value in a new cell, which the register then holds.
    NewCell {
        a: u8,
    },
    GetCell {
        a: u8,
        b: u8,
    },
    /// Sets the cell that register `a` holds.
    SetCell {
        a: u8,
        b: u8,
    },
    GetGlobal {
        a: u8,
        k: u32,
    },
    SetGlobal {
        a: u8,
        k: u32,
    },
    GetField {
        a: u8,
        b: u8,
        k: u32,
    },
    GetTable {
        a: u8,
        b: u8,
        c: Operand,
    },
    SetField {
        a: u8,
        c: Operand,
        k: u32,
    },
    SetTable {
        a: u8,
        b: Operand,
        c: Operand,
    },
    NewTable {
        a: u8,
        array: u16,
        hash: u16,
    },
    /// Sets `count` elements of the table in `a`, from those behind it, from an index on.
    SetList {
        a: u8,
        count: u8,
        from: u32,
    },
    /// Looks up a method, and leaves function and object as the start of a call.
    SelfField {
        a: u8,
        b: u8,
        k: u32,
    },
    Add {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Sub {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Mul {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Div {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Mod {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Pow {
        a: u8,
        b: Operand,
        c: Operand,
    },
    Minus {
        a: u8,
        b: u8,
    },
    Not {
        a: u8,
        b: u8,
    },
    Length {
        a: u8,
        b: u8,
    },
    /// Joins the registers from `b` to `c`.
    Concat {
        a: u8,
        b: u8,
        c: u8,
    },
    Jump {
        to: u32,
    },
    /// The next instruction, a jump, is taken if the comparison's result is the expected one.
    Eq {
        expect: bool,
        b: Operand,
        c: Operand,
    },
    Lt {
        expect: bool,
        b: Operand,
        c: Operand,
    },
    Le {
        expect: bool,
        b: Operand,
        c: Operand,
    },
    Test {
        a: u8,
        expect: bool,
    },
    Call {
        a: u8,
        b: u8,
        c: u8,
    },
    TailCall {
        a: u8,
        b: u8,
    },
    Return {
        a: u8,
        b: u8,
    },
    ForPrepare {
        a: u8,
        to: u32,
    },
    ForLoop {
        a: u8,
        to: u32,
    },
    /// Calls a loop's iterator for `c` values.
    IteratorCall {
        a: u8,
        c: u8,
    },
    /// Goes on with a loop unless its iterator gave nil.
    IteratorLoop {
        a: u8,
        to: u32,
    },
    Closure {
        a: u8,
        function: u32,
    },
    Vararg {
        a: u8,
        b: u8,
    },
}

/// Where a new function's upvalue is found.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Capture {
    /// A cell in a register of the function that creates it.
    Register(u8),
    Upvalue(u8),
}

/// A local variable's name, for messages: it is in its register from one instruction to another.
#[derive(Clone, Debug)]
pub(crate) struct LocalName {
    pub(crate) name: Str,
    pub(crate) register: u8,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// A compiled function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proto {
    pub(crate) code: Vec<Op>,
    /// The line of each instruction.
    pub(crate) lines: Vec<u32>,
    pub(crate) constants: Vec<Value>,
    /// The functions inside, by their place among all.
    pub(crate) protos: Vec<u32>,
    pub(crate) captures: Vec<Capture>,
    pub(crate) upvalue_names: Vec<Str>,
    pub(crate) locals: Vec<LocalName>,
    pub(crate) parameters: u8,
    pub(crate) is_vararg: bool,
    pub(crate) registers: u8,
    /// The name of the source, as it was given.
    pub(crate) source: Option<Str>,
}

impl Proto {
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Proto>()
            + size_of_val(&*self.code)
            + size_of_val(&*self.lines)
            + size_of_val(&*self.constants)
            + size_of_val(&*self.protos)
            + size_of_val(&*self.captures)
            + size_of_val(&*self.upvalue_names)
            + size_of_val(&*self.locals)
    }
}
