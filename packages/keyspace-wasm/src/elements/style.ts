/** How the elements look. Colours follow `color-scheme`, which pages set and `theme` overrides. */

const TEXT = `
:host {
  --_ground: var(--keyspace-background, light-dark(#fafbfc, #16191e));
  --_sunken: var(--keyspace-sunken, light-dark(#f1f3f6, #12151a));
  --_line: var(--keyspace-border, light-dark(#d9dde3, #2a2f37));
  --_ink: var(--keyspace-color, light-dark(#1a1d22, #e4e7ec));
  --_dim: var(--keyspace-dim, light-dark(#626a76, #8891a0));
  --_accent: var(--keyspace-accent, light-dark(#1f6feb, #6cb0ff));
  --_live: var(--keyspace-live, light-dark(#9a5b00, #ffb454));
  --_bad: var(--keyspace-bad, light-dark(#b3261e, #ff8a80));
  --_radius: var(--keyspace-radius, 6px);
  display: block;
  box-sizing: border-box;
  margin-block: 1em;
  contain: content;
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  background: var(--_ground);
  color: var(--_ink);
  font: var(--keyspace-font-size, 13px) / 1.55 var(--keyspace-font,
    ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace);
  font-variant-numeric: tabular-nums;
  text-align: start;
}
:host([hidden]) { display: none; }
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: -2px; }
.frame { display: flex; flex-direction: column; height: 100%; max-height: inherit; }
pre, textarea { margin: 0; font: inherit; color: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.editor {
  display: block; box-sizing: border-box; width: 100%; padding: 10px 12px; border: 0; resize: none;
  background: none; field-sizing: content; tab-size: 2; border-radius: var(--_radius) var(--_radius) 0 0;
}
.bar {
  display: flex; align-items: center; gap: 4px; padding: 4px 6px;
  border-block: 1px solid var(--_line); background: var(--_sunken);
  font-family: var(--keyspace-button-font, system-ui, sans-serif);
}
.bar:last-child { border-bottom: 0; border-radius: 0 0 var(--_radius) var(--_radius); }
button, a.button {
  display: inline-flex; align-items: center; gap: 6px; padding: 3px 10px; border: 0;
  border-radius: calc(var(--_radius) - 2px); background: none; color: var(--_dim);
  font: 12px/1.5 var(--keyspace-button-font, system-ui, sans-serif); cursor: pointer; text-decoration: none;
}
button:hover, a.button:hover { color: var(--_ink); background: color-mix(in srgb, var(--_ink) 8%, transparent); }
button.run { color: var(--_accent); font-weight: 600; }
button[hidden], a.button[hidden] { display: none; }
svg { width: 12px; height: 12px; fill: currentColor; flex: none; }
.space { flex: 1; }
.status { color: var(--_live); font-size: 12px; padding-inline: 6px; }
.output { padding: 10px 12px; overflow: auto; flex: 1; min-height: 0; }
.output:empty { display: none; }
.console .output { display: block; padding-bottom: 0; }
:host(:not([height])) .output { max-height: 28em; }
.output > pre { margin-bottom: 4px; }
.command { color: var(--_dim); }
.command::before, .prompt { color: var(--_accent); }
.command::before { content: "> "; }
.error { color: var(--_bad); }
.waits { color: var(--_live); }
.entry { margin-bottom: 4px; }
.row { display: flex; padding: 4px 12px 10px; gap: 1ch; }
.row input {
  flex: 1; min-width: 0; padding: 0; border: 0; outline: 0; background: none; color: inherit; font: inherit;
}
.console:focus-within { border-radius: var(--_radius); box-shadow: inset 0 0 0 1px var(--_accent); }
iframe { display: block; width: 100%; height: 100%; min-height: 24em; border: 0; border-radius: var(--_radius); }
.fallback { padding: 10px 12px; }
`;

let sheet: CSSStyleSheet | undefined;

/** One style sheet for all elements of the page. */
export function style(root: ShadowRoot): void {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(TEXT);
  }
  root.adoptedStyleSheets = [sheet];
}
