/** A keyspace: an engine with a clock, and the clients that are connected to it. */

import { Client, type ClientOptions } from "./client.js";
import { Clock } from "./clock.js";
import { Connection, type Unsubscribe } from "./connection.js";
import type { Word } from "./encode.js";
import { Engine, Raw } from "./engine.js";
import { ClosedError } from "./errors.js";
import { withText, type EventOf, type EventType, type KeyspaceEvent } from "./events.js";
import { load, type WasmSource } from "./load.js";
import { nextTask } from "./task.js";

/** How a keyspace is opened; everything may be left out. */
export interface OpenOptions {
  /** Where the engine's wasm is; see {@link WasmSource}. */
  wasm?: WasmSource;
  /** What every random choice follows from (SPOP, RANDOMKEY). The same seed, the same choices. */
  seed?: number;
  /** `"running"` goes with the system's clock, `"paused"` stands until it is moved. */
  clock?: "running" | "paused";
  /** The time at which it starts: a date, or milliseconds since 1970. Now, unless told. */
  now?: number | Date;
  /** The password that clients must give. */
  password?: string;
}

/** The state of a keyspace at one moment; see `keyspace.snapshot()`. */
export class Snapshot {
  /** @internal */
  constructor(
    readonly engine: Engine,
    readonly now: number,
  ) {}

  /** Frees its memory. One that is forgotten is freed in time, too. */
  free(): void {
    this.engine.raw.free();
  }
}

/** Longer than timers can be. */
const TIMER_MS_MAX = 0x7fff_ffff;

type Listener = (event: KeyspaceEvent) => void;

/** Made by {@link open}. */
export class Keyspace {
  #engine: Engine;
  readonly #clock: Clock;
  readonly #connections = new Map<number, Connection>();
  readonly #listeners = new Map<EventType | "event", Set<Listener>>();
  #isOpen = true;
  /** The deadline for which a timer is set. */
  #timerAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #goesOn = false;
  /** How many wait for what time brings. */
  #holds = 0;
  /** The client by which waits are ended; nobody sees it. */
  #control: number | undefined;

  /** @internal */
  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** A client for commands. */
  client(options: ClientOptions = {}): Client {
    this.#check();
    const client = new Client(this, this.#engine.raw.connect(), options);
    this.#connections.set(client.id, client);
    try {
      client.introduce();
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** A connection for whoever speaks RESP: bytes in, bytes out. */
  connect(): Connection {
    this.#check();
    const connection = new Connection(this, this.#engine.raw.connect());
    this.#connections.set(connection.id, connection);
    this.settle();
    return connection;
  }

  /** Hears events of a kind, or all by `"event"`. */
  on(type: "event", listener: (event: KeyspaceEvent) => void): Unsubscribe;
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => void): Unsubscribe;
  on(type: EventType | "event", listener: (event: never) => void): Unsubscribe {
    this.#check();
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener as Listener));
    this.#engine.raw.observe(true);
    return () => {
      listeners.delete(listener as Listener);
      if (this.#isOpen && !this.#isObserved) {
        this.#engine.raw.observe(false);
      }
    };
  }

  /** The time of the keyspace, in milliseconds since 1970. */
  get now(): number {
    return this.#clock.now();
  }

  /** Whether the clock stands. */
  get isPaused(): boolean {
    return this.#clock.isPaused;
  }

  /** Stops the clock: nothing expires and no wait ends until it is moved. */
  pause(): void {
    this.#check();
    this.#clock.pause();
    this.#tick();
  }

  /** Lets the clock go on from where it stands. */
  resume(): void {
    this.#check();
    this.#clock.resume();
    this.#tick();
  }

  /** Moves the clock ahead, running or not. What is due on the way happens, each at its millisecond. */
  advance(milliseconds: number): void {
    this.setTime(this.#clock.now() + milliseconds);
  }

  /** Moves the clock ahead to a date, or to milliseconds since 1970. */
  setTime(time: number | Date): void {
    this.#check();
    this.#clock.set(Number(time));
    this.#tick();
  }

  /**
   * The state of the keyspace now: data, functions, scripts, configuration, users, and what chance
   * will choose. Clients are not part of it.
   */
  snapshot(): Snapshot {
    this.#check();
    if (this.#engine.raw.hasUnfinishedScript) {
      throw new TypeError("a script is running: take a snapshot once it has ended");
    }
    this.#engine.raw.advance(this.now);
    this.settle();
    const engine = this.#engine.fork();
    engine.raw.observe(false);
    for (const id of this.#connections.keys()) {
      engine.raw.disconnect(id);
    }
    return new Snapshot(engine, this.now);
  }

  /**
   * Puts the state of a snapshot in place of what is there, as often as you like. It is a restart:
   * clients connect anew by the options they were made with, commands that wait reject with a
   * {@link ClosedError}, subscriptions and streams end. A paused clock goes back to the snapshot's
   * time; a running one goes on.
   */
  restore(snapshot: Snapshot): void {
    this.#check();
    const old = this.#engine;
    this.#engine = snapshot.engine.fork();
    old.raw.free();
    this.#control = undefined;
    this.#clock.rewind(snapshot.now);
    this.#engine.raw.observe(this.#isObserved);
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    connections.forEach((connection) => connection.restored());
    this.#tick();
  }

  /** All keys and libraries of functions as an RDB file: redis-server loads it as its `dump.rdb`. */
  export(format: "rdb" = "rdb"): Uint8Array {
    this.#check();
    if (format !== "rdb") {
      throw new TypeError(`there is no format ${String(format)}; what can be exported is "rdb"`);
    }
    this.#engine.raw.advance(this.now);
    return this.#engine.raw.saveRdb();
  }

  /** Takes what an RDB file holds in place of all keys and libraries of functions. */
  import(file: Uint8Array): void {
    this.#check();
    this.#engine.raw.advance(this.now);
    this.#engine.raw.loadRdb(file);
    this.settle();
  }

  /** Ends all clients and frees the memory. What is open rejects with a {@link ClosedError}. */
  close(): void {
    if (!this.#isOpen) {
      return;
    }
    this.#isOpen = false;
    clearTimeout(this.#timer);
    const connections = [...this.#connections.values()];
    this.#connections.clear();
    this.#engine.raw.free();
    this.#listeners.clear();
    connections.forEach((connection) => connection.ended());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether `close` has not been called. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @internal Runs a command and returns what is answered at once; `settle` comes after it is read. */
  exchange(connection: Connection, words: readonly Word[]): Uint8Array {
    this.#check();
    return this.#engine.command(connection.id, words, this.now);
  }

  /** @internal */
  receive(connection: Connection, bytes: Uint8Array): void {
    this.#check();
    const output = this.#engine.exchange(connection.id, bytes, this.now);
    if (output.length > 0) {
      connection.deliver(output);
    }
    this.settle();
  }

  /** @internal */
  isBlocked(id: number): boolean {
    return this.#isOpen && this.#engine.raw.isBlocked(id);
  }

  /** @internal Somebody begins to wait for what time brings, or ends to: the process lives as long. */
  hold(change: 1 | -1): void {
    this.#holds += change;
    this.#keepAlive();
  }

  /** @internal Ends the wait of a client with an error. */
  unblock(connection: Connection): void {
    this.#control ??= this.#engine.raw.connect(true);
    this.#engine.command(this.#control, ["CLIENT", "UNBLOCK", connection.id, "ERROR"], this.now);
    this.settle();
  }

  /** @internal */
  disconnect(connection: Connection): void {
    this.#connections.delete(connection.id);
    if (this.#isOpen) {
      this.#engine.raw.disconnect(connection.id);
    }
    connection.ended();
    this.settle();
  }

  /** @internal */
  reconnect(connection: Connection): number {
    const id = this.#engine.raw.connect();
    this.#connections.set(id, connection);
    return id;
  }

  /** @internal Delivers what the engine has for others, and sees to what comes next. */
  settle(): void {
    if (!this.#isOpen) {
      return;
    }
    const { raw } = this.#engine;
    if (raw.hasActive) {
      this.#deliver();
    }
    if (this.#listeners.size > 0) {
      this.#tell();
    }
    // A listener may have closed it.
    if (!this.#isOpen) {
      return;
    }
    if (raw.hasUnfinishedScript) {
      this.#continueLater();
    } else if (!this.#clock.isPaused) {
      this.#setTimer(raw.nextDeadline());
    }
  }

  #check(): void {
    if (!this.#isOpen) {
      throw new ClosedError("this keyspace is closed");
    }
  }

  #deliver(): void {
    for (const id of this.#engine.raw.takeActive()) {
      const connection = this.#connections.get(id);
      if (connection === undefined || !this.#isOpen) {
        continue;
      }
      const output = this.#engine.raw.takeOutput(id);
      const isClosing = this.#engine.raw.isClosing(id);
      if (output.length > 0) {
        connection.deliver(output);
      }
      if (isClosing && connection.isOpen) {
        this.disconnect(connection);
      }
    }
  }

  get #isObserved(): boolean {
    return [...this.#listeners.values()].some((listeners) => listeners.size > 0);
  }

  #tell(): void {
    const events = this.#engine.raw.takeEvents() as KeyspaceEvent<Uint8Array>[];
    for (const event of events.map(withText)) {
      for (const type of ["event", event.type] as const) {
        this.#listeners.get(type)?.forEach((listener) => listener(event));
      }
    }
  }

  /** Moves the engine to what the clock says. */
  #tick(): void {
    this.#engine.raw.advance(this.now);
    this.#deliver();
    this.settle();
  }

  #setTimer(deadline: number): void {
    if (deadline === this.#timerAt) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timerAt = deadline;
    if (deadline === Infinity) {
      return;
    }
    const wait = Math.min(Math.max(deadline - this.now, 0), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#timerAt = Infinity;
      if (!this.#clock.isPaused) {
        this.#tick();
      }
    }, wait);
    this.#keepAlive();
  }

  /** A key that expires some time keeps no process alive; somebody who waits does. */
  #keepAlive(): void {
    // In browsers a timer is a number, and there is nothing to keep alive.
    const timer = this.#timer as { ref?(): void; unref?(): void } | undefined;
    if (this.#holds > 0) {
      timer?.ref?.();
    } else {
      timer?.unref?.();
    }
  }

  #continueLater(): void {
    if (this.#goesOn) {
      return;
    }
    this.#goesOn = true;
    nextTask(() => {
      this.#goesOn = false;
      if (this.#isOpen) {
        this.#engine.raw.continueScript();
        this.#tick();
      }
    });
  }
}

/** Opens an empty keyspace, and loads the engine before if that has not been done. */
export async function open(options: OpenOptions = {}): Promise<Keyspace> {
  const memory = await load(options.wasm);
  const start = options.now === undefined ? undefined : Number(options.now);
  if (start !== undefined && !Number.isFinite(start)) {
    throw new RangeError("now: a date, or a finite number of milliseconds since 1970");
  }
  const clock = new Clock(start, options.clock === "paused");
  const raw = new Raw({
    seed: options.seed ?? 0,
    now: clock.now(),
    password: options.password ?? "",
  });
  return new Keyspace(new Engine(raw, memory), clock);
}
