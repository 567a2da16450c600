//! The engine behind a TCP port: for `redis-cli`, client libraries, and tests against real ones.
//!
//! One thread does everything. Each connection is a task that reads what its client sent, gives
//! it to the engine, and writes what the engine owes; another task tells the engine the time when
//! its next deadline comes.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use keyspace_server::{Options, Server};
//!
//! let server = Server::bind(Options::default())?;
//! println!("listening on {}", server.local_addr()?);
//! server.run(std::future::pending()).await
//! # }
//! ```
#![deny(missing_docs)]

mod background;
mod connection;
mod host;
mod outgoing;

pub use background::BackgroundServer;
use host::Host;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinSet, LocalSet};

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address to listen on.
    pub bind: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// The password that clients must give, or empty.
    pub requirepass: Vec<u8>,
    /// What clients may take.
    pub limits: Limits,
}

/// What clients may take of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at a time, as Redis's `maxclients`.
    pub clients: usize,
    /// A client that leaves this many bytes of its replies unread is not read from until it has
    /// read them. Clients write long pipelines before they read, so this is generous.
    pub unread_bytes: usize,
    /// A client that leaves this many bytes unread is cut off when others cause more (messages,
    /// MONITOR), which nothing else can stop. Redis's bound for subscribers.
    pub pushed_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { clients: 10_000, unread_bytes: 256 * 1024 * 1024, pushed_bytes: 32 * 1024 * 1024 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Options {
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 6379,
            requirepass: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// How many connections may wait to be accepted. A system may allow less; one that finds no room
/// is tried again by its client a whole second later.
const BACKLOG: u32 = 4096;

/// How long a stopping server waits for clients to read what they are owed.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait before accepting again where the system has no more files for connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    options: Options,
}

impl Server {
    /// Starts to listen: connections may come from now on, and wait. Must be called in a runtime of
    /// tokio's.
    ///
    /// # Errors
    /// What keeps it from listening there, such as an address in use.
    pub fn bind(options: Options) -> io::Result<Server> {
        let address = SocketAddr::new(options.bind, options.port);
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restarted server takes its port again at once. On Windows it means another thing.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Server { listener: socket.listen(BACKLOG)?, options })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says where it cannot tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves clients until `stop` is ready, then delivers what they are owed and ends.
    ///
    /// # Errors
    /// What the system says where the listening address cannot be told.
    pub async fn run(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let host = Rc::new(Host::new(&self.options, self.local_addr()?.port()));
        let clients_max = self.options.limits.clients;
        LocalSet::new().run_until(serve(self.listener, host, clients_max, stop)).await;
        Ok(())
    }
}

/// Accepts connections until `stop` is ready. Runs inside a [`LocalSet`].
async fn serve(
    listener: TcpListener,
    host: Rc<Host>,
    clients_max: usize,
    stop: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            () = host.keep_time() => {}
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if connections.len() < clients_max => {
                    let host = Rc::clone(&host);
                    connections.spawn_local(async move { connection::serve(&host, &stream, peer).await });
                }
                // The socket is new, so this fits into its buffer; if not, it is closed all the same.
                Ok((stream, _)) => {
                    let _ = stream.try_write(b"-ERR max number of clients reached\r\n");
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
        }
    }
    drop(listener);
    host.close_all();
    let flushed = async { while connections.join_next().await.is_some() {} };
    // Whoever has not read by now is cut off: that is what stopping means.
    let _ = tokio::time::timeout(STOP_PATIENCE, flushed).await;
}
