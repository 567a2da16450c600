//! The hidden client through which the page reads keys: the same door as everybody's.

use keyspace::{ClientId, ConnectOptions, Engine, UnixMillis};
use keyspace_resp::{Value, encode_command};

/// A hidden client and the database it has selected.
#[derive(Clone)]
pub(super) struct Observer {
    client: ClientId,
    db: u8,
}

impl Observer {
    pub fn connect(engine: &mut Engine, now: UnixMillis) -> Observer {
        let options = ConnectOptions { hidden: true, ..ConnectOptions::default() };
        Observer { client: engine.connect_with(options, now), db: 0 }
    }

    /// Lends the client for reading at `now`.
    pub fn reader<'a>(&'a mut self, engine: &'a mut Engine, now: UnixMillis) -> Reader<'a> {
        Reader { observer: self, engine, now }
    }
}

/// Asks the engine, one command at a time.
pub(super) struct Reader<'a> {
    observer: &'a mut Observer,
    engine: &'a mut Engine,
    now: UnixMillis,
}

impl Reader<'_> {
    /// The reply to a command in a database.
    pub fn ask(&mut self, db: u8, args: &[&[u8]]) -> Value {
        if self.observer.db != db {
            if let failed @ Value::Error(_) = self.send(&[b"SELECT", db.to_string().as_bytes()]) {
                return failed;
            }
            self.observer.db = db;
        }
        self.send(args)
    }

    /// The reply to a command, where it is a number.
    pub fn ask_integer(&mut self, db: u8, args: &[&[u8]]) -> Option<i64> {
        match self.ask(db, args) {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }

    /// The engine time of these reads.
    pub fn now(&self) -> f64 {
        self.now.0 as f64
    }

    fn send(&mut self, args: &[&[u8]]) -> Value {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.engine.receive(self.observer.client, &bytes, self.now);
        let reply = self.engine.take_output(self.observer.client);
        match Value::decode(&reply) {
            Ok(Some((value, _))) => value,
            Ok(None) | Err(_) => Value::Error(b"ERR no reply".to_vec()),
        }
    }
}
