const shared = {
  rootDir: import.meta.dirname,
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, sourceMaps: "inline" },
    ],
  },
  testEnvironmentOptions: { customExportConditions: ["source", "node", "node-addons"] },
  modulePathIgnorePatterns: ["/dist/"],
};

/**
 * Lanes by file name: `*.contract.test.ts` runs an adapter against a port's contract suite,
 * `*.path.test.ts` is a whole path with real processes, everything else is a unit test.
 */
export default {
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/packages/*/test/**/*.test.ts"],
      testPathIgnorePatterns: ["\\.(contract|path)\\.test\\.ts$"],
    },
    {
      ...shared,
      displayName: "contract",
      testMatch: ["<rootDir>/packages/*/test/**/*.contract.test.ts"],
    },
    {
      ...shared,
      displayName: "path",
      testMatch: ["<rootDir>/packages/*/test/**/*.path.test.ts"],
    },
  ],
};
