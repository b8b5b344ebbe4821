import { decodeRecord, type Lease, taskKeyToken } from "@horae/core";
import { getOrMake } from "../get-or-make.ts";
import type { LogCluster } from "./sim-log.ts";

/**
 * Tasks whose records an owner found unapplied when it took over: until it has received them, later
 * tasks that its predecessor had persisted may overtake them.
 */
export class UnappliedRecords {
  /** Epochs of such owners, by the token of the task. */
  readonly epochs = new Map<string, Set<number>>();
  readonly #log: LogCluster;

  constructor(log: LogCluster) {
    this.#log = log;
  }

  onTakeOver(partition: number, { epoch, checkpoint }: Lease): void {
    const { appliedOffset } = checkpoint;
    for (const record of this.#log.at(partition).from(appliedOffset + 1, Infinity)) {
      const decoded = decodeRecord(record, { nowMs: null });
      if (decoded.ok) getOrMake(this.epochs, taskKeyToken(decoded.key), () => new Set()).add(epoch);
    }
  }
}
