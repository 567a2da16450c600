// The documentation site. Pages under commands/ and lessons/, compatibility.md and menu.json are
// generated: `cargo xtask docs` puts them beside these files before it builds.
import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const base = process.env.KEYSPACE_DOCS_BASE ?? "/";
const menu = JSON.parse(readFileSync(new URL("./menu.json", import.meta.url), "utf8"));

const guide = [
  {
    text: "Guide",
    items: [
      { text: "What it is", link: "/guide/" },
      { text: "The playground", link: "/guide/playground" },
      { text: "Data types", link: "/guide/types" },
      { text: "Redis as a Celery broker", link: "/guide/celery" },
    ],
  },
  {
    text: "Use it",
    items: [
      { text: "In a web page", link: "/guide/embed" },
      { text: "In JavaScript", link: "/guide/javascript" },
      { text: "In Rust tests", link: "/guide/rust" },
      { text: "As a server", link: "/guide/server" },
    ],
  },
  {
    text: "How good is it?",
    items: [
      { text: "Compatibility", link: "/compatibility" },
      { text: "Benchmarks", link: "/guide/benchmarks" },
    ],
  },
];

export default defineConfig({
  title: "Keyspace",
  description: "A Redis that runs inside a browser tab.",
  base,
  srcExclude: ["guide/measured.md", "guide/package.md", "guide/elements.md"],
  cleanUrls: false,
  lastUpdated: false,
  // The playground is hosted beside the pages, and is no page of theirs.
  ignoreDeadLinks: [/^\/play\//],
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith("keyspace-") } } },
  markdown: { languageAlias: { redis: "shell" } },
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: `${base}logo.svg` }],
    ["meta", { name: "keyspace-playground", content: `${base}play/index.html` }],
    ["script", { type: "module", src: `${base}elements/elements.js` }],
  ],
  themeConfig: {
    logo: "/logo.svg",
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: "/guide/" },
      { text: "Lessons", link: "/lessons/" },
      { text: "Commands", link: "/commands/" },
      { text: "Playground", link: "/play/index.html", target: "_self" },
    ],
    sidebar: {
      ...menu.commands,
      "/lessons/": [{ text: "Lessons", items: menu.lessons }],
      "/": guide,
    },
    docFooter: { prev: "Before", next: "Next" },
  },
});
