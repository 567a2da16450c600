//! No script outruns its budget, outgrows its memory, or brings the machine down.

mod support;

use lua51::{Limits, Outcome, Value, Vm};
use support::{Mode, machine, machine_with, run};

/// So little that it is used up soon.
const LIMITS: Limits = Limits { memory: 8 << 20, calls: 16_383 };

fn start(vm: &mut Vm, source: &str) {
    let function = vm.load(source.as_bytes(), b"@test").expect("it is valid");
    vm.start(function, &[]).expect("there is memory");
}

fn text(vm: &Vm, value: Value) -> String {
    String::from_utf8_lossy(&vm.to_bytes(value).unwrap_or_default()).into_owned()
}

/// Wherever an endless script is, it stops when its instructions are used up, goes on when it gets
/// more, and is gone when it is given up.
#[test]
fn an_endless_script_is_suspended_wherever_it_is() {
    for source in [
        "while true do end",
        "repeat until false",
        "for i = 1, math.huge do end",
        "while true do pcall(error) end",
        "pcall(function() while true do end end)",
        "xpcall(function() while true do end end, function() while true do end end)",
        "while true do pcall(function() error({}) end) end",
        "local function f() return f() end f()",
        "coroutine.wrap(function() while true do end end)()",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "string.gsub('abc', '.', function() while true do end end)",
        "for _ in function() return 1 end do end",
        "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
        "local t = setmetatable({}, {__lt = function() while true do end end}) return t < t",
        "local t = setmetatable({}, {__concat = function() while true do end end}) return t .. t",
        "table.foreach({1}, function() while true do end end)",
        "load(function() while true do end end)",
        "while true do ('x'):rep(50):find('.-.-.-y') end",
    ] {
        let mut vm = machine();
        start(&mut vm, source);
        for _ in 0..3 {
            let before = vm.instructions();
            assert_eq!(vm.run(10_000), Outcome::Suspended, "{source}");
            assert!(vm.instructions() - before >= 10_000, "{source}");
            vm = vm.clone();
        }
        vm.abort();
        assert_eq!(run(&mut vm, b"return 1", Mode::default()), "true 1", "{source}");
    }
}

/// A library function that works alone for long is counted as well.
#[test]
fn work_of_library_functions_counts() {
    for source in [
        "local t = {} for i = 1, 20000 do t[i] = i * 7919 % 20011 end table.sort(t)",
        "local s = ('a'):rep(100000) for i = 1, 50 do s:upper() end",
        "local s = ('a'):rep(3000) s:find('.-.-b')",
        "local t = {} for i = 1, 1000 do table.insert(t, 1, i) end",
        "cjson.encode({('x'):rep(100000)})",
    ] {
        let mut vm = machine();
        start(&mut vm, source);
        while vm.run(1_000) == Outcome::Suspended {}
        assert!(vm.instructions() > 20_000, "{source}: {}", vm.instructions());
    }
}

#[test]
fn memory_is_bounded_and_an_error_that_can_be_caught() {
    for source in [
        "local s = 'x' while true do s = s .. s end",
        "local t = {} while true do t[#t + 1] = {} end",
        "local t = {} for i = 1, 1e9 do t[i] = i end",
        "return ('x'):rep(1e9)",
        "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
        "local t = {} while true do t[#t + 1] = function() return t end end",
        "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
        "local s = ('x'):rep(1e5) local t = {} for i = 1, 1000 do t[i] = s end return table.concat(t)",
        "local s = ('x'):rep(1e5) return (s:gsub('x', s))",
        "local s, t = ('x'):rep(1e6), {} for i = 1, 100 do t[i] = s end return string.format(('%s'):rep(100), unpack(t))",
        "local function f(...) return f(1, ...) end return f()",
        "local t = {} for i = 1, 7000 do t[i] = i end local function f(...) return select('#', ...) + f(...) end return f(unpack(t))",
        "local t = {} while true do t[#t + 1] = loadstring('return function() end')() end",
        "local t = {} while true do t[#t + 1] = cjson.new() end",
    ] {
        let mut vm = machine_with(LIMITS);
        let caught = format!("return pcall(function() {source} end)");
        let result = run(&mut vm, caught.as_bytes(), Mode::default());
        assert_eq!(result, "true false \"not enough memory\"", "{source}");
        assert!(vm.memory() <= LIMITS.memory, "{source}: {}", vm.memory());
        vm.collect();
        assert!(vm.memory() < 1 << 20, "{source}: {} bytes stay", vm.memory());
    }
}

#[test]
fn garbage_does_not_count_as_memory() {
    for source in [
        "for i = 1, 300 do local s = ('x'):rep(1e6) end return 1",
        "for i = 1, 100000 do local t = {i, {}} end return 1",
        "local s for i = 1, 2000 do s = ('x'):rep(1e5) .. i end return 1",
        "for i = 1, 3000 do coroutine.wrap(function() coroutine.yield() end)() end return 1",
        "for i = 1, 20 do local t = {} for j = 1, 1e5 do t[j] = j end end return 1",
        "local t = {} for i = 1, 20000 do t[i] = i * 7919 % 20011 end table.sort(t, function(a, b) return a < b end) return 1",
        "(('x'):rep(100000)):gsub('x', function(x) return x end) return 1",
        "local t = {} for i = 1, 100000 do t[i] = i end table.foreachi(t, function() end) return 1",
        "for i = 1, 100000 do pcall(error, i) end return 1",
        "for i = 1, 5000 do loadstring('return function() return ' .. i .. ' end')() end return 1",
    ] {
        assert_eq!(
            run(&mut machine_with(LIMITS), source.as_bytes(), Mode::default()),
            "true 1",
            "{source}"
        );
    }
}

#[test]
fn depth_is_bounded_everywhere() {
    let deep = |open: &str, middle: &str, close: &str, count: usize| {
        open.repeat(count) + middle + &close.repeat(count)
    };
    let levels = "chunk has too many syntax levels";
    for (source, error) in [
        (format!("return {}", deep("(", "1", ")", 100_000)), levels),
        (format!("return {}", deep("{", "", "}", 100_000)), levels),
        (format!("return {}", deep("not ", "1", "", 100_000)), levels),
        (format!("return {}", deep("'a'..", "'b'", "", 100_000)), levels),
        (format!("return {}", deep("2^", "2", "", 100_000)), levels),
        (deep("do ", "", " end", 100_000), levels),
        (deep("local function f() ", "", " end", 100_000), levels),
        (deep("if x then ", "", " end", 100_000), levels),
        (deep("while x do ", "", " end", 100_000), levels),
    ] {
        let result = run(&mut machine(), source.as_bytes(), Mode::default());
        assert!(result.contains(error), "{}: {result}", &source[..40]);
    }
    let chains = [
        (deep("1+", "1", "", 100_000), "100001"),
        (
            format!("(function() local x = 1 return {} end)()", deep("x+", "x", "", 100_000)),
            "100001",
        ),
        (
            format!("(function() local x = 1 return {} end)()", deep("x and ", "x", "", 100_000)),
            "1",
        ),
        (format!("(function() local x return {} end)()", deep("x or ", "2", "", 100_000)), "2"),
        (
            format!(
                "(function() local t = {{}} t.t = t return t{} == t end)()",
                ".t".repeat(100_000)
            ),
            "true",
        ),
        (
            format!(
                "(function() local f f = function() return f end return f{} == f end)()",
                "()".repeat(100_000)
            ),
            "true",
        ),
    ];
    for (expression, value) in chains {
        let source = format!("return {expression}");
        assert_eq!(
            run(&mut machine(), source.as_bytes(), Mode::default()),
            format!("true {value}"),
            "{}",
            &source[..60]
        );
    }
    for (source, error) in [
        ("local function f() return 1 + f() end return pcall(f)", "stack overflow"),
        ("local function f() return pcall(f) end f() return 1", "true 1"),
        ("local function f() return coroutine.wrap(f)() end return pcall(f)", "C stack overflow"),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end return pcall(function() return t.x end)",
            "C stack overflow",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__index = t return pcall(function() return t.x end)",
            "loop in gettable",
        ),
        (
            "local t = setmetatable({}, {}) getmetatable(t).__newindex = t return pcall(function() t.x = 1 end)",
            "loop in settable",
        ),
        (
            "local s = ('(a)'):rep(1000) return pcall(string.find, ('a'):rep(1000), s)",
            "too many captures",
        ),
        (
            "local s = ('a?'):rep(1000) return pcall(string.find, ('a'):rep(1000), s)",
            "pattern too complex",
        ),
        (
            "local t = {} for i = 1, 2000 do t = {t} end return pcall(cjson.encode, t)",
            "excessive nesting",
        ),
        ("return pcall(cjson.decode, ('['):rep(100000))", "too many nested data structures"),
        ("return pcall(cmsgpack.unpack, ('\\145'):rep(100000))", "Bad data format"),
        ("local t = {} for i = 1, 2000 do t = {t} end return #cmsgpack.pack(t)", "true 17"),
    ] {
        let result = run(&mut machine(), source.as_bytes(), Mode::default());
        assert!(result.contains(error), "{source}: {result}");
    }
}

/// Text that is no program, or hardly one, is refused or runs; it never brings the machine down.
#[test]
fn any_bytes_can_be_loaded() {
    const WORDS: &[&str] = &[
        "local", "function", "end", "if", "then", "else", "elseif", "while", "do", "for", "in",
        "repeat", "until", "return", "break", "nil", "true", "and", "or", "not", "x", "y", "f",
        "1", "0x", "1e", "'a'", "\"", "[[", "]]", "[=[", "--", "--[[", "\n", "(", ")", "{", "}",
        "[", "]", "=", "==", "~=", "~", "<", "<=", "+", "-", "*", "/", "%", "^", "#", "..", "...",
        ".", ",", ";", ":", "\\", "\0", "\u{e9}", "'\\", "'\\999'", "@", "$",
    ];
    let mut state = 1u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % bound
    };
    let mut vm = machine();
    for round in 0..3_000 {
        let count = 1 + below(30);
        let source: Vec<u8> = if round % 3 == 0 {
            (0..count * 4).map(|_| below(256) as u8).collect()
        } else {
            (0..count)
                .map(|_| WORDS[below(WORDS.len())])
                .collect::<Vec<_>>()
                .join(if round % 2 == 0 { " " } else { "" })
                .into_bytes()
        };
        if let Ok(function) = vm.load(&source, b"@bytes") {
            vm.start(function, &[]).expect("there is memory");
            vm.run(1_000);
        }
    }
    assert_eq!(run(&mut vm, b"return 1", Mode::default()), "true 1");
}

/// What a host keeps is there after collections, and what it releases is not counted any more.
#[test]
fn a_host_keeps_values() {
    let mut vm = machine();
    let value = vm.string(&vec![b'x'; 1 << 20]).expect("there is memory");
    let kept = vm.keep(value);
    vm.collect();
    assert_eq!(vm.kept(kept), value);
    assert_eq!(text(&vm, value).len(), 1 << 20);
    let with = vm.memory();
    vm.release(kept);
    vm.collect();
    assert!(with - vm.memory() >= 1 << 20);
}

/// A host answers a call whenever it likes, with values or with an error that `pcall` catches.
#[test]
fn a_host_answers_calls() {
    let mut vm = machine();
    let globals = vm.globals();
    let ask = vm.host_function(3).expect("there is memory");
    vm.set_field(globals, "ask", Value::Function(ask)).expect("there is memory");
    start(
        &mut vm,
        "local ok, e = pcall(ask, 1) return ask(ok, e), coroutine.wrap(function() return ask() end)()",
    );
    assert_eq!(vm.run(1_000), Outcome::Host(3), "it calls");
    assert_eq!(vm.host_arguments(), [Value::Number(1.0)]);
    assert_eq!(vm.run(1_000), Outcome::Suspended, "it waits for the answer");
    assert_eq!(vm.host_arguments(), [Value::Number(1.0)], "and they stay until then");
    let error = vm.string(b"no").expect("there is memory");
    vm.raise(error);
    assert_eq!(vm.run(1_000), Outcome::Host(3), "it calls again");
    assert_eq!(vm.host_arguments(), [Value::Boolean(false), error]);
    vm.respond(&[Value::Number(5.0), Value::Number(6.0)]).expect("there is memory");
    let mut clone = vm.clone();
    assert_eq!(clone.run(1_000), Outcome::Host(3), "a coroutine calls");
    assert_eq!(clone.host_arguments(), []);
    assert_eq!(vm.run(1_000), Outcome::Host(3));
    vm.respond(&[]).expect("there is memory");
    assert_eq!(vm.run(1_000), Outcome::Done(vec![Value::Number(5.0)]));
    start(&mut vm, "ask()");
    assert_eq!(vm.run(1_000), Outcome::Host(3));
    vm.raise(error);
    assert_eq!(vm.run(1_000), Outcome::Error(error));
}
