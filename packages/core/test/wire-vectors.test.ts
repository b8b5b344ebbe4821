import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import {
  decodeRecord,
  formatTaskKey,
  SeededRandom,
  TASK_PROBLEM_CODES,
  validateTask,
} from "../src/index.ts";
import type { WireVector } from "./wire-vectors.ts";
import { headersOf, loadWireVectors, recordOf } from "./wire-vectors.ts";

const { nowMs, vectors } = loadWireVectors();
const core = join(import.meta.dirname, "..");
const schema = JSON.parse(
  readFileSync(join(core, "schema/wire-record.schema.json"), "utf8"),
) as object;

function valueOf(vector: WireVector): unknown {
  const { value } = recordOf(vector);
  return JSON.parse(Buffer.from(value ?? []).toString("utf8"));
}

describe("the file of vectors", () => {
  it("has enough of both verdicts, each with its own name", () => {
    expect(vectors.filter(({ valid }) => valid).length).toBeGreaterThanOrEqual(20);
    expect(vectors.filter(({ valid }) => !valid).length).toBeGreaterThanOrEqual(60);
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  });

  it("has every code", () => {
    const codes = new Set(vectors.flatMap(({ code, clientCode }) => [code, clientCode]));
    expect(TASK_PROBLEM_CODES.filter((code) => !codes.has(code))).toEqual([]);
  });

  it("is what the page about the wire names", () => {
    const page = readFileSync(join(core, "../../docs/wire-format.md"), "utf8");
    expect(TASK_PROBLEM_CODES.filter((code) => !page.includes(`| \`${code}\``))).toEqual([]);
    const uncaught = vectors.filter((v) => !v.valid && !v.schemaCatches).map((v) => v.code!);
    const [, listed] = page.split("## What the schema cannot express");
    expect([...new Set(uncaught)].filter((code) => !listed!.includes(`\`${code}\``))).toEqual([]);
  });
});

describe("the decoder", () => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const decoded = decodeRecord(recordOf(vector), { nowMs });
    expect(decoded.ok ? undefined : decoded.code).toBe(vector.code);
    expect(decoded.ok).toBe(vector.valid);
    if (decoded.ok && vector.taskKey !== undefined) {
      expect(formatTaskKey(decoded.key)).toBe(vector.taskKey);
    }
  });
});

describe("the schema", () => {
  const matches = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    let value: unknown;
    try {
      value = valueOf(vector);
    } catch {
      // No JSON: there is nothing to hold against a schema.
      expect(vector.schemaCatches).toBe(false);
      return;
    }
    expect(matches(value)).toBe(!vector.schemaCatches);
  });
});

describe("the validator", () => {
  const random = new SeededRandom(1);
  const forClients = vectors.filter(({ wireOnly }) => wireOnly !== true);

  it.each(forClients.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const {
      version: _version,
      command: _command,
      ...fields
    } = valueOf(vector) as object & {
      version?: unknown;
      command?: unknown;
    };
    const headers = headersOf(vector);
    const validation = validateTask({ ...fields, headers }, { nowMs, random });
    const code = validation.ok ? undefined : validation.problems[0]!.code;
    expect(code).toBe(vector.clientCode ?? vector.code);
    if (validation.ok && vector.taskKey !== undefined) {
      expect(formatTaskKey(validation.task.key)).toBe(vector.taskKey);
    }
  });
});
