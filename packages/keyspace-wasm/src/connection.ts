/** A connection to a keyspace: RESP bytes both ways. */

import type { Keyspace } from "./keyspace.js";

/** Ends what a listener was registered for. */
export type Unsubscribe = () => void;

/**
 * RESP bytes in by `receive`, RESP bytes out to the listeners of `onOutput`: what a socket is to a
 * Redis client. Made by `keyspace.connect()`.
 */
export class Connection {
  /** @internal */
  readonly keyspace: Keyspace;
  /** What CLIENT ID answers. */
  id: number;
  #isOpen = true;
  readonly #output = new Set<(bytes: Uint8Array) => void>();
  readonly #close = new Set<() => void>();

  /** @internal */
  constructor(keyspace: Keyspace, id: number) {
    this.keyspace = keyspace;
    this.id = id;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether the client waits in a blocking command. */
  get isBlocked(): boolean {
    return this.#isOpen && this.keyspace.isBlocked(this.id);
  }

  /** Takes RESP bytes or inline commands, in any fragmentation. */
  receive(bytes: Uint8Array): void {
    if (this.#isOpen) {
      this.keyspace.receive(this, bytes);
    }
  }

  /** Hears the RESP bytes that the client is owed: replies in order, and messages. */
  onOutput(listener: (bytes: Uint8Array) => void): Unsubscribe {
    this.#output.add(listener);
    return () => this.#output.delete(listener);
  }

  /** Hears when the connection has ended, from whichever side. */
  onClose(listener: () => void): Unsubscribe {
    this.#close.add(listener);
    return () => this.#close.delete(listener);
  }

  /** Ends the connection. */
  close(): void {
    if (this.#isOpen) {
      this.keyspace.disconnect(this);
    }
  }

  /** @internal Bytes that are valid only now. */
  deliver(bytes: Uint8Array): void {
    if (this.#output.size > 0) {
      const copy = bytes.slice();
      for (const listener of this.#output) {
        listener(copy);
      }
    }
  }

  /** @internal */
  ended(): void {
    this.#isOpen = false;
    for (const listener of this.#close) {
      listener();
    }
    this.#output.clear();
    this.#close.clear();
  }

  /** @internal The keyspace was restored, and knows no clients. */
  restored(): void {
    this.ended();
  }
}
