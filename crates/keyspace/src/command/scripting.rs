//! Scripts: EVAL and its relatives, and SCRIPT.

use super::{AclCategory, Code, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::script::{Access, Digest, Kind};
use keyspace_resp::ReplyWriter;

/// What scripts and functions do to keys is known only to them.
const MAY_WRITE: &[Flag] =
    &[Flag::MayReplicate, Flag::NoMandatoryKeys, Flag::Noscript, Flag::SkipMonitor, Flag::Stale];
const ONLY_READS: &[Flag] =
    &[Flag::NoMandatoryKeys, Flag::Noscript, Flag::Readonly, Flag::SkipMonitor, Flag::Stale];
const WRITTEN: &[KeySpec] =
    &[KeySpec::counted(2, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])];
const READ: &[KeySpec] = &[KeySpec::counted(2, &[KeyFlag::Ro, KeyFlag::Access])];

/// What the rows of this family and of functions share.
pub(super) const SCRIPTING: CommandSpec =
    CommandSpec { acl: &[AclCategory::Scripting], ..CommandSpec::new(Group::Scripting) };

/// A row that runs code with keys and arguments and may write.
pub(super) const WRITER: CommandSpec = CommandSpec {
    complexity: "That of the code that runs",
    arity: -3,
    flags: MAY_WRITE,
    keys: WRITTEN,
    ..SCRIPTING
};

/// A row that runs code with keys and arguments, which only reads.
pub(super) const READER: CommandSpec = CommandSpec { flags: ONLY_READS, keys: READ, ..WRITER };

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "eval",
        syntax: "EVAL script numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script, with nothing else in between.",
        since: "2.6.0",
        code: Some(Code::Source),
        run: Run::Handler(eval),
        ..WRITER
    },
    CommandSpec {
        name: "evalsha",
        syntax: "EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that is known by its SHA-1 digest.",
        since: "2.6.0",
        code: Some(Code::Digest),
        run: Run::Handler(evalsha),
        ..WRITER
    },
    CommandSpec {
        name: "evalsha_ro",
        syntax: "EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that is known by its SHA-1 digest and does not write.",
        since: "7.0.0",
        code: Some(Code::Digest),
        run: Run::Handler(evalsha_ro),
        ..READER
    },
    CommandSpec {
        name: "eval_ro",
        syntax: "EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that does not write.",
        since: "7.0.0",
        code: Some(Code::Source),
        run: Run::Handler(eval_ro),
        ..READER
    },
    CommandSpec {
        name: "script",
        syntax: "SCRIPT",
        summary: "A container for what is done with scripts that are kept.",
        since: "2.6.0",
        complexity: "Depends on the subcommand",
        arity: -2,
        run: Run::Container(SCRIPT),
        ..CommandSpec::new(Group::Scripting)
    },
];

const SCRIPT: &[CommandSpec] = &[
    CommandSpec {
        name: "script|debug",
        syntax: "SCRIPT DEBUG <YES|SYNC|NO>",
        summary: "Chooses whether scripts run under the debugger.",
        since: "3.2.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Noscript],
        differs: "There is no debugger: YES and SYNC are refused.",
        run: Run::Handler(script_debug),
        ..SCRIPTING
    },
    CommandSpec {
        name: "script|exists",
        syntax: "SCRIPT EXISTS sha1 [sha1 ...]",
        summary: "Tells which digests are those of scripts that are kept.",
        since: "2.6.0",
        complexity: "O(N) in the number of digests",
        arity: -3,
        flags: &[Flag::Noscript],
        tips: &["request_policy:all_shards", "response_policy:agg_logical_and"],
        run: Run::Handler(script_exists),
        ..SCRIPTING
    },
    CommandSpec {
        name: "script|flush",
        syntax: "SCRIPT FLUSH [ASYNC|SYNC]",
        summary: "Forgets every script.",
        since: "2.6.0",
        complexity: "O(N) in the number of scripts",
        arity: -2,
        flags: &[Flag::Noscript],
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        run: Run::Handler(script_flush),
        ..SCRIPTING
    },
    CommandSpec {
        name: "script|help",
        syntax: "SCRIPT HELP",
        summary: "Describes the subcommands.",
        since: "5.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale],
        run: Run::Handler(help),
        ..SCRIPTING
    },
    CommandSpec {
        name: "script|kill",
        syntax: "SCRIPT KILL",
        summary: "Ends the script that runs, if it has not written.",
        since: "2.6.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::AllowBusy, Flag::Noscript],
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        run: Run::Handler(script_kill),
        ..SCRIPTING
    },
    CommandSpec {
        name: "script|load",
        syntax: "SCRIPT LOAD script",
        summary: "Keeps a script, and answers its SHA-1 digest.",
        since: "2.6.0",
        complexity: "O(N) in the length of the script",
        arity: 3,
        flags: &[Flag::Noscript, Flag::Stale],
        tips: &["request_policy:all_nodes", "response_policy:all_succeeded"],
        run: Run::Handler(script_load),
        ..SCRIPTING
    },
];

/// EVAL script numkeys [key [key ...]] [arg [arg ...]]
fn eval(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    eval_generic(ctx, args, out, Access::MayWrite)
}

/// EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]
fn eval_ro(
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
fn evalsha(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    evalsha_generic(ctx, args, out, Access::MayWrite)
}

/// EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]
fn evalsha_ro(
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
fn script_debug(
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
fn script_exists(
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
fn script_flush(
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
fn script_kill(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.kill_script(Kind::Script)?;
    out.ok();
    Ok(())
}

/// SCRIPT LOAD script
fn script_load(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let digest = ctx.engine.scripting.keep_script(args[2], true)?;
    out.bulk(&digest.0);
    Ok(())
}
