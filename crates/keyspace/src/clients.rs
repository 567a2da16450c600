//! The clients that are connected, in the order in which they came.
//!
//! While a command runs its client is asked for again and again: the one that was found last is
//! found without a search.

use crate::client::{Client, ClientId};
use std::cell::Cell;

/// The clients by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clients {
    /// Ids ascend, as none is used twice. Boxed, so that a client that goes moves no others.
    by_id: Vec<(ClientId, Box<Client>)>,
    /// The place of the client that was found last; another may stand there by now.
    recent: Cell<usize>,
    /// How many of them are not hidden.
    shown: usize,
}

impl Clients {
    #[inline(always)]
    pub fn get(&self, id: &ClientId) -> Option<&Client> {
        match self.by_id.get(self.recent.get()) {
            Some((other, client)) if other == id => Some(client),
            _ => self.by_id.get(self.search(*id)?).map(|(_, client)| &**client),
        }
    }

    #[inline(always)]
    pub fn get_mut(&mut self, id: &ClientId) -> Option<&mut Client> {
        let recent = self.recent.get();
        let place = match self.by_id.get(recent) {
            Some((other, _)) if other == id => recent,
            _ => self.search(*id)?,
        };
        self.by_id.get_mut(place).map(|(_, client)| &mut **client)
    }

    pub fn contains_key(&self, id: &ClientId) -> bool {
        self.get(id).is_some()
    }

    /// How many clients are not hidden.
    pub fn shown(&self) -> usize {
        self.shown
    }

    /// Adds a client whose id is higher than all before.
    pub fn insert(&mut self, id: ClientId, client: Client) {
        self.shown += usize::from(!client.hidden);
        self.by_id.push((id, Box::new(client)));
    }

    /// Forgets a client; the others keep their order.
    pub fn remove(&mut self, id: &ClientId) -> Option<Client> {
        let (_, client) = self.by_id.remove(self.search(*id)?);
        self.shown -= usize::from(!client.hidden);
        Some(*client)
    }

    pub fn values(&self) -> impl Iterator<Item = &Client> + Clone {
        self.by_id.iter().map(|(_, client)| &**client)
    }

    /// The place of a client, which becomes the recent one.
    #[cold]
    fn search(&self, id: ClientId) -> Option<usize> {
        let place = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.recent.set(place);
        Some(place)
    }
}

impl<'c> IntoIterator for &'c Clients {
    type Item = (&'c ClientId, &'c Client);
    type IntoIter = Iter<'c>;

    fn into_iter(self) -> Iter<'c> {
        Iter(self.by_id.iter())
    }
}

/// The clients with their ids.
#[derive(Debug)]
pub(crate) struct Iter<'c>(std::slice::Iter<'c, (ClientId, Box<Client>)>);

impl<'c> Iterator for Iter<'c> {
    type Item = (&'c ClientId, &'c Client);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(id, client)| (id, &**client))
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
