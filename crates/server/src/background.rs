//! A server on a thread of its own, for tests and programs that do other things.

use crate::{Options, Server};
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A server that runs until this is dropped.
///
/// ```
/// use keyspace_server::{BackgroundServer, Options};
/// use std::io::{Read, Write};
///
/// let server = BackgroundServer::start(Options { port: 0, ..Options::default() })?;
/// let mut client = std::net::TcpStream::connect(server.address())?;
/// client.write_all(b"PING\r\n")?;
/// let mut reply = [0; 7];
/// client.read_exact(&mut reply)?;
/// assert_eq!(&reply, b"+PONG\r\n");
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug)]
pub struct BackgroundServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl BackgroundServer {
    /// Starts a server, which accepts connections when this returns.
    ///
    /// # Errors
    /// What keeps it from listening, or from having a thread.
    pub fn start(options: Options) -> io::Result<BackgroundServer> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = runtime.block_on(async { Server::bind(options) })?;
        let address = server.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let thread =
            std::thread::Builder::new().name("keyspace-server".into()).spawn(move || {
                // The sender's end, whether used or dropped, means stop.
                runtime.block_on(server.run(async { drop(stopped.await) }))
            })?;
        Ok(BackgroundServer { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for BackgroundServer {
    /// Stops the server and waits until clients have what they are owed.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A server that failed has no one left to tell.
            let _ = thread.join();
        }
    }
}
