import { decodeRecord, type PersistTasks, type TaskKey, taskKeyToken } from "@horae/core";
import { getOrMake } from "../get-or-make.ts";
import type { ReportViolation } from "./report-violation.ts";
import type { SimCluster } from "./sim-cluster.ts";

interface SeenData {
  readonly data: unknown;
  readonly epoch: number;
}

/**
 * What handlers see is the data of one record of their task. What a dying owner was writing may land later:
 * so a next attempt may see the data of a later record, never that of an earlier one. Within an epoch all
 * attempts see the same, unless it was an owner before that has written the other.
 */
export class DataWatch {
  readonly #cluster: SimCluster;
  readonly #report: ReportViolation;
  readonly #planned = new Map<string, Set<unknown>>();
  readonly #seen = new Map<string, SeenData>();
  /** By task and data: the first epoch that has sent them to the store. */
  readonly #writtenBy = new Map<string, Map<unknown, number>>();

  constructor(cluster: SimCluster, report: ReportViolation) {
    this.#cluster = cluster;
    this.#report = report;
    for (const { key, data } of cluster.plan.appends) {
      getOrMake(this.#planned, taskKeyToken(key), () => new Set()).add(data);
    }
  }

  /** Requests leave the owner of an epoch. */
  onPersist(epoch: number, rows: PersistTasks["rows"]): void {
    for (const { key, request } of rows) {
      const epochs = getOrMake(
        this.#writtenBy,
        taskKeyToken(key),
        () => new Map<unknown, number>(),
      );
      getOrMake(epochs, JSON.parse(request.dataJson), () => epoch);
    }
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
