import { decodeRecord, type PersistTasks, type TaskKey, taskKeyToken } from "@horae/core";
import { getOrMake } from "../get-or-make.ts";
import type { ReportViolation } from "./report-violation.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** Rows on their way to the store, and under which epoch. */
export interface SentRows extends Pick<PersistTasks, "partition" | "bucket" | "rows"> {
  readonly epoch: number;
}

interface SeenData {
  readonly data: unknown;
  readonly epoch: number;
}

/**
 * What handlers see is the data of one record of their task. What a dying owner was writing may land later:
 * so a next attempt may see the data of a later record, never that of an earlier one. Within an epoch all
 * attempts see the same, unless it was an owner before that has written the other. And no owner replaces what
 * its predecessors had persisted by the data of an earlier record.
 */
export class DataWatch {
  readonly #cluster: SimCluster;
  readonly #report: ReportViolation;
  readonly #planned = new Map<string, Set<unknown>>();
  readonly #seen = new Map<string, SeenData>();
  /** By task and data: the first epoch that has sent them to the store. */
  readonly #writtenBy = new Map<string, Map<unknown, number>>();
  /** By task: the last record that is persisted, and the epoch that was in force then. */
  readonly #persisted = new Map<string, { readonly offset: number; readonly epoch: number }>();

  constructor(cluster: SimCluster, report: ReportViolation) {
    this.#cluster = cluster;
    this.#report = report;
    for (const { key, data } of cluster.plan.appends) {
      getOrMake(this.#planned, taskKeyToken(key), () => new Set()).add(data);
    }
  }

  /** Requests leave the owner of an epoch. */
  onPersist({ epoch, partition, bucket, rows }: SentRows): void {
    for (const { key, request } of rows) {
      this.#checkReplay(key, { partition, bucket, epoch, offset: request.offset });
      const epochs = getOrMake(
        this.#writtenBy,
        taskKeyToken(key),
        () => new Map<unknown, number>(),
      );
      getOrMake(epochs, JSON.parse(request.dataJson), () => epoch);
    }
  }

  /** A quorum has them. */
  onPersisted(partition: number, rows: PersistTasks["rows"]): void {
    const epoch = this.#cluster.registers.get(partition)?.epoch ?? 0;
    for (const { key, request } of rows) {
      const token = taskKeyToken(key);
      const { offset } = request;
      if (offset > (this.#persisted.get(token)?.offset ?? -1)) {
        this.#persisted.set(token, { offset, epoch });
      }
    }
  }

  /** What was persisted before the take-over, and is there, a look would have shown. */
  #checkReplay(
    key: TaskKey,
    sent: { partition: number; bucket: number; epoch: number; offset: number },
  ): void {
    const { store, log } = this.#cluster;
    const last = this.#persisted.get(taskKeyToken(key));
    if (last === undefined || last.offset <= sent.offset || last.epoch >= sent.epoch) return;
    // Offsets were given out twice.
    if (log.at(sent.partition).hasLost) return;
    const bucket = store.partition(sent.partition).bucket(sent.bucket);
    const isThere = store.quorums.every(
      (quorum) => (bucket.peekOne(key, quorum)?.request?.offset ?? -1) > sent.offset,
    );
    if (!isThere) return;
    this.#report(
      "S5",
      key,
      `record ${sent.offset} replaces what record ${last.offset} has brought`,
    );
  }

  onStart(key: TaskKey, now: SeenData): void {
    const token = taskKeyToken(key);
    if (this.#planned.get(token)?.has(now.data) !== true) {
      this.#report("S7", key, `started with data of no record: ${String(now.data)}`);
    }
    const before = this.#seen.get(token);
    this.#seen.set(token, now);
    if (before === undefined || before.data === now.data) return;
    const isFromBefore = (this.#writtenBy.get(token)?.get(now.data) ?? now.epoch) < now.epoch;
    const isOthers = now.epoch > before.epoch || isFromBefore;
    if (isOthers && this.#isLater(token, before.data, now.data)) {
      this.#cluster.reach.add("data replaced by a write of a dead owner");
      return;
    }
    this.#report("S5", key, `attempts saw ${String(before.data)} and ${String(now.data)}`);
  }

  #isLater(token: string, before: unknown, now: unknown): boolean {
    const last = (data: unknown): number => Math.max(...this.#offsetsOf(token, data));
    const first = (data: unknown): number => Math.min(...this.#offsetsOf(token, data));
    return last(now) > first(before);
  }

  #offsetsOf(token: string, data: unknown): number[] {
    return this.#cluster.log.partitions.flatMap((partition) =>
      partition
        .held((record) => {
          const decoded = decodeRecord(record, { nowMs: null });
          return (
            decoded.ok &&
            taskKeyToken(decoded.key) === token &&
            JSON.parse(decoded.request.dataJson) === data
          );
        })
        .map(({ offset }) => offset),
    );
  }
}
