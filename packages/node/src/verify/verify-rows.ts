import type { BucketSummary, TaskKey, TaskRow } from "@horae/core";
import {
  bucketStartMs,
  compareTaskKeys,
  formatTaskKey,
  isFinished,
  keyAfter,
  lowerBoundKey,
} from "@horae/core";
import type { PartitionTally, VerifySource } from "./verify-source.ts";

const SUMMARIES_MAX = 100;
const ROWS_MAX = 1_000;

/** Buckets of a partition, for an estimate of what is to be read. */
export async function bucketsOf(
  { store }: Pick<VerifySource, "store">,
  partition: number,
): Promise<number[]> {
  const buckets: number[] = [];
  for (let fromBucket = 0; ;) {
    const read = { partition, fromBucket, toBucket: null, rowsMax: SUMMARIES_MAX };
    const index = await store.loadSummaries(read);
    buckets.push(...index.map(({ bucket }) => bucket));
    if (index.length < SUMMARIES_MAX) return buckets;
    fromBucket = buckets.at(-1)! + 1;
  }
}

/** Counts the rows of some buckets: each unfinished one must be led to by its bucket's summary. */
export async function verifyRows(
  source: VerifySource,
  tally: PartitionTally,
  buckets: readonly number[],
): Promise<void> {
  for (const bucket of buckets) await verifyBucket(source, tally, bucket);
}

async function verifyBucket(
  { store, queue }: VerifySource,
  tally: PartitionTally,
  bucket: number,
): Promise<void> {
  const { partition } = tally;
  let from = lowerBoundKey(bucketStartMs(bucket, queue.bucketMs));
  for (;;) {
    const rows = await store.loadTasks({ partition, bucket, from, to: null, rowsMax: ROWS_MAX });
    tally.rows += rows.length;
    const unfinished = rows.filter(isUnfinished);
    tally.unfinished += unfinished.length;
    const owned = unfinished.filter(({ request }) => request!.offset <= tally.appliedOffset);
    const keys = await uncoveredKeys(store, { partition, bucket }, owned);
    for (const key of keys) tally.noteUncovered(formatTaskKey(key));
    if (rows.length < ROWS_MAX) return;
    from = keyAfter(rows.at(-1)!.key);
  }
}

/**
 * Read in this order while an owner goes on: rows, summary, and those rows again that it does not lead to.
 * A row that is unfinished both before and after the summary was read was so when it was read.
 */
async function uncoveredKeys(
  store: VerifySource["store"],
  at: { readonly partition: number; readonly bucket: number },
  rows: readonly TaskRow[],
): Promise<TaskKey[]> {
  if (rows.length === 0) return [];
  const summary = await store.findSummary(at);
  const keys = rows.map(({ key }) => key).filter((key) => !isCovered(summary, key));
  if (keys.length === 0) return [];
  const again = await store.findTasks({ ...at, keys });
  return again.filter(isUnfinished).map(({ key }) => key);
}

function isUnfinished({ request, status }: TaskRow): boolean {
  return request !== null && !isFinished(status);
}

/** In words of its own: whoever checks the engine does not use the engine's rule. */
function isCovered(summary: BucketSummary | null, key: TaskKey): boolean {
  if (summary === null) return false;
  const { lowKey, exceptions } = summary;
  if (lowKey !== null && compareTaskKeys(key, lowKey) >= 0) return true;
  return exceptions.some((exception) => compareTaskKeys(exception, key) === 0);
}
