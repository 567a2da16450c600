// Commands as promises: what goes in, what comes out, and what goes wrong.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ClosedError, open, RedisError } from "keyspace-wasm";

let keyspace;
let client;

before(async () => {
  keyspace = await open({ clock: "paused", now: 1_700_000_000_000 });
  client = keyspace.client();
});

after(() => keyspace.close());

test("words, options and lists of words become a command", async () => {
  assert.equal(await client.call("SET", "key", "value", { EX: 10, NX: true, XX: false }), "OK");
  assert.equal(await client.call("TTL", "key"), 10);
  assert.equal(await client.call("RPUSH", "list", ["a", 2, 3n, new Uint8Array([0x62])]), 4);
  assert.deepEqual(await client.call("LRANGE", "list", 0, -1), ["a", "2", "3", "b"]);
  assert.equal(await client.call("HSET", "hash", { one: 1, two: 2 }), 2);
});

test("what is no word is refused, and says what is", async () => {
  await assert.rejects(client.call("GET", null), /string, number, bigint or Uint8Array.*not null/);
  await assert.rejects(client.call("GET", new Date()), TypeError);
  await assert.rejects(client.call(), /at least one word/);
});

test("replies are strings, numbers, null and arrays", async () => {
  assert.equal(await client.call("SET", "text", "grüße, 世界, 🎈"), "OK");
  assert.equal(await client.call("GET", "text"), "grüße, 世界, 🎈");
  assert.equal(await client.call("GET", "none"), null);
  assert.deepEqual(await client.call("MGET", "text", "none"), ["grüße, 世界, 🎈", null]);
  assert.equal(await client.call("INCRBY", "n", -5), -5);
});

test("integers beyond 2^53 are bigints", async () => {
  assert.equal(await client.call("INCRBY", "large", "9223372036854775807"), 9223372036854775807n);
  assert.equal(await client.call("INCRBY", "safe", "9007199254740991"), 9007199254740991);
  assert.equal(await client.call("INCR", "safe"), 9007199254740992n);
});

test("bytes are bytes where they are asked for", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  await client.call("SET", "bytes", bytes);
  assert.deepEqual(await client.call(["GET", "bytes"], { bytes: true }), bytes);
  const other = keyspace.client({ bytes: true });
  assert.deepEqual(await other.call("GET", "bytes"), bytes);
  other.close();
});

test("large values pass", async () => {
  const value = "x".repeat(3_000_000);
  await client.call("SET", "much", value);
  assert.equal(await client.call("GET", "much"), value);
});

test("RESP3 answers Map, Set, booleans and doubles", async () => {
  const other = keyspace.client({ resp: 3 });
  await other.call("HSET", "h3", { a: 1 });
  assert.deepEqual(await other.call("HGETALL", "h3"), new Map([["a", "1"]]));
  await other.call("SADD", "s3", "x");
  assert.deepEqual(await other.call("SMEMBERS", "s3"), new Set(["x"]));
  await other.call("ZADD", "z3", 1.5, "m");
  assert.equal(await other.call("ZSCORE", "z3", "m"), 1.5);
  assert.equal(await other.call("EVAL", "redis.setresp(3); return true", 0), true);
  other.close();
});

test("an error reply is a typed error", async () => {
  await client.call("SET", "s", "1");
  const error = await client.call("LPUSH", "s", "x").catch((error) => error);
  assert.ok(error instanceof RedisError);
  assert.equal(error.code, "WRONGTYPE");
  assert.match(error.message, /^WRONGTYPE Operation against a key/);
});

test("a blocked command is a promise, kept when another client pushes", async () => {
  const other = keyspace.client();
  const popped = other.call("BLPOP", "queue", 0);
  const behind = other.call("GET", "s");
  assert.ok(other.isBlocked);
  await client.call("RPUSH", "queue", "job");
  assert.deepEqual(await popped, ["queue", "job"]);
  assert.equal(await behind, "1");
  other.close();
});

test("a wait ends when the clock says so", async () => {
  const popped = client.call("BLPOP", "queue", 5);
  keyspace.advance(4_999);
  assert.ok(client.isBlocked);
  keyspace.advance(1);
  assert.equal(await popped, null);
});

test("a wait can be aborted, and the client goes on", async () => {
  const controller = new AbortController();
  const popped = client.call(["BLPOP", "queue", 0], { signal: controller.signal });
  controller.abort();
  await assert.rejects(popped, { name: "AbortError" });
  assert.ok(!client.isBlocked);
  assert.equal(await client.call("PING"), "PONG");
  await assert.rejects(client.call(["PING"], { signal: controller.signal }), { name: "AbortError" });
});

test("a command behind a blocked one can be aborted by itself", async () => {
  const controller = new AbortController();
  const popped = client.call("BLPOP", "queue", 0);
  const ping = client.call(["PING"], { signal: controller.signal });
  controller.abort();
  await assert.rejects(ping, { name: "AbortError" });
  assert.ok(client.isBlocked);
  await keyspace.client().call("LPUSH", "queue", "x");
  assert.deepEqual(await popped, ["queue", "x"]);
});

test("a pipeline answers every reply, errors among them", async () => {
  const replies = await client
    .pipeline()
    .call("SET", "p", "1")
    .call("LPUSH", "p", "x")
    .call("INCR", "p")
    .exec();
  assert.equal(replies[0], "OK");
  assert.ok(replies[1] instanceof RedisError);
  assert.equal(replies[2], 2);
});

test("a transaction answers its replies, null after a change, and rejects what was refused", async () => {
  assert.deepEqual(await client.multi().call("SET", "t", "1").call("INCR", "t").exec(), ["OK", 2]);
  await client.call("WATCH", "t");
  await keyspace.client().call("SET", "t", "other");
  assert.equal(await client.multi().call("SET", "t", "mine").exec(), null);
  const refused = client.multi().call("SET", "t", "mine").call("NOSUCH").exec();
  await assert.rejects(refused, /unknown command/);
  assert.equal(await client.call("GET", "t"), "other");
});

test("messages come by an async iterator, until it is left", async () => {
  const heard = [];
  const subscription = client.subscribe(["news", "weather"]);
  await client.call("PUBLISH", "news", "one");
  await client.call("PUBLISH", "weather", "rain");
  assert.equal(await client.call("PUBLISH", "other", "unheard"), 0);
  for await (const message of subscription) {
    heard.push(message);
    if (heard.length === 2) {
      break;
    }
  }
  assert.deepEqual(heard, [
    { channel: "news", message: "one" },
    { channel: "weather", message: "rain" },
  ]);
  assert.equal(await client.call("PUBLISH", "news", "two"), 0, "nobody listens any more");
});

test("patterns say which one matched, and a signal ends the loop", async () => {
  const controller = new AbortController();
  const subscription = client.psubscribe("n*", { signal: controller.signal });
  const next = subscription.next();
  await client.call("PUBLISH", "news", "one");
  const message = { pattern: "n*", channel: "news", message: "one" };
  assert.deepEqual(await next, { done: false, value: message });
  controller.abort();
  assert.deepEqual(await subscription.next(), { done: true, value: undefined });
});

test("commands without one reply are refused, and the error says what to use", async () => {
  await assert.rejects(client.call("subscribe", "c"), /client\.subscribe/);
  await assert.rejects(client.call("MONITOR"), /keyspace\.on/);
  await assert.rejects(client.call("CLIENT", "REPLY", "OFF"), /client\.receive/);
});

test("invalidations are pushes", async () => {
  const tracking = keyspace.client({ resp: 3 });
  const pushes = [];
  tracking.onPush((items) => pushes.push(items));
  await tracking.call("CLIENT", "TRACKING", "ON");
  await tracking.call("GET", "tracked");
  await client.call("SET", "tracked", "1");
  assert.deepEqual(pushes, [["invalidate", ["tracked"]]]);
  tracking.close();
});

test("a client connects as its options say", async () => {
  const other = keyspace.client({ db: 3, name: "me" });
  await other.call("SET", "in-three", "1");
  assert.equal(await client.call("EXISTS", "in-three"), 0);
  assert.equal(await other.call("CLIENT", "GETNAME"), "me");
  assert.throws(() => keyspace.client({ db: 99 }), /out of range/);
  other.close();
});

test("a password is asked for where there is one", async () => {
  const locked = await open({ password: "secret" });
  await assert.rejects(locked.client().call("PING"), { code: "NOAUTH" });
  assert.throws(() => locked.client({ password: "wrong" }), { code: "WRONGPASS" });
  const inside = locked.client({ password: "secret" });
  assert.equal(await inside.call("PING"), "PONG");
  const subscription = inside.subscribe("c");
  await inside.call("PUBLISH", "c", "hello");
  assert.equal((await subscription.next()).value.message, "hello");
  locked.close();
});

test("bytes go in and out as on a socket", async () => {
  const stream = keyspace.client();
  let output = "";
  stream.onOutput((bytes) => (output += new TextDecoder().decode(bytes)));
  stream.receive(new TextEncoder().encode("*1\r\n$4\r\nPI"));
  stream.receive(new TextEncoder().encode("NG\r\nGET s\r\n"));
  assert.equal(output, "+PONG\r\n$1\r\n1\r\n");
  await assert.rejects(stream.call("PING"), /stream of bytes/);
  let ended = false;
  stream.onClose(() => (ended = true));
  stream.receive(new TextEncoder().encode("QUIT\r\n"));
  assert.ok(ended && !stream.isOpen);
});

test("a script that takes long lets others speak once it is slow, and can be killed", async () => {
  const other = keyspace.client();
  const endless = other.call("EVAL", "while true do end", 0);
  const ping = client.call("PING");
  keyspace.advance(5_000);
  await assert.rejects(ping, { code: "BUSY" });
  assert.equal(await client.call("SCRIPT", "KILL"), "OK");
  await assert.rejects(endless, /killed/);
  other.close();
});

test("what is open when it is closed rejects", async () => {
  const other = keyspace.client();
  const popped = other.call("BLPOP", "queue", 0);
  other.close();
  await assert.rejects(popped, ClosedError);
  await assert.rejects(other.call("PING"), ClosedError);
});
