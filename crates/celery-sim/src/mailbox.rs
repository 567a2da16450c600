//! Remote control as kombu's `Mailbox` sends it: a call to all workers, and their replies.
//!
//! A call is published; replies arrive in a list of the caller's own, which is bound while it
//! waits. A worker that starts calls `hello` in the same way: that is mingle.

use crate::binding::{self, Binding};
use crate::connection::{Command, Role};
use crate::control::ControlCall;
use crate::ids;
use crate::keys::{self, Keys};
use crate::message::notice;
use crate::object::object;
use crate::process::Process;
use crate::python;
use fastrand::Rng;
use keyspace::UnixMillis;
use serde_json::Map;

/// The queue of a caller's replies.
pub(crate) fn reply_queue(oid: &str) -> Binding {
    Binding {
        exchange: keys::REPLY_EXCHANGE,
        routing_key: oid.to_owned(),
        queue: format!("{oid}.{}", keys::REPLY_EXCHANGE),
    }
}

/// Who calls, or answers to, remote control.
#[derive(Debug, Clone)]
pub(crate) struct Mailbox {
    /// Where its replies go.
    pub oid: String,
    pub clock: u64,
}

impl Mailbox {
    /// Sends a call, and begins to wait for replies, which `then` gets one by one until none comes
    /// in time. The queue is declared on `Channel` and read on `Consumer`, which are open.
    pub fn call<T: Clone>(
        &mut self,
        process: &mut Process<T>,
        keys: &Keys,
        call: &ControlCall,
        rng: &mut Rng,
        now: UnixMillis,
        then: T,
    ) {
        let oid = &self.oid;
        let queue = reply_queue(oid);
        if call.reply {
            queue.declare(process, keys, Role::Channel);
        }
        if !process.will_be_open(Role::ControlBroker) {
            process.open(Role::ControlBroker);
            process.call(Role::ControlBroker, Command::new("PING"));
            process.open(Role::Control);
        }
        self.clock = self.clock.saturating_add(1);
        let mut body = Map::new();
        body.insert("method".to_owned(), call.method.as_str().into());
        body.insert("arguments".to_owned(), call.arguments.clone().into());
        let destination = Some(&call.destination).filter(|names| !names.is_empty());
        body.insert("destination".to_owned(), destination.cloned().into());
        body.insert("pattern".to_owned(), call.pattern.clone().into());
        body.insert("matcher".to_owned(), call.matcher.clone().into());
        if call.reply {
            let exchange = object! {"exchange": keys::REPLY_EXCHANGE, "routing_key": oid.as_str()};
            body.insert("ticket".to_owned(), ids::message_id(rng).into());
            body.insert("reply_to".to_owned(), exchange);
        }
        let expires = python::seconds(now + (call.timeout * 1_000.0) as i64);
        let headers = object! {"clock": self.clock, "expires": expires};
        let tag = ids::message_id(rng);
        let message = notice(&body.into(), headers, 2, keys::PIDBOX_EXCHANGE, "", &tag);
        let channel = keys.channel(keys::PIDBOX_EXCHANGE, "");
        process.call(Role::Control, Command::new("PUBLISH").arg(channel).arg(message));
        if call.reply {
            binding::declare_queue(process, keys, Role::Channel, &queue.queue);
            queue.renew(process, keys, Role::Channel);
            binding::sweep(process, keys, Role::Channel);
            wait(process, keys, oid, call.timeout, then);
        }
    }
}

/// Waits for the next reply, for a second at a time: where less than that is to be waited, the
/// caller turns away while the server still waits.
pub(crate) fn wait<T: Clone>(
    process: &mut Process<T>,
    keys: &Keys,
    oid: &str,
    timeout: f64,
    then: T,
) {
    let brpop = Command::new("BRPOP").args(keys.lists(&reply_queue(oid).queue)).arg("1");
    if timeout < 1.0 {
        process.call_within(Role::Consumer, brpop, (timeout * 1_000.0) as i64, then);
    } else {
        process.call_then(Role::Consumer, brpop, then);
    }
}
