export default {
  title: "Redis in Docusaurus",
  url: "https://docs.example",
  baseUrl: "/",
  onBrokenLinks: "throw",
  clientModules: ["./src/keyspace.js"],
  presets: [["classic", { docs: { routeBasePath: "/" }, blog: false }]],
};
