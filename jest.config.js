import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Jest runs everything as CommonJS: our own TypeScript, and those packages that come as ES modules only.
 * They are recognized by their package.json, so that nobody has to keep a list.
 */
const esModulePackages = ["node_modules", "functions/node_modules"]
  .flatMap((folder) => globSync(`${folder}/{*,@*/*}/package.json`, { cwd: import.meta.dirname }))
  .filter((file) => JSON.parse(readFileSync(join(import.meta.dirname, file), "utf8")).type === "module")
  .map((file) => file.replace(/^.*?node_modules\//, "").replace(/\/package\.json$/, ""));

const common = {
  rootDir: import.meta.dirname,
  testEnvironment: "node",
  setupFiles: ["<rootDir>/functions/test/nativeErrors.ts", "<rootDir>/functions/test/quietEvents.ts"],
  transform: {
    "\\.[cm]?[jt]s$": [
      "@swc/jest",
      {
        swcrc: false,
        jsc: { parser: { syntax: "typescript" }, target: "es2024" },
        module: { type: "commonjs" },
        sourceMaps: "inline",
      },
    ],
  },
  transformIgnorePatterns: [
    `/node_modules/(?!(?:.*/node_modules/)?(?:${esModulePackages.join("|")})/)`,
    // These run outside the tests, and Node runs them as they are.
    "/functions/test/global(Setup|Teardown)\\.ts$",
  ],
  // The compiled functions and the tools that were fetched are no sources.
  modulePathIgnorePatterns: ["<rootDir>/functions/lib/", "<rootDir>/.local/"],
};

export default {
  // Jest leaves one of two cores idle otherwise.
  maxWorkers: "100%",
  // A loaded machine is no failure.
  testTimeout: 30_000,
  // Of `--coverage`, which CI asks for.
  collectCoverageFrom: ["<rootDir>/functions/src/**/*.{ts,cts}", "!**/*.test.ts"],
  coverageProvider: "v8",
  coverageReporters: ["text-summary", "json-summary"],
  projects: [
    {
      ...common,
      displayName: "unit",
      testMatch: ["<rootDir>/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", "<rootDir>/functions/test/e2e/"],
      globalSetup: "<rootDir>/functions/test/globalSetup.ts",
      globalTeardown: "<rootDir>/functions/test/globalTeardown.ts",
    },
    {
      ...common,
      displayName: "e2e",
      testMatch: ["<rootDir>/functions/test/e2e/**/*.test.ts"],
    },
  ],
};
