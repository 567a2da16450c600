//! Walks over the elements of an array: ARSCAN, ARGREP and AROP.

use super::super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use super::{DIFFERS, parse_index, write_index};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::value::{Array, SmallBytes, canonical_integer};
use keyspace_resp::ReplyWriter;
use regex_lite::{Regex, RegexBuilder};

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "argrep",
        syntax: "ARGREP key start end <EXACT string|MATCH string|GLOB pattern|RE pattern> [<EXACT string|MATCH string|GLOB pattern|RE pattern> ...] [<AND|OR|LIMIT limit|WITHVALUES|NOCASE> [<AND|OR|LIMIT limit|WITHVALUES|NOCASE> ...]]",
        summary: "Answers the indices of an array whose elements match.",
        since: "8.8.0",
        complexity: "O(N) in the number of elements looked at, times the cost of a match",
        arity: -6,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "It is of Redis 8.8, newer than the rest. RE takes the regular expressions of Rust's regex-lite, byte by byte, which have most of what Redis's have; its error has a text of our own.",
        run: Run::Handler(argrep),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arop",
        syntax: "AROP key start end <SUM|MIN|MAX|AND|OR|XOR|MATCH value|USED>",
        summary: "Makes one number of the elements of an array.",
        since: "8.8.0",
        complexity: "O(N) in the number of elements looked at",
        arity: -5,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "It is of Redis 8.8, newer than the rest. SUM, MIN and MAX have no more digits than the number needs.",
        run: Run::Handler(arop),
        ..CommandSpec::new(Group::Array)
    },
    CommandSpec {
        name: "arscan",
        syntax: "ARSCAN key start end [LIMIT limit]",
        summary: "Answers the elements of an array in a range, with their indices.",
        since: "8.8.0",
        complexity: "O(log(N)+M) in the number of elements answered",
        arity: -4,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Array],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: DIFFERS,
        run: Run::Handler(arscan),
        ..CommandSpec::new(Group::Array)
    },
];

/// ARSCAN key start end [LIMIT limit]
///
/// Backwards where the first index is the larger.
fn arscan(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (start, end) = (parse_index(args[2])?, parse_index(args[3])?);
    let limit = match &args[4..] {
        [] => usize::MAX,
        [option, limit] if args::is(option, "limit") => parse_limit(limit)?,
        _ => return Err(CommandError::Syntax),
    };
    let array = ctx.get::<Array>(args[1])?;
    let elements = array.into_iter().flat_map(|array| array.range(start, end));
    write_elements(out, elements.take(limit), true);
    Ok(())
}

fn parse_limit(arg: &[u8]) -> Result<usize, CommandError> {
    let limit = usize::try_from(args::integer(arg)?).ok().filter(|&limit| limit > 0);
    limit.ok_or(CommandError::text(&"ERR LIMIT must be positive"))
}

/// Indices, alone or each with its element.
fn write_elements<'a>(
    out: &mut ReplyWriter,
    elements: impl Iterator<Item = (u64, &'a SmallBytes)>,
    with_values: bool,
) {
    let start = out.begin();
    let mut written = 0;
    for (index, element) in elements {
        if with_values {
            out.array(2);
        }
        write_index(out, index);
        if with_values {
            out.bulk(element);
        }
        written += 1;
    }
    out.end_array(start, written);
}

/// What ARGREP asks of an element.
#[derive(Debug)]
enum Predicate<'a> {
    Exact(&'a [u8]),
    /// It contains this.
    Match(&'a [u8]),
    Glob(&'a [u8]),
    Regex(Box<Regex>),
}

impl Predicate<'_> {
    fn holds(&self, element: &[u8], ignore_case: bool) -> bool {
        let same = |text: &[u8], part: &[u8]| match ignore_case {
            true => text.eq_ignore_ascii_case(part),
            false => text == part,
        };
        match self {
            Predicate::Exact(text) => same(element, text),
            Predicate::Match(b"") => true,
            Predicate::Match(part) => element.windows(part.len()).any(|window| same(window, part)),
            Predicate::Glob(pattern) => glob_match(pattern, element, ignore_case),
            Predicate::Regex(regex) => regex.is_match(&as_characters(element)),
        }
    }
}

/// The most memory of a regular expression that is ready to match.
const REGEX_MAX_BYTES: usize = 1 << 18;

fn regex(pattern: &[u8], ignore_case: bool) -> Result<Regex, CommandError> {
    let mut builder = RegexBuilder::new(&as_characters(pattern));
    builder.case_insensitive(ignore_case).dot_matches_new_line(true).size_limit(REGEX_MAX_BYTES);
    builder.build().map_err(|_| CommandError::text(&"ERR invalid regular expression"))
}

/// One character for each byte, so that expressions match bytes whatever text they are.
fn as_characters(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// What ARGREP looks for, and how.
#[derive(Debug)]
struct Grep<'a> {
    predicates: Vec<Predicate<'a>>,
    /// All must hold, not one of them.
    all: bool,
    limit: usize,
    with_values: bool,
    ignore_case: bool,
}

impl<'a> Grep<'a> {
    fn parse(args: &Args<'a>) -> Result<Grep<'a>, CommandError> {
        let mut patterns = Vec::new();
        let (mut all, mut limit) = (None, usize::MAX);
        let (mut with_values, mut ignore_case) = (false, false);
        let mut options = Options::new(args);
        while let Some(option) = options.next() {
            if ["exact", "match", "glob", "re"].iter().any(|name| args::is(option, name)) {
                patterns.push((option, options.value()?));
            } else if args::is(option, "and") && all != Some(false) {
                all = Some(true);
            } else if args::is(option, "or") && all != Some(true) {
                all = Some(false);
            } else if args::is(option, "limit") {
                limit = parse_limit(options.value()?)?;
            } else if args::is(option, "withvalues") {
                with_values = true;
            } else if args::is(option, "nocase") {
                ignore_case = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        let predicate = |(option, pattern)| {
            Ok(match option {
                _ if args::is(option, "exact") => Predicate::Exact(pattern),
                _ if args::is(option, "match") => Predicate::Match(pattern),
                _ if args::is(option, "glob") => Predicate::Glob(pattern),
                _ => Predicate::Regex(Box::new(regex(pattern, ignore_case)?)),
            })
        };
        let predicates: Vec<Predicate<'a>> =
            patterns.into_iter().map(predicate).collect::<Result<_, CommandError>>()?;
        if predicates.is_empty() {
            return Err(CommandError::Syntax);
        }
        Ok(Grep { predicates, all: all == Some(true), limit, with_values, ignore_case })
    }

    fn matches(&self, element: &[u8]) -> bool {
        let mut holds = self.predicates.iter().map(|one| one.holds(element, self.ignore_case));
        if self.all { holds.all(|holds| holds) } else { holds.any(|holds| holds) }
    }
}

/// ARGREP key start end <EXACT string|MATCH string|GLOB pattern|RE pattern> [<EXACT string|MATCH
/// string|GLOB pattern|RE pattern> ...] [<AND|OR|LIMIT limit|WITHVALUES|NOCASE> ...]
///
/// `-` is the first index and `+` the last. Backwards where the first is the larger.
fn argrep(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let index = |arg: &[u8]| match arg {
        b"-" => Ok(0),
        b"+" => Ok(Array::MAX_INDEX),
        _ => parse_index(arg),
    };
    let (start, end) = (index(args[2])?, index(args[3])?);
    let grep = Grep::parse(&args[4..])?;
    let array = ctx.get::<Array>(args[1])?;
    let elements = array.into_iter().flat_map(|array| array.range(start, end));
    let found = elements.filter(|(_, element)| grep.matches(element)).take(grep.limit);
    write_elements(out, found, grep.with_values);
    Ok(())
}

/// How AROP makes one number of many.
#[derive(Debug, Clone, Copy)]
enum Operation<'a> {
    /// The next number is joined to what there is of those before.
    Numbers(fn(f64, f64) -> f64),
    Bits(fn(i64, i64) -> i64),
    /// How many elements are this one.
    Match(&'a [u8]),
    Used,
}

impl<'a> Operation<'a> {
    fn parse(args: &Args<'a>) -> Result<Operation<'a>, CommandError> {
        let operation = match args {
            [operation, value] if args::is(operation, "match") => Some(Operation::Match(value)),
            [name] => Operation::NAMED
                .into_iter()
                .find(|(known, _)| args::is(name, known))
                .map(|(_, operation)| operation),
            _ => None,
        };
        operation.ok_or(CommandError::Syntax)
    }

    const NAMED: [(&'static str, Operation<'static>); 7] = [
        ("sum", Operation::Numbers(|sum, number| sum + number)),
        ("min", Operation::Numbers(f64::min)),
        ("max", Operation::Numbers(f64::max)),
        ("and", Operation::Bits(|bits, more| bits & more)),
        ("or", Operation::Bits(|bits, more| bits | more)),
        ("xor", Operation::Bits(|bits, more| bits ^ more)),
        ("used", Operation::Used),
    ];
}

/// AROP key start end <SUM|MIN|MAX|AND|OR|XOR|MATCH value|USED>
///
/// What is no number is left out, and a number that is of nothing is none.
fn arop(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let (start, end) = (parse_index(args[2])?, parse_index(args[3])?);
    let operation = Operation::parse(&args[4..])?;
    let array = ctx.get::<Array>(args[1])?;
    let range = array.into_iter().flat_map(|array| array.range(start.min(end), start.max(end)));
    let elements = range.map(|(_, element)| &**element);
    match operation {
        Operation::Numbers(join) => match elements.filter_map(args::parse_float).reduce(join) {
            Some(number) => out.bulk_double(number),
            None => out.null(),
        },
        Operation::Bits(join) => match elements.filter_map(whole_number).reduce(join) {
            Some(bits) => out.integer(bits),
            None => out.null(),
        },
        Operation::Match(value) => out.count(elements.filter(|element| *element == value).count()),
        Operation::Used => out.count(elements.count()),
    }
    Ok(())
}

/// A number of 64 bits, without what is behind its point.
fn whole_number(element: &[u8]) -> Option<i64> {
    const LIMIT: f64 = (1_u64 << 63) as f64;
    canonical_integer(element).or_else(|| {
        let number = args::parse_float(element)?;
        (-LIMIT..LIMIT).contains(&number).then_some(number as i64)
    })
}
