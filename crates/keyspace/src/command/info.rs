//! INFO: the server's report on itself.
//!
//! Sections and fields are Redis's. What only a process of its own could fill in is 0.

mod keysizes;

use super::{AclCategory, CommandSpec, Flag, Group, Run};
use crate::acl::log::Reason;
use crate::args::Args;
use crate::client::Client;
use crate::context::Context;
use crate::db::{DATABASES, DbIndex};
use crate::engine::Engine;
use crate::error::CommandError;
use crate::pubsub::Kind;
use crate::rates::Totals;
use keyspace_resp::{ReplyWriter, parse_double};
use std::fmt::{Display, Write};

pub(crate) const COMMANDS: &[CommandSpec] = &[CommandSpec {
    name: "info",
    syntax: "INFO [section [section ...]]",
    summary: "Reports on the server, in sections.",
    since: "1.0.0",
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::Loading, Flag::Sentinel, Flag::Stale],
    acl: &[AclCategory::Dangerous],
    differs: "What only a process has (its memory, processor time, files, latencies) is 0, constant or left out; `used_memory` is what the data takes in a browser, and nothing else.",
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    run: Run::Handler(info),
    ..CommandSpec::new(Group::Server)
}];

/// A section: its name, when it is shown, and what writes it.
struct Section {
    name: &'static str,
    shown: Shown,
    write: fn(&mut Report, &Engine),
}

/// When a section is shown that is not asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Always.
    Default,
    /// By `all` and `everything`.
    All,
    /// By nothing else.
    Never,
}

const SECTIONS: &[Section] = &[
    Section { name: "Server", shown: Shown::Default, write: server },
    Section { name: "Clients", shown: Shown::Default, write: clients },
    Section { name: "Memory", shown: Shown::Default, write: memory },
    Section { name: "Persistence", shown: Shown::Default, write: persistence },
    Section { name: "Threads", shown: Shown::Default, write: threads },
    Section { name: "Stats", shown: Shown::Default, write: stats },
    Section { name: "Replication", shown: Shown::Default, write: replication },
    Section { name: "CPU", shown: Shown::Default, write: cpu },
    Section { name: "Modules", shown: Shown::Default, write: |_, _| {} },
    Section { name: "Commandstats", shown: Shown::All, write: command_stats },
    Section { name: "Errorstats", shown: Shown::Default, write: error_stats },
    Section { name: "Latencystats", shown: Shown::All, write: latency_stats },
    Section { name: "Cluster", shown: Shown::Default, write: cluster },
    Section { name: "Keyspace", shown: Shown::Default, write: keyspace },
    // Redis counts while it changes keys; here all of them are visited, so that it must be asked for.
    Section { name: "Keysizes", shown: Shown::All, write: keysizes::write },
    Section { name: "Debug", shown: Shown::Never, write: debug },
];

/// INFO [section [section ...]]
fn info(ctx: &mut Context<'_>, args: &Args<'_>, out: &mut ReplyWriter) -> Result<(), CommandError> {
    let wanted = |section: &&Section| {
        args.len() == 1 && section.shown == Shown::Default
            || args[1..].iter().any(|name| match &*name.to_ascii_lowercase() {
                b"all" | b"everything" => section.shown != Shown::Never,
                b"default" => section.shown == Shown::Default,
                name => name.eq_ignore_ascii_case(section.name.as_bytes()),
            })
    };
    ctx.engine.settle_buffers();
    let mut report = Report::default();
    for section in SECTIONS.iter().filter(wanted) {
        report.begin(section.name);
        (section.write)(&mut report, ctx.engine);
    }
    out.verbatim(b"txt", report.text.as_bytes());
    Ok(())
}

/// The text of a report.
#[derive(Debug, Default)]
struct Report {
    text: String,
}

impl Report {
    fn begin(&mut self, section: &str) {
        let gap = if self.text.is_empty() { "" } else { "\r\n" };
        write!(self.text, "{gap}# {section}\r\n").expect("writing to a String cannot fail");
    }

    fn field(&mut self, name: impl Display, value: impl Display) {
        write!(self.text, "{name}:{value}\r\n").expect("writing to a String cannot fail");
    }

    fn fields(&mut self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            self.field(name, value);
        }
    }

    /// An amount of memory, and once more for people.
    fn memory(&mut self, name: &str, bytes: u64) {
        self.field(name, bytes);
        self.field(format_args!("{name}_human"), human(bytes));
    }
}

/// An amount of memory with its unit.
fn human(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "K", "M", "G", "T"];
    let exponent = (bytes.max(1).ilog2() / 10).min(4);
    if exponent == 0 {
        return format!("{bytes}B");
    }
    format!("{:.2}{}", bytes as f64 / f64::from(exponent * 10).exp2(), UNITS[exponent as usize])
}

fn server(report: &mut Report, engine: &Engine) {
    let uptime = (engine.now - engine.start).max(0) / 1000;
    report.field("redis_version", crate::REDIS_VERSION);
    report.field("keyspace_version", env!("CARGO_PKG_VERSION"));
    report.fields(&[
        ("server_name", "keyspace"),
        ("redis_git_sha1", "00000000"),
        ("redis_git_dirty", "0"),
        ("redis_build_id", "0"),
        ("redis_mode", "standalone"),
        ("os", "none"),
        ("arch_bits", "64"),
        ("monotonic_clock", "injected"),
        ("multiplexing_api", "none"),
        ("atomicvar_api", "none"),
        ("gcc_version", "0.0.0"),
        ("process_id", "1"),
        ("process_supervised", "no"),
    ]);
    report.field("run_id", &engine.run_id);
    report.field("tcp_port", engine.port);
    report.field("server_time_usec", engine.now.0.saturating_mul(1000));
    report.field("uptime_in_seconds", uptime);
    report.field("uptime_in_days", uptime / 86_400);
    report.field("hz", "10");
    report.field("configured_hz", String::from_utf8_lossy(engine.config.value("hz")));
    report.field("lru_clock", (engine.now.0 / 1000) & 0xff_ffff);
    report.fields(&[("executable", ""), ("config_file", ""), ("io_threads_active", "0")]);
    report.field("listener0", format_args!("name=tcp,bind=*,bind=-::*,port={}", engine.port));
}

/// The clients that are not an observer's.
fn shown_clients(engine: &Engine) -> impl Iterator<Item = &Client> {
    engine.clients.values().filter(|client| !client.hidden && !client.closing)
}

fn clients(report: &mut Report, engine: &Engine) {
    let shown = || shown_clients(engine);
    let count = |holds: fn(&Client) -> bool| shown().filter(|client| holds(client)).count();
    report.field("connected_clients", shown().count());
    report.field("cluster_connections", 0);
    report.field("maxclients", String::from_utf8_lossy(engine.config.value("maxclients")));
    let input = shown().map(|client| client.query_bytes).max().unwrap_or_default();
    let output = shown().map(|client| client.unread()).max().unwrap_or_default();
    report.field("client_recent_max_input_buffer", input);
    report.field("client_recent_max_output_buffer", output);
    report.field("blocked_clients", engine.blocking.clients() + engine.pause.clients());
    report.field("tracking_clients", engine.tracking.clients());
    report.field("pubsub_clients", count(|client| client.subscriptions.any()));
    report.field("watching_clients", count(|client| !client.transaction.watched.is_empty()));
    report.field("clients_in_timeout_table", engine.blocking.timeouts());
    report.field("total_watched_keys", engine.watchers.len());
    report.field("total_blocking_keys", engine.blocking.keys());
    report.field("total_blocking_keys_on_nokey", 0);
}

/// What scripts and functions take: their machines, and their sources.
fn scripting(report: &mut Report, engine: &Engine) {
    let figures = engine.scripting.figures();
    report.field("used_memory_vm_eval", figures.script_machine_bytes);
    report.memory("used_memory_lua", figures.script_machine_bytes);
    report.field("used_memory_scripts_eval", figures.script_bytes);
    report.field("number_of_cached_scripts", figures.scripts);
    report.field("number_of_functions", figures.functions);
    report.field("number_of_libraries", figures.libraries);
    report.field("used_memory_vm_functions", figures.function_machine_bytes);
    let machines = figures.script_machine_bytes + figures.function_machine_bytes;
    report.memory("used_memory_vm_total", machines);
    report.field("used_memory_functions", figures.library_bytes);
    report.memory("used_memory_scripts", figures.script_bytes + figures.library_bytes);
}

fn memory(report: &mut Report, engine: &Engine) {
    let used = engine.used_memory();
    report.memory("used_memory", used);
    report.memory("used_memory_rss", used);
    let peak = engine.peak_memory();
    report.memory("used_memory_peak", peak);
    let percent = used as f64 * 100.0 / peak.max(1) as f64;
    report.field("used_memory_peak_perc", format_args!("{percent:.2}%"));
    report.fields(&[("used_memory_overhead", "0"), ("used_memory_startup", "0")]);
    report.field("used_memory_dataset", used);
    report.field("used_memory_dataset_perc", "100.00%");
    for name in ["allocator_allocated", "allocator_active", "allocator_resident"] {
        report.field(name, used);
    }
    report.field("allocator_muzzy", 0);
    report.memory("total_system_memory", 0);
    scripting(report, engine);
    let limit = String::from_utf8_lossy(engine.config.value("maxmemory")).parse();
    report.memory("maxmemory", limit.unwrap_or_default());
    let policy = engine.config.value("maxmemory-policy");
    report.field("maxmemory_policy", String::from_utf8_lossy(policy));
    report.fields(&[
        ("allocator_frag_ratio", "1.00"),
        ("allocator_frag_bytes", "0"),
        ("allocator_rss_ratio", "1.00"),
        ("allocator_rss_bytes", "0"),
        ("rss_overhead_ratio", "1.00"),
        ("rss_overhead_bytes", "0"),
        ("mem_fragmentation_ratio", "1.00"),
        ("mem_fragmentation_bytes", "0"),
        ("mem_not_counted_for_evict", "0"),
        ("mem_replication_backlog", "0"),
        ("mem_total_replication_buffers", "0"),
        ("mem_replica_full_sync_buffer", "0"),
        ("mem_clients_slaves", "0"),
    ]);
    report.field("mem_clients_normal", engine.clients_memory());
    report.fields(&[
        ("mem_cluster_links", "0"),
        ("mem_aof_buffer", "0"),
        ("mem_overhead_db_hashtable_rehashing", "0"),
        ("mem_allocator", "none"),
        ("active_defrag_running", "0"),
        ("lazyfree_pending_objects", "0"),
        ("lazyfreed_objects", "0"),
    ]);
}

fn persistence(report: &mut Report, engine: &Engine) {
    report.fields(&[
        ("loading", "0"),
        ("async_loading", "0"),
        ("current_cow_peak", "0"),
        ("current_cow_size", "0"),
        ("current_cow_size_age", "0"),
        ("current_fork_perc", "0.00"),
        ("current_save_keys_processed", "0"),
        ("current_save_keys_total", "0"),
    ]);
    report.field("rdb_changes_since_last_save", engine.stats.dirty);
    report.field("rdb_bgsave_in_progress", 0);
    report.field("rdb_last_save_time", engine.start.0.div_euclid(1000));
    report.fields(&[
        ("rdb_last_bgsave_status", "ok"),
        ("rdb_last_bgsave_time_sec", "-1"),
        ("rdb_current_bgsave_time_sec", "-1"),
        ("rdb_saves", "0"),
        ("rdb_last_cow_size", "0"),
        ("rdb_last_load_keys_expired", "0"),
        ("rdb_last_load_keys_loaded", "0"),
        ("aof_enabled", "0"),
        ("aof_rewrite_in_progress", "0"),
        ("aof_rewrite_scheduled", "0"),
        ("aof_last_rewrite_time_sec", "-1"),
        ("aof_current_rewrite_time_sec", "-1"),
        ("aof_last_bgrewrite_status", "ok"),
        ("aof_rewrites", "0"),
        ("aof_rewrites_consecutive_failures", "0"),
        ("aof_last_write_status", "ok"),
        ("aof_last_cow_size", "0"),
        ("module_fork_in_progress", "0"),
        ("module_fork_last_cow_size", "0"),
    ]);
}

fn threads(report: &mut Report, engine: &Engine) {
    let (reads, writes) = (engine.stats.reads, engine.stats.writes);
    let clients = shown_clients(engine).count();
    report.field("io_thread_0", format_args!("clients={clients},reads={reads},writes={writes}"));
}

fn stats(report: &mut Report, engine: &Engine) {
    let stats = &engine.stats;
    report.field("total_connections_received", stats.connections_received);
    report.field("total_commands_processed", stats.commands_processed);
    let rates = &stats.rates;
    let ops = rates.per_second(|totals| totals.commands);
    report.field("instantaneous_ops_per_sec", ops as u64);
    report.field("total_net_input_bytes", stats.bytes_in);
    report.field("total_net_output_bytes", stats.bytes_out);
    report.fields(&[("total_net_repl_input_bytes", "0"), ("total_net_repl_output_bytes", "0")]);
    let kilobytes = |bytes: f64| format!("{:.2}", bytes / 1024.0);
    let (input, output) = (|totals: &Totals| totals.bytes_in, |totals: &Totals| totals.bytes_out);
    report.field("instantaneous_input_kbps", kilobytes(rates.per_second(input)));
    report.field("instantaneous_output_kbps", kilobytes(rates.per_second(output)));
    report.fields(&[
        ("instantaneous_input_repl_kbps", "0.00"),
        ("instantaneous_output_repl_kbps", "0.00"),
    ]);
    report.field("rejected_connections", stats.rejected_connections);
    report.fields(&[("sync_full", "0"), ("sync_partial_ok", "0"), ("sync_partial_err", "0")]);
    report.field("expired_subkeys", stats.expired_fields);
    report.field("expired_keys", stats.expired_keys);
    report.fields(&[
        ("expired_stale_perc", "0.00"),
        ("expired_time_cap_reached_count", "0"),
        ("expire_cycle_cpu_milliseconds", "0"),
    ]);
    report.field("evicted_keys", stats.evicted_keys);
    report.field("evicted_clients", stats.evicted_clients);
    report.field("evicted_scripts", engine.scripting.figures().evicted);
    report.field("total_eviction_exceeded_time", 0);
    report.field("current_eviction_exceeded_time", 0);
    report.field("keyspace_hits", stats.keyspace_hits);
    report.field("keyspace_misses", stats.keyspace_misses);
    report.field("pubsub_channels", engine.pubsub.of(Kind::Channel).len());
    report.field("pubsub_patterns", engine.pubsub.of(Kind::Pattern).len());
    report.field("pubsubshard_channels", engine.pubsub.of(Kind::Shard).len());
    report.fields(&[
        ("latest_fork_usec", "0"),
        ("total_forks", "0"),
        ("migrate_cached_sockets", "0"),
        ("slave_expires_tracked_keys", "0"),
        ("active_defrag_hits", "0"),
        ("active_defrag_misses", "0"),
        ("active_defrag_key_hits", "0"),
        ("active_defrag_key_misses", "0"),
        ("total_active_defrag_time", "0"),
        ("current_active_defrag_time", "0"),
    ]);
    report.field("tracking_total_keys", engine.tracking.keys());
    report.field("tracking_total_items", engine.tracking.items());
    report.field("tracking_total_prefixes", engine.tracking.prefixes());
    report.field("unexpected_error_replies", 0);
    report.field("total_error_replies", stats.error_replies);
    report.field("client_query_buffer_limit_disconnections", stats.query_limit_disconnections);
    report.field("client_output_buffer_limit_disconnections", stats.output_limit_disconnections);
    report.field("dump_payload_sanitizations", 0);
    report.field("total_reads_processed", stats.reads);
    report.field("total_writes_processed", stats.writes);
    report.fields(&[("io_threaded_reads_processed", "0"), ("io_threaded_writes_processed", "0")]);
    report.field("reply_buffer_shrinks", engine.reply_buffers.shrinks);
    report.field("reply_buffer_expands", engine.reply_buffers.expands);
    // The engine turns once for all that a host brings at a time. What is not a command's time is
    // not measured.
    let cycles = rates.per_second(|totals| totals.cycles);
    let micros = rates.growth(|totals| totals.micros);
    let per_cycle = micros.checked_div(rates.growth(|totals| totals.cycles)).unwrap_or(0);
    report.field("eventloop_cycles", stats.reads);
    report.field("eventloop_duration_sum", stats.micros);
    report.field("eventloop_duration_cmd_sum", stats.micros);
    report.field("instantaneous_eventloop_cycles_per_sec", cycles as u64);
    report.field("instantaneous_eventloop_duration_usec", per_cycle);
    let denied = |reason| engine.acl.log.count(reason);
    report.field("acl_access_denied_auth", denied(Reason::Auth));
    report.field("acl_access_denied_cmd", denied(Reason::Command));
    report.field("acl_access_denied_key", denied(Reason::Key));
    report.field("acl_access_denied_channel", denied(Reason::Channel));
    report.field("acl_access_denied_tls_cert", 0);
}

fn debug(report: &mut Report, engine: &Engine) {
    report.field("eventloop_duration_aof_sum", 0);
    report.field("eventloop_duration_cron_sum", 0);
    report.field("eventloop_duration_max", engine.stats.turn_micros_max);
    report.field("eventloop_cmd_per_cycle_max", engine.stats.commands_per_turn_max);
}

fn replication(report: &mut Report, engine: &Engine) {
    report.fields(&[
        ("role", "master"),
        ("connected_slaves", "0"),
        ("master_failover_state", "no-failover"),
    ]);
    report.field("master_replid", &engine.run_id);
    report.field("master_replid2", "0".repeat(40));
    report.fields(&[
        ("master_repl_offset", "0"),
        ("second_repl_offset", "-1"),
        ("repl_backlog_active", "0"),
    ]);
    let backlog = engine.config.value("repl-backlog-size");
    report.field("repl_backlog_size", String::from_utf8_lossy(backlog));
    report.fields(&[("repl_backlog_first_byte_offset", "0"), ("repl_backlog_histlen", "0")]);
}

fn cpu(report: &mut Report, _engine: &Engine) {
    report.fields(&[
        ("used_cpu_sys", "0.000000"),
        ("used_cpu_user", "0.000000"),
        ("used_cpu_sys_children", "0.000000"),
        ("used_cpu_user_children", "0.000000"),
        ("used_cpu_sys_main_thread", "0.000000"),
        ("used_cpu_user_main_thread", "0.000000"),
    ]);
}

fn command_stats(report: &mut Report, engine: &Engine) {
    for (name, stats) in engine.stats.commands() {
        report.field(
            format_args!("cmdstat_{name}"),
            format_args!(
                "calls={},usec={},usec_per_call={:.2},rejected_calls={},failed_calls={}",
                stats.calls,
                stats.micros,
                stats.micros as f64 / stats.calls.max(1) as f64,
                stats.rejected_calls,
                stats.failed_calls
            ),
        );
    }
}

fn latency_stats(report: &mut Report, engine: &Engine) {
    let percentiles = engine.config.value("latency-tracking-info-percentiles");
    let percentiles = String::from_utf8_lossy(percentiles);
    for (name, stats) in engine.stats.commands().filter(|(_, stats)| !stats.durations.is_empty()) {
        let values = percentiles.split_whitespace().map(|percent| {
            let nanos =
                stats.durations.percentile(parse_double(percent.as_bytes()).unwrap_or_default());
            format!("p{percent}={}.{:03}", nanos / 1000, nanos % 1000)
        });
        let values: Vec<String> = values.collect();
        report.field(format_args!("latency_percentiles_usec_{name}"), values.join(","));
    }
}

fn error_stats(report: &mut Report, engine: &Engine) {
    for (code, count) in &engine.stats.errors {
        report.field(format_args!("errorstat_{code}"), format_args!("count={count}"));
    }
}

fn cluster(report: &mut Report, _engine: &Engine) {
    report.field("cluster_enabled", 0);
}

fn keyspace(report: &mut Report, engine: &Engine) {
    for index in 0..DATABASES {
        let db = engine.db(DbIndex(index as u8));
        if db.len() > 0 {
            report.field(
                format_args!("db{index}"),
                format_args!(
                    "keys={},expires={},avg_ttl={},subexpiry={}",
                    db.len(),
                    db.expires_len(),
                    average_ttl(engine, DbIndex(index as u8)),
                    db.field_expires_len()
                ),
            );
        }
    }
}

/// How many keys the average time to live is taken of: those near to the first to expire.
const TTL_SAMPLE: usize = 1000;

/// The average time to live in milliseconds of the keys that have one.
fn average_ttl(engine: &Engine, db: DbIndex) -> i64 {
    let sample = engine.db(db).expires().take(TTL_SAMPLE);
    let ttls: Vec<i64> = sample.map(|at| (at - engine.now).max(0)).collect();
    let sum: i128 = ttls.iter().map(|&ttl| i128::from(ttl)).sum();
    (sum / (ttls.len().max(1) as i128)) as i64
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn memory_is_readable() {
        for (bytes, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_113_880, "1.06M"),
            (25_276_063_744, "23.54G"),
            (u64::MAX, "16777216.00T"),
        ] {
            assert_eq!(human(bytes), text);
        }
    }
}
