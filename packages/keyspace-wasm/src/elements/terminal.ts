/** A client as `redis-cli` is one: a line in, lines of text out. */

import type { Connection } from "../connection.js";
import type { Keyspace } from "../keyspace.js";
import { encodeLine, formatReplies } from "../keyspace_wasm.js";
import { advanceOf } from "./script.js";

/** A connection, and the line whose reply it waits for. */
export class Terminal {
  readonly #keyspace: Keyspace;
  readonly #connection: Connection;
  #line = "";
  #waiting: ((replies: string[]) => void) | undefined;
  /** Hears what comes when no line waits: messages of channels. */
  onMessage: (text: string) => void = () => {};

  constructor(keyspace: Keyspace, connection: Connection) {
    this.#keyspace = keyspace;
    this.#connection = connection;
    connection.onOutput((output) => this.#hear(formatReplies(this.#line, output)));
    connection.onClose(() => this.#hear([]));
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Whether a line waits for its reply. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** Sends a line; the promise is of its reply, as text. One line at a time. */
  async run(line: string): Promise<string> {
    const milliseconds = advanceOf(line);
    if (milliseconds !== undefined) {
      this.#keyspace.advance(milliseconds);
      return "";
    }
    let bytes: Uint8Array;
    try {
      bytes = encodeLine(line);
    } catch (error) {
      return `(error) ${error instanceof Error ? error.message : String(error)}`;
    }
    if (bytes.length === 0) {
      return "";
    }
    this.#line = line;
    const replies = new Promise<string[]>((resolve) => (this.#waiting = resolve));
    this.#connection.receive(bytes);
    return (await replies).join("\n");
  }

  /** Ends the wait of a blocking command, or a script. */
  stop(): void {
    if (this.#connection.isBlocked) {
      this.#keyspace.unblock(this.#connection);
    } else if (this.isWaiting) {
      this.close();
    }
  }

  close(): void {
    this.#connection.close();
  }

  #hear(replies: string[]): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) {
      replies.forEach((reply) => this.onMessage(reply));
    } else {
      waiting(replies);
    }
  }
}
