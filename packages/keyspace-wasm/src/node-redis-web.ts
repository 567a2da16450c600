/** node-redis on a keyspace, in a bundle in which `keyspace-wasm/net` stands in for `net`. */

import type { Keyspace } from "./keyspace.js";
import { KEYSPACE } from "./net.js";

/** The value of node-redis's option `socket`: the connection goes to this keyspace. */
export function socketOf(keyspace: Keyspace): { host: string; port: number } {
  return { host: "127.0.0.1", port: 6379, [KEYSPACE]: keyspace } as never;
}
