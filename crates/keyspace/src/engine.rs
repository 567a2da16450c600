//! The engine: its state, and its one door.
//!
//! Everything reaches data through [`Engine::receive`] and is answered through
//! [`Engine::take_output`]. Time comes in as an argument and never goes back: an earlier time than
//! one already seen counts as that one.

use crate::acl::Acl;
use crate::blocking::{Blocking, Unblock};
use crate::client::{Client, ClientId};
use crate::client_buffers::{LARGE_BYTES, ReplyBuffers};
use crate::clients::Clients;
use crate::config::Config;
use crate::db::{DATABASES, Db, DbIndex};
use crate::event::Event;
use crate::hotkeys::HotKeys;
use crate::idle::Idle;
use crate::latency::LatencyMonitor;
use crate::multi::Watchers;
use crate::output_limit::{SoftLimits, UNCOUNTED};
use crate::pause::Pause;
use crate::pubsub::PubSub;
use crate::script::Scripting;
use crate::slowlog::SlowLog;
use crate::stats::Stats;
use crate::time::UnixMillis;
use crate::tracking::TrackingTable;
use keyspace_resp::{Limits, RequestParser};

/// How an engine starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// What every random choice follows from (SPOP, RANDOMKEY, the run id).
    pub seed: u64,
    /// The time at which the engine starts.
    pub start: UnixMillis,
    /// The password that clients must give, or empty.
    pub requirepass: Vec<u8>,
    /// The TCP port that INFO and CONFIG GET name; the engine itself does not listen.
    pub port: u16,
    /// A count of microseconds that never goes back: what SLOWLOG, LATENCY, HOTKEYS and INFO know
    /// of how long commands take. Nothing else depends on it. Without one they take no time.
    pub stopwatch: Option<fn() -> u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 0,
            start: UnixMillis(0),
            requirepass: Vec::new(),
            port: 6379,
            stopwatch: None,
        }
    }
}

/// How a client connects.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The address that CLIENT LIST and MONITOR show; one is made up where it is empty.
    pub addr: String,
    /// A hidden client is an observer's own: monitors, events, CLIENT LIST and the counters
    /// leave it out, it may do everything without a password, and its reads do not count as use
    /// of a key.
    pub hidden: bool,
}

/// A Redis-compatible engine. Cloning it is a checkpoint: the clone goes on exactly as the
/// original would.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) now: UnixMillis,
    pub(crate) start: UnixMillis,
    pub(crate) port: u16,
    pub(crate) run_id: String,
    pub(crate) rng: fastrand::Rng,
    pub(crate) dbs: Vec<Db>,
    pub(crate) clients: Clients,
    next_client: u64,
    pub(crate) config: Config,
    pub(crate) acl: Acl,
    pub(crate) blocking: Blocking,
    pub(crate) pause: Pause,
    pub(crate) idle: Idle,
    pub(crate) soft_limits: SoftLimits,
    pub(crate) clients_memory: usize,
    pub(crate) reply_buffers: ReplyBuffers,
    pub(crate) tracking: TrackingTable,
    pub(crate) watchers: Watchers,
    pub(crate) pubsub: PubSub,
    pub(crate) monitors: Vec<ClientId>,
    pub(crate) scripting: Scripting,
    pub(crate) stats: Stats,
    /// The most that the data ever took when what a client had sent was done.
    pub(crate) peak_memory: u64,
    pub(crate) stopwatch: Option<fn() -> u64>,
    pub(crate) slowlog: SlowLog,
    pub(crate) latency: LatencyMonitor,
    pub(crate) hotkeys: HotKeys,
    /// How long DEBUG SLEEP still holds everybody up.
    pub(crate) delay_micros: u64,
    outputs: Vec<ClientId>,
    /// Whether what is due dies by itself, and not only where a command meets it.
    pub(crate) active_expire: bool,
    events: Option<Vec<Event>>,
}

impl Engine {
    /// An empty engine.
    pub fn new(options: Options) -> Engine {
        let mut rng = fastrand::Rng::with_seed(options.seed);
        let run_id = (0..40).map(|_| char::from_digit(rng.u32(..16), 16).unwrap_or('0')).collect();
        let config = Config::new(&options.requirepass, options.port);
        let mut acl = Acl::default();
        acl.set_default_password(&options.requirepass);
        Engine {
            now: options.start,
            start: options.start,
            port: options.port,
            run_id,
            rng,
            dbs: vec![Db::default(); DATABASES],
            clients: Clients::default(),
            next_client: 1,
            config,
            acl,
            blocking: Blocking::default(),
            pause: Pause::default(),
            idle: Idle::default(),
            soft_limits: SoftLimits::default(),
            clients_memory: 0,
            reply_buffers: ReplyBuffers::default(),
            tracking: TrackingTable::default(),
            watchers: Watchers::default(),
            pubsub: PubSub::default(),
            monitors: Vec::new(),
            scripting: Scripting::default(),
            stats: Stats::default(),
            peak_memory: 0,
            stopwatch: options.stopwatch,
            slowlog: SlowLog::default(),
            latency: LatencyMonitor::default(),
            hotkeys: HotKeys::default(),
            delay_micros: 0,
            outputs: Vec::new(),
            active_expire: true,
            events: None,
        }
    }

    /// Connects a client at `now`.
    pub fn connect(&mut self, now: UnixMillis) -> ClientId {
        self.connect_with(ConnectOptions::default(), now)
    }

    /// Connects a client at `now`, with options. Where there are `maxclients` already it is told
    /// so, and to be disconnected.
    pub fn connect_with(&mut self, options: ConnectOptions, now: UnixMillis) -> ClientId {
        self.advance(now);
        let id = ClientId(self.next_client);
        self.next_client += 1;
        let addr = if options.addr.is_empty() {
            format!("127.0.0.1:{}", 50_000 + id.0 % 10_000)
        } else {
            options.addr
        };
        let mut client = Client::new(id, addr, self.now);
        client.hidden = options.hidden;
        client.no_touch = options.hidden;
        client.parser = Some(Box::default());
        let is_refused = !options.hidden && self.clients.shown() >= self.config.maxclients;
        if is_refused {
            client.hidden = true;
            client.closing = true;
            client.out.error("ERR max number of clients reached");
            self.stats.rejected_connections += 1;
        }
        self.clients.insert(id, client);
        self.become_default_user(id);
        if is_refused {
            self.list_output(id);
        } else if !options.hidden {
            self.stats.connections_received += 1;
            self.count_memory(id);
            self.plan_idle_client();
            self.record(|at| Event::Connected { at, client: id });
        }
        id
    }

    /// Forgets a client: what it waited for, watched and listened to.
    pub fn disconnect(&mut self, id: ClientId, now: UnixMillis) {
        self.advance(now);
        if self.abandon_script(id) {
            return;
        }
        let Some(client) = self.clients.get(&id) else {
            return;
        };
        let hidden = client.hidden;
        self.release_client(id);
        self.outputs.retain(|&other| other != id);
        if let Some(client) = self.clients.remove(&id) {
            self.clients_memory -= client.counted_memory;
        }
        if !hidden {
            self.record(|at| Event::Disconnected { at, client: id });
        }
    }

    /// Closes a connection from this side: the client is owed nothing more.
    pub(crate) fn kill_client(&mut self, id: ClientId) {
        self.release_client(id);
        if let Some(client) = self.clients.get_mut(&id) {
            client.out.truncate(0);
            client.closing = true;
            client.cut_off = true;
            if let Some(parser) = &mut client.parser {
                **parser = RequestParser::default();
            }
            self.count_memory(id);
            self.list_output(id);
        }
    }

    /// Ends what the client waits for, watches and listens to.
    fn release_client(&mut self, id: ClientId) {
        self.free_client(id);
        self.forget_postponed(id);
        self.forget_soft_limit(id);
        self.stop_tracking(id);
        self.discard_transaction(id);
        self.unsubscribe_all(id);
        self.monitors.retain(|&other| other != id);
    }

    /// Takes what a client sent, in any fragmentation, and runs every command that is complete.
    /// Bytes for a client that does not exist, or that is to be closed, are ignored.
    pub fn receive(&mut self, id: ClientId, bytes: &[u8], now: UnixMillis) {
        self.advance(now);
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        if client.closing {
            return;
        }
        if let Some(parser) = &mut client.parser {
            parser.feed(bytes);
        }
        client.last_interaction_at = self.now;
        client.bytes_in += bytes.len() as u64;
        self.stats.tick(self.now);
        if !client.hidden {
            self.stats.reads += 1;
            self.stats.bytes_in += bytes.len() as u64;
        }
        let ran_before = client.commands_processed;
        let turn = (self.stats.commands_processed, self.stats.micros);
        self.run_pending(id);
        self.settle();
        if bytes.len() >= LARGE_BYTES {
            self.note_large(id, ran_before, bytes.len());
        }
        self.limit_query(id);
        self.stats.note_turn(turn);
        self.peak_memory = self.peak_memory();
        self.end_turn();
    }

    /// Cuts a client off that has sent more than `client-query-buffer-limit` and cannot run it yet.
    fn limit_query(&mut self, id: ClientId) {
        self.count_memory(id);
        let client = self.clients.get(&id).filter(|client| !client.hidden && !client.closing);
        let parser = client.and_then(|client| client.parser.as_ref());
        if parser.is_some_and(|it| it.pending_bytes() > self.config.client_query_buffer_limit) {
            self.stats.query_limit_disconnections += 1;
            self.kill_client(id);
        }
    }

    /// What is done once for all that happened in a call of the host.
    pub(crate) fn end_turn(&mut self) {
        self.limit_tracking_table();
        self.broadcast_invalid();
        self.evict_clients();
        self.plan_idle();
    }

    /// Takes what a client is owed: replies in the order of its commands, and pushes.
    pub fn take_output(&mut self, id: ClientId) -> Vec<u8> {
        let Some(client) = self.clients.get_mut(&id) else {
            return Vec::new();
        };
        let bytes = client.out.take();
        if !bytes.is_empty() {
            client.last_interaction_at = self.now;
        }
        client.bytes_out += bytes.len() as u64;
        if !client.hidden {
            self.stats.writes += u64::from(!bytes.is_empty());
            self.stats.bytes_out += bytes.len() as u64;
        }
        self.limit_output(id);
        bytes
    }

    /// The clients that a host should look at: each has output, or is to be closed. A client is
    /// named once until it is named again for something new.
    pub fn take_active(&mut self) -> Vec<ClientId> {
        for id in &self.outputs {
            if let Some(client) = self.clients.get_mut(id) {
                client.listed = false;
            }
        }
        std::mem::take(&mut self.outputs)
    }

    /// Whether the host is to disconnect this client when its output is delivered (QUIT, a
    /// protocol error, CLIENT KILL).
    pub fn is_closing(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.closing)
    }

    /// Whether this client is closed without regard to its output (CLIENT KILL, a limit): what the
    /// host has not delivered yet is to be dropped.
    pub fn is_cut_off(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(|client| client.cut_off)
    }

    /// Whether this client waits: in a blocking command, or for the end of a pause.
    pub fn is_blocked(&self, id: ClientId) -> bool {
        self.clients.get(&id).is_some_and(Client::waits)
    }

    /// Moves time to `now`. What is due on the way happens at its own millisecond and in order:
    /// keys die, waiting clients time out, and what that sets in motion runs. For all of that time
    /// stands while a script is unfinished.
    pub fn advance(&mut self, now: UnixMillis) {
        if self.has_unfinished_script() {
            return self.pass_time_of_script(now);
        }
        while let Some(deadline) = self.deadline_until(now) {
            self.reach(deadline);
            self.settle();
            self.cut_off_due();
            self.close_idle();
        }
        self.now = self.now.max(now);
        self.end_turn();
    }

    /// The next deadline, where it is not after `end`.
    pub(crate) fn deadline_until(&self, end: UnixMillis) -> Option<UnixMillis> {
        self.next_deadline().filter(|&deadline| deadline <= end)
    }

    /// Lets happen what is due at a deadline. Clients that it frees do not run yet.
    pub(crate) fn reach(&mut self, deadline: UnixMillis) {
        self.now = self.now.max(deadline);
        self.end_pause_due();
        self.watched("expire-cycle", Engine::expire_due);
        self.retry_due();
        while let Some(id) = self.blocking.due(self.now) {
            self.unblock_client(id, Unblock::Timeout);
        }
        self.serve_ready_keys();
    }

    /// When the next key or field expires, the next wait or pause ends, or a client may have to be
    /// closed; a host should call [`advance`](Self::advance) then.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        if self.has_unfinished_script() {
            return None;
        }
        let expire = self.active_expire.then(|| self.dbs.iter().filter_map(Db::next_expire).min());
        let others = [
            self.blocking.next_deadline(),
            self.pause.deadline(),
            self.soft_limits.next_deadline(),
            self.idle.check_at,
        ];
        others.into_iter().chain(expire).flatten().min()
    }

    /// The engine's time: the latest that it was told.
    pub fn now(&self) -> UnixMillis {
        self.now
    }

    /// Starts or stops recording events; stopping drops those not taken.
    pub fn observe(&mut self, on: bool) {
        self.events = on.then(|| self.events.take().unwrap_or_default());
    }

    /// Takes the events recorded since the last call, the oldest first.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Whether somebody wants events.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.events.is_some()
    }

    /// Records an event, made only where somebody observes.
    #[inline]
    pub(crate) fn record(&mut self, event: impl FnOnce(UnixMillis) -> Event) {
        let now = self.now;
        if let Some(events) = &mut self.events {
            events.push(event(now));
        }
    }

    #[inline]
    pub(crate) fn db(&self, index: DbIndex) -> &Db {
        &self.dbs[usize::from(index.0)]
    }

    #[inline]
    pub(crate) fn db_mut(&mut self, index: DbIndex) -> &mut Db {
        &mut self.dbs[usize::from(index.0)]
    }

    /// Says that a host should look at this client.
    pub(crate) fn list_output(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id)
            && !client.listed
        {
            client.listed = true;
            self.outputs.push(id);
        }
        if self.clients.get(&id).is_some_and(|client| client.unread() > UNCOUNTED) {
            self.limit_output(id);
        }
    }

    /// What a client may announce, by the configuration and by whether it has logged in.
    pub(crate) fn request_limits(&self, client: &Client) -> Limits {
        Limits {
            bulk_bytes: self.config.proto_max_bulk_len,
            unauthenticated: self.has_to_log_in(client),
            ..Limits::default()
        }
    }

    /// Whether a client may do nothing before it logs in.
    pub(crate) fn has_to_log_in(&self, client: &Client) -> bool {
        !client.authenticated && !self.acl.default_user().needs_no_login()
    }
}
