import { HORIZON_MS } from "./limits.ts";
import type { TaskKey } from "./task.ts";

/**
 * True when a task lies more than the horizon ahead of `nowMs` (epoch milliseconds). Depends on the
 * clock, hence to be asked at first receipt only and never on a replay.
 */
export function isBeyondHorizon(key: Pick<TaskKey, "scheduledTimeMs">, nowMs: number): boolean {
  return key.scheduledTimeMs > nowMs + HORIZON_MS;
}
