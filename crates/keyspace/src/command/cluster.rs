//! CLUSTER and what else belongs to a cluster: an engine is alone, and answers as a Redis server does
//! whose cluster support is disabled.

use super::{AclCategory, CommandSpec, Flag, Group, Run};
use crate::args::Args;
use crate::context::Context;
use crate::error::CommandError;
use keyspace_resp::ReplyWriter;

pub(crate) const COMMANDS: &[CommandSpec] = &[
    CommandSpec {
        name: "cluster",
        syntax: "CLUSTER",
        summary: "Commands about the cluster.",
        since: "3.0.0",
        complexity: "",
        arity: -2,
        flags: &[],
        run: Run::Container(&[
            CommandSpec {
                name: "cluster|addslots",
                syntax: "CLUSTER ADDSLOTS slot [slot ...]",
                summary: "Gives the node slots.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|addslotsrange",
                syntax: "CLUSTER ADDSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
                summary: "Gives the node ranges of slots.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -4,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|bumpepoch",
                syntax: "CLUSTER BUMPEPOCH",
                summary: "Raises the epoch of the cluster.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|count-failure-reports",
                syntax: "CLUSTER COUNT-FAILURE-REPORTS node-id",
                summary: "Counts the reports that a node has failed.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 3,
                flags: &[Flag::Admin, Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|countkeysinslot",
                syntax: "CLUSTER COUNTKEYSINSLOT slot",
                summary: "Counts the keys of a slot.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|delslots",
                syntax: "CLUSTER DELSLOTS slot [slot ...]",
                summary: "Takes slots from the node.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|delslotsrange",
                syntax: "CLUSTER DELSLOTSRANGE start-slot end-slot [start-slot end-slot ...]",
                summary: "Takes ranges of slots from the node.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: -4,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|failover",
                syntax: "CLUSTER FAILOVER [FORCE|TAKEOVER]",
                summary: "Makes a replica take its master's part.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: -2,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|flushslots",
                syntax: "CLUSTER FLUSHSLOTS",
                summary: "Takes all slots from the node.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|forget",
                syntax: "CLUSTER FORGET node-id",
                summary: "Removes a node from the nodes that are known.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|getkeysinslot",
                syntax: "CLUSTER GETKEYSINSLOT slot count",
                summary: "Answers keys of a slot.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 4,
                flags: &[Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|help",
                syntax: "CLUSTER HELP",
                summary: "Lists the subcommands.",
                since: "5.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|info",
                syntax: "CLUSTER INFO",
                summary: "Reports on the cluster.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|keyslot",
                syntax: "CLUSTER KEYSLOT key",
                summary: "Answers the slot of a key.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 3,
                flags: &[Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|links",
                syntax: "CLUSTER LINKS",
                summary: "Lists the links to other nodes.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|meet",
                syntax: "CLUSTER MEET ip port [cluster-bus-port]",
                summary: "Makes two nodes know each other.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: -4,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|migration",
                syntax: "CLUSTER MIGRATION <IMPORT start-slot end-slot [start-slot end-slot ...]|CANCEL <ID task-id|ALL>|STATUS <[ID task-id]|[ALL]>>",
                summary: "Moves slots from another node to this one.",
                since: "8.4.0",
                complexity: "O(N)",
                arity: -4,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|myid",
                syntax: "CLUSTER MYID",
                summary: "Answers the id of the node.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|myshardid",
                syntax: "CLUSTER MYSHARDID",
                summary: "Answers the id of the shard of the node.",
                since: "7.2.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|nodes",
                syntax: "CLUSTER NODES",
                summary: "Lists the nodes.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|replicas",
                syntax: "CLUSTER REPLICAS node-id",
                summary: "Lists the replicas of a master.",
                since: "5.0.0",
                complexity: "O(N)",
                arity: 3,
                flags: &[Flag::Admin, Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|replicate",
                syntax: "CLUSTER REPLICATE node-id",
                summary: "Makes the node a replica of another.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|reset",
                syntax: "CLUSTER RESET [HARD|SOFT]",
                summary: "Makes the node forget the cluster.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: -2,
                flags: &[Flag::Admin, Flag::Noscript, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|saveconfig",
                syntax: "CLUSTER SAVECONFIG",
                summary: "Saves what the node knows of the cluster.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 2,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|set-config-epoch",
                syntax: "CLUSTER SET-CONFIG-EPOCH config-epoch",
                summary: "Sets the epoch of a new node.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: 3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|setslot",
                syntax: "CLUSTER SETSLOT slot <IMPORTING importing|MIGRATING migrating|NODE node|STABLE>",
                summary: "Says what happens to a slot.",
                since: "3.0.0",
                complexity: "O(1)",
                arity: -4,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|shards",
                syntax: "CLUSTER SHARDS",
                summary: "Describes the shards.",
                since: "7.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|slaves",
                syntax: "CLUSTER SLAVES node-id",
                summary: "Lists the replicas of a master.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 3,
                flags: &[Flag::Admin, Flag::Stale],
                deprecated_since: "5.0.0",
                replaced_by: "`CLUSTER REPLICAS`",
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|slot-stats",
                syntax: "CLUSTER SLOT-STATS <SLOTSRANGE start-slot end-slot|ORDERBY metric [LIMIT limit] [ASC|DESC]>",
                summary: "Answers how slots are used.",
                since: "8.2.0",
                complexity: "O(N); O(N*log(N))",
                arity: -4,
                flags: &[Flag::Loading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|slots",
                syntax: "CLUSTER SLOTS",
                summary: "Says which nodes have which slots.",
                since: "3.0.0",
                complexity: "O(N)",
                arity: 2,
                flags: &[Flag::Loading, Flag::Stale],
                deprecated_since: "7.0.0",
                replaced_by: "`CLUSTER SHARDS`",
                tips: &["nondeterministic_output"],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
            CommandSpec {
                name: "cluster|syncslots",
                syntax: "CLUSTER SYNCSLOTS <SYNC task-id start-slot end-slot [start-slot end-slot ...]|RDBCHANNEL task-id|SNAPSHOT-EOF|STREAM-EOF|ACK state offset|FAIL error|CONF option [option ...] value [value ...]>",
                summary: "Is sent between nodes while slots move.",
                since: "8.4.0",
                complexity: "O(1)",
                arity: -3,
                flags: &[Flag::Admin, Flag::NoAsyncLoading, Flag::Stale],
                run: Run::Handler(cluster_disabled),
                ..CommandSpec::new(Group::Cluster)
            },
        ]),
        ..CommandSpec::new(Group::Cluster)
    },
    CommandSpec {
        name: "asking",
        syntax: "ASKING",
        summary: "Lets the next command use a slot that is being imported.",
        since: "3.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast],
        acl: &[AclCategory::Connection],
        run: Run::Handler(cluster_disabled),
        ..CommandSpec::new(Group::Cluster)
    },
    CommandSpec {
        name: "readonly",
        syntax: "READONLY",
        summary: "Lets a replica answer this client's reads.",
        since: "3.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Connection],
        run: Run::Handler(cluster_disabled),
        ..CommandSpec::new(Group::Cluster)
    },
    CommandSpec {
        name: "readwrite",
        syntax: "READWRITE",
        summary: "Ends what READONLY began.",
        since: "3.0.0",
        complexity: "O(1)",
        arity: 1,
        flags: &[Flag::Fast, Flag::Loading, Flag::Stale],
        acl: &[AclCategory::Connection],
        run: Run::Handler(cluster_disabled),
        ..CommandSpec::new(Group::Cluster)
    },
    CommandSpec {
        name: "sflush",
        syntax: "SFLUSH slot-start slot-last [slot-start slot-last ...] [ASYNC|SYNC]",
        summary: "Removes all keys of ranges of slots.",
        since: "8.0.0",
        complexity: "O(N); O(k)",
        arity: -3,
        flags: &[Flag::Experimental, Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        run: Run::Handler(cluster_disabled),
        ..CommandSpec::new(Group::Server)
    },
    CommandSpec {
        name: "trimslots",
        syntax: "TRIMSLOTS RANGES numranges startslot endslot [startslot endslot ...]",
        summary: "Removes the keys of ranges of slots that are no longer the node's.",
        since: "8.4.0",
        complexity: "O(N)",
        arity: -5,
        flags: &[Flag::Write],
        acl: &[AclCategory::Dangerous, AclCategory::Keyspace],
        run: Run::Handler(cluster_disabled),
        ..CommandSpec::new(Group::Server)
    },
];

/// Any of them: Redis checks this before it looks at an argument.
fn cluster_disabled(
    _ctx: &mut Context<'_>,
    _args: &Args<'_>,
    _out: &mut ReplyWriter,
) -> Result<(), CommandError> {
    Err(CommandError::ClusterDisabled)
}
