//! SORT and SORT_RO: the elements of a list, set or sorted set in another order.

use crate::args::{self, Args, Options};
use crate::context::{Context, Origin};
use crate::error::CommandError;
use crate::notify::Class;
use crate::sort::sort_first_by;
use crate::value::{List, Member, NodeLimit, SmallBytes, Typed, Value, ValueType, ZSet};
use keyspace_resp::ReplyWriter;
use std::cmp::Ordering;
use std::ops::Range;

#[derive(Debug, Default)]
struct SortOptions<'a> {
    by: Option<&'a [u8]>,
    /// Offset and count.
    limit: Option<(i64, i64)>,
    get: Vec<&'a [u8]>,
    descending: bool,
    alpha: bool,
    store: Option<&'a [u8]>,
}

impl<'a> SortOptions<'a> {
    /// Patterns name keys that the call does not, so they are for users who may read all.
    fn parse(ctx: &Context<'_>, args: &Args<'a>, may_store: bool) -> Result<Self, CommandError> {
        let reads_all = ctx.may_read_all_keys(args);
        let mut parsed = SortOptions::default();
        let mut options = Options::new(&args[2..]);
        while let Some(option) = options.next() {
            if args::is(option, "asc") {
                parsed.descending = false;
            } else if args::is(option, "desc") {
                parsed.descending = true;
            } else if args::is(option, "alpha") {
                parsed.alpha = true;
            } else if args::is(option, "limit") {
                let (offset, count) = (options.value()?, options.value()?);
                parsed.limit = Some((args::integer(offset)?, args::integer(count)?));
            } else if args::is(option, "store") && may_store {
                parsed.store = Some(options.value()?);
            } else if args::is(option, "by") {
                let pattern = options.value()?;
                if !reads_all && pattern.contains(&b'*') {
                    return Err(CommandError::text(
                        &"ERR BY option of SORT denied due to insufficient ACL permissions.",
                    ));
                }
                parsed.by = Some(pattern);
            } else if args::is(option, "get") {
                let pattern = options.value()?;
                if !reads_all {
                    return Err(CommandError::text(
                        &"ERR GET option of SORT denied due to insufficient ACL permissions.",
                    ));
                }
                parsed.get.push(pattern);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(parsed)
    }

    /// Which of `len` elements are answered.
    fn places(&self, len: usize) -> Range<usize> {
        let Some((offset, count)) = self.limit else {
            return 0..len;
        };
        let start = usize::try_from(offset.max(0)).unwrap_or(len).min(len);
        let left = len - start;
        let count = if count < 0 { left } else { usize::try_from(count).unwrap_or(left) };
        start..start + count.min(left)
    }
}

/// A pattern of BY or GET, which turns an element into the place of another value.
#[derive(Debug)]
enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// The name of a key, with the element in place of the star, and the field behind `->` if its
    /// value is a hash.
    Key { prefix: &'a [u8], suffix: &'a [u8], field: Option<&'a [u8]> },
    /// No star, no value.
    Nothing,
}

impl<'a> Pattern<'a> {
    fn new(pattern: &'a [u8]) -> Self {
        if pattern == b"#" {
            return Pattern::Element;
        }
        let Some(star) = pattern.iter().position(|&byte| byte == b'*') else {
            return Pattern::Nothing;
        };
        let (prefix, rest) = (&pattern[..star], &pattern[star + 1..]);
        let arrow = rest.windows(2).position(|pair| pair == b"->");
        match arrow.filter(|&arrow| arrow + 2 < rest.len()) {
            Some(arrow) => {
                Pattern::Key { prefix, suffix: &rest[..arrow], field: Some(&rest[arrow + 2..]) }
            }
            None => Pattern::Key { prefix, suffix: rest, field: None },
        }
    }

    /// The value at the place that belongs to an element; a value of another type is none.
    fn lookup(&self, ctx: &mut Context<'_>, element: &SmallBytes) -> Option<SmallBytes> {
        let (prefix, suffix, field) = match self {
            Pattern::Element => return Some(element.clone()),
            Pattern::Nothing => return None,
            Pattern::Key { prefix, suffix, field } => (prefix, suffix, field),
        };
        let key = [prefix, &**element, suffix].concat();
        ctx.expire_met(&key);
        match (&ctx.get_any(&key)?.value, field) {
            (Value::String(value), None) => Some(SmallBytes::from(&*value.as_bytes())),
            (Value::Hash(hash), Some(field)) => hash.get(field).map(SmallBytes::from),
            _ => None,
        }
    }
}

/// What an element is sorted by.
#[derive(Debug)]
enum Weight {
    /// Its number, or the number that BY found; elements of the same number go by their bytes.
    Score(f64),
    /// Its own bytes.
    Element,
    /// The bytes that BY found, nothing before anything.
    Text(Option<SmallBytes>),
}

/// SORT key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]
/// [STORE destination]
///
/// BY with a pattern that has no star leaves the elements in their order, or turns it round.
pub(super) fn sort(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = SortOptions::parse(ctx, args, true)?;
    let result = sorted(ctx, args[1], &options)?;
    match options.store {
        Some(destination) => store(ctx, destination, result, out),
        None => write(&result, out),
    }
    Ok(())
}

/// SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC|DESC] [ALPHA]
pub(super) fn sort_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let options = SortOptions::parse(ctx, args, false)?;
    let result = sorted(ctx, args[1], &options)?;
    write(&result, out);
    Ok(())
}

fn write(result: &[Option<SmallBytes>], out: &mut ReplyWriter) {
    out.array(result.len());
    for value in result {
        out.bulk_or_null(value.as_deref());
    }
}

/// A value that GET did not find is stored as an empty string; an empty result deletes the key.
fn store(
    ctx: &mut Context<'_>,
    destination: &[u8],
    result: Vec<Option<SmallBytes>>,
    out: &mut ReplyWriter,
) {
    out.count(result.len());
    if result.is_empty() {
        ctx.delete(destination);
        return;
    }
    let limit = NodeLimit::new(ctx.config().list_max_listpack_size);
    let list = List::from_elements(result.into_iter().map(Option::unwrap_or_default), limit);
    ctx.set_value(destination, list.into_value(), None);
    ctx.changed(destination, Class::LIST, "sortstore");
}

/// What is answered: the elements in their order, or what GET finds for them.
fn sorted(
    ctx: &mut Context<'_>,
    key: &[u8],
    options: &SortOptions<'_>,
) -> Result<Vec<Option<SmallBytes>>, CommandError> {
    let (value_type, mut elements) = elements(ctx, key)?;
    let by = options.by.map(Pattern::new);
    let places = options.places(elements.len());
    let keep_order = matches!(by, Some(Pattern::Element | Pattern::Nothing));
    if !keep_order {
        let weights = weights(ctx, &elements, by, options.alpha)?;
        elements = in_order(elements, weights, options.descending, places.end);
    } else if value_type == Some(ValueType::Set)
        && (options.store.is_some() || ctx.origin == Origin::Script)
    {
        // What is stored, and what a script does, must not depend on the order inside of a set.
        let weights = elements.iter().map(|_| Weight::Element).collect();
        elements = in_order(elements, weights, options.descending, places.end);
    } else if value_type != Some(ValueType::Set) && options.descending {
        elements.reverse();
    }
    let patterns: Vec<Pattern<'_>> = options.get.iter().copied().map(Pattern::new).collect();
    let patterns = if patterns.is_empty() { vec![Pattern::Element] } else { patterns };
    let mut result = Vec::new();
    for element in &elements[places] {
        result.extend(patterns.iter().map(|pattern| pattern.lookup(ctx, element)));
    }
    Ok(result)
}

/// The elements of a key in the order in which it holds them, and its type. A sorted set that is
/// sorted gives up its packed form, as in Redis.
fn elements(
    ctx: &mut Context<'_>,
    key: &[u8],
) -> Result<(Option<ValueType>, Vec<SmallBytes>), CommandError> {
    if let Ok(Some(zset)) = ctx.get_mut::<ZSet>(key) {
        zset.unpack();
    }
    let Some(entry) = ctx.get_any(key) else {
        return Ok((None, Vec::new()));
    };
    let elements = match &entry.value {
        Value::List(list) => list.iter().map(SmallBytes::from).collect(),
        Value::Set(set) => set.iter().map(Member::to_bytes).collect(),
        Value::ZSet(zset) => zset.iter().map(|element| element.member.into()).collect(),
        Value::String(_) | Value::Hash(_) | Value::Stream(_) | Value::Array(_) => {
            return Err(CommandError::WrongType);
        }
    };
    Ok((Some(entry.value.value_type()), elements))
}

fn weights(
    ctx: &mut Context<'_>,
    elements: &[SmallBytes],
    by: Option<Pattern<'_>>,
    alpha: bool,
) -> Result<Vec<Weight>, CommandError> {
    let weight = |element: &SmallBytes| {
        let Some(by) = &by else {
            return if alpha { Ok(Weight::Element) } else { Ok(Weight::Score(score(element)?)) };
        };
        let found = by.lookup(ctx, element);
        if alpha {
            return Ok(Weight::Text(found));
        }
        found.map_or(Ok(0.0), |found| score(&found)).map(Weight::Score)
    };
    elements.iter().map(weight).collect()
}

/// The number in a text; white space before it is skipped, and nothing at all is zero.
fn score(text: &[u8]) -> Result<f64, CommandError> {
    match text.trim_ascii_start() {
        [] if text.is_empty() => Ok(0.0),
        number => args::parse_float(number)
            .ok_or(CommandError::text(&"ERR One or more scores can't be converted into double")),
    }
}

/// Sorts the elements; only the first `needed` are in their order.
fn in_order(
    elements: Vec<SmallBytes>,
    weights: Vec<Weight>,
    descending: bool,
    needed: usize,
) -> Vec<SmallBytes> {
    let mut pairs: Vec<(Weight, SmallBytes)> = weights.into_iter().zip(elements).collect();
    let order = |a: &(Weight, SmallBytes), b: &(Weight, SmallBytes)| {
        let order = compare(a, b);
        if descending { order.reverse() } else { order }
    };
    sort_first_by(&mut pairs, needed, order);
    pairs.into_iter().map(|(_, element)| element).collect()
}

fn compare(a: &(Weight, SmallBytes), b: &(Weight, SmallBytes)) -> Ordering {
    match (&a.0, &b.0) {
        (Weight::Score(left), Weight::Score(right)) => {
            left.partial_cmp(right).expect("no score is NaN").then_with(|| a.1.cmp(&b.1))
        }
        (Weight::Text(left), Weight::Text(right)) => left.cmp(right),
        _ => a.1.cmp(&b.1),
    }
}
