//! Cutting a stream of bytes into commands.
//!
//! Bytes arrive in any fragmentation. A command is either an array of bulk strings or an inline
//! line. Arguments are ranges of the buffer, so a command costs no copy; nothing is allocated for
//! a length that is only announced.

use crate::inline::split_args;
use std::ops::Range;

/// What the parser refuses; both are checked before anything is allocated for them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes one argument may announce (`proto-max-bulk-len`).
    pub bulk_bytes: usize,
    /// The most arguments one command may announce.
    pub arguments: usize,
    /// The client has not given its password yet, and may announce little.
    pub unauthenticated: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bulk_bytes: 512 * 1024 * 1024,
            arguments: i32::MAX as usize,
            unauthenticated: false,
        }
    }
}

/// The most arguments, and the most bytes of one, before the client has given its password.
const UNAUTHENTICATED_ARGUMENTS: usize = 10;
const UNAUTHENTICATED_BYTES: i64 = 16 * 1024;

/// The longest inline command, and the longest line that announces a length, in bytes.
const LINE_MAX: usize = 64 * 1024;

/// The bytes, and the arguments, for which room is kept between commands.
const KEPT_BYTES: usize = 64 * 1024;
const KEPT_ARGUMENTS: usize = 1024;

/// A violation of the protocol, after which the connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtocolError {
    /// An inline command without an end within 64 KiB.
    TooBigInline,
    /// An inline command with a quote left open.
    UnbalancedQuotes,
    /// A line that announces a number of arguments, without an end within 64 KiB.
    TooBigMultibulkCount,
    /// A number of arguments that is no number or is beyond the limit.
    InvalidMultibulkLength,
    /// A line that announces a length, without an end within 64 KiB.
    TooBigBulkCount,
    /// Another byte where `$` must stand.
    ExpectedDollar(u8),
    /// A length that is no number, is negative, or is beyond the limit.
    InvalidBulkLength,
    /// More arguments than a client may announce before it has given its password.
    UnauthenticatedMultibulkLength,
    /// A longer argument than a client may announce before it has given its password.
    UnauthenticatedBulkLength,
}

impl std::fmt::Display for ProtocolError {
    /// The text that follows `-ERR Protocol error: ` on the wire.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooBigInline => f.write_str("too big inline request"),
            Self::UnbalancedQuotes => f.write_str("unbalanced quotes in request"),
            Self::TooBigMultibulkCount => f.write_str("too big mbulk count string"),
            Self::InvalidMultibulkLength => f.write_str("invalid multibulk length"),
            Self::TooBigBulkCount => f.write_str("too big bulk count string"),
            Self::ExpectedDollar(got) => write!(f, "expected '$', got '{}'", *got as char),
            Self::InvalidBulkLength => f.write_str("invalid bulk length"),
            Self::UnauthenticatedMultibulkLength => f.write_str("unauthenticated multibulk length"),
            Self::UnauthenticatedBulkLength => f.write_str("unauthenticated bulk length"),
        }
    }
}

impl std::error::Error for ProtocolError {}

/// An incremental parser of commands. Feed it bytes, then call [`parse`](Self::parse) until it
/// answers `false`.
#[derive(Debug, Clone, Default)]
pub struct RequestParser {
    limits: Limits,
    buffer: Vec<u8>,
    /// Everything before this offset belongs to commands already handed out.
    consumed: usize,
    /// Where parsing goes on; beyond `consumed` while a command is incomplete.
    position: usize,
    /// Arguments of an array command still to come.
    missing: usize,
    /// The announced length of the argument that comes next.
    bulk_len: Option<usize>,
    /// The current command's arguments: ranges of `buffer`, or of `inline`.
    ranges: Vec<Range<usize>>,
    inline: Vec<u8>,
    is_inline: bool,
    complete: bool,
}

impl RequestParser {
    /// A parser with limits of its own.
    pub fn new(limits: Limits) -> Self {
        RequestParser { limits, ..Self::default() }
    }

    /// Replaces the limits; they hold from the next announced length on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Appends what arrived from the client.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.forget_complete();
        if self.consumed == self.buffer.len() {
            self.buffer.clear();
            self.position = 0;
            self.consumed = 0;
        } else if self.consumed >= LINE_MAX {
            self.drop_consumed();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The bytes that wait for the rest of their command.
    pub fn pending_bytes(&self) -> usize {
        self.buffer.len() - self.consumed
    }

    /// Those among them that make no whole argument yet.
    pub fn unparsed_bytes(&self) -> usize {
        self.buffer.len() - self.position
    }

    /// The bytes of the arguments that are there of a command whose rest is still to come.
    pub fn partial_bytes(&self) -> usize {
        if self.missing == 0 { 0 } else { self.ranges.iter().map(Range::len).sum() }
    }

    /// The announced length of the argument that comes next, where it is known.
    pub fn announced_bytes(&self) -> Option<usize> {
        self.bulk_len
    }

    /// Parses the next command. `true`: it is complete and [`args`](Self::args) has it; `false`:
    /// more bytes are needed.
    ///
    /// # Errors
    /// A [`ProtocolError`]; the stream is then beyond repair, and the connection is to be closed.
    pub fn parse(&mut self) -> Result<bool, ProtocolError> {
        self.forget_complete();
        if self.missing == 0 && self.parse_short() {
            return Ok(true);
        }
        let is_complete = self.parse_any()?;
        if !is_complete {
            self.give_back();
        }
        Ok(is_complete)
    }

    /// Parses a command that is all there and short in every part, as nearly every one is; `false`
    /// leaves it as it was.
    fn parse_short(&mut self) -> bool {
        let Some(rest) = self.buffer.get(self.position..) else {
            return false;
        };
        let Some((count, header)) = short_header(rest, b'*') else {
            return false;
        };
        if count == 0
            || count > self.limits.arguments
            || self.limits.unauthenticated && count > UNAUTHENTICATED_ARGUMENTS
        {
            return false;
        }
        let mut at = header;
        for _ in 0..count {
            let Some((len, header)) = rest.get(at..).and_then(|rest| short_header(rest, b'$'))
            else {
                self.ranges.clear();
                return false;
            };
            let start = at + header;
            at = start + len + 2;
            if at > rest.len() || len > self.limits.bulk_bytes {
                self.ranges.clear();
                return false;
            }
            self.ranges.push(self.position + start..self.position + start + len);
        }
        self.position += at;
        self.is_inline = false;
        self.complete = true;
        true
    }

    fn parse_any(&mut self) -> Result<bool, ProtocolError> {
        loop {
            if self.missing > 0 {
                return self.parse_bulks();
            }
            match self.buffer.get(self.position) {
                None => return Ok(false),
                Some(b'*') => {
                    let Some(line) = self.line(ProtocolError::TooBigMultibulkCount)? else {
                        return Ok(false);
                    };
                    let count = parse_length(&self.buffer[line.start + 1..line.end])
                        .filter(|&count| count <= self.limits.arguments as i64)
                        .ok_or(ProtocolError::InvalidMultibulkLength)?;
                    if self.limits.unauthenticated && count > UNAUTHENTICATED_ARGUMENTS as i64 {
                        return Err(ProtocolError::UnauthenticatedMultibulkLength);
                    }
                    if count <= 0 {
                        // An empty array is no command; it is passed over.
                        self.consumed = self.position;
                        continue;
                    }
                    self.missing = count as usize;
                }
                Some(_) => match self.parse_inline()? {
                    None => return Ok(false),
                    Some(true) => return Ok(true),
                    Some(false) => {}
                },
            }
        }
    }

    /// The arguments of the command that [`parse`](Self::parse) completed, its name first.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let source = if self.is_inline { &self.inline } else { &self.buffer };
        self.ranges.iter().map(|range| &source[range.clone()])
    }

    fn forget_complete(&mut self) {
        if self.complete {
            self.complete = false;
            self.ranges.clear();
            self.consumed = self.position;
        }
    }

    fn drop_consumed(&mut self) {
        self.buffer.drain(..self.consumed);
        self.position -= self.consumed;
        for range in &mut self.ranges {
            *range = range.start - self.consumed..range.end - self.consumed;
        }
        self.consumed = 0;
    }

    /// Gives back room that what still waits does not need: a client that once sent much would hold
    /// it for as long as it stays connected. A command that arrives in pieces keeps its room.
    fn give_back(&mut self) {
        if self.buffer.capacity() > KEPT_BYTES && self.buffer.capacity() / 4 > self.pending_bytes()
        {
            self.drop_consumed();
            self.buffer.shrink_to_fit();
        }
        if self.ranges.capacity() / 4 > self.ranges.len() {
            self.ranges.shrink_to(KEPT_ARGUMENTS);
        }
    }

    fn parse_bulks(&mut self) -> Result<bool, ProtocolError> {
        while self.missing > 0 {
            let len = match self.bulk_len {
                Some(len) => len,
                None => match self.bulk_header()? {
                    Some(len) => *self.bulk_len.insert(len),
                    None => return Ok(false),
                },
            };
            if self.buffer.len() - self.position < len + 2 {
                return Ok(false);
            }
            self.ranges.push(self.position..self.position + len);
            self.position += len + 2;
            self.bulk_len = None;
            self.missing -= 1;
        }
        self.is_inline = false;
        self.complete = true;
        Ok(true)
    }

    /// The length that the argument at the position announces; `None` while the line is incomplete.
    fn bulk_header(&mut self) -> Result<Option<usize>, ProtocolError> {
        let Some(line) = self.line(ProtocolError::TooBigBulkCount)? else {
            return Ok(None);
        };
        let first = self.buffer[line.start];
        if line.is_empty() || first != b'$' {
            return Err(ProtocolError::ExpectedDollar(first));
        }
        let len = parse_length(&self.buffer[line.start + 1..line.end])
            .filter(|&len| len >= 0 && len <= self.limits.bulk_bytes as i64)
            .ok_or(ProtocolError::InvalidBulkLength)?;
        if self.limits.unauthenticated && len > UNAUTHENTICATED_BYTES {
            return Err(ProtocolError::UnauthenticatedBulkLength);
        }
        Ok(Some(len as usize))
    }

    /// `None`: the line is incomplete; `Some(false)`: it was blank.
    fn parse_inline(&mut self) -> Result<Option<bool>, ProtocolError> {
        let rest = &self.buffer[self.position..];
        let Some(newline) = find_end(rest, b'\n', LINE_MAX + 1) else {
            return if rest.len() > LINE_MAX { Err(ProtocolError::TooBigInline) } else { Ok(None) };
        };
        let line = rest[..newline].strip_suffix(b"\r").unwrap_or(&rest[..newline]);
        let args = split_args(line).map_err(|_| ProtocolError::UnbalancedQuotes)?;
        self.position += newline + 1;
        if args.is_empty() {
            self.consumed = self.position;
            return Ok(Some(false));
        }
        self.inline.clear();
        for arg in args {
            let start = self.inline.len();
            self.inline.extend_from_slice(&arg);
            self.ranges.push(start..self.inline.len());
        }
        self.is_inline = true;
        self.complete = true;
        Ok(Some(true))
    }

    /// Takes the line at the position, without its end; `None` while it is incomplete.
    fn line(&mut self, too_big: ProtocolError) -> Result<Option<Range<usize>>, ProtocolError> {
        let rest = &self.buffer[self.position..];
        let Some(end) = find_end(rest, b'\r', LINE_MAX) else {
            return if rest.len() >= LINE_MAX { Err(too_big) } else { Ok(None) };
        };
        if rest.len() < end + 2 {
            return Ok(None);
        }
        let line = self.position..self.position + end;
        self.position += end + 2;
        Ok(Some(line))
    }
}

/// Where a line ends within its first `max` bytes. As in Redis, a line with a zero byte never ends.
fn find_end(bytes: &[u8], end: u8, max: usize) -> Option<usize> {
    let found = bytes.iter().take(max).position(|&byte| byte == end || byte == 0)?;
    (bytes[found] == end).then_some(found)
}

/// The number of up to four digits in the header at the front of `bytes`, and how many bytes the
/// header takes: nearly every header there is. What looks different is left to others to judge.
#[inline]
fn short_header(bytes: &[u8], kind: u8) -> Option<(usize, usize)> {
    match *bytes {
        [first, one @ b'0'..=b'9', b'\r', b'\n', ..] if first == kind => {
            Some((usize::from(one - b'0'), 4))
        }
        [first, b'1'..=b'9', ..] if first == kind => longer_header(&bytes[1..]),
        _ => None,
    }
}

/// The same for digits of which the first is not zero, without the type byte ahead of them.
fn longer_header(digits: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0;
    for (count, &byte) in digits.iter().enumerate().take(5) {
        match byte {
            b'0'..=b'9' => number = 10 * number + usize::from(byte - b'0'),
            b'\r' if digits.get(count + 1) == Some(&b'\n') => return Some((number, count + 3)),
            _ => return None,
        }
    }
    None
}

/// A decimal number as the protocol writes it: an optional minus and digits, without a zero ahead.
pub(crate) fn parse_length(text: &[u8]) -> Option<i64> {
    /// So many digits always fit.
    const FEW_DIGITS: usize = 18;
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] => return (text.len() == 1).then_some(0),
        [b'1'..=b'9', ..] => {}
        _ => return None,
    }
    if digits.len() > FEW_DIGITS {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let mut value = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if digits.len() == text.len() { value } else { -value })
}

/// Appends a command as an array of bulk strings: what a client library sends.
///
/// ```
/// let mut out = Vec::new();
/// keyspace_resp::encode_command(&mut out, &["GET", "k"]);
/// assert_eq!(out, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
/// ```
pub fn encode_command<A: AsRef<[u8]>>(out: &mut Vec<u8>, args: &[A]) {
    crate::reply::write_header(out, b'*', args.len() as i64);
    for arg in args {
        let arg = arg.as_ref();
        crate::reply::write_header(out, b'$', arg.len() as i64);
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse_all(input: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let mut parser = RequestParser::default();
        parser.feed(input);
        drain(&mut parser)
    }

    fn drain(parser: &mut RequestParser) -> Result<Vec<Vec<Vec<u8>>>, ProtocolError> {
        let mut commands = Vec::new();
        while parser.parse()? {
            commands.push(parser.args().map(<[u8]>::to_vec).collect());
        }
        Ok(commands)
    }

    #[test]
    fn blank_lines_and_empty_arrays_are_no_commands() {
        let commands = parse_all(b"\r\n*0\r\n*-1\r\n  \nPING\r\n").expect("valid");
        assert_eq!(commands, [[b"PING".to_vec()]]);
    }

    #[test]
    fn without_a_password_little_may_be_announced() {
        let limits = Limits { unauthenticated: true, ..Limits::default() };
        for (input, error) in [
            (&b"*10\r\n$16384\r\n"[..], None),
            (b"*11\r\n", Some(ProtocolError::UnauthenticatedMultibulkLength)),
            (b"*1\r\n$16385\r\n", Some(ProtocolError::UnauthenticatedBulkLength)),
            (b"*1\r\n$536870913\r\n", Some(ProtocolError::InvalidBulkLength)),
        ] {
            let mut parser = RequestParser::new(limits);
            parser.feed(input);
            assert_eq!(parser.parse().err(), error);
        }
    }

    #[test]
    fn violations_are_named() {
        for (input, error) in [
            (&b"*x\r\n"[..], ProtocolError::InvalidMultibulkLength),
            (b"*99999999999\r\n", ProtocolError::InvalidMultibulkLength),
            (b"*01\r\n", ProtocolError::InvalidMultibulkLength),
            (b"*+1\r\n", ProtocolError::InvalidMultibulkLength),
            (b"*-0\r\n", ProtocolError::InvalidMultibulkLength),
            (b"*\r\n", ProtocolError::InvalidMultibulkLength),
            (b"*1\r\n$04\r\n", ProtocolError::InvalidBulkLength),
            (b"*1\r\nx\r\n", ProtocolError::ExpectedDollar(b'x')),
            (b"*1\r\n$-1\r\n", ProtocolError::InvalidBulkLength),
            (b"*1\r\n$536870913\r\n", ProtocolError::InvalidBulkLength),
            (b"GET \"a\r\n", ProtocolError::UnbalancedQuotes),
        ] {
            assert_eq!(parse_all(input), Err(error));
        }
        assert_eq!(parse_all(&[b'a'; LINE_MAX + 1]), Err(ProtocolError::TooBigInline));
    }

    #[test]
    fn an_announced_length_allocates_nothing() {
        let mut parser = RequestParser::default();
        parser.feed(b"*1000000\r\n$536870912\r\nabc");
        assert_eq!(parser.parse(), Ok(false));
        assert!(parser.buffer.capacity() < 1024 && parser.ranges.capacity() < 1024);
    }

    #[test]
    fn room_for_much_is_given_back() {
        let mut bytes = Vec::new();
        let many = vec![b"an argument".to_vec(); 20_000];
        let long = vec![b"SET".to_vec(), vec![b'v'; 1_000_000]];
        encode_command(&mut bytes, &many);
        encode_command(&mut bytes, &long);
        encode_command(&mut bytes, &["PING"]);
        // The last command is still to come, or the end of it: what is there of it stays.
        for end in [bytes.len() - b"*1\r\n$4\r\nPING\r\n".len(), bytes.len() - 1] {
            let mut parser = RequestParser::default();
            parser.feed(&bytes[..end]);
            assert_eq!(drain(&mut parser), Ok(vec![many.clone(), long.clone()]));
            assert!(parser.buffer.capacity() < 100 && parser.ranges.capacity() <= KEPT_ARGUMENTS);
            parser.feed(&bytes[end..]);
            assert_eq!(drain(&mut parser), Ok(vec![vec![b"PING".to_vec()]]));
        }
    }

    #[test]
    fn a_long_command_in_pieces_is_put_together() {
        let command = vec![b"SET".to_vec(), vec![b'k'; 300_000], vec![b'v'; 700_000]];
        let mut bytes = Vec::new();
        encode_command(&mut bytes, &command);
        let pieces: Vec<u8> = bytes.repeat(2);
        let mut parser = RequestParser::default();
        let mut commands = Vec::new();
        for piece in pieces.chunks(70_001) {
            parser.feed(piece);
            commands.extend(drain(&mut parser).expect("valid"));
        }
        assert_eq!(commands, [command.clone(), command]);
    }

    proptest! {
        #[test]
        fn fragmentation_changes_nothing(
            commands in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..5), 1..8),
            cuts in prop::collection::vec(1usize..9, 1..50),
        ) {
            let mut bytes = Vec::new();
            for command in &commands {
                encode_command(&mut bytes, command);
            }
            let mut parser = RequestParser::default();
            let mut parsed = Vec::new();
            let mut rest = &bytes[..];
            for &cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at(cut.min(rest.len()));
                parser.feed(now);
                parsed.extend(drain(&mut parser).expect("valid"));
                rest = later;
            }
            prop_assert_eq!(parsed, commands);
        }

        #[test]
        fn no_input_panics(input in prop::collection::vec(any::<u8>(), 0..200)) {
            // Whatever the outcome, it is an answer.
            let _ = parse_all(&input);
        }
    }
}
