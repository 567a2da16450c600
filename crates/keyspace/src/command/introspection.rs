//! COMMAND: the command table, as clients ask for it.

use super::syntax::{self, Argument, Kind, ValueKind};
use super::{
    AclCategory, Begin, CommandSpec, Find, Flag, Group, KeyFlag, KeySpec, Run, all, help, keys,
    lookup,
};
use crate::args::{self, Args};
use crate::context::Context;
use crate::error::CommandError;
use crate::glob::glob_match;
use crate::sort::sort_by_key;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "command",
    syntax: "COMMAND",
    summary: "Describes every command.",
    since: "2.8.13",
    complexity: "O(N)",
    arity: -1,
    flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
    acl: &[AclCategory::Connection],
    tips: &["nondeterministic_output_order"],
    run: Run::HandlerAndContainer(
        command,
        &[
            CommandSpec {
                name: "command|count",
                syntax: "COMMAND COUNT",
                summary: "Counts the commands.",
                since: "2.8.13",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                run: Run::Handler(command_count),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|docs",
                syntax: "COMMAND DOCS [command-name [command-name ...]]",
                summary: "Documents commands: summary, arguments, cost.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                tips: &["nondeterministic_output_order"],
                run: Run::Handler(command_docs),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|getkeys",
                syntax: "COMMAND GETKEYS command [arg [arg ...]]",
                summary: "Finds the keys in a call of a command.",
                since: "2.8.13",
                complexity: "O(N)",
                arity: -3,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                run: Run::Handler(command_getkeys),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|getkeysandflags",
                syntax: "COMMAND GETKEYSANDFLAGS command [arg [arg ...]]",
                summary: "Finds the keys in a call of a command, and what is done with each.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -3,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                run: Run::Handler(command_getkeysandflags),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|help",
                syntax: "COMMAND HELP",
                summary: "Lists the subcommands.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                run: Run::Handler(help),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|info",
                syntax: "COMMAND INFO [command-name [command-name ...]]",
                summary: "Describes commands: arity, flags, keys, categories.",
                since: "2.8.13",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                tips: &["nondeterministic_output_order"],
                run: Run::Handler(command_info),
                ..CommandSpec::new(Group::Server)
            },
            CommandSpec {
                name: "command|list",
                syntax: "COMMAND LIST [FILTERBY <MODULE module-name|ACLCAT category|PATTERN pattern>]",
                summary: "Names the commands, all or those that a filter lets through.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
                acl: &[AclCategory::Connection],
                tips: &["nondeterministic_output_order"],
                run: Run::Handler(command_list),
                ..CommandSpec::new(Group::Server)
            },
        ],
    ),
    ..CommandSpec::new(Group::Server)
}];

/// COMMAND
fn command(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.array(all().count());
    for spec in all() {
        write_info(out, spec);
    }
    Ok(())
}

/// COMMAND COUNT
fn command_count(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    out.count(all().count());
    Ok(())
}

/// COMMAND INFO [command-name [command-name ...]]
fn command_info(
    ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let names = &args[2..];
    if names.is_empty() {
        return command(ctx, args, out);
    }
    out.array(names.len());
    for name in names {
        match lookup(name) {
            Some(spec) => write_info(out, spec),
            None => out.null(),
        }
    }
    Ok(())
}

/// Writes what COMMAND INFO answers for one command.
fn write_info(out: &mut ReplyWriter, spec: &CommandSpec) {
    let (first, last, step) = keys::key_range(spec);
    out.array(10);
    out.bulk(spec.name.as_bytes());
    out.integer(spec.arity.into());
    let flags = spec.flag_names();
    out.set(flags.len());
    for flag in flags {
        out.simple(flag);
    }
    out.integer(first);
    out.integer(last);
    out.integer(step);
    let categories = spec.categories();
    out.set(categories.len());
    for category in categories {
        out.simple(&format!("@{}", category.name()));
    }
    out.set(spec.tips.len());
    for tip in spec.tips {
        out.bulk(tip.as_bytes());
    }
    out.set(spec.keys.len());
    for key_spec in spec.keys {
        write_key_spec(out, key_spec);
    }
    out.set(spec.subcommands().len());
    for subcommand in spec.subcommands() {
        write_info(out, subcommand);
    }
}

fn write_key_spec(out: &mut ReplyWriter, spec: &KeySpec) {
    out.map(3);
    out.bulk(b"flags");
    write_key_flags(out, spec.flags);
    out.bulk(b"begin_search");
    match spec.begin {
        Begin::Unknown => write_search(out, "unknown", &[]),
        Begin::Index(position) => write_search(out, "index", &[("index", position)]),
        Begin::Keyword { keyword, start_from } => {
            out.map(2);
            out.bulk(b"type");
            out.bulk(b"keyword");
            out.bulk(b"spec");
            out.map(2);
            out.bulk(b"keyword");
            out.bulk(keyword.as_bytes());
            out.bulk(b"startfrom");
            out.integer(start_from.into());
        }
    }
    out.bulk(b"find_keys");
    match spec.find {
        Find::Unknown => write_search(out, "unknown", &[]),
        Find::Range { last, step, limit } => {
            let fields = [("lastkey", last), ("keystep", step), ("limit", limit)];
            write_search(out, "range", &fields);
        }
        Find::KeyNum { index, first, step } => {
            let fields = [("keynumidx", index), ("firstkey", first), ("keystep", step)];
            write_search(out, "keynum", &fields);
        }
    }
}

/// Writes flags of a key, in Redis's order.
fn write_key_flags(out: &mut ReplyWriter, flags: &[KeyFlag]) {
    let mut flags = flags.to_vec();
    sort_by_key(&mut flags, |&flag| flag as u8);
    out.set(flags.len());
    for flag in flags {
        out.simple(flag.name());
    }
}

/// Writes one of the two halves of a key specification: its type and the numbers of it.
fn write_search(out: &mut ReplyWriter, kind: &str, fields: &[(&str, i32)]) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(kind.as_bytes());
    out.bulk(b"spec");
    out.map(fields.len());
    for (name, value) in fields {
        out.bulk(name.as_bytes());
        out.integer((*value).into());
    }
}

/// COMMAND LIST [FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]
fn command_list(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let accepts: Box<dyn Fn(&CommandSpec) -> bool> = match &args[2..] {
        [] => Box::new(|_| true),
        &[filter, kind, value] if args::is(filter, "filterby") => {
            let value = value.to_ascii_lowercase();
            if args::is(kind, "module") {
                Box::new(|_| false)
            } else if args::is(kind, "aclcat") {
                let has = |category: &AclCategory, name: &[u8]| category.name().as_bytes() == name;
                Box::new(move |spec| spec.categories().iter().any(|one| has(one, &value)))
            } else if args::is(kind, "pattern") {
                Box::new(move |spec| glob_match(&value, spec.name.as_bytes(), true))
            } else {
                return Err(CommandError::Syntax);
            }
        }
        _ => return Err(CommandError::Syntax),
    };
    let start = out.begin();
    let mut count = 0;
    for spec in all().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands())) {
        if accepts(spec) {
            out.bulk(spec.name.as_bytes());
            count += 1;
        }
    }
    out.end_array(start, count);
    Ok(())
}

/// COMMAND GETKEYS command [arg [arg ...]]
fn command_getkeys(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let call = &args[2..];
    let keys = find_keys(call)?;
    out.array(keys.len());
    for key in keys {
        out.bulk(call[key.index]);
    }
    Ok(())
}

/// COMMAND GETKEYSANDFLAGS command [arg [arg ...]]
fn command_getkeysandflags(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let call = &args[2..];
    let keys = find_keys(call)?;
    out.array(keys.len());
    for key in keys {
        out.array(2);
        out.bulk(call[key.index]);
        write_key_flags(out, key.flags);
    }
    Ok(())
}

/// The keys of a call, which must be one that could run.
fn find_keys(call: &Args<'_>) -> Result<Vec<keys::KeyAt>, CommandError> {
    let command = match super::find(call) {
        Ok(command) => command,
        Err(CommandError::WrongArity(name)) => {
            let text = match lookup(name.as_bytes()).is_some_and(keys::has_keys) {
                true => &"ERR Invalid number of arguments specified for command",
                false => &"ERR The command has no key arguments",
            };
            return Err(CommandError::text(text));
        }
        Err(_) => return Err(CommandError::text(&"ERR Invalid command specified")),
    };
    let spec = command.spec;
    if !keys::has_keys(spec) {
        return Err(CommandError::text(&"ERR The command has no key arguments"));
    }
    let keys = keys::keys_of(spec, call);
    keys.filter(|keys| !keys.is_empty() || command.has(Flag::NoMandatoryKeys))
        .ok_or_else(|| CommandError::text(&"ERR Invalid arguments specified for command"))
}

/// COMMAND DOCS [command-name [command-name ...]]
fn command_docs(
    _ctx: &mut Context<'_>,
    args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let specs: Vec<&CommandSpec> = match &args[2..] {
        [] => all().collect(),
        names => names.iter().filter_map(|name| lookup(name)).collect(),
    };
    out.map(specs.len());
    for spec in specs {
        out.bulk(spec.name.as_bytes());
        write_docs(out, spec);
    }
    Ok(())
}

/// Writes what COMMAND DOCS answers for one command.
fn write_docs(out: &mut ReplyWriter, spec: &CommandSpec) {
    let mut map = MapWriter::new(out);
    map.text("summary", spec.summary);
    map.text("since", spec.since);
    map.text("group", spec.group.name());
    map.text("complexity", spec.complexity);
    let is_deprecated = !spec.deprecated_since.is_empty();
    let doc_flags = [("deprecated", is_deprecated), ("syscmd", spec.is_system)];
    let doc_flags = doc_flags.iter().filter_map(|(name, holds)| holds.then_some(*name));
    map.flags("doc_flags", &doc_flags.collect::<Vec<_>>());
    map.text("deprecated_since", spec.deprecated_since);
    map.text("replaced_by", spec.replaced_by);
    let arguments = syntax::arguments(spec);
    if !arguments.is_empty() {
        let out = map.value("arguments");
        out.array(arguments.len());
        let mut keys = 0;
        for argument in &arguments {
            write_argument(out, argument, spec, &mut keys);
        }
    }
    if !spec.subcommands().is_empty() {
        let out = map.value("subcommands");
        out.map(spec.subcommands().len());
        for subcommand in spec.subcommands() {
            out.bulk(subcommand.name.as_bytes());
            write_docs(out, subcommand);
        }
    }
    map.end();
}

/// Writes an argument; `keys` counts those that name keys.
fn write_argument(
    out: &mut ReplyWriter,
    argument: &Argument,
    spec: &CommandSpec,
    keys: &mut usize,
) {
    let (kind, inner): (&str, &[Argument]) = match &argument.kind {
        Kind::Token => ("pure-token", &[]),
        Kind::OneOf(inner) => ("oneof", inner),
        Kind::Block(inner) => ("block", inner),
        Kind::Value(kind) => (kind.name(), &[]),
    };
    let mut map = MapWriter::new(out);
    map.text("name", &argument.name);
    map.text("type", kind);
    if inner.is_empty() {
        map.text("display_text", &argument.name);
    }
    if argument.kind == Kind::Value(ValueKind::Key) && !spec.keys.is_empty() {
        let index = (*keys).min(spec.keys.len() - 1);
        map.value("key_spec_index").count(index);
        *keys += 1;
    }
    map.text("token", &argument.token.as_deref().unwrap_or_default().to_ascii_uppercase());
    let flags = [
        ("optional", argument.optional),
        ("multiple", argument.multiple),
        ("multiple_token", argument.multiple_token),
    ];
    let flags: Vec<&str> =
        flags.iter().filter_map(|(name, holds)| holds.then_some(*name)).collect();
    map.flags("flags", &flags);
    if !inner.is_empty() {
        let out = map.value("arguments");
        out.array(inner.len());
        for argument in inner {
            write_argument(out, argument, spec, keys);
        }
    }
    map.end();
}

/// A map that leaves out what is empty.
struct MapWriter<'o> {
    out: &'o mut ReplyWriter,
    start: keyspace_resp::Deferred,
    pairs: usize,
}

impl<'o> MapWriter<'o> {
    fn new(out: &'o mut ReplyWriter) -> Self {
        let start = out.begin();
        MapWriter { out, start, pairs: 0 }
    }

    /// Writes a name; the caller writes its value.
    fn value(&mut self, name: &str) -> &mut ReplyWriter {
        self.pairs += 1;
        self.out.bulk(name.as_bytes());
        self.out
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.value(name).bulk(text.as_bytes());
        }
    }

    fn flags(&mut self, name: &str, flags: &[&str]) {
        if !flags.is_empty() {
            let out = self.value(name);
            out.set(flags.len());
            for flag in flags {
                out.simple(flag);
            }
        }
    }

    fn end(self) {
        self.out.end_map(self.start, self.pairs);
    }
}
