/** Commands that are collected and sent together. */

import { flatten, type Argument, type Word } from "./encode.js";
import type { CallOptions } from "./client.js";

/** A pipeline or a transaction, by what made it. */
export class Batch<T> {
  readonly #run: (commands: readonly (readonly Word[])[], options: CallOptions) => Promise<T>;
  #commands: Word[][] = [];

  /** @internal */
  constructor(run: (commands: readonly (readonly Word[])[], options: CallOptions) => Promise<T>) {
    this.#run = run;
  }

  /** Adds a command. */
  call(...command: Argument[]): this {
    this.#commands.push(flatten(command));
    return this;
  }

  /** Sends all commands, and answers their replies in order. The batch is empty then. */
  exec(options: CallOptions = {}): Promise<T> {
    const commands = this.#commands;
    this.#commands = [];
    return this.#run(commands, options);
  }
}
