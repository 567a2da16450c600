//! Sorted sets: ranges of ranks, of scores and of members, to be answered, stored, counted or
//! removed.

use super::{store, write_elements};
use crate::args::{self, Args, Options};
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{ElementRef, Interval, LexInterval, Limit, ScoreInterval, ZSet};
use keyspace_resp::{ReplyWriter, parse_double};
use std::ops::Range;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "zrange",
        syntax: "ZRANGE key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
        summary: "Answers the members of a range of ranks, of scores or of the members themselves.",
        since: "1.2.0",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zrange),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrangestore",
        syntax: "ZRANGESTORE dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]",
        summary: "Stores the members of a range in another key.",
        since: "6.2.0",
        complexity: "O(log(N)+M*log(M)) with M members to store",
        arity: -5,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::one(2, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(zrangestore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrangebyscore",
        syntax: "ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]",
        summary: "Answers the members whose scores lie in an interval, from the lowest.",
        since: "1.0.5",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`ZRANGE` with the `BYSCORE` argument",
        run: Run::Handler(zrangebyscore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrevrangebyscore",
        syntax: "ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]",
        summary: "Answers the members whose scores lie in an interval, from the highest.",
        since: "2.2.0",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` and `BYSCORE` arguments",
        run: Run::Handler(zrevrangebyscore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrangebylex",
        syntax: "ZRANGEBYLEX key min max [LIMIT offset count]",
        summary: "Answers the members between two others, where all have the same score.",
        since: "2.8.9",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`ZRANGE` with the `BYLEX` argument",
        run: Run::Handler(zrangebylex),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrevrangebylex",
        syntax: "ZREVRANGEBYLEX key max min [LIMIT offset count]",
        summary: "Answers the members between two others, the last first, where all have the same score.",
        since: "2.8.9",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` and `BYLEX` arguments",
        run: Run::Handler(zrevrangebylex),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrevrange",
        syntax: "ZREVRANGE key start stop [WITHSCORES]",
        summary: "Answers the members of a range of ranks, from the highest score.",
        since: "1.2.0",
        complexity: "O(log(N)+M) with M members to answer",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        deprecated_since: "6.2.0",
        replaced_by: "`ZRANGE` with the `REV` argument",
        run: Run::Handler(zrevrange),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zcount",
        syntax: "ZCOUNT key min max",
        summary: "Counts the members whose scores lie in an interval.",
        since: "2.0.0",
        complexity: "O(log(N))",
        arity: 4,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zcount),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zlexcount",
        syntax: "ZLEXCOUNT key min max",
        summary: "Counts the members between two others, where all have the same score.",
        since: "2.8.9",
        complexity: "O(log(N))",
        arity: 4,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zlexcount),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zremrangebyrank",
        syntax: "ZREMRANGEBYRANK key start stop",
        summary: "Removes the members of a range of ranks.",
        since: "2.0.0",
        complexity: "O(M*log(N)) with M members to remove",
        arity: 4,
        flags: &[Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(zremrangebyrank),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zremrangebyscore",
        syntax: "ZREMRANGEBYSCORE key min max",
        summary: "Removes the members whose scores lie in an interval.",
        since: "1.2.0",
        complexity: "O(M*log(N)) with M members to remove",
        arity: 4,
        flags: &[Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(zremrangebyscore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zremrangebylex",
        syntax: "ZREMRANGEBYLEX key min max",
        summary: "Removes the members between two others, where all have the same score.",
        since: "2.8.9",
        complexity: "O(M*log(N)) with M members to remove",
        arity: 4,
        flags: &[Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(zremrangebylex),
        ..CommandSpec::new(Group::SortedSet)
    },
];

/// What the two ends of a range are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Lex,
}

/// What a command's name says of its range already; options may say the rest.
#[derive(Debug, Clone, Copy)]
struct Form {
    by: Option<By>,
    reverse: Option<bool>,
    /// Whether WITHSCORES can be asked for.
    answers: bool,
}

/// The elements that are meant.
#[derive(Debug, Clone, Copy)]
enum Selector<'a> {
    Ranks(i64, i64),
    Scores(ScoreInterval),
    Lex(LexInterval<'a>),
}

/// A range with its options.
#[derive(Debug)]
struct RangeQuery<'a> {
    selector: Selector<'a>,
    reverse: bool,
    offset: i64,
    /// Negative: all.
    count: i64,
    with_scores: bool,
}

impl<'a> Selector<'a> {
    fn parse(by: By, first: &'a [u8], second: &'a [u8]) -> Result<Self, CommandError> {
        Ok(match by {
            By::Rank => Selector::Ranks(args::integer(first)?, args::integer(second)?),
            By::Score => Selector::Scores(score_interval(first, second)?),
            By::Lex => Selector::Lex(lex_interval(first, second)?),
        })
    }

    /// The ranks of the selected elements; those that were given count from the other end where
    /// `reverse`.
    fn ranks(&self, zset: &ZSet, reverse: bool) -> Range<usize> {
        match self {
            Selector::Scores(scores) => zset.ranks_by_score(scores),
            Selector::Lex(members) => zset.ranks_by_lex(members),
            Selector::Ranks(start, stop) => match args::clamp_range(*start, *stop, zset.len()) {
                None => 0..0,
                Some((first, last)) if reverse => zset.len() - 1 - last..zset.len() - first,
                Some((first, last)) => first..last + 1,
            },
        }
    }
}

impl<'a> RangeQuery<'a> {
    /// Reads the two ends and the options behind them.
    fn parse(args: &Args<'a>, form: Form) -> Result<Self, CommandError> {
        let mut by = form.by;
        let mut reverse = form.reverse;
        let (mut offset, mut count) = (0, -1);
        let mut with_scores = false;
        let mut options = Options::new(&args[2..]);
        while let Some(option) = options.next() {
            if form.answers && args::is(option, "withscores") {
                with_scores = true;
            } else if args::is(option, "limit") {
                let (at, at_most) = (options.value()?, options.value()?);
                (offset, count) = (args::integer(at)?, args::integer(at_most)?);
            } else if reverse.is_none() && args::is(option, "rev") {
                reverse = Some(true);
            } else if by.is_none() && args::is(option, "byscore") {
                by = Some(By::Score);
            } else if by.is_none() && args::is(option, "bylex") {
                by = Some(By::Lex);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if by == By::Rank && count != -1 {
            return Err(CommandError::text(
                &"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or \
                 BYLEX",
            ));
        }
        if by == By::Lex && with_scores {
            return Err(CommandError::text(
                &"ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        // Going backwards, the greater end is given first.
        let swapped = reverse && by != By::Rank;
        let (first, second) = if swapped { (args[1], args[0]) } else { (args[0], args[1]) };
        let selector = Selector::parse(by, first, second)?;
        Ok(RangeQuery { selector, reverse, offset, count, with_scores })
    }

    /// The ranks of the selected elements that LIMIT leaves.
    fn ranks(&self, zset: &ZSet) -> Range<usize> {
        let ranks = self.selector.ranks(zset, self.reverse);
        if matches!(self.selector, Selector::Ranks(..)) {
            return ranks;
        }
        let Ok(offset) = usize::try_from(self.offset) else {
            return 0..0;
        };
        let left = ranks.len().saturating_sub(offset);
        let count = usize::try_from(self.count).unwrap_or(left).min(left);
        let skipped = ranks.len() - left;
        if self.reverse {
            let end = ranks.end - skipped;
            end - count..end
        } else {
            let start = ranks.start + skipped;
            start..start + count
        }
    }

    /// The selected elements, in the order in which they are answered.
    fn elements<'z>(
        &self,
        zset: &'z ZSet,
        ranks: Range<usize>,
    ) -> impl Iterator<Item = ElementRef<'z>> {
        let reverse = self.reverse;
        let mut walk = zset.range(ranks);
        std::iter::from_fn(move || if reverse { walk.next_back() } else { walk.next() })
    }
}

/// Reads the ends of an interval of scores, `(` before one that is left out.
fn score_interval(min: &[u8], max: &[u8]) -> Result<ScoreInterval, CommandError> {
    let limit = |arg: &[u8]| match arg.strip_prefix(b"(") {
        Some(score) => Some(Limit::Excluded(score_limit(score)?)),
        None => Some(Limit::Included(score_limit(arg)?)),
    };
    let error = || CommandError::text(&"ERR min or max is not a float");
    let (min, max) = (limit(min).ok_or_else(error)?, limit(max).ok_or_else(error)?);
    Ok(Interval { min, max })
}

/// A score as a limit: unlike an element's score it may be missing, which is 0, or too large,
/// which is infinite.
fn score_limit(arg: &[u8]) -> Option<f64> {
    if arg.is_empty() {
        return Some(0.0);
    }
    let too_large = || parse_double(arg);
    args::parse_float(arg).or_else(too_large).filter(|score| !score.is_nan())
}

/// Reads the ends of an interval of members: `[` or `(` before each, or `-` and `+`.
fn lex_interval<'a>(min: &'a [u8], max: &'a [u8]) -> Result<LexInterval<'a>, CommandError> {
    let limit = |arg: &'a [u8]| match arg {
        b"-" => Ok(Limit::First),
        b"+" => Ok(Limit::Last),
        [b'[', member @ ..] => Ok(Limit::Included(member)),
        [b'(', member @ ..] => Ok(Limit::Excluded(member)),
        _ => Err(CommandError::text(&"ERR min or max not valid string range item")),
    };
    Ok(Interval { min: limit(min)?, max: limit(max)? })
}

/// ZRANGE key start stop [BYSCORE|BYLEX] [REV] [LIMIT offset count] [WITHSCORES]
fn zrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: None, reverse: None, answers: true })
}

/// ZREVRANGE key start stop [WITHSCORES]
fn zrevrange(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: Some(By::Rank), reverse: Some(true), answers: true })
}

/// ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]
fn zrangebyscore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: Some(By::Score), reverse: Some(false), answers: true })
}

/// ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]
fn zrevrangebyscore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: Some(By::Score), reverse: Some(true), answers: true })
}

/// ZRANGEBYLEX key min max [LIMIT offset count]
fn zrangebylex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: Some(By::Lex), reverse: Some(false), answers: true })
}

/// ZREVRANGEBYLEX key max min [LIMIT offset count]
fn zrevrangebylex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    range_generic(ctx, args, out, Form { by: Some(By::Lex), reverse: Some(true), answers: true })
}

fn range_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    form: Form,
) -> Result<(), CommandError> {
    let query = RangeQuery::parse(&args[2..], form)?;
    let Some(zset) = ctx.get::<ZSet>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let ranks = query.ranks(zset);
    let len = ranks.len();
    write_elements(out, len, query.elements(zset, ranks), query.with_scores);
    Ok(())
}

/// ZRANGESTORE dst src min max [BYSCORE|BYLEX] [REV] [LIMIT offset count]
fn zrangestore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let query = RangeQuery::parse(&args[3..], Form { by: None, reverse: None, answers: false })?;
    let limits = ctx.config().zset_limits();
    let mut stored = ZSet::default();
    if let Some(zset) = ctx.get::<ZSet>(args[2])? {
        for element in query.elements(zset, query.ranks(zset)) {
            stored.insert(element.member, element.score, limits);
        }
    }
    store(ctx, args[1], stored, "zrangestore", out);
    Ok(())
}

/// ZCOUNT key min max
fn zcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    count_generic(ctx, args, out, By::Score)
}

/// ZLEXCOUNT key min max
fn zlexcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    count_generic(ctx, args, out, By::Lex)
}

fn count_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    by: By,
) -> Result<(), CommandError> {
    let selector = Selector::parse(by, args[2], args[3])?;
    let zset = ctx.get::<ZSet>(args[1])?;
    out.count(zset.map_or(0, |zset| selector.ranks(zset, false).len()));
    Ok(())
}

/// ZREMRANGEBYRANK key start stop
fn zremrangebyrank(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    remove_generic(ctx, args, out, By::Rank, "zremrangebyrank")
}

/// ZREMRANGEBYSCORE key min max
fn zremrangebyscore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    remove_generic(ctx, args, out, By::Score, "zremrangebyscore")
}

/// ZREMRANGEBYLEX key min max
fn zremrangebylex(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    remove_generic(ctx, args, out, By::Lex, "zremrangebylex")
}

fn remove_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    by: By,
    event: &'static str,
) -> Result<(), CommandError> {
    let selector = Selector::parse(by, args[2], args[3])?;
    let mut removed = 0;
    if let Some(zset) = ctx.get_mut::<ZSet>(args[1])? {
        removed = zset.remove_ranks(selector.ranks(zset, false));
    }
    if removed > 0 {
        ctx.changed(args[1], Class::ZSET, event);
        ctx.remove_if_empty(args[1]);
    }
    out.count(removed);
    Ok(())
}
