//! What a test author relies on: waiting, errors, transactions, clocks and checkpoints.

use keyspace_client::redis::{
    ConnectionLike, RedisError, Script, TypedCommands, cmd, pipe, transaction,
};
use keyspace_client::{Keyspace, Options};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

#[test]
fn replies_become_what_the_caller_asks_for() {
    let mut client = Keyspace::new().client();
    client.hset_multiple("user:1", &[("name", "Ada"), ("role", "admin")]).unwrap();
    let user: HashMap<String, String> = client.hgetall("user:1").unwrap();
    assert_eq!(user["name"], "Ada");
    client.zadd_multiple("scores", &[(310.5, "ada"), (275.0, "grace")]).unwrap();
    let scores = client.zrange_withscores("scores", 0, -1).unwrap();
    assert_eq!(scores, [("grace".to_owned(), 275.0), ("ada".to_owned(), 310.5)]);
    cmd("HELLO").arg(3).exec(&mut client).unwrap();
    let sorted: BTreeMap<String, String> = cmd("HGETALL").arg("user:1").query(&mut client).unwrap();
    assert_eq!(sorted.len(), 2);
}

#[test]
fn an_error_of_the_engine_is_an_error_of_the_crate() {
    let mut client = Keyspace::new().client();
    client.set("k", "text").unwrap();
    let error = client.incr("k", 1).unwrap_err();
    assert_eq!(error.detail(), Some("value is not an integer or out of range"));
    let error: RedisError = client.lpush("k", "x").unwrap_err();
    assert_eq!(error.code(), Some("WRONGTYPE"));
}

#[test]
fn a_wait_with_a_timeout_moves_the_clock_to_its_end() {
    let keyspace = Keyspace::new();
    let mut client = keyspace.client();
    let start = keyspace.now();
    assert_eq!(client.brpop("nothing", 5.0).unwrap(), None);
    assert_eq!(keyspace.now(), start + 5_000);
}

#[test]
fn a_wait_that_nothing_can_end_is_an_error_and_the_client_goes_on() {
    let mut client = Keyspace::new().client();
    let error = client.brpop("nothing", 0.0).unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("Client::send"), "{error}");
    assert!(!client.is_blocked());
    assert_eq!(client.ping().unwrap(), "PONG");
}

#[test]
fn a_command_after_one_that_waits_says_so() {
    let keyspace = Keyspace::new();
    let mut client = keyspace.client();
    client.send(cmd("BLPOP").arg("q").arg(0)).unwrap();
    assert!(client.ping().unwrap_err().to_string().contains("take its reply first"));
    assert_eq!(client.reply::<Vec<String>>().unwrap(), None);
    keyspace.client().rpush("q", "x").unwrap();
    assert_eq!(client.reply().unwrap(), Some(["q".to_owned(), "x".to_owned()]));
    assert_eq!(client.ping().unwrap(), "PONG");
}

#[test]
fn a_script_runs_to_its_end() {
    let mut client = Keyspace::new().client();
    let script = Script::new("local n = 0 for i = 1, ARGV[1] do n = n + i end return n");
    assert_eq!(script.arg(1_000_000).invoke::<i64>(&mut client).unwrap(), 500_000_500_000);
}

#[test]
fn a_script_without_an_end_closes_the_connection() {
    let keyspace = Keyspace::new();
    let mut client = keyspace.client();
    let error = cmd("EVAL").arg("while true do end").arg(0).exec(&mut client).unwrap_err();
    assert!(error.to_string().contains("does not end"), "{error}");
    assert!(!client.is_open() && client.ping().is_err());
    assert_eq!(keyspace.client().ping().unwrap(), "PONG");
}

#[test]
fn a_transaction_is_tried_again_when_a_watched_key_changes() {
    let keyspace = Keyspace::new();
    let (mut client, mut other) = (keyspace.client(), keyspace.client());
    client.set("n", 1).unwrap();
    let mut tries = 0;
    let (n,): (i64,) = transaction(&mut client, &["n"], |client, pipe| {
        tries += 1;
        let n = client.get_int("n")?.unwrap_or_default();
        if tries == 1 {
            other.set("n", 10)?;
        }
        pipe.set("n", n + 1).ignore().get("n").query(client)
    })
    .unwrap();
    assert_eq!((n, tries), (11, 2));
}

#[test]
fn what_cannot_be_queued_says_why() {
    let mut client = Keyspace::new().client();
    let error = pipe().atomic().cmd("NOSUCH").set("k", 1).exec(&mut client).unwrap_err();
    assert!(error.to_string().contains("unknown command"), "{error}");
    assert_eq!(client.get("k").unwrap(), None);
}

#[test]
fn the_database_is_remembered() {
    let mut client = Keyspace::new().client();
    cmd("SELECT").arg(3).exec(&mut client).unwrap();
    assert_eq!(client.get_db(), 3);
    assert!(cmd("SELECT").arg(99).exec(&mut client).is_err());
    assert_eq!(client.get_db(), 3);
}

#[test]
fn a_closed_connection_is_told() {
    let mut client = Keyspace::new().client();
    assert!(client.check_connection());
    cmd("QUIT").exec(&mut client).unwrap();
    assert!(!client.is_open() && !client.check_connection());
}

#[test]
fn a_password_is_asked_for() {
    let options = Options { requirepass: b"secret".to_vec(), ..Options::default() };
    let mut client = Keyspace::with_options(options).client();
    assert_eq!(client.get("k").unwrap_err().code(), Some("NOAUTH"));
    cmd("AUTH").arg("secret").exec(&mut client).unwrap();
    assert_eq!(client.get("k").unwrap(), None);
}

#[test]
fn pushes_are_kept_apart_from_replies() {
    let keyspace = Keyspace::new();
    let (mut client, mut other) = (keyspace.client(), keyspace.client());
    cmd("HELLO").arg(3).exec(&mut client).unwrap();
    cmd("CLIENT").arg("TRACKING").arg("ON").exec(&mut client).unwrap();
    assert_eq!(client.get("k").unwrap(), None);
    other.set("k", "v").unwrap();
    assert_eq!(client.get("k").unwrap().as_deref(), Some("v"));
    assert_eq!(client.take_pushes().unwrap().len(), 1);
}

#[test]
fn a_subscriber_forgets_what_it_leaves() {
    let keyspace = Keyspace::new();
    let mut subscriber = keyspace.subscriber();
    subscriber.subscribe(&["a", "b"]).unwrap();
    keyspace.client().publish("a", "1").unwrap();
    subscriber.unsubscribe("a").unwrap();
    assert_eq!(keyspace.client().publish("a", "2").unwrap(), 0);
    assert_eq!(keyspace.client().publish("b", "3").unwrap(), 1);
    let payloads: Vec<String> = std::iter::from_fn(|| subscriber.next_message().unwrap())
        .map(|message| message.get_payload().unwrap())
        .collect();
    assert_eq!(payloads, ["1", "3"]);
}

#[test]
fn a_dropped_client_leaves() {
    let keyspace = Keyspace::new();
    let mut client = keyspace.client();
    let subscriber = keyspace.subscriber();
    drop(subscriber);
    let list: String = cmd("CLIENT").arg("LIST").query(&mut client).unwrap();
    assert_eq!(list.lines().count(), 1);
}

#[test]
fn threads_share_an_engine() {
    let keyspace = Keyspace::new();
    let threads = [1, 2, 3].map(|by| {
        let keyspace = keyspace.clone();
        std::thread::spawn(move || keyspace.client().incr("n", by).unwrap())
    });
    threads.into_iter().for_each(|thread| assert!(thread.join().unwrap() > 0));
    assert_eq!(keyspace.client().get("n").unwrap().as_deref(), Some("6"));
}

#[test]
fn time_to_live_follows_the_clock() {
    let keyspace = Keyspace::new();
    let mut client = keyspace.client();
    client.set_ex("k", "v", 60).unwrap();
    keyspace.advance(Duration::from_secs(20));
    let ttl: i64 = cmd("TTL").arg("k").query(&mut client).unwrap();
    assert_eq!(ttl, 40);
    assert_eq!(keyspace.next_deadline(), Some(keyspace.now() + 40_000));
}
