import { systemClock } from "@horae/client";
import { parseTaskKey } from "@horae/core";
import { latenessesOf, percentile, startsOf } from "../cluster/history.ts";
import type { AttemptLine } from "../cluster/node-process.ts";
import type { Load } from "./load.ts";
import { SHAPE } from "./fault-scene.ts";

const CHUNK = 500;
/** So many that two of them that are due at one time seldom share one. */
const IDS = 500;
const PREFIX = "steady-";

/** Tasks that are persisted long before they are due, so that nothing but a pause makes them late. */
export interface SteadyShape {
  readonly tasks: number;
  /** From now to the first that is due, milliseconds. */
  readonly aheadMs: number;
  /** From the first that is due to the last, milliseconds. */
  readonly overMs: number;
  /** Each works for less than this, milliseconds. */
  readonly workMaxMs: number;
}

/** Resolves when all of them are acked. */
export async function scheduleSteady(load: Load, shape: SteadyShape): Promise<void> {
  const firstDueMs = systemClock.nowMs() + shape.aheadMs;
  const { maxAttempts } = SHAPE;
  for (let from = 0; from < shape.tasks; from += CHUNK) {
    const count = Math.min(CHUNK, shape.tasks - from);
    const keys = Array.from({ length: count }, (_, at) => ({
      scheduledTimeMs: firstDueMs + Math.floor(((from + at) * shape.overMs) / shape.tasks),
      orderingId: `${PREFIX}${(from + at) % IDS}`,
      uniquenessKey: String(from + at),
    }));
    const tasks = keys.map(({ scheduledTimeMs, ...id }, at) => ({
      ...id,
      type: "work",
      scheduledTime: scheduledTimeMs,
      data: { workMs: at % shape.workMaxMs },
      options: { maxAttempts },
    }));
    await load.schedule(tasks, keys);
  }
}

/** The starts of those tasks. */
export function steadyStartsOf(history: readonly AttemptLine[]): AttemptLine[] {
  return startsOf(history).filter(({ key }) => parseTaskKey(key).orderingId.startsWith(PREFIX));
}

/** How late first attempts were, milliseconds: 99 of 100 not more, and the latest. */
export function latenessOf(starts: readonly AttemptLine[]): { p99Ms: number; maxMs: number } {
  const latenesses = latenessesOf(starts);
  return { p99Ms: percentile(latenesses, 0.99), maxMs: latenesses.at(-1) ?? Number.NaN };
}
