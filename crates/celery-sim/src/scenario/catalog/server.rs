//! What depends on the server: its channels, and that it is there.

use super::{check, compare};
use crate::act::Act;
use crate::faults::Fault;
use crate::message::TaskCall;
use crate::scenario::{Expect, Scenario, Side, Step};

pub(super) const FANOUT: Scenario = Scenario {
    name: "fanout",
    title: "Fanout without a listener",
    question: "Where does remote control go when nobody listens?",
    one: Side {
        title: "workers hear remote control (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "remote control is off",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
worker_enable_remote_control = False
",
    },
    steps: &[
        Step {
            title: "Nobody is there",
            narration: "Remote control (celery inspect, revoke) is published on a channel. Pub/sub keeps nothing: who does not listen now, never hears it.",
            acts: || vec![Act::send("a", TaskCall::new("app.add", [2, 3]))],
            for_ms: 1000,
            checks: &[
                check("Nobody listens by pattern", 0, &["PUBSUB", "NUMPAT"], Expect::Is(0)),
                check("The task waits: a list keeps it", 0, &["LLEN", "celery"], Expect::Is(1)),
            ],
        },
        Step {
            title: "A worker listens",
            narration: "It subscribes with PSUBSCRIBE on a connection of its own, and runs the task that waited for it.",
            acts: || vec![Act::StartWorker],
            for_ms: 6000,
            checks: &[compare(
                "How many listen?",
                0,
                &["PUBSUB", "NUMPAT"],
                Expect::Is(1),
                Expect::Is(0),
            )],
        },
        Step {
            title: "It is killed",
            narration: "The subscription dies with the connection. A revoke that is published now reaches nobody; the queue would have kept a task.",
            acts: || vec![Act::Fault(Fault::Kill("w1".to_owned()))],
            for_ms: 1000,
            checks: &[check("Nobody listens", 0, &["PUBSUB", "NUMPAT"], Expect::Is(0))],
        },
    ],
};

pub(super) const RESTART: Scenario = Scenario {
    name: "restart",
    title: "Redis restarts",
    question: "What survives when the broker goes away for three seconds?",
    one: Side {
        title: "connections are opened again (the default)",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
",
    },
    other: Side {
        title: "a lost connection ends the worker",
        celeryconfig: "\
broker_url = 'redis://localhost:6379/0'
result_backend = 'redis://localhost:6379/1'
worker_pool = 'solo'
broker_connection_retry = False
",
    },
    steps: &[
        Step {
            title: "A worker waits, with nothing to do",
            narration: "Its connections are open, and one of them waits in BRPOP.",
            acts: || vec![Act::StartWorker],
            for_ms: 3000,
            checks: &[check("It waits", 0, &["INFO", "clients"], Expect::Has("blocked_clients:1"))],
        },
        Step {
            title: "Redis is gone",
            narration: "Every connection is closed, and new ones are refused. The data is on disk.",
            acts: || vec![Act::Fault(Fault::RestartBroker { keep_data: true, down_ms: 3_000 })],
            for_ms: 1000,
            checks: &[
                check(
                    "Nobody is connected",
                    0,
                    &["INFO", "clients"],
                    Expect::Has("connected_clients:0"),
                ),
                check(
                    "The bindings are still there",
                    0,
                    &["EXISTS", "_kombu.binding.celery"],
                    Expect::Is(1),
                ),
            ],
        },
        Step {
            title: "It is back",
            narration: "A worker that tries again is back as well. One that does not has ended, \
                        and says so in its log alone.",
            acts: Vec::new,
            for_ms: 12000,
            checks: &[compare(
                "Does a worker wait in BRPOP?",
                0,
                &["INFO", "clients"],
                Expect::Has("blocked_clients:1"),
                Expect::Has("blocked_clients:0"),
            )],
        },
        Step {
            title: "A task is sent",
            narration: "The producer connects anew when it has something to send. Nothing tells \
                        it whether anybody is there to run it.",
            acts: || vec![Act::send("a", TaskCall::new("app.add", [2, 3]))],
            for_ms: 5000,
            checks: &[compare(
                "Is the task done?",
                1,
                &["EXISTS", "celery-task-meta-{a}"],
                Expect::Is(1),
                Expect::Is(0),
            )],
        },
    ],
};
