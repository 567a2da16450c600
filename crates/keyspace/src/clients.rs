//! The clients that are connected, in the order in which they came.
//!
//! While a command runs its client is asked for again and again: the one that was found last is
//! found without a search.

use crate::client::{Client, ClientId};
use crate::value::Map;
use std::cell::Cell;

/// The clients by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients {
    by_id: Map<ClientId, Client>,
    /// The place of the client that was found last; another may stand there by now.
    recent: Cell<usize>,
    /// How many of them are not hidden.
    shown: usize,
}

impl Clients {
    #[inline(always)]
    pub fn get(&self, id: &ClientId) -> Option<&Client> {
        let place = self.place(id)?;
        self.by_id.get_index(place).map(|(_, client)| client)
    }

    #[inline(always)]
    pub fn get_mut(&mut self, id: &ClientId) -> Option<&mut Client> {
        let place = self.place(id)?;
        self.by_id.get_index_mut(place).map(|(_, client)| client)
    }

    pub fn contains_key(&self, id: &ClientId) -> bool {
        self.place(id).is_some()
    }

    /// How many clients are not hidden.
    pub fn shown(&self) -> usize {
        self.shown
    }

    /// Adds a client whose id is new.
    pub fn insert(&mut self, id: ClientId, client: Client) {
        self.shown += usize::from(!client.hidden);
        self.by_id.insert(id, client);
    }

    /// Forgets a client; the others keep their order.
    pub fn remove(&mut self, id: &ClientId) -> Option<Client> {
        let client = self.by_id.shift_remove(id)?;
        self.shown -= usize::from(!client.hidden);
        Some(client)
    }

    pub fn values(&self) -> impl Iterator<Item = &Client> + Clone {
        self.by_id.values()
    }

    #[inline(always)]
    fn place(&self, id: &ClientId) -> Option<usize> {
        let recent = self.recent.get();
        if self.by_id.get_index(recent).is_some_and(|(other, _)| other == id) {
            return Some(recent);
        }
        self.search(id)
    }

    fn search(&self, id: &ClientId) -> Option<usize> {
        let place = self.by_id.get_index_of(id)?;
        self.recent.set(place);
        Some(place)
    }
}

impl<'c> IntoIterator for &'c Clients {
    type Item = (&'c ClientId, &'c Client);
    type IntoIter = indexmap::map::Iter<'c, ClientId, Client>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_id.iter()
    }
}

impl std::ops::Index<&ClientId> for Clients {
    type Output = Client;

    /// Panics where there is no such client.
    #[inline(always)]
    fn index(&self, id: &ClientId) -> &Client {
        self.get(id).expect("the client is connected")
    }
}
