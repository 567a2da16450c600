//! The page's side of the worker: starts it, sends requests, hands over what comes back.

use super::message::{Batch, Request, TimeRequest, Update};
use crate::host::{
    frames, time,
    worker::{Port, WorkerHandle},
};
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Writes a message.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_allocvec(message).expect("messages are plain data of known length")
}

/// Reads a message; `None` where the bytes are none.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// How the worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It answers.
    Well,
    /// It has not answered for a while.
    Busy,
    /// It has not started for a while.
    Late,
}

/// How long the worker may be silent before the page says so, in milliseconds.
const PATIENCE_MS: f64 = 1_500.0;
/// How long it may take to load and start.
const START_MS: f64 = 10_000.0;

/// A worker with an engine. Dropping it ends the worker.
pub struct Backend {
    _worker: WorkerHandle,
    port: Port,
    link: Rc<Link>,
}

/// What the page knows of its worker.
#[derive(Default)]
struct Link {
    /// Requests made before the worker could hear them.
    waiting: RefCell<Option<Vec<Request>>>,
    /// The moment to look at once the worker has shown the one before: who moves fast through time
    /// skips moments.
    visit: RefCell<Option<Request>>,
    sent: Cell<u32>,
    handled: Cell<u32>,
    /// When the oldest request was sent that may still be unanswered; at first, when it started.
    asked_at: Cell<f64>,
}

impl Backend {
    /// Starts a worker; `on_batch` gets what it tells, once a frame at most: the worker tells no
    /// more before the page says that it has received the last.
    pub fn start(on_batch: impl Fn(Vec<Update>) + 'static) -> Backend {
        let on_batch = Rc::new(on_batch);
        let waiting = RefCell::new(Some(Vec::new()));
        let asked_at = Cell::new(time::real_now());
        let link = Rc::new(Link { waiting, asked_at, ..Link::default() });
        let heard = link.clone();
        let worker = WorkerHandle::start(move |port, message| match message {
            Ok(bytes) => {
                let Some(batch) = decode::<Batch>(&bytes) else {
                    return;
                };
                heard.answered(port, batch.handled);
                if let Some(waiting) = heard.waiting.take() {
                    waiting.iter().for_each(|request| heard.post(port, request));
                }
                let (port, on_batch) = (port.clone(), on_batch.clone());
                frames::next(move || {
                    port.post(&encode(&Request::Received));
                    on_batch(batch.updates);
                });
            }
            Err(message) => on_batch(vec![Update::Failed { message }]),
        });
        Backend { port: worker.port(), _worker: worker, link }
    }

    /// Sends a request, or keeps it until the worker can hear it.
    pub fn send(&self, request: Request) {
        if let Some(waiting) = &mut *self.link.waiting.borrow_mut() {
            waiting.push(request);
            return;
        }
        let link = &self.link;
        if matches!(request, Request::Time(TimeRequest::Visit(_))) && link.owes() {
            link.visit.replace(Some(request));
            return;
        }
        link.post_visit(&self.port);
        link.post(&self.port, &request);
    }

    /// How the worker is now.
    pub fn status(&self) -> Status {
        let link = &self.link;
        let silent_ms = time::real_now() - link.asked_at.get();
        if link.waiting.borrow().is_some() {
            return if silent_ms > START_MS { Status::Late } else { Status::Well };
        }
        if link.owes() && silent_ms > PATIENCE_MS { Status::Busy } else { Status::Well }
    }
}

impl Link {
    fn post(&self, port: &Port, request: &Request) {
        if !self.owes() {
            self.asked_at.set(time::real_now());
        }
        self.sent.set(self.sent.get().wrapping_add(1));
        port.post(&encode(request));
    }

    fn answered(&self, port: &Port, handled: u32) {
        self.handled.set(handled);
        self.asked_at.set(time::real_now());
        if !self.owes() {
            self.post_visit(port);
        }
    }

    /// Sends the request to look at a moment that was put off, if there is one.
    fn post_visit(&self, port: &Port) {
        if let Some(visit) = self.visit.take() {
            self.post(port, &visit);
        }
    }

    /// Whether the worker has not answered everything.
    fn owes(&self) -> bool {
        self.handled.get() != self.sent.get()
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::backend::{Batch, ClientEvent, ConsoleId, Request, Update};
    use serde_bytes::ByteBuf;

    #[test]
    fn messages_survive_the_way() {
        let output = ClientEvent::Output(ByteBuf::from(b"+OK\r\n\xff".to_vec()));
        let batch = Batch {
            handled: 7,
            updates: vec![Update::Client { console: ConsoleId(3), event: output }],
        };
        assert_eq!(decode(&encode(&batch)), Some(batch));
    }

    #[test]
    fn bytes_that_are_no_message_are_none() {
        assert_eq!(decode::<Request>(&[0xff, 0xff]), None);
    }
}
