//! What the scene has to know of Celery's configuration.

use celery_sim::{Config, keys};

/// Databases and names of keys, and how long things take.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The database of queues.
    pub broker_db: u8,
    /// The database of results, if there are any.
    pub results_db: Option<u8>,
    pub visibility_timeout_ms: f64,
    /// How many tasks a worker runs at once.
    pub concurrency: u32,
    /// The lists of the default queue, its own first.
    pub default_lists: Vec<Vec<u8>>,
    /// The hash of messages that are not acknowledged.
    pub unacked: Vec<u8>,
    /// The sorted set of when they were taken.
    pub unacked_index: Vec<u8>,
    /// What the names of sets of bindings begin with.
    pub binding: Vec<u8>,
    /// What is between a queue's name and a priority.
    pub sep: Vec<u8>,
}

impl Settings {
    /// What a configuration says.
    pub fn of(config: &Config) -> Settings {
        let options = &config.broker_transport_options;
        let key = |name: &str| format!("{}{name}", options.global_keyprefix).into_bytes();
        let queue = &config.task_default_queue;
        let list = |step: &u8| match step {
            0 => key(queue),
            step => key(&format!("{queue}{}{step}", options.sep)),
        };
        Settings {
            broker_db: config.broker_db,
            results_db: config.result_db,
            visibility_timeout_ms: options.visibility_timeout * 1_000.0,
            concurrency: u32::try_from(config.worker_concurrency).unwrap_or(u32::MAX),
            default_lists: options.priority_steps.iter().map(list).collect(),
            unacked: key(keys::UNACKED),
            unacked_index: key(keys::UNACKED_INDEX),
            binding: key("_kombu.binding."),
            sep: options.sep.clone().into_bytes(),
        }
    }

    /// A list's queue, and the priority of its messages.
    pub fn queue_and_priority<'a>(&self, key: &'a [u8]) -> (&'a [u8], u8) {
        let sep = self.sep.as_slice();
        let at = match sep.len() {
            0 => None,
            len => key.windows(len).position(|part| part == sep),
        };
        let parsed = at.and_then(|at| {
            let priority = std::str::from_utf8(&key[at + sep.len()..]).ok()?.parse::<u8>().ok()?;
            Some((&key[..at], priority))
        });
        parsed.unwrap_or((key, 0))
    }

    /// Whether a list is one that somebody waits at for replies to remote control.
    pub fn has_replies(&self, key: &[u8]) -> bool {
        self.queue_and_priority(key).0.ends_with(keys::REPLY_EXCHANGE.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use celery_sim::Config;

    #[test]
    fn a_list_says_its_queue_and_priority() {
        let settings = Settings::of(&Config::default());
        assert_eq!(settings.queue_and_priority(b"celery"), (&b"celery"[..], 0));
        assert_eq!(settings.queue_and_priority(b"mail\x06\x169"), (&b"mail"[..], 9));
        assert_eq!(settings.queue_and_priority(b"\x06\x16"), (&b"\x06\x16"[..], 0));
        assert_eq!(settings.default_lists[1], b"celery\x06\x163");
        assert!(settings.has_replies(b"9d2e.reply.celery.pidbox\x06\x163"));
        assert!(!settings.has_replies(b"celery"));
    }
}
