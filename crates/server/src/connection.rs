//! One connection, from its acceptance to its end.

use crate::host::Host;
use crate::outgoing::Outgoing;
use keyspace::ClientId;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Serves a client until either side ends the connection.
pub(crate) async fn serve(host: &Host, stream: &TcpStream, peer: SocketAddr) {
    // Replies are written whole, so waiting to fill packets only delays them. Not vital.
    let _ = stream.set_nodelay(true);
    let (id, outgoing) = host.connect(peer);
    tokio::select! {
        // Whatever ended it, the connection is over; a client that is gone is nobody's error.
        _ = read_all(host, id, stream, &outgoing) => {
            // A client may close its sending half and read the replies to what it sent.
            let _ = outgoing.write(stream);
        }
        _ = outgoing.write_all(stream, |left| host.note_undelivered(id, left)) => {}
        () = outgoing.overrun() => {}
    }
    host.disconnect(id);
}

/// Reads until the client ends the connection, or it breaks.
async fn read_all(
    host: &Host,
    id: ClientId,
    stream: &TcpStream,
    outgoing: &Outgoing,
) -> io::Result<()> {
    loop {
        outgoing.room().await;
        stream.readable().await?;
        host.awake().await;
        match host.receive(id, stream) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
