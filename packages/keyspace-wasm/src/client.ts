/** A client: commands as promises of their replies. */

import { Batch } from "./batch.js";
import { Connection } from "./connection.js";
import { Decoder, INCOMPLETE, Push, type Reply } from "./decode.js";
import { flatten, join, type Argument, type Word } from "./encode.js";
import { ClosedError, RedisError } from "./errors.js";
import type { Keyspace } from "./keyspace.js";
import { Subscription, type SubscribeOptions } from "./subscription.js";

/** How a client connects. */
export interface ClientOptions {
  /** The logical database, 0 unless told. */
  db?: number;
  /** What CLIENT LIST calls it. */
  name?: string;
  username?: string;
  password?: string;
  /** With 3, replies are what RESP3 says: Map, Set, boolean, double. 2 unless told. */
  resp?: 2 | 3;
  /** Strings as `Uint8Array`, for values that are no text. */
  bytes?: boolean;
}

/** How one command is run. */
export interface CallOptions {
  /** Ends the wait of a blocking command. What the promise rejects with is the signal's reason. */
  signal?: AbortSignal;
  /** Strings of this reply as `Uint8Array`, or not, whatever the client's option says. */
  bytes?: boolean;
}

/** A command whose reply has not come. */
interface Pending {
  bytes: boolean;
  /** The reply is heard by nobody any more. */
  isAborted: boolean;
  settle: (reply: Reply | ClosedError) => void;
}

/** Commands that have no one reply, and what to use in their place. */
const WITHOUT_REPLY: Readonly<Record<string, string>> = {
  SUBSCRIBE: "client.subscribe(channel)",
  PSUBSCRIBE: "client.psubscribe(pattern)",
  SSUBSCRIBE: "client.ssubscribe(channel)",
  UNSUBSCRIBE: "the subscription's close()",
  PUNSUBSCRIBE: "the subscription's close()",
  SUNSUBSCRIBE: "the subscription's close()",
  MONITOR: 'keyspace.on("command", ...)',
  "CLIENT REPLY": "client.receive(bytes)",
};

/** Shorter names are none of them: most commands need no closer look. */
const SHORTEST_WITHOUT_REPLY = Math.min(
  ...Object.keys(WITHOUT_REPLY).map((name) => name.split(" ", 1)[0]?.length ?? 0),
);

/** Made by `keyspace.client()`. Its commands run in order, at once; a blocked one holds up the others. */
export class Client extends Connection {
  readonly #options: ClientOptions;
  readonly #decoder = new Decoder();
  readonly #pending: Pending[] = [];
  readonly #pushes = new Set<(items: Reply[]) => void>();
  /** Somebody uses the bytes themselves. */
  #isStream = false;

  /** @internal */
  constructor(keyspace: Keyspace, id: number, options: ClientOptions) {
    super(keyspace, id);
    this.#options = options;
  }

  /**
   * Runs a command: `call("SET", "key", "value", { EX: 10 })`, or `call(["BLPOP", "q", 0], { signal })`
   * with options for the call. The promise rejects with a {@link RedisError} for an error reply.
   */
  call<T = Reply>(command: readonly Argument[], options: CallOptions): Promise<T>;
  call<T = Reply>(...command: Argument[]): Promise<T>;
  call<T = Reply>(...args: unknown[]): Promise<T> {
    try {
      const hasOptions = args.length === 2 && isCommand(args[0]);
      const words = flatten((hasOptions ? args[0] : args) as readonly Argument[]);
      return this.#run(words, hasOptions ? (args[1] as CallOptions) : {}) as Promise<T>;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Commands that are sent together: `exec()` answers all their replies, errors among them. */
  pipeline(): Batch<Reply[]> {
    return new Batch((commands, options) => this.#runAll(commands, options));
  }

  /**
   * A transaction: `exec()` answers the replies, or null where a watched key has changed. It rejects
   * where a command was refused, and then none has run.
   */
  multi(): Batch<Reply[] | null> {
    return new Batch(async (commands, options) => {
      const replies = await this.#runAll([["MULTI"], ...commands, ["EXEC"]], options);
      const result = replies.at(-1);
      if (result instanceof RedisError) {
        const refused = replies.find((reply) => reply instanceof RedisError);
        throw refused ?? result;
      }
      return result as Reply[] | null;
    });
  }

  /** Listens to channels, on a connection of its own: `for await (const { message } of ...)`. */
  subscribe(channels: string | readonly string[], options: SubscribeOptions = {}): Subscription {
    return this.#subscription("SUBSCRIBE", channels, options);
  }

  /** Listens to every channel whose name matches a pattern. */
  psubscribe(patterns: string | readonly string[], options: SubscribeOptions = {}): Subscription {
    return this.#subscription("PSUBSCRIBE", patterns, options);
  }

  /** Listens to shard channels. */
  ssubscribe(channels: string | readonly string[], options: SubscribeOptions = {}): Subscription {
    return this.#subscription("SSUBSCRIBE", channels, options);
  }

  /** Hears what comes unasked on this connection, such as CLIENT TRACKING's `invalidate`. */
  onPush(listener: (items: Reply[]) => void): () => void {
    this.#pushes.add(listener);
    return () => this.#pushes.delete(listener);
  }

  /** Makes the client a stream of bytes, whose replies go to `onOutput` alone. */
  override receive(bytes: Uint8Array): void {
    if (this.#pending.length > 0) {
      throw new TypeError("receive: this client waits for the reply of a call; use another client");
    }
    this.#isStream = true;
    super.receive(bytes);
  }

  /** @internal Says who this is, as the options tell. */
  introduce(): void {
    const { db, name, username, password, resp, bytes } = this.#options;
    const hello: Argument[] = [];
    if (resp === 3 || password !== undefined) {
      hello.push("HELLO", resp ?? 2);
      if (password !== undefined) {
        hello.push("AUTH", username ?? "default", password);
      }
    }
    const commands: readonly Argument[][] = [
      hello,
      name === undefined ? [] : ["CLIENT", "SETNAME", name],
      db === undefined ? [] : ["SELECT", db],
    ];
    for (const command of commands.filter((command) => command.length > 0)) {
      const reply = this.#runNow(flatten(command), bytes ?? false);
      if (reply instanceof RedisError) {
        throw reply;
      }
    }
  }

  /** @internal */
  override deliver(output: Uint8Array): void {
    super.deliver(output);
    if (this.#isStream) {
      return;
    }
    // Settling runs nobody's code: promises tell of it later.
    this.#decoder.feed(output);
    for (;;) {
      const pending = this.#pending[0];
      const reply = this.#decoder.next(pending?.bytes ?? false);
      if (reply === INCOMPLETE) {
        break;
      }
      if (reply instanceof Push) {
        this.#hear(reply);
      } else {
        this.#pending.shift()?.settle(reply);
      }
    }
    this.#decoder.keep();
  }

  /** @internal */
  override ended(): void {
    super.ended();
    this.#fail("the connection was closed before the reply came");
  }

  /** @internal */
  override restored(): void {
    if (this.#isStream) {
      super.restored();
      return;
    }
    this.#fail("the keyspace was restored before the reply came");
    this.id = this.keyspace.reconnect(this);
    this.introduce();
  }

  #fail(why: string): void {
    for (const pending of this.#pending.splice(0)) {
      pending.settle(new ClosedError(why));
    }
  }

  #run(words: readonly Word[], options: CallOptions): Promise<Reply> {
    this.#check(words);
    const bytes = options.bytes ?? this.#options.bytes ?? false;
    options.signal?.throwIfAborted();
    if (this.#pending.length === 0) {
      const reply = this.#runNow(words, bytes);
      if (reply !== INCOMPLETE) {
        return reply instanceof RedisError ? Promise.reject(reply) : Promise.resolve(reply);
      }
      return this.#expect(bytes, options.signal);
    }
    const promise = this.#expect(bytes, options.signal);
    this.keyspace.receive(this, join([words]));
    return promise;
  }

  /** Runs a command for which nothing waits, and returns its reply if it is there at once. */
  #runNow(words: readonly Word[], bytes: boolean): Reply | typeof INCOMPLETE {
    const output = this.keyspace.exchange(this, words);
    super.deliver(output);
    this.#decoder.feed(output);
    let reply = this.#decoder.next(bytes);
    let pushes: Push[] | undefined;
    while (reply instanceof Push) {
      (pushes ??= []).push(reply);
      reply = this.#decoder.next(bytes);
    }
    this.#decoder.keep();
    this.keyspace.settle();
    pushes?.forEach((push) => this.#hear(push));
    return reply;
  }

  async #runAll(commands: readonly (readonly Word[])[], options: CallOptions): Promise<Reply[]> {
    options.signal?.throwIfAborted();
    commands.forEach((words) => this.#check(words));
    const bytes = options.bytes ?? this.#options.bytes ?? false;
    const replies = commands.map(() => this.#expect(bytes, options.signal, true));
    this.keyspace.receive(this, join(commands));
    return Promise.all(replies);
  }

  #check(words: readonly Word[]): void {
    if (!this.isOpen) {
      throw new ClosedError("this client is closed");
    }
    if (this.#isStream) {
      throw new TypeError("this client is used as a stream of bytes; call on another client");
    }
    const word = words[0];
    if (typeof word === "string" && word.length < SHORTEST_WITHOUT_REPLY) {
      return;
    }
    const name = String(word).toUpperCase();
    const instead = WITHOUT_REPLY[name === "CLIENT" ? `${name} ${words[1]}`.toUpperCase() : name];
    if (instead !== undefined) {
      throw new TypeError(`${name} has no one reply to wait for; use ${instead}`);
    }
  }

  /** A promise of the reply that comes next behind those that are waited for. */
  #expect(bytes: boolean, signal?: AbortSignal, errorsAreValues = false): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        pending.isAborted = true;
        if (this.#pending[0] === pending && this.isBlocked) {
          this.keyspace.unblock(this);
        }
        reject(signal?.reason as Error);
      };
      const pending: Pending = {
        bytes,
        isAborted: false,
        settle: (reply) => {
          signal?.removeEventListener("abort", abort);
          this.keyspace.hold(-1);
          if (pending.isAborted) {
            return;
          }
          const isError = reply instanceof ClosedError;
          if (isError || (reply instanceof RedisError && !errorsAreValues)) {
            reject(reply);
          } else {
            resolve(reply);
          }
        },
      };
      this.#pending.push(pending);
      this.keyspace.hold(1);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  #hear(push: Push): void {
    for (const listener of this.#pushes) {
      listener(push.items);
    }
  }

  #subscription(
    command: string,
    channels: string | readonly string[],
    options: SubscribeOptions,
  ): Subscription {
    const { username, password, bytes } = this.#options;
    const who = password === undefined ? {} : { username: username ?? "default", password };
    const listener = this.keyspace.client({ resp: 3, ...who });
    const names = typeof channels === "string" ? [channels] : channels;
    return new Subscription(listener, [command, ...names], {
      ...options,
      bytes: options.bytes ?? bytes ?? false,
    });
  }
}

function isCommand(value: unknown): value is readonly Argument[] {
  return Array.isArray(value);
}
