//! Sets.

use super::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::args::{self, Args, Options};
use crate::context::Context;
use crate::error::CommandError;
use crate::notify::Class;
use crate::random::Pick;
use crate::scan::{self, ScanKind, ScanOptions};
use crate::value::{Member, Set, Typed};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "sadd",
        syntax: "SADD key member [member ...]",
        summary: "Adds members to a set and counts the new ones.",
        since: "1.0.0",
        complexity: "O(1) a member",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Fast, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Insert])],
        run: Run::Handler(sadd),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "srem",
        syntax: "SREM key member [member ...]",
        summary: "Removes members from a set, and the key with the last of them.",
        since: "1.0.0",
        complexity: "O(1) a member",
        arity: -3,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Delete])],
        run: Run::Handler(srem),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "scard",
        syntax: "SCARD key",
        summary: "Returns how many members a set has.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(scard),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "smembers",
        syntax: "SMEMBERS key",
        summary: "Returns all members of a set.",
        since: "1.0.0",
        complexity: "O(N) in the number of members",
        arity: 2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(smembers),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sismember",
        syntax: "SISMEMBER key member",
        summary: "Tells whether a set has a member.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro])],
        run: Run::Handler(sismember),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "smismember",
        syntax: "SMISMEMBER key member [member ...]",
        summary: "Tells of several members whether a set has them.",
        since: "6.2.0",
        complexity: "O(1) a member",
        arity: -3,
        flags: &[Flag::Fast, Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(smismember),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "smove",
        syntax: "SMOVE source destination member",
        summary: "Moves a member from one set to another.",
        since: "1.0.0",
        complexity: "O(1)",
        arity: 4,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete]),
            KeySpec::one(2, &[KeyFlag::Rw, KeyFlag::Insert]),
        ],
        run: Run::Handler(smove),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "spop",
        syntax: "SPOP key [count]",
        summary: "Removes random members of a set and returns them.",
        since: "1.0.0",
        complexity: "O(1) a member",
        arity: -2,
        flags: &[Flag::Fast, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Delete])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(spop),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "srandmember",
        syntax: "SRANDMEMBER key [count]",
        summary: "Returns random members of a set.",
        since: "1.0.0",
        complexity: "O(1) a picked member",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        differs: "A reply larger than proto-max-bulk-len is an error.",
        tips: &["nondeterministic_output"],
        run: Run::Handler(srandmember),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sinter",
        syntax: "SINTER key [key ...]",
        summary: "Returns the members that all of the sets have.",
        since: "1.0.0",
        complexity: "O(N*M) in the size of the smallest set and the number of sets",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(sinter),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sintercard",
        syntax: "SINTERCARD numkeys key [key ...] [LIMIT limit]",
        summary: "Counts the members that all of the sets have, up to a limit.",
        since: "7.0.0",
        complexity: "O(N*M) in the size of the smallest set and the number of sets",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::counted(1, &[KeyFlag::Ro, KeyFlag::Access])],
        run: Run::Handler(sintercard),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sinterstore",
        syntax: "SINTERSTORE destination key [key ...]",
        summary: "Stores the members that all of the sets have.",
        since: "1.0.0",
        complexity: "O(N*M) in the size of the smallest set and the number of sets",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::range(2, -1, 1, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(sinterstore),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sunion",
        syntax: "SUNION key [key ...]",
        summary: "Returns the members that any of the sets has.",
        since: "1.0.0",
        complexity: "O(N) in the number of members of all sets",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(sunion),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sunionstore",
        syntax: "SUNIONSTORE destination key [key ...]",
        summary: "Stores the members that any of the sets has.",
        since: "1.0.0",
        complexity: "O(N) in the number of members of all sets",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::range(2, -1, 1, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(sunionstore),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sdiff",
        syntax: "SDIFF key [key ...]",
        summary: "Returns the members of the first set that no other has.",
        since: "1.0.0",
        complexity: "O(N) in the number of members of all sets",
        arity: -2,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(sdiff),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sdiffstore",
        syntax: "SDIFFSTORE destination key [key ...]",
        summary: "Stores the members of the first set that no other has.",
        since: "1.0.0",
        complexity: "O(N) in the number of members of all sets",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Write],
        acl: &[AclCategory::Set],
        keys: &[
            KeySpec::one(1, &[KeyFlag::Ow, KeyFlag::Update]),
            KeySpec::range(2, -1, 1, &[KeyFlag::Ro, KeyFlag::Access]),
        ],
        run: Run::Handler(sdiffstore),
        ..CommandSpec::new(Group::Set)
    },
    CommandSpec {
        name: "sscan",
        syntax: "SSCAN key cursor [MATCH pattern] [COUNT count]",
        summary: "Walks the members of a set in steps.",
        since: "2.8.0",
        complexity: "O(1) a visited member",
        arity: -3,
        flags: &[Flag::Readonly],
        acl: &[AclCategory::Set],
        keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
        tips: &["nondeterministic_output"],
        run: Run::Handler(sscan),
        ..CommandSpec::new(Group::Set)
    },
];

/// SADD key member [member ...]
fn sadd(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let members = &args[2..];
    let set = ctx.get_or_create::<Set>(args[1])?;
    set.expect_members(Member::Bytes(members[0]), members.len(), limits);
    let mut added = 0;
    for member in members {
        added += usize::from(set.add(Member::Bytes(member), limits));
    }
    out.count(added);
    if added > 0 {
        ctx.changed(args[1], Class::SET, "sadd");
    }
    Ok(())
}

/// SREM key member [member ...]
fn srem(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let Some(set) = ctx.get_mut::<Set>(args[1])? else {
        out.integer(0);
        return Ok(());
    };
    let mut removed = 0;
    for member in &args[2..] {
        removed += usize::from(set.remove(Member::Bytes(member)));
    }
    out.count(removed);
    if removed > 0 {
        ctx.changed(args[1], Class::SET, "srem");
        ctx.remove_if_empty(args[1]);
    }
    Ok(())
}

/// SCARD key
fn scard(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(ctx.get::<Set>(args[1])?.map_or(0, Set::len));
    Ok(())
}

/// SMEMBERS key
fn smembers(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match ctx.get::<Set>(args[1])? {
        Some(set) => write_set(out, set),
        None => out.set(0),
    }
    Ok(())
}

/// SISMEMBER key member
fn sismember(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let set = ctx.get::<Set>(args[1])?;
    let is_member = set.is_some_and(|set| set.contains(Member::Bytes(args[2])));
    out.count(usize::from(is_member));
    Ok(())
}

/// SMISMEMBER key member [member ...]
fn smismember(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let set = ctx.get::<Set>(args[1])?;
    let members = &args[2..];
    out.array(members.len());
    for member in members {
        let is_member = set.is_some_and(|set| set.contains(Member::Bytes(member)));
        out.count(usize::from(is_member));
    }
    Ok(())
}

/// SMOVE source destination member
///
/// The destination's type does not matter where there is no source.
fn smove(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (source, destination, member) = (args[1], args[2], Member::Bytes(args[3]));
    let limits = ctx.config().set_limits();
    let Some(set) = ctx.peek::<Set>(source)? else {
        out.integer(0);
        return Ok(());
    };
    ctx.peek::<Set>(destination)?;
    let is_member = set.contains(member);
    out.count(usize::from(is_member));
    if !is_member || source == destination {
        return Ok(());
    }
    ctx.get_mut::<Set>(source)?.expect("it was seen above").remove(member);
    ctx.changed(source, Class::SET, "srem");
    ctx.remove_if_empty(source);
    let set = ctx.get_or_create::<Set>(destination)?;
    set.expect_members(member, 1, limits);
    if set.add(member, limits) {
        ctx.changed(destination, Class::SET, "sadd");
    }
    Ok(())
}

/// SPOP key [count]
fn spop(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let count = match args[2..] {
        [] => return pop_member(ctx, args[1], out),
        [count] => args::integer(count).ok().and_then(|count| u64::try_from(count).ok()),
        _ => return Err(CommandError::Syntax),
    };
    let count = count.ok_or(CommandError::NotPositive)?;
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let limits = ctx.config().set_limits();
    let mut rng = ctx.fork_rng();
    let set = ctx.get_mut::<Set>(args[1])?.filter(|_| count > 0);
    let Some(set) = set else {
        out.set(0);
        return Ok(());
    };
    if count >= set.len() {
        write_set(out, &std::mem::take(set));
    } else {
        out.set(count);
        for _ in 0..count {
            let member = set.take_index(rng.usize(..set.len()));
            out.bulk(&member.expect("a set has more members than are popped"));
        }
        // Redis builds the set anew when this leaves so little.
        if set.len() <= count / 5 {
            set.rebuild(limits);
        }
    }
    ctx.changed(args[1], Class::SET, "spop");
    ctx.remove_if_empty(args[1]);
    Ok(())
}

/// SPOP without a count: one member, or a null.
fn pop_member(
    ctx: &mut Context<'_>,
    key: &[u8],
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut rng = ctx.fork_rng();
    let Some(set) = ctx.get_mut::<Set>(key)? else {
        out.null();
        return Ok(());
    };
    let member = set.take_index(rng.usize(..set.len()));
    out.bulk(&member.expect("no set is empty"));
    ctx.changed(key, Class::SET, "spop");
    ctx.remove_if_empty(key);
    Ok(())
}

/// SRANDMEMBER key [count]
fn srandmember(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let pick = match args[2..] {
        [] => None,
        [count] => Some(Pick::parse(count)?),
        _ => return Err(CommandError::Syntax),
    };
    let max_bytes = ctx.config().proto_max_bulk_len;
    let mut rng = ctx.fork_rng();
    let set = ctx.get::<Set>(args[1])?;
    match (pick, set) {
        (None, None) => out.null(),
        (Some(_), None) => out.array(0),
        (None, Some(set)) => write_place(out, set, rng.usize(..set.len())),
        (Some(pick), Some(set)) => {
            let write = |out: &mut ReplyWriter, place| write_place(out, set, place);
            pick.reply(set.len(), &mut rng, out, max_bytes, ReplyWriter::array, write)?;
        }
    }
    Ok(())
}

/// SINTER key [key ...]
fn sinter(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(mut sets) = all_sets(read_sets(ctx, &args[1..])?) else {
        out.set(0);
        return Ok(());
    };
    let start = out.begin();
    let mut len = 0;
    for member in Set::intersection(&mut sets) {
        write_member(out, member);
        len += 1;
    }
    out.end_set(start, len);
    Ok(())
}

/// SINTERCARD numkeys key [key ...] [LIMIT limit]
fn sintercard(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (keys, rest) = args::counted_keys(args, 1)?;
    let mut limit = 0;
    let mut options = Options::new(rest);
    while let Some(option) = options.next() {
        if !args::is(option, "limit") {
            return Err(CommandError::Syntax);
        }
        let given = args::integer(options.value()?).ok();
        limit = given.and_then(|n| u64::try_from(n).ok()).ok_or(CommandError::LimitNegative)?;
    }
    let limit = match usize::try_from(limit) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(limit) => limit,
    };
    let sets = all_sets(read_sets(ctx, keys)?);
    out.count(sets.map_or(0, |mut sets| Set::intersection(&mut sets).take(limit).count()));
    Ok(())
}

/// SINTERSTORE destination key [key ...]
fn sinterstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let result = match all_sets(read_sets(ctx, &args[2..])?) {
        Some(mut sets) => Set::intersection_stored(&mut sets, limits),
        None => Set::default(),
    };
    store(ctx, args[1], result, "sinterstore", out);
    Ok(())
}

/// SUNION key [key ...]
fn sunion(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let result = Set::union(&read_sets(ctx, &args[1..])?, limits);
    write_set(out, &result);
    Ok(())
}

/// SUNIONSTORE destination key [key ...]
fn sunionstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let result = Set::union(&read_sets(ctx, &args[2..])?, limits);
    store(ctx, args[1], result, "sunionstore", out);
    Ok(())
}

/// SDIFF key [key ...]
fn sdiff(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let result = Set::difference(&read_sets(ctx, &args[1..])?, limits);
    write_set(out, &result);
    Ok(())
}

/// SDIFFSTORE destination key [key ...]
fn sdiffstore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let limits = ctx.config().set_limits();
    let result = Set::difference(&read_sets(ctx, &args[2..])?, limits);
    store(ctx, args[1], result, "sdiffstore", out);
    Ok(())
}

/// SSCAN key cursor [MATCH pattern] [COUNT count]
///
/// A small set is answered as a whole, whatever the cursor and COUNT.
fn sscan(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let cursor = scan::cursor(args[2])?;
    let Some(set) = ctx.get::<Set>(args[1])? else {
        scan::reply(out, 0, |_| 0);
        return Ok(());
    };
    let options = ScanOptions::parse(&args[3..], ScanKind::Members)?;
    let write = |out: &mut ReplyWriter, place: usize| {
        let member = set.get_index(place).expect("a step stays below the length");
        let matches = member.with_bytes(|bytes| options.matches(bytes));
        if matches {
            write_member(out, member);
        }
        usize::from(matches)
    };
    if set.is_packed() {
        scan::reply(out, 0, |out| (0..set.len()).map(|place| write(out, place)).sum());
    } else {
        let (places, next) = scan::step(cursor, set.len(), options.count);
        scan::reply(out, next, |out| places.map(|place| write(out, place)).sum());
    }
    Ok(())
}

/// The sets of these keys, for reading; none where there is no such key.
fn read_sets<'c>(
    ctx: &'c mut Context<'_>,
    keys: &Args<'_>,
) -> Result<Vec<Option<&'c Set>>, CommandError> {
    for key in keys {
        ctx.get::<Set>(key)?;
    }
    keys.iter().map(|key| ctx.peek(key)).collect()
}

/// The sets, unless one of them is missing.
fn all_sets(sets: Vec<Option<&Set>>) -> Option<Vec<&Set>> {
    sets.into_iter().collect()
}

/// Stores a result, or removes the destination where there is none, and answers its size.
fn store(
    ctx: &mut Context<'_>,
    destination: &[u8],
    result: Set,
    event: &'static str,
    out: &mut ReplyWriter,
) {
    out.count(result.len());
    if result.is_empty() {
        ctx.delete(destination);
    } else {
        ctx.set_value(destination, result.into_value(), None);
        ctx.changed(destination, Class::SET, event);
    }
}

fn write_set(out: &mut ReplyWriter, set: &Set) {
    out.set(set.len());
    set.iter().for_each(|member| write_member(out, member));
}

fn write_place(out: &mut ReplyWriter, set: &Set, place: usize) {
    write_member(out, set.get_index(place).expect("a pick is below the length"));
}

fn write_member(out: &mut ReplyWriter, member: Member<'_>) {
    match member {
        Member::Integer(value) => out.bulk_integer(value),
        Member::Bytes(bytes) => out.bulk(bytes),
    }
}
