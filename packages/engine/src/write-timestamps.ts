import type { Clock } from "@horae/core";

/**
 * The write timestamps that a lease grants: (lower, upper], in microseconds. No two statements of
 * an owner share one, and ranges of different epochs are disjoint: so a late write of an old owner
 * loses to everything the new owner has written, whatever clocks, retries and hints do.
 */
export class WriteTimestamps {
  readonly #clock: Clock;
  #last: number;
  #upper: number;
  #isClosed = false;

  constructor(clock: Clock, lower: number, upper: number) {
    this.#clock = clock;
    this.#last = lower;
    this.#upper = upper;
  }

  /** The last one given out (the lower end of the range at first). */
  get last(): number {
    return this.#last;
  }

  /** The next one, near the present where the range allows; null when the range is used up or closed. */
  next(): number | null {
    if (this.#isClosed || this.#last >= this.#upper) return null;
    const nowUs = this.#clock.nowMs() * 1_000;
    // Clamped, not refused: after a step of the wall clock the range still has room.
    this.#last = Math.min(Math.max(this.#last + 1, nowUs), this.#upper);
    return this.#last;
  }

  /** Gives out no more: the next owner's range begins at the last one. Answers that one. */
  close(): number {
    this.#isClosed = true;
    return this.#last;
  }

  /** An acknowledged renewal moved the upper end. */
  extend(upper: number): void {
    this.#upper = Math.max(this.#upper, upper);
  }
}
