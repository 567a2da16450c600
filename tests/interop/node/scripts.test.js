"use strict";

// Libraries that do their work in scripts of their own, on the server under test.

const assert = require("node:assert/strict");
const { after, afterEach, before, beforeEach, describe, test } = require("node:test");
const { FlowProducer, Queue, QueueEvents, Worker } = require("bullmq");
const { Redis } = require("ioredis");
const { BurstyRateLimiter, RateLimiterQueue, RateLimiterRedis } = require("rate-limiter-flexible");
const { default: Redlock, ResourceLockedError } = require("redlock");
const { startServer, until } = require("./server");

let server;
let redis;
let open = [];

before(async () => {
  server = await startServer();
});
after(() => server.stop());

function connect(options) {
  const client = new Redis({ host: "127.0.0.1", port: server.port, ...options });
  client.on("error", () => {}); // What went wrong is said to whoever sent the command, too.
  open.push(client);
  return client;
}

beforeEach(async () => {
  redis = connect();
  await redis.flushall();
  await redis.script("FLUSH");
});

afterEach(() => {
  open.forEach((client) => client.disconnect());
  open = [];
});

describe("ioredis defineCommand", () => {
  test("a script becomes a command, and is sent once", async () => {
    redis.defineCommand("transfer", {
      numberOfKeys: 2,
      lua: `
        local amount = tonumber(ARGV[1])
        if tonumber(redis.call("GET", KEYS[1]) or 0) < amount then
          return redis.error_reply("POOR not enough")
        end
        redis.call("DECRBY", KEYS[1], amount)
        return {redis.call("GET", KEYS[1]), redis.call("INCRBY", KEYS[2], amount)}`,
    });
    await redis.set("ada", 100);
    assert.deepEqual(await redis.transfer("ada", "eve", 30), ["70", 30]);
    await assert.rejects(redis.transfer("ada", "eve", 80), /^ReplyError: POOR not enough$/);
    await redis.script("FLUSH");
    assert.deepEqual(await redis.transfer("ada", "eve", 70), ["0", 100]);
    const stats = await redis.info("commandstats");
    assert.match(stats, /cmdstat_evalsha:calls=\d+/);
  });

  test("in a pipeline and in a transaction, with buffers and without a fixed number of keys", async () => {
    const scripted = connect({
      scripts: {
        echo: { lua: "return {KEYS[1], ARGV[1]}" },
        count: { lua: "return redis.call('INCR', KEYS[1])", numberOfKeys: 1 },
      },
    });
    const bytes = Buffer.from([0, 255, 13, 10]);
    assert.deepEqual(await scripted.echoBuffer(1, bytes, bytes), [bytes, bytes]);
    const piped = await scripted.pipeline().count("n").count("n").get("n").exec();
    assert.deepEqual(piped, [[null, 1], [null, 2], [null, "2"]]);
    assert.deepEqual(await scripted.multi().count("n").count("n").exec(), [[null, 3], [null, 4]]);
  });
});

describe("redlock", () => {
  test("a resource is locked, extended and released", async () => {
    const redlock = new Redlock([redis], { retryCount: 0 });
    const lock = await redlock.acquire(["printer", "scanner"], 10_000);
    await assert.rejects(redlock.acquire(["scanner"], 10_000), (error) =>
      error.name === "ExecutionError" && /quorum/.test(error.message));
    const extended = await lock.extend(60_000);
    assert.ok((await redis.pttl("printer")) > 50_000);
    await extended.release();
    assert.equal(await redis.exists("printer", "scanner"), 0);
    await (await redlock.acquire(["scanner"], 10_000)).release();
  });

  test("work is done one after another", async () => {
    const redlock = new Redlock([redis], { retryCount: -1, retryDelay: 5, retryJitter: 2 });
    redlock.on("error", (error) => assert.ok(error instanceof ResourceLockedError, error));
    let inside = 0;
    const work = () =>
      redlock.using(["account"], 5_000, async () => {
        assert.equal(++inside, 1);
        await redis.incr("done");
        inside--;
      });
    await Promise.all(Array.from({ length: 8 }, work));
    assert.equal(await redis.get("done"), "8");
    assert.equal(await redis.exists("account"), 0);
  });
});

describe("rate-limiter-flexible", () => {
  test("points are consumed, penalised, rewarded and blocked", async () => {
    const limiter = new RateLimiterRedis({
      storeClient: redis, keyPrefix: "api", points: 3, duration: 3600, blockDuration: 7200,
    });
    for (const remaining of [2, 1, 0]) {
      assert.equal((await limiter.consume("user")).remainingPoints, remaining);
    }
    await assert.rejects(limiter.consume("user"), (state) => {
      assert.deepEqual([state.remainingPoints, state.consumedPoints], [0, 4]);
      return state.msBeforeNext > 3_600_000;
    });
    await limiter.delete("user");
    await limiter.consume("user", 2);
    assert.equal((await limiter.reward("user", 1)).consumedPoints, 1);
    assert.equal((await limiter.penalty("user", 2)).consumedPoints, 3);
    assert.equal((await limiter.get("user")).remainingPoints, 0);
    await limiter.block("other", 60);
    await assert.rejects(limiter.consume("other"), (state) => state.msBeforeNext > 50_000);
  });

  test("many at once: no more than there are points", async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 10, duration: 3600 });
    const results = await Promise.allSettled(Array.from({ length: 25 }, () => limiter.consume("ip")));
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 10);
    const burst = new BurstyRateLimiter(
      limiter,
      new RateLimiterRedis({ storeClient: redis, keyPrefix: "burst", points: 5, duration: 3600 }),
    );
    const more = await Promise.allSettled(Array.from({ length: 9 }, () => burst.consume("ip")));
    assert.equal(more.filter((result) => result.status === "fulfilled").length, 5);
  });

  test("a queue lets through what is within the limit", async () => {
    const limiter = new RateLimiterRedis({ storeClient: redis, points: 2, duration: 1 });
    const queue = new RateLimiterQueue(limiter, { maxQueueSize: 10 });
    const left = await Promise.all(Array.from({ length: 4 }, () => queue.removeTokens(1, "q")));
    assert.deepEqual(left.sort(), [0, 0, 1, 1]);
  });
});

describe("BullMQ", () => {
  let connection;
  let queue;
  let events;
  let parts;

  beforeEach(async () => {
    connection = { host: "127.0.0.1", port: server.port };
    queue = new Queue("work", { connection });
    events = new QueueEvents("work", { connection });
    parts = [queue, events];
    await events.waitUntilReady();
  });

  afterEach(() => Promise.all(parts.map((part) => part.close())));

  function work(processor, options) {
    const worker = new Worker("work", processor, { connection, ...options });
    parts.unshift(worker);
    return worker;
  }

  test("jobs are done by priority, and give their results", async () => {
    const order = [];
    for (const [name, priority] of [["low", 9], ["high", 1], ["middle", 5], ["first", 0]]) {
      await queue.add(name, { name }, { priority });
    }
    const last = await queue.add("last", { name: "last" }, { priority: 10 });
    work(async (job) => {
      order.push(job.name);
      await job.updateProgress(50);
      await job.log(`doing ${job.name}`);
      return { was: job.data.name };
    });
    assert.deepEqual(await last.waitUntilFinished(events), { was: "last" });
    assert.deepEqual(order, ["first", "high", "middle", "low", "last"]);
    assert.equal((await queue.getJob(last.id)).progress, 50);
    assert.deepEqual((await queue.getJobLogs(last.id)).logs, ["doing last"]);
    assert.equal(await queue.getCompletedCount(), 5);
  });

  test("a job that fails is tried again with backoff, and fails in the end", async () => {
    const attempts = [];
    work(async (job) => {
      attempts.push([job.name, job.attemptsMade]);
      if (job.name === "never" || job.attemptsMade < 2) {
        throw new Error("not now");
      }
      return "done";
    });
    const backoff = { type: "exponential", delay: 5 };
    const third = await queue.add("third time", {}, { attempts: 3, backoff });
    assert.equal(await third.waitUntilFinished(events), "done");
    const never = await queue.add("never", {}, { attempts: 2, backoff: { type: "fixed", delay: 5 } });
    await assert.rejects(never.waitUntilFinished(events), /not now/);
    assert.deepEqual(attempts.map(([name]) => name), [
      "third time", "third time", "third time", "never", "never",
    ]);
    assert.equal(await never.getState(), "failed");
    await never.retry();
    await until("it has failed again", async () => attempts.length === 6);
  });

  test("a delayed job waits, and can be promoted or moved", async () => {
    const job = await queue.add("later", {}, { delay: 3_600_000 });
    const soon = await queue.add("soon", {}, { delay: 20 });
    assert.deepEqual([await job.getState(), await queue.getDelayedCount()], ["delayed", 2]);
    work(async (job) => job.name);
    assert.equal(await soon.waitUntilFinished(events), "soon");
    await job.changeDelay(7_200_000);
    assert.equal(await queue.getDelayedCount(), 1);
    await job.promote();
    assert.equal(await job.waitUntilFinished(events), "later");
  });

  test("a flow's parent follows its children", async () => {
    const flow = new FlowProducer({ connection });
    parts.push(flow);
    const tree = await flow.add({
      name: "sum",
      queueName: "work",
      children: [1, 2, 3].map((n) => ({ name: "one", queueName: "work", data: { n } })),
    });
    assert.equal(await tree.job.getState(), "waiting-children");
    work(async (job) => {
      if (job.name === "one") {
        return job.data.n * 10;
      }
      return Object.values(await job.getChildrenValues()).reduce((sum, value) => sum + value, 0);
    }, { concurrency: 2 });
    assert.equal(await tree.job.waitUntilFinished(events), 60);
  });

  test("a scheduler repeats a job, and is removed", async () => {
    let runs = 0;
    work(async () => ++runs);
    await queue.upsertJobScheduler("tick", { every: 20 }, { name: "tick" });
    await until("it ran three times", () => runs >= 3);
    assert.equal((await queue.getJobSchedulers()).length, 1);
    assert.equal(await queue.removeJobScheduler("tick"), true);
    assert.equal((await queue.getJobSchedulers()).length, 0);
  });

  test("duplicates, bulk, pause, drain, clean and obliterate", async () => {
    await queue.add("one", {}, { jobId: "only" });
    await queue.add("one", {}, { jobId: "only" });
    const first = await queue.add("same", {}, { deduplication: { id: "d" } });
    const second = await queue.add("same", {}, { deduplication: { id: "d" } });
    assert.equal(first.id, second.id);
    await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: "bulk", data: { n } })));
    assert.equal(await queue.count(), 52);
    await queue.pause();
    assert.equal(await queue.isPaused(), true);
    await queue.drain();
    assert.equal(await queue.count(), 0);
    await queue.resume();
    const job = await queue.add("done", {});
    work(async () => "x");
    await job.waitUntilFinished(events);
    assert.deepEqual(await queue.clean(0, 10, "completed"), [job.id]);
    await queue.obliterate({ force: true });
    assert.equal(await redis.exists("bull:work:meta"), 0);
  });

  test("a limiter lets so many through, and workers share the work", async () => {
    const done = [];
    const limiter = { max: 5, duration: 100 };
    work(async (job) => done.push(job.id), { limiter, concurrency: 3 });
    work(async (job) => done.push(job.id), { limiter, concurrency: 3 });
    await queue.addBulk(Array.from({ length: 12 }, (_, n) => ({ name: "n", data: { n } })));
    await until("all are done", () => done.length === 12);
    assert.equal(new Set(done).size, 12);
  });
});
