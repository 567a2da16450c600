//! What is lost, and what runs twice.

use super::{check, compare};
use crate::act::Act;
use crate::faults::Fault;
use crate::message::TaskCall;
use crate::scenario::{Expect, Scenario, Side, Step};

pub(super) const KILLED: Scenario = Scenario {
    name: "killed",
    title: "Killed: early against late acknowledgement",
    question: "A worker is killed while a task runs. Is the task lost?",
    one: Side {
        title: "acknowledged before it runs (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
broker_transport_options = {
    'visibility_timeout': 30,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    other: Side {
        title: "acknowledged after it ran",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
broker_transport_options = {
    'visibility_timeout': 30,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    steps: &[
        Step {
            title: "A worker waits",
            narration: "Its main process takes messages; another one runs the tasks.",
            acts: || vec![Act::StartWorker],
            for_ms: 3000,
            checks: &[check(
                "It waits in BRPOP",
                0,
                &["INFO", "clients"],
                Expect::Has("blocked_clients:1"),
            )],
        },
        Step {
            title: "A task runs",
            narration: "The worker has the message, and the task takes two seconds. Whether a \
                        copy still lies in unacked depends on task_acks_late.",
            acts: || vec![Act::send("report", TaskCall::new("app.add", [2, 3]))],
            for_ms: 1000,
            checks: &[
                compare(
                    "Is there a copy in unacked?",
                    0,
                    &["HLEN", "unacked"],
                    Expect::Is(0),
                    Expect::Is(1),
                ),
                check(
                    "There is no result yet",
                    1,
                    &["EXISTS", "celery-task-meta-{report}"],
                    Expect::Is(0),
                ),
            ],
        },
        Step {
            title: "kill -9",
            narration: "The process is gone, with no chance to say anything. What Redis has is all there is.",
            acts: || vec![Act::Fault(Fault::Kill("w1".to_owned()))],
            for_ms: 1000,
            checks: &[
                compare(
                    "Is there a copy in unacked?",
                    0,
                    &["HLEN", "unacked"],
                    Expect::Is(0),
                    Expect::Is(1),
                ),
                check("Nothing is in the list", 0, &["LLEN", "celery"], Expect::Is(0)),
            ],
        },
        Step {
            title: "Another worker comes",
            narration: "It looks for messages that are older than visibility_timeout, thirty seconds here. The copy is not that old yet.",
            acts: || vec![Act::StartWorker],
            for_ms: 20000,
            checks: &[compare(
                "Is there a copy in unacked?",
                0,
                &["HLEN", "unacked"],
                Expect::Is(0),
                Expect::Is(1),
            )],
        },
        Step {
            title: "The visibility timeout is over",
            narration: "The copy is put back into the list, and the worker takes it: the task runs from its beginning. Acknowledged early, it is gone for good, and its result never comes.",
            acts: Vec::new,
            for_ms: 30000,
            checks: &[compare(
                "Is there a result?",
                1,
                &["EXISTS", "celery-task-meta-{report}"],
                Expect::Is(0),
                Expect::Is(1),
            )],
        },
    ],
};

pub(super) const LOSS_WINDOW: Scenario = Scenario {
    name: "loss-window",
    title: "The loss window",
    question: "Can a task be lost that is acknowledged late?",
    one: Side {
        title: "acknowledged early",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
broker_transport_options = {
    'visibility_timeout': 10,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    other: Side {
        title: "acknowledged late",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
broker_transport_options = {
    'visibility_timeout': 10,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    steps: &[
        Step {
            title: "A worker waits",
            narration: "BRPOP takes a message out of the list. Only then, with other commands, the worker notes a copy in unacked.",
            acts: || vec![Act::StartWorker],
            for_ms: 3000,
            checks: &[check(
                "It waits in BRPOP",
                0,
                &["INFO", "clients"],
                Expect::Has("blocked_clients:1"),
            )],
        },
        Step {
            title: "It dies in between",
            narration: "The worker is killed when it has the message, before it notes the copy. The message was in one process, and that is gone.",
            acts: || {
                vec![
                    Act::Fault(Fault::KillBeforeUnacked("w1".to_owned())),
                    Act::send("mail", TaskCall::new("app.add", [2, 3])),
                ]
            },
            for_ms: 2000,
            checks: &[
                check("The list is empty", 0, &["LLEN", "celery"], Expect::Is(0)),
                check("unacked is empty, too", 0, &["HLEN", "unacked"], Expect::Is(0)),
            ],
        },
        Step {
            title: "Nobody can put it back",
            narration: "Another worker finds nothing, however long it waits. The window is one trip through the network wide; no setting closes it.",
            acts: || vec![Act::StartWorker],
            for_ms: 30000,
            checks: &[check(
                "There is no result",
                1,
                &["EXISTS", "celery-task-meta-{mail}"],
                Expect::Is(0),
            )],
        },
    ],
};

pub(super) const VISIBILITY_TIMEOUT: Scenario = Scenario {
    name: "visibility-timeout",
    title: "The visibility timeout and the duplicate",
    question: "Why did a task run twice?",
    one: Side {
        title: "ten seconds, shorter than the task",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
broker_transport_options = {
    'visibility_timeout': 10,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    other: Side {
        title: "a minute, longer than the task",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
broker_transport_options = {
    'visibility_timeout': 60,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    steps: &[
        Step {
            title: "A long task runs",
            narration: "It takes twenty seconds. Its copy stays in unacked until it is done.",
            acts: || {
                vec![
                    Act::StartWorker,
                    Act::StartWorker,
                    Act::send("long", TaskCall::new("app.slow", [20])),
                ]
            },
            for_ms: 5000,
            checks: &[
                check("A copy lies in unacked", 0, &["HLEN", "unacked"], Expect::Is(1)),
                check("The list is empty", 0, &["LLEN", "celery"], Expect::Is(0)),
            ],
        },
        Step {
            title: "A copy is too old",
            narration: "Nothing tells a slow worker from a dead one. When a copy is older than visibility_timeout, whoever looks next puts it back, and the other worker takes it.",
            acts: Vec::new,
            for_ms: 12000,
            checks: &[compare(
                "Was a message put back?",
                0,
                &["INFO", "commandstats"],
                Expect::Has("cmdstat_rpush"),
                Expect::Lacks("cmdstat_rpush"),
            )],
        },
        Step {
            title: "The first one is done",
            narration: "Its result is stored. The second run goes on: it began later.",
            acts: Vec::new,
            for_ms: 6000,
            checks: &[check(
                "The result is there",
                1,
                &["EXISTS", "celery-task-meta-{long}"],
                Expect::Is(1),
            )],
        },
        Step {
            title: "And in the end",
            narration: "A task that is acknowledged late, or waits long, needs a visibility timeout that is longer than it ever takes, and must bear to run twice.",
            acts: Vec::new,
            for_ms: 40000,
            checks: &[
                compare(
                    "How often was it taken? (HSET unacked)",
                    0,
                    &["INFO", "commandstats"],
                    Expect::Lacks("cmdstat_hset:calls=1,"),
                    Expect::Has("cmdstat_hset:calls=1,"),
                ),
                check(
                    "The result is there",
                    1,
                    &["EXISTS", "celery-task-meta-{long}"],
                    Expect::Is(1),
                ),
            ],
        },
    ],
};

pub(super) const ETA: Scenario = Scenario {
    name: "eta",
    title: "An ETA longer than the visibility timeout",
    question: "A task is to run in half a minute. Why does it run again and again?",
    one: Side {
        title: "visibility timeout: ten seconds",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
broker_transport_options = {
    'visibility_timeout': 10,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    other: Side {
        title: "visibility timeout: two minutes",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
broker_transport_options = {
    'visibility_timeout': 120,
    'unacked_restore_interval': 1,
    'unacked_restore_throttle': 1,
}
",
    },
    steps: &[
        Step {
            title: "A task for later",
            narration: "apply_async(countdown=30): the message goes to a worker at once. It holds it in memory until its time, and the copy stays in unacked all the while.",
            acts: || {
                vec![
                    Act::StartWorker,
                    Act::StartWorker,
                    Act::send(
                        "later",
                        TaskCall { countdown_ms: Some(30_000), ..TaskCall::new("app.add", [2, 3]) },
                    ),
                ]
            },
            for_ms: 4000,
            checks: &[
                check("A copy lies in unacked", 0, &["HLEN", "unacked"], Expect::Is(1)),
                check("The list is empty", 0, &["LLEN", "celery"], Expect::Is(0)),
            ],
        },
        Step {
            title: "Before its time",
            narration: "With a visibility timeout of ten seconds the copy is too old long before the task is due: it is put back, and another worker holds it as well.",
            acts: Vec::new,
            for_ms: 16000,
            checks: &[compare(
                "Was a message put back?",
                0,
                &["INFO", "commandstats"],
                Expect::Has("cmdstat_rpush"),
                Expect::Lacks("cmdstat_rpush"),
            )],
        },
        Step {
            title: "It is due",
            narration: "Whoever holds it runs it. The usual timeout is an hour: an ETA of a day is put back twenty-three times.",
            acts: Vec::new,
            for_ms: 25000,
            checks: &[check(
                "The result is there",
                1,
                &["EXISTS", "celery-task-meta-{later}"],
                Expect::Is(1),
            )],
        },
    ],
};
