/** Bringing the engine: one compiled module for all keyspaces of a page or process. */

import { defaultSource } from "#wasm-source";
import init, { type InitOutput } from "./keyspace_wasm.js";

/**
 * Where the engine's wasm is: nothing for the file beside this package, a URL, its bytes, a compiled
 * module, a `Response`, or a promise of one of these.
 */
export type WasmSource =
  | string
  | URL
  | Request
  | Response
  | BufferSource
  | WebAssembly.Module
  | Promise<string | URL | Request | Response | BufferSource | WebAssembly.Module>;

let loading: Promise<WebAssembly.Memory> | undefined;

/**
 * Loads the engine, once: a later call, with whatever source, waits for the first. `open` does this by
 * itself; call it to load early, or from a place of your own. Returns the memory of the module.
 */
export function load(source?: WasmSource): Promise<WebAssembly.Memory> {
  loading ??= instantiate(source).catch((error: unknown) => {
    // The next call tries again.
    loading = undefined;
    throw error;
  });
  return loading;
}

async function instantiate(source: WasmSource | undefined): Promise<WebAssembly.Memory> {
  const output: InitOutput = await init({ module_or_path: source ?? (await defaultSource()) });
  return output.memory;
}
