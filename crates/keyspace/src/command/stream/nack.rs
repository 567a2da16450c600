//! XNACK: consumers give back what they cannot work on.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::pending::require_group;
use super::{note_change, parse_id};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{Stream, StreamId};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "xnack",
    syntax: "XNACK key group <SILENT|FAIL|FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]",
    summary: "Gives pending entries back to their group, which delivers them to whoever claims first.",
    since: "8.8.0",
    complexity: "O(1) an id",
    arity: -7,
    flags: &[Flag::Fast, Flag::Write],
    acl: &[AclCategory::Stream],
    keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
    differs: "It is of Redis 8.8, newer than the rest. XINFO STREAM FULL has a group's nacked-count where there are such entries only.",
    run: Run::Handler(xnack),
    ..CommandSpec::new(Group::Stream)
}];

/// What giving back does to the number of deliveries.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// The delivery does not count.
    Silent,
    Fail,
    /// No number of deliveries would help.
    Fatal,
}

impl Mode {
    const MODES: [(&str, Mode); 3] =
        [("silent", Mode::Silent), ("fail", Mode::Fail), ("fatal", Mode::Fatal)];

    fn parse(arg: &[u8]) -> Result<Mode, CommandError> {
        let mode = Mode::MODES.into_iter().find(|(name, _)| args::is(arg, name));
        let unknown = CommandError::text(&"ERR mode must be SILENT, FAIL, or FATAL");
        mode.map(|(_, mode)| mode).ok_or(unknown)
    }

    /// The number of deliveries of an entry that had so many.
    fn apply(self, deliveries: u64) -> u64 {
        match self {
            Mode::Silent => deliveries.saturating_sub(1),
            Mode::Fail => deliveries,
            Mode::Fatal => i64::MAX as u64,
        }
    }
}

/// `[RETRYCOUNT count] [FORCE]`
#[derive(Debug, Default)]
struct NackOptions {
    delivery_count: Option<u64>,
    /// Entries of the stream need not be pending.
    force: bool,
}

impl NackOptions {
    fn parse(options: &mut Options<'_, '_>) -> Result<NackOptions, CommandError> {
        let mut parsed = NackOptions::default();
        while let Some(option) = options.next() {
            if args::is(option, "force") {
                parsed.force = true;
            } else if args::is(option, "retrycount") && !options.rest().is_empty() {
                let negative = CommandError::text(&"ERR Invalid RETRYCOUNT value, must be >= 0");
                let count = u64::try_from(options.integer()?).map_err(|_| negative)?;
                parsed.delivery_count = Some(count);
            } else {
                let option = String::from_utf8_lossy(option);
                let unknown = format!("ERR Unrecognized XNACK option '{option}'");
                return Err(CommandError::composed(unknown));
            }
        }
        Ok(parsed)
    }
}

/// XNACK key group <SILENT|FAIL|FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]
fn xnack(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (key, group) = (args[1], args[2]);
    require_group(ctx, key, group)?;
    let mode = Mode::parse(args[3])?;
    if !args::is(args[4], "ids") {
        return Err(CommandError::text(&"ERR syntax error, expected IDS keyword"));
    }
    let mut options = Options::new(&args[5..]);
    let ids = parse_ids(&mut options)?;
    let options = NackOptions::parse(&mut options)?;
    let mut released = 0;
    if let Some(stream) = ctx.get_mut::<Stream>(key)? {
        for id in ids {
            let is_there = stream.get(id).is_some();
            let Some(group) = stream.groups.get_mut(group) else {
                break;
            };
            let deliveries = match group.pending().get(&id) {
                Some(pending) => pending.delivery_count,
                None if options.force && is_there => 0,
                None => continue,
            };
            group.release(id, options.delivery_count.unwrap_or_else(|| mode.apply(deliveries)));
            released += 1;
        }
    }
    if released > 0 {
        note_change(ctx, key, Class::NONE, "xnack");
        ctx.engine.signal_delivery(ctx.db, key);
    }
    out.count(released);
    Ok(())
}

/// `numids id [id ...]`
fn parse_ids(options: &mut Options<'_, '_>) -> Result<Vec<StreamId>, CommandError> {
    let count = args::integer(options.value()?).ok().filter(|&count| count > 0);
    let count = count.ok_or(CommandError::text(&"ERR numids must be a positive integer"))?;
    let left = options.rest().len();
    let count = usize::try_from(count).ok().filter(|&count| count <= left);
    let count = count.ok_or(CommandError::text(&"ERR number of IDs doesn't match numids"))?;
    (0..count).map(|_| parse_id(options.value()?)).collect()
}
