// After tsc: the engine beside the modules, and the elements as one script for pages without a bundler.

import { build } from "esbuild";
import { cp } from "node:fs/promises";

const GLUE = ["keyspace_wasm.js", "keyspace_wasm.d.ts", "keyspace_wasm_bg.wasm"];
for (const file of GLUE) {
  await cp(`wasm/${file}`, `dist/${file}`);
}

await build({
  entryPoints: ["dist/elements/index.js"],
  outfile: "dist/elements.js",
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  sourcemap: true,
  logLevel: "warning",
});
