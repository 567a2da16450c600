// VitePress's own theme, with a live example where the start page would have a picture.
import { h } from "vue";
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

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "home-hero-image": firstExample }),
};
