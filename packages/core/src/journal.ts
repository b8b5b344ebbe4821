import type { TaskKey } from "./task.ts";

/** A place in a partition's attempt journal: rows order by epoch, then by sequence. */
export interface JournalPosition {
  readonly epoch: number;
  readonly sequence: number;
}

/** One claim: attempt `attempt` of the task may start. */
export interface Claim {
  readonly key: TaskKey;
  readonly attempt: number;
}

/** The claims that a partition made together. */
export interface JournalRow extends JournalPosition {
  readonly claims: readonly Claim[];
}

export function compareJournalPositions(a: JournalPosition, b: JournalPosition): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}
