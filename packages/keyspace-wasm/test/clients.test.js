// Real clients on a keyspace, unmodified: ioredis, node-redis, BullMQ; and a socket for all others.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { Queue, QueueEvents, Worker } from "bullmq";
import Redis from "ioredis";
import { open } from "keyspace-wasm";
import { connector } from "keyspace-wasm/ioredis";
import { socketOf } from "keyspace-wasm/node-redis";
import { listen } from "keyspace-wasm/server";
import { createClient } from "redis";

async function opened(t, options) {
  const keyspace = await open(options);
  t.after(() => keyspace.close());
  return keyspace;
}

test("ioredis: commands, pipelines, transactions, scripts", async (t) => {
  const redis = new Redis({ Connector: connector(await opened(t)) });
  t.after(() => redis.disconnect());
  assert.equal(await redis.set("k", "v", "EX", 10), "OK");
  assert.equal(await redis.get("k"), "v");
  assert.deepEqual(await redis.hset("h", { a: 1, b: 2 }), 2);
  assert.deepEqual(await redis.hgetall("h"), { a: "1", b: "2" });
  assert.deepEqual(await redis.pipeline().incr("n").incr("n").exec(), [[null, 1], [null, 2]]);
  assert.deepEqual(await redis.multi().set("t", 1).incr("t").exec(), [[null, "OK"], [null, 2]]);
  redis.defineCommand("twice", { numberOfKeys: 1, lua: "return redis.call('INCRBY', KEYS[1], 2)" });
  assert.equal(await redis.twice("n"), 4);
  await assert.rejects(redis.lpush("k", "x"), /^ReplyError: WRONGTYPE/);
});

test("ioredis: blocking commands and messages between connections", async (t) => {
  const keyspace = await opened(t);
  const redis = new Redis({ Connector: connector(keyspace) });
  const other = redis.duplicate();
  t.after(() => [redis, other].forEach((client) => client.disconnect()));
  const popped = redis.brpop("q", 5);
  await other.lpush("q", "job");
  assert.deepEqual(await popped, ["q", "job"]);
  const message = new Promise((resolve) => redis.on("message", (...heard) => resolve(heard)));
  await redis.subscribe("news");
  assert.equal(await other.publish("news", "hello"), 1);
  assert.deepEqual(await message, ["news", "hello"]);
});

test("ioredis: a connection that is killed is made again", async (t) => {
  const keyspace = await opened(t);
  const redis = new Redis({ Connector: connector(keyspace), retryStrategy: () => 1 });
  t.after(() => redis.disconnect());
  const id = await redis.client("ID");
  await keyspace.client().call("CLIENT", "KILL", "ID", id);
  assert.notEqual(await redis.client("ID"), id);
});

test("node-redis: commands, transactions, blocking commands and messages", async (t) => {
  const keyspace = await opened(t);
  const client = await createClient({ socket: socketOf(keyspace) }).connect();
  const other = await client.duplicate().connect();
  t.after(() => [client, other].forEach((client) => client.destroy()));
  assert.equal(await client.set("k", "v", { expiration: { type: "EX", value: 10 } }), "OK");
  assert.equal(await client.ttl("k"), 10);
  assert.deepEqual(await client.multi().set("t", 1).incr("t").exec(), ["OK", 2]);
  await assert.rejects(client.lPush("k", "x"), /WRONGTYPE/);
  const popped = other.brPop("q", 5);
  await client.lPush("q", "job");
  assert.deepEqual({ ...(await popped) }, { key: "q", element: "job" });
  const heard = new Promise((resolve) => other.subscribe("news", resolve).then(() => client.publish("news", "hello")));
  assert.equal(await heard, "hello");
});

test("node-redis goes to a network as before where it is told to", async (t) => {
  const server = await listen(await opened(t));
  t.after(() => server.close());
  const client = await createClient({ url: server.url }).connect();
  assert.equal(await client.ping(), "PONG");
  client.destroy();
});

test("a server takes any client, and what it sends in pieces", async (t) => {
  const keyspace = await opened(t);
  const server = await listen(keyspace);
  const socket = connect(server.port, server.host);
  socket.write("PI");
  socket.write("NG\r\nSET k v\r\nQUIT\r\n");
  let output = "";
  for await (const bytes of socket) {
    output += bytes;
  }
  assert.equal(output, "+PONG\r\n+OK\r\n+OK\r\n");
  assert.equal(await keyspace.client().call("GET", "k"), "v");
  await server.close();
  assert.ok(keyspace.isOpen, "the keyspace outlives it");
});

test("BullMQ: a queue and its worker, a failure, a delayed job, and one that repeats", async (t) => {
  const keyspace = await opened(t);
  const connections = [];
  // Each of BullMQ's parts has its own connection, which it closes.
  const connection = () => {
    const redis = new Redis({ Connector: connector(keyspace), maxRetriesPerRequest: null });
    connections.push(redis);
    return redis;
  };
  const queue = new Queue("mail", { connection: connection() });
  const events = new QueueEvents("mail", { connection: connection() });
  await events.waitUntilReady();
  const done = [];
  const worker = new Worker(
    "mail",
    async (job) => {
      if (job.name === "bad") {
        throw new Error("no such address");
      }
      done.push(job.name);
      return job.data.to ?? null;
    },
    { connection: connection() },
  );
  t.after(async () => {
    await Promise.all([worker.close(), queue.close(), events.close()]);
    connections.forEach((redis) => redis.disconnect());
  });

  const job = await queue.add("send", { to: "ada" });
  assert.equal(await job.waitUntilFinished(events), "ada");
  const bad = await queue.add("bad", {});
  await assert.rejects(bad.waitUntilFinished(events), /no such address/);
  assert.equal((await queue.getJobCounts("completed", "failed")).failed, 1);

  const later = await queue.add("later", {}, { delay: 40 });
  assert.equal(await later.getState(), "delayed");
  await later.waitUntilFinished(events);

  const thrice = new Promise((resolve) => {
    let runs = 0;
    worker.on("completed", (job) => job.name === "tick" && ++runs === 3 && resolve());
  });
  await queue.upsertJobScheduler("clock", { every: 30 }, { name: "tick" });
  await thrice;
  await queue.removeJobScheduler("clock");
  assert.deepEqual(done.slice(0, 2), ["send", "later"]);
});
