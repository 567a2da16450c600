//! What changed which key, for as long back as a bounded log reaches.

use crate::backend::{ChangedBy, KeyChange};
use keyspace::{ClientId, UnixMillis};
use serde_bytes::ByteBuf;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// How many changes are kept, over all keys.
const CHANGES_MAX: usize = 4_000;
/// How many changes of one key are shown.
const SHOWN_MAX: usize = 100;
/// How much of a command is kept.
const ARGS_MAX: usize = 24;
const ARG_BYTES_MAX: usize = 200;

/// Notifications that accompany a change and are none.
const SILENT: [&str; 4] = ["new", "overwritten", "type_changed", "keymiss"];

type Command = Rc<[ByteBuf]>;

#[derive(Clone, Default)]
pub(super) struct History {
    /// Shared with the moments that are remembered.
    changes: VecDeque<Rc<Change>>,
    /// What each client ran last: a blocked client changes keys long after its command was told.
    last: BTreeMap<ClientId, Command>,
}

struct Change {
    at: UnixMillis,
    db: u8,
    key: Vec<u8>,
    event: &'static str,
    command: Option<Command>,
    by: Option<ChangedBy>,
}

impl History {
    pub fn command(&mut self, client: ClientId, args: &[Vec<u8>]) {
        let kept = args.iter().take(ARGS_MAX);
        let kept = kept.map(|arg| ByteBuf::from(&arg[..arg.len().min(ARG_BYTES_MAX)]));
        self.last.insert(client, kept.collect());
    }

    pub fn forget(&mut self, client: ClientId) {
        self.last.remove(&client);
    }

    pub fn changed(
        &mut self,
        at: UnixMillis,
        db: u8,
        key: Vec<u8>,
        event: &'static str,
        client: Option<ClientId>,
        by: Option<ChangedBy>,
    ) {
        if SILENT.contains(&event) {
            return;
        }
        let command = client.and_then(|client| self.last.get(&client).cloned());
        if self.changes.len() == CHANGES_MAX {
            self.changes.pop_front();
        }
        self.changes.push_back(Rc::new(Change { at, db, key, event, command, by }));
    }

    /// What changed a key, the latest first.
    pub fn of(&self, db: u8, key: &[u8]) -> Vec<KeyChange> {
        let changes = self.changes.iter().rev();
        let of_key = changes.filter(|change| change.db == db && change.key == key);
        of_key.take(SHOWN_MAX).map(|change| change.to_message()).collect()
    }
}

impl Change {
    fn to_message(&self) -> KeyChange {
        KeyChange {
            at: self.at.0 as f64,
            event: self.event.to_owned(),
            command: self.command.as_ref().map(|args| args.to_vec()).unwrap_or_default(),
            by: self.by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CHANGES_MAX, History};
    use keyspace::{ClientId, UnixMillis};

    #[test]
    fn a_change_names_its_clients_last_command() {
        let mut history = History::default();
        let (waiting, pushing) = (ClientId(1), ClientId(2));
        history.command(waiting, &[b"BRPOP".to_vec(), b"q".to_vec()]);
        history.command(pushing, &[b"LPUSH".to_vec(), b"q".to_vec()]);
        history.changed(UnixMillis(5), 0, b"q".to_vec(), "rpop", Some(waiting), None);
        let changes = history.of(0, b"q");
        assert_eq!(changes[0].command[0].as_slice(), b"BRPOP");
        assert_eq!(history.of(1, b"q"), []);
    }

    #[test]
    fn a_change_is_told_once() {
        let mut history = History::default();
        for event in ["new", "set"] {
            history.changed(UnixMillis(1), 0, b"k".to_vec(), event, None, None);
        }
        assert_eq!(history.of(0, b"k").len(), 1);
    }

    #[test]
    fn the_log_is_bounded() {
        let mut history = History::default();
        for at in 0..CHANGES_MAX as i64 + 5 {
            history.changed(UnixMillis(at), 0, b"k".to_vec(), "set", None, None);
        }
        assert_eq!(history.changes.len(), CHANGES_MAX);
        assert_eq!(history.of(0, b"k")[0].at, CHANGES_MAX as f64 + 4.0);
    }
}
