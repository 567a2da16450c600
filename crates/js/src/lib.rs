//! The engine for JavaScript: the raw calls below the npm package `keyspace-wasm`.
//!
//! A [`Keyspace`] is an engine with a clock that its owner moves. Clients are numbers; RESP bytes go
//! in and RESP bytes come out, so that anything that speaks RESP can stand on it. What is pleasant
//! to use (promises, typed replies, timers) is TypeScript on top of this, in
//! `packages/keyspace-wasm`.
#![deny(missing_docs)]

mod console;
mod event;
#[cfg(feature = "count-heap")]
mod heap;

pub use console::{encode_line, format_replies, quote};

use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

/// What `new Keyspace(options)` takes; every field may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OpenOptions {
    /// What every random choice follows from.
    seed: u32,
    /// The time at which the engine starts, in milliseconds since 1970.
    now: f64,
    /// The password that clients must give.
    password: String,
}

/// What may be written to [`Keyspace::input`] at once; whatever is longer goes by `receive`.
const INPUT_BYTES: usize = 16 * 1024;

/// A Redis-compatible engine.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Keyspace {
    engine: Engine,
    /// Where JavaScript writes what a client sends, once it has asked where.
    input: Vec<u8>,
    /// What the last exchange answered, for JavaScript to read.
    output: Vec<u8>,
    /// The clients that an exchange found active, other than the one that it answered.
    active: Vec<ClientId>,
}

#[wasm_bindgen]
impl Keyspace {
    /// An empty engine. `options`: `{ seed?: number, now?: number, password?: string }`, times in
    /// milliseconds since 1970; undefined for the defaults.
    ///
    /// # Errors
    /// An `Error` that names an option of another kind.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Keyspace, JsError> {
        let options: OpenOptions = if options.is_undefined() || options.is_null() {
            OpenOptions::default()
        } else {
            serde_wasm_bindgen::from_value(options)?
        };
        let engine = Engine::new(Options {
            seed: options.seed.into(),
            start: UnixMillis(options.now as i64),
            requirepass: options.password.into_bytes(),
            ..Options::default()
        });
        Ok(Keyspace::around(engine))
    }

    /// Another engine that goes on exactly as this one would.
    pub fn fork(&self) -> Keyspace {
        Keyspace::around(self.engine.clone())
    }

    /// Connects a client and returns its number. A hidden one is an observer's own: monitors,
    /// events and CLIENT LIST leave it out, and it may do everything without a password.
    pub fn connect(&mut self, hidden: Option<bool>) -> f64 {
        let options =
            ConnectOptions { hidden: hidden.unwrap_or_default(), ..ConnectOptions::default() };
        let now = self.engine.now();
        self.engine.connect_with(options, now).0 as f64
    }

    /// Forgets a client.
    pub fn disconnect(&mut self, client: f64) {
        let now = self.engine.now();
        self.engine.disconnect(client_id(client), now);
    }

    /// Takes RESP bytes or inline commands from a client, in any fragmentation.
    pub fn receive(&mut self, client: f64, bytes: &[u8]) {
        let now = self.engine.now();
        self.engine.receive(client_id(client), bytes, now);
    }

    /// Takes the RESP bytes that a client is owed.
    #[wasm_bindgen(js_name = takeOutput)]
    pub fn take_output(&mut self, client: f64) -> Vec<u8> {
        self.engine.take_output(client_id(client))
    }

    /// Where in the module's memory [`exchange`](Self::exchange) reads from: room for
    /// `inputBytes` bytes, which stay where they are.
    pub fn input(&mut self) -> *const u8 {
        self.input.resize(INPUT_BYTES, 0);
        self.input.as_ptr()
    }

    /// How many bytes there is room for at [`input`](Self::input).
    #[wasm_bindgen(getter, js_name = inputBytes)]
    pub fn input_bytes(&self) -> usize {
        INPUT_BYTES
    }

    /// The short way for small commands: moves time to `now`, takes the first `len` bytes at
    /// `input` from a client, and returns how many bytes it is owed. They stand at `output`, until
    /// the next exchange.
    pub fn exchange(&mut self, client: f64, len: usize, now: f64) -> usize {
        let client = client_id(client);
        let bytes = self.input.get(..len).unwrap_or_default();
        self.engine.receive(client, bytes, UnixMillis(now as i64));
        self.output = self.engine.take_output(client);
        let engine = &mut self.engine;
        let active = engine.take_active();
        self.active.extend(active.into_iter().filter(|&id| id != client || engine.is_closing(id)));
        self.output.len()
    }

    /// Where in the module's memory the last exchange left what it answered.
    pub fn output(&self) -> *const u8 {
        self.output.as_ptr()
    }

    /// Whether `takeActive` would name a client that no exchange has answered.
    #[wasm_bindgen(getter, js_name = hasActive)]
    pub fn has_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// The clients to look at: each is owed output, or is to be disconnected.
    #[wasm_bindgen(js_name = takeActive)]
    pub fn take_active(&mut self) -> Vec<f64> {
        let mut active = std::mem::take(&mut self.active);
        active.extend(self.engine.take_active());
        active.into_iter().map(|client| client.0 as f64).collect()
    }

    /// Whether a client is to be disconnected once its output is delivered.
    #[wasm_bindgen(js_name = isClosing)]
    pub fn is_closing(&self, client: f64) -> bool {
        self.engine.is_closing(client_id(client))
    }

    /// Whether a client waits in a blocking command.
    #[wasm_bindgen(js_name = isBlocked)]
    pub fn is_blocked(&self, client: f64) -> bool {
        self.engine.is_blocked(client_id(client))
    }

    /// Moves the engine's time to a point in milliseconds since 1970: what is due on the way
    /// happens in order. Time does not go back.
    pub fn advance(&mut self, now: f64) {
        self.engine.advance(UnixMillis(now as i64));
    }

    /// Whether a script is unfinished: then it goes on by `continueScript`, and what other clients
    /// send waits.
    #[wasm_bindgen(getter, js_name = hasUnfinishedScript)]
    pub fn has_unfinished_script(&self) -> bool {
        self.engine.has_unfinished_script()
    }

    /// Lets a script that takes long go on for a while; whether it is still unfinished.
    #[wasm_bindgen(js_name = continueScript)]
    pub fn continue_script(&mut self) -> bool {
        self.engine.continue_script();
        self.engine.has_unfinished_script()
    }

    /// The engine's time in milliseconds since 1970.
    #[wasm_bindgen(getter)]
    pub fn now(&self) -> f64 {
        self.engine.now().0 as f64
    }

    /// When something next happens by itself (a key expires, a wait ends), in milliseconds since
    /// 1970; infinity for never.
    #[wasm_bindgen(js_name = nextDeadline)]
    pub fn next_deadline(&self) -> f64 {
        self.engine.next_deadline().map_or(f64::INFINITY, |at| at.0 as f64)
    }

    /// Starts or stops recording events.
    pub fn observe(&mut self, on: bool) {
        self.engine.observe(on);
    }

    /// Takes the events recorded since the last call: objects with a `type`, and bytes as
    /// `Uint8Array`.
    ///
    /// # Errors
    /// None that an event can cause.
    #[wasm_bindgen(js_name = takeEvents)]
    pub fn take_events(&mut self) -> Result<JsValue, JsError> {
        let events = self.engine.take_events();
        let events: Vec<event::Event<'_>> = events.iter().map(event::Event::of).collect();
        let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true);
        Ok(events.serialize(&serializer)?)
    }

    /// Every database and library of functions as an RDB file, which redis-server loads.
    #[wasm_bindgen(js_name = saveRdb)]
    pub fn save_rdb(&self) -> Vec<u8> {
        self.engine.save_rdb()
    }

    /// Takes what an RDB file holds in place of all keys and libraries.
    ///
    /// # Errors
    /// An `Error` that says what is wrong with the file; nothing has changed then.
    #[wasm_bindgen(js_name = loadRdb)]
    pub fn load_rdb(&mut self, file: &[u8]) -> Result<(), JsError> {
        let now = self.engine.now();
        Ok(self.engine.load_rdb(file, now)?)
    }
}

impl Keyspace {
    fn around(engine: Engine) -> Keyspace {
        Keyspace { engine, input: Vec::new(), output: Vec::new(), active: Vec::new() }
    }
}

fn client_id(client: f64) -> ClientId {
    ClientId(client as u64)
}
