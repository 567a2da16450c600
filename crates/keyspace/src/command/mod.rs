//! The command table: what each command is called, takes, touches and runs.
//!
//! One file a family; each has `COMMANDS`, its rows, beside its handlers. Nothing else in the
//! engine matches on a command's name: `COMMAND`, completion, hints, key extraction and the
//! documentation read these rows. To add a command, edit its family and its transcript.

mod acl;
mod array;
mod bitmap;
mod client;
mod cluster;
mod config;
mod connection;
mod databases;
mod debug;
mod dump;
mod expire;
mod generic;
mod geo;
mod hash;
mod hotkeys;
mod hyperloglog;
mod implied;
mod info;
mod introspection;
pub mod keys;
mod latency;
mod list;
mod memory;
mod monitor;
mod pubsub;
pub(crate) mod registry;
mod replication;
mod scripting;
mod server;
mod set;
mod slowlog;
mod sorted_set;
mod stream;
mod string;
pub mod syntax;
mod transactions;

use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
pub(crate) use client::list::describe as describe_client;
use keyspace_resp::ReplyWriter;
pub use registry::lookup;
pub(crate) use registry::{find, row_of, rows};

/// What runs a command. The arguments start with the command's name; their number fits the arity.
/// A handler that fails has written nothing and changed nothing.
pub(crate) type Handler =
    fn(&mut Context<'_>, &Args<'_>, &mut ReplyWriter) -> Result<(), CommandError>;

/// What a call does with its keys, by its arguments.
pub(crate) type KeyFlagsOf = fn(&Args<'_>) -> &'static [KeyFlag];

/// A row of the command table.
#[derive(Debug, Clone, Copy)]
pub struct CommandSpec {
    /// In lower case; a subcommand with its container, `client|list`.
    pub name: &'static str,
    /// In Redis's notation: `SET key value [NX|XX]`.
    pub syntax: &'static str,
    /// One sentence on what it does.
    pub summary: &'static str,
    /// The Redis version that brought it.
    pub since: &'static str,
    /// Its cost.
    pub complexity: &'static str,
    /// The number of arguments with the name; negative where it is a minimum.
    pub arity: i32,
    /// How it behaves.
    pub flags: &'static [Flag],
    /// The ACL categories that do not follow from the flags.
    pub acl: &'static [AclCategory],
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// What a call does with its keys, where that depends on its other arguments.
    pub(crate) key_flags: Option<KeyFlagsOf>,
    /// Where the channels are that it listens or sends to.
    pub channels: ChannelSpec,
    /// Its family.
    pub group: Group,
    /// The Redis version that deprecated it, or empty.
    pub deprecated_since: &'static str,
    /// What to use instead of what is deprecated, in COMMAND DOCS's words, or empty.
    pub replaced_by: &'static str,
    /// Whether it is meant for Redis itself and its tests.
    pub is_system: bool,
    /// What a proxy must know that spreads it over several servers.
    pub tips: &'static [&'static str],
    /// How it differs here from Redis, or empty.
    pub differs: &'static str,
    /// What becomes of it inside MULTI.
    pub(crate) in_multi: InMulti,
    /// How its second argument names the code that it runs.
    pub(crate) code: Option<Code>,
    /// A RESP2 client that listens to channels may send it.
    pub(crate) while_subscribed: bool,
    /// CLIENT CACHING holds still for the command behind it; of a container: behind any of its
    /// subcommands.
    pub(crate) keeps_caching: bool,
    /// A field that is due and not gone yet counts for it.
    pub(crate) counts_due_fields: bool,
    /// What runs.
    pub(crate) run: Run,
}

impl CommandSpec {
    /// The values that most rows of a family share.
    pub(crate) const fn new(group: Group) -> CommandSpec {
        CommandSpec {
            name: "",
            syntax: "",
            summary: "",
            since: "",
            complexity: "",
            arity: 0,
            flags: &[],
            acl: &[],
            keys: &[],
            key_flags: None,
            channels: ChannelSpec::None,
            group,
            deprecated_since: "",
            replaced_by: "",
            is_system: false,
            tips: &[],
            differs: "",
            in_multi: InMulti::Queued,
            code: None,
            while_subscribed: false,
            keeps_caching: false,
            counts_due_fields: false,
            run: Run::Container(&[]),
        }
    }

    /// The subcommands of a container, such as CLIENT.
    pub fn subcommands(&self) -> &'static [CommandSpec] {
        match self.run {
            Run::Container(subcommands) | Run::HandlerAndContainer(_, subcommands) => subcommands,
            Run::Handler(_) => &[],
        }
    }
}

/// What a row runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    Handler(Handler),
    /// Nothing by itself: the second argument names one of these.
    Container(&'static [CommandSpec]),
    /// A handler without a second argument, one of these with it (COMMAND).
    HandlerAndContainer(Handler, &'static [CommandSpec]),
}

/// What becomes of a command that a client sends inside MULTI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InMulti {
    /// It is queued.
    Queued,
    /// It runs at once.
    Runs,
    /// It runs at once, and ends the transaction.
    Ends,
    /// It runs the transaction.
    Executes,
}

/// How an argument names code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It is the script itself.
    Source,
    /// The digest of a script that is known.
    Digest,
    /// The name of a library's function.
    Function,
}

/// How a command behaves, by Redis's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Redis's")]
pub enum Flag {
    Write,
    Readonly,
    Denyoom,
    Admin,
    Pubsub,
    Noscript,
    Blocking,
    Loading,
    Stale,
    SkipMonitor,
    SkipSlowlog,
    Asking,
    Fast,
    NoAuth,
    MayReplicate,
    Sentinel,
    NoAsyncLoading,
    NoMulti,
    AllowBusy,
    NoMandatoryKeys,
    TouchesArbitraryKeys,
    Protected,
    Experimental,
}

/// An ACL category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Redis's")]
pub enum AclCategory {
    Keyspace,
    Read,
    Write,
    Set,
    SortedSet,
    List,
    Hash,
    String,
    Bitmap,
    Hyperloglog,
    Geo,
    Stream,
    PubSub,
    Admin,
    Fast,
    Slow,
    Blocking,
    Dangerous,
    Connection,
    Transaction,
    Scripting,
    Array,
}

/// A family of commands, as COMMAND DOCS groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Redis's")]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    PubSub,
    Transactions,
    Connection,
    Server,
    Scripting,
    Hyperloglog,
    Cluster,
    Geo,
    Stream,
    Bitmap,
    Array,
}

impl Group {
    /// Every family with its title, in the order in which documentation lists them.
    pub const TITLES: &[(Group, &str)] = &[
        (Group::String, "Strings"),
        (Group::Generic, "Keys"),
        (Group::List, "Lists"),
        (Group::Hash, "Hashes"),
        (Group::Set, "Sets"),
        (Group::SortedSet, "Sorted sets"),
        (Group::Stream, "Streams"),
        (Group::Array, "Arrays"),
        (Group::Bitmap, "Bitmaps"),
        (Group::Hyperloglog, "HyperLogLog"),
        (Group::Geo, "Geo"),
        (Group::PubSub, "Publish and subscribe"),
        (Group::Transactions, "Transactions"),
        (Group::Scripting, "Scripting"),
        (Group::Connection, "Connection"),
        (Group::Server, "Server"),
        (Group::Cluster, "Cluster"),
    ];
}

/// What a command does with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are Redis's")]
pub enum KeyFlag {
    Ro,
    Rw,
    Ow,
    Rm,
    Access,
    Update,
    Insert,
    Delete,
    NotKey,
    Incomplete,
    VariableFlags,
}

impl KeyFlag {
    /// The name that COMMAND INFO answers.
    pub fn name(self) -> &'static str {
        match self {
            KeyFlag::Ro => "RO",
            KeyFlag::Rw => "RW",
            KeyFlag::Ow => "OW",
            KeyFlag::Rm => "RM",
            KeyFlag::Access => "access",
            KeyFlag::Update => "update",
            KeyFlag::Insert => "insert",
            KeyFlag::Delete => "delete",
            KeyFlag::NotKey => "not_key",
            KeyFlag::Incomplete => "incomplete",
            KeyFlag::VariableFlags => "variable_flags",
        }
    }
}

/// Where keys are among the arguments.
#[derive(Debug, Clone, Copy)]
pub struct KeySpec {
    /// What is done with them.
    pub flags: &'static [KeyFlag],
    /// Where the search begins.
    pub begin: Begin,
    /// How it goes on.
    pub find: Find,
}

impl KeySpec {
    /// One key at an argument.
    pub(crate) const fn one(position: i32, flags: &'static [KeyFlag]) -> KeySpec {
        KeySpec::range(position, 0, 1, flags)
    }

    /// Keys from an argument to `last`, which counts from the first key, or from the end where it
    /// is negative.
    pub(crate) const fn range(
        position: i32,
        last: i32,
        step: i32,
        flags: &'static [KeyFlag],
    ) -> KeySpec {
        let find = Find::Range { last, step, limit: 0 };
        KeySpec { flags, begin: Begin::Index(position), find }
    }

    /// Keys behind an argument that says how many there are.
    pub(crate) const fn counted(position: i32, flags: &'static [KeyFlag]) -> KeySpec {
        let find = Find::KeyNum { index: 0, first: 1, step: 1 };
        KeySpec { flags, begin: Begin::Index(position), find }
    }
}

/// Where channels are among the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelSpec {
    /// Nowhere.
    None,
    /// The first argument.
    First,
    /// Every argument.
    All,
    /// Every argument, which is a pattern.
    Patterns,
}

/// Where the search for keys begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// At an argument's index.
    Index(i32),
    /// Behind a keyword, searched from an argument on; from the end where negative.
    Keyword {
        /// In upper case.
        keyword: &'static str,
        /// Where the search for it starts.
        start_from: i32,
    },
    /// It cannot be said.
    Unknown,
}

/// How the search for keys goes on from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// Every `step`-th argument up to `last`; where `last` is -1, only the first `1/limit` of
    /// what is left.
    Range {
        /// Relative to the beginning; negative: from the last argument.
        last: i32,
        /// The distance between keys.
        step: i32,
        /// 0 or 1: no limit.
        limit: i32,
    },
    /// As many as an argument says.
    KeyNum {
        /// Where the number is, relative to the beginning.
        index: i32,
        /// Where the first key is, relative to the beginning.
        first: i32,
        /// The distance between keys.
        step: i32,
    },
    /// It cannot be said.
    Unknown,
}

/// A command as it is called: its row, ready for dispatch.
#[derive(Debug)]
pub(crate) struct Command {
    pub spec: &'static CommandSpec,
    pub handler: Handler,
    /// Its row's place among all rows, those of subcommands included.
    pub row: usize,
    /// CLIENT CACHING holds still for the command behind it.
    pub keeps_caching: bool,
    flags: u32,
}

impl Command {
    #[inline]
    pub fn has(&self, flag: Flag) -> bool {
        self.flags & (1 << flag as u32) != 0
    }

    fn accepts(&self, count: usize) -> bool {
        let arity = self.spec.arity;
        let count = count as i64;
        if arity >= 0 { count == i64::from(arity) } else { count >= i64::from(-arity) }
    }
}

/// Every family's rows, in the order of the documentation.
const FAMILIES: &[&[CommandSpec]] = &[
    string::COMMANDS,
    bitmap::COMMANDS,
    hyperloglog::COMMANDS,
    geo::COMMANDS,
    generic::COMMANDS,
    expire::COMMANDS,
    databases::COMMANDS,
    dump::COMMANDS,
    list::COMMANDS,
    hash::COMMANDS,
    hash::expire::COMMANDS,
    hash::volatile::COMMANDS,
    set::COMMANDS,
    sorted_set::COMMANDS,
    sorted_set::range::COMMANDS,
    sorted_set::algebra::COMMANDS,
    sorted_set::pop::COMMANDS,
    sorted_set::random::COMMANDS,
    sorted_set::scan::COMMANDS,
    stream::COMMANDS,
    stream::add::COMMANDS,
    stream::trim::COMMANDS,
    stream::delete::COMMANDS,
    stream::range::COMMANDS,
    stream::read::COMMANDS,
    stream::group::COMMANDS,
    stream::pending::COMMANDS,
    stream::nack::COMMANDS,
    stream::info::COMMANDS,
    array::COMMANDS,
    array::insert::COMMANDS,
    array::search::COMMANDS,
    transactions::COMMANDS,
    pubsub::COMMANDS,
    scripting::COMMANDS,
    connection::COMMANDS,
    client::COMMANDS,
    server::COMMANDS,
    info::COMMANDS,
    memory::COMMANDS,
    slowlog::COMMANDS,
    latency::COMMANDS,
    hotkeys::COMMANDS,
    debug::COMMANDS,
    config::COMMANDS,
    acl::COMMANDS,
    introspection::COMMANDS,
    monitor::COMMANDS,
    replication::COMMANDS,
    cluster::COMMANDS,
];

/// The rows of all commands; containers have their subcommands inside.
pub fn all() -> impl Iterator<Item = &'static CommandSpec> {
    FAMILIES.iter().copied().flatten()
}

/// `CONTAINER HELP`: the container's subcommands, as their rows describe them.
fn help(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    let (container, _) =
        ctx.command.spec.name.split_once('|').expect("HELP is a subcommand of a container");
    let upper = container.to_ascii_uppercase();
    let title = format!("{upper} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
    let start = out.begin();
    out.simple(&title);
    let mut lines = 1;
    let subcommands = all().find(|spec| spec.name == container).map(CommandSpec::subcommands);
    for subcommand in subcommands.unwrap_or_default() {
        out.simple(subcommand.syntax.get(container.len() + 1..).unwrap_or_default());
        out.simple(&format!("    {}", subcommand.summary));
        lines += 2;
    }
    out.end_array(start, lines);
    Ok(())
}

/// Refuses a command that needs a disk, a network or a process; its row says which.
fn unavailable(
    ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::Unavailable(&ctx.command.spec.name))
}
