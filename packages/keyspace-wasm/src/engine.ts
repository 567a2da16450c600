/** The raw engine with the module's memory: small commands go in and replies come out without copies. */

import { Keyspace as Raw } from "./keyspace_wasm.js";
import { encode, roomFor, write, type Word } from "./encode.js";

export { Raw };

/** An engine, and views of the memory that it lives in. */
export class Engine {
  readonly raw: Raw;
  readonly #memory: WebAssembly.Memory;
  readonly #inputAt: number;
  readonly #inputBytes: number;
  #view: Uint8Array;
  #input: Uint8Array;

  constructor(raw: Raw, memory: WebAssembly.Memory) {
    this.raw = raw;
    this.#memory = memory;
    this.#inputAt = raw.input();
    this.#inputBytes = raw.inputBytes;
    this.#view = new Uint8Array(memory.buffer);
    this.#input = this.#view.subarray(this.#inputAt, this.#inputAt + this.#inputBytes);
  }

  /** An engine that goes on as this one would. */
  fork(): Engine {
    return new Engine(this.raw.fork(), this.#memory);
  }

  /** Sends a command at a point in time and returns what the client is owed; see {@link exchange}. */
  command(client: number, words: readonly Word[], now: number): Uint8Array {
    if (roomFor(words) > this.#inputBytes) {
      return this.exchange(client, encode(words), now);
    }
    return this.#answer(client, write(words, this.#room(), 0), now);
  }

  /**
   * Sends bytes at a point in time and returns what the client is owed. The view is valid until the
   * engine is used again.
   */
  exchange(client: number, bytes: Uint8Array, now: number): Uint8Array {
    if (bytes.length > this.#inputBytes) {
      this.raw.advance(now);
      this.raw.receive(client, bytes);
      return this.#answer(client, 0, now);
    }
    this.#room().set(bytes);
    return this.#answer(client, bytes.length, now);
  }

  #answer(client: number, length: number, now: number): Uint8Array {
    const answered = this.raw.exchange(client, length, now);
    const at = answered === 0 ? 0 : this.raw.output();
    this.#look();
    return this.#view.subarray(at, at + answered);
  }

  #room(): Uint8Array {
    this.#look();
    return this.#input;
  }

  /** Whatever ran may have let the memory grow: then the views of what it was are empty. */
  #look(): void {
    if (this.#view.length === 0) {
      this.#view = new Uint8Array(this.#memory.buffer);
      this.#input = this.#view.subarray(this.#inputAt, this.#inputAt + this.#inputBytes);
    }
  }
}
