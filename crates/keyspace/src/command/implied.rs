//! What a row does not say because it follows from what it says: flags, categories, names.

use super::{AclCategory, CommandSpec, Flag, Group, keys};

impl CommandSpec {
    pub(super) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// All ACL categories: those of the row, and those that its flags imply.
    pub fn categories(&self) -> Vec<AclCategory> {
        let implied = |category| match category {
            AclCategory::Write => self.has(Flag::Write),
            AclCategory::Read => {
                self.has(Flag::Readonly) && !self.acl.contains(&AclCategory::Scripting)
            }
            AclCategory::Admin | AclCategory::Dangerous => self.has(Flag::Admin),
            AclCategory::PubSub => self.has(Flag::Pubsub),
            AclCategory::Fast => self.has(Flag::Fast),
            AclCategory::Slow => !self.has(Flag::Fast),
            AclCategory::Blocking => self.has(Flag::Blocking),
            _ => false,
        };
        let all = AclCategory::ALL.iter().copied();
        all.filter(|&category| self.acl.contains(&category) || implied(category)).collect()
    }

    /// The names of its flags as COMMAND INFO answers them: some are Redis's own affair and not
    /// told, and `movablekeys` follows from the key specifications.
    pub fn flag_names(&self) -> Vec<&'static str> {
        let flags = SHOWN_FLAGS.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name);
        flags.chain(keys::has_movable_keys(self).then_some("movablekeys")).collect()
    }
}

/// The flags that are told, in the order in which they are.
const SHOWN_FLAGS: &[(Flag, &str)] = &[
    (Flag::Write, "write"),
    (Flag::Readonly, "readonly"),
    (Flag::Denyoom, "denyoom"),
    (Flag::Admin, "admin"),
    (Flag::Pubsub, "pubsub"),
    (Flag::Noscript, "noscript"),
    (Flag::Blocking, "blocking"),
    (Flag::Loading, "loading"),
    (Flag::Stale, "stale"),
    (Flag::SkipMonitor, "skip_monitor"),
    (Flag::SkipSlowlog, "skip_slowlog"),
    (Flag::Asking, "asking"),
    (Flag::Fast, "fast"),
    (Flag::NoAuth, "no_auth"),
    (Flag::NoMandatoryKeys, "no_mandatory_keys"),
    (Flag::NoAsyncLoading, "no_async_loading"),
    (Flag::NoMulti, "no_multi"),
    (Flag::AllowBusy, "allow_busy"),
];

impl AclCategory {
    /// Every category, in Redis's order.
    pub const ALL: &[AclCategory] = &[
        AclCategory::Keyspace,
        AclCategory::Read,
        AclCategory::Write,
        AclCategory::Set,
        AclCategory::SortedSet,
        AclCategory::List,
        AclCategory::Hash,
        AclCategory::String,
        AclCategory::Bitmap,
        AclCategory::Hyperloglog,
        AclCategory::Geo,
        AclCategory::Stream,
        AclCategory::PubSub,
        AclCategory::Admin,
        AclCategory::Fast,
        AclCategory::Slow,
        AclCategory::Blocking,
        AclCategory::Dangerous,
        AclCategory::Connection,
        AclCategory::Transaction,
        AclCategory::Scripting,
        AclCategory::Array,
    ];

    /// The category of that name in any case.
    pub(crate) fn parse(name: &[u8]) -> Option<AclCategory> {
        let named = |category: &&AclCategory| category.name().as_bytes().eq_ignore_ascii_case(name);
        AclCategory::ALL.iter().find(named).copied()
    }

    /// The name, without the `@`.
    pub fn name(self) -> &'static str {
        match self {
            AclCategory::Keyspace => "keyspace",
            AclCategory::Read => "read",
            AclCategory::Write => "write",
            AclCategory::Set => "set",
            AclCategory::SortedSet => "sortedset",
            AclCategory::List => "list",
            AclCategory::Hash => "hash",
            AclCategory::String => "string",
            AclCategory::Bitmap => "bitmap",
            AclCategory::Hyperloglog => "hyperloglog",
            AclCategory::Geo => "geo",
            AclCategory::Stream => "stream",
            AclCategory::PubSub => "pubsub",
            AclCategory::Admin => "admin",
            AclCategory::Fast => "fast",
            AclCategory::Slow => "slow",
            AclCategory::Blocking => "blocking",
            AclCategory::Dangerous => "dangerous",
            AclCategory::Connection => "connection",
            AclCategory::Transaction => "transaction",
            AclCategory::Scripting => "scripting",
            AclCategory::Array => "array",
        }
    }
}

impl Group {
    /// The name that COMMAND DOCS answers.
    pub fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::PubSub => "pubsub",
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
}
