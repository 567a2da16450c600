//! Publish and subscribe: SUBSCRIBE, PUBLISH and their kin, PUBSUB.

use super::{ChannelSpec, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use crate::args::Args;
use crate::client::ReplyMode;
use crate::context::Context;
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::pubsub::Kind;
use crate::value::SmallBytes;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "subscribe",
        syntax: "SUBSCRIBE channel [channel ...]",
        summary: "Listens to channels.",
        since: "2.0.0",
        complexity: "O(N)",
        arity: -2,
        flags: &[
            Flag::Denyoom,
            Flag::Loading,
            Flag::Noscript,
            Flag::Pubsub,
            Flag::Sentinel,
            Flag::Stale,
        ],
        channels: ChannelSpec::All,
        while_subscribed: true,
        run: Run::Handler(subscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "unsubscribe",
        syntax: "UNSUBSCRIBE [channel [channel ...]]",
        summary: "Stops listening to the given channels, or to all.",
        since: "2.0.0",
        complexity: "O(N)",
        arity: -1,
        flags: &[Flag::Loading, Flag::Noscript, Flag::Pubsub, Flag::Sentinel, Flag::Stale],
        while_subscribed: true,
        run: Run::Handler(unsubscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "psubscribe",
        syntax: "PSUBSCRIBE pattern [pattern ...]",
        summary: "Listens to all channels whose names match the patterns.",
        since: "2.0.0",
        complexity: "O(N)",
        arity: -2,
        flags: &[
            Flag::Denyoom,
            Flag::Loading,
            Flag::Noscript,
            Flag::Pubsub,
            Flag::Sentinel,
            Flag::Stale,
        ],
        channels: ChannelSpec::Patterns,
        while_subscribed: true,
        run: Run::Handler(psubscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "punsubscribe",
        syntax: "PUNSUBSCRIBE [pattern [pattern ...]]",
        summary: "Stops listening to the given patterns, or to all.",
        since: "2.0.0",
        complexity: "O(N)",
        arity: -1,
        flags: &[Flag::Loading, Flag::Noscript, Flag::Pubsub, Flag::Sentinel, Flag::Stale],
        while_subscribed: true,
        run: Run::Handler(punsubscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "ssubscribe",
        syntax: "SSUBSCRIBE shardchannel [shardchannel ...]",
        summary: "Listens to shard channels.",
        since: "7.0.0",
        complexity: "O(N)",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Loading, Flag::Noscript, Flag::Pubsub, Flag::Stale],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::NotKey])],
        channels: ChannelSpec::All,
        while_subscribed: true,
        run: Run::Handler(ssubscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "sunsubscribe",
        syntax: "SUNSUBSCRIBE [shardchannel [shardchannel ...]]",
        summary: "Stops listening to the given shard channels, or to all.",
        since: "7.0.0",
        complexity: "O(N)",
        arity: -1,
        flags: &[Flag::Loading, Flag::Noscript, Flag::Pubsub, Flag::Stale],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::NotKey])],
        while_subscribed: true,
        run: Run::Handler(sunsubscribe),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "publish",
        syntax: "PUBLISH channel message",
        summary: "Sends a message to everybody who listens to a channel.",
        since: "2.0.0",
        complexity: "O(N+M)",
        arity: 3,
        flags: &[
            Flag::Fast,
            Flag::Loading,
            Flag::MayReplicate,
            Flag::Pubsub,
            Flag::Sentinel,
            Flag::Stale,
        ],
        channels: ChannelSpec::First,
        run: Run::Handler(publish),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "spublish",
        syntax: "SPUBLISH shardchannel message",
        summary: "Sends a message to everybody who listens to a shard channel.",
        since: "7.0.0",
        complexity: "O(N)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Loading, Flag::MayReplicate, Flag::Pubsub, Flag::Stale],
        keys: &[KeySpec::one(1, &[KeyFlag::NotKey])],
        channels: ChannelSpec::First,
        run: Run::Handler(spublish),
        ..CommandSpec::new(Group::PubSub)
    },
    CommandSpec {
        name: "pubsub",
        syntax: "PUBSUB",
        summary: "Tells who listens to what.",
        since: "2.8.0",
        complexity: "",
        arity: -2,
        flags: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "pubsub|channels",
                syntax: "PUBSUB CHANNELS [pattern]",
                summary: "Names the channels that somebody listens to.",
                since: "2.8.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Pubsub, Flag::Stale],
                run: Run::Handler(pubsub_channels),
                ..CommandSpec::new(Group::PubSub)
            },
            CommandSpec {
                name: "pubsub|help",
                syntax: "PUBSUB HELP",
                summary: "Lists the subcommands.",
                since: "6.2.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::PubSub)
            },
            CommandSpec {
                name: "pubsub|numpat",
                syntax: "PUBSUB NUMPAT",
                summary: "Counts the distinct patterns that somebody listens to.",
                since: "2.8.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Pubsub, Flag::Stale],
                run: Run::Handler(pubsub_numpat),
                ..CommandSpec::new(Group::PubSub)
            },
            CommandSpec {
                name: "pubsub|numsub",
                syntax: "PUBSUB NUMSUB [channel [channel ...]]",
                summary: "Counts the listeners of each channel, without those by a pattern.",
                since: "2.8.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Pubsub, Flag::Stale],
                run: Run::Handler(pubsub_numsub),
                ..CommandSpec::new(Group::PubSub)
            },
            CommandSpec {
                name: "pubsub|shardchannels",
                syntax: "PUBSUB SHARDCHANNELS [pattern]",
                summary: "Names the shard channels that somebody listens to.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Pubsub, Flag::Stale],
                run: Run::Handler(pubsub_shardchannels),
                ..CommandSpec::new(Group::PubSub)
            },
            CommandSpec {
                name: "pubsub|shardnumsub",
                syntax: "PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]",
                summary: "Counts the listeners of each shard channel.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Pubsub, Flag::Stale],
                run: Run::Handler(pubsub_shardnumsub),
                ..CommandSpec::new(Group::PubSub)
            },
        ]),
        ..CommandSpec::new(Group::PubSub)
    },
];

/// SUBSCRIBE channel [channel ...]
fn subscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    subscribe_generic(ctx, Kind::Channel, &args[1..], out);
    Ok(())
}

/// PSUBSCRIBE pattern [pattern ...]
fn psubscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    subscribe_generic(ctx, Kind::Pattern, &args[1..], out);
    Ok(())
}

/// SSUBSCRIBE shardchannel [shardchannel ...]
fn ssubscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    subscribe_generic(ctx, Kind::Shard, &args[1..], out);
    Ok(())
}

/// UNSUBSCRIBE [channel [channel ...]]
fn unsubscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    unsubscribe_generic(ctx, Kind::Channel, &args[1..], out);
    Ok(())
}

/// PUNSUBSCRIBE [pattern [pattern ...]]
fn punsubscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    unsubscribe_generic(ctx, Kind::Pattern, &args[1..], out);
    Ok(())
}

/// SUNSUBSCRIBE [shardchannel [shardchannel ...]]
fn sunsubscribe(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    unsubscribe_generic(ctx, Kind::Shard, &args[1..], out);
    Ok(())
}

/// Subscribes and confirms each name, one that was subscribed to already included.
fn subscribe_generic(ctx: &mut Context<'_>, kind: Kind, names: &Args<'_>, out: &mut ReplyWriter) {
    let verb = match kind {
        Kind::Channel => "subscribe",
        Kind::Pattern => "psubscribe",
        Kind::Shard => "ssubscribe",
    };
    for name in names {
        ctx.engine.subscribe(ctx.client_id, kind, name);
        confirm(ctx, kind, verb, Some(name), out);
    }
}

/// Ends subscriptions, all of the kind where none is named, and confirms each.
fn unsubscribe_generic(ctx: &mut Context<'_>, kind: Kind, names: &Args<'_>, out: &mut ReplyWriter) {
    let verb = match kind {
        Kind::Channel => "unsubscribe",
        Kind::Pattern => "punsubscribe",
        Kind::Shard => "sunsubscribe",
    };
    let all: Vec<SmallBytes>;
    let mut named: Vec<&[u8]> = names.to_vec();
    if names.is_empty() {
        all = ctx.client().subscriptions.of(kind).iter().cloned().collect();
        named = all.iter().map(|name| &**name).collect();
        if named.is_empty() {
            confirm(ctx, kind, verb, None, out);
        }
    }
    for name in named {
        ctx.engine.unsubscribe(ctx.client_id, kind, name);
        confirm(ctx, kind, verb, Some(name), out);
    }
}

/// Says what the client is now subscribed to, or no longer, and how much is left. That is no reply
/// but pushed, so it comes although replies are off.
fn confirm(
    ctx: &mut Context<'_>,
    kind: Kind,
    verb: &str,
    name: Option<&[u8]>,
    out: &mut ReplyWriter,
) {
    let client = ctx.client_mut();
    let count = client.subscriptions.count(kind);
    let out = if client.reply_mode == ReplyMode::On { out } else { &mut client.out };
    out.push(3);
    out.bulk(verb.as_bytes());
    out.bulk_or_null(name);
    out.count(count);
}

/// PUBLISH channel message
fn publish(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.engine.publish(args[1], args[2]));
    Ok(())
}

/// SPUBLISH shardchannel message
fn spublish(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.engine.publish_shard(args[1], args[2]));
    Ok(())
}

/// PUBSUB CHANNELS [pattern]
fn pubsub_channels(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    channels_generic(ctx, Kind::Channel, args, out)
}

/// PUBSUB SHARDCHANNELS [pattern]
fn pubsub_shardchannels(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    channels_generic(ctx, Kind::Shard, args, out)
}

fn channels_generic(
    ctx: &Context<'_>,
    kind: Kind,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pattern = match args {
        [_, _] => None,
        [_, _, pattern] => Some(*pattern),
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let start = out.begin();
    let mut count = 0;
    let is_wanted = |name: &[u8]| pattern.is_none_or(|pattern| glob_match(pattern, name, false));
    for name in ctx.engine.pubsub.of(kind).keys().filter(|name| is_wanted(name)) {
        out.bulk(name);
        count += 1;
    }
    out.end_array(start, count);
    Ok(())
}

/// PUBSUB NUMPAT
fn pubsub_numpat(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.engine.pubsub.of(Kind::Pattern).len());
    Ok(())
}

/// PUBSUB NUMSUB [channel [channel ...]]
fn pubsub_numsub(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    numsub_generic(ctx, Kind::Channel, &args[2..], out);
    Ok(())
}

/// PUBSUB SHARDNUMSUB [shardchannel [shardchannel ...]]
fn pubsub_shardnumsub(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    numsub_generic(ctx, Kind::Shard, &args[2..], out);
    Ok(())
}

fn numsub_generic(ctx: &Context<'_>, kind: Kind, names: &Args<'_>, out: &mut ReplyWriter) {
    let listeners = ctx.engine.pubsub.of(kind);
    out.array(names.len() * 2);
    for &name in names {
        out.bulk(name);
        out.count(listeners.get(name).map_or(0, |ids| ids.len()));
    }
}
