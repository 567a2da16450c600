//! A selector: commands, keys and channels that go together.

use super::channels::ChannelPatterns;
use super::commands::AllowedCommands;
use super::keys::KeyPatterns;
use super::{Denied, RuleError};
use crate::args::Args;
use crate::command::Command;
use keyspace_resp::split_args;

/// What a user may do, or a part of it: a call is permitted where one selector permits all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Selector {
    commands: AllowedCommands,
    keys: KeyPatterns,
    channels: ChannelPatterns,
}

impl Selector {
    /// Nothing but, where it is the default, all channels.
    pub(super) fn new(all_channels: bool) -> Selector {
        Selector {
            commands: AllowedCommands::none(),
            keys: KeyPatterns::default(),
            channels: ChannelPatterns::from_default(all_channels),
        }
    }

    /// Everything.
    pub(super) fn unrestricted() -> Selector {
        Selector {
            commands: AllowedCommands::all(),
            keys: KeyPatterns::all(),
            channels: ChannelPatterns::all(),
        }
    }

    /// Reads a selector between its parentheses. White space and quotes are those of a command
    /// line; where a quote is left open, nothing is read.
    pub(super) fn parse(text: &[u8], all_channels: bool) -> Result<Selector, RuleError> {
        let mut selector = Selector::new(all_channels);
        for rule in split_args(text).unwrap_or_default() {
            selector.apply(&rule)?;
        }
        Ok(selector)
    }

    /// Changes what one rule says.
    pub(super) fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match &*rule.to_ascii_lowercase() {
            b"allkeys" | b"~*" => self.keys = KeyPatterns::all(),
            b"resetkeys" => self.keys = KeyPatterns::default(),
            b"allchannels" | b"&*" => self.channels = ChannelPatterns::all(),
            b"resetchannels" => self.channels = ChannelPatterns::default(),
            b"allcommands" | b"+@all" => self.commands = AllowedCommands::all(),
            b"nocommands" | b"-@all" => self.commands = AllowedCommands::none(),
            [b'~' | b'%', ..] => self.keys.add(rule)?,
            [b'&', ..] => self.channels.add(&rule[1..])?,
            [b'+', ..] => self.commands.change(true, &rule[1..])?,
            [b'-', ..] => self.commands.change(false, &rule[1..])?,
            _ => return Err(RuleError::Syntax),
        }
        Ok(())
    }

    /// Whether it permits everything, so that nothing need be checked.
    pub(super) fn is_unrestricted(&self) -> bool {
        self.commands.is_all() && self.keys.is_all() && self.channels.is_all()
    }

    pub(super) fn check(&self, command: &Command, args: &Args<'_>) -> Result<(), Denied> {
        if !self.commands.permit(command, args) {
            return Err(Denied::Command);
        }
        if let Some(index) = self.keys.first_denied(command.spec, args) {
            return Err(Denied::Key(index));
        }
        if let Some(index) = self.channels.first_denied(command.spec, args) {
            return Err(Denied::Channel(index));
        }
        Ok(())
    }

    pub(super) fn reads_all_keys(&self) -> bool {
        self.keys.reads_all()
    }

    pub(super) fn channels(&self) -> &ChannelPatterns {
        &self.channels
    }

    /// The rules of its commands, as GETUSER answers them.
    pub fn commands_text(&self) -> Vec<u8> {
        self.commands.describe().join(&b' ')
    }

    /// The rules of its keys, as GETUSER answers them.
    pub fn keys_text(&self) -> Vec<u8> {
        self.keys.describe().join(&b' ')
    }

    /// The rules of its channels, as GETUSER answers them.
    pub fn channels_text(&self) -> Vec<u8> {
        self.channels.describe().join(&b' ')
    }

    /// All rules that make it, as LIST answers them.
    pub(super) fn describe(&self) -> Vec<u8> {
        let mut rules = self.keys.describe();
        if !self.channels.is_all() {
            rules.push(b"resetchannels".to_vec());
        }
        rules.extend(self.channels.describe());
        rules.extend(self.commands.describe());
        rules.join(&b' ')
    }
}
