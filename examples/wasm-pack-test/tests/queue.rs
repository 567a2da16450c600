//! The queue on a Redis inside the test: `wasm-pack test --headless --chrome` runs this in a
//! browser, `cargo test` natively. Neither needs a server.

use keyspace_client::{Keyspace, redis::TypedCommands};
use lease_queue::LeaseQueue;
use std::time::Duration;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

#[test]
fn jobs_are_taken_in_the_order_in_which_they_came() {
    let mut queue = LeaseQueue::new(Keyspace::new().client(), "mail", 30);
    queue.push("first").unwrap();
    queue.push("second").unwrap();
    assert_eq!(queue.take("w1").unwrap().as_deref(), Some("first"));
    assert_eq!(queue.take("w1").unwrap().as_deref(), Some("second"));
    assert_eq!(queue.take("w1").unwrap(), None);
}

#[test]
fn a_job_whose_worker_died_is_handed_out_again() {
    let keyspace = Keyspace::new();
    let mut queue = LeaseQueue::new(keyspace.client(), "mail", 30);
    queue.push("welcome").unwrap();
    queue.take("w1").unwrap();

    keyspace.advance(Duration::from_secs(29));
    assert_eq!(queue.reclaim().unwrap(), 0);
    keyspace.advance(Duration::from_secs(1)); // half a minute passed, and no time
    assert_eq!(queue.reclaim().unwrap(), 1);
    assert_eq!(queue.take("w2").unwrap().as_deref(), Some("welcome"));
}

#[test]
fn a_job_that_is_done_stays_done() {
    let keyspace = Keyspace::new();
    let mut queue = LeaseQueue::new(keyspace.client(), "mail", 30);
    queue.push("welcome").unwrap();
    queue.take("w1").unwrap();
    queue.done("welcome").unwrap();
    keyspace.advance(Duration::from_secs(60));
    assert_eq!(queue.reclaim().unwrap(), 0);
    assert_eq!(keyspace.client().keys("mail:*").unwrap(), Vec::<String>::new());
}

#[test]
fn two_workers_share_a_queue() {
    let keyspace = Keyspace::new();
    let mut one = LeaseQueue::new(keyspace.client(), "mail", 30);
    let mut other = LeaseQueue::new(keyspace.client(), "mail", 30);
    one.push("only").unwrap();
    assert_eq!(other.take("w2").unwrap().as_deref(), Some("only"));
    assert_eq!(one.take("w1").unwrap(), None);
}
