//! How a simulation behaves: Celery's and kombu's settings, and the world around them.

/// The settings, with Celery's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name of the machine that all processes run on.
    pub hostname: String,
    /// How long bytes travel between a process and the server, one way.
    pub latency_ms: i64,
    /// How long a task runs that does not say so itself.
    pub task_ms: i64,
    /// kombu's `visibility_timeout`: how long a message may stay unacknowledged before another
    /// worker puts it back into its queue.
    pub visibility_timeout_s: i64,
    /// kombu's `unacked_restore_interval`: the time between two looks for such messages ...
    pub unacked_restore_interval_s: i64,
    /// ... of which only every `unacked_restore_throttle`-th happens.
    pub unacked_restore_throttle: i64,
    /// Celery's `result_expires`.
    pub result_expires_s: i64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            hostname: "keyspace".to_owned(),
            latency_ms: 0,
            task_ms: 0,
            visibility_timeout_s: 3600,
            unacked_restore_interval_s: 10,
            unacked_restore_throttle: 10,
            result_expires_s: 86_400,
        }
    }
}
