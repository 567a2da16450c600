// Building the examples by their own tools, and looking at them in a real browser. The package is that
// of `cargo xtask package`; what the tools make lies in target/.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findChromium, launch, serve } from "../target/package/test/browser.js";

const EXAMPLES = dirname(fileURLToPath(import.meta.url));
const TARGET = join(EXAMPLES, "../target");
const PACKAGE = join(TARGET, "package");

/** A copy of an example to build in; modules that are installed there are kept. */
export async function copyOf(name) {
  const folder = join(TARGET, "examples", name);
  await mkdir(folder, { recursive: true });
  const isSource = (path) => !path.includes("node_modules");
  await cp(join(EXAMPLES, name), folder, { recursive: true, filter: isSource });
  return folder;
}

/** Runs a program in a folder; what it prints is told where it fails. */
export function run(folder, program, ...args) {
  const env = { ...process.env, CI: "1", CHROMIUM: findChromium() };
  const options = { cwd: folder, encoding: "utf8", env };
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  assert.equal(status, 0, `${program} ${args.join(" ")}\n${error ?? ""}${stdout}${stderr}`);
}

/** The two files that a page without a bundler needs. */
export async function copyElements(folder) {
  await mkdir(folder, { recursive: true });
  for (const file of ["elements.js", "keyspace_wasm_bg.wasm"]) {
    await cp(join(PACKAGE, "dist", file), join(folder, file));
  }
}

/**
 * Installs what the lock file names, unless that was done, and the package from where it was built:
 * the registry does not have this version of it.
 */
export async function install(folder) {
  const manifest = join(folder, "package.json");
  const { dependencies, ...rest } = JSON.parse(await readFile(manifest, "utf8"));
  delete dependencies["keyspace-wasm"];
  await writeFile(manifest, JSON.stringify({ ...rest, dependencies }));
  const modules = join(folder, "node_modules");
  const lock = await readFile(join(folder, "package-lock.json"), "utf8");
  await once(join(modules, ".installed"), lock, () =>
    run(folder, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
  );
  const unpacked = join(modules, "keyspace-wasm");
  await rm(unpacked, { recursive: true, force: true });
  for (const part of ["package.json", "dist"]) {
    await cp(join(PACKAGE, part), join(unpacked, part), { recursive: true });
  }
}

/** Does something unless a file says that it was done for this. */
export async function once(file, what, action) {
  if ((await readFile(file, "utf8").catch(() => "")) !== what) {
    await action();
    await writeFile(file, what);
  }
}

/** The element of a page runs by itself, and again when somebody clicks. */
export async function isLive(t, folder, path = "/") {
  const site = await serve(folder);
  t.after(() => site.close());
  const browser = await launch();
  t.after(() => browser.close());
  const tab = await browser.newPage();
  const errors = [];
  tab.on("pageerror", (error) => errors.push(error));
  await tab.goto(site.url + path);
  const output = tab.locator("#live [part~=output]");
  await output.getByText('"42"').waitFor();
  await tab.locator("#live [part~=editor]").fill("INCRBY visits 9");
  await tab.locator("#live").getByRole("button", { name: "Run" }).click();
  await output.getByText("(integer) 50").waitFor();
  assert.deepEqual(errors, []);
}
