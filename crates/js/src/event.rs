//! Events as JavaScript objects: what happened by its `type`, names and values as bytes.

use keyspace::{DbIndex, Event as EngineEvent, UnixMillis};
use serde::Serialize;
use serde_bytes::Bytes;

/// An [`EngineEvent`] for JavaScript.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Event<'a> {
    Connected { at: f64, client: f64 },
    Disconnected { at: f64, client: f64 },
    Command { at: f64, client: f64, db: u8, args: Vec<&'a Bytes> },
    KeyChanged { at: f64, client: Option<f64>, db: u8, key: &'a Bytes, event: &'static str },
    DbChanged { at: f64, db: u8 },
    KeyExpired { at: f64, db: u8, key: &'a Bytes },
    Blocked { at: f64, client: f64, db: u8, keys: Vec<&'a Bytes>, deadline: Option<f64> },
    Woken { at: f64, client: f64, db: u8, key: &'a Bytes },
    Unblocked { at: f64, client: f64 },
    ScriptUnfinished { at: f64, client: f64 },
    ScriptEnded { at: f64, client: f64 },
    Published { at: f64, channel: &'a Bytes, message: &'a Bytes, receivers: usize },
}

impl<'a> Event<'a> {
    pub fn of(event: &'a EngineEvent) -> Event<'a> {
        let at = |at: &UnixMillis| at.0 as f64;
        let db = |db: &DbIndex| db.0;
        match event {
            EngineEvent::Connected { at: time, client } => {
                Event::Connected { at: at(time), client: client.0 as f64 }
            }
            EngineEvent::Disconnected { at: time, client } => {
                Event::Disconnected { at: at(time), client: client.0 as f64 }
            }
            EngineEvent::Command { at: time, client, db: index, args } => Event::Command {
                at: at(time),
                client: client.0 as f64,
                db: db(index),
                args: args.iter().map(|arg| Bytes::new(arg)).collect(),
            },
            EngineEvent::KeyChanged { at: time, client, db: index, key, event } => {
                Event::KeyChanged {
                    at: at(time),
                    client: client.map(|client| client.0 as f64),
                    db: db(index),
                    key: Bytes::new(key),
                    event,
                }
            }
            EngineEvent::DbChanged { at: time, db: index } => {
                Event::DbChanged { at: at(time), db: db(index) }
            }
            EngineEvent::KeyExpired { at: time, db: index, key } => {
                Event::KeyExpired { at: at(time), db: db(index), key: Bytes::new(key) }
            }
            EngineEvent::Blocked { at: time, client, db: index, keys, deadline } => {
                Event::Blocked {
                    at: at(time),
                    client: client.0 as f64,
                    db: db(index),
                    keys: keys.iter().map(|key| Bytes::new(key)).collect(),
                    deadline: deadline.as_ref().map(at),
                }
            }
            EngineEvent::Woken { at: time, client, db: index, key } => Event::Woken {
                at: at(time),
                client: client.0 as f64,
                db: db(index),
                key: Bytes::new(key),
            },
            EngineEvent::Unblocked { at: time, client } => {
                Event::Unblocked { at: at(time), client: client.0 as f64 }
            }
            EngineEvent::ScriptUnfinished { at: time, client } => {
                Event::ScriptUnfinished { at: at(time), client: client.0 as f64 }
            }
            EngineEvent::ScriptEnded { at: time, client } => {
                Event::ScriptEnded { at: at(time), client: client.0 as f64 }
            }
            EngineEvent::Published { at: time, channel, message, receivers } => Event::Published {
                at: at(time),
                channel: Bytes::new(channel),
                message: Bytes::new(message),
                receivers: *receivers,
            },
        }
    }
}
