// The keyspace around the clients: its clock, events, snapshots, files, and its end.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ClosedError, load, open } from "keyspace-wasm";

const NOW = 1_700_000_000_000;

// A keyspace that is closed when its test ends.
async function opened(t, options) {
  const keyspace = await open(options);
  t.after(() => keyspace.close());
  return keyspace;
}

test("a paused clock stands until it is moved", async (t) => {
  const keyspace = await opened(t, { clock: "paused", now: NOW });
  const client = keyspace.client();
  await client.call("SET", "k", "v", { PX: 1000 });
  keyspace.advance(999);
  assert.equal(await client.call("GET", "k"), "v");
  keyspace.advance(1);
  assert.equal(await client.call("GET", "k"), null);
  keyspace.setTime(new Date(NOW + 86_400_000));
  assert.deepEqual(await client.call("TIME"), [String((NOW + 86_400_000) / 1000), "0"]);
  assert.throws(() => keyspace.setTime(NOW), /time does not go back/);
  assert.throws(() => keyspace.advance(NaN), /finite/);
});

test("a running clock goes with the system's, and can be stopped and moved", async (t) => {
  const keyspace = await opened(t);
  const client = keyspace.client();
  const [seconds] = await client.call("TIME");
  assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 5);
  await client.call("SET", "k", "v", { EX: 1000 });
  keyspace.advance(1_000_000);
  assert.equal(await client.call("GET", "k"), null, "it was moved while it runs");
  keyspace.pause();
  const at = keyspace.now;
  assert.ok(keyspace.isPaused);
  keyspace.advance(5);
  assert.equal(keyspace.now, at + 5);
  keyspace.resume();
  assert.ok(!keyspace.isPaused && keyspace.now >= at + 5);
});

test("what has come is past, also where the system's clock is put back", async (t) => {
  const keyspace = await opened(t);
  const client = keyspace.client();
  await client.call("SET", "k", "v", { PX: 1500 });
  keyspace.advance(1500);
  const system = Date.now();
  t.mock.method(Date, "now", () => system - 5000);
  assert.equal(await client.call("GET", "k"), null);
});

test("a running clock ends waits and keys by itself", async (t) => {
  const keyspace = await opened(t);
  const expired = new Promise((resolve) => keyspace.on("keyExpired", resolve));
  const client = keyspace.client();
  await client.call("SET", "k", "v", { PX: 20 });
  assert.equal(await client.call("BLPOP", "none", 0.03), null);
  assert.equal((await expired).key, "k");
});

test("events say what happened, as text", async (t) => {
  const keyspace = await opened(t, { clock: "paused", now: NOW });
  const client = keyspace.client();
  const all = [];
  const off = keyspace.on("event", (event) => all.push(event.type));
  const changes = [];
  keyspace.on("keyChanged", (event) => changes.push(event));
  await client.call("SET", "k", "v");
  assert.deepEqual(all, ["command", "keyChanged"]);
  assert.deepEqual(changes, [
    { type: "keyChanged", at: NOW, client: client.id, db: 0, key: "k", event: "set" },
  ]);
  off();
  const blocked = [];
  keyspace.on("blocked", (event) => blocked.push(event));
  const popped = client.call("BLPOP", "q", 1);
  assert.deepEqual(blocked, [
    { type: "blocked", at: NOW, client: client.id, db: 0, keys: ["q"], deadline: NOW + 1000 },
  ]);
  assert.equal(all.length, 2, "nobody listens to all any more");
  keyspace.advance(1000);
  await popped;
});

test("a snapshot is put back as often as one likes", async (t) => {
  const keyspace = await opened(t, { clock: "paused", now: NOW });
  const client = keyspace.client({ db: 2 });
  await client.call("SET", "k", "first", { PX: 500 });
  const snapshot = keyspace.snapshot();
  for (const change of ["second", "third"]) {
    await client.call("SET", "k", change);
    keyspace.advance(10_000);
    const popped = client.call("BLPOP", "q", 0);
    const subscription = client.subscribe("c");
    keyspace.restore(snapshot);
    await assert.rejects(popped, ClosedError);
    assert.equal((await subscription.next()).done, true);
    assert.equal(keyspace.now, NOW);
    assert.equal(await client.call("GET", "k"), "first", "in the client's database");
    assert.equal(await client.call("PTTL", "k"), 500);
  }
  snapshot.free();
});

test("the same seed makes the same choices", async (t) => {
  const choose = async (seed) => {
    const keyspace = await opened(t, { seed, clock: "paused", now: NOW });
    const client = keyspace.client();
    await client.call("SADD", "s", Array.from({ length: 100 }, (_, n) => n));
    return client.call("SRANDMEMBER", "s", 20);
  };
  assert.deepEqual(await choose(1), await choose(1));
  assert.notDeepEqual(await choose(1), await choose(2));
});

test("an RDB file carries the data to another keyspace", async (t) => {
  const one = await opened(t, { clock: "paused", now: NOW });
  const client = one.client({ db: 4 });
  await client.call("HSET", "h", { a: 1 });
  await client.call("PEXPIRE", "h", 1000);
  const file = one.export("rdb");
  assert.equal(new TextDecoder().decode(file.subarray(0, 9)), "REDIS0010");
  const other = await opened(t, { clock: "paused", now: NOW });
  other.import(file);
  const there = other.client({ db: 4 });
  assert.deepEqual(await there.call("HGETALL", "h"), ["a", "1"]);
  assert.equal(await there.call("PTTL", "h"), 1000);
  assert.throws(() => other.import(new Uint8Array([1, 2, 3])), /no RDB file/);
  assert.throws(() => one.export("json"), /"rdb"/);
  assert.equal(await there.call("EXISTS", "h"), 1, "what was refused changed nothing");
});

test("closing ends everything", async () => {
  const keyspace = await open();
  const client = keyspace.client();
  const popped = client.call("BLPOP", "q", 0);
  const subscription = client.subscribe("c");
  keyspace.close();
  keyspace.close();
  await assert.rejects(popped, ClosedError);
  assert.equal((await subscription.next()).done, true);
  await assert.rejects(client.call("PING"), ClosedError);
  assert.throws(() => keyspace.client(), ClosedError);
  assert.throws(() => keyspace.advance(1), ClosedError);
});

test("a keyspace goes on after another one has let the memory grow", async (t) => {
  const memory = await load();
  const client = (await opened(t)).client();
  assert.equal(await client.call("PING"), "PONG");
  const before = memory.buffer;
  const other = (await opened(t)).client();
  await other.call("SET", "much", "x".repeat(20_000_000));
  assert.notEqual(memory.buffer, before);
  assert.equal(await client.call("ECHO", "still here"), "still here");
});

test("ten thousand keyspaces leave nothing behind", async () => {
  const memory = await load();
  const round = async () => {
    const keyspace = await open();
    const client = keyspace.client();
    await client.call("SET", "k", "v".repeat(1000), { EX: 1000 });
    client.subscribe("c");
    const popped = client.call("BLPOP", "q", 100);
    keyspace.close();
    await assert.rejects(popped, ClosedError);
  };
  for (let left = 100; left > 0; left--) {
    await round();
  }
  const before = memory.buffer.byteLength;
  for (let left = 10_000; left > 0; left--) {
    await round();
  }
  assert.equal(memory.buffer.byteLength, before);
});

test("a loading that fails says so, and can be tried again", async () => {
  // In a process of its own: here the engine is loaded already.
  const { spawnSync } = await import("node:child_process");
  const script = `
    import { open } from "keyspace-wasm";
    import { readFile } from "node:fs/promises";
    const failed = await open({ wasm: new Uint8Array([1]) }).catch((error) => error);
    if (!(failed instanceof WebAssembly.CompileError)) throw failed;
    const bytes = await readFile(new URL(import.meta.resolve("keyspace-wasm/keyspace_wasm.wasm")));
    const keyspace = await open({ wasm: await WebAssembly.compile(bytes) });
    console.log(await keyspace.client().call("PING"));
  `;
  const options = { encoding: "utf8", cwd: import.meta.dirname };
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", script], options);
  assert.equal(run.stdout, "PONG\n", run.stderr);
});

test("what is too much for a tab is refused, and the rest goes on", async (t) => {
  const client = (await opened(t)).client();
  const longest = 512 * 1024 * 1024;
  await assert.rejects(client.call("SETRANGE", "k", 1_073_741_823, "x"), /exceeds maximum allowed/);
  await assert.rejects(client.call("SETBIT", "k", 8_589_934_591, 1), /bit offset is not/);
  // A tab has no maxmemory, but four gigabytes at most.
  const refusal = /OOM command not allowed/;
  const fill = async () => {
    const lengths = [];
    try {
      for (let left = 10; left > 0; left--) {
        lengths.push(await client.call("SETRANGE", `first${left}`, longest - 1, "x"));
      }
    } catch (error) {
      assert.match(error.message, refusal);
    }
    return lengths;
  };
  assert.deepEqual(await fill(), [longest, longest]);
  for (const command of ["APPEND first10 x", "XADD s * f v", "SETBIT b 1 1", "COPY first10 copy"]) {
    await assert.rejects(client.call(...command.split(" ")), refusal, command);
  }
  const script = "return redis.call('RPUSH', 'l', 'x')";
  await assert.rejects(client.call("EVAL", script, 0), refusal);
  const keys = ["first10", "first9"];
  await assert.rejects(client.call("MGET", ...keys), /ask for less at once/);
  assert.equal(await client.call("STRLEN", "first9"), longest);
  assert.equal(await client.call("DEL", ...keys), 2);
  // A transaction is looked at when it is queued; what it does has the same end.
  await client.call("MULTI");
  for (let left = 10; left > 0; left--) {
    await client.call("SETRANGE", `second${left}`, longest - 1, "x");
  }
  const replies = await client.call("EXEC");
  const taken = replies.filter((reply) => reply === longest).length;
  assert.equal(taken, 2, String(replies));
  assert.equal(await client.call("DBSIZE"), 2);
  await client.call("FLUSHALL");
  assert.equal(await client.call("SET", "k", "v"), "OK");
});
