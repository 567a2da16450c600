//! Where results go, and when they go away.

use super::{check, compare};
use crate::act::Act;
use crate::canvas::Canvas;
use crate::message::TaskCall;
use crate::scenario::{Expect, Scenario, Side, Step};

pub(super) const UNREAD: Scenario = Scenario {
    name: "unread-results",
    title: "Results that nobody reads",
    question: "What fills the memory of Redis?",
    one: Side {
        title: "kept for a day (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 4
",
    },
    other: Side {
        title: "kept for half a minute",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 4
result_expires = 30
",
    },
    steps: &[
        Step {
            title: "Twenty tasks, and nobody asks",
            narration: "Each result is stored, whether anybody reads it or not.",
            acts: || {
                vec![
                    Act::StartWorker,
                    Act::Send {
                        call: TaskCall::new("app.add", [2, 3]),
                        count: 20,
                        get: false,
                        name: String::new(),
                    },
                ]
            },
            for_ms: 15000,
            checks: &[check("Twenty results are stored", 1, &["DBSIZE"], Expect::Is(20))],
        },
        Step {
            title: "A minute later",
            narration: "SETEX gave each of them a time to live, result_expires. Redis drops those whose time is over.",
            acts: Vec::new,
            for_ms: 45000,
            checks: &[compare(
                "How many are there?",
                1,
                &["DBSIZE"],
                Expect::Is(20),
                Expect::Is(0),
            )],
        },
        Step {
            title: "Twenty more",
            narration: "What is not read and kept for a day piles up: a day of tasks. Ignore results that nobody wants (ignore_result), or keep them for less long.",
            acts: || {
                vec![Act::Send {
                    call: TaskCall::new("app.add", [2, 3]),
                    count: 20,
                    get: false,
                    name: String::new(),
                }]
            },
            for_ms: 15000,
            checks: &[compare(
                "How many are there?",
                1,
                &["DBSIZE"],
                Expect::Is(40),
                Expect::Is(20),
            )],
        },
    ],
};

pub(super) const ONE_DATABASE: Scenario = Scenario {
    name: "one-database",
    title: "One database for both",
    question: "Broker and results share a database. What can go wrong?",
    one: Side {
        title: "a database for each",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "one database for both",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/0'
worker_pool = 'solo'
",
    },
    steps: &[
        Step {
            title: "Two tasks are done",
            narration: "Celery does not mind: its keys have different names. The results lie between the queues.",
            acts: || {
                vec![
                    Act::StartWorker,
                    Act::send("a", TaskCall::new("app.add", [1, 1])),
                    Act::send("b", TaskCall::new("app.add", [2, 2])),
                ]
            },
            for_ms: 7000,
            checks: &[
                compare("Results in database 1", 1, &["DBSIZE"], Expect::Is(2), Expect::Is(0)),
                compare(
                    "Is a result in database 0?",
                    0,
                    &["EXISTS", "celery-task-meta-{a}"],
                    Expect::Is(0),
                    Expect::Is(1),
                ),
            ],
        },
        Step {
            title: "Somebody empties the queue",
            narration: "FLUSHDB is what many type to be rid of queued tasks. It takes everything in the database.",
            acts: || vec![Act::Command { db: 0, args: vec!["FLUSHDB".to_owned()] }],
            for_ms: 1000,
            checks: &[
                compare("Results in database 1", 1, &["DBSIZE"], Expect::Is(2), Expect::Is(0)),
                compare(
                    "Is a result in database 0?",
                    0,
                    &["EXISTS", "celery-task-meta-{a}"],
                    Expect::Is(0),
                    Expect::Is(0),
                ),
            ],
        },
        Step {
            title: "And it goes on",
            narration: "The next task works as before. What was lost says nothing: who asks for that result now waits for ever.",
            acts: || vec![Act::send("c", TaskCall::new("app.add", [3, 3]))],
            for_ms: 5000,
            checks: &[
                compare(
                    "Is the new result in database 1?",
                    1,
                    &["EXISTS", "celery-task-meta-{c}"],
                    Expect::Is(1),
                    Expect::Is(0),
                ),
                compare(
                    "Is it in database 0?",
                    0,
                    &["EXISTS", "celery-task-meta-{c}"],
                    Expect::Is(0),
                    Expect::Is(1),
                ),
            ],
        },
    ],
};

pub(super) const CHORD: Scenario = Scenario {
    name: "chord",
    title: "A chord",
    question: "Who notices that the last part is done?",
    one: Side {
        title: "one process",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 1
",
    },
    other: Side {
        title: "four processes",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_concurrency = 4
",
    },
    steps: &[
        Step {
            title: "Four parts and a body",
            narration: "A chord is a group of tasks, and one more that runs with the list of their results. Four messages are pushed; the body travels inside each of them.",
            acts: || {
                vec![Act::SendCanvas {
                    canvas: Canvas::Chord(
                        (1..=4).map(|n| TaskCall::new("app.add", [n, n])).collect(),
                        Box::new(TaskCall::new("app.xsum", Vec::<i64>::new())),
                    ),
                    name: "total".to_owned(),
                }]
            },
            for_ms: 1000,
            checks: &[
                check("Four messages wait", 0, &["LLEN", "celery"], Expect::Is(4)),
                check(
                    "The body has no result",
                    1,
                    &["EXISTS", "celery-task-meta-{total}"],
                    Expect::Is(0),
                ),
            ],
        },
        Step {
            title: "The parts run",
            narration: "Each part adds its result to a sorted set of the chord. Whoever sees that all are there sends the body. No process waits for it.",
            acts: || vec![Act::StartWorker],
            for_ms: 7000,
            checks: &[compare(
                "Has the body run?",
                1,
                &["EXISTS", "celery-task-meta-{total}"],
                Expect::Is(0),
                Expect::Is(1),
            )],
        },
        Step {
            title: "The body runs",
            narration: "It had the list [2, 4, 6, 8].",
            acts: Vec::new,
            for_ms: 8000,
            checks: &[check(
                "The sum is there",
                1,
                &["GET", "celery-task-meta-{total}"],
                Expect::Has("\"result\": 20"),
            )],
        },
    ],
};
