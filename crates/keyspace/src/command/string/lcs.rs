//! LCS: the longest common subsequence of two strings.

use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::value::Str;
use keyspace_resp::ReplyWriter;
use std::ops::RangeInclusive;

#[derive(Debug, Default)]
struct LcsOptions {
    /// LEN
    len: bool,
    /// IDX
    matches: bool,
    /// MINMATCHLEN: shorter matches are left out.
    min_match_len: usize,
    /// WITHMATCHLEN
    with_match_len: bool,
}

impl LcsOptions {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut parsed = LcsOptions::default();
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if args::is(option, "len") {
                parsed.len = true;
            } else if args::is(option, "idx") {
                parsed.matches = true;
            } else if args::is(option, "withmatchlen") {
                parsed.with_match_len = true;
            } else if args::is(option, "minmatchlen") {
                let len = options.integer()?.max(0);
                parsed.min_match_len = usize::try_from(len).unwrap_or(usize::MAX);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        if parsed.len && parsed.matches {
            return Err(CommandError::text(
                &"ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(parsed)
    }
}

/// LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]
///
/// A missing key counts as an empty string. Matches are answered from the last to the first.
pub(super) fn lcs(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let a = operand(ctx, args[1])?;
    let b = operand(ctx, args[2])?;
    let options = LcsOptions::parse(&args[3..])?;
    if Table::bytes(&a, &b) > ctx.config().proto_max_bulk_len as u64 {
        return Err(CommandError::text(
            &"ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let table = Table::new(&a, &b).ok_or(CommandError::text(
        &"ERR Insufficient memory, failed allocating transient memory for LCS",
    ))?;
    let len = table.len(a.len(), b.len());
    if options.len {
        out.count(len as usize);
        return Ok(());
    }
    let matches = table.matches(&a, &b);
    if options.matches {
        write_matches(out, &matches, len, &options);
    } else {
        let parts = matches.iter().rev().flat_map(|(in_a, _)| &a[in_a.clone()]);
        out.bulk(&parts.copied().collect::<Vec<u8>>());
    }
    Ok(())
}

fn operand(ctx: &mut Context<'_>, key: &[u8]) -> Result<Vec<u8>, CommandError> {
    let value = ctx
        .get::<Str>(key)
        .map_err(|_| CommandError::text(&"ERR The specified keys must contain string values"))?;
    Ok(value.map(|value| value.as_bytes().into_owned()).unwrap_or_default())
}

fn write_matches(out: &mut ReplyWriter, matches: &[Match], len: u32, options: &LcsOptions) {
    out.map(2);
    out.bulk(b"matches");
    let match_len = |(in_a, _): &Match| in_a.end() - in_a.start() + 1;
    let start = out.begin();
    let mut written = 0;
    for found in matches.iter().filter(|found| match_len(found) >= options.min_match_len) {
        out.array(if options.with_match_len { 3 } else { 2 });
        for range in [&found.0, &found.1] {
            out.array(2);
            out.count(*range.start());
            out.count(*range.end());
        }
        if options.with_match_len {
            out.count(match_len(found));
        }
        written += 1;
    }
    out.end_array(start, written);
    out.bulk(b"len");
    out.count(len as usize);
}

/// Where a run of the subsequence stands in the first string and in the second.
type Match = (RangeInclusive<usize>, RangeInclusive<usize>);

/// The lengths of the longest common subsequences of all pairs of prefixes.
struct Table {
    lens: Vec<u32>,
    row: usize,
}

impl Table {
    /// The memory that it takes.
    fn bytes(a: &[u8], b: &[u8]) -> u64 {
        let cells = (a.len() as u64 + 1).saturating_mul(b.len() as u64 + 1);
        cells.saturating_mul(size_of::<u32>() as u64)
    }

    /// `None` where there is no memory for it.
    fn new(a: &[u8], b: &[u8]) -> Option<Table> {
        let row = b.len().checked_add(1)?;
        let cells = a.len().checked_add(1)?.checked_mul(row)?;
        let mut lens = Vec::new();
        lens.try_reserve_exact(cells).ok()?;
        lens.resize(cells, 0);
        let mut table = Table { lens, row };
        for (i, byte) in a.iter().enumerate() {
            for (j, other) in b.iter().enumerate() {
                let len = if byte == other {
                    table.len(i, j) + 1
                } else {
                    table.len(i, j + 1).max(table.len(i + 1, j))
                };
                table.lens[(i + 1) * row + j + 1] = len;
            }
        }
        Some(table)
    }

    /// The length for the first `i` bytes of one string and the first `j` of the other.
    fn len(&self, i: usize, j: usize) -> u32 {
        self.lens[i * self.row + j]
    }

    /// The runs that make up the subsequence, the last first.
    fn matches(&self, a: &[u8], b: &[u8]) -> Vec<Match> {
        let (mut i, mut j) = (a.len(), b.len());
        let mut matches = Vec::new();
        // The lengths of both prefixes before the run that is being followed.
        let mut run_end = None;
        let close = |end: Option<(usize, usize)>, i: usize, j: usize| {
            end.map(|(end_i, end_j)| (i..=end_i - 1, j..=end_j - 1))
        };
        while i > 0 && j > 0 {
            if a[i - 1] == b[j - 1] {
                run_end.get_or_insert((i, j));
                i -= 1;
                j -= 1;
            } else {
                matches.extend(close(run_end.take(), i, j));
                if self.len(i - 1, j) > self.len(i, j - 1) {
                    i -= 1;
                } else {
                    j -= 1;
                }
            }
        }
        matches.extend(close(run_end, i, j));
        matches
    }
}
