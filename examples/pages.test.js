// Each of these examples, built by its own tool, is live in a real browser.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { copyElements, copyOf, install, isLive, once, run } from "./pages.js";

test("plain HTML", async (t) => {
  const folder = await copyOf("html");
  await copyElements(join(folder, "keyspace"));
  await isLive(t, folder);
});

test("VitePress", async (t) => {
  const folder = await copyOf("vitepress");
  await install(folder);
  run(folder, "npm", "run", "build");
  await isLive(t, join(folder, "docs/.vitepress/dist"));
});

test("Sphinx", async (t) => {
  const folder = await copyOf("sphinx");
  const requirements = await readFile(join(folder, "requirements.txt"), "utf8");
  await once(join(folder, "venv.txt"), requirements, () => {
    run(folder, "python3", "-m", "venv", "venv");
    run(folder, "venv/bin/pip", "install", "--quiet", "--requirement", "requirements.txt");
  });
  await copyElements(join(folder, "_static/keyspace"));
  run(folder, "venv/bin/sphinx-build", "-q", "-W", "-D", "exclude_patterns=venv", ".", "html");
  await isLive(t, join(folder, "html"));
});

test("Vitest in browser mode: somebody's own tests pass", async () => {
  const folder = await copyOf("vitest");
  await install(folder);
  run(folder, "npm", "test");
});
