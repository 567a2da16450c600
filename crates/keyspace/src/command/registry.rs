//! From a name, in any case, to its row of the table: what every command that arrives starts with.

use super::{Command, CommandSpec, Run, all};
use crate::args::Args;
use crate::error::{CommandError, Subcommand, UnknownCommand};
use std::sync::LazyLock;

struct Registered {
    spec: &'static CommandSpec,
    command: Option<Command>,
    subcommands: Vec<Command>,
}

/// The places of a table of names; a power of two, and more than twice as many as there are names.
const PLACES: usize = 1024;

/// The commands, and where each name stands among them: an open table that is searched from the
/// place which a name's letters give.
struct Registry {
    commands: Vec<Registered>,
    places: Vec<Option<Place>>,
}

/// A name of the table.
#[derive(Clone, Copy)]
struct Place {
    letters: u64,
    len: usize,
    /// Its place among the commands.
    index: usize,
}

/// So many letters of a name, with their number, are all of it.
const LETTERS: usize = 8;

impl Registry {
    fn new() -> Registry {
        let mut commands = Vec::new();
        let mut places = vec![None; PLACES];
        let mut row = 0;
        for (index, spec) in all().enumerate() {
            let registered = register(spec, row);
            row += 1 + spec.subcommands().len();
            let letters = letters(spec.name.as_bytes());
            let mut place = home(letters);
            while places[place].is_some() {
                place = (place + 1) % PLACES;
            }
            places[place] = Some(Place { letters, len: spec.name.len(), index });
            commands.push(registered);
        }
        Registry { commands, places }
    }

    fn get(&self, name: &[u8]) -> Option<&Registered> {
        let letters = letters(name);
        let mut at = home(letters);
        loop {
            let place = self.places[at]?;
            if place.letters == letters && place.len == name.len() {
                let registered = &self.commands[place.index];
                let known = registered.spec.name.as_bytes();
                if name.len() <= LETTERS || known.eq_ignore_ascii_case(name) {
                    return Some(registered);
                }
            }
            at = (at + 1) % PLACES;
        }
    }
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The letters of a name in one number, whatever their case: all of a short one, which are other
/// letters for another name of that length; the first and the last of a long one.
#[inline(always)]
fn letters(name: &[u8]) -> u64 {
    if name.len() > LETTERS
        && let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk())
    {
        let [first, last] = [first, last].map(|end| lower(u64::from_le_bytes(*end)));
        return first.rotate_left(8) ^ last;
    }
    lower(match (name.first_chunk(), name.last_chunk()) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|half| u64::from(u32::from_le_bytes(*half)));
            first | last << 32
        }
        _ => name.iter().fold(0, |letters, &byte| letters << 8 | u64::from(byte)),
    })
}

/// Eight letters in lower case, as [`u8::to_ascii_lowercase`] does it for one.
fn lower(letters: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low_bits = letters & (0x7f * EACH);
    // The highest bit of a byte tells that it is `A` or more, or more than `Z`.
    let from_a = low_bits + u64::from(0x80 - b'A') * EACH;
    let behind_z = low_bits + u64::from(0x7f - b'Z') * EACH;
    let is_upper = (from_a ^ behind_z) & !letters & (0x80 * EACH);
    letters | is_upper >> 2
}

/// The place at which the search for a name begins.
fn home(letters: u64) -> usize {
    (letters.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.ilog2())) as usize
}

fn register(spec: &'static CommandSpec, row: usize) -> Registered {
    let subcommands = spec.subcommands().iter().zip(row + 1..);
    let keeps_caching = spec.keeps_caching;
    let subcommands = subcommands
        .filter_map(|(spec, row)| Some(Command { keeps_caching, ..command(spec, row)? }));
    Registered { spec, command: command(spec, row), subcommands: subcommands.collect() }
}

fn command(spec: &'static CommandSpec, row: usize) -> Option<Command> {
    let handler = match spec.run {
        Run::Handler(handler) | Run::HandlerAndContainer(handler, _) => handler,
        Run::Container(_) => return None,
    };
    let flags = spec.flags.iter().fold(0, |bits, &flag| bits | 1 << flag as u32);
    Some(Command { spec, handler, row, keeps_caching: spec.keeps_caching, flags })
}

/// Every row, each container before its subcommands: [`Command::row`] is a place in it.
pub(crate) fn rows() -> impl Iterator<Item = &'static CommandSpec> {
    all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands()))
}

/// The place of the row with that full name.
pub(crate) fn row_of(name: &str) -> Option<usize> {
    rows().position(|spec| spec.name == name)
}

/// The row of a command, or of a subcommand by `container|subcommand`, in any case.
pub fn lookup(name: &[u8]) -> Option<&'static CommandSpec> {
    let mut parts = name.splitn(2, |&byte| byte == b'|');
    let spec = REGISTRY.get(parts.next()?)?.spec;
    if parts.next().is_none() {
        return Some(spec);
    }
    let is_named = |sub: &&CommandSpec| sub.name.as_bytes().eq_ignore_ascii_case(name);
    spec.subcommands().iter().find(is_named)
}

/// The command that these arguments call.
///
/// # Errors
/// Unknown command or subcommand, or a number of arguments that it does not take.
pub(crate) fn find(args: &Args<'_>) -> Result<&'static Command, CommandError> {
    let command = find_by_name(args)?;
    if !command.accepts(args.len()) {
        return Err(CommandError::WrongArity(&command.spec.name));
    }
    Ok(command)
}

/// The command that these arguments name, however many they are.
///
/// # Errors
/// Unknown command or subcommand, or a container alone.
pub(crate) fn find_by_name(args: &Args<'_>) -> Result<&'static Command, CommandError> {
    let registered = args.first().and_then(|name| REGISTRY.get(name));
    let registered = registered.ok_or_else(|| {
        CommandError::UnknownCommand(Box::new(UnknownCommand {
            name: args.first().map(|name| name.to_vec()).unwrap_or_default(),
            args: args.iter().skip(1).map(|arg| arg.to_vec()).collect(),
        }))
    })?;
    let container = &registered.spec.name;
    match (&registered.command, args.get(1)) {
        (_, Some(sub)) if !registered.subcommands.is_empty() => {
            let is_named = |command: &&Command| {
                let name = &command.spec.name.as_bytes()[container.len() + 1..];
                name.eq_ignore_ascii_case(sub)
            };
            let found = registered.subcommands.iter().find(is_named);
            found.ok_or_else(|| {
                CommandError::UnknownSubcommand(Box::new(Subcommand {
                    name: sub.to_vec(),
                    container: container.to_ascii_uppercase().into_bytes(),
                }))
            })
        }
        (Some(command), _) => Ok(command),
        (None, _) => Err(CommandError::WrongArity(container)),
    }
}

/// The subcommands of a container.
pub(crate) fn subcommands(container: &[u8]) -> &'static [Command] {
    REGISTRY.get(container).map_or(&[], |registered| &registered.subcommands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_name_in_any_case() {
        for (row, spec) in rows().enumerate() {
            let upper = spec.name.to_ascii_uppercase();
            let found = lookup(upper.as_bytes()).map(|found| found.name);
            assert_eq!((found, row_of(spec.name)), (Some(spec.name), Some(row)));
        }
        for name in ["", "g", "gett", "client|", "client|lists", "get|", "\u{e9}"] {
            assert!(lookup(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn letters_are_told_apart_but_for_their_case() {
        for byte in 0..=u8::MAX {
            for len in 1..=LETTERS {
                let (name, lower) = (vec![byte; len], vec![byte.to_ascii_lowercase(); len]);
                assert_eq!(letters(&name), letters(&lower), "{byte}");
                let others = (0..=u8::MAX).filter(|other| !other.eq_ignore_ascii_case(&byte));
                for other in others {
                    assert_ne!(letters(&name), letters(&vec![other; len]), "{byte} {other}");
                }
            }
        }
    }

    #[test]
    fn a_command_knows_its_row() {
        for args in [&[&b"get"[..], b"k"][..], &[b"CLIENT", b"id"], &[b"command", b"count"]] {
            let command = find(args).expect("these are commands");
            assert_eq!(rows().nth(command.row).map(|row| row.name), Some(command.spec.name));
        }
    }
}
