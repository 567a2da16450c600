//! Values as bytes, to be taken elsewhere: DUMP, RESTORE and MIGRATE.

use super::{
    AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run, unavailable,
};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::rdb::{self, Refused};
use crate::time::UnixMillis;
use crate::usage::{Measure, Usage};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "dump",
        syntax: "DUMP key",
        summary: "Answers the value of a key as bytes that RESTORE takes.",
        since: "2.6.0",
        complexity: "O(N) in the bytes of the value",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "The bytes are of RDB version 10, which Redis 7.0 and later restore; hashes with fields that expire are of version 12 (Redis 7.4), and streams of the oldest that says what is in them: consumers' times and producers' messages are newer. What is longer than proto-max-bulk-len is an error.",
        tips: &["nondeterministic_output"],
        run: Run::Handler(dump),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "migrate",
        syntax: "MIGRATE host port <key|\"\"> destination-db timeout [COPY] [REPLACE] [AUTH auth|AUTH2 username password] [KEYS keys [keys ...]]",
        summary: "Moves keys to another server.",
        since: "2.6.0",
        complexity: "O(N) in the bytes of the values",
        arity: -6,
        flags: &[Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        keys: &[
            KeySpec::one(3, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec {
                flags: &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete, KeyFlag::Incomplete],
                begin: Begin::Keyword { keyword: "KEYS", start_from: -2 },
                find: Find::Range { last: -1, step: 1, limit: 0 },
            },
        ],
        key_flags: Some(|_| &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
        differs: "Refused: there is no network; take what DUMP answers to the other server's RESTORE.",
        tips: &["nondeterministic_output"],
        run: Run::Handler(unavailable),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "restore",
        syntax: "RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
        summary: "Sets a key to a value that DUMP answered.",
        since: "2.6.0",
        complexity: "O(N) in the bytes of the value, O(N*log(N)) for a sorted set",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update])],
        differs: "Every payload is checked as by sanitize-dump-payload, modules are not known, and compressed strings may become proto-max-bulk-len bytes together. FREQ has no effect.",
        run: Run::Handler(restore),
        ..CommandSpec::new(Group::Generic)
    },
    CommandSpec {
        name: "restore-asking",
        syntax: "RESTORE-ASKING key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
        summary: "Does what RESTORE does, where nodes of a cluster hand keys over.",
        since: "3.0.0",
        complexity: "O(N) in the bytes of the value, O(N*log(N)) for a sorted set",
        arity: -4,
        flags: &[Flag::Asking, Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        keys: &[KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update])],
        differs: "As RESTORE does.",
        is_system: true,
        run: Run::Handler(restore),
        ..CommandSpec::new(Group::Server)
    },
];

/// DUMP key
fn dump(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let payload = match ctx.get_any(args[1]) {
        None => None,
        Some(_) => ctx.database().get(args[1]).map(|entry| rdb::dump(entry.value, ctx.config())),
    };
    if payload.as_ref().is_some_and(|payload| payload.len() > ctx.config().proto_max_bulk_len) {
        return Err(CommandError::ReplyTooLarge);
    }
    out.bulk_or_null(payload.as_deref());
    Ok(())
}

/// The options of RESTORE.
#[derive(Debug, Default)]
struct RestoreOptions {
    replace: bool,
    /// The expiry is a point in time.
    absolute_ttl: bool,
    idle_seconds: Option<i64>,
    frequency: Option<i64>,
}

impl RestoreOptions {
    /// A key is either idle or frequent.
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut parsed = RestoreOptions::default();
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if args::is(option, "replace") {
                parsed.replace = true;
            } else if args::is(option, "absttl") {
                parsed.absolute_ttl = true;
            } else if args::is(option, "idletime") && parsed.frequency.is_none() {
                let seconds = options.integer()?;
                if seconds < 0 {
                    return Err(CommandError::text(&"ERR Invalid IDLETIME value, must be >= 0"));
                }
                parsed.idle_seconds = Some(seconds);
            } else if args::is(option, "freq") && parsed.idle_seconds.is_none() {
                let frequency = options.integer()?;
                if !(0..=255).contains(&frequency) {
                    return Err(CommandError::text(
                        &"ERR Invalid FREQ value, must be >= 0 and <= 255",
                    ));
                }
                parsed.frequency = Some(frequency);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(parsed)
    }

    /// How the key was used before, where that is said and recorded.
    fn usage(&self, ctx: &Context<'_>) -> Option<Usage> {
        if ctx.config().measure() == Measure::Frequency {
            let counter = u8::try_from(self.frequency?).ok()?;
            return Some(Usage::counted(ctx.now(), counter));
        }
        let idle = self.idle_seconds?.saturating_mul(1000);
        Some(Usage::at(UnixMillis(ctx.now().0.saturating_sub(idle))))
    }

    /// The expiry that `ttl`, which is not negative, says, if it says one.
    fn expire_at(&self, ttl: i64, ctx: &Context<'_>) -> Result<Option<UnixMillis>, CommandError> {
        if ttl == 0 {
            return Ok(None);
        }
        let base = if self.absolute_ttl { UnixMillis(0) } else { ctx.now() };
        let out_of_time = CommandError::InvalidExpire(&ctx.command.spec.name);
        base.checked_add(ttl).map(Some).ok_or(out_of_time)
    }
}

/// RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]
///
/// A value that has expired already, and one of which every part has, is none: then REPLACE
/// deletes the key.
fn restore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let key = args[1];
    let options = RestoreOptions::parse(&args[4..])?;
    if !options.replace && ctx.database().contains(key) {
        return Err(CommandError::text(&"BUSYKEY Target key name already exists."));
    }
    let ttl = args::integer(args[2])?;
    if ttl < 0 {
        return Err(CommandError::text(&"ERR Invalid TTL value, must be >= 0"));
    }
    let value = rdb::restore(args[3], ctx.config(), ctx.now()).map_err(|refused| {
        CommandError::text(match refused {
            Refused::VersionOrChecksum => &"ERR DUMP payload version or checksum are wrong",
            Refused::Format => &"ERR Bad data format",
        })
    })?;
    let expire_at = options.expire_at(ttl, ctx)?;
    let has_expired = expire_at.is_some_and(|at| at <= ctx.now());
    match value.filter(|_| !has_expired) {
        None => {
            ctx.delete(key);
        }
        Some(value) => {
            ctx.add_value(key, value, expire_at);
            if let Some(usage) = options.usage(ctx) {
                ctx.database_mut().set_usage(key, usage);
            }
            ctx.changed(key, Class::GENERIC, "restore");
        }
    }
    out.ok();
    Ok(())
}
