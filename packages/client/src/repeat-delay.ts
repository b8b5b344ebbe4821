import type { Random } from "@horae/core";

const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/** Pause after the failed attempt `attempt` (from 1): doubling, half of it random, at most a second. */
export function repeatDelayMs(attempt: number, random: Random): number {
  const delayMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.ceil(delayMs * (0.5 + random.next() / 2));
}
