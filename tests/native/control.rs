//! A connection beside those of a transcript: to empty a server, and to wait until it has worked on
//! what others sent. Transcripts see which clients there are, so it does not outlive its purpose.

use keyspace_resp::{Value, encode_command};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long a reply may take before the server counts as silent.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a server.
pub struct Control {
    stream: BufReader<TcpStream>,
}

impl Control {
    /// Connects.
    pub fn connect(address: SocketAddr) -> io::Result<Control> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Control { stream: BufReader::new(stream) })
    }

    /// Sends a command and reads its reply.
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Value> {
        let mut bytes = Vec::new();
        encode_command(&mut bytes, args);
        self.stream.get_mut().write_all(&bytes)?;
        let mut reply = Vec::new();
        loop {
            let more = self.stream.fill_buf()?;
            let len = more.len();
            if len == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server is gone"));
            }
            reply.extend_from_slice(more);
            self.stream.consume(len);
            if let Some((value, _)) = Value::decode(&reply).map_err(io::Error::other)? {
                return Ok(value);
            }
        }
    }

    /// Ends the connection, by no command that a monitor would see; the server has forgotten it
    /// when this returns.
    pub fn quit(mut self) -> io::Result<()> {
        self.stream.get_mut().shutdown(Shutdown::Write)?;
        self.stream.read_to_end(&mut Vec::new()).map(drop)
    }
}
