// Bundled for a browser: the package by itself, and the real clients for Node.js on it.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { launch, serve } from "./browser.js";

const PACKAGE = new URL("..", import.meta.url).pathname;

// What a bundler for browsers is told of Node.js's modules. Clients use them for sockets and names
// alone, and there are no other sockets here than a keyspace.
const STAND_INS = {
  net: "keyspace-wasm/net",
  stream: "readable-stream",
  events: "events",
  buffer: "buffer",
  string_decoder: "string_decoder",
  url: "url",
  util: "util",
  assert: "assert",
};

// What is imported, and not used where there is no network and no file.
const NOTHING = new Set([
  "async_hooks", "dns", "dns/promises", "fs", "module", "os", "path", "process", "tls",
]);

// What clients use a little of, and npm has no stand-in for.
const SMALL = {
  "timers/promises": `export const setTimeout = (ms, value) =>
    new Promise((resolve) => globalThis.setTimeout(resolve, ms, value));`,
  crypto: `export const randomBytes = (length) =>
    Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(length)));`,
  perf_hooks: "export const performance = globalThis.performance;",
  diagnostics_channel: `
    const off = { hasSubscribers: false, publish() {}, subscribe() {} };
    export const channel = () => off;
    export const tracingChannel = () => ({ ...off, tracePromise: (run) => run(), traceSync: (run) => run() });`,
};

const standIns = {
  name: "stand-ins",
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_]+(\/promises)?$/ }, ({ path, resolveDir, kind }) => {
      const name = path.replace(/^node:/, "");
      if (SMALL[name] !== undefined || NOTHING.has(name)) {
        return { path: name, namespace: "stand-in" };
      }
      if (STAND_INS[name] !== undefined && path !== STAND_INS[name]) {
        return build.resolve(STAND_INS[name], { resolveDir: PACKAGE, kind });
      }
      return path.startsWith("node:") ? build.resolve(`${name}/`, { resolveDir, kind }) : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: "stand-in" }, ({ path }) => ({
      contents: SMALL[path] ?? "export default {};",
      resolveDir: PACKAGE,
    }));
  },
};

const PROGRAM = `
  import Redis from "ioredis";
  import { createClient } from "redis";
  import { open } from "keyspace-wasm";
  import { connector } from "keyspace-wasm/ioredis";
  import { socketOf } from "keyspace-wasm/node-redis";

  globalThis.ran = (async () => {
    const keyspace = await open({ wasm: "/dist/keyspace_wasm_bg.wasm" });
    const redis = new Redis({ Connector: connector(keyspace) });
    await redis.set("k", "by ioredis");
    const popped = redis.brpop("q", 5);
    const client = await createClient({ socket: socketOf(keyspace) }).connect();
    await client.lPush("q", "by node-redis");
    return [await client.get("k"), await popped];
  })();
`;

let folder;
let site;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyspace-bundle-"));
  site = await serve(PACKAGE, {
    "/page": "<!doctype html><title>Bundle</title>",
    "/worker": "<!doctype html><title>Worker</title>",
  });
  browser = await launch();
});

after(async () => {
  await browser.close();
  await site.close();
  await rm(folder, { recursive: true });
});

async function bundle(program) {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: PACKAGE },
    bundle: true,
    write: false,
    format: "iife",
    platform: "browser",
    conditions: ["browser"],
    define: { global: "globalThis", "process.env.NODE_ENV": '"production"', "import.meta.url": '"http://bundle/"' },
    banner: { js: "globalThis.process ??= { env: {}, nextTick: (run, ...args) => queueMicrotask(() => run(...args)), version: '', versions: {}, platform: 'browser', emitWarning() {}, argv: [] };" },
    inject: [await globals()],
    plugins: [standIns],
    logLevel: "error",
  });
  return outputFiles[0].text;
}

/** What programs for Node.js take for given. */
async function globals() {
  const file = join(folder, "globals.js");
  const buffer = JSON.stringify(join(PACKAGE, "node_modules/buffer/index.js"));
  await writeFile(
    file,
    `export { Buffer } from ${buffer};
     export const setImmediate = (run, ...args) => setTimeout(run, 0, ...args);`,
  );
  return file;
}

test("ioredis and node-redis talk to each other in a browser", async () => {
  const tab = await browser.newPage();
  await tab.goto(`${site.url}/page`);
  const script = await bundle(PROGRAM);
  await tab.addScriptTag({ content: script });
  assert.deepEqual(await tab.evaluate(() => globalThis.ran), ["by ioredis", ["q", "by node-redis"]]);
});

test("the package runs in a worker without a bundler", async () => {
  const tab = await browser.newPage();
  await tab.goto(`${site.url}/worker`);
  const reply = await tab.evaluate(() => {
    const program = `
      import open from "${location.origin}/dist/index.js";
      const keyspace = await open({ wasm: await WebAssembly.compileStreaming(fetch("${location.origin}/dist/keyspace_wasm_bg.wasm")) });
      postMessage(await keyspace.client().call("ECHO", "from a worker"));`;
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  });
  assert.equal(reply, "from a worker");
});
