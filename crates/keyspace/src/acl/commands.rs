//! The commands that a selector may run, and the rules that made it so.

use super::RuleError;
use crate::args::Args;
use crate::command::{self, AclCategory, Command, CommandSpec, Flag};
use crate::sorted::{SortedMap, SortedSet};

/// A set of commands, and the history by which it came about.
///
/// The rules are kept in their order without those that a later one overrides, so that GETUSER
/// tells them as they were meant, also for commands that a later version adds to a category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AllowedCommands {
    /// Nothing was taken away since `+@all`.
    all: bool,
    /// What the rules start from: `+@all` or `-@all`.
    starts_from_all: bool,
    /// A bit for each command, by its row.
    bits: Vec<u64>,
    /// By a command's row, the first arguments with which alone it may be called, in lower case.
    first_args: SortedMap<usize, SortedSet<Vec<u8>>>,
    rules: Vec<Rule>,
}

/// A rule as it is told again, in lower case: a command, `command|subcommand` or `@category`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    allow: bool,
    subject: Vec<u8>,
}

impl Rule {
    /// Whether a rule about `subject` says all that this one says.
    fn is_overridden_by(&self, subject: &[u8]) -> bool {
        self.subject.strip_prefix(subject).is_some_and(|rest| matches!(rest, [] | [b'|', ..]))
    }
}

impl AllowedCommands {
    /// All commands, those that are still to come included.
    pub fn all() -> AllowedCommands {
        AllowedCommands::starting_from(true)
    }

    pub fn none() -> AllowedCommands {
        AllowedCommands::starting_from(false)
    }

    fn starting_from(all: bool) -> AllowedCommands {
        let words = command::rows().count().div_ceil(64);
        AllowedCommands {
            all,
            starts_from_all: all,
            bits: vec![if all { u64::MAX } else { 0 }; words],
            first_args: SortedMap::default(),
            rules: Vec::new(),
        }
    }

    pub fn is_all(&self) -> bool {
        self.all
    }

    /// Whether a command may be called so. Those with which a client logs in always may.
    pub fn permit(&self, command: &Command, args: &Args<'_>) -> bool {
        self.all
            || command.has(Flag::NoAuth)
            || self.bit(command.row)
            || self.permit_first_arg(command.row, args)
    }

    fn permit_first_arg(&self, row: usize, args: &Args<'_>) -> bool {
        match (self.first_args.get(&row), args.get(1)) {
            (Some(allowed), Some(arg)) => allowed.contains(&*arg.to_ascii_lowercase()),
            _ => false,
        }
    }

    /// `+subject` or `-subject`: of a category, a command, a subcommand, or, to allow it, a
    /// command with its first argument.
    pub fn change(&mut self, allow: bool, subject: &[u8]) -> Result<(), RuleError> {
        if let Some(category) = subject.strip_prefix(b"@") {
            self.change_category(allow, category)?;
        } else if let Some(spec) = command::lookup(subject) {
            let row = command::row_of(spec.name).ok_or(RuleError::Unknown)?;
            self.change_command(allow, row, spec);
        } else if allow {
            self.allow_first_arg(subject)?;
        } else {
            return Err(RuleError::Unknown);
        }
        self.remember(allow, subject.to_ascii_lowercase());
        Ok(())
    }

    fn change_category(&mut self, allow: bool, name: &[u8]) -> Result<(), RuleError> {
        let category = AclCategory::parse(name).ok_or(RuleError::Unknown)?;
        for (row, spec) in command::rows().enumerate() {
            if spec.categories().contains(&category) {
                self.change_command(allow, row, spec);
            }
        }
        Ok(())
    }

    /// Changes a command and its subcommands, whose rows follow it.
    fn change_command(&mut self, allow: bool, row: usize, spec: &CommandSpec) {
        for row in row..=row + spec.subcommands().len() {
            self.set_bit(row, allow);
            self.first_args.remove(&row);
        }
    }

    /// `+command|argument`, of a command without subcommands.
    fn allow_first_arg(&mut self, subject: &[u8]) -> Result<(), RuleError> {
        let bar = subject.iter().rposition(|&byte| byte == b'|').ok_or(RuleError::Unknown)?;
        let (name, arg) = (&subject[..bar], &subject[bar + 1..]);
        let spec = command::lookup(name).ok_or(RuleError::Unknown)?;
        if name.contains(&b'|') {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if arg.is_empty() {
            return Err(RuleError::Syntax);
        }
        if !spec.subcommands().is_empty() {
            return Err(RuleError::Unknown);
        }
        let row = command::row_of(spec.name).ok_or(RuleError::Unknown)?;
        self.first_args.get_or_default(row).insert(arg.to_ascii_lowercase());
        Ok(())
    }

    fn remember(&mut self, allow: bool, subject: Vec<u8>) {
        self.rules.retain(|rule| !rule.is_overridden_by(&subject));
        self.rules.push(Rule { allow, subject });
        self.all = self.starts_from_all && self.rules.iter().all(|rule| rule.allow);
    }

    fn bit(&self, row: usize) -> bool {
        self.bits[row / 64] & (1 << (row % 64)) != 0
    }

    fn set_bit(&mut self, row: usize, value: bool) {
        let bit = 1 << (row % 64);
        let word = &mut self.bits[row / 64];
        *word = if value { *word | bit } else { *word & !bit };
    }

    /// The rules that make this set.
    pub fn describe(&self) -> Vec<Vec<u8>> {
        let start: &[u8] = if self.starts_from_all { b"+@all" } else { b"-@all" };
        let rules = self.rules.iter().map(|rule| {
            let sign: &[u8] = if rule.allow { b"+" } else { b"-" };
            [sign, &rule.subject].concat()
        });
        std::iter::once(start.to_vec()).chain(rules).collect()
    }
}
