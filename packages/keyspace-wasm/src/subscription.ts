/** Messages of channels as an async iterator. */

import type { Client } from "./client.js";
import { Decoder, INCOMPLETE, Push, type Reply } from "./decode.js";
import { encode } from "./encode.js";
import { RedisError } from "./errors.js";

/** A message that was published. */
export interface Message {
  channel: string;
  /** The pattern by which it was heard, of `psubscribe`. */
  pattern?: string;
  message: string | Uint8Array;
}

/** How messages are heard. */
export interface SubscribeOptions {
  /** Ends the subscription. */
  signal?: AbortSignal;
  /** Messages as `Uint8Array`. */
  bytes?: boolean;
}

const utf8 = new TextDecoder();

/** Begins when it is made; messages that nobody has asked for yet are kept. */
export class Subscription implements AsyncIterableIterator<Message> {
  readonly #client: Client;
  readonly #bytes: boolean;
  readonly #messages: Message[] = [];
  readonly #waiting: ((result: IteratorResult<Message>) => void)[] = [];
  #error: RedisError | undefined;

  /** @internal */
  constructor(client: Client, command: string[], options: SubscribeOptions) {
    this.#client = client;
    this.#bytes = options.bytes ?? false;
    const decoder = new Decoder();
    client.onOutput((output) => {
      decoder.feed(output);
      for (let reply = decoder.next(true); reply !== INCOMPLETE; reply = decoder.next(true)) {
        this.#hear(reply);
      }
      decoder.keep();
    });
    client.onClose(() => this.#end());
    client.receive(encode(command));
    if (this.#error !== undefined) {
      client.close();
      throw this.#error;
    }
    options.signal?.addEventListener("abort", () => this.close(), { once: true });
    if (options.signal?.aborted) {
      this.close();
    }
  }

  /** The next message; done once the subscription has ended and all were taken. */
  next(): Promise<IteratorResult<Message>> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      return Promise.resolve({ done: false, value: message });
    }
    if (!this.#client.isOpen) {
      return Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ends the subscription; a loop over it ends, too. */
  close(): void {
    this.#client.close();
  }

  /** What a loop calls that is left early. */
  return(): Promise<IteratorResult<Message>> {
    this.#messages.length = 0;
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #hear(reply: Reply | Push): void {
    if (reply instanceof RedisError) {
      this.#error = reply;
      return;
    }
    if (!(reply instanceof Push)) {
      return;
    }
    const [kind, ...rest] = reply.items as Uint8Array[];
    switch (utf8.decode(kind)) {
      case "message":
      case "smessage":
        return this.#take({ channel: utf8.decode(rest[0]), message: this.#content(rest[1]) });
      case "pmessage":
        return this.#take({
          pattern: utf8.decode(rest[0]),
          channel: utf8.decode(rest[1]),
          message: this.#content(rest[2]),
        });
    }
  }

  #content(bytes: Uint8Array | undefined): string | Uint8Array {
    const content = bytes ?? new Uint8Array();
    return this.#bytes ? content : utf8.decode(content);
  }

  #take(message: Message): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#messages.push(message);
    } else {
      waiting({ done: false, value: message });
    }
  }

  #end(): void {
    for (const waiting of this.#waiting.splice(0)) {
      waiting({ done: true, value: undefined });
    }
  }
}
