//! BITOP: operations between strings, bit by bit.

use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;
use std::borrow::Cow;

/// What is done with the bits of the strings at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
    /// In the first, and in none of the others.
    Diff,
    /// In one of the others, and not in the first.
    Diff1,
    /// In the first, and in one of the others.
    AndOr,
    /// In exactly one of all.
    One,
}

impl Operation {
    fn parse(name: &[u8]) -> Result<Operation, CommandError> {
        Ok(match &*name.to_ascii_lowercase() {
            b"and" => Operation::And,
            b"or" => Operation::Or,
            b"xor" => Operation::Xor,
            b"not" => Operation::Not,
            b"diff" => Operation::Diff,
            b"diff1" => Operation::Diff1,
            b"andor" => Operation::AndOr,
            b"one" => Operation::One,
            _ => return Err(CommandError::Syntax),
        })
    }

    /// Refuses a number of strings that the operation is not for.
    fn check(self, keys: usize) -> Result<(), CommandError> {
        let name = match self {
            Operation::Not if keys != 1 => {
                return Err(CommandError::text(
                    &"ERR BITOP NOT must be called with a single source key.",
                ));
            }
            Operation::Diff => "DIFF",
            Operation::Diff1 => "DIFF1",
            Operation::AndOr => "ANDOR",
            _ => return Ok(()),
        };
        if keys < 2 {
            return Err(CommandError::composed(format!(
                "ERR BITOP {name} must be called with at least two source keys."
            )));
        }
        Ok(())
    }

    /// The result for eight bytes of the first string and those of the others.
    fn combine(self, first: u64, others: impl Iterator<Item = u64>) -> u64 {
        let any = |word: u64, other: u64| word | other;
        match self {
            Operation::And => others.fold(first, |word, other| word & other),
            Operation::Or => others.fold(first, any),
            Operation::Xor => others.fold(first, |word, other| word ^ other),
            Operation::Not => !first,
            Operation::Diff => first & !others.fold(0, any),
            Operation::Diff1 => !first & others.fold(0, any),
            Operation::AndOr => first & others.fold(0, any),
            Operation::One => {
                let (once, twice) = others
                    .fold((first, 0), |(once, twice), other| (once | other, twice | once & other));
                once & !twice
            }
        }
    }
}

/// Eight bytes of a string from an offset on; behind its end they are zeros.
fn word_at(string: &[u8], offset: usize) -> u64 {
    let rest = string.get(offset..).unwrap_or_default();
    let word = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        word
    });
    u64::from_le_bytes(word)
}

/// BITOP <AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE> destkey key [key ...]
///
/// Shorter strings, and keys that do not exist, are continued by zeros. An empty result removes
/// the destination.
pub(super) fn bitop(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let operation = Operation::parse(args[1])?;
    let (destination, keys) = (args[2], &args[3..]);
    operation.check(keys.len())?;
    for key in keys {
        ctx.get::<Str>(key)?;
    }
    let mut strings: Vec<Cow<'_, [u8]>> = Vec::new();
    for key in keys {
        strings.push(ctx.peek::<Str>(key)?.map(Str::as_bytes).unwrap_or_default());
    }
    let len = strings.iter().map(|string| string.len()).max().unwrap_or_default();
    let mut result = Vec::new();
    result.try_reserve(len).map_err(|_| CommandError::OutOfMemory)?;
    result.resize(len, 0);
    let (first, others) = strings.split_first().expect("the arity asks for a key");
    for (index, part) in result.chunks_mut(8).enumerate() {
        let word = |string: &Cow<'_, [u8]>| word_at(string, index * 8);
        let combined = operation.combine(word(first), others.iter().map(word));
        part.copy_from_slice(&combined.to_le_bytes()[..part.len()]);
    }
    if len == 0 {
        ctx.delete(destination);
    } else {
        ctx.set_value(destination, Str::raw(result).into_value(), None);
        ctx.changed(destination, Class::STRING, "set");
    }
    out.count(len);
    Ok(())
}
