/**
 * Redis in the process you are in: a whole engine as WebAssembly, without a server.
 *
 * ```js
 * import { open } from "keyspace-wasm";
 *
 * const keyspace = await open();
 * const client = keyspace.client();
 * await client.call("SET", "greeting", "hello", { EX: 60 });
 * keyspace.advance(60_000); // no waiting
 * await client.call("GET", "greeting"); // null
 * ```
 */

export { open, Keyspace, Snapshot, type OpenOptions } from "./keyspace.js";
export { Client, type CallOptions, type ClientOptions } from "./client.js";
export { Batch } from "./batch.js";
export { Connection, type Unsubscribe } from "./connection.js";
export { Subscription, type Message, type SubscribeOptions } from "./subscription.js";
export { RedisError, ClosedError } from "./errors.js";
export { load, type WasmSource } from "./load.js";
export type { Argument, Options, Word } from "./encode.js";
export type { Reply } from "./decode.js";
export type { EventOf, EventType, KeyspaceEvent } from "./events.js";
export { open as default } from "./keyspace.js";
