import { defineConfig } from "vitest/config";

const source = ["@countersign/source"];

export default defineConfig({
  resolve: { conditions: [...source, "node", "import", "default"] },
  ssr: { resolve: { conditions: [...source, "node", "import", "default"], externalConditions: [...source, "node", "import"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/runtimes/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    coverage: { provider: "v8", include: ["packages/core/src/**", "packages/raw-body/src/**"], thresholds: { lines: 100, branches: 100 } },
  },
});
