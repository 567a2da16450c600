//! The JavaScript API, called as JavaScript calls it, in a headless browser.
#![cfg(target_arch = "wasm32")]

use keyspace_wasm::Keyspace;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn open() -> (Keyspace, f64) {
    let mut keyspace = Keyspace::new(JsValue::UNDEFINED).expect("the defaults are valid");
    let client = keyspace.connect();
    (keyspace, client)
}

fn call(keyspace: &mut Keyspace, client: f64, args: &[&str]) -> JsValue {
    let args = args.iter().map(|arg| JsValue::from_str(arg)).collect();
    keyspace.call(client, args).expect("strings are valid arguments")
}

#[wasm_bindgen_test]
fn a_command_answers_a_javascript_value() {
    let (mut keyspace, client) = open();
    assert_eq!(call(&mut keyspace, client, &["SET", "k", "5"]), JsValue::from_str("OK"));
    assert_eq!(call(&mut keyspace, client, &["GET", "k"]), JsValue::from_str("5"));
    assert_eq!(call(&mut keyspace, client, &["LPUSH", "l", "a"]), JsValue::from_f64(1.0));
    assert!(call(&mut keyspace, client, &["GET", "none"]).is_null());
}

#[wasm_bindgen_test]
fn an_error_reply_is_an_error_value() {
    let (mut keyspace, client) = open();
    let reply = call(&mut keyspace, client, &["NOSUCH"]);
    let error = reply.dyn_ref::<js_sys::Error>().expect("an Error");
    assert!(String::from(error.message()).starts_with("ERR unknown command 'NOSUCH'"));
}

#[wasm_bindgen_test]
fn a_waiting_command_is_undefined_until_it_is_served() {
    let (mut keyspace, client) = open();
    let other = keyspace.connect();
    assert!(call(&mut keyspace, client, &["BRPOP", "q", "0"]).is_undefined());
    assert!(keyspace.is_blocked(client));
    call(&mut keyspace, other, &["LPUSH", "q", "x"]);
    assert_eq!(keyspace.take_output(client), b"*2\r\n$1\r\nq\r\n$1\r\nx\r\n");
}

#[wasm_bindgen_test]
fn time_moves_when_its_owner_says_so() {
    let (mut keyspace, client) = open();
    call(&mut keyspace, client, &["SET", "k", "v", "PX", "100"]);
    assert_eq!(keyspace.next_deadline(), Some(100.0));
    keyspace.advance(100.0);
    assert!(call(&mut keyspace, client, &["GET", "k"]).is_null());
}

#[wasm_bindgen_test]
fn an_option_of_another_kind_is_refused() {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"seed".into(), &"one".into()).expect("a plain object");
    assert!(Keyspace::new(options.into()).is_err());
}
