/** The time that a keyspace lives in: the system's, shifted, or one that stands until it is moved. */

/** A clock that its owner can stop and move ahead. It never goes back. */
export class Clock {
  /** What is added to the system's time, while the clock runs. */
  #shift = 0;
  /** The time, while the clock stands. */
  #standsAt: number | undefined;
  #latest = 0;

  constructor(start: number | undefined, isPaused: boolean) {
    if (start !== undefined) {
      this.#shift = start - Date.now();
    }
    if (isPaused) {
      this.#standsAt = start ?? Date.now();
    }
    this.#latest = this.now();
  }

  /** Milliseconds since 1970. */
  now(): number {
    const now = this.#standsAt ?? Date.now() + this.#shift;
    this.#latest = Math.max(this.#latest, now);
    return this.#latest;
  }

  get isPaused(): boolean {
    return this.#standsAt !== undefined;
  }

  pause(): void {
    this.#standsAt ??= this.now();
  }

  resume(): void {
    if (this.#standsAt !== undefined) {
      this.#shift = this.#standsAt - Date.now();
      this.#standsAt = undefined;
    }
  }

  /** Moves the time ahead. */
  set(time: number): void {
    if (!Number.isFinite(time)) {
      throw new RangeError(`a time is a finite number of milliseconds since 1970, not ${time}`);
    }
    if (time < this.now()) {
      throw new RangeError(`time does not go back: it is ${this.now()}, and ${time} is before`);
    }
    if (this.#standsAt === undefined) {
      this.#shift = time - Date.now();
    } else {
      this.#standsAt = time;
    }
    this.#latest = time;
  }

  /** Puts the time of a standing clock back to that of a snapshot. */
  rewind(time: number): void {
    if (this.#standsAt !== undefined) {
      this.#standsAt = time;
      this.#latest = time;
    }
  }
}
