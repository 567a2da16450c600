//! Every configuration parameter, in alphabetical order.
//!
//! The engine acts on those with `acts`. The others belong to a server around it, or to what it
//! does not have; they are kept as they are set, as tools and libraries ask for them.

use super::{Parameter, check, integer, size};
use crate::client_memory::ClientsLimit;
use crate::eviction::Policy;
use crate::notify::Class;
use crate::output_limit::OutputLimits;

const INT_MIN: i64 = i32::MIN as i64;
const INT_MAX: i64 = i32::MAX as i64;

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::choice("acl-pubsub-default", &["allchannels", "resetchannels"], "resetchannels")
        .acts(|config, value| config.acl_pubsub_default = value == b"allchannels"),
    Parameter::text("aclfile", "").immutable(),
    Parameter::integer("acllog-max-len", 0, i64::MAX, "128")
        .acts(|config, value| config.acllog_max_len = size(value)),
    Parameter::integer("active-defrag-cycle-max", 1, 99, "25"),
    Parameter::integer("active-defrag-cycle-min", 1, 99, "1"),
    Parameter::memory("active-defrag-ignore-bytes", 1, i64::MAX, "104857600"),
    Parameter::integer("active-defrag-max-scan-fields", 1, i64::MAX, "1000"),
    Parameter::integer("active-defrag-threshold-lower", 0, 1000, "10"),
    Parameter::integer("active-defrag-threshold-upper", 0, 1000, "100"),
    Parameter::integer("active-expire-effort", 1, 10, "1"),
    Parameter::checked("activedefrag", check::active_defrag, "no"),
    Parameter::boolean("activerehashing", "yes"),
    Parameter::boolean("always-show-logo", "no").immutable(),
    Parameter::boolean("aof-disable-auto-gc", "no"),
    Parameter::boolean("aof-load-truncated", "yes"),
    Parameter::text("aof-rewrite-cpulist", "").immutable().alias("aof_rewrite_cpulist"),
    Parameter::boolean("aof-rewrite-incremental-fsync", "yes"),
    Parameter::boolean("aof-timestamp-enabled", "no"),
    Parameter::boolean("aof-use-rdb-preamble", "yes"),
    Parameter::text("appenddirname", "appendonlydir").immutable(),
    Parameter::text("appendfilename", "appendonly.aof").immutable(),
    Parameter::choice("appendfsync", &["everysec", "always", "no"], "everysec"),
    Parameter::boolean("appendonly", "no"),
    Parameter::memory("auto-aof-rewrite-min-size", 0, i64::MAX, "67108864"),
    Parameter::integer("auto-aof-rewrite-percentage", 0, INT_MAX, "100"),
    Parameter::text("bgsave-cpulist", "").immutable().alias("bgsave_cpulist"),
    Parameter::text("bind", "* -::*"),
    Parameter::text("bind-source-addr", ""),
    Parameter::text("bio-cpulist", "").immutable().alias("bio_cpulist"),
    Parameter::integer("busy-reply-threshold", 0, i64::MAX, "5000")
        .alias("lua-time-limit")
        .acts(|config, value| config.busy_reply_threshold_ms = integer(value)),
    Parameter::checked(
        "client-output-buffer-limit",
        check::output_buffer_limits,
        "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    )
    .acts(|config, value| config.output_limits = OutputLimits::parse(value)),
    Parameter::memory("client-query-buffer-limit", 1048576, i64::MAX, "1073741824")
        .acts(|config, value| config.client_query_buffer_limit = size(value)),
    Parameter::boolean("cluster-allow-pubsubshard-when-down", "yes"),
    Parameter::boolean("cluster-allow-reads-when-down", "no"),
    Parameter::boolean("cluster-allow-replica-migration", "yes"),
    Parameter::integer("cluster-announce-bus-port", 0, 65535, "0"),
    Parameter::checked("cluster-announce-hostname", check::hostname, ""),
    Parameter::text("cluster-announce-human-nodename", ""),
    Parameter::text("cluster-announce-ip", ""),
    Parameter::integer("cluster-announce-port", 0, 65535, "0"),
    Parameter::integer("cluster-announce-tls-port", 0, 65535, "0"),
    Parameter::integer("cluster-compatibility-sample-ratio", 0, 100, "0"),
    Parameter::text("cluster-config-file", "nodes.conf").immutable(),
    Parameter::boolean("cluster-enabled", "no").immutable(),
    Parameter::memory("cluster-link-sendbuf-limit", 0, i64::MAX, "0"),
    Parameter::integer("cluster-migration-barrier", 0, INT_MAX, "1"),
    Parameter::integer("cluster-node-timeout", 0, i64::MAX, "15000"),
    Parameter::integer("cluster-port", 0, 65535, "0").immutable(),
    Parameter::choice(
        "cluster-preferred-endpoint-type",
        &["ip", "hostname", "unknown-endpoint"],
        "ip",
    ),
    Parameter::boolean("cluster-replica-no-failover", "no").alias("cluster-slave-no-failover"),
    Parameter::integer("cluster-replica-validity-factor", 0, INT_MAX, "10")
        .alias("cluster-slave-validity-factor"),
    Parameter::boolean("cluster-require-full-coverage", "yes"),
    Parameter::memory("cluster-slot-migration-handoff-max-lag-bytes", 0, i64::MAX, "1048576"),
    Parameter::integer("cluster-slot-migration-write-pause-timeout", 0, i64::MAX, "10000"),
    Parameter::boolean("cluster-slot-stats-enabled", "no"),
    Parameter::boolean("crash-log-enabled", "yes"),
    Parameter::boolean("crash-memcheck-enabled", "yes"),
    Parameter::boolean("daemonize", "no").immutable(),
    Parameter::integer("databases", 1, INT_MAX, "16").immutable(),
    Parameter::text("dbfilename", "dump.rdb").protected(),
    Parameter::text("dir", "/").protected(),
    Parameter::boolean("disable-thp", "yes").immutable(),
    Parameter::boolean("dynamic-hz", "yes"),
    Parameter::choice("enable-debug-command", &["no", "yes", "local"], "yes").immutable(),
    Parameter::choice("enable-module-command", &["no", "yes", "local"], "no").immutable(),
    Parameter::choice("enable-protected-configs", &["no", "yes", "local"], "no").immutable(),
    Parameter::integer("hash-max-listpack-entries", 0, i64::MAX, "512")
        .alias("hash-max-ziplist-entries")
        .acts(|config, value| config.hash_max_listpack_entries = size(value)),
    Parameter::memory("hash-max-listpack-value", 0, i64::MAX, "64")
        .alias("hash-max-ziplist-value")
        .acts(|config, value| config.hash_max_listpack_value = size(value)),
    Parameter::boolean("hide-user-data-from-log", "no"),
    Parameter::memory("hll-sparse-max-bytes", 0, i64::MAX, "3000")
        .acts(|config, value| config.hll_sparse_max_bytes = size(value)),
    Parameter::checked("hz", check::hz, "10").acts(|config, value| config.hz = integer(value)),
    Parameter::text("ignore-warnings", ""),
    Parameter::integer("io-threads", 1, 128, "1").immutable(),
    Parameter::boolean("jemalloc-bg-thread", "yes"),
    Parameter::integer("key-load-delay", INT_MIN, INT_MAX, "0").unlisted(),
    Parameter::checked("key-memory-histograms", check::memory_histograms, "no"),
    Parameter::integer("latency-monitor-threshold", 0, i64::MAX, "0")
        .acts(|config, value| config.latency_monitor_threshold = integer(value).unsigned_abs()),
    Parameter::boolean("latency-tracking", "yes")
        .acts(|config, value| config.latency_tracking = value == b"yes"),
    Parameter::checked("latency-tracking-info-percentiles", check::percentiles, "50 99 99.9"),
    Parameter::boolean("lazyfree-lazy-eviction", "no"),
    Parameter::boolean("lazyfree-lazy-expire", "no"),
    Parameter::boolean("lazyfree-lazy-server-del", "no"),
    Parameter::boolean("lazyfree-lazy-user-del", "no"),
    Parameter::boolean("lazyfree-lazy-user-flush", "no"),
    Parameter::integer("lfu-decay-time", 0, INT_MAX, "1")
        .acts(|config, value| config.lfu_pace.decay_minutes = integer(value) as u32),
    Parameter::integer("lfu-log-factor", 0, INT_MAX, "10")
        .acts(|config, value| config.lfu_pace.log_factor = integer(value) as u32),
    Parameter::integer("list-compress-depth", 0, INT_MAX, "0"),
    Parameter::integer("list-max-listpack-size", INT_MIN, INT_MAX, "-2")
        .alias("list-max-ziplist-size")
        .acts(|config, value| config.list_max_listpack_size = integer(value)),
    Parameter::text("locale-collate", ""),
    Parameter::text("logfile", "").immutable(),
    Parameter::choice("loglevel", &["debug", "verbose", "notice", "warning", "nothing"], "notice"),
    Parameter::integer("lookahead", 1, INT_MAX, "16"),
    Parameter::boolean("lua-enable-deprecated-api", "no").immutable(),
    Parameter::text("masterauth", "").secret(),
    Parameter::text("masteruser", "").secret(),
    Parameter::integer("max-new-connections-per-cycle", 1, 1000, "10"),
    Parameter::integer("max-new-tls-connections-per-cycle", 1, 1000, "1"),
    Parameter::integer("maxclients", 1, 4294967295, "10000")
        .acts(|config, value| config.maxclients = size(value)),
    Parameter::memory("maxmemory", 0, i64::MAX, "0")
        .acts(|config, value| config.maxmemory = integer(value).unsigned_abs()),
    Parameter::memory_or_percent("maxmemory-clients", "0")
        .acts(|config, value| config.maxmemory_clients = ClientsLimit::parse(value)),
    Parameter::integer("maxmemory-eviction-tenacity", 0, 100, "10"),
    Parameter::choice(
        "maxmemory-policy",
        &[
            "volatile-lru",
            "volatile-lfu",
            "volatile-lrm",
            "volatile-random",
            "volatile-ttl",
            "allkeys-lru",
            "allkeys-lfu",
            "allkeys-lrm",
            "allkeys-random",
            "noeviction",
        ],
        "noeviction",
    )
    .acts(|config, value| config.maxmemory_policy = Policy::parse(value)),
    Parameter::integer("maxmemory-samples", 1, 64, "5")
        .acts(|config, value| config.maxmemory_samples = size(value)),
    Parameter::integer("min-replicas-max-lag", 0, INT_MAX, "10")
        .alias("min-slaves-max-lag")
        .acts(|config, value| config.min_replicas_max_lag = integer(value)),
    Parameter::integer("min-replicas-to-write", 0, INT_MAX, "0")
        .alias("min-slaves-to-write")
        .acts(|config, value| config.min_replicas_to_write = integer(value)),
    Parameter::boolean("no-appendfsync-on-rewrite", "no"),
    Parameter::checked("notify-keyspace-events", check::event_classes, "").acts(|config, value| {
        config.notify_keyspace_events = Class::parse(value).unwrap_or(Class::NONE);
    }),
    Parameter::choice("oom-score-adj", &["no", "yes", "relative", "absolute"], "no"),
    Parameter::checked("oom-score-adj-values", check::oom_score_adj_values, "0 200 800"),
    Parameter::text("pidfile", "").immutable(),
    Parameter::checked("port", check::port, "6379"),
    Parameter::text("proc-title-template", "{title} {listen-addr} {server-mode}"),
    Parameter::choice(
        "propagation-error-behavior",
        &["ignore", "panic", "panic-on-replicas"],
        "ignore",
    ),
    Parameter::boolean("protected-mode", "yes"),
    Parameter::memory("proto-max-bulk-len", 1048576, i64::MAX, "536870912")
        .acts(|config, value| config.proto_max_bulk_len = size(value)),
    Parameter::boolean("rdb-del-sync-files", "no"),
    Parameter::integer("rdb-key-save-delay", INT_MIN, INT_MAX, "0").unlisted(),
    Parameter::boolean("rdb-save-incremental-fsync", "yes"),
    Parameter::boolean("rdbchecksum", "yes").immutable(),
    Parameter::boolean("rdbcompression", "yes")
        .acts(|config, value| config.rdb_compression = value == b"yes"),
    Parameter::checked("repl-backlog-size", check::backlog_size, "1048576"),
    Parameter::integer("repl-backlog-ttl", 0, i64::MAX, "3600"),
    Parameter::boolean("repl-disable-tcp-nodelay", "no"),
    Parameter::choice(
        "repl-diskless-load",
        &["disabled", "on-empty-db", "swapdb", "flushdb", "always"],
        "disabled",
    ),
    Parameter::boolean("repl-diskless-sync", "yes"),
    Parameter::integer("repl-diskless-sync-delay", 0, INT_MAX, "5"),
    Parameter::integer("repl-diskless-sync-max-replicas", 0, INT_MAX, "0"),
    Parameter::integer("repl-ping-replica-period", 1, INT_MAX, "10")
        .alias("repl-ping-slave-period"),
    Parameter::integer("repl-timeout", 1, INT_MAX, "60"),
    Parameter::text("replica-announce-ip", "").alias("slave-announce-ip"),
    Parameter::integer("replica-announce-port", 0, 65535, "0").alias("slave-announce-port"),
    Parameter::boolean("replica-announced", "yes"),
    Parameter::memory("replica-full-sync-buffer-limit", 0, i64::MAX, "268435456"),
    Parameter::boolean("replica-ignore-disk-write-errors", "no"),
    Parameter::boolean("replica-ignore-maxmemory", "yes").alias("slave-ignore-maxmemory"),
    Parameter::boolean("replica-lazy-flush", "yes").alias("slave-lazy-flush"),
    Parameter::integer("replica-priority", 0, INT_MAX, "100").alias("slave-priority"),
    Parameter::boolean("replica-read-only", "yes").alias("slave-read-only"),
    Parameter::boolean("replica-serve-stale-data", "yes").alias("slave-serve-stale-data"),
    Parameter::text("replicaof", "").immutable().alias("slaveof"),
    Parameter::text("requirepass", "")
        .secret()
        .acts(|config, value| config.requirepass = value.to_vec()),
    Parameter::choice("sanitize-dump-payload", &["no", "yes", "clients"], "no"),
    Parameter::checked("save", check::save, ""),
    Parameter::text("server-cpulist", "").immutable().alias("server_cpulist"),
    Parameter::integer("set-max-intset-entries", 0, i64::MAX, "512")
        .acts(|config, value| config.set_max_intset_entries = size(value)),
    Parameter::integer("set-max-listpack-entries", 0, i64::MAX, "128")
        .acts(|config, value| config.set_max_listpack_entries = size(value)),
    Parameter::memory("set-max-listpack-value", 0, i64::MAX, "64")
        .acts(|config, value| config.set_max_listpack_value = size(value)),
    Parameter::boolean("set-proc-title", "yes").immutable(),
    Parameter::choice(
        "shutdown-on-sigint",
        &["default", "save", "nosave", "now", "force"],
        "default",
    ),
    Parameter::choice(
        "shutdown-on-sigterm",
        &["default", "save", "nosave", "now", "force"],
        "default",
    ),
    Parameter::integer("shutdown-timeout", 0, INT_MAX, "10"),
    Parameter::integer("slowlog-log-slower-than", -1, i64::MAX, "10000")
        .acts(|config, value| config.slowlog_log_slower_than = integer(value)),
    Parameter::integer("slowlog-max-len", 0, i64::MAX, "128")
        .acts(|config, value| config.slowlog_max_len = size(value)),
    Parameter::integer("socket-mark-id", 0, 4294967295, "0").immutable(),
    Parameter::boolean("stop-writes-on-bgsave-error", "yes"),
    Parameter::integer("stream-idmp-duration", 1, 86400, "100")
        .acts(|config, value| config.stream_idmp_duration = integer(value)),
    Parameter::integer("stream-idmp-maxsize", 1, 10000, "100")
        .acts(|config, value| config.stream_idmp_maxsize = size(value)),
    Parameter::memory("stream-node-max-bytes", 0, i64::MAX, "4096")
        .acts(|config, value| config.stream_node_max_bytes = size(value)),
    Parameter::integer("stream-node-max-entries", 0, i64::MAX, "100")
        .acts(|config, value| config.stream_node_max_entries = size(value)),
    Parameter::choice("supervised", &["upstart", "systemd", "auto", "no"], "no").immutable(),
    Parameter::boolean("syslog-enabled", "no").immutable(),
    Parameter::choice(
        "syslog-facility",
        &["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
        "local0",
    )
    .immutable(),
    Parameter::text("syslog-ident", "redis").immutable(),
    Parameter::integer("tcp-backlog", 0, INT_MAX, "511").immutable(),
    Parameter::integer("tcp-keepalive", 0, INT_MAX, "300"),
    Parameter::integer("timeout", 0, INT_MAX, "0")
        .acts(|config, value| config.timeout_secs = integer(value)),
    Parameter::choice("tls-auth-clients", &["no", "yes", "optional"], "yes"),
    Parameter::choice("tls-auth-clients-user", &["off", "CN"], "off"),
    Parameter::text("tls-ca-cert-dir", ""),
    Parameter::text("tls-ca-cert-file", ""),
    Parameter::text("tls-cert-file", ""),
    Parameter::text("tls-ciphers", ""),
    Parameter::text("tls-ciphersuites", ""),
    Parameter::text("tls-client-cert-file", ""),
    Parameter::text("tls-client-key-file", ""),
    Parameter::text("tls-client-key-file-pass", "").secret(),
    Parameter::boolean("tls-cluster", "no"),
    Parameter::text("tls-dh-params-file", ""),
    Parameter::text("tls-key-file", ""),
    Parameter::text("tls-key-file-pass", "").secret(),
    Parameter::checked("tls-port", check::tls_port, "0"),
    Parameter::boolean("tls-prefer-server-ciphers", "no"),
    Parameter::text("tls-protocols", ""),
    Parameter::boolean("tls-replication", "no"),
    Parameter::integer("tls-session-cache-size", 0, INT_MAX, "20480"),
    Parameter::integer("tls-session-cache-timeout", 0, INT_MAX, "300"),
    Parameter::boolean("tls-session-caching", "yes"),
    Parameter::integer("tracking-table-max-keys", 0, i64::MAX, "1000000")
        .acts(|config, value| config.tracking_table_max_keys = size(value)),
    Parameter::text("unixsocket", "").immutable(),
    Parameter::integer("unixsocketperm", 0, 511, "0").immutable(),
    Parameter::integer("zset-max-listpack-entries", 0, i64::MAX, "128")
        .alias("zset-max-ziplist-entries")
        .acts(|config, value| config.zset_max_listpack_entries = size(value)),
    Parameter::memory("zset-max-listpack-value", 0, i64::MAX, "64")
        .alias("zset-max-ziplist-value")
        .acts(|config, value| config.zset_max_listpack_value = size(value)),
];
