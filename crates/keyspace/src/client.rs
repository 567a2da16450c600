//! What the engine remembers of a client between two commands.

use crate::acl::UserId;
use crate::blocking::Blocked;
use crate::client_buffers::Buffers;
use crate::db::DbIndex;
use crate::multi::Transaction;
use crate::pause::Postponed;
use crate::pubsub::Subscriptions;
use crate::time::UnixMillis;
use crate::tracking::Tracking;
use crate::value::SmallBytes;
use keyspace_resp::{ReplyWriter, RequestParser};

/// The number of a client, as `CLIENT ID` answers it; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// Whether a client wants replies (`CLIENT REPLY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplyMode {
    On,
    Off,
    /// `CLIENT REPLY SKIP` came: the next command is not answered.
    SkipNext,
    /// That command runs.
    Skip,
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub id: ClientId,
    pub addr: String,
    pub name: SmallBytes,
    pub lib_name: SmallBytes,
    pub lib_ver: SmallBytes,
    pub db: DbIndex,
    pub created_at: UnixMillis,
    /// When the client last sent something or was given something.
    pub last_interaction_at: UnixMillis,
    /// Full name of the last command, or empty before the first.
    pub last_command: &'static str,
    pub commands_processed: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Bytes that had arrived and were not yet run when the last command started, its own included.
    pub query_bytes: usize,
    /// Boxed, as it is taken out while its commands run.
    pub parser: Option<Box<RequestParser>>,
    pub out: ReplyWriter,
    /// Bytes of output that the host has taken and could not deliver yet.
    pub undelivered: usize,
    pub buffers: Buffers,
    /// When the client is cut off if it stays at its soft limit of output.
    pub soft_deadline: Option<UnixMillis>,
    /// What the client is counted with in the sum of what clients take.
    pub counted_memory: usize,
    pub reply_mode: ReplyMode,
    pub user: UserId,
    pub authenticated: bool,
    /// Not shown to monitors, observers and counters.
    pub hidden: bool,
    pub transaction: Transaction,
    pub subscriptions: Subscriptions,
    pub blocked: Option<Blocked>,
    /// What the client waits with for the end of CLIENT PAUSE.
    pub postponed: Option<Postponed>,
    /// How the client tracks, where it does.
    pub tracking: Option<Tracking>,
    pub monitoring: bool,
    pub no_touch: bool,
    pub no_evict: bool,
    /// The host is to close the connection when the output is delivered.
    pub closing: bool,
    /// Not even that: what was not delivered is dropped.
    pub cut_off: bool,
    /// Stands in the engine's list of clients that a host should look at.
    pub listed: bool,
}

impl Client {
    pub fn new(id: ClientId, addr: String, now: UnixMillis) -> Client {
        Client {
            id,
            addr,
            name: SmallBytes::default(),
            lib_name: SmallBytes::default(),
            lib_ver: SmallBytes::default(),
            db: DbIndex::default(),
            created_at: now,
            last_interaction_at: now,
            last_command: "",
            commands_processed: 0,
            bytes_in: 0,
            bytes_out: 0,
            query_bytes: 0,
            parser: Some(Box::default()),
            out: ReplyWriter::default(),
            undelivered: 0,
            buffers: Buffers::new(now),
            soft_deadline: None,
            counted_memory: 0,
            reply_mode: ReplyMode::On,
            user: UserId::default(),
            authenticated: false,
            hidden: false,
            transaction: Transaction::default(),
            subscriptions: Subscriptions::default(),
            blocked: None,
            postponed: None,
            tracking: None,
            monitoring: false,
            no_touch: false,
            no_evict: false,
            closing: false,
            cut_off: false,
            listed: false,
        }
    }

    /// CLIENT CACHING holds for one command, or one transaction.
    pub fn end_caching(&mut self) {
        if self.transaction.queue.is_none()
            && let Some(tracking) = &mut self.tracking
        {
            tracking.caching = false;
        }
    }

    /// The arguments of the command with which the client waits.
    pub fn waiting_args(&self) -> &[SmallBytes] {
        let blocked = self.blocked.as_ref().map(|blocked| &blocked.args[..]);
        let postponed = self.postponed.as_ref().map(|postponed| postponed.args());
        blocked.or(postponed).unwrap_or_default()
    }

    /// Whether the client's command is still to be answered: it blocks, or is postponed.
    pub fn waits(&self) -> bool {
        self.blocked.is_some() || self.postponed.is_some()
    }
}
