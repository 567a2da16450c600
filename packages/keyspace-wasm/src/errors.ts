/** Errors that this package throws or rejects with. */

/** An error reply of the engine: `code` is its first word (`WRONGTYPE`, `ERR`), `message` all of it. */
export class RedisError extends Error {
  override readonly name = "RedisError";
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.code = message.slice(0, (message + " ").indexOf(" "));
  }
}

/** The client or its keyspace was closed, or the keyspace restored, before the reply came. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}
