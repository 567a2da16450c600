//! What a connection is owed and has not been given to the system.

use crate::Limits;
use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use tokio::net::TcpStream;
use tokio::sync::Notify;

pub(crate) struct Outgoing {
    limits: Limits,
    bytes: RefCell<Vec<u8>>,
    /// How many of `bytes` are written.
    written: Cell<usize>,
    closing: Cell<bool>,
    changed: Notify,
    drained: Notify,
    overrun: Notify,
}

impl Outgoing {
    pub fn new(limits: Limits) -> Outgoing {
        Outgoing {
            limits,
            bytes: RefCell::default(),
            written: Cell::new(0),
            closing: Cell::new(false),
            changed: Notify::new(),
            drained: Notify::new(),
            overrun: Notify::new(),
        }
    }

    /// Adds output; `is_push` where it is no answer to the client's own commands.
    pub fn add(&self, mut output: Vec<u8>, is_push: bool) {
        let mut bytes = self.bytes.borrow_mut();
        if bytes.is_empty() {
            *bytes = output;
        } else {
            bytes.append(&mut output);
        }
        if is_push && bytes.len() - self.written.get() > self.limits.pushed_bytes {
            self.overrun.notify_one();
        }
        self.changed.notify_one();
    }

    /// The connection is to end when everything is written.
    pub fn close(&self) {
        self.closing.set(true);
        self.changed.notify_one();
    }

    /// How many bytes are not written yet.
    pub fn unread(&self) -> usize {
        self.bytes.borrow().len() - self.written.get()
    }

    /// The client is cut off: what is not written is dropped.
    pub fn cut_off(&self) {
        self.overrun.notify_one();
    }

    /// Writes until the connection is to end, or breaks; `progress` hears how much is left.
    pub async fn write_all(&self, stream: &TcpStream, progress: impl Fn(usize)) -> io::Result<()> {
        loop {
            let all = self.write(stream)?;
            progress(self.unread());
            if !all {
                stream.writable().await?;
                continue;
            }
            self.drained.notify_one();
            if self.closing.get() {
                return Ok(());
            }
            self.changed.notified().await;
        }
    }

    /// Writes what the system takes at once; `true` where that is everything.
    pub fn write(&self, stream: &TcpStream) -> io::Result<bool> {
        let mut bytes = self.bytes.borrow_mut();
        loop {
            let written = self.written.get();
            if written == bytes.len() {
                *bytes = Vec::new();
                self.written.set(0);
                return Ok(true);
            }
            match stream.try_write(&bytes[written..]) {
                Ok(len) => self.written.set(written + len),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        // What is written makes room once it is the larger part, so that moving costs little.
        if self.written.get() > bytes.len() / 2 {
            bytes.drain(..self.written.get());
            self.written.set(0);
        }
        Ok(false)
    }

    /// Waits while the client leaves too much of its output unread.
    pub async fn room(&self) {
        while self.unread() > self.limits.unread_bytes {
            self.drained.notified().await;
        }
    }

    /// Waits until the client is to be cut off.
    pub async fn overrun(&self) {
        self.overrun.notified().await;
    }
}
