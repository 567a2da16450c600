/**
 * ioredis on a keyspace, unmodified:
 *
 * ```js
 * import Redis from "ioredis";
 * import { connector } from "keyspace-wasm/ioredis";
 *
 * const redis = new Redis({ Connector: connector(keyspace) });
 * ```
 */

import { KeyspaceSocket } from "./duplex.js";
import type { Keyspace } from "./keyspace.js";

/** What ioredis makes a connection with. */
export type Connector = new (options: unknown) => {
  check(info: unknown): boolean;
  connect(): Promise<KeyspaceSocket>;
  disconnect(): void;
};

/** The value of ioredis's option `Connector`: every connection goes to this keyspace. */
export function connector(keyspace: Keyspace): Connector & typeof Object {
  class KeyspaceConnector {
    connecting = false;
    firstError: Error | undefined;
    stream: KeyspaceSocket | undefined;

    check(): boolean {
      return true;
    }

    connect(): Promise<KeyspaceSocket> {
      this.connecting = true;
      return new Promise((resolve) => {
        this.stream = new KeyspaceSocket(keyspace);
        resolve(this.stream);
      });
    }

    disconnect(): void {
      this.connecting = false;
      this.stream?.end();
    }
  }
  return KeyspaceConnector as never;
}
