//! Trimming: XTRIM, and the options that XADD shares with it.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::parse_id;
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{References, Stream, StreamLimits, Threshold, Trim};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "xtrim",
    syntax: "XTRIM key <MAXLEN|MINID> [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]",
    summary: "Removes entries from the front of a stream.",
    since: "5.0.0",
    complexity: "O(N) in the number of entries removed",
    arity: -4,
    flags: &[Flag::Write],
    acl: &[AclCategory::Stream],
    keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
    tips: &["nondeterministic_output"],
    run: Run::Handler(xtrim),
    ..CommandSpec::new(Group::Stream)
}];

/// How many nodes an approximate trim looks at where no LIMIT is given.
const DEFAULT_LIMIT_NODES: usize = 100;
/// The limit where nodes have no size, and the largest that the size of nodes leads to.
const UNSIZED_LIMIT: usize = 10_000;
const MAX_DEFAULT_LIMIT: usize = 1_000_000;

/// `<MAXLEN|MINID> [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]`
#[derive(Debug, Default)]
pub(super) struct TrimOptions {
    threshold: Option<Threshold>,
    is_approximate: bool,
    limit: Option<usize>,
    references: Option<References>,
}

impl TrimOptions {
    /// Reads an option and what follows it; `false` where it is none of these.
    pub fn read(
        &mut self,
        option: &[u8],
        options: &mut Options<'_, '_>,
    ) -> Result<bool, CommandError> {
        let has_value = !options.rest().is_empty();
        if args::is(option, "maxlen") && has_value {
            let error = CommandError::text(&"ERR The MAXLEN argument must be >= 0.");
            let arg = self.read_operator(options)?;
            let max = args::integer(arg)?;
            let max = if max < 0 { None } else { Some(usize::try_from(max).unwrap_or(usize::MAX)) };
            self.threshold = Some(Threshold::MaxLen(max.ok_or(error)?));
        } else if args::is(option, "minid") && has_value {
            let arg = self.read_operator(options)?;
            self.threshold = Some(Threshold::MinId(parse_id(arg)?));
        } else if args::is(option, "limit") && has_value {
            let limit = options.integer()?;
            if limit < 0 {
                return Err(CommandError::text(&"ERR The LIMIT argument must be >= 0."));
            }
            self.limit = Some(usize::try_from(limit).unwrap_or(usize::MAX));
        } else if let Some(references) = parse_references(option)
            && self.references.is_none()
        {
            self.references = Some(references);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The threshold behind an optional `=` or `~`.
    fn read_operator<'a>(
        &mut self,
        options: &mut Options<'_, 'a>,
    ) -> Result<&'a [u8], CommandError> {
        if self.threshold.is_some() {
            return Err(CommandError::text(
                &"ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let is_last = options.rest().len() < 2;
        let arg = options.value()?;
        self.is_approximate = arg == b"~" && !is_last;
        if self.is_approximate || arg == b"=" && !is_last { options.value() } else { Ok(arg) }
    }

    /// Refuses a LIMIT without what it limits.
    pub fn check(&self) -> Result<(), CommandError> {
        let error = |text| Err(CommandError::text(text));
        match self.limit {
            Some(1..) if self.threshold.is_none() => error(
                &"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ),
            Some(_) if !self.is_approximate => {
                error(&"ERR syntax error, LIMIT cannot be used without the special ~ option")
            }
            _ => Ok(()),
        }
    }

    /// What is to be done, if anything is.
    pub fn resolve(&self, limits: StreamLimits) -> Option<Trim> {
        let default_limit = match limits.node_entries.saturating_mul(DEFAULT_LIMIT_NODES) {
            0 => UNSIZED_LIMIT,
            limit => limit.min(MAX_DEFAULT_LIMIT),
        };
        Some(Trim {
            threshold: self.threshold?,
            is_approximate: self.is_approximate,
            limit: if self.is_approximate { self.limit.unwrap_or(default_limit) } else { 0 },
            references: self.references.unwrap_or_default(),
        })
    }
}

/// `KEEPREF`, `DELREF` or `ACKED`
pub(super) fn parse_references(arg: &[u8]) -> Option<References> {
    let known = [
        ("keepref", References::Keep),
        ("delref", References::Delete),
        ("acked", References::Acked),
    ];
    known.into_iter().find(|(name, _)| args::is(arg, name)).map(|(_, references)| references)
}

/// XTRIM key <MAXLEN|MINID> [=|~] threshold [LIMIT count] [KEEPREF|DELREF|ACKED]
fn xtrim(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut trim = TrimOptions::default();
    let mut options = Options::new(&args[2..]);
    while let Some(option) = options.next() {
        if !trim.read(option, &mut options)? {
            return Err(CommandError::Syntax);
        }
    }
    if trim.threshold.is_none() && trim.limit.is_none_or(|limit| limit == 0) {
        return Err(CommandError::text(
            &"ERR syntax error, XTRIM must be called with a trimming strategy",
        ));
    }
    trim.check()?;
    let trim = trim.resolve(ctx.config().stream_limits());
    let stream = ctx.get_mut::<Stream>(args[1])?;
    let removed = stream.zip(trim).map_or(0, |(stream, trim)| stream.trim(trim));
    if removed > 0 {
        ctx.changed(args[1], Class::STREAM, "xtrim");
    }
    out.count(removed);
    Ok(())
}
