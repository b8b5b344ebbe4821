import { forbidRealTime } from "./forbidden.ts";
import { makePlan, type PlanSize } from "./make-plan.ts";
import { Reach } from "./reach.ts";
import { runPlan, type SimResult } from "./run-plan.ts";

export interface SeedsOptions {
  readonly from: number;
  /** Every so many seeds; the others are another process's. */
  readonly step: number;
  readonly count: number;
  readonly size: PlanSize;
  /** Is asked before each seed. */
  readonly isTimeOver: () => boolean;
  readonly onResult: (seed: number, result: SimResult) => void;
}

/** One seed of so many runs twice and must do the same both times. */
const TWICE_EVERY = 100;

/** What many seeds have brought. */
export interface SeedsReport {
  readonly seeds: number;
  readonly faults: number;
  readonly events: number;
  readonly starts: number;
  readonly acked: number;
  readonly simulatedMs: number;
  readonly reach: ReadonlyMap<string, number>;
  readonly broken: readonly number[];
}

/** Runs the plans of seeds, one after the other, while real time and chance are forbidden. */
export async function runSeeds(options: SeedsOptions): Promise<SeedsReport> {
  const reach = new Reach();
  const broken: number[] = [];
  const sums = { seeds: 0, faults: 0, events: 0, starts: 0, acked: 0, simulatedMs: 0 };
  for (let index = 0; index < options.count && !options.isTimeOver(); index++) {
    const seed = options.from + index * options.step;
    const result = await runSeed(seed, options.size);
    if (result.violations.length > 0) broken.push(seed);
    sums.seeds++;
    sums.faults += result.faults;
    sums.events += result.events;
    sums.starts += result.starts;
    sums.acked += result.acked;
    sums.simulatedMs += result.simulatedMs;
    reach.merge(result.reach);
    options.onResult(seed, result);
  }
  return { ...sums, reach: reach.counts, broken };
}

async function runSeed(seed: number, size: PlanSize): Promise<SimResult> {
  const allow = forbidRealTime();
  try {
    const plan = makePlan(seed, size);
    const result = await runPlan(plan);
    if (seed % TWICE_EVERY !== 0) return result;
    const again = await runPlan(plan);
    if (again.traceHash === result.traceHash) return result;
    const message = `seed ${seed} gave ${result.traceHash}, then ${again.traceHash}`;
    const violation = { invariant: "determinism", key: null, message };
    return { ...result, violations: [...result.violations, violation] };
  } finally {
    allow();
  }
}
