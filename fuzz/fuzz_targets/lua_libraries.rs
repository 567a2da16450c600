//! Calls of library functions with whatever arguments: results or an error, wherever they are
//! suspended, within their memory and their instructions.
#![no_main]

use arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;

const FUNCTIONS: &[&str] = &[
    "assert",
    "collectgarbage",
    "error",
    "getfenv",
    "getmetatable",
    "ipairs",
    "load",
    "loadstring",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawset",
    "select",
    "setfenv",
    "setmetatable",
    "tonumber",
    "tostring",
    "type",
    "unpack",
    "xpcall",
    "newproxy",
    "host",
    "coroutine.create",
    "coroutine.resume",
    "coroutine.running",
    "coroutine.status",
    "coroutine.wrap",
    "coroutine.yield",
    "string.byte",
    "string.char",
    "string.dump",
    "string.find",
    "string.format",
    "string.gmatch",
    "string.gsub",
    "string.len",
    "string.lower",
    "string.match",
    "string.rep",
    "string.reverse",
    "string.sub",
    "string.upper",
    "table.concat",
    "table.foreach",
    "table.foreachi",
    "table.getn",
    "table.insert",
    "table.maxn",
    "table.remove",
    "table.setn",
    "table.sort",
    "math.abs",
    "math.ceil",
    "math.floor",
    "math.fmod",
    "math.frexp",
    "math.ldexp",
    "math.max",
    "math.min",
    "math.modf",
    "math.pow",
    "math.random",
    "math.randomseed",
    "math.sqrt",
    "math.exp",
    "math.log",
    "math.log10",
    "math.sin",
    "math.tan",
    "math.atan2",
    "math.cosh",
    "bit.arshift",
    "bit.band",
    "bit.bnot",
    "bit.bor",
    "bit.bswap",
    "bit.bxor",
    "bit.lshift",
    "bit.rol",
    "bit.ror",
    "bit.rshift",
    "bit.tobit",
    "bit.tohex",
    "cjson.decode",
    "cjson.decode_array_with_array_mt",
    "cjson.decode_invalid_numbers",
    "cjson.decode_max_depth",
    "cjson.encode",
    "cjson.encode_invalid_numbers",
    "cjson.encode_keep_buffer",
    "cjson.encode_max_depth",
    "cjson.encode_number_precision",
    "cjson.encode_sparse_array",
    "cjson.new",
    "cmsgpack.pack",
    "cmsgpack.unpack",
    "cmsgpack.unpack_limit",
    "cmsgpack.unpack_one",
    "struct.pack",
    "struct.size",
    "struct.unpack",
];

const VALUES: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "2",
    "0.5",
    "1e15",
    "2^31",
    "-2^31",
    "2^53",
    "1e300",
    "1/0",
    "-1/0",
    "0/0",
    "''",
    "'abc'",
    "'%d'",
    "'%5.3s|%q'",
    "'(%a)(%w*)'",
    "'%b()'",
    "'[%]'",
    "'>I2i4s'",
    "'10'",
    "{}",
    "{1, 2, 3}",
    "{x = 1, {y = {}}}",
    "{3, 1, 2, nil, 5}",
    "setmetatable({}, {__index = function(t, k) return k end, __lt = function() return true end})",
    "setmetatable({}, {__call = function(...) return ... end, __newindex = rawset, __len = error})",
    "setmetatable({}, {__mode = 'kv', __concat = function(a, b) return 'x' end, __eq = rawequal})",
    "function(...) return ... end",
    "function(a, b) return b end",
    "function() error({}) end",
    "coroutine.create(function(...) coroutine.yield(...) end)",
    "coroutine.yield",
    "print",
    "_G",
    "string",
    "('x'):rep(1000)",
    "('a,'):rep(99)",
    "cjson.null",
    "...",
    "a",
    "b",
    "c",
];

struct Script<'a> {
    choices: Unstructured<'a>,
    text: Vec<u8>,
}

impl Script<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.choices.int_in_range(0..=bound - 1).unwrap_or(0)
    }

    fn write(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn value(&mut self, depth: u32) {
        match self.below(8) {
            0 if depth > 0 => self.call(depth - 1),
            1 => {
                let number: f64 = self.choices.arbitrary().unwrap_or(0.0);
                self.write(&format!("({number:?})").replace("inf", "1/0").replace("NaN", "0/0"));
            }
            2 => {
                let length = self.below(24);
                let bytes = self.choices.bytes(length).unwrap_or_default().to_vec();
                self.write("'");
                for byte in bytes {
                    self.write(&format!("\\{byte:03}"));
                }
                self.write("'");
            }
            _ => {
                let value = VALUES[self.below(VALUES.len())];
                self.write(value);
            }
        }
    }

    fn call(&mut self, depth: u32) {
        let function = FUNCTIONS[self.below(FUNCTIONS.len())];
        self.write(function);
        self.write("(");
        for at in 0..self.below(5) {
            if at > 0 {
                self.write(", ");
            }
            self.value(depth);
        }
        self.write(")");
    }

    /// Each call's results are there for the next ones, and its error is not the end.
    fn statement(&mut self) {
        let names = ["a", "b, c", "a, b, c", "b"][self.below(4)];
        let repeated = self.below(8) == 0;
        self.write(if repeated { "for i = 1, 9 do " } else { "" });
        self.write(&format!("_, {names} = pcall(function(...) return "));
        self.call(2);
        self.write(" end, a, b)");
        self.write(if repeated { " end\n" } else { "\n" });
    }
}

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (pieces, bytes) = input;
    let mut script = Script { choices: Unstructured::new(bytes), text: Vec::new() };
    script.write("local _, a, b, c\n");
    while !script.choices.is_empty() {
        script.statement();
    }
    script.write("return tostring(a)");
    keyspace_fuzz::run(&script.text, bytes, &pieces);
});
