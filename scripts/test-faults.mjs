// The table of faults: every row on real servers and processes, and its report in `reports/`.
// Usage: npm run test:faults -- [-t "^3 "]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./install.mjs";

const REPORTS = new URL("../reports/", import.meta.url);

const dir = mkdtempSync(join(tmpdir(), "horae-faults-"));
const words = [
  "--selectProjects",
  "faults",
  "faults-long",
  "--runInBand",
  ...process.argv.slice(2),
];
let isGreen = true;
try {
  run("npx", ["jest", ...words], { HORAE_FAULTS_OUT: dir });
} catch {
  isGreen = false;
}
const files = readdirSync(dir).filter((name) => /^\d+ .*\.json$/.test(name));
const rows = files.toSorted().map((name) => JSON.parse(readFileSync(join(dir, name), "utf8")));
if (isGreen) rmSync(dir, { recursive: true });
else console.error(`what happened is in ${dir}`);
const commit = execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
writeFileSync(new URL("faults.json", REPORTS), `${JSON.stringify({ commit, rows }, null, 2)}\n`);
writeFileSync(new URL("faults.md", REPORTS), markdownOf(commit, rows));
run("npx", [
  "prettier",
  "--log-level",
  "warn",
  "--write",
  "reports/faults.md",
  "reports/faults.json",
]);
console.log(`${rows.filter(({ ok }) => ok).length} of ${rows.length} rows green`);
process.exitCode = isGreen && rows.every(({ ok }) => ok) ? 0 : 1;

function markdownOf(commit, rows) {
  const lines = rows.map(({ id, name, ok, evidence, figures }) => {
    const numbers = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
    return `| ${id} | ${name} | ${ok ? "green" : "RED"} | ${evidence} | ${numbers.join(", ")} |`;
  });
  return `# Faults

Written by \`npm run test:faults\` on ${commit}. Each row runs some thousand acked tasks of 120 ordering ids while
its fault happens, checks every promise, and shows that the fault did something.

| | fault | | evidence | figures |
| - | - | - | - | - |
${lines.join("\n")}
`;
}
