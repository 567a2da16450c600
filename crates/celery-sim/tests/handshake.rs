//! What redis-py sends on a new connection, byte for byte: recorded on the wire, as servers do
//! not tell of commands that they refuse.

use celery_sim::{Action, Actor, Config, ConnectionId, Producer, Role, TaskCall, Worker};
use keyspace::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_795_402_600_000);

/// What an actor sends on its connection of a role until it has sent `count` times, where every
/// write is answered by OK.
fn sent(mut actor: impl Actor, role: Role, count: usize) -> Vec<String> {
    let mut sent = Vec::new();
    let mut wanted: Option<ConnectionId> = None;
    actor.advance(NOW);
    for _ in 0..100 {
        for action in actor.take_actions() {
            match action {
                Action::Open(id, opened) if opened == role => wanted = Some(id),
                Action::Send(id, bytes) => {
                    if wanted == Some(id) {
                        sent.push(bytes.escape_ascii().to_string());
                    }
                    let replies = bytes.iter().filter(|byte| **byte == b'*').count();
                    actor.receive(id, &b"+OK\r\n".repeat(replies), NOW);
                }
                Action::Open(..) | Action::Close(_) => {}
            }
        }
        if sent.len() >= count {
            break;
        }
    }
    sent.truncate(count);
    sent
}

const HELLO: &str = r"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n";
const MAINTENANCE: &str = concat!(
    r"*5\r\n$6\r\nCLIENT\r\n$19\r\nMAINT_NOTIFICATIONS\r\n$2\r\nON\r\n",
    r"$20\r\nmoving-endpoint-type\r\n$13\r\ninternal-fqdn\r\n"
);
const LIBRARY: &str =
    r"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-py\r\n";
const LIBRARY_OF_CELERY: &str =
    r"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$23\r\nredis-py(celery_v5.7.0)\r\n";
const VERSION: &str = r"*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$7\r\nLIB-VER\r\n$5\r\n8.1.0\r\n";
const PING: &str = r"*1\r\n$4\r\nPING\r\n";
const SELECT: &str = r"*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n";

#[test]
fn the_result_backend_selects_its_database_last() {
    let mut producer = Producer::new("producer", Config::solo().into(), 1);
    producer.send(TaskCall::new("app.add", [2, 3]));
    let expected = [HELLO, MAINTENANCE, LIBRARY_OF_CELERY, VERSION, SELECT];
    assert_eq!(sent(producer, Role::ResultListener, 5), expected);
}

#[test]
fn the_broker_is_asked_whether_it_is_well_before_anything_else() {
    let worker = Worker::new("w1@h", Config::solo(), 1);
    let expected = [PING, HELLO, MAINTENANCE, LIBRARY, VERSION, PING];
    assert_eq!(sent(worker, Role::Consumer, 6), expected);
}
