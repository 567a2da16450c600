//! Reading replies back: for whoever wants values rather than bytes.

use crate::double::parse_double;
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
        let mut cursor = Cursor { bytes, at: 0 };
        Ok(cursor.value(0)?.map(|value| (value, cursor.at)))
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

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn value(&mut self, depth: usize) -> Result<Option<Value>, DecodeError> {
        if depth > DEPTH_MAX {
            return Err(DecodeError::TooDeep);
        }
        let Some(line) = self.line() else {
            return Ok(None);
        };
        let (&kind, text) = line.split_first().ok_or(DecodeError::Malformed)?;
        Ok(Some(match kind {
            b'+' => Value::Simple(text.to_vec()),
            b'-' => Value::Error(text.to_vec()),
            b':' => Value::Integer(length(text)?),
            b'(' => Value::BigNumber(text.to_vec()),
            b'_' => Value::Null,
            b'#' => match text {
                b"t" => Value::Boolean(true),
                b"f" => Value::Boolean(false),
                _ => return Err(DecodeError::Malformed),
            },
            b',' => Value::Double(parse_double(text).ok_or(DecodeError::Malformed)?),
            b'$' | b'=' => {
                let len = length(text)?;
                if len < 0 {
                    return Ok(Some(Value::Null));
                }
                let Some(body) = self.body(len as usize) else {
                    return Ok(None);
                };
                match (kind, body) {
                    (b'$', body) => Value::Bulk(body.to_vec()),
                    (_, [a, b, c, b':', text @ ..]) => Value::Verbatim([*a, *b, *c], text.to_vec()),
                    _ => return Err(DecodeError::Malformed),
                }
            }
            b'*' | b'~' | b'>' => {
                let len = length(text)?;
                if len < 0 {
                    return Ok(Some(Value::NullArray));
                }
                let Some(items) = self.items(len as usize, depth)? else {
                    return Ok(None);
                };
                match kind {
                    b'*' => Value::Array(items),
                    b'~' => Value::Set(items),
                    _ => Value::Push(items),
                }
            }
            b'%' => {
                let pairs = usize::try_from(length(text)?).map_err(|_| DecodeError::Malformed)?;
                let count = pairs.checked_mul(2).ok_or(DecodeError::Malformed)?;
                let Some(items) = self.items(count, depth)? else {
                    return Ok(None);
                };
                let mut items = items.into_iter();
                let mut map = Vec::with_capacity(pairs);
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    map.push((key, value));
                }
                Value::Map(map)
            }
            other => return Err(DecodeError::UnknownType(other)),
        }))
    }

    fn items(&mut self, count: usize, depth: usize) -> Result<Option<Vec<Value>>, DecodeError> {
        let mut items = Vec::new();
        for _ in 0..count {
            match self.value(depth + 1)? {
                Some(value) => items.push(value),
                None => return Ok(None),
            }
        }
        Ok(Some(items))
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
