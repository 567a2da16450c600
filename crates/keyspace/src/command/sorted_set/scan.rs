//! Sorted sets: the walk in steps.

use crate::args::Args;
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::scan::{self, ScanKind, ScanOptions};
use crate::value::ZSet;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "zscan",
    syntax: "ZSCAN key cursor [MATCH pattern] [COUNT count]",
    summary: "Walks over the members of a sorted set in steps.",
    since: "2.8.0",
    complexity: "O(1) a call; O(N) for a whole walk",
    arity: -3,
    flags: &[Flag::Readonly],
    acl: &[AclCategory::SortedSet],
    keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
    tips: &["nondeterministic_output"],
    run: Run::Handler(zscan),
    ..CommandSpec::new(Group::SortedSet)
}];

/// ZSCAN key cursor [MATCH pattern] [COUNT count]
///
/// A listpack is answered as a whole and in order, as in Redis. Scores are bulk strings in RESP3
/// too, and have 17 digits where the sorted set is no listpack.
fn zscan(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let cursor = scan::cursor(args[2])?;
    let Some(zset) = ctx.get::<ZSet>(args[1])? else {
        scan::reply(out, 0, |_| 0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanKind::Members)?;
    if !zset.is_packed() {
        let (places, next_cursor) = scan::step(cursor, zset.places(), options.count);
        let visited = places.filter_map(|place| zset.at_place(place));
        scan::reply(out, next_cursor, |out| {
            let selected = visited.filter(|element| options.matches(element.member));
            selected.fold(0, |written, element| {
                out.bulk(element.member);
                out.bulk(seventeen_digits(element.score).as_bytes());
                written + 2
            })
        });
    } else {
        scan::reply(out, 0, |out| {
            let selected = zset.iter().filter(|element| options.matches(element.member));
            selected.fold(0, |written, element| {
                out.bulk(element.member);
                out.bulk_double(element.score);
                written + 2
            })
        });
    }
    Ok(())
}

/// A score as C's `%.17g` prints it.
fn seventeen_digits(score: f64) -> String {
    if score.is_infinite() {
        return if score > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{score:.16e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("a mantissa and an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent has decimal digits");
    let trim = |digits: &str| digits.trim_end_matches('0').trim_end_matches('.').to_owned();
    match usize::try_from(16 - exponent) {
        Ok(decimals @ 0..=20) if decimals > 0 => trim(&format!("{score:.decimals$}")),
        Ok(0) => format!("{score:.0}"),
        _ => format!("{}e{exponent:+03}", trim(mantissa)),
    }
}

#[cfg(test)]
mod tests {
    use super::seventeen_digits;

    #[test]
    fn scores_print_with_seventeen_digits() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (10.0, "10"),
            (0.1, "0.10000000000000001"),
            (-1.5, "-1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (1e16, "10000000000000000"),
            (123456789012345680.0, "1.2345678901234568e+17"),
            (1e100, "1e+100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(seventeen_digits(score), text);
        }
    }
}
