//! Replies are printed as the real `redis-cli` prints them: the same commands, to the same server.
#![cfg(not(target_arch = "wasm32"))]

#[path = "native/control.rs"]
mod control;
#[allow(dead_code, reason = "the oracle empties it for each transcript; here it is used once")]
#[path = "native/redis_server.rs"]
mod redis_server;

use keyspace_resp::cli;
use redis_server::RedisServer;
use std::process::{Command, Output};

/// Scripts whose replies have every type and nest in every way.
const SCRIPTS: &[&str] = &[
    "return {}",
    "return {1, {}, {{}}, {2, {3, {4, 5}}}}",
    "return {'text', false, {ok = 'fine'}, {err = 'ERR bad'}}",
    "return 'a\\0\\255\\127 \"\\\\ \\r\\n\\t\\a\\b'",
    "return {err = 'ERR alone'}",
    "local t = {} for i = 1, 11 do t[i] = {i, {}} end return t",
    "local t = {} for i = 1, 101 do t[i] = {i} end return t",
    "redis.setresp(3) return {map = {}}",
    "redis.setresp(3) return {set = {}}",
    "redis.setresp(3) return {true, false, {double = 3.5}, {double = -1/0}, {double = 1e100}}",
    "redis.setresp(3) return {set = {one = true}}",
    "redis.setresp(3) return {map = {a = {map = {b = {map = {c = 1}}}}}}",
    "redis.setresp(3) return {map = {a = {{1, 2}}}}",
    "redis.setresp(3) return {map = {a = {set = {x = true}}}}",
    "redis.setresp(3) return {map = {[{1, 2}] = {1, 2}}}",
    "redis.setresp(3) local t = {} for i = 1, 11 do t[i] = true end return {map = {a = {set = t}}}",
];

#[test]
fn replies_print_as_redis_cli_prints_them() {
    let server = RedisServer::start().expect("redis-server starts");
    let mut commands: Vec<Vec<&str>> =
        SCRIPTS.iter().map(|script| vec!["EVAL", script, "0"]).collect();
    // Texts for a person, and an error where one was asked for.
    commands.extend([
        vec!["INFO", "keyspace"],
        vec!["MEMORY", "DOCTOR"],
        vec!["LATENCY", "DOCTOR"],
    ]);
    commands.extend([vec!["CLIENT", "LIST", "TYPE", "nosuch"], vec!["NOSUCH"]]);
    for protocol in ["2", "3"] {
        let mut control = control::Control::connect(server.address()).expect("connects");
        control.call(&["HELLO", protocol]).expect("both are spoken");
        for command in &commands {
            let reply = control.call(command).expect("an answer");
            let printed = redis_cli(&server, protocol, command);
            // redis-cli ends some texts with a line end of its own.
            let ours = cli::format_answer(command, &reply);
            assert_eq!(ours.trim_end(), printed.trim_end(), "RESP{protocol} {command:?}");
        }
    }
}

/// What the real one prints.
fn redis_cli(server: &RedisServer, protocol: &str, command: &[&str]) -> String {
    let Output { stdout, stderr, .. } = Command::new("redis-cli")
        .args(["--no-raw", &format!("-{protocol}")])
        .args(["-h", "127.0.0.1", "-p", &server.address().port().to_string()])
        .args(command)
        .output()
        .expect("redis-cli is installed with redis-server: `cargo xtask test` does it");
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("what it prints is quoted")
}
