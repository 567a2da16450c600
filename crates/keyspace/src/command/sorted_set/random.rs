//! Sorted sets: random members.

use super::{write_element, write_elements_header};
use crate::args::{self, Args};
use crate::command::{AclCategory, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run};
use crate::context::Context;
use crate::error::CommandError;
use crate::random::Pick;
use crate::value::ZSet;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "zrandmember",
    syntax: "ZRANDMEMBER key [count [WITHSCORES]]",
    summary: "Answers random members of a sorted set.",
    since: "6.2.0",
    complexity: "O(N*log(M)) with N members to answer out of M",
    arity: -2,
    flags: &[Flag::Readonly],
    acl: &[AclCategory::SortedSet],
    keys: &[KeySpec::one(1, &[KeyFlag::Ro, KeyFlag::Access])],
    differs: "A reply larger than proto-max-bulk-len is an error.",
    tips: &["nondeterministic_output"],
    run: Run::Handler(zrandmember),
    ..CommandSpec::new(Group::SortedSet)
}];

/// ZRANDMEMBER key [count [WITHSCORES]]
fn zrandmember(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let Some(count) = args.get(2) else {
        return random_member(ctx, args[1], out);
    };
    let mut pick = Pick::parse(count)?;
    let with_scores = match args[3..] {
        [] => false,
        [option] if args::is(option, "withscores") => true,
        _ => return Err(CommandError::Syntax),
    };
    if with_scores {
        pick = pick.with_values()?;
    }
    let max_bytes = ctx.config().proto_max_bulk_len;
    let mut rng = ctx.fork_rng();
    let Some(zset) = ctx.get::<ZSet>(args[1])? else {
        out.array(0);
        return Ok(());
    };
    let header = |out: &mut ReplyWriter, len| write_elements_header(out, len, with_scores);
    pick.reply(zset.len(), &mut rng, out, max_bytes, header, |out, rank| {
        let element = zset.get(rank).expect("a pick is below the length");
        write_element(out, element, with_scores);
    })
}

fn random_member(
    ctx: &mut Context<'_>,
    key: &[u8],
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let mut rng = ctx.fork_rng();
    let zset = ctx.get::<ZSet>(key)?;
    let element = zset.and_then(|zset| zset.get(rng.usize(..zset.len())));
    out.bulk_or_null(element.map(|element| element.member));
    Ok(())
}
