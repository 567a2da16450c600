//! Completion and hints, from the engine's command table.

use super::highlight::words;
use crate::backend::CommandDoc;

/// The command table as the engine sent it, sorted by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Commands {
    docs: Vec<CommandDoc>,
}

impl Commands {
    pub fn new(mut docs: Vec<CommandDoc>) -> Commands {
        docs.sort_by(|a, b| a.name.cmp(&b.name));
        Commands { docs }
    }

    pub fn is_empty(&self) -> bool {
        self.docs.is_empty()
    }

    /// The command of that name, in any case; a subcommand behind its container.
    pub fn get(&self, name: &str) -> Option<&CommandDoc> {
        let name = name.to_ascii_lowercase();
        let at = self.docs.binary_search_by(|doc| doc.name.as_str().cmp(&name)).ok()?;
        Some(&self.docs[at])
    }

    /// The commands of a group, in any case.
    pub fn group(&self, group: &str) -> Vec<&CommandDoc> {
        self.docs.iter().filter(|doc| doc.group.eq_ignore_ascii_case(group)).collect()
    }

    /// The groups that have commands.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.docs.iter().map(|doc| doc.group.as_str()).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The command that a line calls and how many of its words name it.
    fn called(&self, line: &str, words: &[std::ops::Range<usize>]) -> Option<(&CommandDoc, usize)> {
        let name = &line[words.first()?.clone()];
        let sub = words.get(1).map(|word| format!("{name} {}", &line[word.clone()]));
        match sub.and_then(|name| self.get(&name)) {
            Some(doc) => Some((doc, 2)),
            None => self.get(name).map(|doc| (doc, 1)),
        }
    }

    /// Which words of the line are keys.
    pub fn keys(&self, line: &str) -> impl Fn(usize) -> bool + use<> {
        let words = words(line);
        let keys = self.called(line, &words).map(|(doc, _)| doc.keys.clone()).unwrap_or_default();
        let count = words.len() as i32;
        move |index| {
            let index = index as i32;
            keys.iter().any(|&(first, last, step)| {
                let last = if last < 0 { count + last } else { last };
                (first..=last).contains(&index) && (index - first) % step.max(1) == 0
            })
        }
    }

    /// The word at the end of the line, and where it begins, if it may be a key.
    pub fn unfinished_key<'a>(&self, line: &'a str) -> Option<(usize, &'a str)> {
        let words = words(line);
        let keys = &self.called(line, &words)?.0.keys;
        let (index, start) = match words.last() {
            Some(word) if word.end == line.len() => (words.len() - 1, word.start),
            _ => (words.len(), line.len()),
        };
        let index = index as i32;
        let is_key = keys.iter().any(|&(first, last, step)| {
            let in_reach = index >= first && (last < 0 || index <= last);
            in_reach && (index - first) % step.max(1) == 0
        });
        is_key.then(|| (start, &line[start..]))
    }

    /// What the line may become: names that begin with its last word, in the case that is typed.
    pub fn candidates(&self, line: &str) -> Vec<String> {
        let start = line.len() - line.trim_start().len();
        let typed = &line[start..];
        let (before, typed) = match typed.split_once(' ') {
            Some((word, rest)) if word.eq_ignore_ascii_case("help") => {
                (&line[..start + word.len() + 1], rest)
            }
            _ => (&line[..start], typed),
        };
        if typed.is_empty() {
            return Vec::new();
        }
        let lower = typed.to_ascii_lowercase();
        let depth = lower.matches(' ').count();
        let upper = !typed.bytes().any(|byte| byte.is_ascii_lowercase());
        let names = self.docs.iter().map(|doc| doc.name.as_str());
        let names = names.filter(|name| name.starts_with(&lower));
        let names = names.filter(|name| name.matches(' ').count() == depth);
        names
            .map(|name| {
                let name = if upper { name.to_ascii_uppercase() } else { name.to_owned() };
                format!("{before}{name}")
            })
            .collect()
    }

    /// What is still to be typed, by the command's syntax.
    pub fn hint(&self, line: &str) -> Option<String> {
        let words = words(line);
        let (doc, named) = self.called(line, &words)?;
        let finished = line.ends_with(' ');
        if !finished
            && words.len() <= named
            && !words.is_empty()
            && named == 1
            && self.has_subcommands(doc)
        {
            return None;
        }
        let parts = syntax_parts(&doc.syntax);
        let given = words.len() - named;
        let mut rest = parts.get(named..).unwrap_or_default();
        for _ in 0..given {
            match rest {
                // What may be repeated stays as long as arguments come.
                [last] if last.contains("...") => {}
                [_, tail @ ..] => rest = tail,
                [] => return None,
            }
        }
        if rest.is_empty() {
            return None;
        }
        let gap = if finished { "" } else { " " };
        Some(format!("{gap}{}", rest.join(" ")))
    }

    fn has_subcommands(&self, doc: &CommandDoc) -> bool {
        let prefix = format!("{} ", doc.name);
        self.docs.iter().any(|other| other.name.starts_with(&prefix))
    }
}

/// The longest beginning that all have.
pub fn common_prefix(candidates: &[String]) -> &str {
    let Some((first, rest)) = candidates.split_first() else {
        return "";
    };
    let common = rest.iter().fold(first.len(), |len, other| {
        first.bytes().zip(other.bytes()).take(len).take_while(|(a, b)| a == b).count()
    });
    first.get(..common).unwrap_or("")
}

/// Cuts a syntax at the spaces that are in no brackets.
fn syntax_parts(syntax: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (at, byte) in syntax.bytes().enumerate() {
        match byte {
            b'[' | b'<' => depth += 1,
            b']' | b'>' => depth -= 1,
            b' ' if depth == 0 => {
                parts.push(&syntax[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&syntax[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::{Commands, common_prefix};
    use crate::backend::CommandDoc;

    fn commands() -> Commands {
        let doc = |name: &str, syntax: &str, keys: Option<_>| CommandDoc {
            name: name.to_owned(),
            syntax: syntax.to_owned(),
            keys: Vec::from_iter(keys),
            ..CommandDoc::default()
        };
        Commands::new(vec![
            doc("set", "SET key value [NX | XX] [EX seconds | PX milliseconds]", Some((1, 1, 1))),
            doc("setnx", "SETNX key value", Some((1, 1, 1))),
            doc("del", "DEL key [key ...]", Some((1, -1, 1))),
            doc("client", "CLIENT", None),
            doc("client list", "CLIENT LIST [ID client-id ...]", None),
            doc("brpop", "BRPOP key [key ...] timeout", Some((1, -2, 1))),
        ])
    }

    #[test]
    fn names_complete_in_the_case_that_is_typed() {
        assert_eq!(commands().candidates("se"), ["set", "setnx"]);
        assert_eq!(commands().candidates("SETN"), ["SETNX"]);
        assert_eq!(commands().candidates("client l"), ["client list"]);
        assert_eq!(commands().candidates("help cl"), ["help client"]);
        assert_eq!(commands().candidates("set k"), [""; 0]);
        assert_eq!(common_prefix(&commands().candidates("s")), "set");
    }

    #[test]
    fn hints_say_what_is_missing() {
        let hint = |line| commands().hint(line);
        let rest = "[NX | XX] [EX seconds | PX milliseconds]";
        assert_eq!(hint("SET").as_deref(), Some(&*format!(" key value {rest}")));
        assert_eq!(hint("set k ").as_deref(), Some(&*format!("value {rest}")));
        assert_eq!(hint("set k v NX EX 1"), None);
        assert_eq!(hint("DEL a b").as_deref(), Some(" [key ...]"));
        assert_eq!(hint("CLIENT LIST").as_deref(), Some(" [ID client-id ...]"));
        assert_eq!(hint("nonsense "), None);
        assert_eq!(hint(""), None);
    }

    #[test]
    fn an_unfinished_word_may_be_a_key() {
        let key = |line| commands().unfinished_key(line);
        assert_eq!(key("DEL a us"), Some((6, "us")));
        assert_eq!(key("SET "), Some((4, "")));
        assert_eq!(key("SET k v"), None);
        assert_eq!(key("SE"), None);
    }

    #[test]
    fn keys_are_where_the_table_says() {
        for (line, expected) in
            [("BRPOP a b 0", vec![1, 2]), ("SET k v", vec![1]), ("help set", vec![])]
        {
            let is_key = commands().keys(line);
            let found: Vec<usize> = (0..5).filter(|&index| is_key(index)).collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
