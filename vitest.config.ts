import { defineConfig } from "vitest/config";
import { ClosingLineReporter } from "./tools/test-report/closing-line-reporter.ts";

/** Workspace packages are read from their TypeScript source, so that tests need no build. */
const conditions = ["@contimg/source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "apps/*/{src,test}/**/*.test.ts", "tools/**/*.test.ts"],
    pool: "forks",
    execArgv: ["--conditions=@contimg/source"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    reporters: ["default", new ClosingLineReporter()],
  },
});
