//! The page's one door to the engine: typed messages, and the worker that carries them.
//!
//! The page sends a [`Request`] and never waits for it. The worker answers with batches of
//! [`Update`]s, at most one a frame. To add a message, add a variant here, handle the request in
//! [`crate::worker::Session::handle`], and the update in [`crate::app`]'s `update`.

mod message;
mod transport;

pub use message::{
    Batch, ChangedBy, ClientEvent, ClockAction, ClockState, CommandDoc, ConsoleId, Database,
    FeedItem, Happening, HashField, Inspection, KeyChange, KeyDetail, KeyKind, KeyQuery, KeyRow,
    KeyValue, KeyWindow, Mark, Request, Sort, StreamGroup, TimeRequest, TimeState, Update,
};
pub use transport::{Backend, Status, decode, encode};
