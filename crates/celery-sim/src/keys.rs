//! The names of what Celery and kombu keep in Redis.

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
/// The exchange of remote control.
pub const PIDBOX_EXCHANGE: &str = "celery.pidbox";
/// The channel of remote control: db 0's part of its fanout exchange.
pub const PIDBOX_CHANNEL: &str = "/0.celery.pidbox";

/// What kombu puts between the parts of a name.
const SEP: &str = "\x06\x16";
/// Redis has no priorities, so kombu has a list for each of these steps.
const PRIORITY_STEPS: [u8; 4] = [0, 3, 6, 9];

/// The list of a queue for messages of this priority.
pub fn queue_for_priority(queue: &str, priority: u8) -> String {
    match PRIORITY_STEPS.iter().rev().find(|&&step| step <= priority) {
        None | Some(0) => queue.to_owned(),
        Some(step) => format!("{queue}{SEP}{step}"),
    }
}

/// Every list of a queue, the one that is served first at the front.
pub fn queue_lists(queue: &str) -> impl Iterator<Item = String> {
    PRIORITY_STEPS.into_iter().map(move |step| queue_for_priority(queue, step))
}

/// The set of an exchange's bindings.
pub fn binding(exchange: &str) -> String {
    format!("_kombu.binding.{exchange}")
}

/// The set of an exchange's bindings that do not end by themselves.
pub fn permanent_binding(exchange: &str) -> String {
    format!("_kombu.binding_permanent.{exchange}")
}

/// A member of those sets.
pub fn binding_member(routing_key: &str, queue: &str) -> String {
    format!("{routing_key}{SEP}{SEP}{queue}")
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

const RESULT_PREFIX: &str = "celery-task-meta-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_goes_to_the_step_below() {
        let names: Vec<_> = [0, 2, 3, 5, 9, 200].map(|n| queue_for_priority("q", n)).to_vec();
        assert_eq!(names, ["q", "q", "q\x06\x163", "q\x06\x163", "q\x06\x169", "q\x06\x169"]);
    }
}
