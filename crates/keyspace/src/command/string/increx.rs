//! INCREX: an increment within bounds, and an expiry with it.

use super::expiry::Expiry;
use crate::args::{self, Args, Options};
use crate::command::expire::remove_expire;
use crate::context::Context;
use crate::error::CommandError;
use crate::long_double::LongDouble;
use crate::notify::Class;
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;

/// What INCREX is told; numbers are read when it is known of which kind they are.
#[derive(Debug)]
struct IncrexOptions<'a> {
    by_int: Option<&'a [u8]>,
    by_float: Option<&'a [u8]>,
    lower_bound: Option<&'a [u8]>,
    upper_bound: Option<&'a [u8]>,
    saturate: bool,
    expiry: Expiry<'a>,
    /// The expiry is for a key that has none.
    keeps_expiry: bool,
}

impl<'a> IncrexOptions<'a> {
    /// No option may stand twice.
    fn parse(args: &Args<'a>) -> Result<IncrexOptions<'a>, CommandError> {
        let mut parsed = IncrexOptions {
            by_int: None,
            by_float: None,
            lower_bound: None,
            upper_bound: None,
            saturate: false,
            expiry: Expiry::Unchanged,
            keeps_expiry: false,
        };
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            let has_increment = parsed.by_int.or(parsed.by_float).is_some();
            let has_expiry = parsed.expiry != Expiry::Unchanged;
            if args::is(option, "byint") && !has_increment {
                parsed.by_int = Some(options.value()?);
            } else if args::is(option, "byfloat") && !has_increment {
                parsed.by_float = Some(options.value()?);
            } else if args::is(option, "lbound") && parsed.lower_bound.is_none() {
                parsed.lower_bound = Some(options.value()?);
            } else if args::is(option, "ubound") && parsed.upper_bound.is_none() {
                parsed.upper_bound = Some(options.value()?);
            } else if args::is(option, "saturate") && !parsed.saturate {
                parsed.saturate = true;
            } else if args::is(option, "enx") && !parsed.keeps_expiry {
                parsed.keeps_expiry = true;
            } else if args::is(option, "persist") && !has_expiry {
                parsed.expiry = Expiry::Persist;
            } else if has_expiry || !parsed.expiry.accept(option, &mut options)? {
                return Err(CommandError::Syntax);
            }
        }
        match parsed.expiry {
            Expiry::Persist if parsed.keeps_expiry => Err(CommandError::Syntax),
            Expiry::Unchanged if parsed.keeps_expiry => {
                Err(CommandError::text(&"ERR ENX flag requires an expiration"))
            }
            _ => Ok(parsed),
        }
    }
}

/// A kind of number that INCREX counts in.
trait Number: Copy + PartialOrd {
    const ZERO: Self;
    /// What a text is not that cannot be read.
    const KIND: &str;
    const EVENT: &str;
    /// The sum is no number of this kind.
    const OVERFLOW: CommandError;

    /// The smallest and the largest.
    fn limits() -> (Self, Self);
    fn read(text: &[u8]) -> Option<Self>;
    fn stored(value: &Str) -> Result<Self, CommandError>;
    fn to_stored(self) -> Str;
    fn plus(self, other: Self) -> Option<Self>;
    fn minus(self, other: Self) -> Option<Self>;
    fn write(self, out: &mut ReplyWriter);
}

impl Number for i64 {
    const ZERO: i64 = 0;
    const KIND: &str = "an integer or out of range";
    const EVENT: &str = "incrby";
    const OVERFLOW: CommandError = CommandError::Overflow;

    fn limits() -> (i64, i64) {
        (i64::MIN, i64::MAX)
    }

    fn read(text: &[u8]) -> Option<i64> {
        args::integer(text).ok()
    }

    fn stored(value: &Str) -> Result<i64, CommandError> {
        value.as_integer().ok_or(CommandError::NotAnInteger)
    }

    fn to_stored(self) -> Str {
        Str::integer(self)
    }

    fn plus(self, other: i64) -> Option<i64> {
        self.checked_add(other)
    }

    fn minus(self, other: i64) -> Option<i64> {
        self.checked_sub(other)
    }

    fn write(self, out: &mut ReplyWriter) {
        out.integer(self);
    }
}

impl Number for LongDouble {
    const ZERO: LongDouble = LongDouble::ZERO;
    const KIND: &str = "a valid float";
    const EVENT: &str = "incrbyfloat";
    const OVERFLOW: CommandError = CommandError::NotFinite;

    fn limits() -> (LongDouble, LongDouble) {
        LongDouble::limits()
    }

    fn read(text: &[u8]) -> Option<LongDouble> {
        LongDouble::parse(text)
    }

    fn stored(value: &Str) -> Result<LongDouble, CommandError> {
        match value {
            Str::Int(value) => Ok(LongDouble::from(value.get())),
            value => LongDouble::parse(&value.as_bytes()).ok_or(CommandError::NotAFloat),
        }
    }

    fn to_stored(self) -> Str {
        Str::Bytes(self.format().as_bytes().into())
    }

    fn plus(self, other: LongDouble) -> Option<LongDouble> {
        Some(self + other).filter(|sum| sum.is_finite())
    }

    fn minus(self, other: LongDouble) -> Option<LongDouble> {
        Some(self - other).filter(|difference| difference.is_finite())
    }

    fn write(self, out: &mut ReplyWriter) {
        out.printed_double(self.format().as_bytes());
    }
}

/// INCREX key [BYFLOAT float|BYINT integer] [SATURATE] [LBOUND lowerbound] [UBOUND upperbound]
/// [EX seconds|PX milliseconds|EXAT unix-time-seconds|PXAT unix-time-milliseconds|PERSIST] [ENX]
pub(super) fn increx(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = IncrexOptions::parse(&args[2..])?;
    match options.by_float {
        Some(increment) => increx_generic::<LongDouble>(ctx, args[1], increment, &options, out),
        None => {
            let increment = options.by_int.unwrap_or(b"1");
            increx_generic::<i64>(ctx, args[1], increment, &options, out)
        }
    }
}

fn increx_generic<N: Number>(
    ctx: &mut Context<'_>,
    key: &[u8],
    increment: &[u8],
    options: &IncrexOptions<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let increment = read::<N>(increment, "Increment")?;
    let bound = |text: Option<&[u8]>, name| text.map(|text| read::<N>(text, name)).transpose();
    let (smallest, largest) = N::limits();
    let lower = bound(options.lower_bound, "LBOUND")?.unwrap_or(smallest);
    let upper = bound(options.upper_bound, "UBOUND")?.unwrap_or(largest);
    if lower > upper {
        return Err(CommandError::text(&"ERR LBOUND can't be greater than UBOUND"));
    }
    let expire_at = options.expiry.point(ctx.now(), &"increx")?;
    let old = ctx.peek::<Str>(key)?.map_or(Ok(N::ZERO), N::stored)?;
    let sum = add(old, increment, (lower, upper), options.saturate)?;
    out.array(2);
    let Some((new, applied)) = sum else {
        old.write(out);
        N::ZERO.write(out);
        return Ok(());
    };
    new.write(out);
    applied.write(out);
    match ctx.get_mut::<Str>(key)? {
        Some(value) => *value = new.to_stored(),
        None => {
            ctx.set_value(key, new.to_stored().into_value(), None);
        }
    }
    ctx.changed(key, Class::STRING, N::EVENT);
    let has_expiry = ctx.database().get(key).is_some_and(|entry| entry.expire_at.is_some());
    match expire_at.filter(|_| !(options.keeps_expiry && has_expiry)) {
        Some(expire_at) if expire_at <= ctx.now() => {
            ctx.delete(key);
        }
        Some(_) => {
            ctx.database_mut().set_expire(key, expire_at);
            ctx.changed(key, Class::GENERIC, "expire");
        }
        None if options.expiry == Expiry::Persist => {
            remove_expire(ctx, key);
        }
        None => {}
    }
    Ok(())
}

fn read<N: Number>(text: &[u8], name: &str) -> Result<N, CommandError> {
    N::read(text).ok_or_else(|| CommandError::composed(format!("ERR {name} is not {}", N::KIND)))
}

/// The sum and what was added; what lies out of bounds becomes the bound where it `saturate`s,
/// and otherwise there is no sum.
fn add<N: Number>(
    old: N,
    increment: N,
    (lower, upper): (N, N),
    saturate: bool,
) -> Result<Option<(N, N)>, CommandError> {
    let sum = old.plus(increment);
    if let Some(new) = sum.filter(|sum| (lower..=upper).contains(sum)) {
        return Ok(Some((new, increment)));
    }
    if !saturate {
        return Ok(None);
    }
    let is_below = sum.map_or(increment < N::ZERO, |sum| sum < lower);
    let bound = if is_below { lower } else { upper };
    bound.minus(old).map(|applied| Some((bound, applied))).ok_or(N::OVERFLOW)
}
