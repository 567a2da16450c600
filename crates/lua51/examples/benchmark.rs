//! Four loops whose times are compared with redis-server's EVAL of the same scripts:
//! `cargo run --release -p lua51 --example benchmark`, and with `--print` the scripts alone.

use lua51::{Library, Limits, Outcome, Vm};
use std::time::Instant;

const SCRIPTS: &[(&str, &str)] = &[
    ("10M additions", "local s = 0 for i = 1, 10000000 do s = s + i end return s"),
    (
        "fib(27)",
        "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(27)",
    ),
    (
        "100k concatenations",
        "local s for i = 1, 100000 do s = 'key:' .. i .. ':' .. i * 2 end return #s",
    ),
    ("100k appends", "local s = '' for i = 1, 100000 do s = s .. 'x' end return #s"),
    (
        "1M inserts and sum",
        "local t = {} for i = 1, 1000000 do t[#t + 1] = i end local s = 0 for i = 1, #t do s = s + t[i] end return s",
    ),
    ("1M table.insert", "local t = {} for i = 1, 1000000 do table.insert(t, i) end return #t"),
    (
        "sort 100k",
        "local t = {} local x = 1 for i = 1, 100000 do x = x * 16807 % 2147483647 t[i] = x end table.sort(t, function(a, b) return a < b end) return t[1]",
    ),
    ("1M fields", "local t = {a = 1, b = 2} for i = 1, 1000000 do t.a = t.a + t.b end return t.a"),
];

fn main() {
    for (name, script) in SCRIPTS {
        if std::env::args().any(|argument| argument == "--print") {
            println!("{script}");
            continue;
        }
        let mut vm = Vm::new(Limits { memory: 256 << 20, ..Limits::default() });
        for library in [Library::Base, Library::String, Library::Table] {
            vm.open(library).expect("there is memory");
        }
        let function = vm.load(script.as_bytes(), b"@script").expect("it is valid");
        vm.start(function, &[]).expect("there is memory");
        let start = Instant::now();
        let outcome = vm.run(u64::MAX >> 1);
        let millis = start.elapsed().as_secs_f64() * 1000.0;
        match outcome {
            Outcome::Done(_) => println!("{millis:8.1} ms  {name}"),
            other => println!("{name}: {other:?}"),
        }
    }
}
