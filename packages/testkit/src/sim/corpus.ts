import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutRealTime } from "./forbidden.ts";
import type { Plan } from "./plan.ts";
import { runPlan, type SimResult } from "./run-plan.ts";

/** A plan that once broke something, and what. */
export interface CorpusEntry {
  readonly found: { readonly invariant: string; readonly message: string };
  /** What was wrong; for people. */
  readonly cause: string;
  readonly node: string;
  readonly plan: Plan;
}

export function readCorpus(folder: string): readonly { name: string; entry: CorpusEntry }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => ({
      name,
      entry: JSON.parse(readFileSync(join(folder, name), "utf8")) as CorpusEntry,
    }));
}

/** Keeps the plan of a result that breaks something; answers the file. */
export function writeCorpusEntry(folder: string, { plan, violations }: SimResult): string {
  const { invariant, message } = violations[0]!;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${invariant.replace(/\W+/g, "-").toLowerCase()}-${plan.seed}.json`);
  const entry: CorpusEntry = {
    found: { invariant, message },
    cause: "",
    node: process.version,
    plan,
  };
  writeFileSync(file, `${JSON.stringify(entry)}\n`);
  return file;
}

export function runCorpusEntry({ plan }: CorpusEntry): Promise<SimResult> {
  return withoutRealTime(() => runPlan(plan));
}
