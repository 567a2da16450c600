// The types that are shipped are complete, and mean what the documentation says.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("a strict program compiles against the package, and what is wrong in it does not", () => {
  const options = [
    ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"],
    ["--exactOptionalPropertyTypes", "false", "--types", "node", "--skipLibCheck", "false"],
  ];
  const args = ["node_modules/typescript/bin/tsc", ...options.flat(), "test/consumer.ts"];
  const run = spawnSync(process.execPath, args, {
    cwd: new URL("..", import.meta.url),
    encoding: "utf8",
  });
  const ours = run.stdout.split("\n").filter((line) => /^(test|dist)\//.test(line));
  assert.deepEqual(ours, []);
});
