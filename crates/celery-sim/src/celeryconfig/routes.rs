//! `task_queues` and `task_routes`: kombu's queues and exchanges, and which task goes where.

use super::literal::{Node, Value};
use super::read::Reader;
use super::settings::ENTRIES_MAX;
use super::write::Python;
use crate::exchange::ExchangeType;
use crate::route::{QueueDefinition, Route};
use std::collections::BTreeMap;

const QUEUE: &str =
    "a queue, as in Queue('mail', Exchange('media', type='topic'), routing_key='mail.#')";
const EXCHANGE: &str = "an exchange, as in Exchange('media', type='topic')";

const TYPES: [(&str, ExchangeType); 3] = [
    ("direct", ExchangeType::Direct),
    ("topic", ExchangeType::Topic),
    ("fanout", ExchangeType::Fanout),
];

/// A call of kombu's: what is said by position and what by name.
type Said<'n> = (&'n [Node], &'n [(String, Node)]);

fn called<'n>(node: &'n Node, wanted: &str) -> Option<Said<'n>> {
    match &node.value {
        Value::Call { on: None, name, args, named } if name.rsplit('.').next() == Some(wanted) => {
            Some((args, named))
        }
        _ => None,
    }
}

/// An argument by its place or its name.
fn argument<'n>((args, named): Said<'n>, at: usize, wanted: &str) -> Option<&'n Node> {
    let by_name = named.iter().find(|(name, _)| name == wanted);
    args.get(at).or(by_name.map(|(_, node)| node))
}

/// Something that stands inside of the value.
fn inside<'b>(value: &'b mut Reader<'_>, node: &'b Node, name: &str) -> Reader<'b> {
    let name = format!("{name} of {}", value.name);
    Reader { name, place: node.place, node, notes: value.notes }
}

/// `Queue('mail', Exchange('media', type='topic'), routing_key='mail.#')`.
pub(super) fn read_queue(value: &mut Reader<'_>) -> Option<QueueDefinition> {
    let node = value.node;
    let Some(said) = called(node, "Queue") else {
        return value.expects(QUEUE);
    };
    let Some(name) = argument(said, 0, "name") else {
        return value.expects(QUEUE);
    };
    let name = inside(value, name, "the name").name()?;
    // What is not said is that of the default queue, as Celery has it.
    let mut queue = QueueDefinition { name, ..QueueDefinition::named("celery") };
    if let Some(exchange) = argument(said, 1, "exchange") {
        (queue.exchange, queue.exchange_type) =
            read_exchange(&mut inside(value, exchange, "the exchange"))?;
    }
    if let Some(routing_key) = argument(said, 2, "routing_key") {
        queue.routing_key = inside(value, routing_key, "the routing key").text()?;
    }
    for (name, node) in said.1 {
        if !matches!(name.as_str(), "name" | "exchange" | "routing_key") {
            inside(value, node, name).ignored();
        }
    }
    Some(queue)
}

/// `Exchange('media', type='topic')`, or the name of a direct one.
fn read_exchange(value: &mut Reader<'_>) -> Option<(String, ExchangeType)> {
    let node = value.node;
    if let Value::Str(name) = &node.value {
        return Some((name.clone(), ExchangeType::Direct));
    }
    let Some(said) = called(node, "Exchange") else {
        return value.expects(EXCHANGE);
    };
    let Some(name) = argument(said, 0, "name") else {
        return value.expects(EXCHANGE);
    };
    let name = inside(value, name, "the name").name()?;
    let kind = match argument(said, 1, "type") {
        Some(kind) => inside(value, kind, "the type").one_of(&TYPES)?,
        None => ExchangeType::Direct,
    };
    Some((name, kind))
}

/// `{'app.mail.*': {'queue': 'mail'}, 'app.add': 'sums'}`.
pub(super) fn read_routes(value: &mut Reader<'_>) -> Option<BTreeMap<String, Route>> {
    let pairs = value.pairs(ENTRIES_MAX)?;
    let mut routes = BTreeMap::new();
    for pair in pairs {
        let mut part = value.part(&pair);
        let route = match &pair.value.value {
            Value::Dict(_) => read_route(&mut part)?,
            _ => part.name().map(|queue| Route::to_queue(&queue)),
        };
        if let Some(route) = route {
            routes.insert(pair.key, route);
        }
    }
    Some(routes)
}

/// The inner `None` is a route that says too little, which is noted.
fn read_route(value: &mut Reader<'_>) -> Option<Option<Route>> {
    const KNOWN: [&str; 4] = ["queue", "exchange", "routing_key", "priority"];
    let mut route = Route::default();
    for pair in value.pairs(ENTRIES_MAX)? {
        let mut part = value.part(&pair);
        match &*pair.key {
            "queue" => route.queue = part.name(),
            "exchange" => route.exchange = part.name(),
            "routing_key" => route.routing_key = part.name(),
            "priority" => route.priority = part.priority_or_none().flatten(),
            "serializer" | "exchange_type" | "compression" => part.ignored(),
            _ => part.unknown(&pair.key, KNOWN.into_iter()),
        }
    }
    let is_whole = route.queue.is_some() || route.exchange.is_some() && route.routing_key.is_some();
    if !is_whole {
        return Some(value.expects("a dict with a 'queue', or an 'exchange' and a 'routing_key'"));
    }
    Some(Some(route))
}

impl Python for QueueDefinition {
    fn python(&self) -> String {
        let kind = TYPES.iter().find(|(_, kind)| *kind == self.exchange_type);
        format!(
            "Queue({}, Exchange({}, type='{}'), routing_key={})",
            self.name.python(),
            self.exchange.python(),
            kind.map_or("direct", |(name, _)| name),
            self.routing_key.python()
        )
    }
}

impl Python for Route {
    fn python(&self) -> String {
        let text = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("'{name}': {}", value.python()))
        };
        let parts = [
            text("queue", &self.queue),
            text("exchange", &self.exchange),
            text("routing_key", &self.routing_key),
            self.priority.map(|priority| format!("'priority': {priority}")),
        ];
        format!("{{{}}}", parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}
