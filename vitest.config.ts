import { defineConfig } from "vitest/config";

const source = "@countersign/source";

export default defineConfig({
  // "import" stays out: it would reach into the `require`s of CommonJS dependencies
  resolve: { conditions: [source, "node", "default"] },
  ssr: { resolve: { conditions: [source, "node", "default"], externalConditions: [source, "node"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "test/runtimes/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    coverage: { provider: "v8", include: ["packages/core/src/**", "packages/raw-body/src/**"], thresholds: { lines: 100, branches: 100 } },
  },
});
