/** Making elements. Text is only ever set as text. */

type Child = Node | string;

/** An element with attributes and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const ICONS = {
  run: "M3 1.5v9l8-4.5z",
  stop: "M2 2h8v8H2z",
  reset: "M6 2a4 4 0 1 1-3.9 5h1.3A2.8 2.8 0 1 0 6 3.2V5L3 2.6 6 .2z",
  open: "M2 2h3.5v1.2H3.2v5.6h5.6V6.5H10V10H2zM7 2h3v3H8.8V4L6.4 6.4l-.8-.8L8 3.2H7z",
};

/** An icon, which says nothing to who cannot see it. */
export function icon(name: keyof typeof ICONS): SVGElement {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A reply as it is shown: errors stand out. */
export function replyLine(text: string): HTMLPreElement {
  const isError = text.startsWith("(error)");
  const part = isError ? "reply error" : "reply";
  return make("pre", { class: part, part }, text);
}
