// Runs in the playground before its own program does: counts frames, what the page does in each,
// long tasks, and the messages of the worker. It keeps numbers only, so that it costs next to nothing.
globalThis.probe = (() => {
  // In the worker: its memory, and for how long it was busy.
  const WORKER = `
    let memory, busy = 0;
    for (const name of ["instantiate", "instantiateStreaming"]) {
      const make = WebAssembly[name];
      WebAssembly[name] = async (...given) => {
        const made = await make(...given);
        memory = (made.instance ?? made).exports.memory;
        return made;
      };
    }
    const timed = (call) => (...given) => {
      const start = performance.now();
      try {
        return call(...given);
      } finally {
        busy += performance.now() - start;
      }
    };
    const { setTimeout, addEventListener } = self;
    self.setTimeout = (call, ...rest) => setTimeout(timed(call), ...rest);
    self.addEventListener = (name, call, ...rest) => addEventListener(name, timed(call), ...rest);
    const channel = new BroadcastChannel("probe");
    channel.onmessage = () => {
      channel.postMessage({ busy, at: performance.now(), worker: memory.buffer.byteLength });
    };
  `;

  const frames = [];
  const drawn = [];
  let messages = 0;
  let bytes = 0;
  let longTasks = [];
  let memory;
  let last = 0;

  for (const name of ["instantiate", "instantiateStreaming"]) {
    const make = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await make.apply(WebAssembly, given);
      memory = (made.instance ?? made).exports.memory;
      return made;
    };
  }

  globalThis.Worker = class extends Worker {
    constructor(script, options) {
      const url = new URL(script, document.baseURI);
      const source = `${WORKER} await import(${JSON.stringify(url.href)});`;
      super(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), options);
      this.addEventListener("message", (event) => {
        messages += 1;
        bytes += event.data.byteLength ?? 0;
      });
    }
  };

  // What the page does in a frame is done once its callback has returned, and what that put off to
  // microtasks, drawing among it: before the next callback of the same frame.
  const request = requestAnimationFrame;
  globalThis.requestAnimationFrame = (call) => {
    let start;
    const handle = request((now) => {
      start = performance.now();
      call(now);
    });
    request(() => start && drawn.push(performance.now() - start));
    return handle;
  };

  new PerformanceObserver((list) => {
    longTasks.push(...list.getEntries().map((entry) => entry.duration));
  }).observe({ type: "longtask" });

  request(function frame(now) {
    frames.push(now - last);
    last = now;
    request(frame);
  });

  const channel = new BroadcastChannel("probe");
  const worker = () => new Promise((done) => {
    channel.onmessage = ({ data }) => done(data);
    channel.postMessage("ask");
  });

  const select = (testid) => `[data-testid="${testid}"]`;
  const part = (testid) => document.querySelector(select(testid));
  const until = async (condition) => {
    while (!condition()) {
      await new Promise((done) => setTimeout(done, 50));
    }
  };

  return {
    // Forgets what was counted so far.
    begin() {
      frames.length = drawn.length = messages = bytes = 0;
      longTasks = [];
    },
    // What was counted since, in milliseconds and bytes.
    end: () => ({
      frames,
      drawn,
      messages,
      bytes,
      longTasks,
      elements: document.querySelectorAll("*").length,
    }),
    memory: async () => ({ page: memory?.buffer.byteLength ?? 0, ...(memory ? await worker() : {}) }),
    until,
    click: async (testid) => {
      await until(() => part(testid) && !part(testid).disabled);
      part(testid).click();
    },
    pace: (rate) => {
      const buttons = [...document.querySelectorAll(".clock-rate")];
      buttons.find((button) => button.textContent === `×${rate}`).click();
    },
    // Starts workers, and waits until they wait.
    startWorkers: async (count) => {
      for (let left = count; left > 0; left--) {
        await probe.click("celery-start-worker");
      }
      const parked = '[data-testid="celery-worker"][data-doing="parked"]';
      await until(() => document.querySelectorAll(parked).length >= count);
    },
    // Moves the knob of the time bar from the end to the beginning, in so many steps.
    scrub: async (steps) => {
      const range = part("time-range");
      const [from, to] = [Number(range.max), Number(range.min)];
      for (let step = 1; step <= steps; step++) {
        range.value = from + ((to - from) * step) / steps;
        range.dispatchEvent(new InputEvent("input", { bubbles: true }));
        await new Promise((done) => setTimeout(done, 200));
      }
    },
    // Sends what a program says.
    send: async (text) => {
      await probe.click("lab-send");
      await until(() => part("send-text"));
      const area = part("send-text");
      area.value = text;
      area.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await probe.click("send-make");
      await probe.click("lab-send");
    },
    // How many results were stored, as the picture says.
    stored: () => {
      const count = document.querySelector(".wire-store .wire-count")?.textContent ?? "";
      return Number(count.replace(/\D/g, ""));
    },
  };
})();
