//! Writing replies. The difference between RESP2 and RESP3 is inside: a handler says what it
//! answers, not how it looks on the wire.

use crate::double::{format_double, whole};

/// The version of the protocol that a client chose with `HELLO`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// RESP2, in which every connection starts.
    #[default]
    Resp2,
    /// RESP3: maps, sets, doubles, booleans, pushes.
    Resp3,
}

/// Appends replies to a buffer.
#[derive(Debug, Clone, Default)]
pub struct ReplyWriter {
    buffer: Vec<u8>,
    protocol: Protocol,
    has_overflowed: bool,
}

/// The most bytes that may wait to be taken, as far as there is memory for them: twice the longest
/// string that a client may send by default.
const WAITING_MAX: usize = 1 << 30;

/// The place of an aggregate's header, to be written when its length is known.
#[derive(Debug)]
#[must_use = "an aggregate without its header is no reply"]
pub struct Deferred {
    at: usize,
}

impl ReplyWriter {
    /// An empty writer that speaks `protocol`.
    #[inline(always)]
    pub fn new(protocol: Protocol) -> Self {
        ReplyWriter { buffer: Vec::new(), protocol, has_overflowed: false }
    }

    /// The protocol in use.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Changes the protocol from the next reply on.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// What has been written and not taken.
    #[inline(always)]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Bytes written and not taken.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether nothing waits.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes what has been written.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.buffer)
    }

    /// Drops everything written after the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.buffer.truncate(len);
    }

    /// Whether a string did not fit since this was asked last. It was left out, so that what was
    /// written is to be dropped.
    #[inline(always)]
    pub fn take_overflow(&mut self) -> bool {
        std::mem::take(&mut self.has_overflowed)
    }

    /// Appends bytes that are a complete reply already.
    pub fn raw(&mut self, reply: &[u8]) {
        self.buffer.extend_from_slice(reply);
    }

    /// A simple string, `+text`. The text must be a single line.
    pub fn simple(&mut self, text: &str) {
        self.line(b'+', text.as_bytes());
    }

    /// `+OK`.
    pub fn ok(&mut self) {
        self.buffer.extend_from_slice(b"+OK\r\n");
    }

    /// An error, `-CODE text`; line ends inside become spaces, as an error is one line.
    pub fn error(&mut self, text: &str) {
        self.buffer.push(b'-');
        self.buffer.extend(text.bytes().map(|byte| match byte {
            b'\r' | b'\n' => b' ',
            other => other,
        }));
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        write_header(&mut self.buffer, b':', value);
    }

    /// A count or length, as an integer.
    pub fn count(&mut self, value: usize) {
        self.integer(value as i64);
    }

    /// A bulk string. One gigabyte may wait to be taken; see [`take_overflow`](Self::take_overflow).
    pub fn bulk(&mut self, bytes: &[u8]) {
        let needed = bytes.len() + BULK_FRAME;
        if self.buffer.len() + needed > WAITING_MAX || self.buffer.try_reserve(needed).is_err() {
            self.has_overflowed = true;
            return;
        }
        write_header(&mut self.buffer, b'$', bytes.len() as i64);
        append(&mut self.buffer, bytes);
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// A bulk string, or a null for `None`.
    pub fn bulk_or_null(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bulk(bytes),
            None => self.null(),
        }
    }

    /// An integer's decimal digits as a bulk string.
    pub fn bulk_integer(&mut self, value: i64) {
        let mut digits = [0; DIGITS_MAX];
        let start = signed_decimal(value, &mut digits);
        self.bulk(&digits[start..]);
    }

    /// A double as a bulk string in both protocols.
    pub fn bulk_double(&mut self, value: f64) {
        if let Some(whole) = whole(value) {
            return self.bulk_integer(whole);
        }
        let mut digits = Vec::with_capacity(24);
        format_double(&mut digits, value);
        self.bulk(&digits);
    }

    /// A double: `,1.5` in RESP3, a bulk string in RESP2.
    pub fn double(&mut self, value: f64) {
        match self.protocol {
            Protocol::Resp2 => self.bulk_double(value),
            Protocol::Resp3 => {
                self.buffer.push(b',');
                format_double(&mut self.buffer, value);
                self.buffer.extend_from_slice(b"\r\n");
            }
        }
    }

    /// A finite double without an exponent, with up to 17 digits behind the point.
    pub fn plain_double(&mut self, value: f64) {
        let digits = format!("{value:.17}");
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        self.printed_double(if digits == "-0" { b"0" } else { digits.as_bytes() });
    }

    /// A double that is digits already.
    pub fn printed_double(&mut self, digits: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits),
            Protocol::Resp3 => self.line(b',', digits),
        }
    }

    /// A boolean: `#t` in RESP3, 1 or 0 in RESP2.
    pub fn boolean(&mut self, value: bool) {
        match self.protocol {
            Protocol::Resp2 => self.integer(value as i64),
            Protocol::Resp3 => self.line(b'#', if value { b"t" } else { b"f" }),
        }
    }

    /// A null: `_` in RESP3, a null bulk string in RESP2.
    pub fn null(&mut self) {
        self.buffer.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// A null where an array could stand: `_` in RESP3, a null array in RESP2.
    pub fn null_array(&mut self) {
        self.buffer.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// A text with a three-letter format (`txt`, `mkd`); a bulk string in RESP2.
    pub fn verbatim(&mut self, format: &[u8; 3], text: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text),
            Protocol::Resp3 => {
                write_header(&mut self.buffer, b'=', text.len() as i64 + 4);
                self.buffer.extend_from_slice(format);
                self.buffer.push(b':');
                self.buffer.extend_from_slice(text);
                self.buffer.extend_from_slice(b"\r\n");
            }
        }
    }

    /// A number of any size by its decimal digits; a bulk string in RESP2.
    pub fn big_number(&mut self, digits: &[u8]) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(digits),
            Protocol::Resp3 => self.line(b'(', digits),
        }
    }

    /// The header of an array; its `len` elements follow.
    pub fn array(&mut self, len: usize) {
        write_header(&mut self.buffer, b'*', len as i64);
    }

    /// The header of a map of `pairs`; that many keys and values follow, alternately. In RESP2
    /// an array of twice as many elements.
    pub fn map(&mut self, pairs: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(pairs * 2),
            Protocol::Resp3 => write_header(&mut self.buffer, b'%', pairs as i64),
        }
    }

    /// The header of a set; an array in RESP2.
    pub fn set(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(len),
            Protocol::Resp3 => write_header(&mut self.buffer, b'~', len as i64),
        }
    }

    /// The header of an out-of-band push; an array in RESP2.
    pub fn push(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.array(len),
            Protocol::Resp3 => write_header(&mut self.buffer, b'>', len as i64),
        }
    }

    /// Starts an aggregate whose length is not known yet. End it with
    /// [`end_array`](Self::end_array), [`end_map`](Self::end_map) or [`end_set`](Self::end_set).
    pub fn begin(&mut self) -> Deferred {
        Deferred { at: self.buffer.len() }
    }

    /// Ends an aggregate as an array of `len` elements.
    pub fn end_array(&mut self, start: Deferred, len: usize) {
        self.insert_header(start, |writer| writer.array(len));
    }

    /// Ends an aggregate as a map of `pairs`.
    pub fn end_map(&mut self, start: Deferred, pairs: usize) {
        self.insert_header(start, |writer| writer.map(pairs));
    }

    /// Ends an aggregate as a set of `len` elements.
    pub fn end_set(&mut self, start: Deferred, len: usize) {
        self.insert_header(start, |writer| writer.set(len));
    }

    fn insert_header(&mut self, start: Deferred, write: impl FnOnce(&mut Self)) {
        let end = self.buffer.len();
        write(self);
        let header = self.buffer.len() - end;
        self.buffer[start.at..].rotate_right(header);
    }

    fn line(&mut self, kind: u8, text: &[u8]) {
        self.buffer.push(kind);
        append(&mut self.buffer, text);
        self.buffer.extend_from_slice(b"\r\n");
    }
}

/// What a bulk string needs around its bytes, unless it is very long.
const BULK_FRAME: usize = 16;

/// Appends bytes. A few are copied in place, as two halves that may overlap: a call that copies any
/// number costs more than they do, in a browser several times as much.
#[inline]
pub fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    let len = out.len() + bytes.len();
    match bytes.len() {
        9..=16 => append_halves::<8>(out, bytes, len),
        4..=8 => append_halves::<4>(out, bytes, len),
        1..=3 => bytes.iter().for_each(|&byte| out.push(byte)),
        _ => out.extend_from_slice(bytes),
    }
}

#[inline]
fn append_halves<const HALF: usize>(out: &mut Vec<u8>, bytes: &[u8], len: usize) {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
        out.extend_from_slice(first);
        out.truncate(len - HALF);
        out.extend_from_slice(last);
    }
}

/// Appends a type byte, a decimal number and the end of the line.
#[inline]
pub(crate) fn write_header(out: &mut Vec<u8>, kind: u8, value: i64) {
    match value {
        0..=9 => out.extend_from_slice(&[kind, b'0' + value as u8, b'\r', b'\n']),
        10..=99 => {
            let (tens, ones) = (b'0' + value as u8 / 10, b'0' + value as u8 % 10);
            out.extend_from_slice(&[kind, tens, ones, b'\r', b'\n']);
        }
        _ => write_long_header(out, kind, value),
    }
}

fn write_long_header(out: &mut Vec<u8>, kind: u8, value: i64) {
    let mut line = [0; 1 + DIGITS_MAX + 2];
    let (digits, end) = line.split_at_mut(1 + DIGITS_MAX);
    end.copy_from_slice(b"\r\n");
    let start = signed_decimal(value, digits) - 1;
    digits[start] = kind;
    append(out, &line[start..]);
}

/// Appends an integer's decimal digits.
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    let mut digits = [0; DIGITS_MAX];
    let start = signed_decimal(value, &mut digits);
    append(out, &digits[start..]);
}

/// The most bytes that the digits of 64 bits take, with a sign.
const DIGITS_MAX: usize = 20;

/// Writes an integer at the end of `digits`, which have room for [`DIGITS_MAX`], and returns where
/// it starts.
fn signed_decimal(value: i64, digits: &mut [u8]) -> usize {
    let start = decimal(value.unsigned_abs(), digits);
    if value >= 0 {
        return start;
    }
    digits[start - 1] = b'-';
    start - 1
}

/// Writes the digits of `value` at the end of `text`, which has room for twenty, and returns where
/// they start.
///
/// ```
/// let mut text = [b' '; 24];
/// let start = keyspace_resp::decimal(1234, &mut text);
/// assert_eq!(text[start..], *b"1234");
/// ```
// One copy: it is long, and called from many places.
#[inline(never)]
pub fn decimal(value: u64, text: &mut [u8]) -> usize {
    /// Digits come in groups of eight, each a number of 32 bits: a browser divides 64 bits slowly.
    const GROUP: u64 = 100_000_000;
    let mut at = text.len();
    let mut put = |pair: u32| {
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[pair as usize]);
    };
    let mut rest = value;
    while rest >= GROUP {
        let mut group = (rest % GROUP) as u32;
        rest /= GROUP;
        for _ in 0..4 {
            put(group % 100);
            group /= 100;
        }
    }
    let mut group = rest as u32;
    while group >= 100 {
        put(group % 100);
        group /= 100;
    }
    if group >= 10 {
        put(group);
        return at;
    }
    text[at - 1] = b'0' + group as u8;
    at - 1
}

/// The digits of every number below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < pairs.len() {
        pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
        number += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn integers_are_their_digits(value in any::<i64>(), digits in 0..19_u32) {
            for value in [value, value % 10_i64.pow(digits), -(10_i64.pow(digits)), i64::MIN] {
                let mut out = Vec::new();
                write_integer(&mut out, value);
                prop_assert_eq!(String::from_utf8_lossy(&out), value.to_string());
            }
            let mut text = [b' '; 41];
            for value in [value.cast_unsigned(), u64::MAX] {
                let start = decimal(value, &mut text);
                prop_assert_eq!(String::from_utf8_lossy(&text[start..]), value.to_string());
            }
        }
    }

    fn written(protocol: Protocol, write: impl FnOnce(&mut ReplyWriter)) -> String {
        let mut out = ReplyWriter::new(protocol);
        write(&mut out);
        String::from_utf8(out.take()).expect("ASCII")
    }

    #[test]
    fn integers_of_any_size_are_written() {
        for value in [0, 7, -1, 1234567890, i64::MAX, i64::MIN] {
            assert_eq!(written(Protocol::Resp2, |out| out.integer(value)), format!(":{value}\r\n"));
        }
    }

    #[test]
    fn plain_doubles_have_no_exponent() {
        for (value, digits) in [
            (13.361389338970184, "13.36138933897018433"),
            (0.0, "0"),
            (-0.0, "0"),
            (-1e-20, "0"),
            (100.0, "100"),
            (1e-7, "0.0000001"),
        ] {
            let text = written(Protocol::Resp3, |out| out.plain_double(value));
            assert_eq!(text, format!(",{digits}\r\n"));
        }
    }

    #[test]
    fn the_protocols_differ_where_they_should() {
        let write = |out: &mut ReplyWriter| {
            out.map(1);
            out.double(1.5);
            out.boolean(true);
            out.null();
            out.null_array();
            out.set(0);
            out.push(0);
            out.verbatim(b"txt", b"hi");
        };
        assert_eq!(
            written(Protocol::Resp2, write),
            "*2\r\n$3\r\n1.5\r\n:1\r\n$-1\r\n*-1\r\n*0\r\n*0\r\n$2\r\nhi\r\n"
        );
        assert_eq!(
            written(Protocol::Resp3, write),
            "%1\r\n,1.5\r\n#t\r\n_\r\n_\r\n~0\r\n>0\r\n=6\r\ntxt:hi\r\n"
        );
    }

    #[test]
    fn a_deferred_header_stands_before_its_elements() {
        let text = written(Protocol::Resp3, |out| {
            out.ok();
            let outer = out.begin();
            out.integer(1);
            let inner = out.begin();
            out.end_set(inner, 0);
            out.end_array(outer, 2);
        });
        assert_eq!(text, "+OK\r\n*2\r\n:1\r\n~0\r\n");
    }

    #[test]
    fn an_error_is_one_line() {
        assert_eq!(written(Protocol::Resp2, |out| out.error("ERR a\r\nb")), "-ERR a  b\r\n");
    }
}
