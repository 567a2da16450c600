//! A user: how it logs in, and its selectors.

use super::channels::ChannelPatterns;
use super::password::PasswordHash;
use super::selector::Selector;
use super::{Denied, RuleError};
use crate::args::Args;
use crate::command::Command;
use crate::value::SmallBytes;

/// A user of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub name: SmallBytes,
    enabled: bool,
    nopass: bool,
    skip_sanitize_payload: bool,
    passwords: Vec<PasswordHash>,
    /// What rules outside of parentheses change.
    root: Selector,
    selectors: Vec<Selector>,
}

/// Why a user could not be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SetUserError {
    /// A selector that starts with this rule has no end.
    Unmatched(Vec<u8>),
    /// A rule, and what is wrong with it.
    Rule(Vec<u8>, RuleError),
}

impl User {
    /// A user who cannot log in yet and may do nothing but, where it is the default, reach all
    /// channels.
    pub fn new(name: &[u8], all_channels: bool) -> User {
        User {
            name: name.into(),
            enabled: false,
            nopass: false,
            skip_sanitize_payload: false,
            passwords: Vec::new(),
            root: Selector::new(all_channels),
            selectors: Vec::new(),
        }
    }

    /// A user who may do everything, without a password.
    pub(super) fn unrestricted(name: &[u8]) -> User {
        User {
            enabled: true,
            nopass: true,
            root: Selector::unrestricted(),
            ..User::new(name, true)
        }
    }

    /// Changes what the rules of ACL SETUSER say, one after the other. Where one is refused, some
    /// have been applied: the user is to be thrown away.
    pub fn apply_all(&mut self, rules: &Args<'_>, all_channels: bool) -> Result<(), SetUserError> {
        for rule in join_selectors(rules)? {
            self.apply(&rule, all_channels).map_err(|error| SetUserError::Rule(rule, error))?;
        }
        Ok(())
    }

    fn apply(&mut self, rule: &[u8], all_channels: bool) -> Result<(), RuleError> {
        match &*rule.to_ascii_lowercase() {
            b"" => {}
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"nopass" => self.set_password(b""),
            b"resetpass" => self.reset_passwords(),
            b"skip-sanitize-payload" => self.skip_sanitize_payload = true,
            b"sanitize-payload" => self.skip_sanitize_payload = false,
            b"clearselectors" => self.selectors.clear(),
            b"reset" => *self = User::new(&self.name, all_channels),
            [b'>', ..] => self.add_password(PasswordHash::of(&rule[1..])),
            [b'#', ..] => self.add_password(PasswordHash::parse(&rule[1..])?),
            [b'<', ..] => self.remove_password(&PasswordHash::of(&rule[1..]))?,
            [b'!', ..] => self.remove_password(&PasswordHash::parse(&rule[1..])?)?,
            [b'(', .., b')'] => {
                let inside = &rule[1..rule.len() - 1];
                self.selectors.push(Selector::parse(inside, all_channels)?);
            }
            _ => self.root.apply(rule)?,
        }
        Ok(())
    }

    /// Takes this password alone, or any where it is empty.
    pub(super) fn set_password(&mut self, password: &[u8]) {
        self.reset_passwords();
        if password.is_empty() {
            self.nopass = true;
        } else {
            self.add_password(PasswordHash::of(password));
        }
    }

    fn reset_passwords(&mut self) {
        self.nopass = false;
        self.passwords.clear();
    }

    fn add_password(&mut self, hash: PasswordHash) {
        self.nopass = false;
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove_password(&mut self, hash: &PasswordHash) -> Result<(), RuleError> {
        let at = self.passwords.iter().position(|known| known == hash);
        self.passwords.remove(at.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }

    /// Whether any password will do.
    pub fn is_nopass(&self) -> bool {
        self.nopass
    }

    /// Whether a client is this user without logging in.
    pub fn needs_no_login(&self) -> bool {
        self.enabled && self.nopass
    }

    /// Whether it may log in with this password.
    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        self.enabled && (self.nopass || self.passwords.contains(&PasswordHash::of(password)))
    }

    /// Whether its calls need no check.
    pub fn is_unrestricted(&self) -> bool {
        self.root.is_unrestricted()
    }

    /// Whether a call is permitted; if not, the greatest denial of its selectors.
    pub fn check(&self, command: &Command, args: &Args<'_>) -> Result<(), Denied> {
        let mut greatest = Denied::Command;
        for selector in self.all_selectors() {
            match selector.check(command, args) {
                Ok(()) => return Ok(()),
                Err(denied) => greatest = greatest.max(denied),
            }
        }
        Err(greatest)
    }

    /// Whether a selector that permits this call may read every key.
    pub fn may_read_all_keys(&self, command: &Command, args: &Args<'_>) -> bool {
        let reads_all = |selector: &Selector| {
            selector.reads_all_keys() && selector.check(command, args).is_ok()
        };
        self.all_selectors().any(reads_all)
    }

    /// Whether it may listen to a channel.
    pub fn may_subscribe(&self, channel: &[u8]) -> bool {
        self.all_selectors().any(|selector| selector.channels().permit(channel))
    }

    /// Whether it may listen to a pattern.
    pub fn may_subscribe_pattern(&self, pattern: &[u8]) -> bool {
        self.all_selectors().any(|selector| selector.channels().permit_pattern(pattern))
    }

    /// Whether clients that listened as `old` may listen to less as this: not where it reaches
    /// all channels, nor where the old one reached none.
    pub fn may_lose_channels_of(&self, old: &User) -> bool {
        let mut now = self.all_selectors().map(Selector::channels);
        let mut before = old.all_selectors().map(Selector::channels);
        !now.any(ChannelPatterns::is_all) && before.any(|channels| !channels.is_none())
    }

    fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// The selector that rules outside of parentheses change.
    pub fn root(&self) -> &Selector {
        &self.root
    }

    /// The selectors in parentheses.
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// How it logs in, as GETUSER and LIST name it.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.enabled { "on" } else { "off" }];
        if self.nopass {
            flags.push("nopass");
        }
        let skips = self.skip_sanitize_payload;
        flags.push(if skips { "skip-sanitize-payload" } else { "sanitize-payload" });
        flags
    }

    /// The SHA-256 of its passwords in hexadecimal digits.
    pub fn password_hashes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.passwords.iter().map(PasswordHash::digits)
    }

    /// Its line in ACL LIST.
    pub fn describe(&self) -> Vec<u8> {
        let mut words = vec![b"user".to_vec(), self.name.to_vec()];
        words.extend(self.flags().iter().map(|flag| flag.as_bytes().to_vec()));
        words.extend(self.password_hashes().map(|digits| format!("#{digits}").into_bytes()));
        words.push(self.root.describe());
        let selectors = self.selectors.iter();
        words.extend(selectors.map(|selector| [b"(", &*selector.describe(), b")"].concat()));
        words.join(&b' ')
    }
}

/// The rules with every selector that is spread over several arguments in one.
fn join_selectors(rules: &Args<'_>) -> Result<Vec<Vec<u8>>, SetUserError> {
    let mut joined = Vec::new();
    // Where the open selector starts, and what it holds so far.
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for &rule in rules {
        match &mut open {
            Some((_, text)) => {
                text.push(b' ');
                text.extend_from_slice(rule);
                if rule.ends_with(b")") {
                    joined.extend(open.take().map(|(_, text)| text));
                }
            }
            None if rule.starts_with(b"(") && !rule.ends_with(b")") => {
                open = Some((rule, rule.to_vec()));
            }
            None => joined.push(rule.to_vec()),
        }
    }
    match open {
        None => Ok(joined),
        Some((start, _)) => Err(SetUserError::Unmatched(start.to_vec())),
    }
}
