//! Tokens into a syntax tree. What it refuses, it refuses in Lua 5.1's words.

use crate::ast::{
    BinaryOp, Block, Capture, Expr, ExprId, FunctionBody, Item, LocalId, LocalVariable, Node,
    Statement, StatementKind, UnaryOp,
};
use crate::error::Error;
use crate::heap::Heap;
use crate::lexer::{Keyword, Lexeme, Lexer, SyntaxError, Token};
use crate::number;
use crate::value::Str;

/// How deep statements and expressions may nest.
const MAX_LEVELS: usize = 200;
const MAX_LOCALS: usize = 200;
const MAX_UPVALUES: usize = 60;

/// Why there is no tree.
pub(crate) enum ParseError {
    Syntax(SyntaxError),
    Memory,
}

impl From<SyntaxError> for ParseError {
    fn from(message: SyntaxError) -> ParseError {
        ParseError::Syntax(message)
    }
}

impl From<Error> for ParseError {
    fn from(_: Error) -> ParseError {
        ParseError::Memory
    }
}

type Result<T> = std::result::Result<T, ParseError>;

/// Parses a chunk, which is a function of any number of arguments.
pub(crate) fn parse(source: &[u8], name: &[u8], heap: &mut Heap) -> Result<FunctionBody> {
    let mut lexer = Lexer::new(source, name);
    let current = lexer.next()?;
    let mut parser = Parser {
        lexer,
        current,
        lookahead: None,
        last_line: 1,
        heap,
        levels: 0,
        functions: vec![FunctionScope::default()],
    };
    parser.function().body.is_vararg = true;
    let body = parser.block()?;
    if parser.current.token != Token::End {
        return Err(parser.expected("<eof>"));
    }
    let mut main = parser.functions.pop().expect("the chunk's own scope is open").body;
    main.body = body;
    Ok(main)
}

/// A function being parsed.
#[derive(Default)]
struct FunctionScope {
    body: FunctionBody,
    /// The locals in scope, innermost last.
    active: Vec<LocalId>,
    loops: usize,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    current: Lexeme,
    lookahead: Option<Lexeme>,
    /// The line of the token before the current one.
    last_line: u32,
    heap: &'a mut Heap,
    levels: usize,
    functions: Vec<FunctionScope>,
}

impl Parser<'_> {
    fn function(&mut self) -> &mut FunctionScope {
        self.functions.last_mut().expect("a function is being parsed")
    }

    // Tokens.

    fn advance(&mut self) -> Result<Token> {
        self.last_line = self.current.line;
        let next = match self.lookahead.take() {
            Some(lexeme) => lexeme,
            None => self.lexer.next()?,
        };
        Ok(std::mem::replace(&mut self.current, next).token)
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(&self.current.token, Token::Symbol(current) if *current == symbol)
    }

    fn is_keyword(&self, keyword: Keyword) -> bool {
        self.current.token == Token::Keyword(keyword)
    }

    fn accept(&mut self, symbol: &str) -> Result<bool> {
        let found = self.is(symbol);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn accept_keyword(&mut self, keyword: Keyword) -> Result<bool> {
        let found = self.is_keyword(keyword);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, symbol: &str) -> Result<()> {
        if self.accept(symbol)? { Ok(()) } else { Err(self.expected(symbol)) }
    }

    fn expect_keyword(&mut self, keyword: Keyword) -> Result<()> {
        if self.accept_keyword(keyword)? { Ok(()) } else { Err(self.expected(keyword.text())) }
    }

    /// Expects what closes something that was opened at a line.
    fn expect_close(&mut self, found: bool, close: &str, open: &str, line: u32) -> Result<()> {
        if found {
            self.advance()?;
            return Ok(());
        }
        if line == self.current.line {
            return Err(self.expected(close));
        }
        Err(self.error(&format!("'{close}' expected (to close '{open}' at line {line})")))
    }

    fn close_symbol(&mut self, close: &str, open: &str, line: u32) -> Result<()> {
        let found = self.is(close);
        self.expect_close(found, close, open, line)
    }

    fn close_block(&mut self, open: Keyword, line: u32) -> Result<()> {
        let found = self.is_keyword(Keyword::End);
        self.expect_close(found, "end", open.text(), line)
    }

    fn expected(&self, what: &str) -> ParseError {
        self.error(&format!("'{what}' expected"))
    }

    fn error(&self, text: &str) -> ParseError {
        ParseError::Syntax(self.lexer.message_near(text, &self.current))
    }

    fn name(&mut self) -> Result<Str> {
        if !matches!(self.current.token, Token::Name(_)) {
            return Err(self.expected("<name>"));
        }
        match self.advance()? {
            Token::Name(name) => Ok(self.heap.string(&name)?),
            _ => Err(self.expected("<name>")),
        }
    }

    // Limits.

    fn enter(&mut self) -> Result<()> {
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            let text = "chunk has too many syntax levels";
            return Err(self.lexer.message(self.current.line, text).into());
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.levels -= 1;
    }

    fn check_limit(&mut self, count: usize, limit: usize, what: &str) -> Result<()> {
        if count <= limit {
            return Ok(());
        }
        let text = match self.function().body.line {
            0 => format!("main function has more than {limit} {what}"),
            line => format!("function at line {line} has more than {limit} {what}"),
        };
        Err(self.lexer.message(self.current.line, &text).into())
    }

    // Names.

    fn declare(&mut self, name: Str) -> Result<LocalId> {
        let scope = self.function();
        let id = scope.body.locals.len() as LocalId;
        scope.body.locals.push(LocalVariable { name, captured: false });
        Ok(id)
    }

    /// Checks that so many more locals fit before they come into scope.
    fn check_locals(&mut self, more: usize) -> Result<()> {
        let count = self.function().active.len() + more;
        self.check_limit(count, MAX_LOCALS, "local variables")
    }

    fn resolve(&mut self, name: Str) -> Result<Expr> {
        let innermost = self.functions.len() - 1;
        if let Some(local) = self.local_of(innermost, name) {
            return Ok(Expr::Local(local));
        }
        Ok(match self.upvalue_of(innermost, name)? {
            Some(upvalue) => Expr::Upvalue(upvalue),
            None => Expr::Global(name),
        })
    }

    fn local_of(&self, depth: usize, name: Str) -> Option<LocalId> {
        let scope = &self.functions[depth];
        scope
            .active
            .iter()
            .rev()
            .copied()
            .find(|local| scope.body.locals[*local as usize].name == name)
    }

    /// The upvalue by which the function at a depth reaches a name of the functions around it. From
    /// the function that has the local inwards, each gets an upvalue.
    fn upvalue_of(&mut self, depth: usize, name: Str) -> Result<Option<u8>> {
        let known = |scope: &FunctionScope| {
            scope.body.upvalues.iter().position(|(upvalue, _)| *upvalue == name)
        };
        let mut capture = None;
        let mut from = depth + 1;
        for outer in (0..=depth).rev() {
            from = outer + 1;
            if let Some(local) = if outer < depth { self.local_of(outer, name) } else { None } {
                self.functions[outer].body.locals[local as usize].captured = true;
                capture = Some(Capture::Local(local));
                break;
            }
            if let Some(index) = known(&self.functions[outer]) {
                capture = Some(Capture::Upvalue(index as u8));
                break;
            }
        }
        let Some(mut capture) = capture else { return Ok(None) };
        for inner in from..=depth {
            let upvalues = &mut self.functions[inner].body.upvalues;
            upvalues.push((name, capture));
            let count = upvalues.len();
            capture = Capture::Upvalue((count - 1) as u8);
            self.check_limit(count, MAX_UPVALUES, "upvalues")?;
        }
        match capture {
            Capture::Upvalue(index) => Ok(Some(index)),
            Capture::Local(_) => Ok(None),
        }
    }

    // Statements.

    fn block_follows(&self) -> bool {
        use Keyword::{Else, Elseif, End, Until};
        matches!(&self.current.token, Token::End | Token::Keyword(Else | Elseif | End | Until))
    }

    fn block(&mut self) -> Result<Block> {
        let outside = self.function().active.len();
        let block = self.open_block()?;
        self.function().active.truncate(outside);
        Ok(block)
    }

    /// A block whose locals stay in scope for what follows it.
    fn open_block(&mut self) -> Result<Block> {
        self.enter()?;
        let mut statements = Vec::new();
        while !self.block_follows() {
            let line = self.current.line;
            let (kind, last) = self.statement()?;
            statements.push(Statement { kind, line });
            self.accept(";")?;
            if last {
                break;
            }
        }
        self.leave();
        Ok(Block { statements, end_line: self.current.line })
    }

    /// A statement, and whether it must be the last of its block.
    fn statement(&mut self) -> Result<(StatementKind, bool)> {
        let line = self.current.line;
        let Token::Keyword(keyword) = self.current.token else {
            return Ok((self.expression_statement()?, false));
        };
        let kind = match keyword {
            Keyword::If => self.if_statement(line)?,
            Keyword::While => self.while_statement(line)?,
            Keyword::Do => {
                self.advance()?;
                let body = self.block()?;
                self.close_block(Keyword::Do, line)?;
                StatementKind::Do(body)
            }
            Keyword::For => self.for_statement(line)?,
            Keyword::Repeat => self.repeat_statement(line)?,
            Keyword::Function => self.function_statement(line)?,
            Keyword::Local => {
                self.advance()?;
                if self.accept_keyword(Keyword::Function)? {
                    self.local_function()?
                } else {
                    self.local_statement()?
                }
            }
            Keyword::Return => return Ok((self.return_statement()?, true)),
            Keyword::Break => {
                self.advance()?;
                if self.function().loops == 0 {
                    return Err(self.error("no loop to break"));
                }
                return Ok((StatementKind::Break, true));
            }
            _ => self.expression_statement()?,
        };
        Ok((kind, false))
    }

    fn if_statement(&mut self, line: u32) -> Result<StatementKind> {
        let mut arms = Vec::new();
        loop {
            self.advance()?;
            let condition = self.expression()?;
            self.expect_keyword(Keyword::Then)?;
            arms.push((condition, self.block()?));
            if !self.is_keyword(Keyword::Elseif) {
                break;
            }
        }
        let otherwise =
            if self.accept_keyword(Keyword::Else)? { Some(self.block()?) } else { None };
        self.close_block(Keyword::If, line)?;
        Ok(StatementKind::If { arms, otherwise })
    }

    fn while_statement(&mut self, line: u32) -> Result<StatementKind> {
        self.advance()?;
        let condition = self.expression()?;
        self.expect_keyword(Keyword::Do)?;
        let body = self.loop_body()?;
        self.close_block(Keyword::While, line)?;
        Ok(StatementKind::While { condition, body })
    }

    fn loop_body(&mut self) -> Result<Block> {
        self.function().loops += 1;
        let body = self.block()?;
        self.function().loops -= 1;
        Ok(body)
    }

    fn repeat_statement(&mut self, line: u32) -> Result<StatementKind> {
        self.advance()?;
        let outside = self.function().active.len();
        self.function().loops += 1;
        let body = self.open_block()?;
        self.function().loops -= 1;
        let found = self.is_keyword(Keyword::Until);
        self.expect_close(found, "until", "repeat", line)?;
        let condition = self.expression()?;
        self.function().active.truncate(outside);
        Ok(StatementKind::Repeat { body, condition })
    }

    fn for_statement(&mut self, line: u32) -> Result<StatementKind> {
        self.advance()?;
        let name = self.name()?;
        let outside = self.function().active.len();
        let kind = match &self.current.token {
            Token::Symbol("=") => self.numeric_for(name)?,
            Token::Symbol(",") | Token::Keyword(Keyword::In) => self.generic_for(name)?,
            _ => return Err(self.error("'=' or 'in' expected")),
        };
        self.close_block(Keyword::For, line)?;
        self.function().active.truncate(outside);
        Ok(kind)
    }

    fn numeric_for(&mut self, name: Str) -> Result<StatementKind> {
        // Three registers of the loop's own count as locals.
        self.check_locals(4)?;
        self.advance()?;
        let start = self.expression()?;
        self.expect(",")?;
        let limit = self.expression()?;
        let step = if self.accept(",")? { Some(self.expression()?) } else { None };
        self.expect_keyword(Keyword::Do)?;
        let local = self.declare(name)?;
        self.function().active.push(local);
        let body = self.loop_body()?;
        Ok(StatementKind::NumericFor { local, start, limit, step, body })
    }

    fn generic_for(&mut self, name: Str) -> Result<StatementKind> {
        let mut locals = vec![self.declare(name)?];
        while self.accept(",")? {
            let name = self.name()?;
            locals.push(self.declare(name)?);
            self.check_locals(3 + locals.len())?;
        }
        self.expect_keyword(Keyword::In)?;
        let values = self.expressions()?;
        self.expect_keyword(Keyword::Do)?;
        self.function().active.extend(&locals);
        let body = self.loop_body()?;
        Ok(StatementKind::GenericFor { locals, values, body })
    }

    fn function_statement(&mut self, line: u32) -> Result<StatementKind> {
        self.advance()?;
        let name = self.name()?;
        let variable = self.resolve(name)?;
        let mut target = self.node(variable);
        let mut is_method = false;
        while !is_method && (self.is(".") || self.is(":")) {
            is_method = self.is(":");
            self.advance()?;
            let field = self.name()?;
            let key = self.node(Expr::String(field));
            target = self.node(Expr::Index(target, key));
        }
        let function = self.function_body(is_method, line)?;
        let value = self.node(Expr::Function(function));
        Ok(StatementKind::Assign { targets: vec![target], values: vec![value] })
    }

    fn local_function(&mut self) -> Result<StatementKind> {
        let name = self.name()?;
        self.check_locals(1)?;
        let local = self.declare(name)?;
        self.function().active.push(local);
        let line = self.current.line;
        let function = self.function_body(false, line)?;
        Ok(StatementKind::LocalFunction { local, function })
    }

    fn local_statement(&mut self) -> Result<StatementKind> {
        let mut locals = Vec::new();
        loop {
            let name = self.name()?;
            locals.push(self.declare(name)?);
            self.check_locals(locals.len())?;
            if !self.accept(",")? {
                break;
            }
        }
        let values = if self.accept("=")? { self.expressions()? } else { Vec::new() };
        self.function().active.extend(&locals);
        Ok(StatementKind::Local { locals, values })
    }

    fn return_statement(&mut self) -> Result<StatementKind> {
        self.advance()?;
        let values =
            if self.block_follows() || self.is(";") { Vec::new() } else { self.expressions()? };
        Ok(StatementKind::Return(values))
    }

    fn expression_statement(&mut self) -> Result<StatementKind> {
        let first = self.suffixed()?;
        if self.is_call(first) {
            return Ok(StatementKind::Call(first));
        }
        let mut targets = vec![first];
        loop {
            let last = targets[targets.len() - 1];
            if !matches!(
                self.expr(last),
                Expr::Local(_) | Expr::Upvalue(_) | Expr::Global(_) | Expr::Index(..)
            ) {
                return Err(self.error("syntax error"));
            }
            if !self.accept(",")? {
                break;
            }
            targets.push(self.suffixed()?);
            let levels = self.levels;
            self.check_limit(targets.len() + levels, 200, "variables in assignment")?;
        }
        self.expect("=")?;
        let values = self.expressions()?;
        Ok(StatementKind::Assign { targets, values })
    }

    fn is_call(&mut self, id: ExprId) -> bool {
        matches!(self.expr(id), Expr::Call { .. } | Expr::Method { .. })
    }

    // Expressions.

    fn node(&mut self, expr: Expr) -> ExprId {
        let line = self.last_line;
        let nodes = &mut self.function().body.nodes;
        nodes.push(Node { expr, line });
        (nodes.len() - 1) as ExprId
    }

    fn expr(&mut self, id: ExprId) -> &Expr {
        &self.function().body.nodes[id as usize].expr
    }

    fn expressions(&mut self) -> Result<Vec<ExprId>> {
        let mut list = vec![self.expression()?];
        while self.accept(",")? {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    fn expression(&mut self) -> Result<ExprId> {
        self.binary(0)
    }

    /// An expression of operators that bind tighter than `limit`.
    fn binary(&mut self, limit: u8) -> Result<ExprId> {
        const UNARY: u8 = 8;
        self.enter()?;
        let unary = match &self.current.token {
            Token::Keyword(Keyword::Not) => Some(UnaryOp::Not),
            Token::Symbol("-") => Some(UnaryOp::Minus),
            Token::Symbol("#") => Some(UnaryOp::Length),
            _ => None,
        };
        let mut left = match unary {
            Some(operator) => {
                self.advance()?;
                let operand = self.binary(UNARY)?;
                self.unary(operator, operand)
            }
            None => self.simple()?,
        };
        while let Some((operator, left_power, right_power)) = self.binary_operator() {
            if left_power <= limit {
                break;
            }
            self.advance()?;
            let right = self.binary(right_power)?;
            let joined = match operator {
                Operator::And if self.known_truth(left) == Some(true) => {
                    left = self.single(right);
                    continue;
                }
                Operator::Or if self.known_truth(left) == Some(false) => {
                    left = self.single(right);
                    continue;
                }
                Operator::And => Expr::And(left, right),
                Operator::Or => Expr::Or(left, right),
                Operator::Binary(operator) => match self.folded(operator, left, right) {
                    Some(number) => Expr::Number(number),
                    None => Expr::Binary(operator, left, right),
                },
            };
            left = self.node(joined);
        }
        self.leave();
        Ok(left)
    }

    /// An operator's expression, or its result where the operand is a constant.
    fn unary(&mut self, operator: UnaryOp, operand: ExprId) -> ExprId {
        if operator == UnaryOp::Not
            && let Some(truth) = self.known_truth(operand)
        {
            return self.node(Expr::Boolean(!truth));
        }
        match (operator, self.expr(operand)) {
            (UnaryOp::Minus, Expr::Number(number)) => {
                let negated = Expr::Number(-number);
                self.node(negated)
            }
            _ => self.node(Expr::Unary(operator, operand)),
        }
    }

    /// Whether an expression is true, if it is a constant.
    fn known_truth(&mut self, id: ExprId) -> Option<bool> {
        match self.expr(id) {
            Expr::Nil | Expr::Boolean(false) => Some(false),
            Expr::Boolean(true) | Expr::Number(_) | Expr::String(_) => Some(true),
            _ => None,
        }
    }

    /// An operand that is the result of its operator: one value of it.
    fn single(&mut self, id: ExprId) -> ExprId {
        match self.expr(id) {
            Expr::Call { .. } | Expr::Method { .. } | Expr::Vararg => self.node(Expr::Paren(id)),
            _ => id,
        }
    }

    /// The result of an operation on two numbers that stand in the source, unless it is better left
    /// to fail or surprise when it is executed.
    fn folded(&mut self, operator: BinaryOp, left: ExprId, right: ExprId) -> Option<f64> {
        let Expr::Number(left) = *self.expr(left) else { return None };
        let Expr::Number(right) = *self.expr(right) else { return None };
        let result = match operator {
            BinaryOp::Div | BinaryOp::Mod if right == 0.0 => return None,
            BinaryOp::Add => left + right,
            BinaryOp::Sub => left - right,
            BinaryOp::Mul => left * right,
            BinaryOp::Div => left / right,
            BinaryOp::Mod => number::modulo(left, right),
            BinaryOp::Pow => number::power(left, right),
            _ => return None,
        };
        (!result.is_nan()).then_some(result)
    }

    /// The operator at hand, and how tightly it binds to the left and to the right.
    fn binary_operator(&self) -> Option<(Operator, u8, u8)> {
        use BinaryOp::{Add, Concat, Div, Eq, Ge, Gt, Le, Lt, Mod, Mul, Ne, Pow, Sub};
        let (operator, left, right) = match &self.current.token {
            Token::Keyword(Keyword::Or) => return Some((Operator::Or, 1, 1)),
            Token::Keyword(Keyword::And) => return Some((Operator::And, 2, 2)),
            Token::Symbol(symbol) => match *symbol {
                "==" => (Eq, 3, 3),
                "~=" => (Ne, 3, 3),
                "<" => (Lt, 3, 3),
                "<=" => (Le, 3, 3),
                ">" => (Gt, 3, 3),
                ">=" => (Ge, 3, 3),
                ".." => (Concat, 5, 4),
                "+" => (Add, 6, 6),
                "-" => (Sub, 6, 6),
                "*" => (Mul, 7, 7),
                "/" => (Div, 7, 7),
                "%" => (Mod, 7, 7),
                "^" => (Pow, 10, 9),
                _ => return None,
            },
            _ => return None,
        };
        Some((Operator::Binary(operator), left, right))
    }

    fn simple(&mut self) -> Result<ExprId> {
        let expr = match &self.current.token {
            Token::Number(number) => Expr::Number(*number),
            Token::String(text) => {
                let text = text.clone();
                Expr::String(self.heap.string(&text)?)
            }
            Token::Keyword(Keyword::Nil) => Expr::Nil,
            Token::Keyword(Keyword::True) => Expr::Boolean(true),
            Token::Keyword(Keyword::False) => Expr::Boolean(false),
            Token::Symbol("...") => {
                if !self.function().body.is_vararg {
                    return Err(self.error("cannot use '...' outside a vararg function"));
                }
                Expr::Vararg
            }
            Token::Symbol("{") => return self.table(),
            Token::Keyword(Keyword::Function) => {
                let line = self.current.line;
                self.advance()?;
                let function = self.function_body(false, line)?;
                return Ok(self.node(Expr::Function(function)));
            }
            _ => return self.suffixed(),
        };
        self.advance()?;
        Ok(self.node(expr))
    }

    fn primary(&mut self) -> Result<ExprId> {
        match &self.current.token {
            Token::Symbol("(") => {
                let line = self.current.line;
                self.advance()?;
                let inner = self.expression()?;
                self.close_symbol(")", "(", line)?;
                let is_constant = self.known_truth(inner).is_some();
                Ok(if is_constant { inner } else { self.node(Expr::Paren(inner)) })
            }
            Token::Name(_) => {
                let name = self.name()?;
                let variable = self.resolve(name)?;
                Ok(self.node(variable))
            }
            _ => Err(self.error("unexpected symbol")),
        }
    }

    fn suffixed(&mut self) -> Result<ExprId> {
        let mut left = self.primary()?;
        loop {
            left = match &self.current.token {
                Token::Symbol(".") => {
                    self.advance()?;
                    let name = self.name()?;
                    let key = self.node(Expr::String(name));
                    self.node(Expr::Index(left, key))
                }
                Token::Symbol("[") => {
                    self.advance()?;
                    let key = self.expression()?;
                    self.expect("]")?;
                    self.node(Expr::Index(left, key))
                }
                Token::Symbol(":") => {
                    self.advance()?;
                    let name = self.name()?;
                    let line = self.current.line;
                    let arguments = self.arguments()?;
                    self.node(Expr::Method { object: left, name, arguments, line })
                }
                Token::Symbol("(" | "{") | Token::String(_) => {
                    let line = self.current.line;
                    let arguments = self.arguments()?;
                    self.node(Expr::Call { function: left, arguments, line })
                }
                _ => return Ok(left),
            };
        }
    }

    fn arguments(&mut self) -> Result<Vec<ExprId>> {
        match &self.current.token {
            Token::Symbol("(") => {
                let line = self.current.line;
                if line != self.last_line {
                    return Err(self.error("ambiguous syntax (function call x new statement)"));
                }
                self.advance()?;
                let arguments = if self.is(")") { Vec::new() } else { self.expressions()? };
                self.close_symbol(")", "(", line)?;
                Ok(arguments)
            }
            Token::Symbol("{") => Ok(vec![self.table()?]),
            Token::String(_) => Ok(vec![self.simple()?]),
            _ => Err(self.error("function arguments expected")),
        }
    }

    fn table(&mut self) -> Result<ExprId> {
        let line = self.current.line;
        self.advance()?;
        let mut items = Vec::new();
        while !self.is("}") {
            items.push(self.table_item()?);
            if !self.accept(",")? && !self.accept(";")? {
                break;
            }
        }
        self.close_symbol("}", "{", line)?;
        Ok(self.node(Expr::Table(items)))
    }

    fn table_item(&mut self) -> Result<Item> {
        match &self.current.token {
            Token::Name(_) => {
                if self.lookahead.is_none() {
                    self.lookahead = Some(self.lexer.next()?);
                }
                let keyed =
                    matches!(&self.lookahead, Some(Lexeme { token: Token::Symbol("="), .. }));
                if !keyed {
                    return Ok(Item::Positional(self.expression()?));
                }
                let name = self.name()?;
                let key = self.node(Expr::String(name));
                self.advance()?;
                Ok(Item::Keyed(key, self.expression()?))
            }
            Token::Symbol("[") => {
                self.advance()?;
                let key = self.expression()?;
                self.expect("]")?;
                self.expect("=")?;
                Ok(Item::Keyed(key, self.expression()?))
            }
            _ => Ok(Item::Positional(self.expression()?)),
        }
    }

    /// Parameters and body of a function; its index among those of the function around it.
    fn function_body(&mut self, is_method: bool, line: u32) -> Result<u32> {
        self.functions.push(FunctionScope::default());
        self.function().body.line = line;
        if is_method {
            let name = self.heap.string(b"self")?;
            let local = self.declare(name)?;
            self.function().active.push(local);
        }
        self.expect("(")?;
        self.parameters()?;
        self.expect(")")?;
        let body = self.block()?;
        self.close_block(Keyword::Function, line)?;
        let mut function = self.functions.pop().expect("the function's own scope is open").body;
        function.body = body;
        let functions = &mut self.function().body.functions;
        functions.push(function);
        Ok((functions.len() - 1) as u32)
    }

    fn parameters(&mut self) -> Result<()> {
        while !self.is(")") {
            match &self.current.token {
                Token::Symbol("...") => {
                    self.advance()?;
                    self.function().body.is_vararg = true;
                    break;
                }
                Token::Name(_) => {
                    let name = self.name()?;
                    self.check_locals(1)?;
                    let local = self.declare(name)?;
                    self.function().active.push(local);
                }
                _ => return Err(self.error("<name> or '...' expected")),
            }
            if !self.accept(",")? {
                break;
            }
        }
        let scope = self.function();
        scope.body.parameters = scope.active.len() as u32;
        Ok(())
    }
}

enum Operator {
    And,
    Or,
    Binary(BinaryOp),
}
