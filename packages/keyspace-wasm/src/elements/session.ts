/** What an element, or several that share a name, work on: one keyspace, opened when it is needed. */

import { Terminal } from "./terminal.js";
import { open, type Keyspace, type OpenOptions } from "../keyspace.js";
import type { WasmSource } from "../load.js";

/** How the keyspaces of a page are opened, by those who write the page. */
export interface PageOptions {
  /** Where the wasm is, if not beside the script. */
  wasm?: WasmSource;
}

/** Set it before the first element comes into view. */
export const page: PageOptions = {};

/** A keyspace, and who is told when it begins anew. */
export class Session {
  readonly #clock: string | null;
  readonly #elements = new Set<() => void>();
  #keyspace: Promise<Keyspace> | undefined;
  /** The setups that have run, so that several elements may have the same. */
  readonly #setups = new Set<string>();

  constructor(clock: string | null) {
    this.#clock = clock;
  }

  /** The keyspace, loading the engine if this is the first of the page. */
  keyspace(): Promise<Keyspace> {
    this.#keyspace ??= open({ ...page, ...clockOptions(this.#clock) }).catch((error: unknown) => {
      this.#keyspace = undefined;
      throw error;
    });
    return this.#keyspace;
  }

  /** A terminal on the keyspace. */
  async terminal(db: string): Promise<Terminal> {
    const keyspace = await this.keyspace();
    const terminal = new Terminal(keyspace, keyspace.connect());
    if (db !== "0") {
      await terminal.run(`SELECT ${db}`);
    }
    return terminal;
  }

  /** Runs commands that prepare the data, once. */
  async prepare(commands: readonly string[], db: string): Promise<void> {
    const setup = commands.join("\n");
    if (setup === "" || this.#setups.has(setup)) {
      return;
    }
    this.#setups.add(setup);
    const terminal = await this.terminal(db);
    for (const line of commands) {
      await terminal.run(line);
    }
    terminal.close();
  }

  /** Hears when the keyspace begins anew. */
  onReset(listener: () => void): () => void {
    this.#elements.add(listener);
    return () => this.#elements.delete(listener);
  }

  /** Lets the keyspace begin anew. */
  async reset(): Promise<void> {
    const keyspace = this.#keyspace;
    this.#keyspace = undefined;
    this.#setups.clear();
    this.#elements.forEach((listener) => listener());
    (await keyspace)?.close();
  }
}

const shared = new Map<string, Session>();

/** The session of an element: that of its name, or one of its own. */
export function sessionOf(name: string | null, clock: string | null): Session {
  if (name === null || name === "") {
    return new Session(clock);
  }
  const session = shared.get(name) ?? new Session(clock);
  shared.set(name, session);
  return session;
}

/** `running`, `paused`, or the date at which it stands. */
function clockOptions(clock: string | null): OpenOptions {
  if (clock === null || clock === "" || clock === "running") {
    return {};
  }
  if (clock === "paused") {
    return { clock };
  }
  const now = new Date(clock);
  if (Number.isNaN(now.getTime())) {
    throw new TypeError(`clock="${clock}": write running, paused, or a date like 2026-01-31T12:00Z`);
  }
  return { clock: "paused", now };
}
