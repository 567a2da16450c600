// As pages.test.js, for tools that take minutes to install: `cargo xtask test large-tools`.

import { join } from "node:path";
import { test } from "node:test";
import { copyElements, copyOf, install, isLive, run } from "./pages.js";

test("mdBook", async (t) => {
  const folder = await copyOf("mdbook");
  await copyElements(join(folder, "src/keyspace"));
  run(folder, "mdbook", "build");
  await isLive(t, join(folder, "book"), "/visits.html");
});

test("Docusaurus", async (t) => {
  const folder = await copyOf("docusaurus");
  await install(folder);
  run(folder, "npm", "run", "build");
  await isLive(t, join(folder, "build"));
});
