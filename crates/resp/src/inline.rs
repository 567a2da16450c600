//! Splitting a line into arguments: the rules of inline commands and of `redis-cli`'s prompt.
//!
//! Arguments are separated by white space. Double quotes allow `\n`, `\r`, `\t`, `\b`, `\a`,
//! `\xHH` and an escaped quote or backslash; single quotes allow `\'` alone. A closing quote must
//! be followed by white space or the end of the line.

/// A quote that is never closed, or one that is closed in the middle of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnbalancedQuotes;

impl std::fmt::Display for UnbalancedQuotes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unbalanced quotes in request")
    }
}

impl std::error::Error for UnbalancedQuotes {}

/// Splits `line` into arguments.
///
/// # Errors
/// [`UnbalancedQuotes`] where a quote is not closed or is followed by more of the same word.
///
/// ```
/// use keyspace_resp::split_args;
/// assert_eq!(split_args(br#"SET k "a\x41\n" 'b c'"#).unwrap(), [&b"SET"[..], b"k", b"aA\n", b"b c"]);
/// assert!(split_args(b"SET k \"open").is_err());
/// ```
pub fn split_args(line: &[u8]) -> Result<Vec<Vec<u8>>, UnbalancedQuotes> {
    let mut rest = line;
    let mut args = Vec::new();
    loop {
        while let [b' ' | b'\t'..=b'\r', tail @ ..] = rest {
            rest = tail;
        }
        if rest.is_empty() || rest[0] == 0 {
            return Ok(args);
        }
        let mut arg = Vec::new();
        rest = read_arg(rest, &mut arg)?;
        args.push(arg);
    }
}

/// Reads one argument from the start of `rest` into `arg` and returns what follows it.
fn read_arg<'a>(mut rest: &'a [u8], arg: &mut Vec<u8>) -> Result<&'a [u8], UnbalancedQuotes> {
    while let Some((&byte, tail)) = rest.split_first() {
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' | 0 => return Ok(rest),
            b'"' => return closed(read_double_quoted(tail, arg)?),
            b'\'' => return closed(read_single_quoted(tail, arg)?),
            _ => arg.push(byte),
        }
        rest = tail;
    }
    Ok(rest)
}

/// Checks that a closing quote ends its word.
fn closed(rest: &[u8]) -> Result<&[u8], UnbalancedQuotes> {
    match rest.first() {
        Some(byte) if !byte.is_ascii_whitespace() && *byte != 0x0b => Err(UnbalancedQuotes),
        _ => Ok(rest),
    }
}

fn read_double_quoted<'a>(
    mut rest: &'a [u8],
    arg: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        match rest {
            [b'"', tail @ ..] => return Ok(tail),
            [b'\\', b'x', high, low, tail @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                arg.push(hex_digit(*high) << 4 | hex_digit(*low));
                rest = tail;
            }
            [b'\\', escaped, tail @ ..] => {
                arg.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                rest = tail;
            }
            [byte, tail @ ..] => {
                arg.push(*byte);
                rest = tail;
            }
            [] => return Err(UnbalancedQuotes),
        }
    }
}

fn read_single_quoted<'a>(
    mut rest: &'a [u8],
    arg: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        match rest {
            [b'\'', tail @ ..] => return Ok(tail),
            [b'\\', b'\'', tail @ ..] => {
                arg.push(b'\'');
                rest = tail;
            }
            [byte, tail @ ..] => {
                arg.push(*byte);
                rest = tail;
            }
            [] => return Err(UnbalancedQuotes),
        }
    }
}

/// The value of an ASCII hexadecimal digit.
fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::{UnbalancedQuotes, split_args};

    fn split(line: &str) -> Result<Vec<String>, UnbalancedQuotes> {
        let args = split_args(line.as_bytes())?;
        Ok(args.iter().map(|arg| arg.escape_ascii().to_string()).collect())
    }

    #[test]
    fn words_are_separated_by_any_white_space() {
        assert_eq!(split("  a\tb  c ").as_deref(), Ok(&["a", "b", "c"].map(String::from)[..]));
        assert_eq!(split("   "), Ok(vec![]));
        // A vertical tab and a form feed are passed over ahead of a word, but do not end one.
        assert_eq!(split(" \x0b\x0ca\x0bb").as_deref(), Ok(&["a\\x0bb".to_owned()][..]));
    }

    #[test]
    fn quotes_group_and_escape() {
        assert_eq!(
            split(r#""a b" 'c "d' """#),
            Ok(["a b", "c \\\"d", ""].map(String::from).into())
        );
        assert_eq!(split(r#""\xff\x0g""#), Ok(vec!["\\xffx0g".into()]));
        assert_eq!(split(r"'it\'s'"), Ok(vec!["it\\'s".into()]));
    }

    #[test]
    fn a_quote_must_be_closed_and_end_its_word() {
        assert_eq!(split("\"a"), Err(UnbalancedQuotes));
        assert_eq!(split("'a"), Err(UnbalancedQuotes));
        assert_eq!(split("\"a\"b"), Err(UnbalancedQuotes));
        assert_eq!(split("'a'b"), Err(UnbalancedQuotes));
        assert_eq!(split("\"a\\"), Err(UnbalancedQuotes));
    }
}
