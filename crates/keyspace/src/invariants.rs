//! What must hold between two inputs, whatever came: checked by tests, never by the engine itself.

use crate::engine::Engine;
use crate::pubsub::Kind;

impl Engine {
    /// Panics where indexes, queues and counts disagree with what they are about.
    #[doc(hidden)]
    pub fn check_invariants(&self) {
        for db in &self.dbs {
            db.check_invariants();
            let is_gone = db.due(self.now).is_none();
            assert!(is_gone || !self.active_expire, "what is due is gone");
        }
        self.check_blocking();
        self.check_watchers();
        self.check_subscriptions();
        self.check_tracking();
        self.check_pause();
        self.check_users();
        self.check_clients_memory();
        for id in &self.monitors {
            assert!(self.clients.contains_key(id), "a monitor is connected");
        }
    }

    fn check_subscriptions(&self) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            for (name, ids) in self.pubsub.of(kind) {
                assert!(!ids.is_empty(), "a name that nobody listens to is forgotten");
                for id in ids {
                    let client = self.clients.get(id).expect("a listener is connected");
                    assert!(client.subscriptions.of(kind).contains(name), "it knows what it hears");
                }
            }
            for (id, client) in &self.clients {
                for name in client.subscriptions.of(kind) {
                    let ids = self.pubsub.of(kind).get(name);
                    assert!(ids.is_some_and(|ids| ids.contains(id)), "a subscription is listed");
                }
            }
        }
    }
}
