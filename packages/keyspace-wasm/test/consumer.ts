// The types, as somebody's own program meets them: it is compiled, by types.test.js, and never runs.

import open, { ClosedError, RedisError, type KeyspaceEvent, type Reply } from "keyspace-wasm";
import { connector } from "keyspace-wasm/ioredis";
import { socketOf } from "keyspace-wasm/node-redis";
import { listen, type Server } from "keyspace-wasm/server";
import { KeyspaceExample, page } from "keyspace-wasm/elements";
import { Redis } from "ioredis";
import { createClient } from "redis";

const keyspace = await open({ seed: 1, clock: "paused", now: new Date() });
const client = keyspace.client({ resp: 3, db: 1 });

const reply: Reply = await client.call("SET", "k", "v", { EX: 10, NX: true, XX: undefined });
const length: number = await client.call<number>("LPUSH", "l", ["a", 1, 2n, new Uint8Array()]);
await client.call(["BLPOP", "l", 0], { signal: AbortSignal.timeout(1), bytes: true });
// @ts-expect-error: null is no word
await client.call("GET", null);
// @ts-expect-error: there is no such clock
await open({ clock: "fast" });

const replies: Reply[] = await client.pipeline().call("PING").exec();
const result: Reply[] | null = await client.multi().call("INCR", "n").exec();
for await (const { channel, message, pattern } of client.psubscribe("n*")) {
  console.log(channel, message, pattern ?? "");
}

keyspace.on("keyExpired", ({ key, at }) => console.log(key.toUpperCase(), at.toFixed()));
keyspace.on("event", (event: KeyspaceEvent) => console.log(event.type));
// @ts-expect-error: there is no such event
keyspace.on("nothing", () => {});

const snapshot = keyspace.snapshot();
keyspace.restore(snapshot);
const file: Uint8Array = keyspace.export("rdb");
keyspace.import(file);

const redis = new Redis({ Connector: connector(keyspace) });
const other = createClient({ socket: socketOf(keyspace) });
const server: Server = await listen(keyspace, { port: 0 });
const example = document.querySelector("keyspace-example") as KeyspaceExample;
page.wasm = "/keyspace_wasm_bg.wasm";

try {
  keyspace.close();
} catch (error) {
  if (error instanceof RedisError || error instanceof ClosedError) {
    console.log(error instanceof RedisError ? error.code : error.message);
  }
}
console.log(reply, length, replies, result, redis, other, server.url, example.commands);
