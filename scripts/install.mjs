// Node and packages, for scripts that are the first thing run in a fresh clone.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";

const NODE_MIN = [20, 19];

/** Installs the packages of the lock file, unless they are there. Throws when something is missing. */
export function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
    throw new Error(`Node ${NODE_MIN.join(".")} or later is needed; this is ${process.version}`);
  }
  if (isInstalled()) return;
  run("npm", ["ci"]);
}

/** npm writes the inner file last. */
function isInstalled() {
  const options = { throwIfNoEntry: false };
  const installed = statSync("node_modules/.package-lock.json", options);
  return installed !== undefined && installed.mtimeMs >= statSync("package-lock.json").mtimeMs;
}

/** Runs a command with its output on the standard error stream. Throws when it fails. */
export function run(command, words, environment = {}) {
  const { status, error } = spawnSync(command, words, {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, ...environment },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${[command, ...words].join(" ")} ended with ${status}`);
}
