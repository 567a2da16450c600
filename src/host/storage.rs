//! What the page remembers from one visit to the next.

use web_sys::Storage;

/// What was stored under a name.
pub fn load(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok()?
}

/// Stores text under a name, where the browser lets it.
pub fn save(name: &str, text: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden storage only means that the page forgets.
        let _ = storage.set_item(&key(name), text);
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}

fn key(name: &str) -> String {
    format!("keyspace.{name}")
}
