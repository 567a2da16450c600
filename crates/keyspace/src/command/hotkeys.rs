//! HOTKEYS: asking which keys take the most time, or the most bytes of the network.

use super::{CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::hotkeys::{Session, Top, Wanted};
use crate::time::UnixMillis;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "hotkeys",
    syntax: "HOTKEYS",
    summary: "Commands that measure which keys are used most.",
    since: "8.6.0",
    complexity: "",
    arity: -2,
    flags: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "hotkeys|get",
            syntax: "HOTKEYS GET",
            summary: "Answers what was measured.",
            since: "8.6.0",
            complexity: "O(K)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Noscript],
            run: Run::Handler(hotkeys_get),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "hotkeys|help",
            syntax: "HOTKEYS HELP",
            summary: "Lists the subcommands.",
            since: "8.6.1",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "hotkeys|reset",
            syntax: "HOTKEYS RESET",
            summary: "Forgets what was measured.",
            since: "8.6.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Noscript],
            run: Run::Handler(hotkeys_reset),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "hotkeys|start",
            syntax: "HOTKEYS START METRICS count [CPU] [NET] [COUNT k] [DURATION seconds] [SAMPLE ratio] [SLOTS count slot [slot ...]]",
            summary: "Starts to measure which keys take the most time, or the most bytes.",
            since: "8.6.0",
            complexity: "O(1)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Noscript],
            run: Run::Handler(hotkeys_start),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "hotkeys|stop",
            syntax: "HOTKEYS STOP",
            summary: "Ends measuring and keeps what was measured.",
            since: "8.6.0",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Noscript],
            run: Run::Handler(hotkeys_stop),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// How many keys are answered where START does not say.
const DEFAULT_COUNT: usize = 10;
/// The most keys that START may ask for.
const COUNT_MAX: i64 = 64;
/// The longest time that START may ask for.
const SECONDS_MAX: i64 = 1_000_000;

/// HOTKEYS START METRICS count [CPU] [NET] [COUNT k] [DURATION seconds] [SAMPLE ratio]
/// [SLOTS count slot [slot ...]]
fn hotkeys_start(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let wanted = read_wanted(&args[2..], ctx.now())?;
    let now = ctx.now();
    if !ctx.engine.hotkeys.start(wanted, now) {
        return Err(CommandError::text(&"ERR hotkeys tracking session already in progress"));
    }
    out.ok();
    Ok(())
}

fn read_wanted(args: &Args<'_>, now: UnixMillis) -> Result<Wanted, CommandError> {
    let mut options = Options::new(args);
    if !options.next().is_some_and(|option| args::is(option, "metrics")) {
        return Err(CommandError::text(&"ERR METRICS parameter is required"));
    }
    let metrics = options.integer()?;
    let mut wanted =
        Wanted { cpu: false, net: false, count: DEFAULT_COUNT, sample_ratio: 1, until: None };
    for _ in 0..metrics.clamp(0, 2) {
        match options.value()? {
            metric if args::is(metric, "cpu") && !wanted.cpu => wanted.cpu = true,
            metric if args::is(metric, "net") && !wanted.net => wanted.net = true,
            _ => return Err(CommandError::Syntax),
        }
    }
    if !(1..=2).contains(&metrics) {
        return Err(CommandError::text(&"ERR METRICS count must be 1 or 2"));
    }
    while let Some(option) = options.next() {
        if args::is(option, "count") {
            wanted.count = in_range("COUNT", options.integer()?, COUNT_MAX)? as usize;
        } else if args::is(option, "duration") {
            let seconds = in_range("DURATION", options.integer()?, SECONDS_MAX)?;
            wanted.until = Some(now + seconds * 1000);
        } else if args::is(option, "sample") {
            wanted.sample_ratio = in_range("SAMPLE", options.integer()?, i64::MAX)?.unsigned_abs();
        } else if args::is(option, "slots") {
            return Err(CommandError::text(
                &"ERR SLOTS parameter cannot be used in non-cluster mode",
            ));
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(wanted)
}

fn in_range(name: &str, value: i64, max: i64) -> Result<i64, CommandError> {
    if !(1..=max).contains(&value) {
        return Err(CommandError::composed(format!("ERR {name} must be between 1 and {max}")));
    }
    Ok(value)
}

/// HOTKEYS STOP
fn hotkeys_stop(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let now = ctx.now();
    if ctx.engine.hotkeys.stop(now) {
        out.ok();
    } else {
        out.null();
    }
    Ok(())
}

/// HOTKEYS RESET
fn hotkeys_reset(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if ctx.engine.hotkeys.is_active(ctx.now()) {
        return Err(CommandError::text(
            &"ERR hotkeys tracking session in progress, stop tracking first",
        ));
    }
    ctx.engine.hotkeys.forget();
    out.ok();
    Ok(())
}

/// HOTKEYS GET
fn hotkeys_get(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match ctx.engine.hotkeys.session() {
        None => out.null_array(),
        Some(session) => {
            out.array(1);
            write_session(out, session, ctx.engine.now);
        }
    }
    Ok(())
}

fn write_session(out: &mut ReplyWriter, session: &Session, now: UnixMillis) {
    let wanted = &session.wanted;
    let ended_at = session.ended_at(now);
    let duration = ended_at.unwrap_or(now) - session.started_at;
    out.map(7 + if wanted.cpu { 3 } else { 0 } + if wanted.net { 2 } else { 0 });
    write_integer(out, "tracking-active", ended_at.is_none().into());
    write_integer(out, "sample-ratio", wanted.sample_ratio.cast_signed());
    // All slots, of which there is one range.
    out.bulk(b"selected-slots");
    out.array(1);
    out.array(2);
    out.integer(0);
    out.integer(16383);
    write_integer(out, "all-commands-all-slots-us", session.total_micros.cast_signed());
    write_integer(out, "net-bytes-all-commands-all-slots", session.total_bytes.cast_signed());
    write_integer(out, "collection-start-time-unix-ms", session.started_at.0);
    write_integer(out, "collection-duration-ms", duration);
    if wanted.cpu {
        let millis = session.total_micros / 1000;
        write_integer(out, "total-cpu-time-user-ms", millis.cast_signed());
        write_integer(out, "total-cpu-time-sys-ms", 0);
    }
    if wanted.net {
        write_integer(out, "total-net-bytes", session.total_bytes.cast_signed());
    }
    if wanted.cpu {
        write_top(out, "by-cpu-time-us", &session.by_micros, wanted.count);
    }
    if wanted.net {
        write_top(out, "by-net-bytes", &session.by_bytes, wanted.count);
    }
}

fn write_integer(out: &mut ReplyWriter, name: &str, value: i64) {
    out.bulk(name.as_bytes());
    out.integer(value);
}

/// Keys and their sums, one behind the other.
fn write_top(out: &mut ReplyWriter, name: &str, top: &Top, count: usize) {
    let highest = top.highest(count);
    out.bulk(name.as_bytes());
    out.array(highest.len() * 2);
    for (key, sum) in highest {
        out.bulk(key);
        out.integer(sum.cast_signed());
    }
}
