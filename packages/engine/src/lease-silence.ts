import type { Lease } from "@horae/core";

/**
 * Since when the row of a held lease has not changed, by this process's monotonic clock: clocks of two
 * hosts are never compared.
 */
export class LeaseSilence {
  #seen: { epoch: number; renewal: number; sinceMs: number } | null = null;

  /** Answers for how long the row has been seen like this, milliseconds. `nowMs`: monotonic. */
  observe({ epoch, renewal }: Lease, nowMs: number): number {
    const seen = this.#seen;
    if (seen === null || seen.epoch !== epoch || seen.renewal !== renewal) {
      this.#seen = { epoch, renewal, sinceMs: nowMs };
      return 0;
    }
    return nowMs - seen.sinceMs;
  }

  /** This process has changed the row itself: no sign of life of its owner. */
  expect(renewal: number): void {
    if (this.#seen !== null) this.#seen.renewal = renewal;
  }

  forget(): void {
    this.#seen = null;
  }
}
