//! Functions: libraries of Lua code that are loaded once, and FCALL, which calls them.

use super::scripting::{READER, SCRIPTING, WRITER, count_keys};
use super::{Code, CommandSpec, Flag, Group, Run, help};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::script::{Access, Kind, RestorePolicy};
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "fcall",
        syntax: "FCALL function numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Calls a function of a library.",
        since: "7.0.0",
        code: Some(Code::Function),
        run: Run::Handler(fcall),
        ..WRITER
    },
    CommandSpec {
        name: "fcall_ro",
        syntax: "FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Calls a function of a library, which does not write.",
        since: "7.0.0",
        code: Some(Code::Function),
        run: Run::Handler(fcall_ro),
        ..READER
    },
    CommandSpec {
        name: "function",
        syntax: "FUNCTION",
        summary: "A container for what is done with libraries of functions.",
        since: "7.0.0",
        complexity: "Depends on the subcommand",
        arity: -2,
        run: Run::Container(FUNCTION),
        ..CommandSpec::new(Group::Scripting)
    },
];

const FUNCTION: &[CommandSpec] = &[
    CommandSpec {
        name: "function|delete",
        syntax: "FUNCTION DELETE library-name",
        summary: "Removes a library and its functions.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 3,
        flags: &[Flag::Noscript, Flag::Write],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(delete),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|dump",
        syntax: "FUNCTION DUMP",
        summary: "Answers all libraries as bytes that FUNCTION RESTORE takes.",
        since: "7.0.0",
        complexity: "O(N) in the number of libraries",
        arity: 2,
        flags: &[Flag::Noscript],
        run: Run::Handler(dump),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|flush",
        syntax: "FUNCTION FLUSH [ASYNC|SYNC]",
        summary: "Removes every library.",
        since: "7.0.0",
        complexity: "O(N) in the number of functions",
        arity: -2,
        flags: &[Flag::Noscript, Flag::Write],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(flush),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|help",
        syntax: "FUNCTION HELP",
        summary: "Describes the subcommands.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale],
        run: Run::Handler(help),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|kill",
        syntax: "FUNCTION KILL",
        summary: "Ends the function that runs, if it has not written.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::AllowBusy, Flag::Noscript],
        tips: &["request_policy:all_shards", "response_policy:one_succeeded"],
        run: Run::Handler(kill),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|list",
        syntax: "FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]",
        summary: "Describes the libraries.",
        since: "7.0.0",
        complexity: "O(N) in the number of functions",
        arity: -2,
        flags: &[Flag::Noscript],
        tips: &["nondeterministic_output_order"],
        run: Run::Handler(list),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|load",
        syntax: "FUNCTION LOAD [REPLACE] function-code",
        summary: "Loads a library, and answers its name.",
        since: "7.0.0",
        complexity: "O(1), and what the code does while it is loaded",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Noscript, Flag::Write],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(load),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|restore",
        syntax: "FUNCTION RESTORE serialized-value [FLUSH|APPEND|REPLACE]",
        summary: "Loads the libraries that FUNCTION DUMP answered.",
        since: "7.0.0",
        complexity: "O(N) in the number of functions",
        arity: -3,
        flags: &[Flag::Denyoom, Flag::Noscript, Flag::Write],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        run: Run::Handler(restore),
        ..SCRIPTING
    },
    CommandSpec {
        name: "function|stats",
        syntax: "FUNCTION STATS",
        summary: "Tells what runs, and how many libraries and functions there are.",
        since: "7.0.0",
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::AllowBusy, Flag::Noscript],
        tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        run: Run::Handler(stats),
        ..SCRIPTING
    },
];

/// FCALL function numkeys [key [key ...]] [arg [arg ...]]
fn fcall(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    fcall_generic(ctx, args, out, Access::MayWrite)
}

/// FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]
fn fcall_ro(
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
fn delete(
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
fn dump(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.bulk(&ctx.engine.scripting.dump_libraries(ctx.config()));
    Ok(())
}

/// FUNCTION FLUSH [ASYNC|SYNC]
fn flush(
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
fn kill(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    ctx.engine.kill_script(Kind::Function)?;
    out.ok();
    Ok(())
}

/// FUNCTION LIST [LIBRARYNAME library-name-pattern] [WITHCODE]
fn list(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
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
fn load(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
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
fn restore(
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
    ctx.engine.scripting.restore_libraries(args[2], policy, max_bytes)?;
    out.ok();
    Ok(())
}

/// FUNCTION STATS
fn stats(
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
