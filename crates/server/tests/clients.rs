//! What clients do to a server, meaning it or not.

use keyspace_resp::encode_command;
use keyspace_server::{BackgroundServer, Limits, Options};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn start() -> BackgroundServer {
    start_with(Limits::default())
}

fn start_with(limits: Limits) -> BackgroundServer {
    BackgroundServer::start(Options { port: 0, limits, ..Options::default() }).expect("starts")
}

struct Client(TcpStream);

impl Client {
    fn connect(server: &BackgroundServer) -> Client {
        let stream = TcpStream::connect(server.address()).expect("connects");
        // A server that hangs is a failure, not a wait.
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a duration");
        Client(stream)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the server reads");
    }

    #[track_caller]
    fn expect(&mut self, reply: &[u8]) {
        let mut received = vec![0; reply.len()];
        self.0.read_exact(&mut received).expect("the server answers");
        assert_eq!(received.escape_ascii().to_string(), reply.escape_ascii().to_string());
    }

    #[track_caller]
    fn ask(&mut self, command: &str, reply: &[u8]) {
        self.send(format!("{command}\r\n").as_bytes());
        self.expect(reply);
    }

    /// Returns when the server has gone round its connections, and so has seen what others did.
    fn settle(&mut self) {
        self.ask("PING", b"+PONG\r\n");
        self.ask("PING", b"+PONG\r\n");
    }

    /// Everything that arrives until the server ends the connection.
    fn rest(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Cut off while it has unread bytes, a connection ends in an error; what came before counts.
        let _ = self.0.read_to_end(&mut bytes);
        bytes
    }
}

#[test]
fn a_thousand_clients_are_served_at_a_time() {
    rlimit::increase_nofile_limit(4096).expect("files for both ends of the connections");
    let server = start();
    let mut clients: Vec<Client> = (0..1000).map(|_| Client::connect(&server)).collect();
    for (index, client) in clients.iter_mut().enumerate() {
        client.send(format!("PING {index:04}\r\n").as_bytes());
    }
    for (index, client) in clients.iter_mut().enumerate().rev() {
        client.expect(format!("$4\r\n{index:04}\r\n").as_bytes());
    }
}

#[test]
fn the_server_waits_for_the_time_that_debug_sleep_takes() {
    let server = start();
    let mut client = Client::connect(&server);
    client.ask("DEBUG SLEEP 0.1", b"+OK\r\n");
    client.ask("SET k v", b"+OK\r\n");
    client.send(b"EVAL \"return redis.call('TIME')[1] * 1000 + math.floor(redis.call('TIME')[2] / 1000)\" 0\r\n");
    let mut reply = [0; ":1700000000000\r\n".len()];
    client.0.read_exact(&mut reply).expect("the server answers");
    let engine: u128 = str::from_utf8(&reply[1..14]).expect("a number").parse().expect("a number");
    let world = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis();
    assert!(engine <= world, "{engine} is ahead of {world}");
}

#[test]
fn more_clients_than_allowed_are_told_so() {
    let server = start_with(Limits { clients: 1, ..Limits::default() });
    let mut first = Client::connect(&server);
    first.ask("PING", b"+PONG\r\n");
    assert_eq!(Client::connect(&server).rest(), b"-ERR max number of clients reached\r\n");
    first.ask("PING", b"+PONG\r\n");
}

#[test]
fn a_client_that_leaves_while_it_waits_takes_nothing() {
    let server = start();
    let mut gone = Client::connect(&server);
    gone.ask("PING", b"+PONG\r\n");
    gone.send(b"BRPOP q 0\r\n");
    let mut other = Client::connect(&server);
    other.settle();
    drop(gone);
    other.settle();
    other.ask("LPUSH q x", b":1\r\n");
    other.ask("BRPOP q 0", b"*2\r\n$1\r\nq\r\n$1\r\nx\r\n");
}

#[test]
fn a_subscriber_that_leaves_receives_nothing() {
    let server = start();
    let mut gone = Client::connect(&server);
    gone.ask("SUBSCRIBE c", b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    let mut other = Client::connect(&server);
    other.ask("PUBLISH c x", b":1\r\n");
    drop(gone);
    other.settle();
    other.ask("PUBLISH c x", b":0\r\n");
}

#[test]
fn half_a_command_holds_nobody_up() {
    let server = start();
    let mut half = Client::connect(&server);
    half.send(b"*2\r\n$4\r\nECHO\r\n$5\r\nhe");
    let mut other = Client::connect(&server);
    other.settle();
    half.send(b"llo\r\n");
    half.expect(b"$5\r\nhello\r\n");
}

#[test]
fn a_length_that_is_announced_and_never_sent_costs_nothing() {
    let server = start();
    let silent: Vec<Client> = (0..100)
        .map(|_| {
            let mut client = Client::connect(&server);
            client.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nabc");
            client
        })
        .collect();
    let mut other = Client::connect(&server);
    other.settle();
    other.ask("GET k", b"$-1\r\n");
    drop(silent);
    other.settle();
}

#[test]
fn a_client_that_does_not_read_is_not_read_from_until_it_does() {
    let server = start_with(Limits { unread_bytes: 64 * 1024, ..Limits::default() });
    let mut client = Client::connect(&server);
    let mut command = Vec::new();
    encode_command(&mut command, &[&b"ECHO"[..], &[b'x'; 10_000]]);
    // The system's buffers between the two take some; then the server's patience ends.
    client.0.set_nonblocking(true).expect("a socket");
    let mut sent = 0;
    loop {
        match client.0.write(&command[sent % command.len()..]) {
            Ok(len) => sent += len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                Client::connect(&server).settle();
                match client.0.write(&command[sent % command.len()..]) {
                    Ok(len) => sent += len,
                    Err(_) => break,
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
    // Once it reads, it gets every reply.
    client.0.set_nonblocking(false).expect("a socket");
    let mut reply = b"$10000\r\n".to_vec();
    reply.extend([b'x'; 10_000]);
    reply.extend(b"\r\n");
    for _ in 0..sent / command.len() {
        client.expect(&reply);
    }
    if !sent.is_multiple_of(command.len()) {
        client.send(&command[sent % command.len()..]);
        client.expect(&reply);
    }
    client.ask("PING", b"+PONG\r\n");
}

#[test]
fn a_subscriber_that_does_not_read_is_cut_off() {
    let server = start_with(Limits { pushed_bytes: 64 * 1024, ..Limits::default() });
    let mut deaf = Client::connect(&server);
    deaf.ask("SUBSCRIBE c", b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    let mut publisher = Client::connect(&server);
    let mut command = Vec::new();
    encode_command(&mut command, &[&b"PUBLISH"[..], b"c", &[b'x'; 30_000]]);
    loop {
        publisher.send(&command);
        let mut reply = [0; 4];
        publisher.0.read_exact(&mut reply).expect("the server answers");
        if &reply == b":0\r\n" {
            break;
        }
    }
    assert!(deaf.rest().starts_with(b"*3\r\n$7\r\nmessage\r\n"));
}

#[test]
fn what_the_system_does_not_take_counts_for_the_configured_limit() {
    let server = start();
    let mut deaf = Client::connect(&server);
    deaf.ask("SUBSCRIBE c", b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    let mut publisher = Client::connect(&server);
    let limit = ["CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0"];
    let mut command = Vec::new();
    encode_command(&mut command, &limit);
    publisher.send(&command);
    publisher.expect(b"+OK\r\n");
    command.clear();
    encode_command(&mut command, &[&b"PUBLISH"[..], b"c", &[b'x'; 30_000]]);
    loop {
        publisher.send(&command);
        let mut reply = [0; 4];
        publisher.0.read_exact(&mut reply).expect("the server answers");
        if &reply == b":0\r\n" {
            break;
        }
    }
    assert!(deaf.rest().starts_with(b"*3\r\n$7\r\nmessage\r\n"));
    publisher.ask("CLIENT LIST TYPE pubsub", b"$0\r\n\r\n");
}

#[test]
fn a_wait_ends_in_time_with_nobody_else_about() {
    let server = start();
    let mut client = Client::connect(&server);
    client.ask("BRPOP q 0.01", b"*-1\r\n");
    client.ask("BRPOP q 0.02", b"*-1\r\n");
    // A longer wait that stands does not hide a shorter one.
    let mut patient = Client::connect(&server);
    patient.send(b"BRPOP q 3600\r\n");
    client.settle();
    client.ask("BRPOP q 0.01", b"*-1\r\n");
}

#[test]
fn a_client_may_close_its_sending_half_and_read_its_replies() {
    let server = start();
    let mut client = Client::connect(&server);
    client.send(&b"PING\r\n".repeat(1000));
    client.0.shutdown(std::net::Shutdown::Write).expect("a connection");
    assert_eq!(client.rest(), b"+PONG\r\n".repeat(1000));
}

#[test]
fn a_server_that_stops_delivers_what_it_owes() {
    let server = start();
    let mut client = Client::connect(&server);
    let mut waiting = Client::connect(&server);
    waiting.send(b"BRPOP q 0\r\n");
    client.settle();
    client.send(&b"PING\r\n".repeat(1000));
    client.expect(b"+PONG\r\n");
    drop(server);
    assert_eq!(client.rest(), b"+PONG\r\n".repeat(999));
    assert_eq!(waiting.rest(), b"");
}

#[test]
fn an_address_in_use_is_an_error() {
    let server = start();
    let options = Options { port: server.address().port(), ..Options::default() };
    let error = BackgroundServer::start(options).expect_err("in use");
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
}

#[test]
fn a_password_is_asked_for() {
    let options = Options { port: 0, requirepass: b"secret".to_vec(), ..Options::default() };
    let server = BackgroundServer::start(options).expect("starts");
    let mut client = Client::connect(&server);
    client.ask("PING", b"-NOAUTH Authentication required.\r\n");
    client.ask("AUTH secret", b"+OK\r\n");
    client.ask("PING", b"+PONG\r\n");
}
