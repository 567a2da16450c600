/** The wasm beside this package, as browsers load it and bundlers find it. */

export function defaultSource(): URL {
  return new URL("./keyspace_wasm_bg.wasm", import.meta.url);
}
