//! What happens in the engine, as it happens: commands of every client, keys that die, clients
//! that wait and are served.

pub mod state;
pub mod view;

pub use state::State;
