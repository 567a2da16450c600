//! The engine's host: its clock, and where its outputs go.

use crate::outgoing::Outgoing;
use crate::{Limits, Options};
use keyspace::{ClientId, ConnectOptions, Engine, UnixMillis};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The most that is read at once: one call of the engine.
const CHUNK_BYTES: usize = 256 * 1024;

/// The longest sleep, so that a change of the system's clock is seen.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// The engine and the connections to it. All tasks share it on one thread; nothing is borrowed
/// while a task waits.
pub(crate) struct Host {
    engine: RefCell<Engine>,
    limits: Limits,
    outgoing: RefCell<HashMap<ClientId, Rc<Outgoing>>>,
    /// Where all connections read into; what is in it is for the engine at once.
    chunk: RefCell<Vec<u8>>,
    /// What the clock waits for.
    deadline: Cell<Option<UnixMillis>>,
    deadline_is_earlier: Notify,
    /// Until when DEBUG SLEEP holds everybody up: nothing is read, and nothing delivered.
    asleep_until: Cell<Option<Instant>>,
    awake: Notify,
}

impl Host {
    pub fn new(options: &Options, port: u16) -> Host {
        let engine = Engine::new(keyspace::Options {
            seed: RandomState::new().hash_one(0),
            start: now(),
            requirepass: options.requirepass.clone(),
            port,
            stopwatch: Some(stopwatch),
        });
        Host {
            engine: RefCell::new(engine),
            limits: options.limits,
            outgoing: RefCell::default(),
            chunk: RefCell::new(vec![0; CHUNK_BYTES]),
            deadline: Cell::new(None),
            deadline_is_earlier: Notify::new(),
            asleep_until: Cell::new(None),
            awake: Notify::new(),
        }
    }

    pub fn connect(&self, peer: SocketAddr) -> (ClientId, Rc<Outgoing>) {
        let options = ConnectOptions { addr: peer.to_string(), hidden: false };
        let id = self.engine.borrow_mut().connect_with(options, now());
        let outgoing = Rc::new(Outgoing::new(self.limits));
        self.outgoing.borrow_mut().insert(id, Rc::clone(&outgoing));
        self.deliver(None);
        (id, outgoing)
    }

    pub fn disconnect(&self, id: ClientId) {
        self.outgoing.borrow_mut().remove(&id);
        self.engine.borrow_mut().disconnect(id, now());
        self.deliver(None);
    }

    /// Gives the engine what a client has sent, without waiting for it. Answers how many bytes it
    /// was; none is the end.
    pub fn receive(&self, id: ClientId, stream: &TcpStream) -> io::Result<usize> {
        let mut chunk = self.chunk.borrow_mut();
        let len = stream.try_read(&mut chunk)?;
        if len > 0 {
            let mut engine = self.engine.borrow_mut();
            let expected = engine.now().max(now());
            engine.receive(id, &chunk[..len], expected);
            let ahead = u64::try_from(engine.now() - expected).unwrap_or(0);
            drop(engine);
            if ahead > 0 {
                self.fall_asleep(Duration::from_millis(ahead));
            }
            self.deliver(Some(id));
        }
        Ok(len)
    }

    /// The engine's time jumped ahead, as DEBUG SLEEP makes it do: the world's has to catch up.
    fn fall_asleep(&self, duration: Duration) {
        self.asleep_until.set(Some(Instant::now() + duration));
        self.deadline_is_earlier.notify_one();
    }

    /// Waits while DEBUG SLEEP holds everybody up.
    pub async fn awake(&self) {
        while self.asleep_until.get().is_some() {
            self.awake.notified().await;
        }
    }

    /// Tells the engine how much of a client's output is not written yet.
    pub fn note_undelivered(&self, id: ClientId, bytes: usize) {
        self.engine.borrow_mut().note_undelivered(id, bytes);
    }

    /// Waits for the engine's next deadline and lets it happen.
    pub async fn keep_time(&self) {
        if let Some(until) = self.asleep_until.get() {
            tokio::time::sleep_until(until.into()).await;
            self.asleep_until.set(None);
            self.awake.notify_waiters();
            self.deliver(None);
        }
        let wait = self.deadline.get().map_or(SLEEP_MAX, |deadline| {
            let millis = u64::try_from(deadline - now()).unwrap_or(0);
            Duration::from_millis(millis).min(SLEEP_MAX)
        });
        tokio::select! {
            () = self.deadline_is_earlier.notified() => {}
            () = tokio::time::sleep(wait) => {
                let mut engine = self.engine.borrow_mut();
                engine.advance(now());
                engine.continue_script();
                drop(engine);
                self.deliver(None);
                self.deadline.set(wake_at(&self.engine.borrow()));
            }
        }
    }

    /// Ends every connection once its output is written.
    pub fn close_all(&self) {
        for outgoing in self.outgoing.borrow().values() {
            outgoing.close();
        }
    }

    /// Moves the engine's outputs to where their connections write them from. `running` is the
    /// client whose own commands ran, whose output is no push.
    fn deliver(&self, running: Option<ClientId>) {
        if self.asleep_until.get().is_some() {
            return;
        }
        let mut engine = self.engine.borrow_mut();
        let connections = self.outgoing.borrow();
        loop {
            // What is not delivered may be too much, and end the connection.
            let active = engine.take_active();
            if active.is_empty() {
                break;
            }
            for id in active {
                let bytes = engine.take_output(id);
                if let Some(outgoing) = connections.get(&id) {
                    outgoing.add(bytes, running != Some(id));
                    engine.note_undelivered(id, outgoing.unread());
                    if engine.is_cut_off(id) {
                        outgoing.cut_off();
                    } else if engine.is_closing(id) {
                        outgoing.close();
                    }
                }
            }
        }
        let next = wake_at(&engine);
        if next.is_some_and(|next| self.deadline.get().is_none_or(|deadline| next < deadline)) {
            self.deadline.set(next);
            self.deadline_is_earlier.notify_one();
        }
    }
}

/// When the engine has something to do by itself: at once, where a script is unfinished.
fn wake_at(engine: &Engine) -> Option<UnixMillis> {
    if engine.has_unfinished_script() { Some(now()) } else { engine.next_deadline() }
}

fn now() -> UnixMillis {
    // A system whose clock stands before 1970 has no keys that expire.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Microseconds since it was first asked.
fn stopwatch() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}
