//! Source text into tokens, with the line of each and Lua 5.1's messages for what is no token.

use crate::number;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Name(Vec<u8>),
    String(Vec<u8>),
    Number(f64),
    Keyword(Keyword),
    Symbol(&'static str),
    /// A character that no token starts with.
    Other(u8),
    End,
}

macro_rules! keywords {
    ($($name:ident $text:literal),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Keyword { $($name),* }

        impl Keyword {
            fn from_text(text: &[u8]) -> Option<Keyword> {
                $(if text == $text.as_bytes() { return Some(Keyword::$name); })*
                None
            }

            pub(crate) fn text(self) -> &'static str {
                match self { $(Keyword::$name => $text),* }
            }
        }
    };
}

keywords! {
    And "and", Break "break", Do "do", Else "else", Elseif "elseif", End "end", False "false",
    For "for", Function "function", If "if", In "in", Local "local", Nil "nil", Not "not", Or "or",
    Repeat "repeat", Return "return", Then "then", True "true", Until "until", While "while"
}

/// A message about a source, complete with name and line.
pub(crate) type SyntaxError = Vec<u8>;

/// A token and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Lexeme {
    pub(crate) token: Token,
    pub(crate) line: u32,
    /// As messages quote it.
    start: usize,
    end: usize,
}

pub(crate) struct Lexer<'a> {
    source: &'a [u8],
    name: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    /// Reads a source; `name` stands in messages.
    pub(crate) fn new(source: &'a [u8], name: &'a [u8]) -> Lexer<'a> {
        Lexer { source, name, at: 0, line: 1 }
    }

    /// A message at a line, with no token.
    pub(crate) fn message(&self, line: u32, text: &str) -> SyntaxError {
        [self.name, format!(":{line}: {text}").as_bytes()].concat()
    }

    /// A message that quotes the token it is about.
    pub(crate) fn message_near(&self, text: &str, lexeme: &Lexeme) -> SyntaxError {
        let quoted = match &lexeme.token {
            // A string is quoted as it was understood.
            Token::String(text) if self.source[lexeme.start] != b'[' => {
                let quote = &self.source[lexeme.start..=lexeme.start];
                [quote, text, quote].concat()
            }
            Token::Name(_) | Token::String(_) | Token::Number(_) => {
                self.source[lexeme.start..lexeme.end].to_vec()
            }
            token => shown(token),
        };
        self.near(self.line, text, &quoted)
    }

    fn near(&self, line: u32, text: &str, quoted: &[u8]) -> SyntaxError {
        let quoted = quoted.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut message = self.message(line, &format!("{text} near '"));
        message.extend_from_slice(quoted);
        message.push(b'\'');
        message
    }

    fn near_text(&self, text: &str, start: usize) -> SyntaxError {
        self.near(self.line, text, &self.source[start..self.at])
    }

    fn peek(&self) -> Option<u8> {
        self.source.get(self.at).copied()
    }

    fn peek_at(&self, offset: usize) -> Option<u8> {
        self.source.get(self.at + offset).copied()
    }

    /// Passes over an end of line, of one byte or of two different ones.
    fn newline(&mut self) {
        let first = self.peek();
        self.at += 1;
        if matches!(self.peek(), Some(b'\n' | b'\r')) && self.peek() != first {
            self.at += 1;
        }
        self.line += 1;
    }

    fn skip_line(&mut self) {
        while !matches!(self.peek(), None | Some(b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(crate) fn next(&mut self) -> Result<Lexeme, SyntaxError> {
        self.skip_blank()?;
        let start = self.at;
        let token = self.token()?;
        Ok(Lexeme { token, line: self.line, start, end: self.at })
    }

    fn skip_blank(&mut self) -> Result<(), SyntaxError> {
        loop {
            match self.peek() {
                Some(b'\n' | b'\r') => self.newline(),
                Some(byte) if number::is_space(byte) => self.at += 1,
                Some(b'-') if self.peek_at(1) == Some(b'-') => {
                    self.at += 2;
                    match self.long_bracket() {
                        Some(level) => {
                            self.long_text(level, "unfinished long comment")?;
                        }
                        None => self.skip_line(),
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn token(&mut self) -> Result<Token, SyntaxError> {
        const SYMBOLS: [&str; 24] = [
            "...", "..", "==", "<=", ">=", "~=", "+", "-", "*", "/", "%", "^", "#", "<", ">", "=",
            "(", ")", "{", "}", "]", ";", ":", ",",
        ];
        let Some(byte) = self.peek() else { return Ok(Token::End) };
        match byte {
            b'[' => match self.long_bracket() {
                Some(level) => Ok(Token::String(self.long_text(level, "unfinished long string")?)),
                None if self.peek_at(1) == Some(b'=') => {
                    self.at += 1;
                    while self.peek() == Some(b'=') {
                        self.at += 1;
                    }
                    Err(self.near_text(
                        "invalid long string delimiter",
                        self.at - 1 - self.equals_before(),
                    ))
                }
                None => Ok(self.symbol("[")),
            },
            b'"' | b'\'' => self.quoted(byte),
            b'0'..=b'9' => self.numeral(),
            b'.' if self.peek_at(1).is_some_and(|byte| byte.is_ascii_digit()) => self.numeral(),
            b'.' if self.peek_at(1) != Some(b'.') => Ok(self.symbol(".")),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => Ok(self.word()),
            _ => {
                let rest = &self.source[self.at..];
                match SYMBOLS.iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
                    Some(symbol) => Ok(self.symbol(symbol)),
                    None => {
                        self.at += 1;
                        Ok(Token::Other(byte))
                    }
                }
            }
        }
    }

    fn equals_before(&self) -> usize {
        self.source[..self.at].iter().rev().take_while(|byte| **byte == b'=').count()
    }

    fn symbol(&mut self, symbol: &'static str) -> Token {
        self.at += symbol.len();
        Token::Symbol(symbol)
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        let text = &self.source[start..self.at];
        Keyword::from_text(text).map_or_else(|| Token::Name(text.to_vec()), Token::Keyword)
    }

    fn numeral(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.') {
            self.at += 1;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            self.at += 1;
        }
        number::parse(&self.source[start..self.at])
            .map(Token::Number)
            .ok_or_else(|| self.near_text("malformed number", start))
    }

    /// The level of the long bracket that opens here, if one does.
    fn long_bracket(&self) -> Option<usize> {
        if self.peek() != Some(b'[') {
            return None;
        }
        let level = self.source[self.at + 1..].iter().take_while(|byte| **byte == b'=').count();
        (self.peek_at(1 + level) == Some(b'[')).then_some(level)
    }

    fn long_text(&mut self, level: usize, unfinished: &str) -> Result<Vec<u8>, SyntaxError> {
        self.at += level + 2;
        if matches!(self.peek(), Some(b'\n' | b'\r')) {
            self.newline();
        }
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.near(self.line, unfinished, b"<eof>")),
                Some(b'\n' | b'\r') => {
                    self.newline();
                    text.push(b'\n');
                }
                Some(b']') => {
                    let equals =
                        self.source[self.at + 1..].iter().take_while(|byte| **byte == b'=').count();
                    if equals == level && self.peek_at(1 + level) == Some(b']') {
                        self.at += level + 2;
                        return Ok(text);
                    }
                    text.push(b']');
                    self.at += 1;
                }
                Some(b'[') if level == 0 && self.peek_at(1) == Some(b'[') => {
                    return Err(self.near(self.line, "nesting of [[...]] is deprecated", b"["));
                }
                Some(byte) => {
                    text.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn quoted(&mut self, quote: u8) -> Result<Token, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let mut text = Vec::new();
        loop {
            match self.peek() {
                None => return Err(self.near(self.line, "unfinished string", b"<eof>")),
                Some(b'\n' | b'\r') => {
                    // What is quoted is what was understood, escapes and all.
                    let understood = [&[quote], &text[..]].concat();
                    return Err(self.near(self.line, "unfinished string", &understood));
                }
                Some(b'\\') => self.escape(&mut text, start)?,
                Some(byte) => {
                    self.at += 1;
                    if byte == quote {
                        return Ok(Token::String(text));
                    }
                    text.push(byte);
                }
            }
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>, start: usize) -> Result<(), SyntaxError> {
        self.at += 1;
        let Some(byte) = self.peek() else { return Ok(()) };
        let meant = match byte {
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\n' | b'\r' => {
                self.newline();
                text.push(b'\n');
                return Ok(());
            }
            b'0'..=b'9' => {
                let digits =
                    self.source[self.at..].iter().take(3).take_while(|byte| byte.is_ascii_digit());
                let (count, code) = digits.fold((0, 0u32), |(count, code), digit| {
                    (count + 1, code * 10 + u32::from(digit - b'0'))
                });
                self.at += count;
                let Ok(code) = u8::try_from(code) else {
                    let understood = [&self.source[start..=start], &text[..]].concat();
                    return Err(self.near(self.line, "escape sequence too large", &understood));
                };
                text.push(code);
                return Ok(());
            }
            other => other,
        };
        self.at += 1;
        text.push(meant);
        Ok(())
    }
}

/// A token that is not quoted by its text.
fn shown(token: &Token) -> Vec<u8> {
    match token {
        Token::Keyword(keyword) => keyword.text().into(),
        Token::Symbol(symbol) => (*symbol).into(),
        Token::Other(byte) if byte.is_ascii_control() => format!("char({byte})").into(),
        Token::Other(byte) => vec![*byte],
        Token::End => b"<eof>".to_vec(),
        Token::Name(text) | Token::String(text) => text.clone(),
        Token::Number(number) => number.to_string().into(),
    }
}
