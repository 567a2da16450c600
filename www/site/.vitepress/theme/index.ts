// VitePress's own theme, with a live example where the start page would have a picture, and links
// into the playground, which is hosted beside the pages and is no page of theirs.
import { defineComponent, h } from "vue";
import { withBase } from "vitepress";
import DefaultTheme from "vitepress/theme";
import "./keyspace.css";

const FIRST = `> SET session:7f3a ada EX 60
OK
> TTL session:7f3a
(integer) 60
> advance 60s
> GET session:7f3a
(nil)`;

const firstExample = () =>
  h("div", { class: "first-example" }, h("keyspace-example", { clock: "paused", autorun: "" }, h("pre", FIRST)));

/** `<PlaygroundLink to="/celery">`: a link to an address of the playground. */
const PlaygroundLink = defineComponent({
  props: { to: { type: String, default: "/" } },
  setup(props, { slots }) {
    const href = () => `${withBase("/play/index.html")}#${props.to}`;
    return () => h("a", { href: href(), target: "_self" }, slots.default?.());
  },
});

export default {
  extends: DefaultTheme,
  enhanceApp: ({ app }) => app.component("PlaygroundLink", PlaygroundLink),
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-image": firstExample }),
};
