/** A timer that has not fired yet. Cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time. Wall-clock time decides what is due; monotonic time measures how long
 * something took, because the wall clock of a host may step in either direction.
 */
export interface Clock {
  /** Wall clock, epoch milliseconds. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment; never goes back. */
  monotonicMs(): number;
  /**
   * Calls `fire` once, after at least `delayMs` (0 to 2^31-1) of monotonic time, never within
   * this call. A delay of 0 lets pending I/O go first.
   */
  setTimer(delayMs: number, fire: () => void): Timer;
}

/** The longest delay that a timer takes; Node fires longer ones at once. */
export const TIMER_DELAY_MAX_MS = 2 ** 31 - 1;

/** The part of an AbortSignal that a wait needs. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.setTimer(Math.min(delayMs, TIMER_DELAY_MAX_MS), done);
    signal?.addEventListener("abort", done);
  });
}
