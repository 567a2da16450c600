//! What a worker answers about itself: `stats`, and its settings.

use super::Worker;
use crate::celeryconfig::literal;
use crate::celeryconfig::read::json_of;
use crate::celeryconfig::write;
use crate::config::WorkerPool;
use crate::object::{self, object};
use crate::python;
use keyspace::UnixMillis;
use serde_json::{Map, Value as Json};

/// The broker, as every worker here knows it.
const BROKER: &str = r#"{"hostname": "localhost", "userid": null, "virtual_host": "0",
    "port": 6379, "insist": false, "ssl": false, "transport": "redis", "connect_timeout": 4,
    "transport_options": {}, "login_method": null, "uri_prefix": null, "heartbeat": 120.0,
    "failover_strategy": "round-robin", "alternates": [], "credential_provider": null}"#;

/// Celery's settings as they are where nobody sets them, what may be a secret masked.
const DEFAULTS: &str = include_str!("defaults.json");

impl Worker {
    /// `inspect().stats()`. What it used of the machine is not there, as on a system that does
    /// not tell.
    pub(super) fn stats(&self, now: UnixMillis) -> Json {
        let totals = self.totals.iter().map(|(task, count)| (task.clone(), (*count).into()));
        let mut broker = object::parsed(BROKER);
        broker["virtual_host"] = self.config.broker_db.to_string().into();
        if let Some(options) = self.conf(false).get("broker_transport_options") {
            broker["transport_options"] = options.clone();
        }
        object! {
            "total": totals.collect::<Map<_, _>>(),
            "pid": self.pid,
            "clock": self.clock.to_string(),
            "uptime": self.started_at.map_or(0, |since| (now - since).max(0) / 1000),
            "pool": self.pool_stats(),
            "broker": broker,
            "prefetch_count": self.prefetch_limit().unwrap_or(0),
            "rusage": "N/A",
        }
    }

    fn pool_stats(&self) -> Json {
        if self.config.worker_pool == WorkerPool::Solo {
            return object! {
                "implementation": "celery.concurrency.solo:TaskPool",
                "max-concurrency": 1,
                "processes": vec![self.pid],
                "max-tasks-per-child": Json::Null,
                "put-guarded-by-semaphore": true,
                "timeouts": Vec::<Json>::new(),
            };
        }
        let processes: Vec<u32> = self.pool.slots().iter().map(|slot| slot.pid).collect();
        let limit = |seconds: Option<f64>| python::number(seconds.unwrap_or(0.0));
        object! {
            "implementation": "celery.concurrency.prefork:TaskPool",
            "max-concurrency": processes.len(),
            "processes": processes,
            "max-tasks-per-child": "N/A",
            "put-guarded-by-semaphore": false,
            "timeouts": vec![
                limit(self.config.task_soft_time_limit),
                limit(self.config.task_time_limit),
            ],
            "writes": self.writes(),
        }
    }

    /// How tasks were spread over the processes of the pool.
    fn writes(&self) -> Json {
        let counts: Vec<u32> = self.pool.writes().filter(|count| *count > 0).collect();
        let total: u32 = counts.iter().sum();
        let part =
            |count: f64| format!("{:.2}", if total == 0 { 0.0 } else { count / f64::from(total) });
        let average = f64::from(total) / counts.len().max(1) as f64;
        let joined = |texts: Vec<String>| texts.join(", ");
        object! {
            "total": total,
            "avg": part(average),
            "all": joined(counts.iter().map(|count| part(f64::from(*count))).collect()),
            "raw": joined(counts.iter().map(u32::to_string).collect()),
            "strategy": "fair",
            "inqueues": object! {"total": self.pool.len(), "active": 0},
        }
    }

    /// `celery report`: what runs where, and the settings.
    pub(super) fn bug_report(&self) -> String {
        let results = match self.config.result_db {
            Some(db) => format!("redis://localhost:6379/{db}"),
            None => "disabled".to_owned(),
        };
        let mut text = format!(
            "\nsoftware -> celery:5.7.0 (collider) kombu:5.7.0 py:3.11.7\n            \
             billiard:4.3.2 redis:8.1.0\nplatform -> system:Linux arch:64bit\n            \
             kernel version:simulated imp:CPython\nloader   -> celery.loaders.app.AppLoader\n\
             settings -> transport:redis results:{results}\n\n"
        );
        if let Json::Object(settings) = self.conf(false) {
            for (name, value) in settings {
                text += &format!("{name}: {}\n", python::repr(&value));
            }
        }
        text
    }

    /// `inspect().conf()`: the settings, and of those that nobody set Celery's defaults, if they
    /// are wanted.
    pub(super) fn conf(&self, with_defaults: bool) -> Json {
        let mut conf = object::parsed(if with_defaults { DEFAULTS } else { "{}" });
        let (assignments, _) = literal::parse(&write(&self.config));
        for assignment in assignments {
            match json_of(&assignment.value.value) {
                // Celery puts a mask there whether the URL has a password or not.
                Some(Json::String(url)) if assignment.name == "broker_url" => {
                    conf.insert(assignment.name, url.replacen("://", "://:********@", 1).into());
                }
                Some(value) => {
                    conf.insert(assignment.name, value);
                }
                None => {}
            }
        }
        Json::Object(conf)
    }
}
