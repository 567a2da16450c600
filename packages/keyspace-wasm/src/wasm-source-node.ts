/** The wasm beside this package, where there is a file system: Node.js, Deno, Bun. */

import { readFile } from "node:fs/promises";

export function defaultSource(): Promise<BufferSource> {
  return readFile(new URL("./keyspace_wasm_bg.wasm", import.meta.url));
}
