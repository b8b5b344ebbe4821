import { taskKeyToken } from "@horae/core";
import type { Plan } from "./plan.ts";
import { runPlan, type SimResult } from "./run-plan.ts";
import { NO_LOG_HARM } from "./sim-log.ts";
import { NO_STORE_HARM } from "./store-traffic.ts";

/**
 * Makes a plan that breaks an invariant smaller, as long as it breaks the same one: fewer faults, then
 * fewer tasks, nodes and harms. After Zeller's ddmin. Stops when there is no time left.
 */
export async function shrink(first: SimResult, hasTime: () => boolean): Promise<SimResult> {
  const shrinker = new Shrinker(first, hasTime);
  await shrinker.simplify();
  await shrinker.drop(
    (plan) => plan.faults,
    (plan, faults) => ({ ...plan, faults }),
  );
  await shrinker.drop((plan) => plan.appends, withAppends);
  await shrinker.simplify();
  return shrinker.best;
}

class Shrinker {
  best: SimResult;
  readonly #invariant: string | undefined;
  readonly #hasTime: () => boolean;

  constructor(first: SimResult, hasTime: () => boolean) {
    this.best = first;
    this.#invariant = first.violations[0]?.invariant;
    this.#hasTime = hasTime;
  }

  /** Halves, quarters, ... of a list are left out, as long as that changes nothing. */
  async drop<T>(
    listOf: (plan: Plan) => readonly T[],
    withList: (plan: Plan, list: readonly T[]) => Plan,
  ): Promise<void> {
    for (let parts = 2; this.#hasTime();) {
      const list = listOf(this.best.plan);
      if (list.length === 0) return;
      const size = Math.ceil(list.length / parts);
      let hasDropped = false;
      for (let from = 0; from < list.length && this.#hasTime(); from += size) {
        const rest = [...list.slice(0, from), ...list.slice(from + size)];
        hasDropped = await this.#try(withList(this.best.plan, rest));
        if (hasDropped) break;
      }
      if (hasDropped) parts = Math.max(2, parts - 1);
      else if (size === 1) return;
      else parts = Math.min(list.length, parts * 2);
    }
  }

  /** One feature after the other is switched off. */
  async simplify(): Promise<void> {
    const simpler: ((plan: Plan) => Plan)[] = [
      (plan) => ({ ...plan, storeHarm: NO_STORE_HARM }),
      (plan) => ({ ...plan, logHarm: NO_LOG_HARM }),
      (plan) => ({ ...plan, clocks: plan.clocks.map(() => ({ offsetMs: 0, driftPpm: 0 })) }),
      (plan) => ({ ...plan, replicas: 1 }),
      (plan) => withNodes(plan, 1),
      (plan) => withNodes(plan, 2),
      (plan) => ({ ...plan, attempts: {} }),
      (plan) => ({ ...plan, storeLatency: { ...plan.storeLatency, tailShare: 0 } }),
      (plan) => ({ ...plan, logLatency: { ...plan.logLatency, tailShare: 0 } }),
      ...Object.keys(NO_STORE_HARM).map((harm) => (plan: Plan) => ({
        ...plan,
        storeHarm: { ...plan.storeHarm, [harm]: 0 },
      })),
    ];
    for (const simplified of simpler) {
      if (!this.#hasTime()) return;
      await this.#try(simplified(this.best.plan));
    }
  }

  async #try(plan: Plan): Promise<boolean> {
    const result = await runPlan(plan);
    if (result.violations[0]?.invariant !== this.#invariant) return false;
    this.best = result;
    return true;
  }
}

/** What was planned for tasks that are not appended any more goes with them. */
function withAppends(plan: Plan, appends: Plan["appends"]): Plan {
  const tokens = new Set(appends.map(({ key }) => taskKeyToken(key)));
  const kept = Object.entries(plan.attempts).filter(([token]) => tokens.has(token));
  return { ...plan, appends, attempts: Object.fromEntries(kept) };
}

/** Fewer nodes, unless the core, which alone stays whole, would be gone. */
function withNodes(plan: Plan, nodes: number): Plan {
  return plan.core.some((node) => node >= nodes) ? plan : { ...plan, nodes };
}
