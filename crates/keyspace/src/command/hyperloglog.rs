//! HyperLogLogs: strings that estimate how many different elements they have seen.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::value::hyperloglog::{self, Corrupted, Encoding, Registers, Sketch, SketchMut};
use crate::value::{Str, Typed};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "pfadd",
        syntax: "PFADD key [element [element ...]]",
        summary: "Adds elements to a HyperLogLog, and says whether its estimate may have changed.",
        since: "2.8.9",
        complexity: "O(1) an element",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Hyperloglog],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(pfadd),
        ..CommandSpec::new(Group::Hyperloglog)
    },
    CommandSpec {
        name: "pfcount",
        syntax: "PFCOUNT key [key ...]",
        summary: "Estimates how many different elements HyperLogLogs have seen together.",
        since: "2.8.9",
        complexity: "O(1) for a key whose estimate is known, O(N) with N keys",
        arity: -2,
        flags: &[Flag::MayReplicate, Flag::Readonly],
        acl: &[AclCategory::Hyperloglog],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Rw, KeyFlag::Access])],
        run: Run::Handler(pfcount),
        ..CommandSpec::new(Group::Hyperloglog)
    },
    CommandSpec {
        name: "pfdebug",
        syntax: "PFDEBUG subcommand key",
        summary: "Shows the inside of a HyperLogLog, for tests.",
        since: "2.8.9",
        complexity: "O(1), with a large constant",
        arity: 3,
        flags: &[Flag::Admin, Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Hyperloglog],
        keys: &[KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Access])],
        is_system: true,
        run: Run::Handler(pfdebug),
        ..CommandSpec::new(Group::Hyperloglog)
    },
    CommandSpec {
        name: "pfmerge",
        syntax: "PFMERGE destkey [sourcekey [sourcekey ...]]",
        summary: "Adds to a HyperLogLog what others have seen.",
        since: "2.8.9",
        complexity: "O(N) with N keys, with a large constant",
        arity: -2,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Hyperloglog],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Insert]),
            KeySpec::range(2, -1, 1, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(pfmerge),
        ..CommandSpec::new(Group::Hyperloglog)
    },
    CommandSpec {
        name: "pfselftest",
        syntax: "PFSELFTEST",
        summary: "Checks that registers keep their values and that estimates are near the truth.",
        since: "2.8.9",
        complexity: "O(1), with a large constant",
        arity: 1,
        flags: &[Flag::Admin],
        acl: &[AclCategory::Hyperloglog],
        is_system: true,
        run: Run::Handler(pfselftest),
        ..CommandSpec::new(Group::Hyperloglog)
    },
];

impl From<Corrupted> for CommandError {
    fn from(_: Corrupted) -> CommandError {
        CommandError::text(&"INVALIDOBJ Corrupted HLL object detected")
    }
}

/// The HyperLogLog that a string is.
fn sketch(bytes: &[u8]) -> Result<Sketch<'_>, CommandError> {
    Sketch::new(bytes).ok_or_else(|| {
        CommandError::text(&"WRONGTYPE Key is not a valid HyperLogLog string value.")
    })
}

/// The HyperLogLog of a key that is sound, to be changed; an empty one where there was none, and
/// then `true`.
fn sketch_or_create<'c>(
    ctx: &'c mut Context<'_>,
    key: &[u8],
) -> Result<(SketchMut<'c>, bool), CommandError> {
    let sparse_max_bytes = ctx.config().hll_sparse_max_bytes;
    let value = ctx.peek::<Str>(key)?;
    let is_new = value.is_none();
    match value {
        Some(value) => sketch(&value.as_bytes())?.check()?,
        None => {
            ctx.set_value(key, Str::raw(hyperloglog::empty()).into_value(), None);
        }
    }
    let value = ctx.get_mut::<Str>(key)?.expect("it was there, or was set above");
    Ok((SketchMut::new(value.make_raw(), sparse_max_bytes), is_new))
}

/// PFADD key [element [element ...]]
///
/// Without elements it creates an empty HyperLogLog where there is no key.
fn pfadd(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let elements = &args[2..];
    if elements.is_empty()
        && let Some(value) = ctx.peek::<Str>(args[1])?
    {
        // What is behind the header matters to elements only.
        sketch(&value.as_bytes())?;
        if let Some(value) = ctx.get_mut::<Str>(args[1])? {
            value.make_raw();
        }
        out.integer(0);
        return Ok(());
    }
    let (mut sketch, mut is_changed) = sketch_or_create(ctx, args[1])?;
    for element in elements {
        is_changed |= sketch.add(element);
    }
    if is_changed {
        sketch.make_stale();
        ctx.changed(args[1], Class::STRING, "pfadd");
    }
    out.integer(is_changed.into());
    Ok(())
}

/// PFCOUNT key [key ...]
///
/// The estimate of a single key is kept in its header, which is a change of the key.
fn pfcount(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let estimate = match &args[1..] {
        [key] => count_one(ctx, key)?,
        keys => {
            let mut registers = Registers::default();
            for key in keys {
                if let Some(value) = ctx.get::<Str>(key)? {
                    registers.merge(sketch(&value.as_bytes())?)?;
                }
            }
            registers.estimate()
        }
    };
    out.integer(estimate as i64);
    Ok(())
}

fn count_one(ctx: &mut Context<'_>, key: &[u8]) -> Result<u64, CommandError> {
    let Some(value) = ctx.get::<Str>(key)? else {
        return Ok(0);
    };
    let bytes = value.as_bytes();
    let sketch = sketch(&bytes)?;
    if let Some(estimate) = sketch.cached_estimate() {
        return Ok(estimate);
    }
    let estimate = sketch.estimate()?;
    let (mut sketch, _) = sketch_or_create(ctx, key)?;
    sketch.cache_estimate(estimate);
    ctx.changed(key, Class::NONE, "pfcount");
    Ok(estimate)
}

/// PFMERGE destkey [sourcekey [sourcekey ...]]
///
/// The destination becomes dense where one of all, itself included, is.
fn pfmerge(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut registers = Registers::default();
    let mut is_dense = false;
    for key in &args[1..] {
        if let Some(value) = ctx.get::<Str>(key)? {
            let bytes = value.as_bytes();
            let sketch = sketch(&bytes)?;
            is_dense |= sketch.encoding() == Encoding::Dense;
            registers.merge(sketch)?;
        }
    }
    let (mut destination, _) = sketch_or_create(ctx, args[1])?;
    if is_dense && destination.encoding() == Encoding::Sparse {
        destination.make_dense();
    }
    destination.merge(&registers);
    destination.make_stale();
    ctx.changed(args[1], Class::STRING, "pfadd");
    out.ok();
    Ok(())
}

/// PFDEBUG subcommand key
///
/// GETREG and TODENSE make the HyperLogLog dense.
fn pfdebug(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (subcommand, key) = (args[1], args[2]);
    let Some(value) = ctx.peek::<Str>(key)? else {
        return Err(CommandError::text(&"ERR The specified key does not exist"));
    };
    let bytes = value.as_bytes();
    let sketch = sketch(&bytes)?;
    let is_sparse = sketch.encoding() == Encoding::Sparse;
    if args::is(subcommand, "getreg") {
        let mut registers = Registers::default();
        registers.merge(sketch)?;
        to_dense(ctx, key)?;
        out.array(registers.iter().len());
        registers.iter().for_each(|register| out.integer(register.into()));
    } else if args::is(subcommand, "decode") {
        if !is_sparse {
            return Err(CommandError::text(&"ERR HLL encoding is not sparse"));
        }
        out.bulk(sketch.describe_runs()?.as_bytes());
    } else if args::is(subcommand, "encoding") {
        out.simple(if is_sparse { "sparse" } else { "dense" });
    } else if args::is(subcommand, "todense") {
        to_dense(ctx, key)?;
        out.integer(is_sparse.into());
    } else {
        let subcommand = String::from_utf8_lossy(subcommand);
        return Err(CommandError::composed(format!(
            "ERR Unknown PFDEBUG subcommand '{subcommand}'"
        )));
    }
    Ok(())
}

/// Makes an existing HyperLogLog dense.
fn to_dense(ctx: &mut Context<'_>, key: &[u8]) -> Result<(), CommandError> {
    let (mut sketch, _) = sketch_or_create(ctx, key)?;
    if sketch.encoding() == Encoding::Sparse {
        sketch.make_dense();
        ctx.changed(key, Class::NONE, "pfdebug");
    }
    Ok(())
}

/// PFSELFTEST
fn pfselftest(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    hyperloglog::self_test().map_err(CommandError::composed)?;
    out.ok();
    Ok(())
}
