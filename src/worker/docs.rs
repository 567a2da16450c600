//! The command table as the page gets it.

use crate::backend::CommandDoc;
use keyspace::command::{self, Begin, CommandSpec, Find, Group, KeyFlag};

/// All commands, subcommands behind their container.
pub(super) fn commands() -> Vec<CommandDoc> {
    command::all().flat_map(with_subcommands).collect()
}

fn with_subcommands(spec: &'static CommandSpec) -> impl Iterator<Item = CommandDoc> {
    std::iter::once(spec).chain(spec.subcommands()).map(doc)
}

fn doc(spec: &CommandSpec) -> CommandDoc {
    CommandDoc {
        name: spec.name.replace('|', " "),
        syntax: spec.syntax.to_owned(),
        summary: spec.summary.to_owned(),
        since: spec.since.to_owned(),
        group: group(spec.group).to_owned(),
        complexity: spec.complexity.to_owned(),
        differs: spec.differs.to_owned(),
        keys: keys(spec),
    }
}

/// Where the keys are, as far as that does not depend on the other arguments.
fn keys(spec: &CommandSpec) -> Vec<(i32, i32, i32)> {
    let names = spec.keys.iter().filter(|keys| !keys.flags.contains(&KeyFlag::NotKey));
    let ranges = names.filter_map(|keys| match (keys.begin, keys.find) {
        (Begin::Index(index), Find::Range { last, step, limit: 0 | 1 }) => {
            Some((index, if last < 0 { last } else { index + last }, step))
        }
        _ => None,
    });
    ranges.collect()
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Generic => "generic",
        Group::String => "string",
        Group::List => "list",
        Group::Set => "set",
        Group::SortedSet => "sorted set",
        Group::Hash => "hash",
        Group::PubSub => "pub/sub",
        Group::Transactions => "transactions",
        Group::Connection => "connection",
        Group::Server => "server",
        Group::Scripting => "scripting",
        Group::Hyperloglog => "hyperloglog",
        Group::Cluster => "cluster",
        Group::Geo => "geo",
        Group::Stream => "stream",
        Group::Bitmap => "bitmap",
        Group::Array => "array",
    }
}
