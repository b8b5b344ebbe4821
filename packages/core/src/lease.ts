import type { JournalPosition } from "./journal.ts";
import type { TaskKey } from "./task.ts";

/**
 * One snapshot of acknowledged facts of a partition, written by the statement that renews its
 * lease. What lies above `appliedOffset` is replayed after a crash, claims at or above `journal`
 * are looked at, and no key above `highestStartedKey` outside the journal was ever started.
 */
export interface Checkpoint {
  /** Offset of the last applied record; -1 before the first. */
  readonly appliedOffset: number;
  /** `fingerprintOf` the record at `appliedOffset`; null when there is none. */
  readonly fingerprint: string | null;
  readonly journal: JournalPosition;
  readonly highestStartedKey: TaskKey | null;
}

/** The right to own a partition. Touched by compare-and-set on (epoch, renewal) only. */
export interface Lease {
  /** Fencing number; grows by one at each change of owner. */
  readonly epoch: number;
  /** Grows by one at each change of the row. */
  readonly renewal: number;
  /** Unique per start of a process; null when the lease is released. */
  readonly owner: string | null;
  /** Where the owner can be asked; null when nowhere. */
  readonly ownerUrl: string | null;
  /** The holder's lease period, milliseconds. */
  readonly periodMs: number;
  /** Upper end of the granted range of write timestamps, microseconds. */
  readonly tsUpper: number;
  /** Name of a node that Kafka has assigned the partition to and that waits for it. */
  readonly wantedBy: string | null;
  readonly checkpoint: Checkpoint;
}

export const FIRST_CHECKPOINT: Checkpoint = Object.freeze({
  appliedOffset: -1,
  fingerprint: null,
  journal: Object.freeze({ epoch: 0, sequence: 0 }),
  highestStartedKey: null,
});
