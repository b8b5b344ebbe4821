import { decodeRecord, fingerprintOf, partitionOf, taskKeyToken } from "@horae/core";
import type { SimCluster } from "./sim-cluster.ts";

/**
 * Tasks that the log, not the engine, may have lost. A partition that stops at a gap runs nothing more;
 * one that goes on from the earliest record misses only what is not on the log any more, or has taken the
 * offset of such a record.
 */
export function excusedTasks(cluster: SimCluster): ReadonlySet<string> {
  const { plan, log } = cluster;
  const excused = new Set<string>();
  const losing = log.partitions.filter(({ hasLost }) => hasLost);
  if (losing.length === 0) return excused;
  for (const record of losing.flatMap(({ lost, hidden }) => [...lost, ...hidden])) {
    const decoded = decodeRecord(record, { nowMs: null });
    if (decoded.ok) excused.add(taskKeyToken(decoded.key));
  }
  if (plan.settings.onLogGap === "continue-from-earliest") return excused;
  for (const { key, kind } of plan.appends) {
    const home = partitionOf(key.orderingId, plan.partitions);
    const partition = kind === "misplaced" ? (home + 1) % plan.partitions : home;
    if (log.at(home).hasLost || log.at(partition).hasLost) {
      excused.add(taskKeyToken(key));
    }
  }
  return excused;
}

/** Does the log still hold what the checkpoint in the lease row says is applied? */
export function isLogOfCheckpoint({ registers, log }: SimCluster, partition: number): boolean {
  const checkpoint = registers.get(partition)?.checkpoint;
  if (checkpoint === undefined || checkpoint.appliedOffset < 0) return true;
  const at = log.at(partition);
  if (at.endOffset <= checkpoint.appliedOffset) return false;
  const record = at.find(checkpoint.appliedOffset);
  // Retention may have dropped it.
  return record === undefined || fingerprintOf(record) === checkpoint.fingerprint;
}
