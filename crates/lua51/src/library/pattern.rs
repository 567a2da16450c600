//! Lua's patterns.

use std::ops::Range;

const MAX_CAPTURES: usize = 32;
/// How deep captures and repetitions may nest.
const MAX_DEPTH: usize = 200;
/// The most steps of one match.
const MAX_STEPS: usize = 50_000_000;
const ESCAPE: u8 = b'%';

/// A part of the subject that a pattern captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// An empty capture: where it is.
    Position(usize),
    Text(usize, usize),
    Unfinished(usize),
}

/// Why a pattern cannot be matched.
pub(crate) type PatternError = String;

/// A match: where it ends, and what it captured.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    pub(crate) range: Range<usize>,
    captures: [Capture; MAX_CAPTURES],
    count: usize,
}

impl Match {
    /// How many values a match gives: its captures, or the whole of it.
    pub(crate) fn values(&self) -> usize {
        self.count.max(1)
    }

    pub(crate) fn has_captures(&self) -> bool {
        self.count > 0
    }

    /// A capture; the first one is the whole match if there is none.
    pub(crate) fn capture(&self, index: usize) -> Result<Capture> {
        if index >= self.count {
            if index != 0 {
                return Err("invalid capture index".into());
            }
            return Ok(Capture::Text(self.range.start, self.range.end));
        }
        match self.captures[index] {
            Capture::Unfinished(_) => Err("unfinished capture".into()),
            capture => Ok(capture),
        }
    }
}

/// A subject and a pattern.
pub(crate) struct Matcher<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
    captures: [Capture; MAX_CAPTURES],
    count: usize,
    depth: usize,
    steps: usize,
}

type Result<T> = std::result::Result<T, PatternError>;

impl<'a> Matcher<'a> {
    /// A pattern ends at a NUL.
    pub(crate) fn new(subject: &'a [u8], pattern: &'a [u8]) -> Matcher<'a> {
        let pattern = pattern.split(|byte| *byte == 0).next().unwrap_or_default();
        Matcher {
            subject,
            pattern,
            captures: [Capture::Unfinished(0); MAX_CAPTURES],
            count: 0,
            depth: 0,
            steps: 0,
        }
    }

    /// The work that was done.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// The first match at or behind a place; only there, if the pattern begins with `^`.
    pub(crate) fn find(&mut self, from: usize) -> Result<Option<Match>> {
        let anchored = self.pattern.first() == Some(&b'^');
        if anchored {
            return self.match_at(from, 1);
        }
        self.find_unanchored(from)
    }

    /// The first match at or behind a place, where `^` has no meaning.
    pub(crate) fn find_unanchored(&mut self, from: usize) -> Result<Option<Match>> {
        for at in from..=self.subject.len() {
            let found = self.match_at(at, 0)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// A match at a place, of the pattern from a place.
    pub(crate) fn match_at(&mut self, at: usize, pattern: usize) -> Result<Option<Match>> {
        self.count = 0;
        self.depth = 0;
        let end = self.matches(at, pattern)?;
        Ok(end.map(|end| Match { range: at..end, captures: self.captures, count: self.count }))
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS { Err("pattern too complex".into()) } else { Ok(()) }
    }

    /// Where a match of the rest of the pattern ends.
    fn matches(&mut self, at: usize, pattern: usize) -> Result<Option<usize>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("pattern too complex".into());
        }
        let end = self.matches_items(at, pattern);
        self.depth -= 1;
        end
    }

    fn matches_items(&mut self, at: usize, pattern: usize) -> Result<Option<usize>> {
        let (mut at, mut pattern) = (at, pattern);
        loop {
            self.step()?;
            let Some(byte) = self.pattern.get(pattern).copied() else { return Ok(Some(at)) };
            let next = self.pattern.get(pattern + 1).copied();
            match (byte, next) {
                (b'(', Some(b')')) => {
                    return self.start_capture(at, pattern + 2, Capture::Position(at));
                }
                (b'(', _) => return self.start_capture(at, pattern + 1, Capture::Unfinished(at)),
                (b')', _) => return self.end_capture(at, pattern + 1),
                (b'$', None) => return Ok((at == self.subject.len()).then_some(at)),
                (ESCAPE, Some(b'b')) => match self.balance(at, pattern + 2)? {
                    Some(end) => (at, pattern) = (end, pattern + 4),
                    None => return Ok(None),
                },
                (ESCAPE, Some(b'f')) => match self.frontier(at, pattern + 2)? {
                    Some(end) => pattern = end,
                    None => return Ok(None),
                },
                (ESCAPE, Some(digit @ b'0'..=b'9')) => match self.back_reference(at, digit)? {
                    Some(end) => (at, pattern) = (end, pattern + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.class_end(pattern)?;
                    let here =
                        at < self.subject.len() && self.single(self.subject[at], pattern, end);
                    match self.pattern.get(end) {
                        Some(b'?') => {
                            if here && let Some(found) = self.matches(at + 1, end + 1)? {
                                return Ok(Some(found));
                            }
                            pattern = end + 1;
                        }
                        Some(b'*') => return self.most(at, pattern, end),
                        Some(b'+') => {
                            return if here { self.most(at + 1, pattern, end) } else { Ok(None) };
                        }
                        Some(b'-') => return self.least(at, pattern, end),
                        _ if here => (at, pattern) = (at + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
    }

    fn start_capture(
        &mut self,
        at: usize,
        pattern: usize,
        capture: Capture,
    ) -> Result<Option<usize>> {
        if self.count >= MAX_CAPTURES {
            return Err("too many captures".into());
        }
        self.captures[self.count] = capture;
        self.count += 1;
        let found = self.matches(at, pattern)?;
        if found.is_none() {
            self.count -= 1;
        }
        Ok(found)
    }

    fn end_capture(&mut self, at: usize, pattern: usize) -> Result<Option<usize>> {
        let open = (0..self.count)
            .rev()
            .find(|index| matches!(self.captures[*index], Capture::Unfinished(_)));
        let Some(index) = open else { return Err("invalid pattern capture".into()) };
        let before = self.captures[index];
        if let Capture::Unfinished(start) = before {
            self.captures[index] = Capture::Text(start, at);
        }
        let found = self.matches(at, pattern)?;
        if found.is_none() {
            self.captures[index] = before;
        }
        Ok(found)
    }

    fn balance(&mut self, at: usize, pattern: usize) -> Result<Option<usize>> {
        let (Some(open), Some(close)) = (self.pattern.get(pattern), self.pattern.get(pattern + 1))
        else {
            return Err("unbalanced pattern".into());
        };
        if self.subject.get(at) != Some(open) {
            return Ok(None);
        }
        let mut depth = 1;
        for (offset, byte) in self.subject[at + 1..].iter().enumerate() {
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    self.steps += offset;
                    return Ok(Some(at + offset + 2));
                }
            } else if byte == open {
                depth += 1;
            }
        }
        self.steps += self.subject.len() - at;
        Ok(None)
    }

    fn frontier(&mut self, at: usize, pattern: usize) -> Result<Option<usize>> {
        if self.pattern.get(pattern) != Some(&b'[') {
            return Err("missing '[' after '%f' in pattern".into());
        }
        let end = self.class_end(pattern)?;
        let before = if at == 0 { 0 } else { self.subject[at - 1] };
        let here = self.subject.get(at).copied().unwrap_or(0);
        let crosses = !self.in_set(before, pattern, end - 1) && self.in_set(here, pattern, end - 1);
        Ok(crosses.then_some(end))
    }

    fn back_reference(&mut self, at: usize, digit: u8) -> Result<Option<usize>> {
        let index = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let (start, end) = match self.captures.get(index) {
            Some(Capture::Text(start, end)) if index < self.count => (*start, *end),
            // An empty capture's length is no length that a subject has left.
            Some(Capture::Position(_)) if index < self.count => return Ok(None),
            _ => return Err("invalid capture index".into()),
        };
        self.steps += end - start;
        let matches = self.subject[at..].starts_with(&self.subject[start..end]);
        Ok(matches.then_some(at + end - start))
    }

    /// As many repetitions as possible.
    fn most(&mut self, at: usize, pattern: usize, end: usize) -> Result<Option<usize>> {
        let mut count = 0;
        while at + count < self.subject.len() && self.single(self.subject[at + count], pattern, end)
        {
            count += 1;
        }
        self.steps += count;
        loop {
            if let Some(found) = self.matches(at + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    /// As few repetitions as possible.
    fn least(&mut self, at: usize, pattern: usize, end: usize) -> Result<Option<usize>> {
        let mut at = at;
        loop {
            if let Some(found) = self.matches(at, end + 1)? {
                return Ok(Some(found));
            }
            if at >= self.subject.len() || !self.single(self.subject[at], pattern, end) {
                return Ok(None);
            }
            at += 1;
        }
    }

    /// Where the item of the pattern that begins at a place ends.
    fn class_end(&self, pattern: usize) -> Result<usize> {
        match self.pattern[pattern] {
            ESCAPE if pattern + 1 >= self.pattern.len() => {
                Err("malformed pattern (ends with '%')".into())
            }
            ESCAPE => Ok(pattern + 2),
            b'[' => {
                let mut at = pattern + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                loop {
                    let Some(byte) = self.pattern.get(at) else {
                        return Err("malformed pattern (missing ']')".into());
                    };
                    at += 1;
                    if *byte == ESCAPE && at < self.pattern.len() {
                        at += 1;
                    }
                    if self.pattern.get(at) == Some(&b']') {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(pattern + 1),
        }
    }

    /// Whether a byte matches the item of the pattern between two places.
    fn single(&self, byte: u8, pattern: usize, end: usize) -> bool {
        match self.pattern[pattern] {
            b'.' => true,
            ESCAPE => in_class(byte, self.pattern[pattern + 1]),
            b'[' => self.in_set(byte, pattern, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether a byte is in the set from its `[` to its `]`.
    fn in_set(&self, byte: u8, open: usize, close: usize) -> bool {
        let mut at = open + 1;
        let negated = self.pattern[at] == b'^';
        if negated {
            at += 1;
        }
        while at < close {
            if self.pattern[at] == ESCAPE {
                at += 1;
                if in_class(byte, self.pattern[at]) {
                    return !negated;
                }
                at += 1;
            } else if self.pattern.get(at + 1) == Some(&b'-') && at + 2 < close {
                if self.pattern[at] <= byte && byte <= self.pattern[at + 2] {
                    return !negated;
                }
                at += 3;
            } else {
                if self.pattern[at] == byte {
                    return !negated;
                }
                at += 1;
            }
        }
        negated
    }
}

fn in_class(byte: u8, class: u8) -> bool {
    let holds = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => crate::number::is_space(byte),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    holds != class.is_ascii_uppercase()
}
