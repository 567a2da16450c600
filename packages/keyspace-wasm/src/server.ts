/**
 * A keyspace on a TCP port, for tests in any language:
 *
 * ```js
 * import { listen } from "keyspace-wasm/server";
 *
 * const server = await listen(keyspace); // a free port of this machine
 * console.log(server.url); // redis://127.0.0.1:40123
 * await server.close();
 * ```
 */

import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Keyspace } from "./keyspace.js";

/** Where to listen. */
export interface ListenOptions {
  /** A free one, unless told. */
  port?: number;
  /** `127.0.0.1`, unless told: nobody else can connect. */
  host?: string;
}

/** A keyspace that listens. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** What clients take: `redis://host:port`. */
  readonly url: string;
  /** Ends all connections and frees the port. The keyspace stays open. */
  close(): Promise<void>;
}

/** Lets clients connect to a keyspace over TCP. */
export async function listen(keyspace: Keyspace, options: ListenOptions = {}): Promise<Server> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    join(socket, keyspace);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const host = address.includes(":") ? `[${address}]` : address;
  return {
    host: address,
    port,
    url: `redis://${host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        sockets.forEach((socket) => socket.destroy());
      }),
  };
}

/** Lets bytes go both ways until one side ends. */
function join(socket: Socket, keyspace: Keyspace): void {
  if (!keyspace.isOpen) {
    socket.destroy();
    return;
  }
  const connection = keyspace.connect();
  connection.onOutput((bytes) => {
    // Whoever does not read is not read from, so that what waits for them stays bounded.
    if (!socket.write(bytes)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
  connection.onClose(() => socket.end());
  socket.on("data", (bytes) => connection.receive(bytes));
  socket.on("close", () => connection.close());
  // What follows an error is `close`.
  socket.on("error", () => {});
}
