//! The channels that a selector reaches.

use super::{RuleError, breaks_words};
use crate::args::Args;
use crate::command::{ChannelSpec, CommandSpec};
use crate::glob::glob_match;
use crate::value::SmallBytes;

/// Patterns of channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ChannelPatterns {
    all: bool,
    patterns: Vec<SmallBytes>,
}

impl ChannelPatterns {
    pub fn all() -> ChannelPatterns {
        ChannelPatterns { all: true, patterns: Vec::new() }
    }

    /// None, or all: what a selector begins with, by `acl-pubsub-default`.
    pub fn from_default(all: bool) -> ChannelPatterns {
        ChannelPatterns { all, patterns: Vec::new() }
    }

    pub fn is_all(&self) -> bool {
        self.all
    }

    pub fn is_none(&self) -> bool {
        !self.all && self.patterns.is_empty()
    }

    /// Adds the pattern of a rule `&pattern`.
    pub fn add(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all {
            return Err(RuleError::PatternAfterAllChannels);
        }
        if breaks_words(pattern) {
            return Err(RuleError::Syntax);
        }
        if !self.has(pattern) {
            self.patterns.push(pattern.into());
        }
        Ok(())
    }

    /// Whether a channel matches.
    pub fn permit(&self, channel: &[u8]) -> bool {
        self.all || self.patterns.iter().any(|pattern| glob_match(pattern, channel, false))
    }

    /// Whether a pattern may be subscribed to: only the very same one is known to ask no more.
    pub fn permit_pattern(&self, pattern: &[u8]) -> bool {
        self.all || self.has(pattern)
    }

    fn has(&self, pattern: &[u8]) -> bool {
        self.patterns.iter().any(|known| &**known == pattern)
    }

    /// The first argument that names a channel out of reach.
    pub fn first_denied(&self, spec: &CommandSpec, args: &Args<'_>) -> Option<usize> {
        if self.all {
            return None;
        }
        let mut indices = match spec.channels {
            ChannelSpec::None => 0..0,
            ChannelSpec::First => 1..args.len().min(2),
            ChannelSpec::All | ChannelSpec::Patterns => 1..args.len(),
        };
        let permitted = |index: usize| match spec.channels {
            ChannelSpec::Patterns => self.permit_pattern(args[index]),
            _ => self.permit(args[index]),
        };
        indices.find(|&index| !permitted(index))
    }

    /// The rules that make these patterns, without the `resetchannels` in front.
    pub fn describe(&self) -> Vec<Vec<u8>> {
        if self.all {
            return vec![b"&*".to_vec()];
        }
        self.patterns.iter().map(|pattern| [b"&", &**pattern].concat()).collect()
    }
}
