import type { Random } from "./ports/random.ts";
import { TIMER_DELAY_MAX_MS } from "./ports/clock.ts";
import type { BackoffOptions } from "./task.ts";

/**
 * Milliseconds from the end of attempt number `attempt` (1 to 2^53) to the next one: an integer,
 * 0 to min(`maxMs`, 2^31-1). The delay starts at `initialMs`, grows by `factor` per attempt and is
 * capped at `maxMs`; then a random share of it, up to `jitter`, is taken *off*, so that tasks that
 * failed together do not return together and the cap is never exceeded.
 */
export function retryDelayMs(
  policy: { readonly backoff: Required<BackoffOptions>; readonly attempt: number },
  random: Random,
): number {
  const { initialMs, factor, maxMs, jitter } = policy.backoff;
  // 0 times an infinite power is not a number.
  if (!(initialMs > 0)) return 0;
  const cap = Math.min(maxMs, TIMER_DELAY_MAX_MS);
  const grown = Math.min(initialMs * factor ** (policy.attempt - 1), cap);
  return Math.max(0, Math.round(grown * (1 - jitter * random.next())));
}
