//! Python as far as a `celeryconfig.py` and calls of tasks need it: literals, their assignment to
//! names, and calls.
//!
//! Nothing is executed. A value is a literal, arithmetic of numbers, or a call such as
//! `crontab(hour=7)`, which is kept as it stands. What is no assignment is a problem with its
//! place, and reading goes on with the next statement.

use super::{Place, Problem};
use keyspace_resp::parse_double;

/// How deep brackets may be nested.
const DEPTH_MAX: usize = 64;
/// How many items a list may come to have by multiplication.
const ITEMS_MAX: usize = 1_000;

/// `name = value`, as it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The name that gets the value.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// The value.
    pub value: Node,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where its first character stands.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// A Python value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes: `b'...'`.
    Bytes(Vec<u8>),
    /// `[1, 2]`.
    List(Vec<Node>),
    /// `(1, 2)`.
    Tuple(Vec<Node>),
    /// `{1, 2}`.
    Set(Vec<Node>),
    /// `{'a': 1}`, in order.
    Dict(Vec<(Node, Node)>),
    /// The class `Exception`, of which all errors are.
    Exception,
    /// `crontab(7, hour=9)`: its name and what it is called with.
    Call {
        /// What it is called on, where that is a call itself, as `add.s()` in `add.s().set()`.
        on: Option<Box<Node>>,
        /// The name, with dots where it has any; none where what a call gave is called.
        name: String,
        /// Arguments by position.
        args: Vec<Node>,
        /// Arguments by name.
        named: Vec<(String, Node)>,
    },
}

impl Value {
    /// What Python calls such a value, with an article.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::None => "None",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an int",
            Value::Float(_) => "a float",
            Value::Str(_) => "a str",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "a list",
            Value::Tuple(_) => "a tuple",
            Value::Set(_) => "a set",
            Value::Dict(_) => "a dict",
            Value::Exception => "a class",
            Value::Call { .. } => "a call",
        }
    }

    /// The number, of either kind.
    pub fn as_number(&self) -> Option<f64> {
        match *self {
            Value::Int(number) => Some(number as f64),
            Value::Float(number) => Some(number),
            _ => None,
        }
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list or tuple.
    pub fn as_items(&self) -> Option<&[Node]> {
        match self {
            Value::List(items) | Value::Tuple(items) => Some(items),
            _ => None,
        }
    }
}

/// Reads every assignment, and what is wrong with the rest.
pub fn parse(text: &str) -> (Vec<Assignment>, Vec<Problem>) {
    let mut parser = Parser::new(text);
    let (mut assignments, mut problems) = (Vec::new(), Vec::new());
    loop {
        parser.skip_blank_lines();
        if parser.peek().is_none() {
            return (assignments, problems);
        }
        match parser.statement() {
            Ok(assignment) => assignments.extend(assignment),
            Err(problem) => {
                problems.push(problem);
                parser.recover();
            }
        }
    }
}

pub(crate) type Parsed<T> = Result<T, Problem>;

pub(crate) struct Parser {
    chars: Vec<char>,
    /// Where each line begins.
    lines: Vec<usize>,
    at: usize,
    /// How many brackets are open: inside them, lines do not end.
    depth: usize,
    /// Whether calls are called on calls.
    has_chains: bool,
}

impl Parser {
    pub(crate) fn new(text: &str) -> Parser {
        let chars: Vec<char> = text.replace("\r\n", "\n").chars().collect();
        let ends = chars.iter().enumerate().filter(|(_, char)| **char == '\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        Parser { chars, lines, at: 0, depth: 0, has_chains: false }
    }

    /// A parser to which `add.delay(2, 3).get()` is a value, too.
    pub(crate) fn with_chains(text: &str) -> Parser {
        Parser { has_chains: true, ..Parser::new(text) }
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    pub(crate) fn looking_at(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(ahead, char)| self.peek_at(ahead) == Some(char))
    }

    pub(crate) fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.chars().count();
        }
        found
    }

    pub(crate) fn place(&self) -> Place {
        let line = self.lines.partition_point(|&begin| begin <= self.at);
        Place { line, column: self.at - self.lines[line - 1] + 1 }
    }

    pub(crate) fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(Problem::error(self.place(), message))
    }

    /// Whether a name begins here.
    pub(crate) fn is_at_name(&self) -> bool {
        self.peek().is_some_and(is_name_start)
    }

    /// Goes on by a character.
    pub(crate) fn take_one(&mut self) {
        self.at += 1;
    }

    /// Goes to the end of the line.
    pub(crate) fn skip_line(&mut self) {
        while self.peek().is_some_and(|char| char != '\n') {
            self.at += 1;
        }
    }

    /// How many characters are behind.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// What was read since then.
    pub(crate) fn text_since(&self, offset: usize) -> String {
        self.chars[offset.min(self.at)..self.at].iter().collect()
    }

    /// Takes what is left of the line.
    pub(crate) fn rest_of_line(&mut self) -> String {
        let begin = self.at;
        self.skip_line();
        self.chars[begin..self.at].iter().collect()
    }

    /// Spaces and comments; inside brackets ends of lines, too.
    pub(crate) fn skip_space(&mut self) {
        loop {
            match self.peek() {
                Some(' ' | '\t' | '\r' | '\u{c}') => self.at += 1,
                Some('\n') if self.depth > 0 => self.at += 1,
                Some('\\') if self.looking_at("\\\n") => self.at += 2,
                Some('#') => {
                    while self.peek().is_some_and(|char| char != '\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    pub(crate) fn skip_blank_lines(&mut self) {
        self.depth = 0;
        loop {
            self.skip_space();
            match self.peek() {
                Some('\n' | ';' | '\u{feff}') => self.at += 1,
                _ => return,
            }
        }
    }

    /// Goes to the next line on which a statement can begin.
    pub(crate) fn recover(&mut self) {
        loop {
            while self.peek().is_some_and(|char| char != '\n') {
                self.at += 1;
            }
            if self.peek().is_none() {
                return;
            }
            self.at += 1;
            if self.peek().is_some_and(|char| !char.is_whitespace() && !")]}".contains(char)) {
                return;
            }
        }
    }

    /// An assignment; nothing where a string stands alone, which is a docstring.
    fn statement(&mut self) -> Parsed<Option<Assignment>> {
        let begin = self.at - (self.place().column - 1);
        if self.at > begin && self.chars[begin..self.at].iter().all(|char| char.is_whitespace()) {
            return self.fail("unexpected indent: settings begin at the start of a line");
        }
        if self.string_prefix().is_some() {
            self.strings()?;
            self.end_of_statement()?;
            return Ok(None);
        }
        let place = self.place();
        let Some(name) = self.dotted_name() else {
            return self.fail("expected a setting, as in task_acks_late = True");
        };
        if let Some(problem) = not_executed(&name, place) {
            return Err(problem);
        }
        self.skip_space();
        if self.take(":") {
            // An annotation says nothing here.
            while self.peek().is_some_and(|char| char != '=' && char != '\n') {
                self.at += 1;
            }
        }
        if !self.looking_at("=") || self.looking_at("==") {
            return self.fail(format!("expected = after {name}, as in {name} = value"));
        }
        self.at += 1;
        self.skip_space();
        if matches!(self.peek(), None | Some('\n')) {
            return self.fail(format!("expected a value for {name}"));
        }
        let value = self.value()?;
        self.end_of_statement()?;
        Ok(Some(Assignment { name, place, value }))
    }

    pub(crate) fn end_of_statement(&mut self) -> Parsed<()> {
        self.skip_space();
        match self.peek() {
            None | Some('\n' | ';') => Ok(()),
            Some(',') => self.fail("a comma after a value makes a tuple: remove it"),
            Some(char) => self.fail(format!("unexpected {char:?} after the value")),
        }
    }

    pub(crate) fn name(&mut self) -> Option<String> {
        let start = self.at;
        if !self.peek().is_some_and(is_name_start) {
            return None;
        }
        while self.peek().is_some_and(|char| is_name_start(char) || char.is_ascii_digit()) {
            self.at += 1;
        }
        Some(self.chars[start..self.at].iter().collect())
    }

    pub(crate) fn dotted_name(&mut self) -> Option<String> {
        let mut name = self.name()?;
        while self.peek() == Some('.') && self.peek_at(1).is_some_and(is_name_start) {
            self.at += 1;
            name.push('.');
            name.extend(self.name());
        }
        Some(name)
    }

    /// A sum.
    pub(crate) fn value(&mut self) -> Parsed<Node> {
        let mut left = self.product()?;
        loop {
            self.skip_space();
            let operator = match self.peek() {
                Some(char @ ('+' | '-')) => char,
                _ => return Ok(left),
            };
            let at = self.place();
            self.at += 1;
            self.skip_space();
            let right = self.product()?;
            left = arithmetic(&operator.to_string(), left, &right, at)?;
        }
    }

    fn product(&mut self) -> Parsed<Node> {
        let mut left = self.operand()?;
        loop {
            self.skip_space();
            let operators = ["**", "//", "*", "/", "%"];
            let Some(operator) = operators.into_iter().find(|it| self.looking_at(it)) else {
                return Ok(left);
            };
            let at = self.place();
            self.take(operator);
            self.skip_space();
            let right = self.operand()?;
            left = arithmetic(operator, left, &right, at)?;
        }
    }

    fn operand(&mut self) -> Parsed<Node> {
        let place = self.place();
        let value = match self.peek() {
            None => return self.fail("the file ends where a value is expected"),
            Some('-' | '+') => return self.signed(),
            Some('[') => Value::List(self.items('[', ']')?.0),
            Some('(') => self.parenthesised()?,
            Some('{') => self.braces()?,
            Some(char) if char.is_ascii_digit() => self.number()?,
            Some('.') if self.peek_at(1).is_some_and(|char| char.is_ascii_digit()) => {
                self.number()?
            }
            Some(_) if self.string_prefix().is_some() => self.strings()?,
            Some(char) if is_name_start(char) => self.word()?,
            Some('\n') => return self.fail("expected a value before the end of the line"),
            Some(char) => return self.fail(format!("expected a value, not {char:?}")),
        };
        self.called_on(Node { place, value })
    }

    /// What is called on a call.
    fn called_on(&mut self, mut node: Node) -> Parsed<Node> {
        while self.has_chains && matches!(node.value, Value::Call { .. }) {
            let name = match self.peek() {
                Some('(') => String::new(),
                Some('.') if self.peek_at(1).is_some_and(is_name_start) => {
                    self.at += 1;
                    self.name().unwrap_or_default()
                }
                _ => break,
            };
            if self.peek() != Some('(') {
                return self.fail(format!("expected a call: {name}()"));
            }
            let place = node.place;
            let value = self.call(Some(Box::new(node)), name)?;
            node = Node { place, value };
        }
        Ok(node)
    }

    fn signed(&mut self) -> Parsed<Node> {
        let place = self.place();
        let is_negative = self.peek() == Some('-');
        self.at += 1;
        self.skip_space();
        self.deeper()?;
        let operand = self.operand()?;
        self.depth -= 1;
        let value = match operand.value {
            Value::Int(number) if is_negative => match number.checked_neg() {
                Some(number) => Value::Int(number),
                None => return Err(Problem::error(place, TOO_LARGE)),
            },
            Value::Float(number) if is_negative => Value::Float(-number),
            number @ (Value::Int(_) | Value::Float(_)) => number,
            other => {
                let kind = other.kind();
                return Err(Problem::error(place, format!("a sign needs a number, not {kind}")));
            }
        };
        Ok(Node { place, value })
    }

    fn deeper(&mut self) -> Parsed<()> {
        if self.depth == DEPTH_MAX {
            return self.fail(format!("brackets are nested more than {DEPTH_MAX} deep"));
        }
        self.depth += 1;
        Ok(())
    }

    /// Items between brackets, and whether a comma stood behind any.
    fn items(&mut self, open: char, close: char) -> Parsed<(Vec<Node>, bool)> {
        let begin = self.place();
        self.at += 1;
        self.deeper()?;
        let (mut items, mut has_comma) = (Vec::new(), false);
        loop {
            self.skip_space();
            if self.close(close) {
                return Ok((items, has_comma));
            }
            self.not_the_end(open, begin)?;
            items.push(self.value()?);
            self.skip_space();
            if self.take(",") {
                has_comma = true;
            } else if self.peek() != Some(close) {
                self.not_the_end(open, begin)?;
                return self.fail(format!("expected a comma or {close} here"));
            }
        }
    }

    fn close(&mut self, close: char) -> bool {
        let closes = self.peek() == Some(close);
        if closes {
            self.at += 1;
            self.depth -= 1;
        }
        closes
    }

    fn not_the_end(&self, open: char, begin: Place) -> Parsed<()> {
        match self.peek() {
            None => Err(Problem::error(begin, format!("this {open} is never closed"))),
            Some(_) => Ok(()),
        }
    }

    fn parenthesised(&mut self) -> Parsed<Value> {
        let (mut items, has_comma) = self.items('(', ')')?;
        match (items.len(), has_comma) {
            (1, false) => Ok(items.remove(0).value),
            _ => Ok(Value::Tuple(items)),
        }
    }

    fn braces(&mut self) -> Parsed<Value> {
        let begin = self.place();
        self.at += 1;
        self.deeper()?;
        let (mut pairs, mut members): (Vec<(Node, Node)>, Vec<Node>) = (Vec::new(), Vec::new());
        loop {
            self.skip_space();
            if self.close('}') {
                return match members.is_empty() {
                    true => Ok(Value::Dict(pairs)),
                    false => Ok(Value::Set(members)),
                };
            }
            self.not_the_end('{', begin)?;
            let key = self.value()?;
            self.skip_space();
            if members.is_empty() && self.take(":") {
                self.skip_space();
                self.not_the_end('{', begin)?;
                let value = self.value()?;
                pairs.push((key, value));
            } else if pairs.is_empty() {
                members.push(key);
            } else {
                return self.fail("expected : and a value after the key");
            }
            self.skip_space();
            if !self.take(",") && self.peek() != Some('}') {
                self.not_the_end('{', begin)?;
                return self.fail("expected a comma or } here");
            }
        }
    }

    /// `True`, `None`, or a call.
    fn word(&mut self) -> Parsed<Value> {
        let place = self.place();
        let Some(name) = self.dotted_name() else {
            return self.fail("expected a value");
        };
        match &*name {
            "True" => return Ok(Value::Bool(true)),
            "False" => return Ok(Value::Bool(false)),
            "None" => return Ok(Value::None),
            "Exception" if self.has_chains => return Ok(Value::Exception),
            "true" | "false" | "none" | "null" | "nil" | "TRUE" | "FALSE" => {
                let python = match &*name.to_lowercase() {
                    "true" => "True",
                    "false" => "False",
                    _ => "None",
                };
                let message = format!("Python writes {python}, not {name}");
                return Err(Problem::error(place, message));
            }
            _ => {}
        }
        self.skip_space();
        if self.peek() == Some('(') {
            return self.call(None, name);
        }
        let message = match self.peek() {
            Some('[') => format!("{name}[...] is not evaluated here: write the value itself"),
            _ => format!(
                "the name {name} is not known here: write a literal, with quotes where it is text"
            ),
        };
        Err(Problem::error(place, message))
    }

    fn call(&mut self, on: Option<Box<Node>>, name: String) -> Parsed<Value> {
        let begin = self.place();
        self.at += 1;
        self.deeper()?;
        let (mut args, mut named) = (Vec::new(), Vec::new());
        loop {
            self.skip_space();
            if self.close(')') {
                return Ok(Value::Call { on, name, args, named });
            }
            self.not_the_end('(', begin)?;
            match self.keyword() {
                Some(keyword) => named.push((keyword, self.value()?)),
                None => args.push(self.value()?),
            }
            self.skip_space();
            if !self.take(",") && self.peek() != Some(')') {
                self.not_the_end('(', begin)?;
                return self.fail("expected a comma or ) here");
            }
        }
    }

    /// `name=` in front of an argument.
    fn keyword(&mut self) -> Option<String> {
        let start = self.at;
        let name = self.name();
        self.skip_space();
        if name.is_some() && self.looking_at("=") && !self.looking_at("==") {
            self.at += 1;
            self.skip_space();
            return name;
        }
        self.at = start;
        None
    }

    fn number(&mut self) -> Parsed<Value> {
        let start = self.at;
        let place = self.place();
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
            if self.chars[start..].iter().take(2).collect::<String>().to_lowercase() == prefix {
                self.at += 2;
                let digits = self.run_of(|char| char.is_ascii_alphanumeric());
                return match i64::from_str_radix(&digits, radix) {
                    Ok(number) => Ok(Value::Int(number)),
                    Err(_) => Err(Problem::error(place, format!("{prefix}{digits} is no number"))),
                };
            }
        }
        let mut text = self.run_of(|char| char.is_ascii_digit());
        let mut is_float = false;
        if self.peek() == Some('.') {
            is_float = true;
            self.at += 1;
            text.push('.');
            text += &self.run_of(|char| char.is_ascii_digit());
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            is_float = true;
            self.at += 1;
            text.push('e');
            if let Some(sign @ ('+' | '-')) = self.peek() {
                self.at += 1;
                text.push(sign);
            }
            text += &self.run_of(|char| char.is_ascii_digit());
        }
        if self.peek().is_some_and(is_name_start) {
            return self.fail(format!("a number does not go on with a letter: {text}"));
        }
        let has_zeros =
            text.len() > 1 && text.starts_with('0') && !text.trim_matches('0').is_empty();
        if !is_float && has_zeros {
            return Err(Problem::error(place, "a whole number does not begin with 0"));
        }
        if is_float {
            let number = parse_double(text.as_bytes()).filter(|number| number.is_finite());
            return number.map(Value::Float).ok_or_else(|| Problem::error(place, TOO_LARGE));
        }
        text.parse().map(Value::Int).map_err(|_| Problem::error(place, TOO_LARGE))
    }

    /// Characters of a number, without the `_` between them.
    fn run_of(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(char) = self.peek().filter(|&char| belongs(char) || char == '_') {
            self.at += 1;
            if char != '_' {
                text.push(char);
            }
        }
        text
    }

    /// The letters in front of a quote, where a string begins.
    fn string_prefix(&self) -> Option<String> {
        let letters: String =
            self.chars[self.at..].iter().take(3).take_while(|char| char.is_alphabetic()).collect();
        let quote = self.peek_at(letters.chars().count());
        let is_prefix = matches!(
            &*letters.to_lowercase(),
            "" | "r" | "b" | "u" | "f" | "br" | "rb" | "fr" | "rf"
        );
        (is_prefix && matches!(quote, Some('\'' | '"'))).then_some(letters)
    }

    /// Strings side by side are one.
    fn strings(&mut self) -> Parsed<Value> {
        let mut whole = self.string()?;
        loop {
            let end = self.at;
            self.skip_space();
            if self.string_prefix().is_none() {
                self.at = end;
                return Ok(whole);
            }
            let place = self.place();
            match (&mut whole, self.string()?) {
                (Value::Str(text), Value::Str(more)) => text.push_str(&more),
                (Value::Bytes(bytes), Value::Bytes(more)) => bytes.extend(more),
                _ => return Err(Problem::error(place, "bytes and text cannot be joined")),
            }
        }
    }

    fn string(&mut self) -> Parsed<Value> {
        let place = self.place();
        let prefix = self.string_prefix().unwrap_or_default().to_lowercase();
        self.at += prefix.chars().count();
        if prefix.contains('f') {
            let message = "f-strings are not evaluated here: write the text itself";
            return Err(Problem::error(place, message));
        }
        let Some(quote) = self.peek() else {
            return self.fail("expected a string");
        };
        let triple: String = [quote; 3].iter().collect();
        let end = if self.looking_at(&triple) { triple } else { quote.to_string() };
        self.take(&end);
        let (is_raw, is_bytes) = (prefix.contains('r'), prefix.contains('b'));
        let mut text = String::new();
        let mut bytes = Vec::new();
        loop {
            let unclosed = || Problem::error(place, format!("this string has no closing {end}"));
            if self.take(&end) {
                return Ok(if is_bytes { Value::Bytes(bytes) } else { Value::Str(text) });
            }
            let char = self.peek().ok_or_else(unclosed)?;
            if char == '\n' && end.len() == 1 {
                return Err(unclosed());
            }
            if is_bytes && !char.is_ascii() {
                return self.fail("bytes hold ASCII characters only: use \\x escapes");
            }
            let read = match char {
                '\\' if is_raw => {
                    self.at += 1;
                    text.push('\\');
                    bytes.push(b'\\');
                    self.peek().ok_or_else(unclosed)?
                }
                '\\' => match self.escape(is_bytes)? {
                    Some(char) => char,
                    None => continue,
                },
                char => char,
            };
            if char != '\\' || is_raw {
                self.at += 1;
            }
            text.push(read);
            if is_bytes {
                // An escape names one byte; octal ones wrap as Python's do.
                bytes.push(u32::from(read) as u8);
            }
        }
    }

    /// What stands behind a backslash; nothing where a line goes on.
    fn escape(&mut self, is_bytes: bool) -> Parsed<Option<char>> {
        let place = self.place();
        self.at += 1;
        let Some(char) = self.peek() else {
            return self.fail("the file ends inside a string");
        };
        self.at += 1;
        let escaped = match char {
            '\n' => return Ok(None),
            '\\' | '\'' | '"' => char,
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => return self.code(2, 16, place).map(Some),
            'u' if !is_bytes => return self.code(4, 16, place).map(Some),
            'U' if !is_bytes => return self.code(8, 16, place).map(Some),
            'N' if !is_bytes => {
                let message = "\\N{...} is not known here: write the character itself";
                return Err(Problem::error(place, message));
            }
            '0'..='7' => {
                self.at -= 1;
                let digits = (0..3)
                    .take_while(|&ahead| self.peek_at(ahead).is_some_and(|char| char.is_digit(8)));
                let count = digits.count();
                return self.code(count, 8, place).map(Some);
            }
            // Python keeps the backslash of an escape that is none.
            _ => {
                self.at -= 1;
                '\\'
            }
        };
        Ok(Some(escaped))
    }

    fn code(&mut self, count: usize, radix: u32, place: Place) -> Parsed<char> {
        let digits: String = self.chars[self.at..].iter().take(count).collect();
        let code = u32::from_str_radix(&digits, radix).ok().filter(|_| !digits.starts_with('+'));
        let char = code.filter(|_| digits.chars().count() == count).and_then(char::from_u32);
        let Some(char) = char else {
            let message = format!("this escape needs {count} digits that name a character");
            return Err(Problem::error(place, message));
        };
        self.at += count;
        Ok(char)
    }
}

const TOO_LARGE: &str = "this number is larger than any setting takes";

fn is_name_start(char: char) -> bool {
    char == '_' || char.is_alphabetic()
}

/// What Python would execute, and this parser does not.
fn not_executed(word: &str, place: Place) -> Option<Problem> {
    let message = match word {
        "import" | "from" => {
            "nothing is imported here; Queue(...), Exchange(...) and timedelta(...) are known without: \
             remove the line"
        }
        "if" | "for" | "while" | "def" | "class" | "with" | "try" | "return" | "del" | "lambda" => {
            "only assignments are read here, as in task_acks_late = True"
        }
        _ => return None,
    };
    Some(Problem::error(place, message))
}

/// Calculates with numbers.
fn arithmetic(operator: &str, left: Node, right: &Node, at: Place) -> Parsed<Node> {
    let place = left.place;
    if let (Value::Int(a), Value::Int(b)) = (&left.value, &right.value) {
        let (a, b) = (*a, *b);
        let whole = match operator {
            "+" => a.checked_add(b),
            "-" => a.checked_sub(b),
            "*" => a.checked_mul(b),
            "**" => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            "//" => a.checked_div(b).map(|it| it - i64::from(a % b != 0 && (a < 0) != (b < 0))),
            "%" => a.checked_rem(b).map(|it| it + b * i64::from(it != 0 && (it < 0) != (b < 0))),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Node { place, value: Value::Int(whole) });
        }
        if operator != "/" {
            return Err(Problem::error(at, format!("{a} {operator} {b} gives no usable number")));
        }
    }
    if let (Value::List(items), "*", &Value::Int(times)) = (&left.value, operator, &right.value) {
        let count = usize::try_from(times).unwrap_or(0).saturating_mul(items.len());
        if count > ITEMS_MAX {
            return Err(Problem::error(
                at,
                format!("a list has no more than {ITEMS_MAX} items here"),
            ));
        }
        let items = items.iter().cycle().take(count).cloned().collect();
        return Ok(Node { place, value: Value::List(items) });
    }
    if let (Value::Str(a), "+", Value::Str(b)) = (&left.value, operator, &right.value) {
        return Ok(Node { place, value: Value::Str(format!("{a}{b}")) });
    }
    let (Some(a), Some(b)) = (left.value.as_number(), right.value.as_number()) else {
        let (a, b) = (left.value.kind(), right.value.kind());
        return Err(Problem::error(
            at,
            format!("{operator} is evaluated for numbers only, not for {a} and {b}"),
        ));
    };
    let number = match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" => (a / b).floor(),
        "%" => a - b * (a / b).floor(),
        _ => a.powf(b),
    };
    if !number.is_finite() {
        return Err(Problem::error(at, format!("{a} {operator} {b} gives no usable number")));
    }
    Ok(Node { place, value: Value::Float(number) })
}

#[cfg(test)]
mod tests;
