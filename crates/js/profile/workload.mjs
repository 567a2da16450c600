// The everyday commands of every type, and small scripts, on an engine with counters in it; what the
// counters say is written in LLVM's raw format (compiler-rt, InstrProfData.inc, version 10).
//
// Usage: node workload.mjs FOLDER FILE
//   FOLDER  the engine as wasm-bindgen bound it for browsers
//   FILE    what is written

import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file] = process.argv.slice(2);
const source = await readFile(join(folder, "keyspace_wasm.js"), "utf8");
// What wasm-bindgen writes is a module, whatever the name of its file says.
const module = join(resolve(folder), "keyspace_wasm.mjs");
await writeFile(module, source);
const engine = await import(pathToFileURL(module));
const wasm = engine.initSync({ module: await readFile(join(folder, "keyspace_wasm_bg.wasm")) });

const DEPTH = 256;
// How many keys, fields or members there are.
const MANY = 100_000;

const utf8 = new TextEncoder();
let seed = 1;

// A whole number below `limit`, the same in every run.
function random(limit) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((seed / 2 ** 32) * limit);
}

function encode(words) {
  const bulk = (word) => `$${utf8.encode(word).length}\r\n${word}\r\n`;
  return `*${words.length}\r\n${words.map(bulk).join("")}`;
}

function name(prefix) {
  return `${prefix}:${String(random(MANY)).padStart(12, "0")}`;
}

// Runs a number of commands that `make` writes as words, or as a string for an inline command.
function run(keyspace, client, commands, make) {
  for (let left = commands; left > 0; left -= DEPTH) {
    let text = "";
    for (let index = 0; index < DEPTH; index++) {
      const command = make();
      text += typeof command === "string" ? `${command}\r\n` : encode(command);
    }
    keyspace.receive(client, utf8.encode(text));
    keyspace.takeOutput(client);
  }
}

const key = () => name("key");
const element = () => name("element");
const score = () => String(random(MANY));
const page = () => {
  const first = random(MANY - 10);
  return [String(first), String(first + 9)];
};
const set = () => ["SET", key(), "xxx"];
const sadd = () => ["SADD", "myset", element()];
const zadd = () => ["ZADD", "myzset", score(), element()];
const rpush = () => ["RPUSH", "mylist", "xxx"];

// The digest of `return 1`.
const RETURN_1 = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";

// Each is what fills a new engine, how many commands are counted, and which.
const ROWS = [
  [null, 30_000, () => ["PING"]],
  [null, 30_000, () => "PING"],
  [null, 60_000, set],
  [null, 30_000, () => ["SET", key(), "xxx", "EX", "100"]],
  [null, 30_000, () => ["MSET", ...Array.from({ length: 10 }, () => [key(), "xxx"]).flat()]],
  [set, 60_000, () => ["GET", key()]],
  [set, 30_000, () => ["GETRANGE", key(), "0", "1"]],
  [null, 60_000, () => ["INCR", name("counter")]],
  [null, 60_000, () => ["LPUSH", "mylist", "xxx"]],
  [null, 60_000, rpush],
  [rpush, 60_000, () => ["LPOP", "mylist"]],
  [rpush, 60_000, () => ["RPOP", "mylist"]],
  [rpush, 3_000, () => ["LRANGE", "mylist", "0", "99"]],
  [rpush, 3_000, () => ["LRANGE", "mylist", "0", "599"]],
  [null, 60_000, sadd],
  [sadd, 60_000, () => ["SPOP", "myset"]],
  [sadd, 30_000, () => ["SISMEMBER", "myset", element()]],
  [null, 60_000, () => ["HSET", "myhash", element(), "xxx"]],
  [() => ["HSET", "myhash", element(), "xxx"], 30_000, () => ["HGET", "myhash", element()]],
  [null, 60_000, zadd],
  [zadd, 60_000, () => ["ZRANK", "myzset", element()]],
  [zadd, 60_000, () => ["ZRANGE", "myzset", ...page()]],
  [zadd, 60_000, () => ["ZRANGE", "myzset", ...page(), "BYSCORE", "LIMIT", "0", "10"]],
  [zadd, 60_000, () => ["ZPOPMIN", "myzset"]],
  [null, 60_000, () => ["XADD", "mystream", "*", "myfield", "xxx"]],
  [set, 30_000, () => ["EXISTS", key()]],
  [set, 30_000, () => ["EXPIRE", key(), "100"]],
  [set, 30_000, () => ["DEL", key()]],
  [null, 60_000, () => ["EVALSHA", RETURN_1, "0"]],
];

const SCRIPTS = [
  "local x = 0 for i = 1, 1000000 do x = x + i end return x",
  "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(22)",
  "local s = '' for i = 1, 5000 do s = s .. 'x' end return #s",
  "local t = {} for i = 1, 100000 do t[#t + 1] = i end local s = 0 for i = 1, #t do s = s + t[i] end return s",
  "for i = 1, 20000 do redis.call('INCR', KEYS[1]) end return redis.call('GET', KEYS[1])",
];

for (const [fill, commands, make] of ROWS) {
  const keyspace = new engine.Keyspace({ now: 1_700_000_000_000 });
  const client = keyspace.connect();
  if (fill) {
    run(keyspace, client, MANY, fill);
  }
  run(keyspace, client, DEPTH, () => ["SCRIPT", "LOAD", "return 1"]);
  run(keyspace, client, commands, make);
  keyspace.free();
}
for (const script of SCRIPTS) {
  const keyspace = new engine.Keyspace({ now: 1_700_000_000_000 });
  const client = keyspace.connect();
  keyspace.receive(client, utf8.encode(encode(["EVAL", script, "1", "counter"])));
  while (keyspace.takeOutput(client).length === 0) {
    keyspace.continueScript();
  }
  keyspace.free();
}

// The sections that hold counters, by the addresses that the linker exports.
const memory = new DataView(wasm.memory.buffer);
function section(kind) {
  const place = (end) => wasm[`__${end}___llvm_prf_${kind}`].value;
  const [start, stop] = [place("start"), place("stop")];
  return { start, bytes: new Uint8Array(wasm.memory.buffer, start, stop - start) };
}
const [data, counters, names] = ["data", "cnts", "names"].map(section);

// What LLVM writes for a function, and for a counter, where a pointer has 32 bits.
const FUNCTION_BYTES = 48;
const COUNTER_BYTES = 8;
const HEADER = [
  0xff6c70726f665281n, // of 32 bits
  memory.getBigUint64(wasm.__llvm_profile_raw_version.value, true),
  0, // build ids
  data.bytes.length / FUNCTION_BYTES,
  0, // padding
  counters.bytes.length / COUNTER_BYTES,
  0, // padding
  0, // bitmaps
  0, // padding
  names.bytes.length,
  (counters.start - data.start) >>> 0,
  0, // where bitmaps are
  names.start,
  0, // tables of virtual functions
  0, // their names
  2, // the last kind of values
];
const header = new DataView(new ArrayBuffer(HEADER.length * 8));
HEADER.forEach((field, index) => header.setBigUint64(index * 8, BigInt(field), true));
const padding = new Uint8Array((8 - (names.bytes.length % 8)) % 8);
await writeFile(
  file,
  Buffer.concat([new Uint8Array(header.buffer), data.bytes, counters.bytes, names.bytes, padding]),
);
