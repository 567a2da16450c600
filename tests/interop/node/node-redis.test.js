"use strict";

// What the documentation of node-redis shows, on the server under test, in RESP2 and in RESP3.

const assert = require("node:assert/strict");
const { after, afterEach, before, beforeEach, describe, test } = require("node:test");
const { BasicClientSideCache, ErrorReply, WatchError, createClient } = require("redis");
const { messages, startServer, until } = require("./server");

let server;
let open = [];

before(async () => {
  server = await startServer();
});
after(() => server.stop());

async function connect(options) {
  const client = createClient({ url: `redis://127.0.0.1:${server.port}`, ...options });
  client.on("error", () => {}); // A connection that is cut is an event; the client reconnects.
  open.push(client);
  return client.connect();
}

for (const RESP of [2, 3]) {
  describe(`node-redis, RESP${RESP}`, () => {
    let client;

    beforeEach(async () => {
      client = await connect({ RESP });
      await client.flushAll();
    });

    afterEach(() => {
      open.forEach((client) => client.destroy());
      open = [];
    });

    test("strings are set and read, with conditions and expiry", async () => {
      assert.equal(await client.set("name", "Ada"), "OK");
      assert.equal(await client.get("name"), "Ada");
      assert.equal(await client.get("nobody"), null);
      const lock = { condition: "NX", expiration: { type: "EX", value: 5 } };
      assert.equal(await client.set("lock", "1", lock), "OK");
      assert.equal(await client.set("lock", "2", lock), null);
      assert.equal(await client.ttl("lock"), 5);
      assert.equal(await client.incrBy("n", 41), 41);
      assert.equal(await client.getDel("n"), "41");
      await client.mSet({ a: "1", b: "2" });
      assert.deepEqual(await client.mGet(["a", "b", "c"]), ["1", "2", null]);
    });

    test("bytes are kept as they are", async () => {
      const bytes = Buffer.from([0, 13, 10, 255]);
      await client.set("bytes", bytes);
      const raw = await client.sendCommand(["GET", "bytes"], {
        typeMapping: { [36]: Buffer },
      });
      assert.deepEqual(raw, bytes);
    });

    test("an error of the server rejects with its text", async () => {
      await client.set("text", "abc");
      await assert.rejects(client.incr("text"), (error) => {
        assert.ok(error instanceof ErrorReply);
        assert.equal(error.message, "ERR value is not an integer or out of range");
        return true;
      });
      await assert.rejects(client.lPush("text", "x"), /^.*WRONGTYPE/);
    });

    test("collections come as objects, arrays and numbers", async () => {
      await client.hSet("hash", { name: "Ada", age: 36 });
      assert.deepEqual({ ...(await client.hGetAll("hash")) }, { name: "Ada", age: "36" });
      assert.deepEqual(await client.hmGet("hash", ["age", "no"]), ["36", null]);
      await client.rPush("list", ["a", "b", "c"]);
      assert.deepEqual(await client.lRange("list", 0, -1), ["a", "b", "c"]);
      assert.equal(await client.lMove("list", "other", "LEFT", "RIGHT"), "a");
      await client.sAdd("set", ["x", "y", "x"]);
      assert.deepEqual((await client.sMembers("set")).sort(), ["x", "y"]);
      assert.equal(await client.sIsMember("set", "z"), 0);
      await client.zAdd("zset", [
        { value: "one", score: 1 },
        { value: "half", score: 0.5 },
      ]);
      assert.deepEqual(await client.zRangeWithScores("zset", 0, -1), [
        { value: "half", score: 0.5 },
        { value: "one", score: 1 },
      ]);
      assert.equal(await client.zScore("zset", "half"), 0.5);
      assert.equal(await client.zScore("zset", "none"), null);
      await client.geoAdd("geo", { longitude: 13.361389, latitude: 38.115556, member: "Palermo" });
      assert.deepEqual(
        await client.geoSearch("geo", { longitude: 13, latitude: 38 }, { radius: 99, unit: "km" }),
        ["Palermo"],
      );
    });

    test("fields of a hash expire by themselves", async () => {
      await client.hSet("hash", { a: "1", b: "2" });
      assert.deepEqual(await client.hExpire("hash", ["a", "none"], 100), [1, -2]);
      assert.deepEqual(await client.hTTL("hash", ["a", "b"]), [100, -1]);
      assert.deepEqual(await client.hPersist("hash", "a"), [1]);
      await client.hpExpire("hash", "b", 1);
      await until("the field is gone", async () => (await client.hExists("hash", "b")) === 0);
      assert.deepEqual(await client.hKeys("hash"), ["a"]);
    });

    test("commands of one tick travel together, and are answered in order", async () => {
      const sent = Array.from({ length: 5_000 }, (_, index) => client.rPush("list", `${index}`));
      const lengths = await Promise.all(sent);
      assert.deepEqual(lengths, Array.from({ length: 5_000 }, (_, index) => index + 1));
    });

    test("a transaction answers all its replies", async () => {
      const replies = await client.multi().set("a", "1").incr("a").hSet("h", "f", "v").exec();
      assert.deepEqual(replies, ["OK", 2, 1]);
      await assert.rejects(
        client.multi().set("a", "x").incr("a").exec(),
        /1 commands failed/,
      );
      assert.deepEqual(await client.multi().ping().get("a").execAsPipeline(), ["PONG", "x"]);
    });

    test("a watched key that changes is a WatchError", async () => {
      const other = await connect({ RESP });
      await client.watch("a");
      await other.set("a", "5");
      await assert.rejects(client.multi().set("a", "2").exec(), WatchError);
      await client.watch("a");
      assert.deepEqual(await client.multi().set("a", "2").exec(), ["OK"]);
    });

    test("iterators find everything", async () => {
      await client.mSet(Array.from({ length: 300 }, (_, index) => [`user:${index}`, "1"]));
      await client.set("other", "1");
      const keys = new Set();
      for await (const batch of client.scanIterator({ MATCH: "user:*", COUNT: 20 })) {
        batch.forEach((key) => keys.add(key));
      }
      assert.equal(keys.size, 300);
      await client.hSet("hash", Object.fromEntries([...keys].map((key) => [key, "1"])));
      const fields = new Set();
      for await (const batch of client.hScanIterator("hash")) {
        batch.forEach(({ field }) => fields.add(field));
      }
      assert.deepEqual(fields, keys);
      await client.zAdd("zset", [...keys].map((value, score) => ({ value, score })));
      let sum = 0;
      for await (const batch of client.zScanIterator("zset")) {
        batch.forEach(({ score }) => (sum += score));
      }
      assert.equal(sum, (299 * 300) / 2);
    });

    test("streams are read, and worked through by groups", async () => {
      const first = await client.xAdd("stream", "*", { n: "1" });
      const second = await client.xAdd("stream", "*", { n: "2" });
      assert.deepEqual(
        (await client.xRange("stream", "-", "+")).map(({ id, message }) => [id, { ...message }]),
        [
          [first, { n: "1" }],
          [second, { n: "2" }],
        ],
      );
      await client.xGroupCreate("stream", "workers", "0");
      const read = (consumer) =>
        client.xReadGroup("workers", consumer, { key: "stream", id: ">" }, { COUNT: 1 });
      const [{ name, messages: given }] = await read("ada");
      assert.equal(name, "stream");
      assert.equal(given[0].id, first);
      await read("bob");
      assert.equal(await read("ada"), null);
      assert.equal(await client.xAck("stream", "workers", first), 1);
      const pending = await client.xPending("stream", "workers");
      assert.equal(pending.pending, 1);
      assert.deepEqual({ ...pending.consumers[0] }, { name: "bob", deliveriesCounter: 1 });
      const claimed = await client.xAutoClaim("stream", "workers", "ada", 0, "0-0");
      assert.deepEqual(claimed.messages.map(({ id }) => id), [second]);
      const [group] = await client.xInfoGroups("stream");
      assert.deepEqual([group.name, group.consumers, group.pending], ["workers", 2, 1]);
      assert.equal(await client.xTrim("stream", "MAXLEN", 1), 1);
    });

    test("a reader of a stream waits for the next entry", async () => {
      const reader = await connect({ RESP });
      const reply = reader.xRead({ key: "stream", id: "$" }, { BLOCK: 0 });
      await until("it waits", async () => (await client.info("clients")).includes("blocked_clients:1"));
      const id = await client.xAdd("stream", "*", { hello: "world" });
      const [{ messages: read }] = await reply;
      assert.deepEqual(read.map((message) => message.id), [id]);
    });

    test("a duplicate waits in BLPOP and is woken", async () => {
      const waiting = client.duplicate();
      open.push(await waiting.connect());
      const popped = waiting.blPop(["empty", "jobs"], 0);
      await until("it waits", async () => (await client.info("clients")).includes("blocked_clients:1"));
      await client.rPush("jobs", "resize");
      assert.deepEqual({ ...(await popped) }, { key: "jobs", element: "resize" });
      assert.equal(await waiting.blPop("jobs", 0.01), null);
    });

    test("subscribers receive messages: channels, patterns and shards", async () => {
      const subscriber = await connect({ RESP });
      const [next, listener] = messages();
      await subscriber.subscribe("news", listener);
      await subscriber.pSubscribe("user.*", listener);
      await subscriber.sSubscribe("shard", listener);
      assert.equal(await client.publish("news", "hello"), 1);
      assert.deepEqual(await next(), ["hello", "news"]);
      assert.equal(await client.publish("user.ada", "login"), 1);
      assert.deepEqual(await next(), ["login", "user.ada"]);
      assert.equal(await client.sPublish("shard", "near"), 1);
      assert.deepEqual(await next(), ["near", "shard"]);
      assert.deepEqual(await client.pubSubShardChannels(), ["shard"]);
      await subscriber.unsubscribe("news");
      await subscriber.pUnsubscribe();
      await subscriber.sUnsubscribe("shard");
      assert.equal(await client.publish("news", "nobody"), 0);
    });

    test("a client that is cut off reconnects, and goes on with its subscriptions", async () => {
      const subscriber = await connect({ RESP, name: "listener" });
      const [next, listener] = messages();
      await subscriber.subscribe("news", listener);
      const before = await subscriberId(client, "listener");
      await client.sendCommand(["CLIENT", "KILL", "ID", String(before)]);
      await until("it is back", async () => {
        const now = await subscriberId(client, "listener");
        return now !== undefined && now !== before;
      });
      await until("it listens", async () => (await client.publish("news", "again")) === 1);
      assert.deepEqual(await next(), ["again", "news"]);
    });

    test("a password is asked for and given", async () => {
      await client.configSet("requirepass", "secret");
      try {
        const stranger = { RESP, socket: { reconnectStrategy: false } };
        await assert.rejects(async () => (await connect(stranger)).get("k"), /NOAUTH/);
        const friend = await connect({ RESP, password: "secret" });
        assert.equal(await friend.ping(), "PONG");
      } finally {
        await client.configSet("requirepass", "");
      }
    });

    test("the server describes itself", async () => {
      assert.match(await client.info("server"), /redis_version:\d+\.\d+\.\d+/);
      assert.equal((await client.configGet("maxmemory-policy"))["maxmemory-policy"], "noeviction");
      const [get] = await client.commandInfo(["get"]);
      assert.equal(get.arity, 2);
      assert.equal(await client.clientSetName("shop"), "OK");
      assert.equal((await client.clientInfo()).name, "shop");
    });
  });
}

async function subscriberId(client, name) {
  const found = (await client.clientList()).find((one) => one.name === name && one.sub > 0);
  return found?.id;
}

describe("node-redis, a cache of its own", () => {
  afterEach(() => {
    open.forEach((client) => client.destroy());
    open = [];
  });

  test("a value is read once, until somebody changes it", async () => {
    const clientSideCache = new BasicClientSideCache({ ttl: 0, maxEntries: 0, evictPolicy: "LRU" });
    const cached = await connect({ RESP: 3, clientSideCache });
    const other = await connect({ RESP: 3 });
    await other.set("k", "1");
    assert.equal(await cached.get("k"), "1");
    assert.equal(await cached.get("k"), "1");
    assert.equal(clientSideCache.stats().hitCount, 1);
    await other.set("k", "2");
    await until("the change is known", async () => (await cached.get("k")) === "2");
  });

  test("invalidations are events", async () => {
    const client = await connect({ RESP: 3, emitInvalidate: true });
    const [next, listener] = messages();
    client.on("invalidate", listener);
    const other = await connect({ RESP: 3 });
    await other.set("k", "1");
    await client.get("k");
    await other.del("k");
    assert.deepEqual((await next()).map(String), ["k"]);
  });
});
