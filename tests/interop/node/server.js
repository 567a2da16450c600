"use strict";

// A server under test on a free port: KEYSPACE_SERVER, or redis-server where that is not set.

const { spawn } = require("node:child_process");
const { once } = require("node:events");
const net = require("node:net");
const os = require("node:os");

async function freePort() {
  const probe = net.createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function listens(port) {
  const socket = net.connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

// Starts a server that ends with the test file.
async function startServer() {
  const port = await freePort();
  const program = process.env.KEYSPACE_SERVER ?? "redis-server";
  // redis-server leaves a dump where it was started.
  const child = spawn(program, ["--port", String(port)], { cwd: os.tmpdir(), stdio: "ignore" });
  await until("the server listens", () => listens(port));
  return { port, stop: () => child.kill("SIGKILL") };
}

// Waits for a condition; one that does not come true fails by its name.
async function until(what, condition) {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) {
      throw new Error(`this did not come true: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// What a callback is called with next: `const [next, listener] = messages()`.
function messages() {
  const waiting = [];
  const arrived = [];
  const listener = (...message) => {
    const resolve = waiting.shift();
    resolve ? resolve(message) : arrived.push(message);
  };
  const next = () =>
    arrived.length > 0
      ? Promise.resolve(arrived.shift())
      : new Promise((resolve) => waiting.push(resolve));
  return [next, listener];
}

module.exports = { messages, startServer, until };
