/** A connection to a keyspace as a stream of Node.js, with what Redis clients ask of a socket. */

import { Duplex } from "node:stream";
import type { Connection } from "./connection.js";
import type { Keyspace } from "./keyspace.js";

/** What `net.Socket` is to a client, without a network. */
export class KeyspaceSocket extends Duplex {
  readonly #connection: Connection;
  readonly #keyspace: Keyspace;
  readonly remoteAddress = "127.0.0.1";
  readonly remotePort = 6379;
  /** What clients ask before they send. */
  connecting = true;

  constructor(keyspace: Keyspace) {
    super({ decodeStrings: true });
    this.#keyspace = keyspace;
    this.#connection = keyspace.connect();
    keyspace.hold(1);
    // No socket answers before the call returns that wrote to it, and clients rely on that.
    this.#connection.onOutput((bytes) => queueMicrotask(() => this.push(bytes)));
    this.#connection.onClose(() => {
      keyspace.hold(-1);
      queueMicrotask(() => {
        this.push(null);
        this.destroy();
      });
    });
    queueMicrotask(() => {
      if (!this.destroyed) {
        this.connecting = false;
        this.emit("connect");
        this.emit("ready");
      }
    });
  }

  override _read(): void {
    // Output is pushed as it comes.
  }

  override _write(chunk: Uint8Array, _: string, done: (error?: Error | null) => void): void {
    this.#attempt(() => this.#connection.receive(chunk), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#attempt(() => this.#connection.close(), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection.close();
    done(error);
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  /** Nothing is ever late here. */
  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  #attempt(action: () => void, done: (error?: Error | null) => void): void {
    if (!this.#keyspace.isOpen) {
      done(new Error("the keyspace is closed"));
      return;
    }
    action();
    done();
  }
}
