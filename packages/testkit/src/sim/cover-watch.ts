import {
  bucketOf,
  type BucketSummary,
  compareTaskKeys,
  decodeRecord,
  isFinished,
  type Lease,
  type LogRecord,
  partitionOf,
  type TaskKey,
  taskKeyToken,
} from "@horae/core";
import type { ReportViolation } from "./report-violation.ts";
import type { SimCluster } from "./sim-cluster.ts";

/**
 * The invariant of the store, for every quorum that a next owner may ask: each record at or below the
 * checkpointed applied offset is finished, or its row is covered by its bucket's summary.
 */
export class CoverWatch {
  readonly #cluster: SimCluster;
  readonly #report: ReportViolation;
  readonly #applied = new Map<number, number>();

  constructor(cluster: SimCluster, report: ReportViolation) {
    this.#cluster = cluster;
    this.#report = report;
  }

  onCheckpoint(partition: number, before: Lease | null, after: Lease): void {
    const from = before?.checkpoint.appliedOffset ?? -1;
    const to = after.checkpoint.appliedOffset;
    if (to < from && !this.#cluster.log.at(partition).hasLost)
      this.#report("S2", null, `partition ${partition}: applied ${to} after ${from}`);
    if (to === from) return;
    this.#applied.set(partition, to);
    const at = this.#cluster.log.at(partition);
    const buckets = new Set<number>();
    for (const record of at.from(from + 1, to - from)) {
      if (record.offset > to) break;
      const key = this.#checkRecord(record);
      if (key !== null) buckets.add(bucketOf(key, this.#cluster.plan.bucketMs));
    }
    for (const bucket of buckets) this.check(partition, bucket);
  }

  /** A summary, or what it must cover, has changed. */
  check(partition: number, bucket: number): void {
    const { store, log } = this.#cluster;
    // Offsets were given out twice: they do not say any more what is applied.
    if (log.at(partition).hasLost) return;
    const applied = this.#applied.get(partition) ?? -1;
    const at = store.partition(partition);
    for (const quorum of store.quorums) {
      const summary = at.summary(bucket).newest(quorum)?.value;
      for (const { key, request, status } of at.bucket(bucket).peek(quorum)) {
        if (request === null || request.offset > applied || isFinished(status)) continue;
        if (covers(summary, key)) continue;
        this.#report("S1", key, `the summary of bucket ${bucket} does not cover it`);
        return;
      }
    }
  }

  /** S2: it is persisted, in the quarantine, or sent on. Answers the key of a persisted one. */
  #checkRecord(record: LogRecord): TaskKey | null {
    const { store, plan, log } = this.#cluster;
    const { partition, offset } = record;
    if (log.at(partition).hidden.includes(record)) return null;
    if (log.quarantine.has(`${partition}/${offset}`)) return null;
    const decoded = decodeRecord(record, { nowMs: null });
    if (!decoded.ok) {
      this.#report("S2", null, `applied ${partition}/${offset}, which is not in the quarantine`);
      return null;
    }
    const { key } = decoded;
    const to = partitionOf(key.orderingId, plan.partitions);
    if (to !== partition) {
      const isThere = log.at(to).hasHeld(({ value }) => isEqual(value, record.value));
      if (!isThere) this.#report("S2", key, "applied, and was not sent on");
      return null;
    }
    if (this.#cluster.watch.deleted.has(taskKeyToken(key))) return null;
    const bucket = store.partition(partition).bucket(bucketOf(key, plan.bucketMs));
    const isPersisted = store.quorums.every(
      (quorum) => bucket.peekOne(key, quorum)?.request != null,
    );
    if (!isPersisted) this.#report("S2", key, `applied at ${offset}, and not persisted`);
    return key;
  }
}

function covers(summary: BucketSummary | null | undefined, key: TaskKey): boolean {
  if (summary == null) return false;
  const { lowKey, exceptions } = summary;
  if (lowKey !== null && compareTaskKeys(key, lowKey) >= 0) return true;
  return exceptions.some((exception) => compareTaskKeys(exception, key) === 0);
}

function isEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null || a.length !== b.length) return a === b;
  return a.every((byte, index) => byte === b[index]);
}
