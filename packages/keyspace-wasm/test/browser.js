// The system's Chromium on pages of these tests.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { delimiter, extname, join, normalize } from "node:path";
import { accessSync, constants } from "node:fs";
import { chromium } from "playwright-core";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
};

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser; closed by `t.after` of whoever started it. */
export function launch() {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}

/** Where the system's Chromium is. */
export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  const found = candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found === undefined) {
    throw new Error("no Chromium is on PATH: `cargo xtask test` installs it");
  }
  return found;
}

/** Serves the files below a folder, and pages by their address; notes which files were asked for. */
export async function serve(folder, pages = {}) {
  const asked = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const page = pages[pathname];
    if (page !== undefined) {
      response.setHeader("Content-Type", TYPES[".html"]).end(page);
      return;
    }
    asked.push(pathname);
    const file = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const bytes = await readFile(join(folder, normalize(file)));
      response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
