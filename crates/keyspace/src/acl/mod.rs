//! Access control: who may do what, and what was denied.
//!
//! Plain data that knows of no clients: whoever asks names the user. A user may do what its root
//! selector or any of its other selectors permits as a whole. The user `default`, as whom every
//! client connects, is always there.

mod channels;
mod commands;
mod keys;
pub(crate) mod log;
mod password;
mod selector;
#[cfg(test)]
mod tests;
mod user;

use crate::command::CommandSpec;
use crate::sorted::SortedMap;
use crate::value::SmallBytes;
use log::Log;
pub(crate) use selector::Selector;
use std::fmt::{self, Display};
pub(crate) use user::{SetUserError, User};

/// The name of the user that is always there.
pub(crate) const DEFAULT_USER: &[u8] = b"default";

/// Which user a client is; it holds until the user is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct UserId(usize);

/// The users, and the log of what they were denied.
#[derive(Debug, Clone)]
pub(crate) struct Acl {
    /// By id, the default user first. The place of a deleted user is free for a new one.
    users: Vec<Option<User>>,
    ids: SortedMap<SmallBytes, UserId>,
    pub log: Log,
}

impl Default for Acl {
    /// The default user alone, who may do everything without a password.
    fn default() -> Self {
        let mut acl = Acl { users: Vec::new(), ids: SortedMap::default(), log: Log::default() };
        acl.insert(User::unrestricted(DEFAULT_USER));
        acl
    }
}

impl Acl {
    /// The user of that id, who is there.
    pub fn user(&self, id: UserId) -> &User {
        self.users[id.0].as_ref().expect("clients of a deleted user become the default user")
    }

    /// The user as whom clients connect.
    pub fn default_user(&self) -> &User {
        self.user(UserId::default())
    }

    pub fn find(&self, name: &[u8]) -> Option<UserId> {
        self.ids.get(name).copied()
    }

    /// All users, by name.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &User> {
        self.ids.values().map(|&id| self.user(id))
    }

    /// Who may log in by this name and password.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<UserId> {
        self.find(name).filter(|&id| self.user(id).accepts(password))
    }

    /// Adds a user, or replaces the one of that name, whose id stays.
    pub fn insert(&mut self, user: User) {
        let id = self.find(&user.name).unwrap_or_else(|| {
            let free = self.users.iter().position(Option::is_none);
            UserId(free.unwrap_or(self.users.len()))
        });
        self.ids.insert(user.name.clone(), id);
        if id.0 == self.users.len() {
            self.users.push(None);
        }
        self.users[id.0] = Some(user);
    }

    /// Deletes a user, who must not be the default user, and returns the id that it had.
    pub fn remove(&mut self, name: &[u8]) -> Option<UserId> {
        let id = self.ids.remove(name)?;
        self.users[id.0] = None;
        Some(id)
    }

    /// Gives the default user this password alone, or none where it is empty.
    pub fn set_default_password(&mut self, password: &[u8]) {
        let mut user = self.default_user().clone();
        user.set_password(password);
        self.insert(user);
    }
}

/// What a user may not do of a call.
///
/// Where no selector permits a call, the greatest of their denials is told: a selector that knows
/// the command says more than one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Denied {
    /// To run the command.
    Command,
    /// To access the key at this argument.
    Key(usize),
    /// To access the channel at this argument.
    Channel(usize),
}

impl Denied {
    /// What ACL DRYRUN answers: it names the key or channel.
    pub fn explain(self, user: &[u8], spec: &CommandSpec, args: &[&[u8]]) -> String {
        let user = String::from_utf8_lossy(user);
        let arg = |index: usize| String::from_utf8_lossy(args[index]);
        match self {
            Denied::Command => self.command_text(&user, spec.name),
            Denied::Key(index) => {
                format!("User {user} has no permissions to access the '{}' key", arg(index))
            }
            Denied::Channel(index) => {
                format!("User {user} has no permissions to access the '{}' channel", arg(index))
            }
        }
    }

    /// What the error of a call says: it does not repeat the key or channel.
    pub fn text(self, user: &[u8], spec: &CommandSpec) -> String {
        match self {
            Denied::Command => self.command_text(&String::from_utf8_lossy(user), spec.name),
            Denied::Key(_) => "No permissions to access a key".to_owned(),
            Denied::Channel(_) => "No permissions to access a channel".to_owned(),
        }
    }

    fn command_text(self, user: &str, command: &str) -> String {
        format!("User {user} has no permissions to run the '{command}' command")
    }
}

/// Why a rule was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RuleError {
    Syntax,
    Unknown,
    FirstArgOfSubcommand,
    PatternAfterAllKeys,
    PatternAfterAllChannels,
    NoSuchPassword,
    InvalidHash,
}

impl Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RuleError::Syntax => "Syntax error",
            RuleError::Unknown => "Unknown command or category name in ACL",
            RuleError::FirstArgOfSubcommand => {
                "Allowing first-arg of a subcommand is not supported"
            }
            RuleError::PatternAfterAllKeys => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and \
                 does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            RuleError::PatternAfterAllChannels => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid \
                 and does not have any effect. Try 'resetchannels' to start with an empty list of \
                 channels"
            }
            RuleError::NoSuchPassword => {
                "The password you are trying to remove from the user does not exist"
            }
            RuleError::InvalidHash => {
                "The password hash must be exactly 64 characters and contain only lowercase \
                 hexadecimal characters"
            }
        })
    }
}

/// Whether a text could not stand as a word in the lines of ACL LIST.
pub(crate) fn breaks_words(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte == 0 || byte == 0x0b || byte.is_ascii_whitespace())
}
