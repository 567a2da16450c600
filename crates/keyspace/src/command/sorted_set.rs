//! Sorted sets: members one by one. Ranges, pops, set algebra, random members and the walk in steps
//! have files of their own.

pub(super) mod algebra;
pub(super) mod pop;
pub(super) mod random;
pub(super) mod range;
pub(super) mod scan;

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::{ElementRef, ListpackLimits, Typed, ZSet};
use keyspace_resp::{Protocol, ReplyWriter};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "zadd",
        syntax: "ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]",
        summary: "Adds members to a sorted set, or gives them other scores.",
        since: "1.2.0",
        complexity: "O(log(N)) a member",
        arity: -4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Update])],
        run: Run::Handler(zadd),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zincrby",
        syntax: "ZINCRBY key increment member",
        summary: "Adds to the score of a member.",
        since: "1.2.0",
        complexity: "O(log(N))",
        arity: 4,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])],
        run: Run::Handler(zincrby),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zcard",
        syntax: "ZCARD key",
        summary: "Answers how many members a sorted set has.",
        since: "1.2.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(zcard),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zscore",
        syntax: "ZSCORE key member",
        summary: "Answers the score of a member.",
        since: "1.2.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zscore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zmscore",
        syntax: "ZMSCORE key member [member ...]",
        summary: "Answers the scores of several members.",
        since: "6.2.0",
        complexity: "O(N) in the number of members asked for",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zmscore),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrank",
        syntax: "ZRANK key member [WITHSCORE]",
        summary: "Answers the rank of a member, from the lowest score.",
        since: "2.0.0",
        complexity: "O(log(N))",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zrank),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrevrank",
        syntax: "ZREVRANK key member [WITHSCORE]",
        summary: "Answers the rank of a member, from the highest score.",
        since: "2.0.0",
        complexity: "O(log(N))",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(zrevrank),
        ..CommandSpec::new(Group::SortedSet)
    },
    CommandSpec {
        name: "zrem",
        syntax: "ZREM key member [member ...]",
        summary: "Removes members from a sorted set.",
        since: "1.2.0",
        complexity: "O(M*log(N)) with M members to remove",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::SortedSet],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(zrem),
        ..CommandSpec::new(Group::SortedSet)
    },
];

/// What ZADD is told to do with members that exist, or do not.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AddOptions {
    pub nx: bool,
    pub xx: bool,
    pub gt: bool,
    pub lt: bool,
    /// Answer how many members changed, not only how many are new.
    pub ch: bool,
    /// Add to the score of one member, and answer it.
    pub incr: bool,
}

impl AddOptions {
    /// Reads the options, up to the first argument that is none; `args` are left at it.
    fn parse(args: &mut &Args<'_>) -> AddOptions {
        let mut options = AddOptions::default();
        while let Some((option, rest)) = args.split_first() {
            let flag = match option.to_ascii_lowercase().as_slice() {
                b"nx" => &mut options.nx,
                b"xx" => &mut options.xx,
                b"gt" => &mut options.gt,
                b"lt" => &mut options.lt,
                b"ch" => &mut options.ch,
                b"incr" => &mut options.incr,
                _ => break,
            };
            *flag = true;
            *args = rest;
        }
        options
    }

    /// Refuses options that contradict each other, or the number of members.
    fn check(self, members: usize) -> Result<(), CommandError> {
        if self.nx && self.xx {
            return Err(CommandError::text(
                &"ERR XX and NX options at the same time are not compatible",
            ));
        }
        if u8::from(self.nx) + u8::from(self.gt) + u8::from(self.lt) > 1 {
            return Err(CommandError::text(
                &"ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.incr && members > 1 {
            return Err(CommandError::text(
                &"ERR INCR option supports a single increment-element pair",
            ));
        }
        Ok(())
    }
}

/// What ZADD did with a member.
enum Added {
    /// It is new.
    New,
    Changed,
    /// It has that score already.
    Unchanged,
}

/// ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member [score member ...]
fn zadd(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let mut rest = &args[2..];
    let options = AddOptions::parse(&mut rest);
    let (pairs, []) = rest.as_chunks::<2>() else {
        return Err(CommandError::Syntax);
    };
    if pairs.is_empty() {
        return Err(CommandError::Syntax);
    }
    options.check(pairs.len())?;
    let scored: Vec<(f64, &[u8])> = pairs
        .iter()
        .map(|[score, member]| Ok((args::float(score)?, *member)))
        .collect::<Result<_, CommandError>>()?;
    add_generic(ctx, args[1], options, &scored, out)
}

/// ZINCRBY key increment member
fn zincrby(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let is_option = |name: &&str| args::is(args[2], name);
    if ["nx", "xx", "gt", "lt", "ch", "incr"].iter().any(is_option) {
        return Err(CommandError::Syntax);
    }
    let increment = args::float(args[2])?;
    let options = AddOptions { incr: true, ..AddOptions::default() };
    add_generic(ctx, args[1], options, &[(increment, args[3])], out)
}

/// Adds members as ZADD does, whose options were checked.
pub(super) fn add_generic(
    ctx: &mut Context<'_>,
    key: &[u8],
    options: AddOptions,
    scored: &[(f64, &[u8])],
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().zset_limits();
    let mut added = 0;
    let mut changed = 0;
    let mut score_after = None;
    if !options.xx || ctx.peek::<ZSet>(key)?.is_some() {
        let zset = ctx.get_or_create::<ZSet>(key)?;
        zset.reserve(scored.len(), limits);
        for &(score, member) in scored {
            // Only INCR, which has one member, can fail, and then nothing was changed before.
            let Some((what, score)) = add_one(zset, options, score, member, limits)? else {
                continue;
            };
            score_after = Some(score);
            match what {
                Added::New => added += 1,
                Added::Changed => changed += 1,
                Added::Unchanged => {}
            }
        }
    }
    if added + changed > 0 {
        ctx.changed(key, Class::ZSET, if options.incr { "zincr" } else { "zadd" });
    }
    match (options.incr, score_after) {
        (false, _) => out.count(if options.ch { added + changed } else { added }),
        (true, Some(score)) => out.double(score),
        (true, None) => out.null(),
    }
    Ok(())
}

/// Adds a member or changes its score; answers what was done and the score it has, or `None`
/// where the options forbid it.
fn add_one(
    zset: &mut ZSet,
    options: AddOptions,
    score: f64,
    member: &[u8],
    limits: ListpackLimits,
) -> Result<Option<(Added, f64)>, CommandError> {
    let Some(current) = zset.score(member) else {
        if options.xx {
            return Ok(None);
        }
        zset.insert(member, score, limits);
        return Ok(Some((Added::New, score)));
    };
    if options.nx {
        return Ok(None);
    }
    let score = if options.incr { current + score } else { score };
    if score.is_nan() {
        return Err(CommandError::text(&"ERR resulting score is not a number (NaN)"));
    }
    if options.gt && score <= current || options.lt && score >= current {
        return Ok(None);
    }
    if score == current {
        return Ok(Some((Added::Unchanged, score)));
    }
    zset.insert(member, score, limits);
    Ok(Some((Added::Changed, score)))
}

/// ZCARD key
fn zcard(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.get::<ZSet>(args[1])?.map_or(0, ZSet::len));
    Ok(())
}

/// ZSCORE key member
fn zscore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    write_score(out, zset.and_then(|zset| zset.score(args[2])));
    Ok(())
}

/// ZMSCORE key member [member ...]
fn zmscore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let zset = ctx.get::<ZSet>(args[1])?;
    out.array(args.len() - 2);
    for member in &args[2..] {
        write_score(out, zset.and_then(|zset| zset.score(member)));
    }
    Ok(())
}

/// ZRANK key member [WITHSCORE]
fn zrank(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    rank_generic(ctx, args, out, |rank, _| rank)
}

/// ZREVRANK key member [WITHSCORE]
fn zrevrank(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    rank_generic(ctx, args, out, |rank, len| len - 1 - rank)
}

fn rank_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    count_from: fn(usize, usize) -> usize,
) -> Result<(), CommandError> {
    let with_score = match &args[3..] {
        [] => false,
        [option] if args::is(option, "withscore") => true,
        [_] => return Err(CommandError::Syntax),
        _ => return Err(CommandError::WrongArity(&ctx.command.spec.name)),
    };
    let found = ctx.get::<ZSet>(args[1])?.and_then(|zset| {
        let (rank, score) = zset.rank_and_score(args[2])?;
        Some((count_from(rank, zset.len()), score))
    });
    match found {
        Some((rank, score)) if with_score => {
            out.array(2);
            out.count(rank);
            out.double(score);
        }
        Some((rank, _)) => out.count(rank),
        None if with_score => out.null_array(),
        None => out.null(),
    }
    Ok(())
}

/// ZREM key member [member ...]
fn zrem(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let mut removed = 0;
    if let Some(zset) = ctx.get_mut::<ZSet>(args[1])? {
        removed = args[2..].iter().filter(|member| zset.remove(member).is_some()).count();
    }
    if removed > 0 {
        ctx.changed(args[1], Class::ZSET, "zrem");
        ctx.remove_if_empty(args[1]);
    }
    out.count(removed);
    Ok(())
}

fn write_score(out: &mut ReplyWriter, score: Option<f64>) {
    match score {
        Some(score) => out.double(score),
        None => out.null(),
    }
}

/// Writes an array of `len` members; with their scores, pairs in RESP3, and in RESP2 twice as
/// many elements.
fn write_elements<'z>(
    out: &mut ReplyWriter,
    len: usize,
    elements: impl Iterator<Item = ElementRef<'z>>,
    with_scores: bool,
) {
    write_elements_header(out, len, with_scores);
    for element in elements {
        write_element(out, element, with_scores);
    }
}

fn write_elements_header(out: &mut ReplyWriter, len: usize, with_scores: bool) {
    let flat = with_scores && out.protocol() == Protocol::Resp2;
    out.array(if flat { len * 2 } else { len });
}

fn write_element(out: &mut ReplyWriter, element: ElementRef<'_>, with_scores: bool) {
    if with_scores && out.protocol() == Protocol::Resp3 {
        out.array(2);
    }
    out.bulk(element.member);
    if with_scores {
        out.double(element.score);
    }
}

/// Sets `key` to a result, or removes it where the result is empty; answers the result's size.
pub(super) fn store(
    ctx: &mut Context<'_>,
    key: &[u8],
    result: ZSet,
    event: &'static str,
    out: &mut ReplyWriter,
) {
    out.count(result.len());
    if result.is_empty() {
        ctx.delete(key);
    } else {
        ctx.set_value(key, result.into_value(), None);
        ctx.changed(key, Class::ZSET, event);
    }
}
