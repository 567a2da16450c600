//! Python's `fnmatch`: names of tasks in routes, names of workers in remote control.

/// Whether a name matches a pattern: `*` is any text, `?` a character, `[a-z]` one of some, `[!a]`
/// one of all others.
pub(crate) fn fnmatch(name: &str, pattern: &str) -> bool {
    let (name, pattern): (Vec<char>, Vec<char>) =
        (name.chars().collect(), pattern.chars().collect());
    // The place behind the latest `*`, and how much of the name that one has taken.
    let mut star = None;
    let (mut at, mut in_pattern) = (0, 0);
    loop {
        if pattern.get(in_pattern) == Some(&'*') {
            in_pattern += 1;
            star = Some((in_pattern, at));
            continue;
        }
        let next = match (name.get(at), pattern.get(in_pattern)) {
            (None, None) => return true,
            (Some(char), Some(_)) => one(*char, &pattern[in_pattern..]),
            _ => None,
        };
        match (next, &mut star) {
            (Some(length), _) => {
                at += 1;
                in_pattern += length;
            }
            (None, Some((behind, taken))) if *taken < name.len() => {
                *taken += 1;
                (at, in_pattern) = (*taken, *behind);
            }
            (None, _) => return false,
        }
    }
}

/// How much of a pattern stands for this character; `None` where none of it does.
fn one(char: char, pattern: &[char]) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', rest @ ..] => {
            let is_inverted = rest.first() == Some(&'!');
            let begin = usize::from(is_inverted);
            // A bracket that comes first is one of the characters.
            let end = rest.iter().skip(begin + 1).position(|char| *char == ']');
            let Some(end) = end.map(|end| begin + 1 + end) else {
                return (char == '[').then_some(1);
            };
            (is_in(char, &rest[begin..end]) != is_inverted).then_some(end + 2)
        }
        [same, ..] => (*same == char).then_some(1),
        [] => None,
    }
}

fn is_in(char: char, set: &[char]) -> bool {
    match set {
        [first, '-', last, rest @ ..] => (*first..=*last).contains(&char) || is_in(char, rest),
        [first, rest @ ..] => *first == char || is_in(char, rest),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::fnmatch;

    #[test]
    fn patterns_match_as_python_matches_them() {
        let cases = [
            ("app.mail.send", "app.mail.*", true),
            ("app.mail.send", "*.send", true),
            ("app.mail.send", "app.*.se*d", true),
            ("app.mail", "app.mail.*", false),
            ("app.add", "app.add", true),
            ("app.add", "app.ad", false),
            ("w1@host", "w?@host", true),
            ("w12@host", "w?@host", false),
            ("w1@host", "w[1-3]@*", true),
            ("w4@host", "w[1-3]@*", false),
            ("w4@host", "w[!1-3]@*", true),
            ("w]@host", "w[]]@*", true),
            ("w[", "w[", true),
            ("", "*", true),
            ("", "?", false),
            ("", "", true),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*c", false),
        ];
        for (name, pattern, expected) in cases {
            assert_eq!(fnmatch(name, pattern), expected, "{name} {pattern}");
        }
    }
}
