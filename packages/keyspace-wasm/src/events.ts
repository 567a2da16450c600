/** What happens in a keyspace, told to whoever listens. */

/** What every event says. */
interface At<T extends string> {
  type: T;
  /** Milliseconds since 1970, by the keyspace's clock. */
  at: number;
}

/** Something that happened. Names and values are text; `E` is `Uint8Array` where bytes were asked for. */
export type KeyspaceEvent<E = string> =
  | (At<"connected" | "disconnected"> & { client: number })
  | (At<"command"> & { client: number; db: number; args: E[] })
  | (At<"keyChanged"> & { client: number | null; db: number; key: E; event: string })
  | (At<"keyExpired"> & { db: number; key: E })
  | (At<"dbChanged"> & { db: number })
  | (At<"blocked"> & { client: number; db: number; keys: E[]; deadline: number | null })
  | (At<"woken"> & { client: number; db: number; key: E })
  | (At<"unblocked"> & { client: number })
  | (At<"scriptUnfinished" | "scriptEnded"> & { client: number })
  | (At<"published"> & { channel: E; message: E; receivers: number });

/** The kinds of events. */
export type EventType = KeyspaceEvent["type"];

/** An event of one kind. */
export type EventOf<T extends EventType> = Extract<KeyspaceEvent, { type: T }>;

const utf8 = new TextDecoder();

/** An event of the engine with its bytes as text. */
export function withText(event: KeyspaceEvent<Uint8Array>): KeyspaceEvent {
  const entries = Object.entries(event).map(([name, value]: [string, unknown]) => {
    if (value instanceof Uint8Array) {
      return [name, utf8.decode(value)];
    }
    return [name, Array.isArray(value) ? value.map((item: Uint8Array) => utf8.decode(item)) : value];
  });
  return Object.fromEntries(entries) as KeyspaceEvent;
}
