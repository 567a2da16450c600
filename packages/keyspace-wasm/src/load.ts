/** Bringing the engine: one compiled module for all keyspaces of a page or process. */

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
  const output: InitOutput = await init({ module_or_path: source ?? (await besideThis()) });
  return output.memory;
}

/** The file beside this module. Bundlers know this form of its address; where modules are files, it is read. */
async function besideThis(): Promise<URL | BufferSource> {
  const url = new URL("./keyspace_wasm_bg.wasm", import.meta.url);
  if (url.protocol !== "file:") {
    return url;
  }
  // A variable, so that no bundler for browsers looks for it.
  const files = "node:fs/promises";
  const { readFile } = (await import(
    /* webpackIgnore: true */ /* @vite-ignore */ files
  )) as typeof import("node:fs/promises");
  return readFile(url);
}
