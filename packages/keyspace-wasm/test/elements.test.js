// The elements in a real browser: as their readers meet them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, serve } from "./browser.js";

const PACKAGE = new URL("..", import.meta.url).pathname;

const page = (body, head = "") => `<!doctype html><html lang="en"><head><meta charset="utf-8">
<title>Elements</title>${head}<script type="module" src="/dist/elements.js"></script></head>
<body>${body}</body></html>`;

const EXAMPLE = `<keyspace-example id="e" setup="SET visits 41">
<pre>&gt; INCR visits
(integer) 42
&gt; GET visits
"42"</pre></keyspace-example>`;

const PAGES = {
  "/example": page(EXAMPLE, '<meta name="keyspace-playground" content="https://play.example/">'),
  "/far": page(`<div style="height: 5000px">far above</div>${EXAMPLE}`),
  "/console": page('<keyspace-console id="c" db="2" height="300" commands="SET k 1"></keyspace-console>'),
  "/shared": page(`
    <keyspace-console id="one" shared="x" clock="2026-01-31T12:00Z"></keyspace-console>
    <keyspace-console id="two" shared="x"></keyspace-console>
    <keyspace-console id="apart"></keyspace-console>`),
  "/autorun": page('<keyspace-example id="e" autorun readonly commands="PING&#10;LPUSH l x"></keyspace-example>'),
  "/hostile": page(`<keyspace-console id="c"></keyspace-console>`),
  "/inside": page(`<my-article></my-article><script type="module">
    customElements.define("my-article", class extends HTMLElement {
      connectedCallback() {
        const example = document.createElement("keyspace-example");
        example.id = "e";
        example.setAttribute("commands", "APPEND k x");
        this.attachShadow({ mode: "open" }).append(example);
      }
    });
  </script>`),
  "/celery": page(`<keyspace-celery id="y" scenario="a b" playground="/play/">
    A task waits in a list.</keyspace-celery>`),
  "/play/": "<!doctype html><title>Playground</title>",
  "/dark": page(EXAMPLE, "<style>:root { color-scheme: dark }</style>"),
};

let browser;
let site;

before(async () => {
  site = await serve(PACKAGE, PAGES);
  browser = await launch();
});

after(async () => {
  await browser.close();
  await site.close();
});

async function visit(t, path, options) {
  const context = await browser.newContext(options);
  t.after(() => context.close());
  const tab = await context.newPage();
  const errors = [];
  tab.on("pageerror", (error) => errors.push(error));
  t.after(() => assert.deepEqual(errors, [], "the page has no errors"));
  await tab.goto(site.url + path);
  return tab;
}

const output = (tab, id) => tab.locator(`#${id} [part~=output]`);

test("without JavaScript the commands and replies can be read", async (t) => {
  const tab = await visit(t, "/example", { javaScriptEnabled: false });
  assert.equal(await tab.locator("#e pre").isVisible(), true);
  assert.match(await tab.locator("#e").innerText(), /> INCR visits\n\(integer\) 42/);
});

test("an example runs, is changed, runs again, and is reset", async (t) => {
  const tab = await visit(t, "/example");
  const editor = tab.getByRole("textbox", { name: "Redis commands, one a line" });
  assert.equal(await editor.inputValue(), "INCR visits\nGET visits");
  await tab.getByRole("button", { name: "Run" }).click();
  await output(tab, "e").getByText('"42"').waitFor();
  await editor.fill("INCR visits\nLPUSH visits x");
  await editor.press("Control+Enter");
  const error = output(tab, "e").locator("[part~=error]");
  await error.waitFor();
  assert.match(await error.innerText(), /^\(error\) WRONGTYPE/);
  assert.match(await output(tab, "e").innerText(), /\(integer\) 42/, "each run begins anew");
  await tab.getByRole("button", { name: "Reset" }).click();
  assert.equal(await editor.inputValue(), "INCR visits\nGET visits");
  await tab.waitForFunction(() => {
    const output = document.querySelector("#e").shadowRoot.querySelector("[part~=output]");
    return output.childElementCount === 0;
  });
});

test("the link opens setup and commands in the playground", async (t) => {
  const tab = await visit(t, "/example");
  const link = tab.getByRole("link", { name: "Open in playground" });
  const commands = encodeURIComponent("SET visits 41\nINCR visits\nGET visits");
  assert.equal(await link.getAttribute("href"), `https://play.example/#/run/${commands}`);
});

test("nothing of the engine is loaded before an element comes into view", async (t) => {
  site.asked.length = 0;
  const tab = await visit(t, "/far");
  await tab.locator("#e [part~=editor]").waitFor({ state: "attached" });
  await tab.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.ok(!site.asked.some((path) => path.endsWith(".wasm")));
  const wasm = tab.waitForResponse(/\.wasm$/);
  await tab.locator("#e").scrollIntoViewIfNeeded();
  assert.equal((await wasm).status(), 200);
});

test("a console is used by the keyboard alone", async (t) => {
  const tab = await visit(t, "/console");
  const box = await tab.locator("#c").boundingBox();
  assert.equal(box.height, 300);
  await output(tab, "c").getByText("OK").waitFor();
  const input = tab.getByRole("textbox", { name: "Redis command" });
  await tab.keyboard.press("Tab");
  await tab.keyboard.press("Tab");
  assert.ok(await input.evaluate((element) => element.matches(":focus")));
  await tab.keyboard.type("CLIENT INFO");
  await tab.keyboard.press("Enter");
  await output(tab, "c").getByText(/ db=2 /).waitFor();
  await tab.keyboard.press("ArrowUp");
  assert.equal(await input.inputValue(), "CLIENT INFO");
  await input.fill("BLPOP none 0");
  await tab.keyboard.press("Enter");
  await tab.keyboard.press("Escape");
  await output(tab, "c").getByText(/UNBLOCKED/).waitFor();
  assert.equal(await output(tab, "c").getAttribute("role"), "log");
});

test("elements of one name share a keyspace and its clock; others have their own", async (t) => {
  site.asked.length = 0;
  const tab = await visit(t, "/shared");
  const enter = async (id, line) => {
    const input = tab.locator(`#${id} input`);
    await input.fill(line);
    await input.press("Enter");
  };
  await enter("one", "BRPOP q 0");
  await enter("two", "LPUSH q job");
  await output(tab, "one").getByText('2) "job"').waitFor();
  await enter("two", "TIME");
  await output(tab, "two").getByText('1) "1769860800"').waitFor();
  await enter("two", "SET k v PX 5000");
  await enter("two", "advance 5s");
  await enter("two", "GET k");
  await output(tab, "two").getByText("(nil)").waitFor();
  await enter("apart", "DBSIZE");
  await output(tab, "apart").getByText("(integer) 0").waitFor();
  const loads = site.asked.filter((path) => path.endsWith(".wasm"));
  assert.equal(loads.length, 1, "all share one module");
});

test("messages of channels appear as they come", async (t) => {
  const tab = await visit(t, "/shared");
  const one = tab.locator("#one input");
  await one.fill("SUBSCRIBE news");
  await one.press("Enter");
  await output(tab, "one").getByText('1) "subscribe"').waitFor();
  const two = tab.locator("#two input");
  await two.fill("PUBLISH news hello");
  await two.press("Enter");
  await output(tab, "one").getByText('3) "hello"').waitFor();
});

test("an example runs by itself where its author says so", async (t) => {
  const tab = await visit(t, "/autorun");
  await output(tab, "e").getByText("(integer) 1").waitFor();
  assert.ok(await tab.locator("#e textarea").evaluate((element) => element.readOnly));
});

test("an element that a script puts into another shadow root works, and tells when it has run", async (t) => {
  const tab = await visit(t, "/inside");
  const ran = tab.evaluate(
    () => new Promise((resolve) => {
      const { shadowRoot } = document.querySelector("my-article");
      shadowRoot.addEventListener("keyspace-ran", ({ detail }) => resolve(detail.replies));
    }),
  );
  await tab.locator("#e").getByRole("button", { name: "Run" }).click();
  assert.deepEqual(await ran, ["(integer) 1"]);
});

test("what commands and replies hold is text, never markup", async (t) => {
  const tab = await visit(t, "/hostile");
  const input = tab.locator("#c input");
  await input.fill('ECHO "<img src=x onerror=alert(1)>"');
  await input.press("Enter");
  await output(tab, "c").locator("[part~=reply]").getByText("<img src=x onerror=alert(1)>").waitFor();
  assert.equal(await output(tab, "c").locator("img").count(), 0);
});

test("colours follow the page's scheme", async (t) => {
  const ground = async (path) => {
    const tab = await visit(t, path);
    await tab.locator("#e [part~=editor]").waitFor();
    return tab.locator("#e").evaluate((element) => getComputedStyle(element).backgroundColor);
  };
  assert.equal(await ground("/example"), "rgb(250, 251, 252)");
  assert.equal(await ground("/dark"), "rgb(22, 25, 30)");
});

test("the picture of Celery is the playground's, for its scenario", async (t) => {
  const tab = await visit(t, "/celery");
  const frame = tab.locator("#y iframe");
  await frame.waitFor();
  assert.equal(await frame.getAttribute("src"), "/play/#/celery?scenario=a%20b&embed");
  assert.equal(await frame.getAttribute("title"), "How tasks flow through Redis");
});
