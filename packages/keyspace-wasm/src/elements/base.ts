/** What all elements share: their session, and that nothing is loaded before they come into view. */

import { commandsOf, playgroundLink } from "./script.js";
import { Session, sessionOf } from "./session.js";
import { style } from "./style.js";

/** Where pages are rendered ahead there are no elements, and nothing to extend. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** So far ahead of the visible part loading begins. */
const MARGIN = "200px";

/** A custom element of this package. Its own content stays readable until this has run. */
export abstract class KeyspaceElement extends Base {
  protected root!: ShadowRoot;
  protected session!: Session;
  #observer: IntersectionObserver | undefined;
  #offReset: (() => void) | undefined;
  #isBuilt = false;

  connectedCallback(): void {
    // Content that is still being parsed comes before the element is made of it.
    if (document.readyState === "loading") {
      document.addEventListener("DOMContentLoaded", () => this.#connect(), { once: true });
    } else {
      this.#connect();
    }
  }

  disconnectedCallback(): void {
    this.#observer?.disconnect();
    this.#offReset?.();
  }

  #connect(): void {
    if (!this.isConnected) {
      return;
    }
    if (!this.#isBuilt) {
      this.#isBuilt = true;
      this.session = sessionOf(this.getAttribute("shared"), this.getAttribute("clock"));
      this.root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      style(this.root);
      const height = this.getAttribute("height");
      if (height !== null) {
        this.style.height = /^\d+$/.test(height) ? `${height}px` : height;
      }
      this.build();
    }
    this.#offReset = this.session.onReset(() => this.began());
    this.#observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          this.#observer?.disconnect();
          this.seen();
        }
      },
      { rootMargin: MARGIN },
    );
    this.#observer.observe(this);
  }

  /** Fills the shadow root. */
  protected abstract build(): void;

  /** The element has come into view. */
  protected abstract seen(): void;

  /** The keyspace of the session begins anew. */
  protected abstract began(): void;

  /** The commands of an attribute, one a line. */
  protected commandsIn(attribute: string): string[] {
    return commandsOf(this.getAttribute(attribute) ?? "");
  }

  protected get db(): string {
    return this.getAttribute("db") ?? "0";
  }

  /** Where the playground is, if the element or its page says so. */
  protected get playground(): string | null {
    const meta = document.querySelector<HTMLMetaElement>('meta[name="keyspace-playground"]');
    return this.getAttribute("playground") ?? meta?.content ?? null;
  }

  /** The address that runs these commands in the playground, or null. */
  protected linkTo(commands: readonly string[]): string | null {
    const { playground } = this;
    return playground === null
      ? null
      : playgroundLink(playground, [...this.commandsIn("setup"), ...commands]);
  }
}

/** What went wrong, for who reads the page. */
export function complaint(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `(error) the engine did not start: ${why}`;
}
