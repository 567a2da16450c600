//! The engine for JavaScript.
//!
//! A [`Keyspace`] is an engine with a clock that its owner moves. Clients are numbers; bytes go in
//! by `receive` and come out by `takeOutput`, so that anything that speaks RESP can stand on it.
//! `call` is the short way for one command: strings in, a JavaScript value out.
#![deny(missing_docs)]

#[cfg(feature = "count-heap")]
mod heap;
mod reply;

use keyspace::{ClientId, ConnectOptions, Engine, Options, UnixMillis};
use keyspace_resp::{Value, encode_command};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// What `new Keyspace(options)` takes; every field may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OpenOptions {
    /// What every random choice follows from.
    seed: u32,
    /// The time at which the engine starts, in milliseconds since 1970.
    now: f64,
}

/// A Redis-compatible engine.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Keyspace {
    engine: Engine,
}

#[wasm_bindgen]
impl Keyspace {
    /// An empty engine. `options`: `{ seed?: number, now?: number }`, times in milliseconds since
    /// 1970; undefined for the defaults.
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
        let start = UnixMillis(options.now as i64);
        let engine =
            Engine::new(Options { seed: options.seed.into(), start, ..Options::default() });
        Ok(Keyspace { engine })
    }

    /// Connects a client and returns its number.
    pub fn connect(&mut self) -> f64 {
        let now = self.engine.now();
        self.engine.connect_with(ConnectOptions::default(), now).0 as f64
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

    /// Whether a client waits in a blocking command.
    #[wasm_bindgen(js_name = isBlocked)]
    pub fn is_blocked(&self, client: f64) -> bool {
        self.engine.is_blocked(client_id(client))
    }

    /// Runs one command of a client that has no output waiting and returns its reply: strings,
    /// numbers (bigint beyond 2^53), null, arrays, Map, Set; an error reply is an `Error` value
    /// whose message is the reply's text. `undefined`: the command waits; its reply comes by
    /// `takeOutput`.
    ///
    /// # Errors
    /// An `Error` where an argument is no string, number or `Uint8Array`.
    pub fn call(&mut self, client: f64, args: Vec<JsValue>) -> Result<JsValue, JsError> {
        let args = args.iter().map(argument).collect::<Result<Vec<_>, _>>()?;
        let mut request = Vec::new();
        encode_command(&mut request, &args);
        self.receive(client, &request);
        let output = self.take_output(client);
        match Value::decode(&output)? {
            Some((value, _)) => Ok(reply::to_js(&value)),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    /// Moves the engine's time to a point in milliseconds since 1970: what is due on the way
    /// happens in order. Time does not go back.
    pub fn advance(&mut self, now: f64) {
        self.engine.advance(UnixMillis(now as i64));
    }

    /// Lets a script that takes long go on for a while; whether it is still unfinished. Until it has
    /// ended, what other clients send waits.
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
    /// 1970, or undefined.
    #[wasm_bindgen(js_name = nextDeadline)]
    pub fn next_deadline(&self) -> Option<f64> {
        self.engine.next_deadline().map(|at| at.0 as f64)
    }
}

fn client_id(client: f64) -> ClientId {
    ClientId(client as u64)
}

/// The bytes of an argument: a string as UTF-8, a number as its decimal form, bytes as they are.
fn argument(value: &JsValue) -> Result<Vec<u8>, JsError> {
    if let Some(text) = value.as_string() {
        return Ok(text.into_bytes());
    }
    if value.as_f64().is_some() || value.is_bigint() {
        let text = js_sys::Object::from(value.clone()).to_string();
        return Ok(String::from(text).into_bytes());
    }
    value
        .dyn_ref::<js_sys::Uint8Array>()
        .map(js_sys::Uint8Array::to_vec)
        .ok_or_else(|| JsError::new("an argument must be a string, a number or a Uint8Array"))
}
