/** Doing something once whatever else waits had its turn. */

/** Runs `task` as a task of its own, without the delay that nested timers get. */
export function nextTask(task: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  if (setImmediate !== undefined) {
    setImmediate(task);
    return;
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    task();
  };
  port2.postMessage(undefined);
}
