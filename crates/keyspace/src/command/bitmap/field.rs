//! BITFIELD: integers of any width inside a string.

use super::{Step, bit_offset, make_room};
use crate::args::{self, Args, Options};
use crate::command::KeyFlag;
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Str, bits};
use keyspace_resp::ReplyWriter;

/// The type of an integer: `i1` to `i64`, `u1` to `u63`.
#[derive(Debug, Clone, Copy)]
struct Encoding {
    is_signed: bool,
    width: u32,
}

impl Encoding {
    fn parse(arg: &[u8]) -> Result<Encoding, CommandError> {
        let width = |digits: &[u8], max: i64| {
            let width = args::integer(digits).ok().filter(|width| (1..=max).contains(width))?;
            u32::try_from(width).ok()
        };
        let encoding = match arg {
            [b'i', digits @ ..] => width(digits, 64).map(|width| (true, width)),
            [b'u', digits @ ..] => width(digits, 63).map(|width| (false, width)),
            _ => None,
        };
        let (is_signed, width) = encoding.ok_or_else(|| {
            CommandError::text(
                &"ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not \
                 supported but i64 is.",
            )
        })?;
        Ok(Encoding { is_signed, width })
    }

    /// The smallest and the greatest integer of this type.
    fn limits(self) -> (i128, i128) {
        let all = 1_i128 << self.width;
        if self.is_signed { (-all / 2, all / 2 - 1) } else { (0, all - 1) }
    }

    /// The integer that the lowest bits of `raw` are.
    fn integer(self, raw: u64) -> i64 {
        let unused = 64 - self.width;
        if self.is_signed {
            ((raw << unused) as i64) >> unused
        } else {
            (raw << unused >> unused) as i64
        }
    }

    /// The integer that a number becomes; `None` where it does not fit and that is not allowed.
    fn fit(self, number: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.limits();
        match overflow {
            _ if (min..=max).contains(&number) => Some(number as i64),
            Overflow::Wrap => Some(self.integer(number as u64)),
            Overflow::Sat => Some(number.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }
}

/// What becomes of an integer that does not fit.
#[derive(Debug, Clone, Copy)]
enum Overflow {
    Wrap,
    Sat,
    Fail,
}

impl Overflow {
    fn parse(name: &[u8]) -> Result<Overflow, CommandError> {
        match &*name.to_ascii_lowercase() {
            b"wrap" => Ok(Overflow::Wrap),
            b"sat" => Ok(Overflow::Sat),
            b"fail" => Ok(Overflow::Fail),
            _ => Err(CommandError::text(&"ERR Invalid OVERFLOW type specified")),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Get,
    Set(i64),
    IncrBy(i64),
}

/// One of the operations of a call.
#[derive(Debug)]
struct Operation {
    action: Action,
    encoding: Encoding,
    offset: u64,
    overflow: Overflow,
}

impl Operation {
    /// The offset of the last bit that it writes.
    fn last_written(&self) -> Option<u64> {
        match self.action {
            Action::Get => None,
            Action::Set(_) | Action::IncrBy(_) => {
                Some(self.offset + u64::from(self.encoding.width) - 1)
            }
        }
    }

    fn read(&self, bytes: &[u8]) -> i64 {
        let raw = bits::field(bytes, self.offset, self.encoding.width);
        self.encoding.integer(raw)
    }

    /// Redis takes the distance to the greatest integer in 64 bits; from where it is longer, SAT
    /// takes a number for too great.
    fn number_to_set(&self, value: i64) -> i128 {
        let (_, max) = self.encoding.limits();
        let number = i128::from(value);
        let is_far = self.encoding.width < 64 && max - number > i64::MAX.into();
        if is_far && matches!(self.overflow, Overflow::Sat) { max } else { number }
    }

    /// Does it on a string that is long enough, and answers. Where it wrote, whether the
    /// integer is now another one.
    fn apply(&self, bytes: &mut [u8], out: &mut ReplyWriter) -> Option<bool> {
        let old = self.read(bytes);
        let number = match self.action {
            Action::Get => {
                out.integer(old);
                return None;
            }
            Action::Set(value) if self.encoding.is_signed => self.number_to_set(value),
            // A negative number is the one with the same bits.
            Action::Set(value) => (value as u64).into(),
            Action::IncrBy(increment) => i128::from(old) + i128::from(increment),
        };
        let Some(new) = self.encoding.fit(number, self.overflow) else {
            out.null();
            return None;
        };
        bits::set_field(bytes, self.offset, self.encoding.width, new as u64);
        out.integer(if matches!(self.action, Action::Set(_)) { old } else { new });
        Some(new != old)
    }
}

fn parse(ctx: &Context<'_>, args: &Args<'_>) -> Result<Vec<Operation>, CommandError> {
    let mut operations = Vec::new();
    let mut overflow = Overflow::Wrap;
    let mut options = Options::new(args);
    while let Some(name) = options.next() {
        let name = name.to_ascii_lowercase();
        let needed = match &*name {
            b"overflow" => 1,
            b"get" => 2,
            b"set" | b"incrby" => 3,
            _ => return Err(CommandError::Syntax),
        };
        if options.rest().len() < needed {
            return Err(CommandError::Syntax);
        }
        if &*name == b"overflow" {
            overflow = Overflow::parse(options.value()?)?;
            continue;
        }
        let encoding = Encoding::parse(options.value()?)?;
        let offset = bit_offset(ctx, options.value()?, Step::Fields(encoding.width))?;
        let action = match &*name {
            b"set" => Action::Set(options.integer()?),
            b"incrby" => Action::IncrBy(options.integer()?),
            _ => Action::Get,
        };
        operations.push(Operation { action, encoding, offset, overflow });
    }
    Ok(operations)
}

/// What BITFIELD does with its key: it reads, unless an operation is another than GET.
pub(super) fn key_flags(args: &Args<'_>) -> &'static [KeyFlag] {
    let mut rest = args.get(2..).unwrap_or_default();
    loop {
        rest = match rest {
            [] => return &[KeyFlag::Ro, KeyFlag::Access],
            [name, _, _, rest @ ..] if args::is(name, "get") => rest,
            [name, _, rest @ ..] if args::is(name, "overflow") => rest,
            _ => return &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update],
        };
    }
}

/// BITFIELD key [GET encoding offset|[OVERFLOW WRAP|SAT|FAIL] <SET encoding offset value|INCRBY
/// encoding offset increment> ...]
///
/// The string is made long enough for all writes at first, even for those that then fail.
pub(super) fn bitfield(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let operations = parse(ctx, &args[2..])?;
    let Some(last) = operations.iter().filter_map(Operation::last_written).max() else {
        return read_all(ctx, key, &operations, out);
    };
    let (bytes, has_grown) = make_room(ctx, key, last)?;
    out.array(operations.len());
    let mut has_changed = false;
    for operation in &operations {
        let written = operation.apply(bytes, out);
        has_changed |= written.is_some_and(|differs| differs || has_grown);
    }
    if has_changed {
        ctx.changed(key, Class::STRING, "setbit");
    }
    Ok(())
}

/// BITFIELD_RO key [GET encoding offset [GET encoding offset ...]]
pub(super) fn bitfield_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let operations = parse(ctx, &args[2..])?;
    if operations.iter().any(|operation| operation.last_written().is_some()) {
        return Err(CommandError::text(&"ERR BITFIELD_RO only supports the GET subcommand"));
    }
    read_all(ctx, args[1], &operations, out)
}

fn read_all(
    ctx: &mut Context<'_>,
    key: &[u8],
    operations: &[Operation],
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let value = ctx.get::<Str>(key)?.map(Str::as_bytes).unwrap_or_default();
    out.array(operations.len());
    for operation in operations {
        out.integer(operation.read(&value));
    }
    Ok(())
}
