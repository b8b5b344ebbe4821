import type { TaskKey } from "./task.ts";

/**
 * Where unfinished work of a bucket is: every unfinished row is at or above `lowKey`, or is one of
 * `exceptions`. A summary is written whole, in one statement with one timestamp; two summaries
 * never merge.
 */
export interface BucketSummary {
  /** null is END: no unfinished row outside the exceptions. */
  readonly lowKey: TaskKey | null;
  /** Sorted, all below `lowKey`. */
  readonly exceptions: readonly TaskKey[];
  /** `deleting` announces that retention removes the bucket's rows. */
  readonly state: "open" | "deleting";
  /** When the last task of the bucket finished, epoch milliseconds; null when none has. */
  readonly lastFinishMs: number | null;
}

export interface IndexedSummary {
  readonly bucket: number;
  readonly summary: BucketSummary;
}

export const EMPTY_SUMMARY: BucketSummary = Object.freeze({
  lowKey: null,
  exceptions: Object.freeze([]),
  state: "open",
  lastFinishMs: null,
});

export function isDone(summary: BucketSummary): boolean {
  return summary.lowKey === null && summary.exceptions.length === 0;
}
