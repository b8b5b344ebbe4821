// Every check and every test. Ends with one line, `N passed, N failed`.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, run } from "./install.mjs";

/** What must succeed before and beside the tests. A failure counts as one failed test. */
const CHECKS = [
  ["install", () => install()],
  ["build", () => run("npm", ["run", "--silent", "build"])],
  ["lint", () => run("npm", ["run", "--silent", "lint"])],
  ["format", () => run("npm", ["run", "--silent", "format:check"])],
  ["test servers", () => run("scripts/install-test-servers", [])],
  ["model", () => run("node", ["packages/testkit/dist/model/cli/main.js"])],
  ["simulation", () => run("node", ["packages/testkit/dist/sim/cli/main.js", "--seeds", "500"])],
];

/** `project` is one of jest.config.js; `node` a major version. */
const LANES = [
  { project: "unit", node: 20, environment: { TZ: "America/Los_Angeles" } },
  { project: "unit", node: 24, environment: { TZ: "Asia/Kathmandu" } },
  { project: "contract", node: 20 },
  { project: "path", node: 20, words: ["--runInBand"] },
  { project: "cluster", node: 20, words: ["--runInBand"] },
  { project: "faults", node: 20, words: ["--runInBand"] },
];

/** Without these nothing else can be tried. */
const NEEDED = ["install", "build"];

const sum = { passed: 0, failed: 0 };

for (const [name, check] of CHECKS) {
  if (!attempt(name, check) && NEEDED.includes(name)) end();
}
for (const lane of LANES) attempt(`${lane.project} on Node ${lane.node}`, () => runLane(lane));
end();

/** True when it succeeded. */
function attempt(name, action) {
  console.error(`\n== ${name}`);
  try {
    action();
    return true;
  } catch (error) {
    sum.failed++;
    console.error(`== ${name} FAILED: ${error.message}`);
    return false;
  }
}

/** Counts the tests of a lane. Throws for what is wrong with the lane as a whole. */
function runLane({ project, node, environment = {}, words = [] }) {
  const dir = mkdtempSync(join(tmpdir(), "horae-lane-"));
  const file = join(dir, "results.json");
  const jest = ["node_modules/jest/bin/jest.js", "--ci", `--selectProjects=${project}`];
  const output = ["--json", `--outputFile=${file}`];
  try {
    const hasSucceeded = runOnNode(node, [...jest, ...words, ...output], environment);
    const results = readResults(file);
    if (results === null) throw new Error("there are no results");
    sum.passed += results.numPassedTests;
    sum.failed += results.numFailedTests;
    const skipped = results.numPendingTests + results.numTodoTests;
    if (skipped > 0) throw new Error(`${skipped} tests were skipped`);
    if (results.numRuntimeErrorTestSuites > 0) throw new Error("a test file could not be run");
    if (results.numTotalTests === 0) throw new Error("no test was run");
    if (!hasSucceeded && results.numFailedTests === 0) throw new Error("jest failed");
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** True when it succeeded. Another version of Node than this one comes from npm. */
function runOnNode(node, words, environment) {
  const isThisNode = process.versions.node.startsWith(`${node}.`);
  const [command, ...first] = isThisNode ? [process.execPath] : ["npx", "-y", `node@${node}`];
  try {
    run(command, [...first, ...words], environment);
    return true;
  } catch (error) {
    console.error(error.message);
    return false;
  }
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

function end() {
  console.log(`${sum.passed} passed, ${sum.failed} failed`);
  process.exit(sum.failed === 0 ? 0 : 1);
}
