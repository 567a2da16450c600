//! The settings that the simulation follows: how each is read from Python and written as Python.

use super::names;
use super::read::Reader;
use super::routes;
use super::url::Purpose;
use super::write::Python;
use crate::config::{BeatEntry, Config, QueueOrder, RetryPolicy, TransportOptions, WorkerPool};
use crate::python;
use std::collections::BTreeMap;

/// How many tasks a simulated worker runs at once at most.
const CONCURRENCY_MAX: i64 = 32;
/// How many periodic tasks, routes and the like a setting holds.
pub(super) const ENTRIES_MAX: usize = 200;

/// A setting of `T`.
pub(super) struct Setting<T> {
    pub name: &'static str,
    /// Takes the value over; what is wrong with it goes to the reader.
    pub read: fn(&mut T, &mut Reader<'_>),
    /// The value as Python.
    pub write: fn(&T) -> String,
}

/// A row of a table: a field that has its setting's name.
macro_rules! field {
    ($name:ident, $reader:ident $(($($arg:expr),*))?) => {
        Setting {
            name: stringify!($name),
            read: |into, value| {
                if let Some(read) = value.$reader($($($arg),*)?) {
                    into.$name = read;
                }
            },
            write: |from| from.$name.python(),
        }
    };
}

/// Celery's settings, in the order in which they are written.
pub(super) const SETTINGS: &[Setting<Config>] = &[
    Setting {
        name: "broker_url",
        read: |config, value| {
            if let Some(url) = value.url(Purpose::Broker) {
                config.broker_db = url.db;
            }
        },
        write: |config| url_of(config.broker_db),
    },
    Setting {
        name: "result_backend",
        read: |config, value| {
            if value.is_none() || value.node.value.as_str() == Some("disabled://") {
                config.result_db = None;
            } else if let Some(url) = value.url(Purpose::Results) {
                config.result_db = Some(url.db);
            }
        },
        write: |config| config.result_db.map_or_else(|| "None".to_owned(), url_of),
    },
    Setting {
        name: "broker_transport_options",
        read: |config, value| {
            value.members(OPTIONS, OPTIONS_IGNORED, &mut config.broker_transport_options);
        },
        write: |config| {
            super::write::members(
                OPTIONS,
                &config.broker_transport_options,
                &TransportOptions::default(),
            )
        },
    },
    field!(broker_connection_retry, boolean),
    field!(broker_connection_max_retries, count_or_none(u32::MAX)),
    field!(task_default_queue, name),
    Setting {
        name: "task_queues",
        read: |config, value| {
            if value.is_none() {
                config.task_queues = Vec::new();
            } else if let Some(queues) = value.list(routes::read_queue) {
                config.task_queues = queues;
            }
        },
        write: |config| {
            super::write::lines('[', config.task_queues.iter().map(Python::python), ']')
        },
    },
    Setting {
        name: "task_routes",
        read: |config, value| {
            if let Some(routes) = routes::read_routes(value) {
                config.task_routes = routes;
            }
        },
        write: |config| {
            let routes = config.task_routes.iter();
            let routes =
                routes.map(|(task, route)| format!("{}: {}", task.python(), route.python()));
            super::write::lines('{', routes, '}')
        },
    },
    field!(task_acks_late, boolean),
    field!(task_reject_on_worker_lost, boolean),
    field!(task_acks_on_failure_or_timeout, boolean),
    field!(task_track_started, boolean),
    field!(task_ignore_result, boolean),
    field!(task_time_limit, seconds_or_none),
    field!(task_soft_time_limit, seconds_or_none),
    field!(task_default_rate_limit, rate_limit),
    field!(task_default_priority, priority_or_none),
    field!(task_queue_max_priority, priority_or_none),
    field!(task_publish_retry, boolean),
    Setting {
        name: "task_publish_retry_policy",
        read: |config, value| {
            value.members(RETRY_POLICY, &["retry_errors"], &mut config.task_publish_retry_policy);
        },
        write: |config| {
            super::write::members(
                RETRY_POLICY,
                &config.task_publish_retry_policy,
                &RetryPolicy::default(),
            )
        },
    },
    field!(task_send_sent_event, boolean),
    Setting {
        name: "result_expires",
        read: |config, value| {
            if let Some(seconds) = value.seconds_or_none() {
                config.result_expires = seconds.filter(|&seconds| seconds > 0.0);
            }
        },
        write: |config| config.result_expires.python(),
    },
    field!(result_extended, boolean),
    Setting {
        name: "worker_pool",
        read: |config, value| {
            const POOLS: &[(&str, WorkerPool)] = &[
                ("solo", WorkerPool::Solo),
                ("prefork", WorkerPool::Prefork),
                ("processes", WorkerPool::Prefork),
            ];
            if let Some(pool) = value.one_of(POOLS) {
                config.worker_pool = pool;
            }
        },
        write: |config| match config.worker_pool {
            WorkerPool::Solo => "'solo'".to_owned(),
            WorkerPool::Prefork => "'prefork'".to_owned(),
        },
    },
    Setting {
        name: "worker_concurrency",
        read: |config, value| {
            if value.is_none() {
                config.worker_concurrency = Config::default().worker_concurrency;
            } else if let Some(count) = value.whole(1, CONCURRENCY_MAX) {
                config.worker_concurrency = usize::try_from(count).unwrap_or(1);
            }
        },
        write: |config| config.worker_concurrency.to_string(),
    },
    Setting {
        name: "worker_prefetch_multiplier",
        read: |config, value| {
            if let Some(count) = value.whole(0, 100_000) {
                config.worker_prefetch_multiplier = u32::try_from(count).unwrap_or(0);
            }
        },
        write: |config| config.worker_prefetch_multiplier.to_string(),
    },
    field!(worker_send_task_events, boolean),
    field!(worker_enable_remote_control, boolean),
    field!(worker_cancel_long_running_tasks_on_connection_loss, boolean),
    field!(worker_soft_shutdown_timeout, seconds),
    field!(worker_disable_rate_limits, boolean),
    Setting {
        name: "beat_schedule",
        read: |config, value| {
            if let Some(schedule) = read_schedule(value) {
                config.beat_schedule = schedule;
            }
        },
        write: |config| {
            let entries = config.beat_schedule.iter();
            let entries =
                entries.map(|(name, entry)| format!("{}: {}", name.python(), entry.python()));
            super::write::lines('{', entries, '}')
        },
    },
];

/// kombu's `broker_transport_options` for Redis.
const OPTIONS: &[Setting<TransportOptions>] = &[
    field!(visibility_timeout, seconds),
    field!(unacked_restore_interval, whole(1, 86_400)),
    field!(unacked_restore_throttle, whole(1, 86_400)),
    field!(unacked_restore_limit, count_or_none(u32::MAX)),
    Setting {
        name: "priority_steps",
        read: |options, value| {
            if let Some(mut steps) = value.list(|step| step.whole(0, 255)) {
                steps.sort_unstable();
                options.priority_steps =
                    steps.into_iter().filter_map(|step| u8::try_from(step).ok()).collect();
            }
        },
        write: |options| {
            let steps: Vec<String> = options.priority_steps.iter().map(u8::to_string).collect();
            format!("[{}]", steps.join(", "))
        },
    },
    field!(sep, text),
    Setting {
        name: "queue_order_strategy",
        read: |options, value| {
            const ORDERS: &[(&str, QueueOrder)] = &[
                ("round_robin", QueueOrder::RoundRobin),
                ("priority", QueueOrder::Priority),
                ("sorted", QueueOrder::Sorted),
            ];
            if let Some(order) = value.one_of(ORDERS) {
                options.queue_order_strategy = order;
            }
        },
        write: |options| match options.queue_order_strategy {
            QueueOrder::RoundRobin => "'round_robin'".to_owned(),
            QueueOrder::Priority => "'priority'".to_owned(),
            QueueOrder::Sorted => "'sorted'".to_owned(),
        },
    },
    field!(global_keyprefix, text),
    field!(fanout_prefix, boolean),
    field!(fanout_patterns, boolean),
    field!(socket_timeout, seconds_or_none),
    field!(socket_connect_timeout, seconds_or_none),
    Setting {
        name: "max_connections",
        read: |options, value| {
            if let Some(count) = value.whole(1, 100_000) {
                options.max_connections = u32::try_from(count).unwrap_or(1);
            }
        },
        write: |options| options.max_connections.to_string(),
    },
    field!(health_check_interval, whole(0, 86_400)),
];

/// Options that kombu knows and the simulation does not follow.
const OPTIONS_IGNORED: &[&str] = &[
    "ack_emulation",
    "body_encoding",
    "client_name",
    "deadletter_queue",
    "master_name",
    "max_retries",
    "retry_on_timeout",
    "sentinel_kwargs",
    "socket_keepalive",
    "socket_keepalive_options",
    "unacked_index_key",
    "unacked_key",
    "unacked_mutex_expire",
    "unacked_mutex_key",
];

const RETRY_POLICY: &[Setting<RetryPolicy>] = &[
    field!(max_retries, count_or_none(u32::MAX)),
    field!(interval_start, seconds),
    field!(interval_step, seconds),
    field!(interval_max, seconds),
];

/// Reads one setting; `false` where the simulation does not follow it.
pub(super) fn read(config: &mut Config, value: &mut Reader<'_>) -> bool {
    let setting = SETTINGS.iter().find(|setting| setting.name == value.name);
    if let Some(setting) = setting {
        (setting.read)(config, value);
    }
    setting.is_some()
}

/// The names of everything that is a setting, or a part of one.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    names::all().chain(OPTIONS.iter().map(|option| option.name))
}

/// Whether a name is one of `broker_transport_options`.
pub(super) fn is_transport_option(name: &str) -> bool {
    OPTIONS.iter().any(|option| option.name == name) || OPTIONS_IGNORED.contains(&name)
}

fn url_of(db: u8) -> String {
    format!("'redis://localhost:6379/{db}'")
}

/// `{'name': {'task': 'app.add', 'schedule': 30.0, 'args': (1, 2)}}`.
fn read_schedule(value: &mut Reader<'_>) -> Option<BTreeMap<String, BeatEntry>> {
    let pairs = value.pairs(ENTRIES_MAX)?;
    let mut schedule = BTreeMap::new();
    for pair in pairs {
        if let Some(entry) = read_entry(&mut value.part(&pair)) {
            schedule.insert(pair.key, entry);
        }
    }
    Some(schedule)
}

fn read_entry(value: &mut Reader<'_>) -> Option<BeatEntry> {
    let mut entry = BeatEntry::default();
    for pair in value.pairs(ENTRIES_MAX)? {
        let mut part = value.part(&pair);
        match &*pair.key {
            "task" => entry.task = part.name()?,
            "schedule" => entry.schedule = part.interval()?,
            "args" => entry.args = part.list(|item| item.json())?,
            "kwargs" => {
                for pair in part.pairs(ENTRIES_MAX)? {
                    entry.kwargs.insert(pair.key.clone(), part.part(&pair).json()?);
                }
            }
            "options" => {
                for pair in part.pairs(ENTRIES_MAX)? {
                    let mut part = part.part(&pair);
                    match &*pair.key {
                        "queue" => entry.queue = Some(part.name()?),
                        "priority" => entry.priority = part.priority_or_none()?,
                        "expires" => entry.expires = part.seconds_or_none()?,
                        _ => part.ignored(),
                    }
                }
            }
            "relative" => part.ignored(),
            _ => part
                .unknown(&pair.key, ["task", "schedule", "args", "kwargs", "options"].into_iter()),
        }
    }
    if entry.task.is_empty() {
        return value.expects("a dict with a 'task', as in 'task': 'app.add'");
    }
    if entry.schedule <= 0.0 {
        return value.expects("a dict with a 'schedule', as in 'schedule': 30.0");
    }
    Some(entry)
}

impl Python for BeatEntry {
    fn python(&self) -> String {
        let mut parts = vec![
            format!("'task': {}", self.task.python()),
            format!("'schedule': {}", self.schedule.python()),
        ];
        if !self.args.is_empty() {
            parts.push(format!("'args': {}", python::tuple_repr(&self.args)));
        }
        if !self.kwargs.is_empty() {
            let kwargs = serde_json::Value::Object(self.kwargs.clone());
            parts.push(format!("'kwargs': {}", python::repr(&kwargs)));
        }
        let options = [
            self.queue.as_ref().map(|queue| format!("'queue': {}", queue.python())),
            self.priority.map(|priority| format!("'priority': {priority}")),
            self.expires.map(|seconds| format!("'expires': {}", seconds.python())),
        ];
        let options: Vec<String> = options.into_iter().flatten().collect();
        if !options.is_empty() {
            parts.push(format!("'options': {{{}}}", options.join(", ")));
        }
        format!("{{{}}}", parts.join(", "))
    }
}
