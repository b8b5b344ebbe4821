import { bucketOf, lowerBoundKey, type TaskKey } from "@horae/core";
import type { BucketPersister } from "./bucket-persister.ts";
import type { BucketSummaries } from "./bucket-summaries.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Sleepers } from "./sleepers.ts";
import type { OpenKey } from "./summary-rules.ts";
import { type TaskMemory } from "./task-memory.ts";
import { minKey } from "./key-order.ts";

export interface RaiseInputs {
  readonly context: OwnerContext;
  readonly memory: TaskMemory;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
  readonly persister: BucketPersister;
  /** The epoch ends: up to the present, so that the next owner reads nothing that is finished. */
  readonly isLast: boolean;
}

/**
 * Raises the summaries of the buckets that have changed, as far as acknowledged outcomes allow. A
 * low key passes no insert, no rows that a lane left out, no sleeper outside memory that is not an
 * exception, and not the read position. Resolves when the writes are acknowledged.
 */
export async function raiseSummaries(inputs: RaiseInputs): Promise<void> {
  const { summaries, sleepers, isLast } = inputs;
  // A bucket that is being written is passed over, and there is no next time.
  if (isLast) await summaries.settled();
  const open = openKeysByBucket(inputs);
  const top = topKey(inputs);
  const writes: Promise<void>[] = [];
  for (const bucket of [...summaries.known()]) {
    if (sleepers.isRereading(bucket)) continue;
    const bound = minKey(top, sleepers.bound(bucket))!;
    const entries = open.get(bucket) ?? [];
    const readToMs = top.scheduledTimeMs;
    writes.push(summaries.raise(bucket, { open: entries, top: bound, readToMs, isLast }));
  }
  summaries.trim();
  await Promise.all(writes);
}

/** Below this memory knows of every unfinished row. */
function topKey({ context, memory, isLast }: RaiseInputs): TaskKey {
  // Behind the present: a task that is scheduled for now does not lower it again.
  const lagMs = isLast ? 0 : context.settings.lowKeyLagMs;
  const lagged = lowerBoundKey(Math.max(0, context.clock.nowMs() - lagMs));
  let top = minKey(memory.readPosition, lagged)!;
  for (const lane of memory.leftOutLanes) top = minKey(top, lane.leftOutFrom)!;
  return top;
}

function openKeysByBucket(inputs: RaiseInputs): Map<number, OpenKey[]> {
  const { context, memory, summaries, sleepers, persister } = inputs;
  const { bucketMs, clock, settings } = context;
  const stuckBeforeMs = clock.nowMs() - settings.exceptionAfterMs;
  const open = new Map<number, OpenKey[]>();
  const add = (bucket: number, entry: OpenKey): void => {
    const entries = open.get(bucket);
    if (entries === undefined) open.set(bucket, [entry]);
    else entries.push(entry);
  };
  for (const lane of memory.lanes()) {
    const isStuck = lane.isBlocked(clock.nowMs());
    for (const { key } of lane.tasks) {
      const mayBeException = isStuck && key.scheduledTimeMs < stuckBeforeMs;
      add(bucketOf(key, bucketMs), { key, mayBeException });
    }
  }
  for (const bucket of summaries.known()) {
    for (const key of sleepers.keys(bucket)) add(bucket, { key, mayBeException: true });
  }
  for (const key of persister.insertingKeys()) {
    add(bucketOf(key, bucketMs), { key, mayBeException: false });
  }
  return open;
}
