//! Reading arguments that name fields and points in time.

use crate::args::{self, Args};
use crate::command::expire::{TimeUnit, expire_point};
use crate::error::{CommandError, CommandName, printed};
use crate::time::UnixMillis;

/// The latest point at which a field can expire.
const MAX_EXPIRE_AT: UnixMillis = UnixMillis((1 << 46) - 1);

/// FIELDS stands twice.
pub(super) const FIELDS_REPEATED: CommandError =
    CommandError::text(&"ERR FIELDS keyword specified multiple times");
/// FIELDS does not stand at all.
pub(super) const FIELDS_MISSING: CommandError = CommandError::text(&"ERR missing FIELDS argument");

/// Reads the expiry of a field: so many units after `base`.
pub(super) fn parse_expire_at(
    arg: &[u8],
    unit: TimeUnit,
    base: UnixMillis,
    command: CommandName,
) -> Result<UnixMillis, CommandError> {
    let number = args::integer(arg)?;
    if number < 0 {
        return Err(CommandError::text(&"ERR invalid expire time, must be >= 0"));
    }
    expire_point(number, unit, base)
        .filter(|at| *at <= MAX_EXPIRE_AT)
        .ok_or(CommandError::InvalidExpire(command))
}

/// Reads `FIELDS numfields field [field ...]`, which is all that `args` are.
pub(super) fn parse_fields<'b, 'a>(args: &'b Args<'a>) -> Result<&'b Args<'a>, CommandError> {
    let [keyword, count, fields @ ..] = args else {
        return Err(CommandError::Syntax);
    };
    if !args::is(keyword, "fields") {
        return Err(CommandError::text(
            &"ERR Mandatory argument FIELDS is missing or not at the right position",
        ));
    }
    let count = args::integer(count).ok().filter(|count| *count > 0);
    let count =
        count.ok_or(CommandError::text(&"ERR Number of fields must be a positive integer"))?;
    if usize::try_from(count) != Ok(fields.len()) {
        return Err(CommandError::text(
            &"ERR The `numfields` parameter must match the number of arguments",
        ));
    }
    Ok(fields)
}

/// Takes `numfields` and what belongs to so many fields, `width` arguments each, from the front
/// of `rest`, where the keyword FIELDS was read.
pub(super) fn take_fields<'b, 'a>(
    rest: &mut &'b Args<'a>,
    width: usize,
    invalid_count: &'static &'static str,
) -> Result<&'b Args<'a>, CommandError> {
    let (count, behind) = rest.split_first().ok_or(CommandError::Syntax)?;
    let count = args::integer(count).ok().and_then(|count| i32::try_from(count).ok());
    let count = count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    let count = count.ok_or(CommandError::text(invalid_count))?;
    let arguments = count.checked_mul(width).filter(|arguments| *arguments <= behind.len());
    let arguments = arguments.ok_or(CommandError::text(&"ERR wrong number of arguments"))?;
    let (fields, behind) = behind.split_at(arguments);
    *rest = behind;
    Ok(fields)
}

/// An argument that is no option where one could stand.
pub(super) fn unknown_argument(arg: &[u8]) -> CommandError {
    CommandError::composed(format!("ERR unknown argument: {}", printed(arg)))
}
