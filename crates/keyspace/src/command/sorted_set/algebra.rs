//! Sorted sets: unions, intersections and differences. Sets take part as sorted sets in which every
//! score is 1.

use super::{store, write_elements};
use crate::args::{self, Args, Options};
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::sort::sort_by_key;
use crate::value::{Element, Map, Member, Set, SmallBytes, Value, ZSet, in_order};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "zunion",
        syntax: "ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]",
        summary: "Answers the members of any of several sorted sets.",
        since: "6.2.0",
        complexity: "O(N)+O(M*log(M)) with N members in all and M to answer",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zunion),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zunionstore",
        syntax: "ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]",
        summary: "Stores the members of any of several sorted sets in another key.",
        since: "2.0.0",
        complexity: "O(N)+O(M*log(M)) with N members in all and M to store",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::counted(2, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(zunionstore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zinter",
        syntax: "ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]",
        summary: "Answers the members that several sorted sets share.",
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M to answer",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zinter),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zinterstore",
        syntax: "ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>]",
        summary: "Stores the members that several sorted sets share in another key.",
        since: "2.0.0",
        complexity: "O(N*K)+O(M*log(M)) with N members in the smallest of K sets and M to store",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::counted(2, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(zinterstore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zintercard",
        syntax: "ZINTERCARD numkeys key [key ...] [LIMIT limit]",
        summary: "Counts the members that several sorted sets share.",
        since: "7.0.0",
        complexity: "O(N*K) with N members in the smallest of K sets",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zintercard),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zdiff",
        syntax: "ZDIFF numkeys key [key ...] [WITHSCORES]",
        summary: "Answers the members of the first sorted set that no other has.",
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M to answer",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::counted(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zdiff),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zdiffstore",
        syntax: "ZDIFFSTORE destination numkeys key [key ...]",
        summary: "Stores the members of the first sorted set that no other has in another key.",
        since: "6.2.0",
        complexity: "O(N*K)+O(M*log(M)) with N members in the first of K sets and M to store",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::counted(2, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(zdiffstore),
        ..CommandSpec::new(Group::SortedSet)
    },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Inter,
    Diff,
}

/// How the scores that a member has in several sources become one.
#[derive(Debug, Clone, Copy)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// Adds what another source says. That may be NaN, which is never lower or higher.
    fn apply(self, score: f64, other: f64) -> f64 {
        match self {
            Aggregate::Sum => number_or_zero(score + other),
            Aggregate::Min if other < score => other,
            Aggregate::Max if other > score => other,
            Aggregate::Min | Aggregate::Max => score,
        }
    }
}

/// Both infinities together, or one of them zero times, count as 0.
fn number_or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// The score of every member of a set.
const SET_SCORE: f64 = 1.0;

/// What follows the keys.
#[derive(Debug)]
struct AlgebraOptions {
    /// One for each key.
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
}

impl AlgebraOptions {
    /// Reads `[WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]`: the first two
    /// unless it is a difference, the last one where the result is answered.
    fn parse(
        args: &Args<'_>,
        keys: usize,
        operation: Operation,
        answers: bool,
    ) -> Result<Self, CommandError> {
        let mut parsed = AlgebraOptions {
            weights: vec![1.0; keys],
            aggregate: Aggregate::Sum,
            with_scores: false,
        };
        let combines = operation != Operation::Diff;
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if combines && args::is(option, "weights") && options.rest().len() >= keys {
                for weight in &mut parsed.weights {
                    *weight = args::float(options.value()?)
                        .map_err(|_| CommandError::text(&"ERR weight value is not a float"))?;
                }
            } else if combines && args::is(option, "aggregate") {
                parsed.aggregate = match options.value()? {
                    name if args::is(name, "sum") => Aggregate::Sum,
                    name if args::is(name, "min") => Aggregate::Min,
                    name if args::is(name, "max") => Aggregate::Max,
                    _ => return Err(CommandError::Syntax),
                };
            } else if answers && args::is(option, "withscores") {
                parsed.with_scores = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(parsed)
    }
}

/// An input.
#[derive(Debug, Clone, Copy)]
enum Source<'c> {
    Missing,
    Set(&'c Set),
    ZSet(&'c ZSet),
}

impl<'c> Source<'c> {
    fn len(self) -> usize {
        match self {
            Source::Missing => 0,
            Source::Set(set) => set.len(),
            Source::ZSet(zset) => zset.len(),
        }
    }

    fn score(self, member: Member<'_>) -> Option<f64> {
        match self {
            Source::Missing => None,
            Source::Set(set) => set.contains(member).then_some(SET_SCORE),
            Source::ZSet(zset) => member.with_bytes(|bytes| zset.score(bytes)),
        }
    }

    fn has(self, member: Member<'_>) -> bool {
        self.score(member).is_some()
    }

    fn elements(self) -> Box<dyn Iterator<Item = (Member<'c>, f64)> + 'c> {
        match self {
            Source::Missing => Box::new(std::iter::empty()),
            Source::Set(set) => Box::new(set.iter().map(|member| (member, SET_SCORE))),
            Source::ZSet(zset) => {
                Box::new(zset.iter().map(|element| (Member::Bytes(element.member), element.score)))
            }
        }
    }
}

/// Splits `numkeys key [key ...]` from what follows.
fn input_keys<'b, 'a>(
    ctx: &Context<'_>,
    args: &'b Args<'a>,
) -> Result<(&'b Args<'a>, &'b Args<'a>), CommandError> {
    let numkeys = args::integer(args[0])?;
    if numkeys < 1 {
        let name = ctx.command.spec.name;
        return Err(CommandError::composed(format!(
            "ERR at least 1 input key is needed for '{name}' command"
        )));
    }
    let numkeys = usize::try_from(numkeys).unwrap_or(usize::MAX);
    args[1..].split_at_checked(numkeys).ok_or(CommandError::Syntax)
}

/// Looks all inputs up.
fn sources<'c>(ctx: &'c mut Context<'_>, keys: &Args<'_>) -> Result<Vec<Source<'c>>, CommandError> {
    for key in keys {
        ctx.get_any(key);
    }
    let source = |key: &&[u8]| match ctx.database().get(key).map(|entry| entry.value) {
        None => Ok(Source::Missing),
        Some(Value::Set(set)) => Ok(Source::Set(set)),
        Some(Value::ZSet(zset)) => Ok(Source::ZSet(zset)),
        Some(_) => Err(CommandError::WrongType),
    };
    keys.iter().map(source).collect()
}

/// Combines what the keys in `args`, which start with their number, hold: the scores of the
/// result, and whether they are to be answered.
///
/// Types are checked before options, as in Redis.
fn combine(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    operation: Operation,
    answers: bool,
) -> Result<(Map<SmallBytes, f64>, bool), CommandError> {
    let (keys, rest) = input_keys(ctx, args)?;
    let sources = sources(ctx, keys)?;
    let options = AlgebraOptions::parse(rest, keys.len(), operation, answers)?;
    let mut weighted: Vec<(Source<'_>, f64)> = sources.into_iter().zip(options.weights).collect();
    if operation != Operation::Diff {
        // Sums of doubles depend on the order; Redis begins with the smallest source.
        sort_by_key(&mut weighted, |(source, _)| source.len());
    }
    let scores = match operation {
        Operation::Union => union(&weighted, options.aggregate),
        Operation::Inter => inter(&weighted, options.aggregate),
        Operation::Diff => diff(&weighted),
    };
    Ok((scores, options.with_scores))
}

fn union(sources: &[(Source<'_>, f64)], aggregate: Aggregate) -> Map<SmallBytes, f64> {
    let mut scores: Map<SmallBytes, f64> = Map::default();
    for (source, weight) in sources {
        for (member, score) in source.elements() {
            let score = number_or_zero(score * weight);
            let combined = scores.entry(member.to_bytes());
            combined.and_modify(|known| *known = aggregate.apply(*known, score)).or_insert(score);
        }
    }
    scores
}

fn inter(sources: &[(Source<'_>, f64)], aggregate: Aggregate) -> Map<SmallBytes, f64> {
    let Some(((smallest, weight), others)) = sources.split_first() else {
        return Map::default();
    };
    let in_all = |(member, score): (Member<'_>, f64)| {
        let first = number_or_zero(score * weight);
        let score = others.iter().try_fold(first, |score, (source, weight)| {
            // Unlike the first, the others are not made numbers before they are added.
            Some(aggregate.apply(score, source.score(member)? * weight))
        })?;
        Some((member.to_bytes(), score))
    };
    smallest.elements().filter_map(in_all).collect()
}

fn diff(sources: &[(Source<'_>, f64)]) -> Map<SmallBytes, f64> {
    let Some(((first, _), others)) = sources.split_first() else {
        return Map::default();
    };
    let in_others = |member| others.iter().any(|(source, _)| source.has(member));
    let left = first.elements().filter(|(member, _)| !in_others(*member));
    left.map(|(member, score)| (member.to_bytes(), score)).collect()
}

/// ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]
fn zunion(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    answer_generic(ctx, args, out, Operation::Union)
}

/// ZINTER numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM|MIN|MAX>] [WITHSCORES]
fn zinter(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    answer_generic(ctx, args, out, Operation::Inter)
}

/// ZDIFF numkeys key [key ...] [WITHSCORES]
fn zdiff(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    answer_generic(ctx, args, out, Operation::Diff)
}

fn answer_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    operation: Operation,
) -> Result<(), CommandError> {
    let (scores, with_scores) = combine(ctx, &args[1..], operation, true)?;
    write_elements(out, scores.len(), in_order(&scores).iter().map(Element::as_ref), with_scores);
    Ok(())
}

/// ZUNIONSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]]
/// [AGGREGATE <SUM|MIN|MAX>]
fn zunionstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    store_generic(ctx, args, out, Operation::Union, "zunionstore")
}

/// ZINTERSTORE destination numkeys key [key ...] [WEIGHTS weight [weight ...]]
/// [AGGREGATE <SUM|MIN|MAX>]
fn zinterstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    store_generic(ctx, args, out, Operation::Inter, "zinterstore")
}

/// ZDIFFSTORE destination numkeys key [key ...]
fn zdiffstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    store_generic(ctx, args, out, Operation::Diff, "zdiffstore")
}

fn store_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    operation: Operation,
    event: &'static str,
) -> Result<(), CommandError> {
    let limits = ctx.config().zset_limits();
    let (scores, _) = combine(ctx, &args[2..], operation, false)?;
    store(ctx, args[1], ZSet::from_scores(scores, limits), event, out);
    Ok(())
}

/// ZINTERCARD numkeys key [key ...] [LIMIT limit]
fn zintercard(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (keys, rest) = input_keys(ctx, &args[1..])?;
    let mut sources = sources(ctx, keys)?;
    let mut limit = usize::MAX;
    let mut options = Options::new(rest);
    while let Some(option) = options.next() {
        if !args::is(option, "limit") {
            return Err(CommandError::Syntax);
        }
        limit = match args::integer(options.value()?) {
            Ok(0) => usize::MAX,
            Ok(limit @ 1..) => usize::try_from(limit).unwrap_or(usize::MAX),
            _ => return Err(CommandError::LimitNegative),
        };
    }
    sort_by_key(&mut sources, |source| source.len());
    let shared = sources.split_first().map_or(0, |(smallest, others)| {
        let in_others = |member| others.iter().all(|source| source.has(member));
        smallest.elements().filter(|(member, _)| in_others(*member)).take(limit).count()
    });
    out.count(shared);
    Ok(())
}
