//! The names of what Celery and kombu keep in Redis.

use crate::config::Config;

/// The queue that tasks go to unless told otherwise.
pub const DEFAULT_QUEUE: &str = "celery";
/// The hash of messages that were delivered and not acknowledged, by delivery tag.
pub const UNACKED: &str = "unacked";
/// The sorted set of delivery tags, by the time of delivery.
pub const UNACKED_INDEX: &str = "unacked_index";
/// The lock of the worker that restores messages.
pub const UNACKED_MUTEX: &str = "unacked_mutex";
/// The sorted set of exchanges whose bindings end, by the time they do.
pub const BINDING_DEADLINES: &str = "_kombu.binding_deadlines";
/// What the name of a binding begins with.
pub const BINDING_PREFIX: &str = "_kombu.binding.";
/// What the name of a permanent binding begins with.
pub const PERMANENT_BINDING_PREFIX: &str = "_kombu.binding_permanent.";
/// The exchange of remote control.
pub const PIDBOX_EXCHANGE: &str = "celery.pidbox";
/// The exchange of replies to remote control.
pub const REPLY_EXCHANGE: &str = "reply.celery.pidbox";
/// The exchange of events.
pub const EVENT_EXCHANGE: &str = "celeryev";
/// The channel of remote control: db 0's part of its fanout exchange.
pub const PIDBOX_CHANNEL: &str = "/0.celery.pidbox";

/// What kombu puts between the parts of a name.
const SEP: &str = "\x06\x16";
/// Redis has no priorities, so kombu has a list for each of these steps.
const PRIORITY_STEPS: [u8; 4] = [0, 3, 6, 9];

/// The list of a queue for messages of this priority, with kombu's default settings.
pub fn queue_for_priority(queue: &str, priority: u8) -> String {
    list_for_priority(queue, priority, &PRIORITY_STEPS, SEP)
}

fn list_for_priority(queue: &str, priority: u8, steps: &[u8], sep: &str) -> String {
    // Below the first step Python's index is -1, which is the last.
    let step = steps.iter().rev().find(|&&step| step <= priority).or(steps.last());
    match step {
        None | Some(0) => queue.to_owned(),
        Some(step) => format!("{queue}{sep}{step}"),
    }
}

/// Every list of a queue, the one that is served first at the front, with kombu's default
/// settings.
pub fn queue_lists(queue: &str) -> impl Iterator<Item = String> {
    PRIORITY_STEPS.into_iter().map(move |step| queue_for_priority(queue, step))
}

/// The set of an exchange's bindings.
pub fn binding(exchange: &str) -> String {
    format!("{BINDING_PREFIX}{exchange}")
}

/// The set of an exchange's bindings that do not end by themselves.
pub fn permanent_binding(exchange: &str) -> String {
    format!("{PERMANENT_BINDING_PREFIX}{exchange}")
}

/// The queue on which a worker hears remote control.
pub fn pidbox_queue(worker: &str) -> String {
    format!("{worker}.{PIDBOX_EXCHANGE}")
}

/// The key of a task's result, and the channel on which it is published.
pub fn result(task_id: &str) -> String {
    format!("{RESULT_PREFIX}{task_id}")
}

/// The task whose result a key or channel is for.
pub fn task_of_result(key: &str) -> Option<&str> {
    key.strip_prefix(RESULT_PREFIX)
}

/// A key of a group's or chord's books: `.j` its parts' results, `.t` their number, `.s` its size,
/// `.d` the parts that were counted, `.c` the claim to its body, and none the group itself.
pub fn group(group_id: &str, suffix: &str) -> String {
    format!("celery-taskset-meta-{group_id}{suffix}")
}

const RESULT_PREFIX: &str = "celery-task-meta-";

/// Names under a process's settings.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
    sep: String,
    steps: Vec<u8>,
    /// What the channels of fanout exchanges begin with.
    fanout_prefix: String,
    fanout_patterns: bool,
}

impl Keys {
    pub fn new(config: &Config) -> Keys {
        let options = &config.broker_transport_options;
        let mut steps = options.priority_steps.clone();
        steps.sort_unstable();
        Keys {
            prefix: options.global_keyprefix.clone(),
            sep: options.sep.clone(),
            steps,
            fanout_prefix: match options.fanout_prefix {
                true => format!("/{}.", config.broker_db),
                false => String::new(),
            },
            fanout_patterns: options.fanout_patterns,
        }
    }

    /// A key of this name.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The list of a queue for messages of this priority.
    pub fn list(&self, queue: &str, priority: u8) -> String {
        self.key(&list_for_priority(queue, priority, &self.steps, &self.sep))
    }

    /// Every list of a queue.
    pub fn lists(&self, queue: &str) -> impl Iterator<Item = String> {
        self.steps.iter().map(move |step| self.list(queue, *step))
    }

    /// Every list of these queues, those that are served first at the front.
    pub fn lists_of(&self, queues: &[String]) -> Vec<String> {
        let steps = self.steps.iter();
        steps.flat_map(|step| queues.iter().map(|queue| self.list(queue, *step))).collect()
    }

    /// The queue that a list belongs to.
    pub fn queue_of_list<'a>(&self, list: &'a str) -> &'a str {
        let list = list.strip_prefix(&self.prefix).unwrap_or(list);
        match list.rsplit_once(&self.sep) {
            Some((queue, _)) if !self.sep.is_empty() => queue,
            _ => list,
        }
    }

    /// A member of an exchange's binding.
    pub fn binding_member(&self, routing_key: &str, queue: &str) -> String {
        self.pattern_member(routing_key, "", queue)
    }

    /// A member of the binding of an exchange whose keys are patterns.
    pub fn pattern_member(&self, routing_key: &str, pattern: &str, queue: &str) -> String {
        let sep = &self.sep;
        format!("{routing_key}{sep}{pattern}{sep}{queue}")
    }

    /// The routing key and the queue of such a member.
    pub fn parts_of_member<'a>(&self, member: &'a str) -> Option<(&'a str, &'a str)> {
        let (routing_key, rest) = member.split_once(&self.sep)?;
        let (_, queue) = rest.split_once(&self.sep)?;
        Some((routing_key, queue))
    }

    /// The channel of a fanout exchange.
    pub fn channel(&self, exchange: &str, routing_key: &str) -> String {
        let channel = format!("{}{}{exchange}", self.prefix, self.fanout_prefix);
        match routing_key {
            "" => channel,
            _ if !self.fanout_patterns => channel,
            _ => format!("{channel}/{routing_key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TransportOptions;

    #[test]
    fn a_priority_goes_to_the_step_below() {
        let names: Vec<_> = [0, 2, 3, 5, 9, 200].map(|n| queue_for_priority("q", n)).to_vec();
        assert_eq!(names, ["q", "q", "q\x06\x163", "q\x06\x163", "q\x06\x169", "q\x06\x169"]);
    }

    #[test]
    fn names_follow_the_transports_options() {
        let broker_transport_options = TransportOptions {
            priority_steps: vec![5, 0],
            sep: ":".to_owned(),
            global_keyprefix: "x.".to_owned(),
            ..TransportOptions::default()
        };
        let keys = Keys::new(&Config { broker_transport_options, broker_db: 3, ..Config::solo() });
        assert_eq!(keys.lists("q").collect::<Vec<_>>(), ["x.q", "x.q:5"]);
        assert_eq!(keys.queue_of_list("x.q:5"), "q");
        assert_eq!(keys.queue_of_list("x.q"), "q");
        let queues = ["a".to_owned(), "b".to_owned()];
        assert_eq!(keys.lists_of(&queues), ["x.a", "x.b", "x.a:5", "x.b:5"]);
        assert_eq!(keys.channel("celery.pidbox", ""), "x./3.celery.pidbox");
        assert_eq!(keys.channel("celeryev", "worker.*"), "x./3.celeryev/worker.*");
        let member = keys.binding_member("key", "queue");
        assert_eq!(keys.parts_of_member(&member), Some(("key", "queue")));
    }
}
