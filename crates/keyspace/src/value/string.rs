//! String values: integers as integers, everything else as bytes.

use super::SmallBytes;
use std::borrow::Cow;

/// Strings longer than this are stored apart from their header in Redis: encoding `raw`.
const EMBSTR_MAX_BYTES: usize = 44;

/// A string value and what `OBJECT ENCODING` says of it.
#[derive(Debug, Clone)]
pub(crate) enum Str {
    Int(Integer),
    /// Bytes as they were set.
    Bytes(SmallBytes),
    /// Bytes that were changed in place, which Redis keeps `raw` however short they are.
    #[allow(clippy::box_collection, reason = "every other value would be larger by a third")]
    Raw(Box<Vec<u8>>),
}

/// A 64-bit integer that needs no more alignment than the pointers beside it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Integer([u32; 2]);

impl Integer {
    pub fn get(self) -> i64 {
        (u64::from(self.0[0]) << 32 | u64::from(self.0[1])) as i64
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Integer {
        Integer([(value as u64 >> 32) as u32, value as u32])
    }
}

impl std::fmt::Debug for Integer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::Bytes(SmallBytes::default())
    }
}

impl Str {
    /// The value for bytes that a client sent: an integer where they are the canonical decimal
    /// form of one.
    pub fn new(bytes: &[u8]) -> Str {
        match canonical_integer(bytes) {
            Some(value) => Str::integer(value),
            None => Str::Bytes(bytes.into()),
        }
    }

    pub fn integer(value: i64) -> Str {
        Str::Int(value.into())
    }

    /// A value of bytes that a command made in place.
    pub fn raw(bytes: Vec<u8>) -> Str {
        Str::Raw(Box::new(bytes))
    }

    pub fn encoding(&self) -> &'static str {
        match self {
            Str::Int(_) => "int",
            Str::Bytes(bytes) if bytes.len() <= EMBSTR_MAX_BYTES => "embstr",
            Str::Bytes(_) | Str::Raw(_) => "raw",
        }
    }

    /// The bytes, as `GET` answers them.
    pub fn as_bytes(&self) -> Cow<'_, [u8]> {
        match self {
            Str::Int(value) => Cow::Owned(value.get().to_string().into_bytes()),
            Str::Bytes(bytes) => Cow::Borrowed(bytes),
            Str::Raw(bytes) => Cow::Borrowed(bytes),
        }
    }

    /// The integer, where the bytes are the canonical decimal form of one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Str::Int(value) => Some(value.get()),
            Str::Bytes(bytes) => canonical_integer(bytes),
            Str::Raw(bytes) => canonical_integer(bytes),
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Str::Int(value) => decimal_digits(value.get()),
            Str::Bytes(bytes) => bytes.len(),
            Str::Raw(bytes) => bytes.len(),
        }
    }

    /// The bytes, to be changed in place; the value is `raw` from then on.
    pub fn make_raw(&mut self) -> &mut Vec<u8> {
        if !matches!(self, Str::Raw(_)) {
            *self = Str::raw(self.as_bytes().into_owned());
        }
        match self {
            Str::Raw(bytes) => bytes,
            Str::Int(_) | Str::Bytes(_) => unreachable!("it was made raw on the line above"),
        }
    }
}

/// How many bytes an integer has in decimal form.
pub(crate) fn decimal_digits(value: i64) -> usize {
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    digits + usize::from(value < 0)
}

/// The integer whose canonical decimal form `bytes` is: no plus, no leading zero, no `-0`.
pub(crate) fn canonical_integer(bytes: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match bytes {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !is_negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    // Nineteen digits fit into 64 bits without a sign.
    let magnitude = digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    })?;
    match is_negative {
        true => 0_i64.checked_sub_unsigned(magnitude),
        false => i64::try_from(magnitude).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_of_an_integer_is_one() {
        for (text, value) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("00", None),
            ("-0", None),
            ("+1", None),
            ("1 ", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(canonical_integer(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn a_string_changed_in_place_stays_raw() {
        let mut value = Str::new(b"12");
        assert_eq!(value.encoding(), "int");
        value.make_raw().extend_from_slice(b"3");
        assert_eq!((value.encoding(), &*value.as_bytes()), ("raw", &b"123"[..]));
    }
}
