/** `<keyspace-celery>`: the playground's picture of Celery, in a frame. */

import { KeyspaceElement } from "./base.js";
import { make, replyLine } from "./dom.js";

/** The picture of a scenario. Nothing of it is loaded before it comes into view. */
export class KeyspaceCelery extends KeyspaceElement {
  protected override build(): void {
    this.root.replaceChildren(make("div", { class: "fallback", part: "fallback" }, make("slot")));
  }

  protected override seen(): void {
    const { playground } = this;
    if (playground === null) {
      const what = 'keyspace-celery: say where the playground is, by playground="https://..."';
      this.root.replaceChildren(replyLine(`(error) ${what}`));
      return;
    }
    const scenario = encodeURIComponent(this.getAttribute("scenario") ?? "");
    const frame = make("iframe", {
      part: "frame",
      title: this.getAttribute("label") ?? "How tasks flow through Redis",
      src: `${playground.replace(/#.*$/, "")}#/celery?scenario=${scenario}&embed`,
    });
    this.root.replaceChildren(frame);
  }

  protected override began(): void {
    // The frame has a keyspace of its own.
  }
}
