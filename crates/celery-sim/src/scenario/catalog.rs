//! The scenarios, the easiest first.

mod delivery;
mod loss;
mod results;
mod server;

use super::{Check, Expect, Scenario, Side, Step};
use crate::act::Act;
use crate::message::TaskCall;

/// Every scenario, the easiest first.
pub static ALL: &[Scenario] = &[
    HAPPY_PATH,
    delivery::TWO_WORKERS,
    delivery::PREFETCH,
    delivery::PRIORITIES,
    loss::KILLED,
    loss::LOSS_WINDOW,
    loss::VISIBILITY_TIMEOUT,
    loss::ETA,
    results::UNREAD,
    results::ONE_DATABASE,
    results::CHORD,
    server::FANOUT,
    server::RESTART,
];

/// A check whose reply does not depend on the configuration.
const fn check(
    says: &'static str,
    db: u8,
    command: &'static [&'static str],
    expected: Expect,
) -> Check {
    Check { says, db, command, one: expected, other: expected }
}

/// A check whose reply depends on the configuration.
const fn compare(
    says: &'static str,
    db: u8,
    command: &'static [&'static str],
    one: Expect,
    other: Expect,
) -> Check {
    Check { says, db, command, one, other }
}

const HAPPY_PATH: Scenario = Scenario {
    name: "happy-path",
    title: "The happy path",
    question: "What happens in Redis between delay() and get()?",
    one: Side {
        title: "results are kept for a day (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "results are kept for ten seconds",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
result_expires = 10
",
    },
    steps: &[
        Step {
            title: "A task is sent",
            narration: "The producer calls add.delay(2, 3). Celery packs the call into JSON and \
                        pushes it onto the head of the list celery with LPUSH. Nobody is there \
                        yet, so the message waits.",
            acts: || vec![Act::send("sum", TaskCall::new("app.add", [2, 3]))],
            for_ms: 1_000,
            checks: &[check(
                "One message waits in the list",
                0,
                &["LLEN", "celery"],
                Expect::Is(1),
            )],
        },
        Step {
            title: "A worker takes it",
            narration: "A worker connects and waits in BRPOP, which pops from the tail. It has \
                        the message at once, and notes a copy in the hash unacked: if the worker \
                        dies, another one can put it back.",
            acts: || vec![Act::StartWorker],
            for_ms: 1_500,
            checks: &[
                check("The list is empty", 0, &["LLEN", "celery"], Expect::Is(0)),
                check("A copy lies in unacked", 0, &["HLEN", "unacked"], Expect::Is(1)),
            ],
        },
        Step {
            title: "The result comes back",
            narration: "The task has run. Its result is stored under celery-task-meta-… in \
                        database 1 and published on the channel of that name, which the producer \
                        listens to. HDEL takes the copy out of unacked: the message is \
                        acknowledged.",
            acts: Vec::new,
            for_ms: 3_000,
            checks: &[
                check("Nothing is left in unacked", 0, &["HLEN", "unacked"], Expect::Is(0)),
                check(
                    "The result is stored",
                    1,
                    &["GET", "celery-task-meta-{sum}"],
                    Expect::Has("\"result\": 5"),
                ),
            ],
        },
        Step {
            title: "The result expires",
            narration: "Nobody deletes a result that was read: it was stored with SETEX, and \
                        Redis drops it when result_expires is over. That is a day, unless the \
                        settings say otherwise.",
            acts: Vec::new,
            for_ms: 12_000,
            checks: &[Check {
                says: "Is the result still there?",
                db: 1,
                command: &["EXISTS", "celery-task-meta-{sum}"],
                one: Expect::Is(1),
                other: Expect::Is(0),
            }],
        },
    ],
};
