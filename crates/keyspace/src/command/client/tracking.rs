//! CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO: client-side caching.

use super::on_or_off;
use crate::args::{self, Args};
use crate::client::ClientId;
use crate::context::Context;
use crate::error::{CommandError, printed};
use crate::sorted::SortedSet;
use crate::tracking::{Mode, Tracking};
use crate::value::SmallBytes;
use keyspace_resp::ReplyWriter;

/// CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST]
/// [OPTIN] [OPTOUT] [NOLOOP]
pub(super) fn client_tracking(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = Options::parse(ctx, &args[3..])?;
    if on_or_off(args[2])? {
        let tracking = options.tracking(ctx.client().tracking.as_ref())?;
        ctx.engine.start_tracking(ctx.client_id, tracking);
    } else {
        ctx.engine.stop_tracking(ctx.client_id);
    }
    out.ok();
    Ok(())
}

#[derive(Debug, Default)]
struct Options<'a> {
    redirect: Option<ClientId>,
    prefixes: Vec<&'a [u8]>,
    bcast: bool,
    optin: bool,
    optout: bool,
    noloop: bool,
}

impl<'a> Options<'a> {
    fn parse(ctx: &Context<'_>, mut args: &Args<'a>) -> Result<Self, CommandError> {
        let mut options = Options::default();
        while let Some((&option, rest)) = args.split_first() {
            args = match (&*option.to_ascii_lowercase(), rest) {
                (b"redirect", [id, rest @ ..]) => {
                    if options.redirect.is_some() {
                        return Err(CommandError::text(
                            &"ERR A client can only redirect to a single other client",
                        ));
                    }
                    options.redirect = Some(connected(ctx, id)?);
                    rest
                }
                (b"prefix", [prefix, rest @ ..]) => {
                    options.prefixes.push(prefix);
                    rest
                }
                (b"bcast", rest) => {
                    options.bcast = true;
                    rest
                }
                (b"optin", rest) => {
                    options.optin = true;
                    rest
                }
                (b"optout", rest) => {
                    options.optout = true;
                    rest
                }
                (b"noloop", rest) => {
                    options.noloop = true;
                    rest
                }
                _ => return Err(CommandError::Syntax),
            };
        }
        Ok(options)
    }

    /// How the client is to track from now on, which fits to how it tracks already.
    fn tracking(self, current: Option<&Tracking>) -> Result<Tracking, CommandError> {
        let mode = self.mode(current.map(|current| current.mode))?;
        let mut prefixes = SortedSet::default();
        if mode == Mode::Broadcast {
            self.check_prefixes(current)?;
            prefixes.extend(self.prefixes.iter().map(|&prefix| SmallBytes::from(prefix)));
            if prefixes.is_empty() {
                // Every key starts with nothing.
                prefixes.insert(SmallBytes::default());
            }
        }
        let (redirect, noloop) = (self.redirect, self.noloop);
        Ok(Tracking { mode, redirect, noloop, prefixes, ..Tracking::default() })
    }

    fn mode(&self, current: Option<Mode>) -> Result<Mode, CommandError> {
        let refused = |text| Err(CommandError::text(text));
        if !self.bcast && !self.prefixes.is_empty() {
            return refused(&"ERR PREFIX option requires BCAST mode to be enabled");
        }
        if current.is_some_and(|current| (current == Mode::Broadcast) != self.bcast) {
            return refused(
                &"ERR You can't switch BCAST mode on/off before disabling tracking for this \
                 client, and then re-enabling it with a different mode.",
            );
        }
        if self.bcast && (self.optin || self.optout) {
            return refused(&"ERR OPTIN and OPTOUT are not compatible with BCAST");
        }
        if self.optin && self.optout {
            return refused(&"ERR You can't specify both OPTIN mode and OPTOUT mode");
        }
        if self.optin && current == Some(Mode::OptOut)
            || self.optout && current == Some(Mode::OptIn)
        {
            return refused(
                &"ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this \
                 client, and then re-enabling it with a different mode.",
            );
        }
        Ok(match self {
            Options { bcast: true, .. } => Mode::Broadcast,
            Options { optin: true, .. } => Mode::OptIn,
            Options { optout: true, .. } => Mode::OptOut,
            _ => Mode::Read,
        })
    }

    /// A key must not be told twice.
    fn check_prefixes(&self, current: Option<&Tracking>) -> Result<(), CommandError> {
        let overlap = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let refused = |prefix: &[u8], which: &str, other: &[u8]| {
            let (prefix, other) = (printed(prefix), printed(other));
            Err(CommandError::composed(format!(
                "ERR Prefix '{prefix}' overlaps with {which} prefix '{other}'. Prefixes for a \
                 single client must not overlap."
            )))
        };
        for (index, prefix) in self.prefixes.iter().enumerate() {
            let mut existing = current.into_iter().flat_map(|current| &current.prefixes);
            if let Some(other) = existing.find(|other| overlap(prefix, other)) {
                return refused(prefix, "an existing", other);
            }
            let mut others = self.prefixes[index + 1..].iter();
            if let Some(other) = others.find(|other| overlap(prefix, other)) {
                return refused(prefix, "another provided", other);
            }
        }
        Ok(())
    }
}

/// Reads the number of a client that is connected.
fn connected(ctx: &Context<'_>, id: &[u8]) -> Result<ClientId, CommandError> {
    let id = u64::try_from(args::integer(id)?).ok().map(ClientId);
    let is_connected = |id: &ClientId| {
        ctx.engine.clients.get(id).is_some_and(|client| !client.closing && !client.hidden)
    };
    id.filter(is_connected)
        .ok_or_else(|| CommandError::text(&"ERR The client ID you want redirect to does not exist"))
}

/// CLIENT CACHING <YES | NO>
pub(super) fn client_caching(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(tracking) = &mut ctx.client_mut().tracking else {
        return Err(CommandError::text(
            &"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN \
             or OPTOUT mode enabled",
        ));
    };
    let (mode, refusal) = if args::is(args[2], "yes") {
        (
            Mode::OptIn,
            &"ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
        )
    } else if args::is(args[2], "no") {
        (
            Mode::OptOut,
            &"ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        )
    } else {
        return Err(CommandError::Syntax);
    };
    if tracking.mode != mode {
        return Err(CommandError::text(refusal));
    }
    tracking.caching = true;
    out.ok();
    Ok(())
}

/// CLIENT GETREDIR
pub(super) fn client_getredir(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.integer(redirection(ctx.client().tracking.as_ref()));
    Ok(())
}

/// Who is told in a client's stead: 0 for nobody, -1 where the client does not track.
pub(super) fn redirection(tracking: Option<&Tracking>) -> i64 {
    tracking.map_or(-1, |tracking| tracking.redirect.map_or(0, |id| id.0 as i64))
}

/// CLIENT TRACKINGINFO
pub(super) fn client_trackinginfo(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let tracking = ctx.client().tracking.as_ref();
    let flags = tracking.map_or(vec!["off"], flags);
    out.map(3);
    out.bulk(b"flags");
    out.set(flags.len());
    for flag in flags {
        out.bulk(flag.as_bytes());
    }
    out.bulk(b"redirect");
    out.integer(redirection(tracking));
    out.bulk(b"prefixes");
    out.array(tracking.map_or(0, |tracking| tracking.prefixes.len()));
    for prefix in tracking.into_iter().flat_map(|tracking| &tracking.prefixes) {
        out.bulk(prefix);
    }
    Ok(())
}

fn flags(tracking: &Tracking) -> Vec<&'static str> {
    let is = |mode| tracking.mode == mode;
    [
        ("on", true),
        ("bcast", is(Mode::Broadcast)),
        ("optin", is(Mode::OptIn)),
        ("caching-yes", is(Mode::OptIn) && tracking.caching),
        ("optout", is(Mode::OptOut)),
        ("caching-no", is(Mode::OptOut) && tracking.caching),
        ("noloop", tracking.noloop),
        ("broken_redirect", tracking.is_redirect_broken),
    ]
    .into_iter()
    .filter_map(|(flag, holds)| holds.then_some(flag))
    .collect()
}
