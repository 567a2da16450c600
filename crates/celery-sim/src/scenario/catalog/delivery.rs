//! Who has a message, and which one.

use super::{check, compare};
use crate::act::Act;
use crate::message::TaskCall;
use crate::scenario::{Expect, Scenario, Side, Step};

pub(super) const TWO_WORKERS: Scenario = Scenario {
    name: "two-workers",
    title: "Two workers, and who is woken",
    question: "Which worker has the next message?",
    one: Side {
        title: "a process that runs its task itself (solo)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "a process beside it runs the task (prefork)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'prefork'
worker_concurrency = 1
",
    },
    steps: &[
        Step {
            title: "Two workers wait",
            narration: "Each worker has a connection that waits in BRPOP. Redis keeps waiting clients in the order in which they came.",
            acts: || vec![Act::StartWorker, Act::StartWorker],
            for_ms: 2500,
            checks: &[check(
                "Both wait in BRPOP",
                0,
                &["INFO", "clients"],
                Expect::Has("blocked_clients:2"),
            )],
        },
        Step {
            title: "A task is sent",
            narration: "LPUSH wakes one client: the one that has waited longest. A solo worker runs the task in the process that talks to Redis, so it does not wait for more meanwhile. A prefork worker hands the task to another process and waits on.",
            acts: || vec![Act::send("first", TaskCall::new("app.slow", [6]))],
            for_ms: 1000,
            checks: &[
                check("Nothing waits in the list", 0, &["LLEN", "celery"], Expect::Is(0)),
                compare(
                    "How many wait in BRPOP now?",
                    0,
                    &["INFO", "clients"],
                    Expect::Has("blocked_clients:1"),
                    Expect::Has("blocked_clients:2"),
                ),
            ],
        },
        Step {
            title: "Another one is sent",
            narration: "The other worker has it: either it is the only one that waits, or it has waited longest.",
            acts: || vec![Act::send("second", TaskCall::new("app.slow", [6]))],
            for_ms: 1000,
            checks: &[compare(
                "How many wait in BRPOP now?",
                0,
                &["INFO", "clients"],
                Expect::Has("blocked_clients:0"),
                Expect::Has("blocked_clients:2"),
            )],
        },
        Step {
            title: "Both are done",
            narration: "Both tasks ran at the same time.",
            acts: Vec::new,
            for_ms: 7500,
            checks: &[
                check("Two results are stored", 1, &["DBSIZE"], Expect::Is(2)),
                check("Nothing is left in unacked", 0, &["HLEN", "unacked"], Expect::Is(0)),
            ],
        },
    ],
};

pub(super) const PREFETCH: Scenario = Scenario {
    name: "prefetch",
    title: "Prefetch hoarding",
    question: "Why is one worker idle while tasks wait?",
    one: Side {
        title: "it takes four for each process (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
",
    },
    other: Side {
        title: "it takes one for each process",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
task_acks_late = True
worker_prefetch_multiplier = 1
",
    },
    steps: &[
        Step {
            title: "One worker, six tasks",
            narration: "A worker takes more messages than it can run: worker_prefetch_multiplier for each process. They lie in its memory, and a copy of each in unacked.",
            acts: || {
                vec![
                    Act::StartWorker,
                    Act::Send {
                        call: TaskCall::new("app.slow", [10]),
                        count: 6,
                        get: true,
                        name: String::new(),
                    },
                ]
            },
            for_ms: 4000,
            checks: &[compare(
                "How many are left for others?",
                0,
                &["LLEN", "celery"],
                Expect::Is(2),
                Expect::Is(5),
            )],
        },
        Step {
            title: "A second worker comes",
            narration: "It can only have what is left in the list. What the first worker took, it keeps, though it runs one at a time.",
            acts: || vec![Act::StartWorker],
            for_ms: 3000,
            checks: &[compare(
                "How many are left for others?",
                0,
                &["LLEN", "celery"],
                Expect::Is(0),
                Expect::Is(4),
            )],
        },
        Step {
            title: "Half a minute later",
            narration: "Ten seconds a task: shared evenly, six tasks take two workers thirty seconds. Hoarded, the first worker still has one to run while the second has nothing to do.",
            acts: Vec::new,
            for_ms: 31000,
            checks: &[compare(
                "How many results are stored?",
                1,
                &["DBSIZE"],
                Expect::Is(5),
                Expect::Is(6),
            )],
        },
    ],
};

pub(super) const PRIORITIES: Scenario = Scenario {
    name: "priorities",
    title: "Priorities: 0 is first",
    question: "Redis has no priorities. What does Celery do?",
    one: Side {
        title: "four steps (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "one step",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
broker_transport_options = {'priority_steps': [0]}
",
    },
    steps: &[
        Step {
            title: "Three that can wait, and one that cannot",
            narration: "There is a list for each step of priorities: celery for 0 to 2, and celery with 3, 6 or 9 behind two odd characters for the others. 0 is the most urgent, unlike with RabbitMQ.",
            acts: || {
                vec![
                    Act::Send {
                        call: TaskCall { priority: Some(9), ..TaskCall::new("app.add", [1, 1]) },
                        count: 3,
                        get: true,
                        name: String::new(),
                    },
                    Act::send(
                        "urgent",
                        TaskCall { priority: Some(0), ..TaskCall::new("app.add", [2, 3]) },
                    ),
                ]
            },
            for_ms: 1000,
            checks: &[
                compare(
                    "In the list of the urgent",
                    0,
                    &["LLEN", "celery"],
                    Expect::Is(1),
                    Expect::Is(4),
                ),
                compare(
                    "In the list of priority 9",
                    0,
                    &["LLEN", "celery\u{6}\u{16}9"],
                    Expect::Is(3),
                    Expect::Is(0),
                ),
            ],
        },
        Step {
            title: "A worker comes",
            narration: "BRPOP names the lists in the order of their priorities and answers from the first that has anything. With one step there is one list, and who came first is first.",
            acts: || vec![Act::StartWorker],
            for_ms: 3500,
            checks: &[compare(
                "Is the urgent one done?",
                1,
                &["EXISTS", "celery-task-meta-{urgent}"],
                Expect::Is(1),
                Expect::Is(0),
            )],
        },
        Step {
            title: "In the end",
            narration: "All of them are done; only the order differs.",
            acts: Vec::new,
            for_ms: 9000,
            checks: &[check("Four results are stored", 1, &["DBSIZE"], Expect::Is(4))],
        },
    ],
};
