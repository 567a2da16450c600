//! The arguments of a command as a tree, read from the `syntax` of its row.
//!
//! A syntax is a sequence of words. A word without lower-case letters is a token, to be typed as
//! it is; any other names a value. A token before a value belongs to it. `[...]` is optional,
//! `<a|b>` is one of several, and `[x ...]` behind an `x` says that `x` may be repeated.
//!
//! ```
//! use keyspace::command::{self, syntax::Kind};
//!
//! let set = command::all().find(|spec| spec.name == "set").unwrap();
//! let arguments = command::syntax::arguments(set);
//! assert_eq!(arguments[0].name, "key");
//! assert!(arguments[2].optional && matches!(arguments[2].kind, Kind::OneOf(_)));
//! ```

use super::CommandSpec;

/// An argument, or a group of arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// What the value is called; for a token, the token in lower case.
    pub name: String,
    /// What must be typed before it, or what it is where it is a token alone.
    pub token: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Whether it can be left out.
    pub optional: bool,
    /// Whether it may be repeated.
    pub multiple: bool,
    /// Whether its token is repeated with it.
    pub multiple_token: bool,
}

/// What an argument is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A value.
    Value(ValueKind),
    /// A token alone.
    Token,
    /// One of these.
    OneOf(Vec<Argument>),
    /// All of these, in order.
    Block(Vec<Argument>),
}

/// What a value is, by Redis's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Redis's")]
pub enum ValueKind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
}

impl ValueKind {
    /// The name that COMMAND DOCS answers.
    pub fn name(self) -> &'static str {
        match self {
            ValueKind::String => "string",
            ValueKind::Integer => "integer",
            ValueKind::Double => "double",
            ValueKind::Key => "key",
            ValueKind::Pattern => "pattern",
            ValueKind::UnixTime => "unix-time",
        }
    }
}

/// The arguments of a command, in order.
pub fn arguments(spec: &CommandSpec) -> Vec<Argument> {
    let words_of_name = spec.name.split('|').count();
    let mut words = spec.syntax.splitn(words_of_name + 1, ' ');
    let syntax = words.nth(words_of_name).unwrap_or_default();
    let mut parser = Parser { command: spec.name, rest: lex(syntax) };
    let mut alternatives = parser.alternatives();
    alternatives.swap_remove(0)
}

/// A piece of a syntax: a word, a bracket, a bar or `...`.
type Piece = &'static str;

fn lex(syntax: &'static str) -> std::collections::VecDeque<Piece> {
    let is_mark = |c: char| matches!(c, '[' | ']' | '<' | '>' | '|' | ' ');
    let mut pieces = std::collections::VecDeque::new();
    let mut rest = syntax;
    while let Some(first) = rest.chars().next() {
        let end = if is_mark(first) { 1 } else { rest.find(is_mark).unwrap_or(rest.len()) };
        let (piece, behind) = rest.split_at(end);
        if piece != " " {
            pieces.push_back(piece);
        }
        rest = behind;
    }
    pieces
}

struct Parser {
    command: &'static str,
    rest: std::collections::VecDeque<Piece>,
}

impl Parser {
    /// Sequences with bars between them, up to a closing bracket or the end.
    fn alternatives(&mut self) -> Vec<Vec<Argument>> {
        let mut alternatives = vec![Vec::new()];
        while let Some(piece) = self.rest.pop_front() {
            let sequence = alternatives.last_mut().expect("there is one from the start");
            match piece {
                "]" | ">" => break,
                "|" => alternatives.push(Vec::new()),
                "<" => sequence.push(group(self.alternatives())),
                "[" => self.bracket(sequence),
                // The repetition itself is seen by `bracket`.
                "..." => {}
                word => sequence.push(self.word(word)),
            }
        }
        alternatives
    }

    /// What stands behind an opening `[`: an option, or the repetition of what is before it.
    fn bracket(&mut self, sequence: &mut Vec<Argument>) {
        let mut depth = 0;
        let is_repetition = self.rest.iter().find_map(|&piece| {
            depth += match piece {
                "[" => 1,
                "]" => -1,
                _ => 0,
            };
            (depth < 0 || depth == 0 && piece == "...").then_some(piece == "...")
        });
        let mut alternatives = self.alternatives();
        if is_repetition == Some(true) && alternatives.len() == 1 {
            repeat(sequence, &alternatives[0]);
            return;
        }
        let argument = match alternatives.len() {
            1 => block(alternatives.swap_remove(0)),
            _ => group(alternatives),
        };
        sequence.push(Argument { optional: true, ..argument });
    }

    /// A token, alone or with its value, or a value.
    fn word(&mut self, word: &'static str) -> Argument {
        if !is_token(word) || self.names_a_value(word) {
            return self.value(word);
        }
        let argument = match self.rest.front() {
            Some(&"<") => {
                self.rest.pop_front();
                group(self.alternatives())
            }
            Some(&next) if is_word(next) && !is_token(next) => {
                self.rest.pop_front();
                self.value(next)
            }
            _ => Argument {
                name: word.to_ascii_lowercase(),
                token: None,
                kind: Kind::Token,
                optional: false,
                multiple: false,
                multiple_token: false,
            },
        };
        let name = match argument.kind {
            Kind::OneOf(_) => word.to_ascii_lowercase(),
            _ => argument.name,
        };
        Argument { name, token: Some(word.to_owned()), ..argument }
    }

    /// Whether a word in upper case is a value's name all the same: it is one that is repeated
    /// by itself, as in `XDEL key ID [ID ...]`.
    fn names_a_value(&self, word: &str) -> bool {
        let next: Vec<Piece> = self.rest.iter().take(3).copied().collect();
        next.first() == Some(&"...") || next == ["[", word, "..."]
    }

    fn value(&self, name: &'static str) -> Argument {
        Argument {
            name: name.to_owned(),
            token: None,
            kind: Kind::Value(value_kind(self.command, name)),
            optional: false,
            multiple: false,
            multiple_token: false,
        }
    }
}

fn is_word(piece: &str) -> bool {
    !matches!(piece, "[" | "]" | "<" | ">" | "|" | "...")
}

fn is_token(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
}

/// One of several sequences.
fn group(alternatives: Vec<Vec<Argument>>) -> Argument {
    let mut arguments: Vec<Argument> = alternatives.into_iter().map(block).collect();
    // Words in lower case among which one is chosen are to be typed, as `m|km|ft|mi`.
    if arguments.iter().all(|one| matches!(one.kind, Kind::Value(_)) && one.token.is_none()) {
        for argument in &mut arguments {
            argument.kind = Kind::Token;
            argument.token = Some(argument.name.clone());
        }
    }
    if arguments.len() == 1 {
        return arguments.swap_remove(0);
    }
    let names: Vec<&str> = arguments.iter().map(|argument| &*argument.name).collect();
    Argument {
        name: names.join("-or-"),
        token: None,
        kind: Kind::OneOf(arguments),
        optional: false,
        multiple: false,
        multiple_token: false,
    }
}

/// A sequence as one argument; a token before its first value, which is not optional, is the token
/// of the whole.
fn block(mut sequence: Vec<Argument>) -> Argument {
    if sequence.len() == 1 {
        return sequence.swap_remove(0);
    }
    let names: Vec<&str> = sequence.iter().map(|argument| &*argument.name).collect();
    let mut name = names.join("-");
    let first = sequence.first_mut();
    let token = match first {
        Some(Argument {
            kind: Kind::Value(_), token, optional: false, multiple: false, ..
        }) => token.take(),
        _ => None,
    };
    if let Some(token) = &token {
        name = token.to_ascii_lowercase();
    }
    Argument {
        name,
        token,
        kind: Kind::Block(sequence),
        optional: false,
        multiple: false,
        multiple_token: false,
    }
}

/// Marks what `again` repeats at the end of a sequence.
fn repeat(sequence: &mut Vec<Argument>, again: &[Argument]) {
    let tail = sequence.split_off(sequence.len().saturating_sub(again.len()));
    let has_token = again.first().is_some_and(|argument| argument.token.is_some());
    let argument = if has_token || tail.first().is_none_or(|argument| argument.token.is_none()) {
        block(tail)
    } else {
        // The token stands once, before all the repetitions.
        let mut tail = tail;
        let token = tail[0].token.take();
        Argument { token, ..block(tail) }
    };
    sequence.push(Argument { multiple: true, multiple_token: has_token, ..argument });
}

/// What a value is, as its name tells.
fn value_kind(command: &str, name: &str) -> ValueKind {
    let is_score_range =
        matches!(command, "zcount" | "zrangebyscore" | "zrevrangebyscore" | "zremrangebyscore");
    match name {
        // CLUSTER KEYSLOT takes any text.
        "key" if command == "cluster|keyslot" => ValueKind::String,
        "key" | "key1" | "key2" | "keys" | "newkey" | "source" | "destination" | "sourcekey"
        | "destkey" | "src" | "dst" | "storekey" | "storedistkey" => ValueKind::Key,
        "start" | "end" | "pattern" if command == "argrep" => ValueKind::String,
        "pattern" | "by-pattern" | "get-pattern" => ValueKind::Pattern,
        "unix-time-seconds" | "unix-time-milliseconds" => ValueKind::UnixTime,
        "latitude" | "longitude" | "radius" | "width" | "height" | "score" => ValueKind::Double,
        "increment" if command.ends_with("float") => ValueKind::Double,
        "float" => ValueKind::Double,
        "min" | "max" if is_score_range => ValueKind::Double,
        "timeout" if command.starts_with('b') => ValueKind::Double,
        "start" | "stop" if matches!(command, "zrange" | "zrangestore") => ValueKind::String,
        "start" | "end" if command.starts_with('x') => ValueKind::String,
        "size" if command == "arring" => ValueKind::Integer,
        "min-idle-time" if command == "xclaim" || command == "xautoclaim" => ValueKind::String,
        "value" if matches!(command, "bitfield" | "setbit") => ValueKind::Integer,
        "bit" | "bits" | "client-id" | "cluster-bus-port" | "config-epoch" | "count" | "cursor"
        | "db" | "decrement" | "destination-db" | "duration" | "end" | "end-slot" | "endslot"
        | "entries-added" | "entriesread" | "frequency" | "ifdeq-digest" | "ifdne-digest"
        | "increment" | "index" | "index1" | "index2" | "integer" | "k" | "len" | "limit"
        | "maxage" | "maxsize" | "milliseconds" | "min-idle-time" | "min-match-len" | "ms"
        | "num-matches" | "numfields" | "numids" | "numkeys" | "numlocal" | "numranges"
        | "numreplicas" | "offset" | "port" | "protover" | "rank" | "ratio" | "seconds"
        | "slot" | "slot-last" | "slot-start" | "start" | "start-slot" | "startslot" | "stop"
        | "timeout" | "ttl" | "version" | "weight" => ValueKind::Integer,
        _ => ValueKind::String,
    }
}
