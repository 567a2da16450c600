//! Functions: libraries of Lua code that are loaded once, and FCALL, which calls them.

use super::eval::count_keys;
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::rdb::{self, Refused};
use crate::script::lua::Access;
use crate::script::{Kind, RestorePolicy};
use keyspace_resp::ReplyWriter;

/// FCALL function numkeys [key [key ...]] [arg [arg ...]]
pub fn fcall(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    fcall_generic(ctx, args, out, Access::MayWrite)
}

/// FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]
pub fn fcall_ro(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    fcall_generic(ctx, args, out, Access::OnlyReads)
}

/// That there is no such function outweighs a wrong number of keys.
fn fcall_generic(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
    access: Access,
) -> Result<(), CommandError> {
    if !ctx.engine.scripting.has_function(args[1]) {
        return Err(CommandError::text(&"ERR Function not found"));
    }
    let keys = count_keys(args, CommandError::text(&"ERR Bad number of keys provided"))?;
    ctx.run_function(access, keys, args, out)
}

/// FUNCTION DELETE library-name
pub fn delete(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    if !ctx.engine.scripting.delete_library(args[2]) {
        return Err(CommandError::text(&"ERR Library not found"));
    }
    out.ok();
    Ok(())
}

/// FUNCTION DUMP
pub fn dump(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(&rdb::dump_functions(ctx.engine.scripting.library_codes(), ctx.config()));
    Ok(())
}

/// FUNCTION FLUSH [ASYNC|SYNC]
pub fn flush(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    match args[2..] {
        [] => {}
        [how] if args::is_flush_mode(how) => {}
        [_] => {
            let text = &"ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
            return Err(CommandError::text(text));
        }
        _ => return Err(CommandError::subcommand_syntax(args)),
    }
    ctx.engine.scripting.forget_libraries();
    out.ok();
    Ok(())
}

/// FUNCTION KILL
pub fn kill(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.kill_script(Kind::Function)?;
    out.ok();
    Ok(())
}

/// FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]
pub fn list(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (mut pattern, mut with_code) = (None, false);
    let mut options = args::Options::new(&args[2..]);
    while let Some(option) = options.next() {
        if !with_code && args::is(option, "withcode") {
            with_code = true;
        } else if pattern.is_none() && args::is(option, "libraryname") {
            let missing = CommandError::text(&"ERR library name argument was not given");
            pattern = Some(options.next().ok_or(missing)?);
        } else {
            let option = String::from_utf8_lossy(option);
            return Err(CommandError::composed(format!("ERR Unknown argument {option}")));
        }
    }
    let libraries: Vec<_> = ctx.engine.scripting.libraries(pattern).collect();
    out.array(libraries.len());
    for library in libraries {
        out.map(if with_code { 4 } else { 3 });
        out.bulk(b"library_name");
        out.bulk(&library.name);
        out.bulk(b"engine");
        out.bulk(b"LUA");
        out.bulk(b"functions");
        out.array(library.functions.len());
        for function in &library.functions {
            out.map(3);
            out.bulk(b"name");
            out.bulk(&function.name);
            out.bulk(b"description");
            out.bulk_or_null(function.description.as_deref());
            out.bulk(b"flags");
            let flags = function.flags.names();
            out.set(flags.len());
            flags.iter().for_each(|flag| out.simple(flag));
        }
        if with_code {
            out.bulk(b"library_code");
            out.bulk(&library.code);
        }
    }
    Ok(())
}

/// FUNCTION LOAD [REPLACE] function-code
pub fn load(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (options, code) = (&args[2..args.len() - 1], args[args.len() - 1]);
    if let Some(option) = options.iter().find(|option| !args::is(option, "replace")) {
        let option = String::from_utf8_lossy(option);
        return Err(CommandError::composed(format!("ERR Unknown option given: {option}")));
    }
    let name = ctx.engine.scripting.load_library(code, !options.is_empty())?;
    out.bulk(&name);
    Ok(())
}

/// FUNCTION RESTORE serialized-value [FLUSH|APPEND|REPLACE]
pub fn restore(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let policy = match args[3..] {
        [] => RestorePolicy::Append,
        [policy] if args::is(policy, "append") => RestorePolicy::Append,
        [policy] if args::is(policy, "replace") => RestorePolicy::Replace,
        [policy] if args::is(policy, "flush") => RestorePolicy::Flush,
        [_] => {
            return Err(CommandError::text(
                &"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.",
            ));
        }
        _ => return Err(CommandError::subcommand_syntax(args)),
    };
    let max_bytes = ctx.config().proto_max_bulk_len;
    let codes = rdb::restore_functions(args[2], max_bytes).map_err(|refused| {
        CommandError::text(match refused {
            Refused::VersionOrChecksum => &"ERR DUMP payload version or checksum are wrong",
            Refused::Format => &"ERR failed loading the functions of the payload",
        })
    })?;
    ctx.engine.scripting.restore_libraries(&codes, policy)?;
    out.ok();
    Ok(())
}

/// FUNCTION STATS
pub fn stats(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let running = ctx.engine.scripting.running();
    if let Some(script) = running.filter(|running| running.kind() == Kind::Script) {
        return Err(CommandError::Busy(script.kind()));
    }
    out.map(2);
    out.bulk(b"running_script");
    match running {
        None => out.null(),
        Some(running) => {
            out.map(3);
            out.bulk(b"name");
            out.bulk(running.name());
            out.bulk(b"command");
            let command = running.command();
            out.array(command.len());
            command.iter().for_each(|arg| out.bulk(arg));
            out.bulk(b"duration_ms");
            out.integer(running.duration_ms());
        }
    }
    out.bulk(b"engines");
    out.map(1);
    out.bulk(b"LUA");
    out.map(2);
    let (libraries, functions) = ctx.engine.scripting.count_libraries();
    out.bulk(b"libraries_count");
    out.count(libraries);
    out.bulk(b"functions_count");
    out.count(functions);
    Ok(())
}
