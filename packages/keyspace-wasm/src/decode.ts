/** RESP bytes as JavaScript values. */

import { RedisError } from "./errors.js";

/**
 * A reply: strings (or bytes, where they were asked for), numbers (bigint beyond 2^53), null and
 * arrays; of RESP3 also booleans, Map and Set. An error inside of an array stays a value.
 */
export type Reply =
  | string
  | Uint8Array
  | number
  | bigint
  | boolean
  | null
  | RedisError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>;

/** What the engine says unasked: a message of a channel, a key that a cache must drop. */
export class Push {
  constructor(readonly items: Reply[]) {}
}

/** What is returned where the bytes end inside of a reply. */
export const INCOMPLETE = Symbol("incomplete");

const utf8 = new TextDecoder();
/** Up to this length, ASCII is faster put together here than by a TextDecoder. */
const SHORT = 24;
const NO_BYTES = new Uint8Array();

/** Reads replies one by one. What is not whole yet is kept until more comes. */
export class Decoder {
  #bytes: Uint8Array = NO_BYTES;
  #at = 0;
  #rest: Uint8Array = NO_BYTES;
  #asBytes = false;

  /** Takes bytes. They are read by `next` before they change: what is left is copied by `keep`. */
  feed(bytes: Uint8Array): void {
    if (this.#rest.length > 0) {
      const joined = new Uint8Array(this.#rest.length + bytes.length);
      joined.set(this.#rest);
      joined.set(bytes, this.#rest.length);
      this.#rest = NO_BYTES;
      this.#bytes = joined;
    } else {
      this.#bytes = bytes;
    }
    this.#at = 0;
  }

  /** The next reply, or {@link INCOMPLETE}; with strings as bytes if so told. */
  next(asBytes: boolean): Reply | Push | typeof INCOMPLETE {
    const start = this.#at;
    if (start === this.#bytes.length) {
      return INCOMPLETE;
    }
    this.#asBytes = asBytes;
    const reply = this.#reply();
    if (reply === INCOMPLETE) {
      this.#at = start;
    }
    return reply;
  }

  /** Keeps what has not been read. */
  keep(): void {
    this.#rest = this.#at < this.#bytes.length ? this.#bytes.slice(this.#at) : NO_BYTES;
    this.#bytes = NO_BYTES;
    this.#at = 0;
  }

  #reply(): Reply | Push | typeof INCOMPLETE {
    const letter = this.#bytes[this.#at];
    const end = this.#lineEnd();
    if (end < 0) {
      return INCOMPLETE;
    }
    const start = this.#at + 1;
    this.#at = end + 2;
    switch (letter) {
      case 0x2b: // +
        return this.#string(start, end);
      case 0x24: // $
      case 0x3d: // =
      case 0x21: // !
        return this.#bulk(letter, this.#count(start, end));
      case 0x3a: // :
        return this.#integer(start, end);
      case 0x2d: // -
        return new RedisError(this.#text(start, end));
      case 0x2a: // *
        return this.#items(this.#count(start, end));
      case 0x5f: // _
        return null;
      case 0x23: // #
        return this.#bytes[start] === 0x74;
      case 0x2c: // ,
        return double(this.#text(start, end));
      case 0x28: // (
        return BigInt(this.#text(start, end));
      case 0x25: // %
        return this.#map(this.#count(start, end));
      case 0x7e: {
        // ~
        const items = this.#items(this.#count(start, end));
        return Array.isArray(items) ? new Set(items) : items;
      }
      case 0x3e: {
        // >
        const items = this.#items(this.#count(start, end));
        return Array.isArray(items) ? new Push(items) : INCOMPLETE;
      }
      case 0x7c: {
        // |: attributes of the reply behind them
        const attributes = this.#items(2 * this.#count(start, end));
        return attributes === INCOMPLETE ? INCOMPLETE : this.#reply();
      }
      default:
        throw new TypeError(`no reply begins with byte ${letter}`);
    }
  }

  /** Where the line at the cursor ends, or -1. */
  #lineEnd(): number {
    const end = this.#bytes.indexOf(0x0d, this.#at);
    return end + 1 < this.#bytes.length ? end : -1;
  }

  #count(start: number, end: number): number {
    let count = 0;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at] as number;
      if (byte === 0x2d) {
        return -1;
      }
      count = count * 10 + byte - 0x30;
    }
    return count;
  }

  #integer(start: number, end: number): number | bigint {
    if (end - start < 16) {
      const isNegative = this.#bytes[start] === 0x2d;
      const size = this.#count(isNegative ? start + 1 : start, end);
      return isNegative ? -size : size;
    }
    const text = this.#text(start, end);
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text);
  }

  #bulk(letter: number, length: number): Reply | typeof INCOMPLETE {
    if (length < 0) {
      return null;
    }
    const start = this.#at;
    const end = start + length;
    if (end + 2 > this.#bytes.length) {
      return INCOMPLETE;
    }
    this.#at = end + 2;
    if (letter === 0x21) {
      return new RedisError(this.#text(start, end));
    }
    // A text is told apart by three letters and a colon in front of it.
    return this.#string(letter === 0x3d ? start + 4 : start, end);
  }

  #items(length: number): Reply[] | null | typeof INCOMPLETE {
    if (length < 0) {
      return null;
    }
    const items: Reply[] = [];
    for (let left = length; left > 0; left--) {
      const item = this.#at < this.#bytes.length ? this.#reply() : INCOMPLETE;
      if (item === INCOMPLETE || item instanceof Push) {
        return INCOMPLETE;
      }
      items.push(item);
    }
    return items;
  }

  #map(pairs: number): Map<Reply, Reply> | null | typeof INCOMPLETE {
    const items = this.#items(2 * pairs);
    if (!Array.isArray(items)) {
      return items;
    }
    const map = new Map<Reply, Reply>();
    for (let at = 0; at < items.length; at += 2) {
      map.set(items[at] as Reply, items[at + 1] as Reply);
    }
    return map;
  }

  #string(start: number, end: number): string | Uint8Array {
    return this.#asBytes ? this.#bytes.slice(start, end) : this.#text(start, end);
  }

  #text(start: number, end: number): string {
    if (end - start <= SHORT) {
      let text = "";
      let at = start;
      for (; at < end; at++) {
        const byte = this.#bytes[at] as number;
        if (byte > 0x7f) {
          break;
        }
        text += String.fromCharCode(byte);
      }
      if (at === end) {
        return text;
      }
    }
    return utf8.decode(this.#bytes.subarray(start, end));
  }
}

function double(text: string): number {
  switch (text) {
    case "inf":
      return Infinity;
    case "-inf":
      return -Infinity;
    default:
      return Number(text);
  }
}
