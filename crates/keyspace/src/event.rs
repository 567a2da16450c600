//! What an observer is told. Events are recorded only while somebody observes.

use crate::client::ClientId;
use crate::db::DbIndex;
use crate::time::UnixMillis;

/// Something that happened in the engine.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the fields are named by what they hold")]
pub enum Event {
    /// A client connected.
    Connected { at: UnixMillis, client: ClientId },
    /// A client is gone.
    Disconnected { at: UnixMillis, client: ClientId },
    /// A command ran, or was queued by MULTI and runs now. Hidden clients' commands are not told.
    Command { at: UnixMillis, client: ClientId, db: DbIndex, args: Vec<Vec<u8>> },
    /// A key changed; `event` is the name that keyspace notifications give it.
    KeyChanged {
        at: UnixMillis,
        client: Option<ClientId>,
        db: DbIndex,
        key: Vec<u8>,
        event: &'static str,
    },
    /// Every key of a database is gone, or two databases changed places: look again.
    DbChanged { at: UnixMillis, db: DbIndex },
    /// A key died at its millisecond.
    KeyExpired { at: UnixMillis, db: DbIndex, key: Vec<u8> },
    /// A client waits on keys, until the deadline if there is one.
    Blocked {
        at: UnixMillis,
        client: ClientId,
        db: DbIndex,
        keys: Vec<Vec<u8>>,
        deadline: Option<UnixMillis>,
    },
    /// A waiting client was served.
    Woken { at: UnixMillis, client: ClientId, db: DbIndex, key: Vec<u8> },
    /// A waiting client's time ran out, or it was unblocked by another client.
    Unblocked { at: UnixMillis, client: ClientId },
    /// A client's script or function is unfinished after its first slice.
    ScriptUnfinished { at: UnixMillis, client: ClientId },
    /// It has ended.
    ScriptEnded { at: UnixMillis, client: ClientId },
    /// A message was published to so many receivers.
    Published { at: UnixMillis, channel: Vec<u8>, message: Vec<u8>, receivers: usize },
}
