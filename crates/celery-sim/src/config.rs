//! How a simulation behaves: Celery's and kombu's settings by their own names, with their
//! defaults, and the world around them.
//!
//! Times of Celery's settings are in its unit, seconds; times of the world are in milliseconds.

use crate::route::{QueueDefinition, Route};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The name of the machine that all processes run on.
    pub hostname: String,
    /// How long bytes travel between a process and the server, one way.
    pub latency_ms: i64,
    /// How long a task runs that does not say so itself.
    pub task_ms: i64,
    /// Tasks of the application besides those that every application here has.
    pub tasks: Vec<TaskDefinition>,

    /// The database of `broker_url`.
    pub broker_db: u8,
    /// The database of `result_backend`; `None` where there is no backend.
    pub result_db: Option<u8>,
    /// kombu's `broker_transport_options`.
    pub broker_transport_options: TransportOptions,
    /// Whether a lost connection to the broker is opened again.
    pub broker_connection_retry: bool,
    /// How often that is tried; `None` is for ever.
    pub broker_connection_max_retries: Option<u32>,

    /// The queue of tasks that say nothing else.
    pub task_default_queue: String,
    /// The queues that there are; where it is empty, those that are sent to and consumed.
    pub task_queues: Vec<QueueDefinition>,
    /// Where a task goes, by its name or a pattern of names.
    pub task_routes: BTreeMap<String, Route>,
    /// Acknowledge a message when its task ended, not when it begins.
    pub task_acks_late: bool,
    /// Put a message back when the process that ran its task was lost.
    pub task_reject_on_worker_lost: bool,
    /// Acknowledge late also where the task failed or took too long.
    pub task_acks_on_failure_or_timeout: bool,
    /// Store that a task began.
    pub task_track_started: bool,
    /// Store no results.
    pub task_ignore_result: bool,
    /// A task's process is killed after so many seconds.
    pub task_time_limit: Option<f64>,
    /// `SoftTimeLimitExceeded` is raised in a task after so many seconds.
    pub task_soft_time_limit: Option<f64>,
    /// As in `10/m`.
    pub task_default_rate_limit: Option<String>,
    /// The priority of messages that say nothing else.
    pub task_default_priority: Option<u8>,
    /// The highest priority of a queue; Redis's transport knows 0 to 9 whatever it says.
    pub task_queue_max_priority: Option<u8>,
    /// Try again to send a message where the connection is lost.
    pub task_publish_retry: bool,
    /// How.
    pub task_publish_retry_policy: RetryPolicy,
    /// Tell of each message that is sent.
    pub task_send_sent_event: bool,

    /// How many seconds a result is kept; `None` is for ever.
    pub result_expires: Option<f64>,
    /// Store a task's name, arguments, worker, retries and queue with its result.
    pub result_extended: bool,

    /// What runs tasks.
    pub worker_pool: WorkerPool,
    /// How many tasks run at once. Celery takes the number of processors.
    pub worker_concurrency: usize,
    /// How many messages a worker takes for each that it can run; 0 is as many as there are.
    pub worker_prefetch_multiplier: u32,
    /// The queues that a worker consumes (`-Q`); none is all of `task_queues`, or the default queue.
    pub worker_queues: Vec<String>,
    /// Tell of each task (`-E`).
    pub worker_send_task_events: bool,
    /// Listen to remote control.
    pub worker_enable_remote_control: bool,
    /// Ask the others what they know when starting (`--without-mingle`).
    pub worker_mingle: bool,
    /// Listen to what the others tell (`--without-gossip`).
    pub worker_gossip: bool,
    /// Tell every two seconds of being there (`--without-heartbeat`).
    pub worker_heartbeat: bool,
    /// Stop running tasks that are acknowledged late when the connection is lost.
    pub worker_cancel_long_running_tasks_on_connection_loss: bool,
    /// How many seconds a worker goes on at its shutdown before it puts messages back.
    pub worker_soft_shutdown_timeout: f64,
    /// No rate limits, whatever tasks say.
    pub worker_disable_rate_limits: bool,

    /// What beat sends, by name.
    pub beat_schedule: BTreeMap<String, BeatEntry>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            hostname: "keyspace".to_owned(),
            latency_ms: 0,
            task_ms: 0,
            tasks: Vec::new(),
            broker_db: 0,
            result_db: Some(1),
            broker_transport_options: TransportOptions::default(),
            broker_connection_retry: true,
            broker_connection_max_retries: Some(100),
            task_default_queue: "celery".to_owned(),
            task_queues: Vec::new(),
            task_routes: BTreeMap::new(),
            task_acks_late: false,
            task_reject_on_worker_lost: false,
            task_acks_on_failure_or_timeout: true,
            task_track_started: false,
            task_ignore_result: false,
            task_time_limit: None,
            task_soft_time_limit: None,
            task_default_rate_limit: None,
            task_default_priority: None,
            task_queue_max_priority: None,
            task_publish_retry: true,
            task_publish_retry_policy: RetryPolicy::default(),
            task_send_sent_event: false,
            result_expires: Some(86_400.0),
            result_extended: false,
            worker_pool: WorkerPool::Prefork,
            worker_concurrency: 2,
            worker_prefetch_multiplier: 4,
            worker_queues: Vec::new(),
            worker_send_task_events: false,
            worker_enable_remote_control: true,
            worker_mingle: true,
            worker_gossip: true,
            worker_heartbeat: true,
            worker_cancel_long_running_tasks_on_connection_loss: false,
            worker_soft_shutdown_timeout: 0.0,
            worker_disable_rate_limits: false,
            beat_schedule: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The settings of a worker that says nothing to others and runs one task at a time, in its
    /// own thread: `-P solo --without-mingle --without-gossip --without-heartbeat`.
    pub fn solo() -> Config {
        Config {
            worker_pool: WorkerPool::Solo,
            worker_concurrency: 1,
            worker_mingle: false,
            worker_gossip: false,
            worker_heartbeat: false,
            ..Config::default()
        }
    }
}

/// What runs a worker's tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerPool {
    /// The thread that also talks to Redis, one task at a time.
    Solo,
    /// Processes of their own.
    Prefork,
}

/// kombu's settings of the Redis transport.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransportOptions {
    /// How many seconds a message may stay unacknowledged before another worker puts it back
    /// into its queue.
    pub visibility_timeout: f64,
    /// The seconds between two looks for such messages ...
    pub unacked_restore_interval: i64,
    /// ... of which only every so many-th happens.
    pub unacked_restore_throttle: i64,
    /// How many messages are put back at once; `None` is all of them.
    pub unacked_restore_limit: Option<u32>,
    /// The priorities that have a list of their own.
    pub priority_steps: Vec<u8>,
    /// What is between a queue's name and a priority.
    pub sep: String,
    /// Which queue is asked first.
    pub queue_order_strategy: QueueOrder,
    /// What every key begins with.
    pub global_keyprefix: String,
    /// Channels of fanout exchanges name the database.
    pub fanout_prefix: bool,
    /// Channels of fanout exchanges name the routing key, and are subscribed to by pattern.
    pub fanout_patterns: bool,
    /// How many seconds a process waits for an answer.
    pub socket_timeout: Option<f64>,
    /// How many seconds a process waits for a connection.
    pub socket_connect_timeout: Option<f64>,
    /// How many connections a process opens at most.
    pub max_connections: u32,
    /// A connection is checked when nothing was heard on it for so many seconds; 0 is never.
    pub health_check_interval: i64,
}

impl Default for TransportOptions {
    fn default() -> Self {
        TransportOptions {
            visibility_timeout: 3600.0,
            unacked_restore_interval: 10,
            unacked_restore_throttle: 10,
            unacked_restore_limit: None,
            priority_steps: vec![0, 3, 6, 9],
            sep: "\x06\x16".to_owned(),
            queue_order_strategy: QueueOrder::RoundRobin,
            global_keyprefix: String::new(),
            fanout_prefix: true,
            fanout_patterns: true,
            socket_timeout: None,
            socket_connect_timeout: None,
            max_connections: 10,
            health_check_interval: 25,
        }
    }
}

/// kombu's `queue_order_strategy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// A queue that had a message comes last in the next round.
    RoundRobin,
    /// The order in which the worker consumes them, always.
    Priority,
    /// By name, always.
    Sorted,
}

/// How often and when something is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetryPolicy {
    /// How often; `None` is for ever.
    pub max_retries: Option<u32>,
    /// The seconds before the first time ...
    pub interval_start: f64,
    /// ... how many more each time ...
    pub interval_step: f64,
    /// ... and how many at most.
    pub interval_max: f64,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        RetryPolicy {
            max_retries: Some(3),
            interval_start: 0.0,
            interval_step: 0.2,
            interval_max: 1.0,
        }
    }
}

/// A periodic task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeatEntry {
    /// The task's full name.
    pub task: String,
    /// Every so many seconds.
    pub schedule: f64,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Keyword arguments.
    pub kwargs: Map<String, Value>,
    /// `options`: the queue.
    pub queue: Option<String>,
    /// `options`: the priority.
    pub priority: Option<u8>,
    /// `options`: not later than so many seconds after it was sent.
    pub expires: Option<f64>,
}

/// A task that a user made up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskDefinition {
    /// Its name without the application's.
    pub name: String,
    /// How long it runs at least, ...
    pub min_ms: i64,
    /// ... and at most.
    pub max_ms: i64,
    /// How often it fails, from 0 to 1.
    pub failure_chance: f64,
    /// How often it is retried when it fails.
    pub max_retries: u32,
    /// `retry_backoff`: wait twice as long each time, beginning with one second, rather than
    /// `default_retry_delay` of three minutes.
    pub retry_backoff: bool,
    /// `retry_jitter`: wait a random part of that.
    pub retry_jitter: bool,
    /// What it returns.
    pub returns: Value,
    /// `acks_late`, where it is not that of the settings.
    pub acks_late: Option<bool>,
    /// `rate_limit`, as in `10/m`.
    pub rate_limit: Option<String>,
}

impl Default for TaskDefinition {
    fn default() -> Self {
        TaskDefinition {
            name: String::new(),
            min_ms: 1000,
            max_ms: 1000,
            failure_chance: 0.0,
            max_retries: 0,
            retry_backoff: true,
            retry_jitter: false,
            returns: Value::Null,
            acks_late: None,
            rate_limit: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_back_as_they_were_written() {
        let config = Config { task_acks_late: true, ..Config::solo() };
        let text = serde_json::to_string(&config).expect("settings are plain data");
        assert_eq!(serde_json::from_str::<Config>(&text).expect("as written"), config);
        assert_eq!(
            serde_json::from_str::<Config>("{}").expect("all have defaults"),
            Config::default()
        );
    }
}
