import { join } from "node:path";
import { writeCorpusEntry } from "../corpus.ts";
import { withoutRealTime } from "../forbidden.ts";
import { makePlan, type PlanSize } from "../make-plan.ts";
import { runPlan, type SimResult } from "../run-plan.ts";
import { shrink } from "../shrink.ts";
import { elapsedMs } from "./stopwatch.ts";

/** Plans that once broke something. */
export const CORPUS = join(import.meta.dirname, "../../../test/sim/corpus");

const SHRINK_MS = 60_000;

/** Runs one seed and shows what is wrong; true when nothing is. A broken one is shrunk and kept. */
export async function runOne(
  seed: number,
  options: { size: PlanSize; isTraced: boolean },
): Promise<boolean> {
  const plan = makePlan(seed, options.size);
  if (options.isTraced) console.log(JSON.stringify({ ...plan, appends: 0, attempts: 0 }, null, 1));
  const noted = options.isTraced ? { onNote: printNote } : {};
  const result = await withoutRealTime(() => runPlan(plan, noted));
  const { violations, traceHash, events, starts, acked } = result;
  for (const { invariant, message } of violations) console.log(`${invariant} ${message}`);
  const summary = { seed, violations: violations.length, traceHash, events, starts, acked };
  console.log(JSON.stringify(summary));
  if (violations.length > 0 && !options.isTraced) await keep(result);
  return violations.length === 0;
}

function printNote({ atMs, lane, text }: { atMs: number; lane: string; text: string }): void {
  console.log(`${atMs.toFixed(2).padStart(12)} ${lane.padEnd(6)} ${text}`);
}

async function keep(result: SimResult): Promise<void> {
  const limitMs = elapsedMs() + SHRINK_MS;
  const small = await withoutRealTime(() => shrink(result, () => elapsedMs() < limitMs));
  const { appends, faults, nodes } = small.plan;
  const file = writeCorpusEntry(CORPUS, small);
  const size = `${nodes} nodes, ${appends.length} appends, ${faults.length} faults`;
  console.log(`shrunk to ${size}: ${file}`);
}
