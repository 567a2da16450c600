import DefaultTheme from "vitepress/theme";
import "keyspace-wasm/elements";

export default DefaultTheme;
