// How many commands a second JavaScript gets out of the engine: awaited one by one, beside
// ioredis-mock; and as bytes in pipelines, beside the raw engine. Rounds are interleaved, and the
// middle one counts.

import Redis from "ioredis";
import Mock from "ioredis-mock";
import { load, open } from "keyspace-wasm";
import { connector } from "keyspace-wasm/ioredis";

const ROUNDS = 5;
const CALLS = 50_000;
const KEYS = 1000;
const PIPELINES = 400;
const DEPTH = 256;

const keyspace = await open({ clock: "paused" });
const client = keyspace.client();
const ioredis = new Redis({ Connector: connector(keyspace), db: 1 });
const mock = new Mock();

const SUBJECTS = {
  "keyspace-wasm, client.call": {
    set: (key, value) => client.call("SET", key, value),
    get: (key) => client.call("GET", key),
  },
  "ioredis on keyspace-wasm": {
    set: (key, value) => ioredis.set(key, value),
    get: (key) => ioredis.get(key),
  },
  "ioredis-mock": {
    set: (key, value) => mock.set(key, value),
    get: (key) => mock.get(key),
  },
};

const keys = Array.from({ length: KEYS }, (_, number) => `key:${number}`);

async function rate(operation) {
  const start = performance.now();
  for (let call = 0; call < CALLS; call++) {
    await operation(keys[call % KEYS], "value of sixteen");
  }
  return CALLS / ((performance.now() - start) / 1000);
}

function bytesOfPipeline() {
  let text = "";
  for (let command = 0; command < DEPTH; command++) {
    const key = keys[command % KEYS];
    text += `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$16\r\nvalue of sixteen\r\n`;
  }
  return new TextEncoder().encode(text);
}

/** The engine without this package's layer, as the benchmarks of the project use it. */
async function rawEngine() {
  await load();
  const { Keyspace } = await import(new URL("keyspace_wasm.js", import.meta.resolve("keyspace-wasm")));
  const raw = new Keyspace();
  const id = raw.connect();
  return (bytes) => {
    raw.receive(id, bytes);
    return raw.takeOutput(id).length;
  };
}

function pipelined(send) {
  const bytes = bytesOfPipeline();
  const start = performance.now();
  for (let left = PIPELINES; left > 0; left--) {
    send(bytes);
  }
  return (PIPELINES * DEPTH) / ((performance.now() - start) / 1000);
}

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rows = new Map();
const note = (row, rate) => rows.set(row, [...(rows.get(row) ?? []), rate]);

const connection = keyspace.connect();
let answered = 0;
connection.onOutput((bytes) => (answered += bytes.length));
const send = await rawEngine();

for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, subject] of Object.entries(SUBJECTS)) {
    for (const [operation, run] of Object.entries(subject)) {
      const measured = await rate(run);
      // The first round warms up.
      if (round > 0) {
        note(`${operation.toUpperCase()}  ${name}`, measured);
      }
    }
  }
  const [ours, raw] = [pipelined((bytes) => connection.receive(bytes)), pipelined(send)];
  if (round > 0) {
    note(`SET in pipelines of ${DEPTH}, connection.receive`, ours);
    note(`SET in pipelines of ${DEPTH}, raw engine`, raw);
  }
}

console.log("commands a second");
for (const [row, rates] of rows) {
  console.log(`${Math.round(middle(rates)).toLocaleString("en").padStart(12)}  ${row}`);
}
const ratio = (one, other) => (middle(rows.get(one)) / middle(rows.get(other))).toFixed(2);
for (const operation of ["SET", "GET"]) {
  const times = ratio(`${operation}  keyspace-wasm, client.call`, `${operation}  ioredis-mock`);
  console.log(`${operation}: ${times} times ioredis-mock`);
}
console.log(
  `in pipelines: ${ratio(`SET in pipelines of ${DEPTH}, connection.receive`, `SET in pipelines of ${DEPTH}, raw engine`)} of the raw engine`,
);
ioredis.disconnect();
mock.disconnect();
keyspace.close();
