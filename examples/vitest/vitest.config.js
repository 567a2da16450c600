import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite would bundle the package ahead, away from its wasm.
  optimizeDeps: { exclude: ["keyspace-wasm"] },
  test: {
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          // A Chromium of the system's, where there is one to be used.
          executablePath: process.env.CHROMIUM,
          args: ["--no-sandbox", "--disable-dev-shm-usage"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
