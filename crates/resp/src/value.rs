//! Reading replies back: for whoever wants values rather than bytes, whole or piece by piece.

use crate::request::parse_length;

/// A decoded reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `+OK`.
    Simple(Vec<u8>),
    /// `-ERR ...`, without the dash.
    Error(Vec<u8>),
    /// `:1`.
    Integer(i64),
    /// `$3`: any bytes.
    Bulk(Vec<u8>),
    /// `$-1` or `_`.
    Null,
    /// `*-1`: RESP2's null where an array could stand.
    NullArray,
    /// `*2`.
    Array(Vec<Value>),
    /// `%2`.
    Map(Vec<(Value, Value)>),
    /// `~2`.
    Set(Vec<Value>),
    /// `>2`: out of band.
    Push(Vec<Value>),
    /// `,1.5`.
    Double(f64),
    /// `#t`.
    Boolean(bool),
    /// `=6`: the format's three letters, and the text.
    Verbatim([u8; 3], Vec<u8>),
    /// `(123`: decimal digits.
    BigNumber(Vec<u8>),
}

/// Bytes that are no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// An unknown type byte.
    UnknownType(u8),
    /// A number, length or boolean that cannot be read.
    Malformed,
    /// Aggregates nested deeper than this decoder follows.
    TooDeep,
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownType(byte) => write!(f, "unknown reply type '{}'", byte.escape_ascii()),
            Self::Malformed => f.write_str("malformed reply"),
            Self::TooDeep => f.write_str("reply nested too deeply"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// How deep aggregates may be nested.
const DEPTH_MAX: usize = 128;

impl Value {
    /// Decodes the first reply of `bytes`: the value and how many bytes it took, or `None` while
    /// it is incomplete.
    ///
    /// # Errors
    /// A [`DecodeError`] where the bytes are no reply.
    pub fn decode(bytes: &[u8]) -> Result<Option<(Value, usize)>, DecodeError> {
        let mut tokens = Tokens::new(bytes);
        Ok(tokens.value(0)?.map(|value| (value, tokens.at)))
    }

    /// Decodes every complete reply of `bytes`, and says how many bytes they took.
    ///
    /// # Errors
    /// A [`DecodeError`] where the bytes are no reply.
    pub fn decode_all(bytes: &[u8]) -> Result<(Vec<Value>, usize), DecodeError> {
        let mut values = Vec::new();
        let mut at = 0;
        while let Some((value, used)) = Value::decode(&bytes[at..])? {
            values.push(value);
            at += used;
        }
        Ok((values, at))
    }

    /// The bytes of a string of any kind, an error included.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Simple(bytes)
            | Value::Error(bytes)
            | Value::Bulk(bytes)
            | Value::BigNumber(bytes)
            | Value::Verbatim(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of an array, set or push.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::Set(items) | Value::Push(items) => Some(items),
            _ => None,
        }
    }
}

/// A piece of a reply: a value without parts, or the head of an aggregate, whose parts follow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Token<'a> {
    /// `+OK`.
    Simple(&'a [u8]),
    /// `-ERR ...`, without the dash.
    Error(&'a [u8]),
    /// `:1`.
    Integer(i64),
    /// `$3`: any bytes.
    Bulk(&'a [u8]),
    /// `$-1` or `_`.
    Null,
    /// `*-1`: RESP2's null where an array could stand.
    NullArray,
    /// `*2`: so many elements follow.
    Array(usize),
    /// `%2`: so many pairs follow, each a key and its value.
    Map(usize),
    /// `~2`: so many elements follow.
    Set(usize),
    /// `>2`: so many elements follow.
    Push(usize),
    /// `,1.5`.
    Double(f64),
    /// `#t`.
    Boolean(bool),
    /// `=6`: the format's three letters, and the text.
    Verbatim([u8; 3], &'a [u8]),
    /// `(123`: decimal digits.
    BigNumber(&'a [u8]),
}

/// Reads replies piece by piece, without a copy.
///
/// ```
/// use keyspace_resp::{Token, Tokens};
///
/// let mut tokens = Tokens::new(b"*2\r\n:1\r\n$1\r\nx\r\n");
/// assert_eq!(tokens.read(), Ok(Some(Token::Array(2))));
/// assert_eq!(tokens.read(), Ok(Some(Token::Integer(1))));
/// assert_eq!(tokens.read(), Ok(Some(Token::Bulk(b"x"))));
/// assert_eq!(tokens.read(), Ok(None));
/// ```
#[derive(Debug, Clone)]
pub struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Reads from the beginning of these bytes.
    pub fn new(bytes: &'a [u8]) -> Tokens<'a> {
        Tokens { bytes, at: 0 }
    }

    /// The next piece; `None` where the bytes end before it does, and then there is nothing more to
    /// read.
    ///
    /// # Errors
    /// A [`DecodeError`] where the bytes are no reply.
    pub fn read(&mut self) -> Result<Option<Token<'a>>, DecodeError> {
        let Some(line) = self.line() else {
            return Ok(None);
        };
        let (&kind, text) = line.split_first().ok_or(DecodeError::Malformed)?;
        Ok(Some(match kind {
            b'+' => Token::Simple(text),
            b'-' => Token::Error(text),
            b':' => Token::Integer(length(text)?),
            b'(' => Token::BigNumber(text),
            b'_' => Token::Null,
            b'#' => match text {
                b"t" => Token::Boolean(true),
                b"f" => Token::Boolean(false),
                _ => return Err(DecodeError::Malformed),
            },
            b',' => Token::Double(keyspace_decimal::parse(text).ok_or(DecodeError::Malformed)?),
            b'$' | b'=' => return self.string(kind, length(text)?),
            b'*' | b'~' | b'>' => match (kind, usize::try_from(length(text)?)) {
                (_, Err(_)) => Token::NullArray,
                (b'*', Ok(len)) => Token::Array(len),
                (b'~', Ok(len)) => Token::Set(len),
                (_, Ok(len)) => Token::Push(len),
            },
            b'%' => {
                let pairs = usize::try_from(length(text)?);
                Token::Map(pairs.map_err(|_| DecodeError::Malformed)?)
            }
            other => return Err(DecodeError::UnknownType(other)),
        }))
    }

    /// The rest of a bulk string, or of a verbatim one.
    fn string(&mut self, kind: u8, len: i64) -> Result<Option<Token<'a>>, DecodeError> {
        let Ok(len) = usize::try_from(len) else {
            return Ok(Some(Token::Null));
        };
        match (kind, self.body(len)) {
            (_, None) => Ok(None),
            (b'$', Some(body)) => Ok(Some(Token::Bulk(body))),
            (_, Some([a, b, c, b':', text @ ..])) => Ok(Some(Token::Verbatim([*a, *b, *c], text))),
            (_, Some(_)) => Err(DecodeError::Malformed),
        }
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        self.at += end + 2;
        Some(&rest[..end])
    }

    fn body(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        if self.bytes.len() < end.checked_add(2)? {
            return None;
        }
        let body = &self.bytes[self.at..end];
        self.at = end + 2;
        Some(body)
    }

    /// The next piece with all its parts.
    fn value(&mut self, depth: usize) -> Result<Option<Value>, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        let Some(token) = self.read()? else {
            return Ok(None);
        };
        Ok(Some(match token {
            Token::Simple(text) => Value::Simple(text.to_vec()),
            Token::Error(text) => Value::Error(text.to_vec()),
            Token::Integer(value) => Value::Integer(value),
            Token::Bulk(bytes) => Value::Bulk(bytes.to_vec()),
            Token::Null => Value::Null,
            Token::NullArray => Value::NullArray,
            Token::Double(value) => Value::Double(value),
            Token::Boolean(value) => Value::Boolean(value),
            Token::Verbatim(format, text) => Value::Verbatim(format, text.to_vec()),
            Token::BigNumber(digits) => Value::BigNumber(digits.to_vec()),
            Token::Array(len) | Token::Set(len) | Token::Push(len) => {
                let Some(items) = self.values(len, depth)? else {
                    return Ok(None);
                };
                match token {
                    Token::Array(_) => Value::Array(items),
                    Token::Set(_) => Value::Set(items),
                    _ => Value::Push(items),
                }
            }
            Token::Map(pairs) => {
                let count = pairs.checked_mul(2).ok_or(DecodeError::Malformed)?;
                let Some(items) = self.values(count, depth)? else {
                    return Ok(None);
                };
                let mut items = items.into_iter();
                let pair = || Some((items.next()?, items.next()?));
                Value::Map(std::iter::from_fn(pair).collect())
            }
        }))
    }

    fn values(&mut self, count: usize, depth: usize) -> Result<Option<Vec<Value>>, DecodeError> {
        let mut values = Vec::new();
        for _ in 0..count {
            match self.value(depth + 1)? {
                Some(value) => values.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(values))
    }
}

fn length(text: &[u8]) -> Result<i64, DecodeError> {
    parse_length(text).ok_or(DecodeError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_type_decodes() {
        let bytes = b"*3\r\n%1\r\n+a\r\n,1.5\r\n~2\r\n#t\r\n_\r\n=6\r\ntxt:hi\r\n";
        let value = Value::Array(vec![
            Value::Map(vec![(Value::Simple(b"a".to_vec()), Value::Double(1.5))]),
            Value::Set(vec![Value::Boolean(true), Value::Null]),
            Value::Verbatim(*b"txt", b"hi".to_vec()),
        ]);
        assert_eq!(Value::decode(bytes), Ok(Some((value, bytes.len()))));
    }

    #[test]
    fn an_incomplete_reply_is_none_at_every_cut() {
        let bytes = b"*2\r\n$3\r\na\r\n\r\n>1\r\n:-7\r\n";
        for cut in 0..bytes.len() {
            assert_eq!(Value::decode(&bytes[..cut]), Ok(None), "cut at {cut}");
        }
    }

    #[test]
    fn endless_nesting_is_an_error() {
        assert_eq!(Value::decode(&b"*1\r\n".repeat(1000)), Err(DecodeError::TooDeep));
    }

    proptest! {
        #[test]
        fn no_input_panics(input in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Value::decode(&input);
        }
    }
}
