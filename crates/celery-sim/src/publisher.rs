//! How a process sends task messages: a program, a task that sends others, beat.

use crate::binding;
use crate::config::Config;
use crate::connection::{Command, Role};
use crate::event;
use crate::exchange::{self, ExchangeType, Publication};
use crate::ids;
use crate::keys::{self, Keys};
use crate::message::{Outgoing, notice};
use crate::object::object;
use crate::process::Process;
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
        if self.declared.insert(outgoing.queue.clone()) {
            binding::declare_permanent(process, &self.keys, self.channel, &outgoing.queue);
        }
        let list = self.keys.list(&outgoing.queue, outgoing.priority);
        let message = outgoing.encode(&delivery_tag, &self.origin);
        process.call(self.channel, Command::new("LPUSH").arg(list).arg(message));
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

    /// Declares what a publication needs; the table of a topic exchange is to be read next.
    pub fn declare<T: Clone>(&mut self, process: &mut Process<T>, publication: &Publication) {
        self.connect(process);
        for (binding_key, queue) in &publication.queues {
            binding::declare_queue(process, &self.keys, self.channel, queue);
            let member = exchange::topic_member(&self.keys, binding_key, queue);
            let exchange = publication.exchange.as_str();
            let sets = [keys::binding(exchange), keys::permanent_binding(exchange)];
            let bind = sets.map(|set| Command::new("SADD").arg(self.keys.key(&set)).arg(&member));
            process.transaction(self.channel, bind);
        }
    }

    /// Reads the table of a topic exchange.
    pub fn look_up<T: Clone>(&self, process: &mut Process<T>, exchange: &str, then: T) {
        let table = self.keys.key(&keys::binding(exchange));
        process.call_then(self.channel, Command::new("SMEMBERS").arg(table), then);
    }

    /// Delivers a publication: to the queues of the table that it matches, or to who listens.
    pub fn deliver<T: Clone>(
        &self,
        process: &mut Process<T>,
        publication: &Publication,
        table: &[String],
        rng: &mut Rng,
    ) {
        let Publication { exchange, kind, routing_key, body, .. } = publication;
        let tag = ids::message_id(rng);
        let message = notice(body, object! {}, 2, exchange, routing_key, &tag);
        if *kind == ExchangeType::Fanout {
            let channel = self.keys.channel(exchange, routing_key);
            return process.call(self.channel, Command::new("PUBLISH").arg(channel).arg(message));
        }
        let bound = table.iter().filter_map(|member| self.keys.parts_of_member(member));
        for (_, queue) in bound.filter(|(key, _)| exchange::matches(key, routing_key)) {
            let list = self.keys.list(queue, 0);
            process.call(self.channel, Command::new("LPUSH").arg(list).arg(&message));
        }
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
            "queue": outgoing.queue.as_str(),
            "exchange": "",
            "routing_key": outgoing.queue.as_str(),
        };
        let body = event::body("task-sent", &self.origin, self.pid, self.clock, &fields, now);
        let headers = object! {"hostname": self.origin.as_str()};
        let tag = ids::message_id(rng);
        let message = notice(&body, headers, 1, keys::EVENT_EXCHANGE, "task.sent", &tag);
        let channel = self.keys.channel(keys::EVENT_EXCHANGE, "task.sent");
        process.call(self.channel, Command::new("PUBLISH").arg(channel).arg(message));
    }
}
