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

import type { RedisOptions } from "ioredis";
import { KeyspaceSocket } from "./duplex.js";
import type { Keyspace } from "./keyspace.js";

/** What ioredis makes a connection with. */
export type Connector = NonNullable<RedisOptions["Connector"]>;

/** The value of ioredis's option `Connector`: every connection goes to this keyspace. */
export function connector(keyspace: Keyspace): Connector {
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
  // ioredis's own class of connectors has members that no other class can have.
  return KeyspaceConnector as unknown as Connector;
}
