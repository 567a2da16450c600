//! Scripts and functions: the rows of EVAL and FCALL with their relatives, SCRIPT and FUNCTION.
//!
//! An engine that is built without scripting has them, too: each answers that it cannot run code.

#[cfg_attr(not(feature = "scripting"), path = "scripting/absent.rs")]
mod handlers;

use self::handlers::{eval, function};
use super::{AclCategory, Code, CommandSpec, Flag, Group, KeyFlag, KeySpec, Run, help};

/// What scripts and functions do to keys is known only to them.
const MAY_WRITE: &[Flag] =
    &[Flag::MayReplicate, Flag::NoMandatoryKeys, Flag::Noscript, Flag::SkipMonitor, Flag::Stale];
const ONLY_READS: &[Flag] =
    &[Flag::NoMandatoryKeys, Flag::Noscript, Flag::Readonly, Flag::SkipMonitor, Flag::Stale];
const WRITTEN: &[KeySpec] =
    &[KeySpec::counted(2, &[KeyFlag::Rw, KeyFlag::Access, KeyFlag::Update])];
const READ: &[KeySpec] = &[KeySpec::counted(2, &[KeyFlag::Ro, KeyFlag::Access])];

/// What the rows of this family share.
const SCRIPTING: CommandSpec =
    CommandSpec { acl: &[AclCategory::Scripting], ..CommandSpec::new(Group::Scripting) };

/// A row that runs code with keys and arguments and may write.
const WRITER: CommandSpec = CommandSpec {
    complexity: "That of the code that runs",
    arity: -3,
    flags: MAY_WRITE,
    keys: WRITTEN,
    ..SCRIPTING
};

/// A row that runs code with keys and arguments, which only reads.
const READER: CommandSpec = CommandSpec { flags: ONLY_READS, keys: READ, ..WRITER };

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "eval",
        syntax: "EVAL script numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script, with nothing else in between.",
        since: "2.6.0",
        code: Some(Code::Source),
        run: Run::Handler(eval::eval),
        ..WRITER
    },
    CommandSpec {
        name: "evalsha",
        syntax: "EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that is known by its SHA-1 digest.",
        since: "2.6.0",
        code: Some(Code::Digest),
        run: Run::Handler(eval::evalsha),
        ..WRITER
    },
    CommandSpec {
        name: "evalsha_ro",
        syntax: "EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that is known by its SHA-1 digest and does not write.",
        since: "7.0.0",
        code: Some(Code::Digest),
        run: Run::Handler(eval::evalsha_ro),
        ..READER
    },
    CommandSpec {
        name: "eval_ro",
        syntax: "EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Runs a Lua script that does not write.",
        since: "7.0.0",
        code: Some(Code::Source),
        run: Run::Handler(eval::eval_ro),
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
    CommandSpec {
        name: "fcall",
        syntax: "FCALL function numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Calls a function of a library.",
        since: "7.0.0",
        code: Some(Code::Function),
        run: Run::Handler(function::fcall),
        ..WRITER
    },
    CommandSpec {
        name: "fcall_ro",
        syntax: "FCALL_RO function numkeys [key [key ...]] [arg [arg ...]]",
        summary: "Calls a function of a library, which does not write.",
        since: "7.0.0",
        code: Some(Code::Function),
        run: Run::Handler(function::fcall_ro),
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
        run: Run::Handler(eval::script_debug),
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
        run: Run::Handler(eval::script_exists),
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
        run: Run::Handler(eval::script_flush),
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
        run: Run::Handler(eval::script_kill),
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
        run: Run::Handler(eval::script_load),
        ..SCRIPTING
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
        run: Run::Handler(function::delete),
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
        run: Run::Handler(function::dump),
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
        run: Run::Handler(function::flush),
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
        run: Run::Handler(function::kill),
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
        run: Run::Handler(function::list),
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
        run: Run::Handler(function::load),
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
        run: Run::Handler(function::restore),
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
        run: Run::Handler(function::stats),
        ..SCRIPTING
    },
];
