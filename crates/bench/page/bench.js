// The engine as a page uses it: RESP bytes in by `receive`, RESP bytes out by `takeOutput`.

const folder = new URLSearchParams(location.search).get("engine") ?? "published";
const engine = await import(`./${folder}/keyspace_wasm.js`);
const wasm = await engine.default();

// The time that engines are told, in milliseconds since 1970: it stands.
const NOW = 1_700_000_000_000;

// By slot: a keyspace and its one client.
const slots = new Map();
// By name: the bytes of commands, and where each command ends.
const workloads = new Map();

function open(slot) {
  if (!slots.has(slot)) {
    const keyspace = new engine.Keyspace({ now: NOW });
    slots.set(slot, { keyspace, client: keyspace.connect() });
  }
  return slots.get(slot);
}

export function empty(slot) {
  slots.get(slot)?.keyspace.free();
  slots.delete(slot);
  open(slot);
}

// Gives the first `length` bytes of commands to a slot, as they arrive.
export async function feed(slot, name, length) {
  const { keyspace, client } = open(slot);
  const reader = (await load(`${name}.commands`)).body.getReader();
  while (length > 0) {
    const { value, done } = await reader.read();
    if (done) {
      throw new Error(`${name} is ${length} bytes short`);
    }
    keyspace.receive(client, value.subarray(0, length));
    keyspace.takeOutput(client);
    length -= value.length;
  }
  await reader.cancel();
}

export async function measure(slot, name, depth, commands) {
  const { keyspace, client } = open(slot);
  const pipelines = cut(await workload(name), depth);
  let replyBytes = 0;
  let next = 0;
  const start = performance.now();
  for (let left = commands / depth; left > 0; left--) {
    keyspace.receive(client, pipelines[next]);
    replyBytes += keyspace.takeOutput(client).length;
    next = next + 1 === pipelines.length ? 0 : next + 1;
  }
  return { seconds: (performance.now() - start) / 1000, replyBytes };
}

// Runs the one command of a workload, a script, to its end.
export async function time(slot, name) {
  const { keyspace, client } = open(slot);
  const { commands } = await workload(name);
  const start = performance.now();
  keyspace.receive(client, commands);
  while (keyspace.continueScript());
  const reply = keyspace.takeOutput(client);
  const seconds = (performance.now() - start) / 1000;
  return { seconds, reply: new TextDecoder().decode(reply) };
}

// What the engine takes; for the one that counts what it allocates, from here on.
export function memory() {
  open(0);
  return { heap: engine.heapInUse(), linear: wasm.memory.buffer.byteLength };
}

async function workload(name) {
  if (!workloads.has(name)) {
    const [commands, ends] = await Promise.all(
      [`${name}.commands`, `${name}.ends`].map(async (file) => (await load(file)).arrayBuffer()),
    );
    workloads.set(name, { commands: new Uint8Array(commands), ends: new Uint32Array(ends) });
  }
  return workloads.get(name);
}

function cut({ commands, ends }, depth) {
  const pipelines = [];
  let start = 0;
  for (let last = depth - 1; last < ends.length; last += depth) {
    pipelines.push(commands.subarray(start, ends[last]));
    start = ends[last];
  }
  return pipelines;
}

async function load(file) {
  const response = await fetch(`./workloads/${file}`);
  if (!response.ok) {
    throw new Error(`${file}: ${response.status}`);
  }
  return response;
}
