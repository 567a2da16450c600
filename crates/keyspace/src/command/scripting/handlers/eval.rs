//! Scripts that are sent or kept: EVAL and its relatives, and SCRIPT.

use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::script::Kind;
use crate::script::lua::{Access, Digest};
use keyspace_resp::ReplyWriter;

/// EVAL script numkeys [key [key ...]] [arg [arg ...]]
pub fn eval(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    eval_generic(ctx, args, out, Access::MayWrite)
}

/// EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]
pub fn eval_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    eval_generic(ctx, args, out, Access::OnlyReads)
}

fn eval_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    access: Access,
) -> Result<(), CommandError> {
    let keys = count_keys(args, CommandError::NotAnInteger)?;
    let digest = ctx.engine.scripting.keep_script(args[1], false)?;
    ctx.run_script(digest, access, keys, args, out)
}

/// EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]
pub fn evalsha(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    evalsha_generic(ctx, args, out, Access::MayWrite)
}

/// EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]
pub fn evalsha_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    evalsha_generic(ctx, args, out, Access::OnlyReads)
}

/// A digest of another length is none that is known, whatever comes behind it.
fn evalsha_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    access: Access,
) -> Result<(), CommandError> {
    let digest = Digest::read(args[1]).ok_or(CommandError::NoScript)?;
    let keys = count_keys(args, CommandError::NotAnInteger)?;
    ctx.run_script(digest, access, keys, args, out)
}

/// Reads `numkeys`, the third argument.
pub(super) fn count_keys(
    args: &Args<'_>,
    not_a_number: CommandError,
) -> Result<usize, CommandError> {
    let count = args::integer(args[2]).map_err(|_| not_a_number)?;
    if count < 0 {
        return Err(CommandError::text(&"ERR Number of keys can't be negative"));
    }
    let count = usize::try_from(count).ok().filter(|&count| count <= args.len() - 3);
    count.ok_or(CommandError::NumKeysTooMany)
}

/// SCRIPT DEBUG <YES|SYNC|NO>
pub fn script_debug(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if args::is(args[2], "no") {
        out.ok();
        return Ok(());
    }
    let text = match args::is(args[2], "yes") || args::is(args[2], "sync") {
        true => {
            &"ERR SCRIPT DEBUG YES and SYNC are not supported: there is no debugger for scripts"
        }
        false => &"ERR Use SCRIPT DEBUG YES/SYNC/NO",
    };
    Err(CommandError::text(text))
}

/// SCRIPT EXISTS sha1 [sha1 ...]
pub fn script_exists(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(args.len() - 2);
    for digest in &args[2..] {
        out.integer(i64::from(ctx.engine.scripting.knows_script(digest)));
    }
    Ok(())
}

/// SCRIPT FLUSH [ASYNC|SYNC]
pub fn script_flush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match args[2..] {
        [] => {}
        [how] if args::is_flush_mode(how) => {}
        _ => return Err(CommandError::text(&"ERR SCRIPT FLUSH only support SYNC|ASYNC option")),
    }
    ctx.engine.scripting.forget_scripts();
    out.ok();
    Ok(())
}

/// SCRIPT KILL
pub fn script_kill(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.kill_script(Kind::Script)?;
    out.ok();
    Ok(())
}

/// SCRIPT LOAD script
pub fn script_load(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let digest = ctx.engine.scripting.keep_script(args[2], true)?;
    out.bulk(&digest.0);
    Ok(())
}
