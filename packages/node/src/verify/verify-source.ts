import type { LeaseStore, Log, TaskStore } from "@horae/core";

/** What is read to verify a queue. Nodes may run meanwhile. */
export interface VerifySource {
  readonly log: Log;
  readonly store: TaskStore;
  readonly leases: LeaseStore;
  readonly queue: { readonly partitions: number; readonly bucketMs: number };
  /** Positions of refused records, `<partition>/<offset>`. */
  readonly quarantined: ReadonlySet<string>;
  /** Finished tasks scheduled before may have been deleted by retention, epoch milliseconds. */
  readonly retiredBeforeMs: number;
}

/** A problem is shown with so many examples. */
const EXAMPLES_MAX = 10;

/** What must add up in one partition: records = persisted + quarantined + forwarded + retired. */
export class PartitionTally {
  readonly partition: number;
  /** Offset of the last applied record that the lease row names; -1 before the first. */
  readonly appliedOffset: number;
  /** On the log, at or below the applied offset. */
  records = 0;
  persisted = 0;
  quarantined = 0;
  /** Belong to another partition, and were sent on. */
  forwarded = 0;
  /** Old enough for retention to have deleted them. */
  retired = 0;
  /** Applied, and nowhere. */
  missing = 0;
  rows = 0;
  unfinished = 0;
  /** Unfinished rows that their bucket's summary does not lead to. */
  uncovered = 0;
  readonly examples: string[] = [];

  constructor(partition: number, appliedOffset: number) {
    this.partition = partition;
    this.appliedOffset = appliedOffset;
  }

  get addsUp(): boolean {
    return this.missing === 0 && this.uncovered === 0;
  }

  noteMissing(record: string): void {
    this.missing++;
    this.#example(`record ${record} is applied, and neither persisted, quarantined nor sent on`);
  }

  noteUncovered(key: string): void {
    this.uncovered++;
    this.#example(`the summary of its bucket does not lead to the unfinished task ${key}`);
  }

  #example(text: string): void {
    if (this.examples.length < EXAMPLES_MAX) this.examples.push(text);
  }
}
