import { systemClock } from "@horae/client";
import { lowerBoundKey } from "@horae/core";
import { openEmbedded } from "@horae/embedded";

/** Every row that is in the store's directory: what an auditor would look at. */
export async function readTasks({ dir, queue }) {
  const { store, close } = await openEmbedded({ dir, queue, clock: systemClock });
  const rows = [];
  for (let partition = 0; partition < queue.partitions; partition++) {
    const index = { partition, fromBucket: 0, toBucket: null, rowsMax: 10_000 };
    for (const { bucket } of await store.loadSummaries(index)) {
      const from = lowerBoundKey(bucket * queue.bucketMs);
      rows.push(...(await store.loadTasks({ partition, bucket, from, to: null, rowsMax: 10_000 })));
    }
  }
  await close();
  return rows;
}
