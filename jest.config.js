const shared = {
  rootDir: import.meta.dirname,
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, sourceMaps: "inline" },
    ],
  },
  testEnvironmentOptions: {
    customExportConditions: ["source", "node", "node-addons"],
    // Simulations forbid real time by replacing globals; Jest must not tidy the real ones away.
    globalsCleanup: "off",
  },
  modulePathIgnorePatterns: ["/dist/"],
};

/** Real servers, for those that ask for them. */
const servers = {
  globalSetup: "<rootDir>/packages/testkit/src/servers/jest-global-setup.ts",
  globalTeardown: "<rootDir>/packages/testkit/src/servers/jest-global-teardown.ts",
};

/**
 * Lanes by file name: `*.contract.test.ts` runs an adapter against a port's contract suite,
 * `*.path.test.ts` is a whole path with real processes, `*.cluster.test.ts` needs real Kafka or
 * Cassandra, `*.faults.test.ts` does harm to them (`*.faults-long.test.ts` for so long that CI leaves it
 * out), everything else is a unit test.
 */
export default {
  // For busy machines; what a test waits for is an event.
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: "unit",
      testMatch: ["<rootDir>/packages/*/test/**/*.test.ts"],
      testPathIgnorePatterns: ["\\.(contract|path|cluster|faults|faults-long)\\.test\\.ts$"],
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
    {
      ...shared,
      displayName: "cluster",
      testMatch: ["<rootDir>/packages/*/test/**/*.cluster.test.ts"],
      ...servers,
    },
    {
      ...shared,
      displayName: "faults",
      testMatch: ["<rootDir>/packages/*/test/**/*.faults.test.ts"],
      ...servers,
    },
    {
      ...shared,
      displayName: "faults-long",
      testMatch: ["<rootDir>/packages/*/test/**/*.faults-long.test.ts"],
      ...servers,
    },
  ],
};
