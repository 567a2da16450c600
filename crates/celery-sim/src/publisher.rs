//! How a process sends task messages: a program, a task that sends others, beat.

use crate::binding;
use crate::config::Config;
use crate::connection::{Command, Role};
use crate::event;
use crate::exchange::{Declared, Delivery, ExchangeType, Publication};
use crate::ids;
use crate::keys::{self, Keys};
use crate::message::{Outgoing, notice};
use crate::object::object;
use crate::process::Process;
use crate::route::QueueDefinition;
use fastrand::Rng;
use keyspace::UnixMillis;
use std::collections::BTreeSet;

/// Sends task messages on connections of its own.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    broker: Role,
    channel: Role,
    keys: Keys,
    /// The process as messages name it, as in `gen30588@host`.
    origin: String,
    pid: u32,
    send_sent_event: bool,
    clock: u64,
    declared: BTreeSet<String>,
    exchanges: Declared,
}

impl Publisher {
    /// `broker` checks that the broker is there, `channel` sends.
    pub fn new(broker: Role, channel: Role, config: &Config, pid: u32) -> Publisher {
        Publisher {
            broker,
            channel,
            keys: Keys::new(config),
            origin: format!("gen{pid}@{}", config.hostname),
            pid,
            send_sent_event: config.task_send_sent_event,
            clock: 0,
            declared: BTreeSet::new(),
            exchanges: Declared::default(),
        }
    }

    /// Sends a message; connects and declares the queue, each where that is new.
    pub fn publish<T: Clone>(
        &mut self,
        process: &mut Process<T>,
        outgoing: &Outgoing,
        rng: &mut Rng,
        now: UnixMillis,
    ) {
        let delivery_tag = ids::message_id(rng);
        self.connect(process);
        let to = &outgoing.to;
        if let Some(queue) = &to.declare
            && self.declared.insert(queue.name.clone())
        {
            binding::declare_permanent(process, &self.keys, self.channel, queue);
            self.exchanges.insert(&queue.exchange, queue.exchange_type);
        }
        let message = outgoing.encode(&delivery_tag, &self.origin);
        self.send(process, &to.exchange, &to.routing_key, outgoing.priority, message);
        if self.send_sent_event {
            self.tell_sent(process, outgoing, rng, now);
        }
    }

    /// Connects, where that is new.
    fn connect<T: Clone>(&mut self, process: &mut Process<T>) {
        if !process.will_be_open(self.broker) {
            process.open(self.broker);
            process.call(self.broker, Command::new("PING"));
        }
        if !process.will_be_open(self.channel) {
            process.open(self.channel);
            self.declared.clear();
        }
    }

    /// Sends a message by an exchange, or to a queue's list where there is none.
    fn send<T: Clone>(
        &self,
        process: &mut Process<T>,
        exchange: &str,
        routing_key: &str,
        priority: u8,
        message: Vec<u8>,
    ) {
        if exchange.is_empty() {
            let list = self.keys.list(routing_key, priority);
            return process.call(self.channel, Command::new("LPUSH").arg(list).arg(message));
        }
        let kind = self.exchanges.kind_of(exchange);
        if kind == ExchangeType::Fanout {
            let channel = self.keys.channel(exchange, routing_key);
            return process.call(self.channel, Command::new("PUBLISH").arg(channel).arg(message));
        }
        let table = self.keys.key(&keys::binding(exchange));
        let (keys, routing_key) = (self.keys.clone(), routing_key.to_owned());
        let delivery = Delivery { keys, kind, routing_key, priority, message };
        process.deliver(self.channel, &table, delivery);
    }

    /// Declares what a publication needs, and sends it.
    pub fn publish_to<T: Clone>(
        &mut self,
        process: &mut Process<T>,
        publication: &Publication,
        rng: &mut Rng,
    ) {
        let Publication { exchange, kind, routing_key, body, queues } = publication;
        self.connect(process);
        for (binding_key, queue) in queues {
            let queue = QueueDefinition {
                name: queue.clone(),
                exchange: exchange.clone(),
                exchange_type: *kind,
                routing_key: binding_key.clone(),
            };
            binding::declare_permanent(process, &self.keys, self.channel, &queue);
        }
        self.exchanges.insert(exchange, *kind);
        let tag = ids::message_id(rng);
        let message = notice(body, object! {}, 2, exchange, routing_key, &tag);
        self.send(process, exchange, routing_key, 0, message);
    }

    /// Looks whether a queue is there, and how long it is: `queue_declare(passive=True)`.
    pub fn count<T: Clone>(&mut self, process: &mut Process<T>, queue: &str) {
        self.connect(process);
        let exist = self.keys.lists(queue).map(|list| Command::new("EXISTS").arg(list));
        process.transaction(self.channel, exist.collect::<Vec<_>>());
        binding::declare_queue(process, &self.keys, self.channel, queue);
    }

    /// Deletes all messages of a queue: `celery purge`.
    pub fn purge<T: Clone>(&mut self, process: &mut Process<T>, queue: &str) {
        self.connect(process);
        let purge = self
            .keys
            .lists(queue)
            .flat_map(|list| [Command::new("LLEN").arg(&list), Command::new("DEL").arg(&list)]);
        process.transaction(self.channel, purge.collect::<Vec<_>>());
    }

    fn tell_sent<T: Clone>(
        &mut self,
        process: &mut Process<T>,
        outgoing: &Outgoing,
        rng: &mut Rng,
        now: UnixMillis,
    ) {
        self.clock = self.clock.saturating_add(1);
        let fields = object! {
            "uuid": outgoing.id.as_str(),
            "root_id": outgoing.root_id.as_ref().unwrap_or(&outgoing.id).as_str(),
            "parent_id": outgoing.parent_id.clone(),
            "name": outgoing.task.as_str(),
            "args": outgoing.argsrepr(),
            "kwargs": crate::python::repr(&outgoing.kwargs.clone().into()),
            "retries": outgoing.retries,
            "eta": outgoing.eta.map(crate::python::isoformat),
            "expires": outgoing.expires.map(crate::python::isoformat),
            "queue": outgoing.to.declare.as_ref().map(|queue| queue.name.as_str()),
            "exchange": outgoing.to.exchange.as_str(),
            "routing_key": outgoing.to.routing_key.as_str(),
        };
        let body = event::body("task-sent", &self.origin, self.pid, self.clock, &fields, now);
        let headers = object! {"hostname": self.origin.as_str()};
        let tag = ids::message_id(rng);
        let message = notice(&body, headers, 1, keys::EVENT_EXCHANGE, "task.sent", &tag);
        let channel = self.keys.channel(keys::EVENT_EXCHANGE, "task.sent");
        process.call(self.channel, Command::new("PUBLISH").arg(channel).arg(message));
    }
}
