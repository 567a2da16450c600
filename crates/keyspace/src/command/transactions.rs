//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.

use super::{AclCategory, CommandSpec, Flag, Group, InMulti, KeyFlag, KeySpec, Run};
use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "discard",
        syntax: "DISCARD",
        summary: "Forgets the commands queued since MULTI, and what is watched.",
        since: "2.0.0",
        complexity: "O(N) in the number of commands queued",
        arity: 1,
        flags: &[Flag::AllowBusy, Flag::Fast, Flag::Loading, Flag::Noscript, Flag::Stale],
        acl: &[AclCategory::Transaction],
        in_multi: InMulti::Ends,
        run: Run::Handler(discard),
        ..CommandSpec::new(Group::Transactions)
    },
    CommandSpec {
        name: "exec",
        syntax: "EXEC",
        summary: "Runs the commands queued since MULTI, if nothing watched has changed.",
        since: "1.2.0",
        complexity: "That of the commands queued",
        arity: 1,
        flags: &[Flag::Loading, Flag::Noscript, Flag::SkipSlowlog, Flag::Stale],
        acl: &[AclCategory::Transaction],
        in_multi: InMulti::Executes,
        run: Run::Handler(exec),
        ..CommandSpec::new(Group::Transactions)
    },
    CommandSpec {
        name: "multi",
        syntax: "MULTI",
        summary: "Starts to queue commands, to be run together by EXEC.",
        since: "1.2.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::AllowBusy, Flag::Fast, Flag::Loading, Flag::Noscript, Flag::Stale],
        acl: &[AclCategory::Transaction],
        in_multi: InMulti::Runs,
        run: Run::Handler(multi),
        ..CommandSpec::new(Group::Transactions)
    },
    CommandSpec {
        name: "unwatch",
        syntax: "UNWATCH",
        summary: "Forgets all that is watched.",
        since: "2.2.0",
        complexity: "O(N) in the number of keys watched",
        arity: 1,
        flags: &[Flag::AllowBusy, Flag::Fast, Flag::Loading, Flag::Noscript, Flag::Stale],
        acl: &[AclCategory::Transaction],
        run: Run::Handler(unwatch),
        ..CommandSpec::new(Group::Transactions)
    },
    CommandSpec {
        name: "watch",
        syntax: "WATCH key [key ...]",
        summary: "Lets the next EXEC run only if none of these keys has changed.",
        since: "2.2.0",
        complexity: "O(1) a key",
        arity: -2,
        flags: &[Flag::AllowBusy, Flag::Fast, Flag::Loading, Flag::Noscript, Flag::Stale],
        acl: &[AclCategory::Transaction],
        keys: &[KeySpec::range(1, -1, 1, &[KeyFlag::Ro])],
        in_multi: InMulti::Runs,
        run: Run::Handler(watch),
        ..CommandSpec::new(Group::Transactions)
    },
];

/// MULTI
fn multi(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let queue = &mut ctx.client_mut().transaction.queue;
    if queue.is_some() {
        return Err(CommandError::text(&"ERR MULTI calls can not be nested"));
    }
    *queue = Some(Vec::new());
    out.ok();
    Ok(())
}

/// EXEC
///
/// A command that could not be queued outweighs a watched key that changed. Whatever EXEC answers
/// in a transaction, it ends it.
fn exec(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let id = ctx.client_id;
    ctx.engine.expire_watched(id);
    let transaction = &mut ctx.client_mut().transaction;
    let queue = transaction.queue.take().ok_or(CommandError::NoMulti(&"EXEC"))?;
    let (has_errors, is_stale) = (transaction.has_errors, transaction.watched_key_changed);
    ctx.engine.discard_transaction(id);
    if has_errors {
        return Err(CommandError::ExecAborted);
    }
    if is_stale {
        out.null_array();
    } else {
        ctx.engine.run_queue(id, queue, out);
    }
    Ok(())
}

/// DISCARD
fn discard(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if ctx.client().transaction.queue.is_none() {
        return Err(CommandError::NoMulti(&"DISCARD"));
    }
    ctx.engine.discard_transaction(ctx.client_id);
    out.ok();
    Ok(())
}

/// WATCH key [key ...]
fn watch(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let transaction = &ctx.client().transaction;
    if transaction.queue.is_some() {
        return Err(CommandError::text(&"ERR WATCH inside MULTI is not allowed"));
    }
    // Where something has changed already, EXEC will do nothing whatever else is watched.
    if !transaction.watched_key_changed {
        for key in &args[1..] {
            ctx.engine.watch(ctx.client_id, ctx.db, key);
        }
    }
    out.ok();
    Ok(())
}

/// UNWATCH
fn unwatch(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.unwatch_all(ctx.client_id);
    out.ok();
    Ok(())
}
