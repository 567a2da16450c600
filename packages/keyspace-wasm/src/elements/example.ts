/** `<keyspace-example>`: commands that the reader can change and run, with their replies below. */

import { complaint, KeyspaceElement } from "./base.js";
import { icon, make, replyLine } from "./dom.js";
import { commandsOf } from "./script.js";
import type { Terminal } from "./terminal.js";

/** An example. Without `shared`, each run begins with an empty keyspace and the `setup`. */
export class KeyspaceExample extends KeyspaceElement {
  #source = "";
  #editor!: HTMLTextAreaElement;
  #output!: HTMLDivElement;
  #run!: HTMLButtonElement;
  #stop!: HTMLButtonElement;
  #status!: HTMLSpanElement;
  #open!: HTMLAnchorElement;
  #terminal: Terminal | undefined;
  /** Counts runs, so that one that was overtaken writes nothing more. */
  #runs = 0;
  /** A run itself lets the keyspace begin anew. */
  #isBeginning = false;

  /** The commands as they stand in the editor. */
  get commands(): string[] {
    return commandsOf(this.#editor.value);
  }

  protected override build(): void {
    const fromText = commandsOf(this.textContent ?? "");
    const commands = this.hasAttribute("commands") ? this.commandsIn("commands") : fromText;
    this.#source = commands.join("\n");
    this.#editor = make("textarea", {
      class: "editor",
      part: "editor",
      "aria-label": "Redis commands, one a line",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
    });
    this.#editor.readOnly = this.hasAttribute("readonly");
    this.#editor.value = this.#source;
    this.#editor.rows = Math.max(commands.length, 1);
    this.#editor.addEventListener("input", () => this.#edited());
    this.#editor.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void this.run();
      }
    });
    this.#run = this.#button("run", "Run", "Run these commands (Ctrl+Enter)", () => this.run());
    this.#stop = this.#button("stop", "Stop", "Stop waiting", () => this.#terminal?.stop());
    this.#stop.hidden = true;
    const reset = this.#button("reset", "Reset", "Put the example back as it was", () => this.reset());
    this.#open = make(
      "a",
      { class: "button", part: "button open", target: "_blank", rel: "noopener" },
      icon("open"),
      "Open in playground",
    );
    this.#status = make("span", { class: "status", part: "status", role: "status" });
    this.#output = make("div", {
      class: "output",
      part: "output",
      role: "log",
      tabindex: "0",
      "aria-label": "Replies",
    });
    const bar = make("div", { class: "bar", part: "bar" });
    bar.append(this.#run, this.#stop, reset, this.#status, make("span", { class: "space" }), this.#open);
    this.root.replaceChildren(
      make("div", { class: "frame", part: "frame" }, this.#editor, bar, this.#output),
    );
    this.#edited();
  }

  protected override seen(): void {
    if (this.hasAttribute("autorun")) {
      void this.run();
    } else {
      // So that it is there when somebody runs it; what fails is told then.
      this.session.keyspace().catch(() => undefined);
    }
  }

  protected override began(): void {
    if (!this.#isBeginning) {
      this.#runs++;
    }
    this.#output.replaceChildren();
    this.#waits(false);
  }

  /** Runs the commands. The event `keyspace-ran` tells when all are answered. */
  async run(): Promise<void> {
    const run = ++this.#runs;
    this.#terminal?.close();
    this.#output.replaceChildren();
    this.#waits(false);
    const replies: string[] = [];
    try {
      if (!this.hasAttribute("shared")) {
        this.#isBeginning = true;
        const emptied = this.session.reset();
        this.#isBeginning = false;
        await emptied;
        if (run !== this.#runs) {
          return;
        }
      }
      await this.session.prepare(this.commandsIn("setup"), this.db);
      const terminal = await this.session.terminal(this.db);
      if (run !== this.#runs) {
        terminal.close();
        return;
      }
      this.#terminal = terminal;
      terminal.onMessage = (text) => this.#output.append(replyLine(text));
      for (const line of this.commands) {
        if (!terminal.isOpen) {
          break;
        }
        replies.push(await this.#runLine(terminal, line));
        if (run !== this.#runs) {
          return;
        }
      }
    } catch (error) {
      replies.push(complaint(error));
      this.#output.append(replyLine(complaint(error)));
    }
    this.dispatchEvent(new CustomEvent("keyspace-ran", { detail: { replies }, bubbles: true }));
  }

  /** Puts the commands back as the author wrote them, and the keyspace to its beginning. */
  async reset(): Promise<void> {
    this.#editor.value = this.#source;
    this.#edited();
    this.#terminal?.close();
    await this.session.reset();
  }

  async #runLine(terminal: Terminal, line: string): Promise<string> {
    const command = make("div", { class: "command", part: "command" }, line);
    const entry = make("div", { class: "entry" }, command);
    this.#output.append(entry);
    const reply = terminal.run(line);
    this.#waits(terminal.isWaiting);
    const text = await reply;
    this.#waits(false);
    if (text !== "") {
      entry.append(replyLine(text));
    }
    return text;
  }

  #waits(waits: boolean): void {
    this.#run.hidden = waits;
    this.#stop.hidden = !waits;
    this.#status.textContent = waits ? "waiting…" : "";
  }

  #edited(): void {
    this.#editor.rows = Math.max(this.#editor.value.split("\n").length, 1);
    const link = this.linkTo(this.commands);
    this.#open.hidden = link === null;
    this.#open.href = link ?? "";
  }

  #button(
    name: "run" | "stop" | "reset",
    text: string,
    title: string,
    action: () => unknown,
  ): HTMLButtonElement {
    const attributes = { type: "button", class: name, part: `button ${name}`, title };
    const button = make("button", attributes, icon(name), text);
    button.addEventListener("click", () => void action());
    return button;
  }
}
