//! The options that say when a key is to expire: EX, PX, EXAT, PXAT, KEEPTTL and PERSIST.

use crate::args::{self, Options};
use crate::command::expire::{TimeUnit, expire_point};
use crate::context::Context;
use crate::error::{CommandError, CommandName};
use crate::notify::Class;
use crate::time::UnixMillis;
use crate::value::{Str, Typed};

/// What the options say. The number is read when everything else is parsed, since a syntax error
/// goes before a number that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry<'a> {
    /// Nothing was said.
    Unchanged,
    /// KEEPTTL
    Keep,
    /// PERSIST
    Persist,
    /// EX, PX: so long from now.
    After(&'a [u8], TimeUnit),
    /// EXAT, PXAT: at that time.
    At(&'a [u8], TimeUnit),
}

impl<'a> Expiry<'a> {
    /// Takes EX, PX, EXAT or PXAT with the number behind it; `false` for any other option.
    ///
    /// # Errors
    /// A syntax error where there is no number, or another option was taken before.
    pub fn accept(
        &mut self,
        option: &[u8],
        options: &mut Options<'_, 'a>,
    ) -> Result<bool, CommandError> {
        let make: fn(&'a [u8]) -> Expiry<'a> = if args::is(option, "ex") {
            |number| Expiry::After(number, TimeUnit::Seconds)
        } else if args::is(option, "px") {
            |number| Expiry::After(number, TimeUnit::Milliseconds)
        } else if args::is(option, "exat") {
            |number| Expiry::At(number, TimeUnit::Seconds)
        } else if args::is(option, "pxat") {
            |number| Expiry::At(number, TimeUnit::Milliseconds)
        } else {
            return Ok(false);
        };
        self.choose(make(options.value()?))?;
        Ok(true)
    }

    /// Takes one of these options, of which there can be only one; said again, the last one holds.
    pub fn choose(&mut self, choice: Expiry<'a>) -> Result<(), CommandError> {
        let is_again = match (*self, choice) {
            (Expiry::After(_, was), Expiry::After(_, is)) => was == is,
            (Expiry::At(_, was), Expiry::At(_, is)) => was == is,
            (was, is) => was == Expiry::Unchanged || was == is,
        };
        if !is_again {
            return Err(CommandError::Syntax);
        }
        *self = choice;
        Ok(())
    }

    /// The point in time that was given, which may be in the past; `None` where none was.
    ///
    /// # Errors
    /// The number is none, is not positive, or lies outside of time; `command` is named then.
    pub fn point(
        self,
        now: UnixMillis,
        command: CommandName,
    ) -> Result<Option<UnixMillis>, CommandError> {
        let (number, unit, base) = match self {
            Expiry::After(number, unit) => (number, unit, now),
            Expiry::At(number, unit) => (number, unit, UnixMillis(0)),
            Expiry::Unchanged | Expiry::Keep | Expiry::Persist => return Ok(None),
        };
        let number = args::integer(number)?;
        if number <= 0 {
            return Err(CommandError::InvalidExpire(command));
        }
        expire_point(number, unit, base).map(Some).ok_or(CommandError::InvalidExpire(command))
    }
}

/// Sets a key to a string and announces it; `keep_ttl` leaves it the expiry it has. A time in the
/// past makes the key expire at once.
pub(super) fn set_with_expiry(
    ctx: &mut Context<'_>,
    key: &[u8],
    value: &[u8],
    expire_at: Option<UnixMillis>,
    keep_ttl: bool,
) {
    let kept = ctx.database().get(key).filter(|_| keep_ttl).and_then(|entry| entry.expire_at);
    ctx.set_value(key, Str::new(value).into_value(), expire_at.or(kept));
    ctx.changed(key, Class::STRING, "set");
    if expire_at.is_some() {
        ctx.notify(key, Class::GENERIC, "expire");
    }
    if expire_at.is_some_and(|at| at <= ctx.now()) {
        ctx.engine.expire_due();
    }
}
