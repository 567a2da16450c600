/**
 * Stands in for Node's module `net` in a bundle for browsers, so that Redis clients for Node.js run
 * there: a socket leads to a keyspace, and nowhere else. See `keyspace-wasm/node-redis`.
 */

import { KeyspaceSocket } from "./duplex.js";
import type { Keyspace } from "./keyspace.js";

/** Under this name the options of a socket say which keyspace it leads to. */
export const KEYSPACE = Symbol.for("keyspace-wasm.keyspace");

/** Opens a socket to the keyspace that the options name. */
export function createConnection(options: { [KEYSPACE]?: Keyspace }): KeyspaceSocket {
  const keyspace = options[KEYSPACE];
  if (keyspace === undefined) {
    throw new TypeError(
      "a browser has no sockets: give the client `socket: socketOf(keyspace)` of keyspace-wasm/node-redis",
    );
  }
  return new KeyspaceSocket(keyspace);
}

export const connect = createConnection;

/** Which version of IP a text is an address of, or 0. */
export function isIP(text: string): 0 | 4 | 6 {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    return 4;
  }
  return /^[\da-f:.]*:[\da-f:.]*$/i.test(text) ? 6 : 0;
}

export { KeyspaceSocket as Socket };

export default { connect, createConnection, isIP, Socket: KeyspaceSocket };
