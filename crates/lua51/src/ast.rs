//! The syntax tree of a chunk, with every name resolved to a local, an upvalue or a global.
//!
//! Expressions live in one list and name each other by index, so that a chain of a million terms is
//! no deeper for whoever drops it than a short one.

use crate::value::Str;

pub(crate) type ExprId = u32;
/// A local variable of a function, counted over all its scopes.
pub(crate) type LocalId = u32;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) expr: Expr,
    /// The line of its last token.
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum Expr {
    Nil,
    Boolean(bool),
    Number(f64),
    String(Str),
    Vararg,
    /// A function of the function's own list.
    Function(u32),
    Local(LocalId),
    Upvalue(u8),
    Global(Str),
    Index(ExprId, ExprId),
    Call {
        function: ExprId,
        arguments: Vec<ExprId>,
        line: u32,
    },
    Method {
        object: ExprId,
        name: Str,
        arguments: Vec<ExprId>,
        line: u32,
    },
    Table(Vec<Item>),
    Binary(BinaryOp, ExprId, ExprId),
    And(ExprId, ExprId),
    Or(ExprId, ExprId),
    Unary(UnaryOp, ExprId),
    /// Parentheses: one value at most.
    Paren(ExprId),
}

#[derive(Debug)]
pub(crate) enum Item {
    Positional(ExprId),
    Keyed(ExprId, ExprId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Concat,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Minus,
    Not,
    Length,
}

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) kind: StatementKind,
    /// The line of its first token.
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum StatementKind {
    Local { locals: Vec<LocalId>, values: Vec<ExprId> },
    LocalFunction { local: LocalId, function: u32 },
    Assign { targets: Vec<ExprId>, values: Vec<ExprId> },
    Call(ExprId),
    Do(Block),
    While { condition: ExprId, body: Block },
    Repeat { body: Block, condition: ExprId },
    If { arms: Vec<(ExprId, Block)>, otherwise: Option<Block> },
    NumericFor { local: LocalId, start: ExprId, limit: ExprId, step: Option<ExprId>, body: Block },
    GenericFor { locals: Vec<LocalId>, values: Vec<ExprId>, body: Block },
    Return(Vec<ExprId>),
    Break,
}

#[derive(Debug, Default)]
pub(crate) struct Block {
    pub(crate) statements: Vec<Statement>,
    /// The line of the token that ends it.
    pub(crate) end_line: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct LocalVariable {
    pub(crate) name: Str,
    /// A function inside uses it: it lives in a cell.
    pub(crate) captured: bool,
}

/// Where a function finds an upvalue when it is created.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Capture {
    Local(LocalId),
    Upvalue(u8),
}

#[derive(Debug, Default)]
pub(crate) struct FunctionBody {
    pub(crate) nodes: Vec<Node>,
    pub(crate) locals: Vec<LocalVariable>,
    /// How many of the locals are parameters.
    pub(crate) parameters: u32,
    pub(crate) is_vararg: bool,
    pub(crate) upvalues: Vec<(Str, Capture)>,
    pub(crate) functions: Vec<FunctionBody>,
    pub(crate) body: Block,
    /// The line of `function`; 0 for a chunk.
    pub(crate) line: u32,
}
