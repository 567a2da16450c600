//! Remote control: how a worker hears that it is called, and how it replies. What it does then is
//! in `panel`.

use super::{Worker, events};
use crate::connection::{Command, Role};
use crate::exchange::{Delivery, ExchangeType};
use crate::fnmatch::fnmatch;
use crate::ids;
use crate::keys;
use crate::message::{self, notice};
use crate::object::object;
use keyspace::UnixMillis;
use serde_json::Value as Json;

impl Worker {
    /// Takes calls and what others tell; `false` where there was no call.
    pub(super) fn hear(&mut self, now: UnixMillis) -> bool {
        self.hear_gossip();
        let pidbox = self.process.connection(Role::Pidbox);
        let Some(push) = pidbox.and_then(|connection| connection.inbox.pop_front()) else {
            return false;
        };
        if let Some((body, headers)) = events::published(&push).and_then(message::open) {
            self.called(&body, &headers, now);
        }
        true
    }

    fn called(&mut self, body: &Json, headers: &Json, now: UnixMillis) {
        self.clock = self.clock.saturating_add(1);
        let other = headers.get("clock").and_then(Json::as_u64).unwrap_or(0);
        self.mailbox.clock = self.mailbox.clock.max(other).saturating_add(1);
        let expires = headers.get("expires").and_then(Json::as_f64);
        if expires.is_some_and(|expires| now.0 as f64 / 1000.0 >= expires) {
            return;
        }
        if !self.is_meant(body) {
            return;
        }
        let method = body.get("method").and_then(Json::as_str).unwrap_or_default();
        let nothing = object! {};
        let arguments = body.get("arguments").unwrap_or(&nothing);
        let Some(answer) = self.obey(method, arguments, now) else {
            return;
        };
        let ticket = body.get("ticket").cloned().unwrap_or_default();
        if let Some(reply_to) = body.get("reply_to").filter(|reply_to| !reply_to.is_null()) {
            self.begin_reply(reply_to, &ticket, answer);
        }
    }

    /// Whether a call is for this worker. As kombu does, an empty destination is none, and a way to
    /// match that is not known leaves the call unanswered.
    fn is_meant(&self, body: &Json) -> bool {
        let text = |name: &str| body.get(name).and_then(Json::as_str).filter(|it| !it.is_empty());
        let destination = body.get("destination").and_then(Json::as_array);
        if let Some(names) = destination.filter(|names| !names.is_empty()) {
            return names.iter().any(|name| name == self.name.as_str());
        }
        match (text("pattern"), text("matcher")) {
            (Some(pattern), Some(matcher)) => matcher == "glob" && fnmatch(&self.name, pattern),
            _ => true,
        }
    }

    /// Answers into the queues that are bound.
    fn begin_reply(&mut self, reply_to: &Json, ticket: &Json, answer: Json) {
        let text = |name: &str| reply_to.get(name).and_then(Json::as_str);
        let (Some(exchange), Some(routing_key)) = (text("exchange"), text("routing_key")) else {
            return;
        };
        if !self.process.will_be_open(Role::ControlBroker) {
            self.process.open(Role::ControlBroker);
            self.process.call(Role::ControlBroker, Command::new("PING"));
        }
        self.process.ensure_open(Role::Control);
        self.mailbox.clock = self.mailbox.clock.saturating_add(1);
        let headers = object! {"ticket": ticket.clone(), "clock": self.mailbox.clock};
        let body = Json::Object([(self.name.clone(), answer)].into_iter().collect());
        let tag = ids::message_id(&mut self.rng);
        let message = notice(&body, headers, 1, exchange, routing_key, &tag);
        let table = self.keys.key(&keys::binding(exchange));
        let delivery = Delivery {
            keys: self.keys.clone(),
            kind: ExchangeType::Direct,
            routing_key: routing_key.to_owned(),
            priority: 0,
            message,
        };
        self.process.deliver(Role::Control, &table, delivery);
    }

    /// Takes what was published to fanout exchanges of the user's; `false` where nothing was.
    pub(super) fn hear_fanout(&mut self, now: UnixMillis) -> bool {
        let fanout = self.process.connection(Role::Fanout);
        let Some(push) = fanout.and_then(|connection| connection.inbox.pop_front()) else {
            return false;
        };
        if let Some(message) = events::published(&push) {
            self.take(message, now);
        }
        true
    }
}
