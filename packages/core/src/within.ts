import { type Clock, sleep } from "./ports/clock.ts";

/** Waits for `done`, but not longer than `limitMs`; what comes later goes unnoticed. */
export async function within(clock: Clock, limitMs: number, done: Promise<void>): Promise<void> {
  const settled = new AbortController();
  const quietly = done.catch(() => undefined).finally(() => settled.abort());
  await Promise.race([quietly, sleep(clock, limitMs, settled.signal)]);
}
