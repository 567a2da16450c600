import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { open } from "keyspace-wasm";
import { visit } from "./visits.js";

let keyspace;
let redis;
let empty;

beforeAll(async () => {
  keyspace = await open({ clock: "paused", now: new Date("2026-01-31T12:00Z") });
  redis = keyspace.client();
  empty = keyspace.snapshot();
});

beforeEach(() => keyspace.restore(empty));

afterAll(() => keyspace.close());

test("visits are counted by page and day", async () => {
  expect(await visit(redis, "home", "2026-01-31")).toBe(1);
  expect(await visit(redis, "home", "2026-01-31")).toBe(2);
  expect(await visit(redis, "home", "2026-02-01")).toBe(1);
});

test("a day is forgotten after a week, which takes no time here", async () => {
  await visit(redis, "home", "2026-01-31");
  keyspace.advance(7 * 24 * 60 * 60 * 1000 - 1);
  expect(await redis.call("EXISTS", "visits:home:2026-01-31")).toBe(1);
  keyspace.advance(1);
  expect(await redis.call("EXISTS", "visits:home:2026-01-31")).toBe(0);
});
