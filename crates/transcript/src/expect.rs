//! What a client is to receive, and whether it did.

use crate::backend::Received;
use crate::parse::quoted;
use keyspace_resp::{Value, cli};
use regex_lite::Regex;

/// What is to be received after a step.
#[derive(Debug, Clone)]
pub struct Expected {
    unordered: bool,
    lines: Vec<Line>,
    /// Exact bytes, instead of lines.
    bytes: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
enum Line {
    Text(String),
    Matches(Regex),
    /// Any number of lines.
    Any,
}

/// How a closed connection shows among the reply lines, if it is to be checked: over a network it
/// closes some time after the last reply.
const CLOSED: &str = "(closed)";

impl Expected {
    /// Nothing, until lines are added.
    pub(crate) fn nothing(unordered: bool) -> Expected {
        Expected { unordered, lines: Vec::new(), bytes: None }
    }

    /// Adds a reply line.
    pub(crate) fn add(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim_end();
        let line = if let Some(bytes) = text.strip_prefix("= ") {
            if self.bytes.is_some() || !self.lines.is_empty() {
                return Err("exact bytes stand alone".into());
            }
            self.bytes = Some(quoted(bytes)?);
            return Ok(());
        } else if let Some(pattern) = text.strip_prefix("~ ") {
            let regex =
                Regex::new(pattern).map_err(|_| format!("'{pattern}' is no regular expression"))?;
            Line::Matches(regex)
        } else if text == "..." {
            Line::Any
        } else {
            Line::Text(text.to_owned())
        };
        if self.bytes.is_some() {
            return Err("exact bytes stand alone".into());
        }
        self.lines.push(line);
        Ok(())
    }

    /// Whether nothing is to be received.
    pub fn is_nothing(&self) -> bool {
        self.lines.is_empty() && self.bytes.is_none()
    }

    /// Whether this is what was received.
    pub(crate) fn matches(&self, reply: &Reply<'_>) -> bool {
        if let Some(bytes) = &self.bytes {
            return reply.received.bytes == *bytes;
        }
        let Some(mut lines) = reply.lines() else {
            return false;
        };
        let asks_for_closed = |line: &Line| matches!(line, Line::Text(text) if text == CLOSED);
        if reply.received.closed && self.lines.iter().any(asks_for_closed) {
            lines.push(CLOSED.to_owned());
        }
        if lines.is_empty() {
            self.lines.is_empty()
        } else if self.unordered {
            self.matches_in_any_order(&lines)
        } else {
            all_match(&self.lines, &lines)
        }
    }

    /// Compares the elements of one aggregate as a bag; a `~` line is an element of its own, and
    /// takes what no plain element took.
    fn matches_in_any_order(&self, received: &[String]) -> bool {
        let Some(indent) = number_width(&received[0]) else {
            return all_match(&self.lines, received);
        };
        let mut elements: Vec<Vec<&str>> = Vec::new();
        for line in received {
            match split_number(line, indent) {
                (true, text) => elements.push(vec![text]),
                (false, text) => elements.last_mut().expect("the first line starts one").push(text),
            }
        }
        let mut expected = self.elements();
        expected.sort_by_key(|lines| !matches!(lines[0], Line::Text(_)));
        expected.len() == elements.len()
            && expected.iter().all(|wanted| {
                let found = elements.iter().position(|element| all_match(wanted, element));
                found.map(|index| elements.swap_remove(index)).is_some()
            })
    }

    /// The expected lines of each element, without their numbers.
    fn elements(&self) -> Vec<Vec<Line>> {
        let indent = self.lines.iter().find_map(|line| match line {
            Line::Text(text) => number_width(text),
            _ => None,
        });
        let mut elements: Vec<Vec<Line>> = Vec::new();
        for line in &self.lines {
            let (starts, line) = match (line, indent) {
                (Line::Text(text), Some(indent)) => {
                    let (starts, text) = split_number(text, indent);
                    (starts, Line::Text(text.to_owned()))
                }
                (line, _) => (true, line.clone()),
            };
            match elements.last_mut() {
                Some(last) if !starts => last.push(line),
                _ => elements.push(vec![line]),
            }
        }
        elements
    }

    /// The reply lines as they stand in the file.
    pub(crate) fn describe(&self) -> Vec<String> {
        match &self.bytes {
            Some(bytes) => vec![format!("= {}", cli::quote(bytes))],
            None => self.lines.iter().map(Line::to_string).collect(),
        }
    }
}

impl Line {
    fn matches(&self, text: &str) -> bool {
        match self {
            Line::Text(expected) => expected == text,
            Line::Matches(regex) => regex.is_match(text),
            Line::Any => true,
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::Text(text) => f.write_str(text),
            Line::Any => f.write_str("..."),
            Line::Matches(regex) => write!(f, "~ {}", regex.as_str()),
        }
    }
}

/// What a client received after a step.
pub(crate) struct Reply<'a> {
    /// The command that is answered, which decides how text is shown.
    pub command: &'a [Vec<u8>],
    pub received: &'a Received,
}

impl Reply<'_> {
    /// As `redis-cli` prints it; `None` while a reply is incomplete or is none.
    fn lines(&self) -> Option<Vec<String>> {
        let (values, used) = Value::decode_all(&self.received.bytes).ok()?;
        if used < self.received.bytes.len() {
            return None;
        }
        let mut lines = Vec::new();
        for value in &values {
            let text = cli::format_answer(self.command, value);
            let printed = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
            lines.extend(printed.map(str::to_owned));
        }
        Some(lines)
    }

    /// The lines to show where they are not what was expected.
    pub fn describe(&self, expected: &Expected) -> Vec<String> {
        let mut lines = match self.lines() {
            Some(lines) if expected.bytes.is_none() => lines,
            _ => vec![format!("= {}", cli::quote(&self.received.bytes))],
        };
        lines.extend(self.received.closed.then(|| CLOSED.to_owned()));
        lines
    }
}

/// Matches lines one by one; [`Line::Any`] takes as many as it needs.
fn all_match<S: AsRef<str>>(expected: &[Line], received: &[S]) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return received.is_empty();
    };
    if let Line::Any = first {
        return (0..=received.len()).any(|taken| all_match(rest, &received[taken..]));
    }
    received
        .split_first()
        .is_some_and(|(line, others)| first.matches(line.as_ref()) && all_match(rest, others))
}

/// How many columns the number of a first element takes: `1) `, or ` 1) ` of ten and more.
fn number_width(line: &str) -> Option<usize> {
    let digits = line.trim_start();
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_number = rest.len() < digits.len() && [") ", "~ ", "# "].contains(&rest.get(..2)?);
    is_number.then(|| line.len() - rest.len() + 2)
}

/// Whether a line starts an element, and the line without the columns of the numbers.
fn split_number(line: &str, indent: usize) -> (bool, &str) {
    match line.split_at_checked(indent) {
        Some((number, text)) => (!number.trim().is_empty(), text),
        None => (true, line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(lines: &str, unordered: bool) -> Expected {
        let mut expected = Expected::nothing(unordered);
        for line in lines.lines() {
            expected.add(line).expect("a reply line");
        }
        expected
    }

    fn matches(lines: &str, unordered: bool, bytes: &[u8]) -> bool {
        let received = Received { bytes: bytes.to_vec(), closed: false };
        let reply = Reply { command: &[], received: &received };
        expected(lines, unordered).matches(&reply)
    }

    #[test]
    fn lines_are_compared_as_the_command_line_prints_them() {
        assert!(matches("1) \"a\"\n2) (nil)", false, b"*2\r\n$1\r\na\r\n$-1\r\n"));
        assert!(!matches("1) \"a\"", false, b"*2\r\n$1\r\na\r\n$-1\r\n"));
        assert!(matches("OK\nPONG", false, b"+OK\r\n+PONG\r\n"));
        assert!(!matches("OK", false, b"+OK\r\n+PO"));
        assert!(matches("", false, b"") && !matches("", false, b"+OK\r\n"));
    }

    #[test]
    fn exact_bytes_tell_apart_what_prints_alike() {
        assert!(matches(r#"= "*-1\r\n""#, false, b"*-1\r\n"));
        assert!(!matches(r#"= "*-1\r\n""#, false, b"$-1\r\n"));
        assert!(Expected::nothing(false).add("= *-1\\r\\n x").is_err());
    }

    #[test]
    fn patterns_and_gaps_stand_for_lines() {
        let reply = b"*3\r\n$2\r\nab\r\n:17\r\n+OK\r\n";
        assert!(matches("1) \"ab\"\n~ 2\\) \\(integer\\) [0-9]+\n3) OK", false, reply));
        assert!(!matches("1) \"ab\"\n~ ^.integer\n3) OK", false, reply));
        assert!(matches("...\n3) OK", false, reply) && matches("1) \"ab\"\n...", false, reply));
        assert!(!matches("...\n2) OK", false, reply) && !matches("...", false, b""));
    }

    #[test]
    fn elements_in_any_order_are_a_bag() {
        let reply = b"*3\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n$1\r\na\r\n";
        let lines = "1) \"a\"\n2) \"b\"\n3) 1) (integer) 1\n   2) (integer) 2";
        assert!(matches(lines, true, reply) && !matches(lines, false, reply));
        assert!(!matches("1) \"a\"\n2) \"b\"\n3) \"b\"", true, reply));
        assert!(!matches("1) \"a\"\n2) \"b\"", true, reply));
        let pairs = b"%2\r\n+b\r\n:1\r\n+a\r\n~2\r\n:1\r\n:2\r\n";
        assert!(matches(
            "1# a => \n   1~ (integer) 1\n   2~ (integer) 2\n2# b => (integer) 1",
            true,
            pairs
        ));
        assert!(matches("~ \"[ab]\"\n1) \"b\"", true, b"*2\r\n$1\r\nb\r\n$1\r\na\r\n"));
    }

    #[test]
    fn a_closed_connection_is_a_line_if_it_is_asked_for() {
        let received = Received { bytes: b"+OK\r\n".to_vec(), closed: true };
        let reply = Reply { command: &[], received: &received };
        assert!(expected("OK\n(closed)", false).matches(&reply));
        assert!(expected("OK", false).matches(&reply));
        let received = Received { closed: false, ..received };
        let reply = Reply { command: &[], received: &received };
        assert!(!expected("OK\n(closed)", false).matches(&reply));
    }
}
