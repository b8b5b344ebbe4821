import type { Clock, Timer } from "@horae/core";

/** The clock of this process. The only place that reads Node's clock and sets Node's timers. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fire) => {
    if (delayMs <= 0) {
      const immediate = setImmediate(fire);
      return { cancel: () => clearImmediate(immediate) };
    }
    return setAtLeast(delayMs, fire);
  },
};

/**
 * Node counts the delay in whole milliseconds from the start of the current one, so that a timer
 * may fire a fraction of a millisecond early. The rest of that millisecond is waited out.
 */
function setAtLeast(delayMs: number, fire: () => void): Timer {
  const dueMs = performance.now() + delayMs;
  let immediate: NodeJS.Immediate | null = null;
  const check = (): void => {
    if (performance.now() < dueMs) immediate = setImmediate(check);
    else fire();
  };
  const timeout = setTimeout(check, delayMs);
  return {
    cancel: () => {
      clearTimeout(timeout);
      if (immediate !== null) clearImmediate(immediate);
    },
  };
}
