//! The keys that a selector reaches, and what it may do with them.

use super::{RuleError, breaks_words};
use crate::args::Args;
use crate::command::{CommandSpec, KeyFlag, keys};
use crate::glob::glob_match;
use crate::value::SmallBytes;

/// Patterns of keys; one that matches and permits all that a command does with a key is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct KeyPatterns {
    all: bool,
    patterns: Vec<KeyPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyPattern {
    pattern: SmallBytes,
    access: Access,
}

/// What may be done with a key, or what is done: its value read, the key or its value changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Access {
    read: bool,
    write: bool,
}

impl Access {
    /// What a command does; nothing where it asks for no more than whether there is such a key.
    fn of(flags: &[KeyFlag]) -> Access {
        let writes =
            |flag: &KeyFlag| matches!(flag, KeyFlag::Insert | KeyFlag::Update | KeyFlag::Delete);
        Access { read: flags.contains(&KeyFlag::Access), write: flags.iter().any(writes) }
    }

    fn includes(self, needed: Access) -> bool {
        (self.read || !needed.read) && (self.write || !needed.write)
    }
}

impl KeyPatterns {
    pub fn all() -> KeyPatterns {
        KeyPatterns { all: true, patterns: Vec::new() }
    }

    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Whether every key there is and will be can be read.
    pub fn reads_all(&self) -> bool {
        let reads_all = |key: &KeyPattern| key.access.read && &*key.pattern == b"*";
        self.all || self.patterns.iter().any(reads_all)
    }

    /// Adds the pattern of a rule `~pattern`, `%R~pattern`, `%W~pattern` or `%RW~pattern`.
    pub fn add(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        if self.all {
            return Err(RuleError::PatternAfterAllKeys);
        }
        let (access, pattern) = parse(rule).ok_or(RuleError::Syntax)?;
        match self.patterns.iter_mut().find(|key| &*key.pattern == pattern) {
            Some(key) => {
                key.access.read |= access.read;
                key.access.write |= access.write;
            }
            None => self.patterns.push(KeyPattern { pattern: pattern.into(), access }),
        }
        Ok(())
    }

    /// The first argument that names a key with which the command does what it may not.
    pub fn first_denied(&self, spec: &CommandSpec, args: &Args<'_>) -> Option<usize> {
        if self.all || spec.keys.is_empty() {
            return None;
        }
        // A call whose keys cannot be told apart from its other arguments fails by itself.
        let found = keys::keys_of(spec, args)?;
        found.iter().find(|key| !self.permit(args[key.index], key.flags)).map(|key| key.index)
    }

    fn permit(&self, key: &[u8], flags: &[KeyFlag]) -> bool {
        let needed = Access::of(flags);
        self.patterns
            .iter()
            .any(|known| known.access.includes(needed) && glob_match(&known.pattern, key, false))
    }

    /// The rules that make these patterns.
    pub fn describe(&self) -> Vec<Vec<u8>> {
        if self.all {
            return vec![b"~*".to_vec()];
        }
        let describe = |key: &KeyPattern| {
            let prefix: &[u8] = match key.access {
                Access { read: true, write: false } => b"%R~",
                Access { read: false, write: true } => b"%W~",
                _ => b"~",
            };
            [prefix, &key.pattern].concat()
        };
        self.patterns.iter().map(describe).collect()
    }
}

/// The access and the pattern of a rule.
fn parse(rule: &[u8]) -> Option<(Access, &[u8])> {
    let tilde = rule.iter().position(|&byte| byte == b'~')?;
    let (prefix, pattern) = (&rule[..tilde], &rule[tilde + 1..]);
    let access = match &*prefix.to_ascii_uppercase() {
        b"" | b"%RW" | b"%WR" => Access { read: true, write: true },
        b"%R" => Access { read: true, write: false },
        b"%W" => Access { read: false, write: true },
        _ => return None,
    };
    (!breaks_words(pattern)).then_some((access, pattern))
}
