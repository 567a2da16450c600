export default {
  title: "Redis in VitePress",
  vue: {
    template: { compilerOptions: { isCustomElement: (tag) => tag.startsWith("keyspace-") } },
  },
};
