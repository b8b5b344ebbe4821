import { withoutRealTime } from "./forbidden.ts";
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

const NOTHING = { seeds: 0, faults: 0, events: 0, starts: 0, acked: 0, simulatedMs: 0 };

/** Sums of what seeds have brought. */
export class SeedsTally {
  readonly #sums = { ...NOTHING };
  readonly #reach = new Reach();
  readonly #broken: number[] = [];

  get report(): SeedsReport {
    const broken = this.#broken.toSorted((a, b) => a - b);
    return { ...this.#sums, reach: this.#reach.counts, broken };
  }

  add(part: SeedsReport): void {
    for (const name of Object.keys(NOTHING) as (keyof typeof NOTHING)[]) {
      this.#sums[name] += part[name];
    }
    this.#reach.merge(part.reach);
    this.#broken.push(...part.broken);
  }
}

/** Runs the plans of seeds, one after the other, while real time and chance are forbidden. */
export async function runSeeds(options: SeedsOptions): Promise<SeedsReport> {
  const tally = new SeedsTally();
  for (let index = 0; index < options.count && !options.isTimeOver(); index++) {
    const seed = options.from + index * options.step;
    const result = await withoutRealTime(() => runSeed(seed, options.size));
    tally.add({ ...result, seeds: 1, broken: result.violations.length > 0 ? [seed] : [] });
    options.onResult(seed, result);
  }
  return tally.report;
}

async function runSeed(seed: number, size: PlanSize): Promise<SimResult> {
  const plan = makePlan(seed, size);
  const result = await runPlan(plan);
  if (seed % TWICE_EVERY !== 0) return result;
  const again = await runPlan(plan);
  if (again.traceHash === result.traceHash) return result;
  const message = `seed ${seed} gave ${result.traceHash}, then ${again.traceHash}`;
  const violation = { invariant: "determinism", key: null, message };
  return { ...result, violations: [...result.violations, violation] };
}
