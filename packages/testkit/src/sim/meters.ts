import { type BucketSummary, compareTaskKeys, type Lease } from "@horae/core";
import type { HarmedCall, SimCluster } from "./sim-cluster.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import type { StoreWrite } from "./sim-store.ts";

const WRITES = ["recordStatuses", "persistTasks", "writeSummary", "appendClaims", "trimClaims"];

/** What became of a call without answer. */
const FATES: Readonly<Record<string, string>> = {
  answerLost: "that had been executed",
  requestLost: "that had not been executed",
};

/** Counts interesting states that no event of an engine shows. */
export class Meters {
  readonly #cluster: SimCluster;
  /** Reads of rows under way, per process. */
  readonly #loads = new Map<string, number>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  onHarm({ harm, operation }: HarmedCall): void {
    const { reach } = this.#cluster;
    const isWrite = WRITES.includes(operation);
    const fate = FATES[harm];
    if (isWrite && fate !== undefined) reach.add(`an unknown write ${fate}`);
    if (isWrite && harm === "late") reach.add("a write executed after its caller gave up");
    if (operation !== "swapLease") return;
    if (fate !== undefined) reach.add(`an unknown lease change ${fate}`);
    if (harm === "late") reach.add("a lease change executed after its caller gave up");
  }

  onLoad(process: string, by: 1 | -1): void {
    this.#loads.set(process, (this.#loads.get(process) ?? 0) + by);
  }

  onWrite({ process, operation, partition, statuses, rows, bucket, summary }: StoreWrite): void {
    const { reach, world, store } = this.#cluster;
    if (operation === "persistTasks") {
      const nowMs = EPOCH_MS + world.nowMs;
      if (rows?.some(({ key }) => key.scheduledTimeMs < nowMs) === true) {
        reach.add("an insert below the read position");
      }
      if ((this.#loads.get(process.name) ?? 0) > 0) reach.add("a row persisted during a load");
    }
    for (const { status, lastError, withdrawn, claimOpen, attempts } of statuses ?? []) {
      if (status === "failed" && lastError?.code === "ATTEMPTS_CRASHED") {
        reach.add("failed: ATTEMPTS_CRASHED");
        if (attempts > 1) reach.add("attempts used up over several processes");
      }
      if (withdrawn > 0) reach.add("a claim withdrawn");
      if (claimOpen) reach.add("a suspect");
    }
    if (summary === undefined || bucket === undefined) return;
    const before = store.partition(partition).summary(bucket).newest(store.all)?.value;
    if (before != null && isLower(summary, before)) reach.add("a low key lowered");
  }

  onLease(partition: number, before: Lease | null, after: Lease): void {
    const { reach, store, world, plan } = this.#cluster;
    if (after.owner === null && before?.wantedBy != null) reach.add("lease handed over");
    if (after.epoch === (before?.epoch ?? 0)) return;
    const at = store.partition(partition);
    const soonMs = EPOCH_MS + world.nowMs + (plan.settings.lookAheadMs ?? 0);
    for (const [number, bucket] of at.buckets) {
      const exceptions = at.summary(number).newest(store.all)?.value?.exceptions ?? [];
      if (exceptions.length > 0) reach.add("an exception at a take-over");
      const isAsleep = bucket
        .peek(store.all)
        .some(
          ({ status }) => status?.status === "retrying" && (status.nextAttemptAtMs ?? 0) > soonMs,
        );
      if (isAsleep) reach.add("a sleeper at a take-over");
    }
  }

  /** The clock of a node was set back: over the time of a task that has started? */
  onStep(fromMs: number, toMs: number): void {
    const isAcross = this.#cluster.recorder.lines.some(
      (line) =>
        line.line === "start" &&
        line.key.scheduledTimeMs > toMs &&
        line.key.scheduledTimeMs <= fromMs,
    );
    if (isAcross) this.#cluster.reach.add("a clock set back across a due time");
  }
}

function isLower({ lowKey }: BucketSummary, before: BucketSummary): boolean {
  if (lowKey === null) return false;
  return before.lowKey === null || compareTaskKeys(lowKey, before.lowKey) < 0;
}
