/** `<keyspace-console>`: a prompt, as `redis-cli` has one. */

import { complaint, KeyspaceElement } from "./base.js";
import { make, replyLine } from "./dom.js";
import type { Terminal } from "./terminal.js";

/** What is shown at most; the oldest goes first. */
const ENTRIES_MAX = 500;

/** A console. The commands of its attribute `commands` run when it comes into view. */
export class KeyspaceConsole extends KeyspaceElement {
  #output!: HTMLDivElement;
  #input!: HTMLInputElement;
  #terminal: Promise<Terminal> | undefined;
  readonly #history: string[] = [];
  /** Which line of the history is shown; its length for a new one. */
  #at = 0;

  protected override build(): void {
    this.#output = make("div", {
      class: "output",
      part: "output",
      role: "log",
      tabindex: "0",
      "aria-label": "Commands and replies",
    });
    this.#input = make("input", {
      part: "input",
      "aria-label": "Redis command",
      placeholder: "SET greeting hello",
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
    });
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    const prompt = make("span", { class: "prompt", part: "prompt", "aria-hidden": "true" }, ">");
    const row = make("div", { class: "row", part: "row" }, prompt, this.#input);
    const frame = make("div", { class: "frame console", part: "frame" }, this.#output);
    if (!this.hasAttribute("readonly")) {
      frame.append(row);
    }
    frame.addEventListener("click", () => {
      // Who selects text keeps the selection.
      if (document.getSelection()?.isCollapsed !== false) {
        this.#input.focus();
      }
    });
    this.root.replaceChildren(frame);
  }

  protected override seen(): void {
    void this.#begin();
  }

  protected override began(): void {
    this.#terminal = undefined;
    this.#output.replaceChildren();
    void this.#begin();
  }

  /** Runs a line as if it were typed. */
  async run(line: string): Promise<string> {
    const command = make("div", { class: "command", part: "command" }, line);
    const entry = make("div", { class: "entry" }, command);
    this.#show(entry);
    let text: string;
    try {
      const terminal = await this.#connected();
      const reply = terminal.run(line);
      command.classList.toggle("waits", terminal.isWaiting);
      text = await reply;
    } catch (error) {
      text = complaint(error);
    }
    command.classList.remove("waits");
    if (text !== "") {
      entry.append(replyLine(text));
    }
    this.#output.scrollTop = this.#output.scrollHeight;
    this.dispatchEvent(
      new CustomEvent("keyspace-ran", { detail: { replies: [text] }, bubbles: true }),
    );
    return text;
  }

  async #begin(): Promise<void> {
    try {
      await this.session.prepare(this.commandsIn("setup"), this.db);
    } catch (error) {
      this.#show(replyLine(complaint(error)));
      return;
    }
    for (const line of this.commandsIn("commands")) {
      await this.run(line);
    }
  }

  /** A terminal that is open: one that was closed, by QUIT, is followed by another. */
  async #connected(): Promise<Terminal> {
    let terminal = await this.#terminal;
    if (terminal === undefined || !terminal.isOpen) {
      this.#terminal = this.session.terminal(this.db);
      terminal = await this.#terminal;
      terminal.onMessage = (text) => this.#show(replyLine(text));
    }
    return terminal;
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      const line = this.#input.value.trim();
      this.#input.value = "";
      if (line !== "") {
        this.#history.push(line);
        this.#at = this.#history.length;
        void this.#enter(line);
      }
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      const step = event.key === "ArrowUp" ? -1 : 1;
      this.#at = Math.min(Math.max(this.#at + step, 0), this.#history.length);
      this.#input.value = this.#history[this.#at] ?? "";
    } else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault();
      this.#output.replaceChildren();
    } else if (event.key === "Escape" || (event.key === "c" && event.ctrlKey && this.#isUnselected)) {
      void this.#terminal?.then((terminal) => terminal.stop());
    }
  }

  get #isUnselected(): boolean {
    return this.#input.selectionStart === this.#input.selectionEnd;
  }

  async #enter(line: string): Promise<void> {
    if (/^clear$/i.test(line)) {
      this.#output.replaceChildren();
      return;
    }
    const terminal = await this.#terminal;
    if (terminal?.isWaiting === true) {
      this.#show(replyLine("(error) the command before still waits: Esc ends its wait"));
      return;
    }
    await this.run(line);
  }

  #show(node: Node): void {
    this.#output.append(node);
    while (this.#output.childElementCount > ENTRIES_MAX) {
      this.#output.firstElementChild?.remove();
    }
    this.#output.scrollTop = this.#output.scrollHeight;
  }
}
