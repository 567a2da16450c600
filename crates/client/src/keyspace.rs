//! An engine that several clients of a test share, and its clock.

use crate::{Client, Subscriber};
use keyspace::{ClientId, ConnectOptions, Engine, Event, Options, UnixMillis};
use keyspace_resp::encode_command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// When the clock of [`Keyspace::new`] starts: 2023-11-14T22:13:20Z.
const START: UnixMillis = UnixMillis(1_700_000_000_000);

/// An engine in this process. Cloning it gives another handle on the same keys; for keys of its
/// own, see [`checkpoint`](Keyspace::checkpoint).
///
/// Its clock stands until [`advance`](Keyspace::advance) moves it, and its random choices follow
/// from a seed: a test that passes once passes always.
#[derive(Debug, Clone)]
pub struct Keyspace {
    engine: Arc<Mutex<Engine>>,
}

impl Default for Keyspace {
    fn default() -> Self {
        Keyspace::new()
    }
}

impl Keyspace {
    /// An empty engine.
    pub fn new() -> Keyspace {
        Keyspace::with_options(Options { start: START, ..Options::default() })
    }

    /// An empty engine with a seed, a start of time or a password of one's own.
    ///
    /// ```
    /// use keyspace_client::{Keyspace, Options, UnixMillis};
    ///
    /// let start = UnixMillis(1_735_689_600_000);
    /// let keyspace = Keyspace::with_options(Options { start, seed: 7, ..Options::default() });
    /// assert_eq!(keyspace.now(), start);
    /// ```
    pub fn with_options(options: Options) -> Keyspace {
        Keyspace::from(Engine::new(options))
    }

    /// Connects a client, which starts in database 0.
    pub fn client(&self) -> Client {
        let id = self.with_engine(|engine| engine.connect(engine.now()));
        Client::new(self.clone(), id)
    }

    /// Connects a client that listens to channels.
    pub fn subscriber(&self) -> Subscriber {
        Subscriber::new(self.client())
    }

    /// The time of the engine.
    pub fn now(&self) -> UnixMillis {
        self.with_engine(|engine| engine.now())
    }

    /// Moves the clock: what is due on the way happens, in order and at its own millisecond.
    ///
    /// ```
    /// use keyspace_client::{Keyspace, redis::TypedCommands};
    /// use std::time::Duration;
    ///
    /// # fn main() -> keyspace_client::redis::RedisResult<()> {
    /// let keyspace = Keyspace::new();
    /// let mut client = keyspace.client();
    /// client.pset_ex("lock", "mine", 250)?;
    /// keyspace.advance(Duration::from_millis(249));
    /// assert!(client.exists("lock")?);
    /// keyspace.advance(Duration::from_millis(1));
    /// assert!(!client.exists("lock")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.with_engine(|engine| engine.advance(engine.now() + millis));
    }

    /// When something next happens by itself: a key expires, a wait ends.
    pub fn next_deadline(&self) -> Option<UnixMillis> {
        self.with_engine(|engine| engine.next_deadline())
    }

    /// An engine of its own that goes on from here as this one would: the same keys, time and
    /// choices to come. Set up once, and give each test a checkpoint.
    ///
    /// ```
    /// use keyspace_client::{Keyspace, redis::TypedCommands};
    ///
    /// # fn main() -> keyspace_client::redis::RedisResult<()> {
    /// let seeded = Keyspace::new();
    /// seeded.client().set("plan", "free")?;
    ///
    /// let other = seeded.checkpoint();
    /// other.client().set("plan", "paid")?;
    /// assert_eq!(seeded.client().get("plan")?.as_deref(), Some("free"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn checkpoint(&self) -> Keyspace {
        Keyspace::from(self.with_engine(|engine| engine.clone()))
    }

    /// What has happened since the last call, the oldest first; the first call begins to record.
    ///
    /// ```
    /// use keyspace_client::{Event, Keyspace, redis::TypedCommands};
    ///
    /// # fn main() -> keyspace_client::redis::RedisResult<()> {
    /// let keyspace = Keyspace::new();
    /// keyspace.take_events();
    /// keyspace.client().set("k", "v")?;
    /// let changed = |event: &Event| matches!(event, Event::KeyChanged { event: "set", .. });
    /// assert!(keyspace.take_events().iter().any(changed));
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_events(&self) -> Vec<Event> {
        self.with_engine(|engine| {
            engine.observe(true);
            engine.take_events()
        })
    }

    /// Lends the engine itself, for what has no method here.
    pub fn with_engine<R>(&self, use_it: impl FnOnce(&mut Engine) -> R) -> R {
        // A test that failed while it held the engine has left it whole: it panics nowhere inside.
        use_it(&mut self.engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends what a client waits for.
    pub(crate) fn unblock(&self, id: ClientId) {
        self.with_engine(|engine| {
            let now = engine.now();
            let options = ConnectOptions { hidden: true, ..ConnectOptions::default() };
            let observer = engine.connect_with(options, now);
            let mut request = Vec::new();
            encode_command(&mut request, &["CLIENT", "UNBLOCK", &id.0.to_string()]);
            engine.receive(observer, &request, now);
            engine.disconnect(observer, now);
        });
    }
}

impl From<Engine> for Keyspace {
    /// A handle on an engine that is there already.
    fn from(engine: Engine) -> Keyspace {
        Keyspace { engine: Arc::new(Mutex::new(engine)) }
    }
}
