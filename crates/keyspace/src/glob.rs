//! Glob-style patterns, as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET take them.
//!
//! `*` is any run of bytes, `?` one byte, `[abc]`, `[a-z]` and `[^abc]` one byte of a class, `\x`
//! the byte `x`. Nothing but an empty pattern matches an empty text, as in Redis, whose commands take
//! `*` alone for no pattern at all where that matters. Matching takes time in proportion to pattern times text at most: after a failure
//! only the last `*` is tried again, so no pattern is exponential.

/// Whether all of `text` matches `pattern`; ASCII case can be ignored.
pub(crate) fn glob_match(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let mut at = 0;
    let mut rest = pattern;
    // Where to go on when what follows the last star does not match: one byte further.
    let mut retry: Option<(&[u8], usize)> = None;
    loop {
        if let [b'*', tail @ ..] = rest {
            rest = tail;
            retry = Some((tail, at));
            if rest.is_empty() {
                return true;
            }
            continue;
        }
        let step = match (text.get(at), rest.is_empty()) {
            (None, true) => return true,
            (Some(&byte), false) => match_one(rest, byte, ignore_case),
            _ => None,
        };
        match (step, retry) {
            (Some(tail), _) => {
                rest = tail;
                at += 1;
            }
            (None, Some((tail, from))) if from < text.len() => {
                rest = tail;
                at = from + 1;
                retry = Some((tail, at));
            }
            (None, _) => return false,
        }
    }
}

/// Matches one byte against the first element of `pattern`, which is no `*`, and returns what
/// follows the element.
fn match_one(pattern: &[u8], byte: u8, ignore_case: bool) -> Option<&[u8]> {
    let fold = |byte: u8| {
        if ignore_case { byte.to_ascii_lowercase() } else { byte }
    };
    let (matches, tail) = match pattern {
        [b'?', tail @ ..] => (true, tail),
        [b'[', tail @ ..] => match_class(tail, fold(byte), fold),
        [b'\\', escaped, tail @ ..] => (fold(*escaped) == fold(byte), tail),
        [literal, tail @ ..] => (fold(*literal) == fold(byte), tail),
        [] => return None,
    };
    matches.then_some(tail)
}

/// Matches `byte` against a class whose opening bracket is passed; a class that is never closed
/// ends with the pattern.
fn match_class(pattern: &[u8], byte: u8, fold: impl Fn(u8) -> u8) -> (bool, &[u8]) {
    let (negated, mut rest) = match pattern {
        [b'^', tail @ ..] => (true, tail),
        _ => (false, pattern),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [] => return (found != negated, rest),
            [b']', tail @ ..] => return (found != negated, tail),
            [b'\\', escaped, tail @ ..] => {
                found |= fold(*escaped) == byte;
                tail
            }
            [from, b'-', to, tail @ ..] => {
                let (from, to) = (fold(*from), fold(*to));
                found |= (from.min(to)..=from.max(to)).contains(&byte);
                tail
            }
            [literal, tail @ ..] => {
                found |= fold(*literal) == byte;
                tail
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::glob_match;

    #[test]
    fn patterns_match_as_in_redis() {
        for (pattern, text, matches) in [
            ("*", "", false),
            ("", "", true),
            ("", "a", false),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeello", true),
            ("h[ae]llo", "hallo", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hello", false),
            ("h[a-c]llo", "hbllo", true),
            ("h[c-a]llo", "hbllo", true),
            ("a\\*c", "a*c", true),
            ("a\\*c", "abc", false),
            ("[\\]]", "]", true),
            ("a[b", "ab", true),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*a*b*c", "xxaxxbxx", false),
            ("a**", "a", true),
            ("*?", "", false),
        ] {
            assert_eq!(
                glob_match(pattern.as_bytes(), text.as_bytes(), false),
                matches,
                "{pattern} {text}"
            );
        }
        assert!(glob_match(b"HELLO-[A-C]", b"hello-b", true));
    }

    #[test]
    fn no_pattern_is_exponential() {
        let pattern = "a*".repeat(50) + "b";
        assert!(!glob_match(pattern.as_bytes(), "a".repeat(5000).as_bytes(), false));
    }
}
