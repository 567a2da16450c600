//! The raw calls, called as JavaScript calls them, in a headless browser.
#![cfg(target_arch = "wasm32")]

use js_sys::Reflect;
use keyspace_wasm::{Keyspace, encode_line, format_replies};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn open() -> (Keyspace, f64) {
    let mut keyspace = Keyspace::new(JsValue::UNDEFINED).expect("the defaults are valid");
    let client = keyspace.connect(None);
    (keyspace, client)
}

/// Sends a line as a console does, and returns what is printed for it.
fn ask(keyspace: &mut Keyspace, client: f64, line: &str) -> Vec<String> {
    keyspace.receive(client, &encode_line(line).expect("every quote is closed"));
    format_replies(line, &keyspace.take_output(client)).expect("the engine sends RESP")
}

#[wasm_bindgen_test]
fn a_line_is_answered_as_redis_cli_prints_it() {
    let (mut keyspace, client) = open();
    assert_eq!(ask(&mut keyspace, client, "SET k 'a b'"), ["OK"]);
    assert_eq!(ask(&mut keyspace, client, "GET k"), ["\"a b\""]);
    assert_eq!(ask(&mut keyspace, client, "LPUSH l a"), ["(integer) 1"]);
    assert_eq!(ask(&mut keyspace, client, "GET none"), ["(nil)"]);
    assert!(encode_line("GET \"open").is_err());
    assert!(encode_line("  ").expect("it is empty").is_empty());
}

#[wasm_bindgen_test]
fn a_waiting_client_is_named_once_it_is_served() {
    let (mut keyspace, client) = open();
    let other = keyspace.connect(None);
    assert!(ask(&mut keyspace, client, "BRPOP q 0").is_empty());
    assert!(keyspace.is_blocked(client));
    keyspace.take_active();
    ask(&mut keyspace, other, "LPUSH q x");
    assert!(keyspace.take_active().contains(&client));
    assert_eq!(keyspace.take_output(client), b"*2\r\n$1\r\nq\r\n$1\r\nx\r\n");
}

#[wasm_bindgen_test]
fn time_moves_when_its_owner_says_so() {
    let (mut keyspace, client) = open();
    assert_eq!(keyspace.next_deadline(), f64::INFINITY);
    ask(&mut keyspace, client, "SET k v PX 100");
    assert_eq!(keyspace.next_deadline(), 100.0);
    keyspace.advance(100.0);
    assert_eq!(ask(&mut keyspace, client, "GET k"), ["(nil)"]);
}

#[wasm_bindgen_test]
fn an_exchange_takes_no_more_than_there_is_room_for() {
    let (mut keyspace, client) = open();
    assert_eq!(keyspace.exchange(client, 5, 0.0), 0, "nobody has asked for room yet");
    keyspace.input();
    assert_eq!(keyspace.exchange(client, keyspace.input_bytes() + 1, 0.0), 0);
}

#[wasm_bindgen_test]
fn a_fork_goes_its_own_way() {
    let (mut keyspace, client) = open();
    ask(&mut keyspace, client, "SET k 1");
    let mut fork = keyspace.fork();
    ask(&mut keyspace, client, "SET k 2");
    assert_eq!(ask(&mut fork, client, "GET k"), ["\"1\""]);
}

#[wasm_bindgen_test]
fn events_are_objects_with_bytes() {
    let (mut keyspace, client) = open();
    keyspace.observe(true);
    ask(&mut keyspace, client, "SET k v");
    let events = js_sys::Array::from(&keyspace.take_events().expect("they are objects"));
    let field = |index: u32, name: &str| {
        Reflect::get(&events.get(index), &name.into()).expect("it is an object")
    };
    assert_eq!(field(0, "type"), "command");
    assert_eq!(field(1, "type"), "keyChanged");
    assert_eq!(field(1, "event"), "set");
    let key = field(1, "key");
    assert_eq!(key.dyn_ref::<js_sys::Uint8Array>().expect("it is bytes").to_vec(), b"k");
}

#[wasm_bindgen_test]
fn a_file_carries_the_data_to_another_engine() {
    let (mut keyspace, client) = open();
    ask(&mut keyspace, client, "SET k v");
    let (mut other, its_client) = open();
    other.load_rdb(&keyspace.save_rdb()).expect("it was saved here");
    assert_eq!(ask(&mut other, its_client, "GET k"), ["\"v\""]);
    assert!(other.load_rdb(b"no file").is_err());
}

#[wasm_bindgen_test]
fn an_option_of_another_kind_is_refused() {
    let options = js_sys::Object::new();
    Reflect::set(&options, &"seed".into(), &"one".into()).expect("a plain object");
    assert!(Keyspace::new(options.into()).is_err());
}
