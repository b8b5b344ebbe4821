import type { TaskKey, TaskRow, TaskStore } from "@horae/core";
import { bucketOf, partitionOf } from "@horae/core";

/** The rows of these tasks that are there. */
export async function rowsOf(
  store: TaskStore,
  queue: { readonly partitions: number; readonly bucketMs: number },
  keys: readonly TaskKey[],
): Promise<TaskRow[]> {
  const rows: TaskRow[] = [];
  for (const key of keys) {
    const partition = partitionOf(key.orderingId, queue.partitions);
    const bucket = bucketOf(key, queue.bucketMs);
    rows.push(...(await store.findTasks({ partition, bucket, keys: [key] })));
  }
  return rows;
}
