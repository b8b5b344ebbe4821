import { readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

/** Packages that run on ports alone: not even Node's own modules. */
const PURE_PACKAGES = ["core", "engine"];

/** A driver is imported by one file, which translates it for everybody else. */
const DRIVER_FILES = {
  lmdb: "packages/embedded/src/lmdb.ts",
  kafkajs: "packages/kafka/src/kafkajs.ts",
  "cassandra-driver": "packages/cassandra/src/driver.ts",
};

/** Node's other ways to time and randomness, and the files that may use them. */
const PORT_MODULES = {
  "node:timers": [],
  "node:timers/promises": [],
  "node:perf_hooks": ["packages/client/src/system-clock.ts"],
  "node:crypto": [
    "packages/client/src/system-random.ts",
    "packages/kafka/src/sha256.ts",
    "packages/node/src/http/access-token.ts",
  ],
};

/**
 * Arrows point to core: a source file imports files of its own package and what the `dependencies`
 * (or `peerDependencies`) of its package.json name, and nothing else.
 */
const imports = {
  create(context) {
    const file = relative(ROOT, context.filename).split(sep).join("/");
    const home = /^packages\/([^/]+)\//.exec(file)?.[1];
    const check = (node) => {
      const source = node.source?.value;
      if (typeof source !== "string" || home === undefined) return;
      const message = objectionTo(source, { file, home });
      if (message !== null) context.report({ node: node.source, message });
    };
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      TSImportType: check,
    };
  },
};

function objectionTo(source, { file, home }) {
  if (source.startsWith(".")) {
    const target = join(dirname(file), source).split(sep).join("/");
    return target.startsWith(`packages/${home}/src/`) ? null : "Import other packages by name.";
  }
  if (isBuiltin(source)) {
    if (PURE_PACKAGES.includes(home)) return `${home} runs on ports alone, without Node's modules.`;
    if (!source.startsWith("node:")) return `Write node:${source}.`;
    const allowed = PORT_MODULES[source];
    return allowed === undefined || allowed.includes(file)
      ? null
      : `${source} belongs behind the Clock or Random port.`;
  }
  const name = source.split("/", source.startsWith("@") ? 2 : 1).join("/");
  const driverFile = DRIVER_FILES[name];
  if (driverFile !== undefined && driverFile !== file) return `Only ${driverFile} imports ${name}.`;
  return dependenciesOf(home).includes(name) ? null : `${name} is no dependency of ${home}.`;
}

const known = new Map();

function dependenciesOf(home) {
  if (!known.has(home)) {
    const path = join(ROOT, "packages", home, "package.json");
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(path, "utf8"));
    known.set(home, Object.keys({ ...dependencies, ...peerDependencies }));
  }
  return known.get(home);
}

/** The wall clock is read through the Clock port. `new Date(ms)` is a conversion and fine. */
const noWallClock = {
  create(context) {
    const check = (node) => {
      const readsClock = node.type === "CallExpression" || node.arguments.length === 0;
      if (node.callee.type === "Identifier" && node.callee.name === "Date" && readsClock) {
        context.report({ node, message: "Take the time from the Clock port." });
      }
    };
    return { NewExpression: check, CallExpression: check };
  },
};

export default {
  meta: { name: "house" },
  rules: { imports, "no-wall-clock": noWallClock },
};
