/** Commands as RESP bytes. */

/** A word of a command. Numbers are written as JavaScript writes them. */
export type Word = string | number | bigint | Uint8Array;

/**
 * An argument of a command: a word, several, or options by name. `{ EX: 10, NX: true }` stands for
 * the words `EX 10 NX`; an option that is `false` or `undefined` is left out.
 */
export type Argument = Word | readonly Word[] | Options;

/** Options by name; see {@link Argument}. */
export interface Options {
  readonly [name: string]: Word | boolean | undefined;
}

const encoder = new TextEncoder();

/** The words that arguments stand for. */
export function flatten(args: readonly Argument[]): Word[] {
  const words: Word[] = [];
  for (const arg of args) {
    if (isWord(arg)) {
      words.push(arg);
    } else if (Array.isArray(arg)) {
      for (const word of arg as readonly unknown[]) {
        words.push(isWord(word) ? word : refuse(word));
      }
    } else if (isPlain(arg)) {
      for (const [name, value] of Object.entries(arg)) {
        if (value === true) {
          words.push(name);
        } else if (value !== false && value !== undefined) {
          words.push(name, isWord(value) ? value : refuse(value));
        }
      }
    } else {
      refuse(arg);
    }
  }
  if (words.length === 0) {
    throw new TypeError("a command has at least one word");
  }
  return words;
}

function isWord(value: unknown): value is Word {
  const type = typeof value;
  return type === "string" || type === "number" || type === "bigint" || value instanceof Uint8Array;
}

function isPlain(value: unknown): value is Options {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function refuse(value: unknown): never {
  const what = value === null ? "null" : typeof value;
  throw new TypeError(
    `an argument of a command is a string, number, bigint or Uint8Array, an array of these, or a plain object of options; not ${what}`,
  );
}

/** The bytes of a command. */
export function encode(words: readonly Word[]): Uint8Array {
  return join([words]);
}

/** The bytes of several commands, one behind the other. */
export function join(commands: readonly (readonly Word[])[]): Uint8Array {
  const target = new Uint8Array(commands.reduce((sum, words) => sum + roomFor(words), 0));
  let end = 0;
  for (const words of commands) {
    end = write(words, target, end);
  }
  return target.subarray(0, end);
}

/** The most bytes that a command may take. */
export function roomFor(words: readonly Word[]): number {
  let room = HEAD_BYTES;
  for (const word of words) {
    // UTF-8 has at most three bytes for a unit of UTF-16; numbers are shorter than a head.
    room += HEAD_BYTES * 2;
    if (typeof word === "string") {
      room += word.length * 3;
    } else if (typeof word === "bigint") {
      room += String(word).length;
    } else if (typeof word === "object") {
      room += word.length;
    }
  }
  return room;
}

/** `$`, a length, and two line ends. */
const HEAD_BYTES = 24;
/** Up to this length, bytes are faster written one by one than by a TextEncoder. */
const SHORT = 64;

/** Writes a command to `target`, which has room for it, and returns where it ends. */
export function write(words: readonly Word[], target: Uint8Array, start: number): number {
  let at = head(0x2a, words.length, target, start);
  for (const word of words) {
    at = typeof word === "object" ? bytes(word, target, at) : text(String(word), target, at);
  }
  return at;
}

function bytes(word: Uint8Array, target: Uint8Array, start: number): number {
  const at = head(0x24, word.length, target, start);
  target.set(word, at);
  return lineEnd(target, at + word.length);
}

function text(word: string, target: Uint8Array, start: number): number {
  if (word.length <= SHORT) {
    const at = head(0x24, word.length, target, start);
    let index = 0;
    for (; index < word.length; index++) {
      const unit = word.charCodeAt(index);
      if (unit > 0x7f) {
        break;
      }
      target[at + index] = unit;
    }
    if (index === word.length) {
      return lineEnd(target, at + index);
    }
  }
  return bytes(encoder.encode(word), target, start);
}

/** A letter, a count, and the end of the line. */
function head(letter: number, count: number, target: Uint8Array, start: number): number {
  let at = start;
  target[at++] = letter;
  if (count < 10) {
    target[at++] = 0x30 + count;
  } else {
    for (const digit of String(count)) {
      target[at++] = digit.charCodeAt(0);
    }
  }
  return lineEnd(target, at);
}

function lineEnd(target: Uint8Array, at: number): number {
  target[at] = 0x0d;
  target[at + 1] = 0x0a;
  return at + 2;
}
