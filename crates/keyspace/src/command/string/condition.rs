//! Conditions on a value, IFEQ, IFNE, IFDEQ and IFDNE, and the digest that two of them compare.

use crate::args::{self, Args};
use crate::command::KeyFlag;
use crate::context::Context;
use crate::error::CommandError;
use crate::value::Str;
use keyspace_resp::ReplyWriter;
use xxhash_rust::xxh3::xxh3_64;

/// What a value is compared with.
#[derive(Debug, Clone, Copy)]
enum Operand<'a> {
    Value(&'a [u8]),
    Digest(&'a [u8]),
}

/// One of the four conditions.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValueCondition<'a> {
    operand: Operand<'a>,
    /// IFEQ and IFDEQ: whether equality is wanted.
    wants_equal: bool,
}

impl<'a> ValueCondition<'a> {
    /// The condition of that keyword with what follows it; `None` for any other keyword.
    pub fn new(keyword: &[u8], operand: &'a [u8]) -> Option<Self> {
        let (operand, wants_equal) = if args::is(keyword, "ifeq") {
            (Operand::Value(operand), true)
        } else if args::is(keyword, "ifne") {
            (Operand::Value(operand), false)
        } else if args::is(keyword, "ifdeq") {
            (Operand::Digest(operand), true)
        } else if args::is(keyword, "ifdne") {
            (Operand::Digest(operand), false)
        } else {
            return None;
        };
        Some(ValueCondition { operand, wants_equal })
    }

    /// Whether an argument is the keyword of a condition.
    pub fn is_keyword(arg: &[u8]) -> bool {
        ValueCondition::new(arg, b"").is_some()
    }

    /// Whether the condition holds; a value that is missing is equal to nothing.
    ///
    /// # Errors
    /// The digest to compare with is none.
    pub fn holds(self, value: Option<&Str>) -> Result<bool, CommandError> {
        let equal = match self.operand {
            Operand::Value(other) => value.is_some_and(|value| *value.as_bytes() == *other),
            Operand::Digest(digest) => {
                let digest = parse_digest(digest)?;
                value.is_some_and(|value| xxh3_64(&value.as_bytes()) == digest)
            }
        };
        Ok(equal == self.wants_equal)
    }
}

fn parse_digest(arg: &[u8]) -> Result<u64, CommandError> {
    let is_digest = arg.len() == 16 && arg.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(arg).ok().filter(|_| is_digest);
    text.and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or(CommandError::text(&"ERR must be exactly 16 hexadecimal characters"))
}

/// DIGEST key
pub(super) fn digest(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match ctx.get::<Str>(args[1])? {
        Some(value) => {
            let digest = format!("{:016x}", xxh3_64(&value.as_bytes()));
            out.bulk(digest.as_bytes());
        }
        None => out.null(),
    }
    Ok(())
}

/// What DELEX does with its key: it compares the value where there is a condition.
pub(super) fn delex_key_flags(args: &Args<'_>) -> &'static [KeyFlag] {
    let compares = args.iter().skip(2).any(|arg| ValueCondition::is_keyword(arg));
    if compares { &[KeyFlag::Rw, KeyFlag::Delete] } else { &[KeyFlag::Rm, KeyFlag::Delete] }
}

/// DELEX key [IFEQ value|IFNE value|IFDEQ digest|IFDNE digest]
///
/// Without a condition the key may be of any type. A missing key is answered before the condition
/// is read.
pub(super) fn delex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let delete = match args {
        [_, _] => true,
        [_, _, keyword, operand] => {
            if !ctx.database().contains(key) {
                out.integer(0);
                return Ok(());
            }
            let value = ctx.peek::<Str>(key).map_err(|_| {
                CommandError::text(&"ERR Key should be of string type if conditions are specified")
            })?;
            let condition = ValueCondition::new(keyword, operand).ok_or(CommandError::text(
                &"ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE",
            ))?;
            condition.holds(value)?
        }
        _ => return Err(CommandError::WrongArity(&"delex")),
    };
    let deleted = delete && ctx.delete(key);
    out.integer(i64::from(deleted));
    Ok(())
}
