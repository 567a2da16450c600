"use strict";

// What the documentation of ioredis shows, on the server under test, in RESP2 and in RESP3.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { after, afterEach, before, beforeEach, describe, test } = require("node:test");
const { Redis, ReplyError } = require("ioredis");
const { messages, startServer, until } = require("./server");

let server;
let open = [];

before(async () => {
  server = await startServer();
});
after(() => server.stop());

function connect(options) {
  const redis = new Redis({ host: "127.0.0.1", port: server.port, ...options });
  redis.on("error", () => {}); // What went wrong is said to whoever sent the command, too.
  open.push(redis);
  return redis;
}

for (const protocol of [2, 3]) {
  describe(`ioredis, RESP${protocol}`, () => {
    let redis;

    beforeEach(async () => {
      redis = connect({ protocol });
      await redis.flushall();
    });

    afterEach(() => {
      open.forEach((redis) => redis.disconnect());
      open = [];
    });

    test("strings are set and read", async () => {
      assert.equal(await redis.set("name", "Ada", "EX", 10), "OK");
      assert.equal(await redis.get("name"), "Ada");
      assert.equal(await redis.set("name", "Eve", "NX"), null);
      assert.equal(await redis.ttl("name"), 10);
      assert.equal(await redis.incrby("n", 41), 41);
      assert.deepEqual(await redis.mget("name", "n", "none"), ["Ada", "41", null]);
      assert.deepEqual(await redis.getBuffer("name"), Buffer.from("Ada"));
    });

    test("an error of the server rejects with its text and command", async () => {
      await redis.set("text", "abc");
      await assert.rejects(redis.incr("text"), (error) => {
        assert.ok(error instanceof ReplyError);
        assert.equal(error.message, "ERR value is not an integer or out of range");
        assert.deepEqual([error.command.name, error.command.args], ["incr", ["text"]]);
        return true;
      });
    });

    test("collections", async () => {
      await redis.hset("hash", { name: "Ada", age: 36 });
      assert.deepEqual({ ...(await redis.hgetall("hash")) }, { name: "Ada", age: "36" });
      await redis.rpush("list", "a", "b", "c");
      assert.deepEqual(await redis.lrange("list", 0, -1), ["a", "b", "c"]);
      await redis.sadd("set", "x", "y", "x");
      assert.deepEqual([...(await redis.smembers("set"))].sort(), ["x", "y"]);
      await redis.zadd("zset", 1, "one", 0.5, "half");
      assert.deepEqual(await redis.zrange("zset", 0, -1), ["half", "one"]);
      assert.equal(await redis.zrank("zset", "one"), 1);
    });

    test("a pipeline answers an error and a reply for each command", async () => {
      await redis.set("text", "abc");
      const replies = await redis.pipeline().set("a", 1).incr("text").incr("a").exec();
      assert.deepEqual(replies[0], [null, "OK"]);
      assert.match(replies[1][0].message, /not an integer/);
      assert.deepEqual(replies[2], [null, 2]);
      const many = redis.pipeline();
      for (let index = 0; index < 10_000; index++) {
        many.rpush("list", index);
      }
      assert.deepEqual((await many.exec()).at(-1), [null, 10_000]);
    });

    test("a transaction, and one whose watched key changes", async () => {
      assert.deepEqual(await redis.multi().set("a", 1).incr("a").exec(), [
        [null, "OK"],
        [null, 2],
      ]);
      const other = connect({ protocol });
      await redis.watch("a");
      await other.set("a", 9);
      assert.equal(await redis.multi().set("a", 2).exec(), null);
      await assert.rejects(redis.multi().set("a").exec(), /EXECABORT/);
    });

    test("a stream of keys finds all of them", async () => {
      const pairs = Array.from({ length: 300 }, (_, index) => [`user:${index}`, 1]).flat();
      await redis.mset(...pairs);
      const keys = new Set();
      for await (const batch of redis.scanStream({ match: "user:*", count: 20 })) {
        batch.forEach((key) => keys.add(key));
      }
      assert.equal(keys.size, 300);
    });

    test("streams and their groups", async () => {
      const id = await redis.xadd("stream", "*", "n", "1");
      await redis.xgroup("CREATE", "stream", "workers", "0");
      const given = await redis.xreadgroup("GROUP", "workers", "ada", "STREAMS", "stream", ">");
      const entries = Array.isArray(given) ? given[0][1] : given.stream;
      assert.deepEqual(entries, [[id, ["n", "1"]]]);
      assert.equal(await redis.xack("stream", "workers", id), 1);
      const reader = connect({ protocol });
      const reply = reader.xread("BLOCK", 0, "STREAMS", "stream", "$");
      await until("it waits", async () => (await redis.info("clients")).includes("blocked_clients:1"));
      const next = await redis.xadd("stream", "*", "n", "2");
      const read = await reply;
      assert.equal((Array.isArray(read) ? read[0][1] : read.stream)[0][0], next);
    });

    test("a duplicate waits in BRPOP and is woken", async () => {
      const waiting = redis.duplicate();
      open.push(waiting);
      const popped = waiting.brpop("empty", "jobs", 0);
      await until("it waits", async () => (await redis.info("clients")).includes("blocked_clients:1"));
      await redis.lpush("jobs", "resize");
      assert.deepEqual(await popped, ["jobs", "resize"]);
    });

    test("subscribers receive messages: channels, patterns and shards", async () => {
      const subscriber = connect({ protocol });
      const [next, listener] = messages();
      ["message", "pmessage", "smessage"].forEach((kind) => {
        subscriber.on(kind, (...message) => listener(kind, ...message));
      });
      assert.equal(await subscriber.subscribe("news"), 1);
      assert.equal(await subscriber.psubscribe("user.*"), 2);
      await subscriber.ssubscribe("shard");
      await redis.publish("news", "hello");
      assert.deepEqual(await next(), ["message", "news", "hello"]);
      await redis.publish("user.ada", "login");
      assert.deepEqual(await next(), ["pmessage", "user.*", "user.ada", "login"]);
      await redis.spublish("shard", "near");
      assert.deepEqual(await next(), ["smessage", "shard", "near"]);
      await subscriber.unsubscribe("news");
      assert.equal(await redis.publish("news", "nobody"), 0);
    });

    test("a client that is cut off reconnects, and goes on with its subscriptions", async () => {
      const subscriber = connect({ protocol, retryStrategy: () => 10 });
      const [next, listener] = messages();
      subscriber.on("message", listener);
      await subscriber.subscribe("news");
      const closed = once(subscriber, "close");
      await redis.client("KILL", "TYPE", "pubsub");
      await closed;
      await until("it listens", async () => (await redis.publish("news", "again")) === 1);
      assert.deepEqual(await next(), ["news", "again"]);
    });

    test("commands of one tick become a pipeline by themselves", async () => {
      const piped = connect({ protocol, enableAutoPipelining: true, keyPrefix: "app:" });
      await Promise.all(Array.from({ length: 500 }, (_, index) => piped.set(`k${index}`, index)));
      assert.equal(await redis.dbsize(), 500);
      assert.equal(await redis.get("app:k499"), "499");
    });

    test("a monitor sees commands", async () => {
      const monitor = await redis.monitor();
      open.push(monitor);
      const [next, listener] = messages();
      monitor.on("monitor", (_time, args) => args[0].toLowerCase() === "set" && listener(args));
      await redis.set("seen", "1");
      assert.deepEqual(await next(), [["set", "seen", "1"]]);
    });

    test("a password is asked for and given", async () => {
      await redis.config("SET", "requirepass", "secret");
      try {
        const stranger = connect({ protocol, lazyConnect: true, retryStrategy: null });
        await assert.rejects(stranger.ping(), /NOAUTH/);
        assert.equal(await connect({ protocol, password: "secret" }).ping(), "PONG");
      } finally {
        await redis.config("SET", "requirepass", "");
      }
    });
  });
}
