/**
 * node-redis (`redis` on npm) on a keyspace, unmodified:
 *
 * ```js
 * import { createClient } from "redis";
 * import { socketOf } from "keyspace-wasm/node-redis";
 *
 * const client = await createClient({ socket: socketOf(keyspace) }).connect();
 * ```
 *
 * node-redis has no place to put a socket of one's own: it hands its socket options to
 * `net.createConnection`. In Node.js importing this teaches that function one more kind of options,
 * those made by {@link socketOf}, and leaves all others as they are. In a bundle for a browser let
 * `keyspace-wasm/net` stand in for `net`.
 */

import net from "node:net";
import { KeyspaceSocket } from "./duplex.js";
import type { Keyspace } from "./keyspace.js";
import { KEYSPACE } from "./net.js";

const original = net.createConnection as (...args: unknown[]) => net.Socket;

function createConnection(...args: unknown[]): net.Socket {
  const options = args[0] as { [KEYSPACE]?: Keyspace } | undefined;
  const keyspace = typeof options === "object" ? options?.[KEYSPACE] : undefined;
  if (keyspace === undefined) {
    return original.apply(net, args);
  }
  return new KeyspaceSocket(keyspace) as unknown as net.Socket;
}

net.createConnection = createConnection as typeof net.createConnection;

/** The value of node-redis's option `socket`: the connection goes to this keyspace. */
export function socketOf(keyspace: Keyspace): { host: string; port: number } {
  return { host: "127.0.0.1", port: 6379, [KEYSPACE]: keyspace } as never;
}
