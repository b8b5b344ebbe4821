import { bucketStartMs, isFinished } from "@horae/core";
import type { Violation } from "../checker/index.ts";
import { NO_RETENTION_MS } from "./make-settings.ts";
import { short } from "./sim-recorder.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import type { SimCluster } from "./sim-cluster.ts";

/** For clocks that differ, a lease that has to be taken, checkpoints, summaries that lag. */
const SLACK_MS = 180_000;

/** How long a quiet cluster needs to delete what is finished, milliseconds; 0: it keeps everything. */
export function retentionSpanMs({ plan }: SimCluster): number {
  const { retentionMs = NO_RETENTION_MS, retentionEveryMs = 0, leasePeriodMs = 0 } = plan.settings;
  // Who is broken for ever may be the one whose partition it is.
  if (retentionMs === NO_RETENTION_MS || plan.mode === "liveness") return 0;
  return retentionMs + 2 * retentionEveryMs + 4 * leasePeriodMs + SLACK_MS;
}

/** Retention keeps nothing for ever: a bucket goes in time when all of it is finished. */
export function checkRetention(cluster: SimCluster): Violation[] {
  const { store, plan, world, log } = cluster;
  const spanMs = retentionSpanMs(cluster);
  if (spanMs === 0) return [];
  const oldMs = EPOCH_MS + world.nowMs - spanMs;
  const violations: Violation[] = [];
  for (let partition = 0; partition < plan.partitions; partition++) {
    // It may have stopped at the gap.
    if (log.at(partition).hasLost) continue;
    for (const [bucket, at] of store.partition(partition).buckets) {
      const rows = at.peek(store.all).filter(({ request }) => request !== null);
      const isOld = bucketStartMs(bucket + 1, plan.bucketMs) < oldMs;
      const isOver = rows.every(
        ({ status }) => isFinished(status) && (status!.finishedAtMs ?? Infinity) < oldMs,
      );
      const [row] = rows;
      if (row === undefined || !isOld || !isOver) continue;
      const message = `${short(row.key)}: finished, and kept by retention`;
      violations.push({ invariant: "retention", key: row.key, message });
    }
  }
  return violations;
}
