//! Where messages of tasks go: Celery's router, with `task_queues` and `task_routes`.
//!
//! A queue of a direct exchange is sent to without it, by its list. A queue of another exchange, or
//! an exchange that is said with a routing key, is sent to by the exchange's table of bindings.

use crate::config::Config;
use crate::exchange::{self, ExchangeType};
use crate::fnmatch::fnmatch;
use crate::keys::Keys;
use crate::message::TaskCall;
use serde::{Deserialize, Serialize};

/// `Queue(name, Exchange(exchange, type), routing_key)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueDefinition {
    /// The queue's name.
    pub name: String,
    /// The name of the exchange that it is bound to.
    pub exchange: String,
    /// What kind of exchange that is.
    pub exchange_type: ExchangeType,
    /// The key by which it is bound: a pattern where the exchange is a topic exchange.
    pub routing_key: String,
}

impl QueueDefinition {
    /// A queue that is bound to the direct exchange of its name, as Celery makes those that it
    /// does not know.
    pub fn named(name: &str) -> QueueDefinition {
        QueueDefinition {
            name: name.to_owned(),
            exchange: name.to_owned(),
            exchange_type: ExchangeType::Direct,
            routing_key: name.to_owned(),
        }
    }

    /// Its member of the exchange's table.
    pub(crate) fn member(&self, keys: &Keys) -> String {
        match self.exchange_type {
            ExchangeType::Topic => exchange::topic_member(keys, &self.routing_key, &self.name),
            _ => keys.binding_member(&self.routing_key, &self.name),
        }
    }

    /// Whether its messages are published, and lie in no list.
    pub(crate) fn is_fanout(&self) -> bool {
        self.exchange_type == ExchangeType::Fanout
    }
}

/// A value of `task_routes`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// The queue.
    pub queue: Option<String>,
    /// The exchange, rather than the queue's.
    pub exchange: Option<String>,
    /// The routing key, rather than the queue's.
    pub routing_key: Option<String>,
    /// The priority of messages that say nothing else.
    pub priority: Option<u8>,
}

impl Route {
    /// `{'queue': queue}`.
    pub fn to_queue(queue: &str) -> Route {
        Route { queue: Some(queue.to_owned()), ..Route::default() }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Destination {
    /// The queue that is declared first, where that is new to the sender.
    pub declare: Option<QueueDefinition>,
    /// The exchange; none where the routing key is a queue.
    pub exchange: String,
    pub routing_key: String,
    /// The priority that the route says.
    pub priority: Option<u8>,
}

impl Config {
    /// What `task_routes` says of a task: its name comes before patterns.
    fn route_of(&self, task: &str) -> Option<&Route> {
        let by_pattern = || {
            let mut routes = self.task_routes.iter();
            routes.find(|(pattern, _)| fnmatch(task, pattern)).map(|(_, route)| route)
        };
        self.task_routes.get(task).or_else(by_pattern)
    }

    /// A queue of `task_queues`, or one that Celery makes as it is missing.
    pub fn queue_named(&self, name: &str) -> QueueDefinition {
        let known = self.task_queues.iter().find(|queue| queue.name == name);
        known.cloned().unwrap_or_else(|| QueueDefinition::named(name))
    }

    /// Where a call goes, as `Router.route` and `send_task_message` decide.
    pub(crate) fn destination(&self, call: &TaskCall) -> Destination {
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let route = self.route_of(&call.task);
        let routed = route.cloned().unwrap_or_default();
        let exchange = said(&call.exchange).or_else(|| said(&routed.exchange));
        let routing_key = said(&call.routing_key).or_else(|| said(&routed.routing_key));
        let default = || Some(self.task_default_queue.clone());
        let queue = said(&call.queue).or_else(|| said(&routed.queue));
        let queue = queue.or_else(|| match (route, &exchange) {
            (Some(_), Some(_)) => None,
            _ => default(),
        });
        let declare = queue.map(|name| self.queue_named(&name));
        let is_direct =
            declare.as_ref().is_none_or(|queue| queue.exchange_type == ExchangeType::Direct);
        let (exchange, routing_key) = match (exchange, routing_key, &declare) {
            (Some(exchange), Some(routing_key), _) => (exchange, routing_key),
            (_, _, Some(queue)) if is_direct => (String::new(), queue.name.clone()),
            (None, routing_key, Some(queue)) => {
                let routing_key = routing_key.unwrap_or_else(|| queue.routing_key.clone());
                (queue.exchange.clone(), routing_key)
            }
            (_, _, None) => (String::new(), self.task_default_queue.clone()),
            (Some(exchange), None, Some(_)) => (exchange, String::new()),
        };
        Destination { declare, exchange, routing_key, priority: routed.priority }
    }

    /// The queues that a worker consumes: those of `-Q`, or all that there are.
    pub fn consumed_queues(&self) -> Vec<QueueDefinition> {
        if !self.worker_queues.is_empty() {
            return self.worker_queues.iter().map(|name| self.queue_named(name)).collect();
        }
        if !self.task_queues.is_empty() {
            return self.task_queues.clone();
        }
        vec![self.queue_named(&self.task_default_queue)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let queue =
            |name: &str, exchange: &str, exchange_type, routing_key: &str| QueueDefinition {
                name: name.to_owned(),
                exchange: exchange.to_owned(),
                exchange_type,
                routing_key: routing_key.to_owned(),
            };
        let route = |queue: &str, exchange: &str, routing_key: &str| {
            let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            Route {
                queue: said(queue),
                exchange: said(exchange),
                routing_key: said(routing_key),
                priority: None,
            }
        };
        Config {
            task_queues: vec![
                queue("celery", "celery", ExchangeType::Direct, "celery"),
                queue("mail", "media", ExchangeType::Topic, "mail.#"),
                queue("news", "direct1", ExchangeType::Direct, "n"),
                queue("fan", "everyone", ExchangeType::Fanout, "celery"),
            ],
            task_routes: [
                ("app.routed".to_owned(), route("", "media", "mail.routed")),
                ("app.both".to_owned(), route("mail", "", "mail.both")),
                ("app.g*".to_owned(), route("news", "", "")),
            ]
            .into(),
            ..Config::default()
        }
    }

    #[test]
    fn calls_go_where_celery_was_seen_to_send_them() {
        // Task, queue, exchange, routing key; then the declared queue, exchange and routing key.
        let cases = [
            (["app.add", "", "media", "mail.x"], ["celery", "media", "mail.x"]),
            (["app.add", "", "media", ""], ["celery", "", "celery"]),
            (["app.add", "", "", "zzz"], ["celery", "", "celery"]),
            (["app.add", "news", "", ""], ["news", "", "news"]),
            (["app.add", "mail", "", ""], ["mail", "media", "mail.#"]),
            (["app.add", "mail", "", "mail.new"], ["mail", "media", "mail.new"]),
            (["app.routed", "", "", ""], ["", "media", "mail.routed"]),
            (["app.both", "", "", ""], ["mail", "media", "mail.both"]),
            (["app.glob", "", "", ""], ["news", "", "news"]),
            (["app.add", "fan", "", ""], ["fan", "everyone", "celery"]),
            (["app.add", "other", "", ""], ["other", "", "other"]),
            (["app.add", "", "", ""], ["celery", "", "celery"]),
        ];
        for ([task, queue, exchange, routing_key], expected) in cases {
            let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
            let call = TaskCall {
                task: task.to_owned(),
                queue: said(queue),
                exchange: said(exchange),
                routing_key: said(routing_key),
                ..TaskCall::default()
            };
            let to = config().destination(&call);
            let declared = to.declare.map(|queue| queue.name).unwrap_or_default();
            assert_eq!([declared, to.exchange, to.routing_key], expected, "{call:?}");
        }
    }

    #[test]
    fn a_task_goes_to_the_queue_of_its_route() {
        let config = Config {
            task_routes: [
                ("app.mail.*".to_owned(), Route::to_queue("mail")),
                ("app.add".to_owned(), Route::to_queue("sums")),
            ]
            .into(),
            ..Config::default()
        };
        let queue = |task: &str| {
            config
                .destination(&TaskCall { task: task.to_owned(), ..TaskCall::default() })
                .routing_key
        };
        assert_eq!(queue("app.mail.send"), "mail");
        assert_eq!(queue("app.add"), "sums");
        assert_eq!(queue("app.slow"), "celery");
    }
}
