//! LATENCY: what the latency monitor has noted, and the histograms of commands.

use super::{CommandSpec, Flag, Group, Run, all, help, lookup};
use crate::args::Args;
use crate::context::Context;
use crate::error::{CommandError, printed};
use crate::latency::{Histogram, Samples};
use crate::stats::CommandStats;
use crate::value::Map;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "latency",
    syntax: "LATENCY",
    summary: "Commands about latency.",
    since: "2.8.13",
    complexity: "",
    arity: -2,
    flags: &[],
    run: Run::Container(&[
        CommandSpec {
            name: "latency|doctor",
            syntax: "LATENCY DOCTOR",
            summary: "Answers a report on latency.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &[
                "nondeterministic_output",
                "request_policy:all_nodes",
                "response_policy:special",
            ],
            run: Run::Handler(latency_doctor),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|graph",
            syntax: "LATENCY GRAPH event",
            summary: "Draws the samples of an event.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &[
                "nondeterministic_output",
                "request_policy:all_nodes",
                "response_policy:special",
            ],
            run: Run::Handler(latency_graph),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|help",
            syntax: "LATENCY HELP",
            summary: "Lists the subcommands.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Loading, Flag::Stale],
            run: Run::Handler(help),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|histogram",
            syntax: "LATENCY HISTOGRAM [COMMAND [COMMAND ...]]",
            summary: "Answers how the times of commands are spread.",
            since: "7.0.0",
            complexity: "O(N)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &[
                "nondeterministic_output",
                "request_policy:all_nodes",
                "response_policy:special",
            ],
            run: Run::Handler(latency_histogram),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|history",
            syntax: "LATENCY HISTORY event",
            summary: "Answers the samples of an event.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: 3,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &[
                "nondeterministic_output",
                "request_policy:all_nodes",
                "response_policy:special",
            ],
            run: Run::Handler(latency_history),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|latest",
            syntax: "LATENCY LATEST",
            summary: "Answers the latest sample of every event.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: 2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &[
                "nondeterministic_output",
                "request_policy:all_nodes",
                "response_policy:special",
            ],
            run: Run::Handler(latency_latest),
            ..CommandSpec::new(Group::Server)
        },
        CommandSpec {
            name: "latency|reset",
            syntax: "LATENCY RESET [event [event ...]]",
            summary: "Forgets the samples of events.",
            since: "2.8.13",
            complexity: "O(1)",
            arity: -2,
            flags: &[Flag::Admin, Flag::Loading, Flag::Noscript, Flag::Stale],
            tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
            run: Run::Handler(latency_reset),
            ..CommandSpec::new(Group::Server)
        },
    ]),
    ..CommandSpec::new(Group::Server)
}];

/// LATENCY LATEST
fn latency_latest(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let events = ctx.engine.latency.iter();
    out.array(events.len());
    for (event, samples) in events {
        let latest = samples.latest().copied().expect("an event has a sample");
        out.array(4);
        out.bulk(event.as_bytes());
        out.integer(latest.at_secs);
        out.integer(latest.millis.cast_signed());
        out.integer(samples.max_millis.cast_signed());
    }
    Ok(())
}

/// LATENCY HISTORY event
fn latency_history(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some((_, samples)) = ctx.engine.latency.get(args[2]) else {
        out.array(0);
        return Ok(());
    };
    out.array(samples.iter().len());
    for sample in samples.iter() {
        out.array(2);
        out.integer(sample.at_secs);
        out.integer(sample.millis.cast_signed());
    }
    Ok(())
}

/// LATENCY HISTOGRAM [command [command ...]]
///
/// A container stands for its subcommands. What names no command, or one that was not called, is
/// left out.
fn latency_histogram(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let specs: Vec<&CommandSpec> = match &args[2..] {
        [] => all().collect(),
        names => names.iter().filter_map(|name| lookup(name)).collect(),
    };
    let stats: Map<&str, &CommandStats> = ctx.engine.stats.commands().collect();
    let specs = specs.into_iter().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands()));
    let called = specs.filter_map(|spec| Some((spec.name, *stats.get(spec.name)?)));
    let called: Vec<_> = called.filter(|(_, stats)| !stats.durations.is_empty()).collect();
    out.map(called.len());
    for (name, CommandStats { durations, .. }) in called {
        out.bulk(name.as_bytes());
        write_histogram(out, durations);
    }
    Ok(())
}

fn write_histogram(out: &mut ReplyWriter, durations: &Histogram) {
    out.map(2);
    out.bulk(b"calls");
    out.integer(durations.calls().cast_signed());
    out.bulk(b"histogram_usec");
    let steps = durations.cumulative();
    out.map(steps.len());
    for (micros, calls) in steps {
        out.integer(micros.cast_signed());
        out.integer(calls.cast_signed());
    }
}

/// LATENCY GRAPH event
fn latency_graph(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some((event, samples)) = ctx.engine.latency.get(args[2]) else {
        let event = printed(args[2]);
        return Err(CommandError::composed(format!(
            "ERR No samples available for event '{event}'"
        )));
    };
    let now_secs = ctx.engine.now.0.div_euclid(1000);
    out.verbatim(b"txt", draw(event, samples, now_secs).as_bytes());
    Ok(())
}

/// A column for each sample: its bar, and below it, from top to bottom, how old it is.
fn draw(event: &str, samples: &Samples, now_secs: i64) -> String {
    const HEIGHT: u64 = 4;
    let latencies = || samples.iter().map(|sample| sample.millis);
    let high = latencies().max().unwrap_or_default();
    let low = latencies().min().unwrap_or_default();
    let mut text = format!(
        "{event} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        samples.max_millis,
        "-".repeat(80)
    );
    let mut push_line = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    for row in (1..=HEIGHT).rev() {
        // The lowest sample fills the lowest row, the highest all of them.
        let reaches = |millis: u64| 1 + (millis - low) * (HEIGHT - 1) / (high - low).max(1) >= row;
        push_line(latencies().map(|millis| if reaches(millis) { '#' } else { ' ' }).collect());
    }
    push_line(String::new());
    let ages: Vec<Vec<char>> =
        samples.iter().map(|sample| age(now_secs - sample.at_secs).chars().collect()).collect();
    let rows = ages.iter().map(Vec::len).max().unwrap_or_default();
    for row in 0..rows {
        push_line(ages.iter().map(|age| age.get(row).copied().unwrap_or(' ')).collect());
    }
    text
}

/// How long ago something was, in the largest unit that it fills.
fn age(secs: i64) -> String {
    let secs = secs.max(0);
    match secs {
        0..60 => format!("{secs}s"),
        60..3600 => format!("{}m", secs / 60),
        3600..86_400 => format!("{}h", secs / 3600),
        _ => format!("{}d", secs / 86_400),
    }
}

/// LATENCY RESET [event [event ...]]
fn latency_reset(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let latency = &mut ctx.engine.latency;
    let count = match &args[2..] {
        [] => latency.clear(),
        events => events.iter().filter(|event| latency.remove(event)).count(),
    };
    out.count(count);
    Ok(())
}

/// LATENCY DOCTOR
fn latency_doctor(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.verbatim(b"txt", diagnosis(ctx).as_bytes());
    Ok(())
}

fn diagnosis(ctx: &Context<'_>) -> String {
    let threshold = ctx.config().latency_monitor_threshold;
    let events = ctx.engine.latency.iter();
    if threshold == 0 && events.len() == 0 {
        return "Nothing is watched: CONFIG SET latency-monitor-threshold says how many \
                milliseconds are too many.\n"
            .to_owned();
    }
    if events.len() == 0 {
        return format!("No command took {threshold} ms or more.\n");
    }
    let mut text = format!("Events of {threshold} ms or more:\n");
    for (event, samples) in events {
        let count = samples.iter().len() as u64;
        let sum: u64 = samples.iter().map(|sample| sample.millis).sum();
        text.push_str(&format!(
            "{event}: {count} samples, {} ms on average, {} ms at most\n",
            sum / count.max(1),
            samples.max_millis
        ));
    }
    text + "SLOWLOG GET tells which commands they were.\n"
}
