//! Bitmaps: strings as arrays of bits. Bit by bit here; operations between strings and fields of
//! several bits have files of their own.

mod field;
mod operation;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, Typed, bits};
use keyspace_resp::ReplyWriter;
use std::ops::RangeInclusive;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "bitcount",
        syntax: "BITCOUNT key [start end [BYTE|BIT]]",
        summary: "Counts the bits that are set in a string, or in a part of it.",
        since: "2.6.0",
        complexity: "O(N) in the length of the part",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(bitcount),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "bitfield",
        syntax: "BITFIELD key [<GET encoding offset|[OVERFLOW <WRAP|SAT|FAIL>] <SET encoding offset value|INCRBY encoding offset increment>> [<GET encoding offset|[OVERFLOW <WRAP|SAT|FAIL>] <SET encoding offset value|INCRBY encoding offset increment>> ...]]",
        summary: "Reads, sets and increments integers of any width inside a string.",
        since: "3.2.0",
        complexity: "O(1) an operation",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(
            1,
            &[KeyFlag::Rw, KeyFlag::Update, KeyFlag::Access, KeyFlag::VariableFlags],
        )],
        key_flags: Some(field::key_flags),
        differs: "SET of a number close to the smallest of 64 bits into a narrower integer saturates at the smallest; Redis takes the greatest, as its arithmetic overflows.",
        run: Run::Handler(field::bitfield),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "bitfield_ro",
        syntax: "BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]",
        summary: "Reads integers of any width inside a string.",
        since: "6.0.0",
        complexity: "O(1) an operation",
        arity: -2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(field::bitfield_ro),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "bitop",
        syntax: "BITOP <AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE> destkey key [key ...]",
        summary: "Combines strings bit by bit and stores the result.",
        since: "2.6.0",
        complexity: "O(N) in the length of the longest string",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Bitmap],
        keys: &[
            KeySpec::one(2, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::range(3, -1, 1, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(operation::bitop),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "bitpos",
        syntax: "BITPOS key bit [start [end [BYTE|BIT]]]",
        summary: "Finds the first bit that is set, or clear, in a string or a part of it.",
        since: "2.8.7",
        complexity: "O(N) in the length of the part",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(bitpos),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "getbit",
        syntax: "GETBIT key offset",
        summary: "Answers one bit of a string.",
        since: "2.2.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(getbit),
        ..CommandSpec::new(Group::Bitmap)
    },
    CommandSpec {
        name: "setbit",
        syntax: "SETBIT key offset value",
        summary: "Sets or clears one bit of a string, and answers what it was.",
        since: "2.2.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Bitmap],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(setbit),
        ..CommandSpec::new(Group::Bitmap)
    },
];

/// GETBIT key offset
fn getbit(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let offset = bit_offset(ctx, args[2], Step::Bits)?;
    let value = ctx.get::<Str>(args[1])?;
    let bit = value.is_some_and(|value| bits::bit(&value.as_bytes(), offset));
    out.integer(bit.into());
    Ok(())
}

/// SETBIT key offset value
fn setbit(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let offset = bit_offset(ctx, args[2], Step::Bits)?;
    let bit = match args[3] {
        b"0" => false,
        b"1" => true,
        _ => return Err(CommandError::text(&"ERR bit is not an integer or out of range")),
    };
    let (bytes, has_grown) = make_room(ctx, key, offset)?;
    let old = bits::bit(bytes, offset);
    bits::set_field(bytes, offset, 1, bit.into());
    if has_grown || old != bit {
        ctx.changed(key, Class::STRING, "setbit");
    }
    out.integer(old.into());
    Ok(())
}

/// BITCOUNT key [start end [BYTE|BIT]]
fn bitcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let part = match &args[2..] {
        [] => Part { start: 0, end: None, in_bits: false },
        [start, end] | [start, end, _] => {
            let (start, end) = (args::integer(start)?, args::integer(end)?);
            Part { start, end: Some(end), in_bits: is_bit_unit(&args[4..])? }
        }
        _ => return Err(CommandError::Syntax),
    };
    let value = ctx.get::<Str>(args[1])?;
    let ones = value.map_or(0, |value| {
        let bytes = value.as_bytes();
        let range = part.range(bytes.len()).filter(|_| !part.is_backwards());
        range.map_or(0, |range| bits::count_ones(&bytes, range))
    });
    out.integer(ones as i64);
    Ok(())
}

/// BITPOS key bit [start [end [BYTE|BIT]]]
///
/// A clear bit is found behind the end of the string, unless the end of the part is given.
fn bitpos(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let wanted = match args::integer(args[2])? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::text(&"ERR The bit argument must be 1 or 0.")),
    };
    let part = match &args[3..] {
        [] => Part { start: 0, end: None, in_bits: false },
        [start] => Part { start: args::integer(start)?, end: None, in_bits: false },
        [start, end] | [start, end, _] => {
            let start = args::integer(start)?;
            let in_bits = is_bit_unit(&args[5..])?;
            Part { start, end: Some(args::integer(end)?), in_bits }
        }
        _ => return Err(CommandError::Syntax),
    };
    let Some(value) = ctx.get::<Str>(args[1])? else {
        out.integer(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let bytes = value.as_bytes();
    let found = part.range(bytes.len()).and_then(|range| {
        let behind = bytes.len() as u64 * 8;
        let padding = (!wanted && part.end.is_none()).then_some(behind);
        bits::position(&bytes, wanted, range).or(padding)
    });
    out.integer(found.map_or(-1, |position| position as i64));
    Ok(())
}

/// The part of a string that BITCOUNT and BITPOS look at.
struct Part {
    start: i64,
    /// `None` is the end of the string.
    end: Option<i64>,
    in_bits: bool,
}

impl Part {
    /// Whether both ends count from the end of the string, and the wrong way round. BITCOUNT
    /// counts nothing then, even where both are the first byte; BITPOS looks at that.
    fn is_backwards(&self) -> bool {
        self.start < 0 && self.end.is_some_and(|end| end < 0 && self.start > end)
    }

    /// The bits of the part in a string of `len` bytes; `None` where there is none.
    ///
    /// An end before the beginning of the string is its first byte or bit, as a start is.
    fn range(&self, len: usize) -> Option<RangeInclusive<u64>> {
        let units = if self.in_bits { len as i64 * 8 } else { len as i64 };
        let end = self.end.unwrap_or(-1);
        let from_end = |at: i64| if at < 0 { at.saturating_add(units).max(0) } else { at };
        let (start, end) = (from_end(self.start), from_end(end).min(units - 1));
        if start > end {
            return None;
        }
        let (start, end) = (start as u64, end as u64);
        Some(if self.in_bits { start..=end } else { start * 8..=end * 8 + 7 })
    }
}

/// Whether a part is counted in bits: the argument behind its end, if there is one.
fn is_bit_unit(unit: &Args<'_>) -> Result<bool, CommandError> {
    match unit {
        [] => Ok(false),
        [unit] if args::is(unit, "bit") => Ok(true),
        [unit] if args::is(unit, "byte") => Ok(false),
        _ => Err(CommandError::Syntax),
    }
}

/// What an offset may count.
#[derive(Debug, Clone, Copy)]
enum Step {
    Bits,
    /// Bits, or behind a `#` integers of so many bits.
    Fields(u32),
}

/// An offset in bits, within the longest string there may be.
fn bit_offset(ctx: &Context<'_>, arg: &[u8], step: Step) -> Result<u64, CommandError> {
    let max_bits = ctx.config().proto_max_bulk_len as u64 * 8;
    let offset = match (step, arg) {
        (Step::Fields(width), [b'#', number @ ..]) => {
            let number = args::integer(number).ok();
            number.and_then(|number| number.checked_mul(width.into()))
        }
        _ => args::integer(arg).ok(),
    };
    let offset = offset.and_then(|offset| u64::try_from(offset).ok());
    offset
        .filter(|&offset| offset < max_bits)
        .ok_or_else(|| CommandError::text(&"ERR bit offset is not an integer or out of range"))
}

/// A string's bytes up to the bit at `offset`, made if need be, and whether it is longer than
/// before.
fn make_room<'c>(
    ctx: &'c mut Context<'_>,
    key: &[u8],
    offset: u64,
) -> Result<(&'c mut [u8], bool), CommandError> {
    let len = bits::bytes_up_to(offset).ok_or(CommandError::OutOfMemory)?;
    let old_len = match ctx.peek::<Str>(key)? {
        Some(value) => value.len(),
        None => {
            let mut bytes = Vec::new();
            grow(&mut bytes, len)?;
            ctx.set_value(key, Str::raw(bytes).into_value(), None);
            0
        }
    };
    let value = ctx.get_mut::<Str>(key)?.expect("it was there, or was set above");
    let bytes = value.make_raw();
    grow(bytes, len)?;
    Ok((bytes.as_mut_slice(), len > old_len))
}

/// Appends zeros up to `len` bytes.
fn grow(bytes: &mut Vec<u8>, len: usize) -> Result<(), CommandError> {
    if len > bytes.len() {
        let reserved = bytes.try_reserve(len - bytes.len());
        reserved.map_err(|_| CommandError::OutOfMemory)?;
        bytes.resize(len, 0);
    }
    Ok(())
}
