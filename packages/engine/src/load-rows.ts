import {
  bucketOf,
  bucketStartMs,
  type BucketSummary,
  compareTaskKeys,
  isDone,
  keyAfter,
  lowerBoundKey,
  type TaskKey,
  type TaskRow,
} from "@horae/core";
import type { OwnerContext } from "./owner-context.ts";

/** What a read of rows needs to know of its owner. */
export type ReadContext = Pick<OwnerContext, "partition" | "bucketMs" | "store" | "read">;

/** Index rows that one load looks at. */
const SUMMARIES_MAX = 200;

export interface LoadedRange {
  /** In key order. */
  readonly rows: readonly TaskRow[];
  /** Exclusive: every unfinished row from the start of the range to here is among `rows`. */
  readonly readTo: TaskKey;
  /** Of all buckets in the range, as far as the index was read; those that are done too. */
  readonly summaries: readonly { readonly bucket: number; readonly summary: BucketSummary }[];
}

/**
 * Reads unfinished work from `from` (inclusive) to `to` (exclusive) out of the index: of each
 * bucket that is not done, its exceptions and the rows from its low key on. Stops after `rowsMax`
 * rows; `readTo` says how far it came.
 */
export async function loadRange(
  context: ReadContext,
  range: { from: TaskKey; to: TaskKey; rowsMax: number },
): Promise<LoadedRange> {
  const { partition, bucketMs, store } = context;
  const fromBucket = bucketOf(range.from, bucketMs);
  const toBucket = bucketOf(range.to, bucketMs);
  const index = await context.read("loadSummaries", () =>
    store.loadSummaries({ partition, fromBucket, toBucket, rowsMax: SUMMARIES_MAX }),
  );
  const rows: TaskRow[] = [];
  for (const { bucket, summary } of index) {
    if (isDone(summary)) continue;
    const rowsMax = range.rowsMax - rows.length;
    if (rowsMax <= 0) {
      const readTo = lowerBoundKey(bucketStartMs(bucket, bucketMs));
      return { rows, readTo, summaries: index };
    }
    const found = await loadBucket(context, { bucket, summary, ...range, rowsMax });
    rows.push(...found);
    if (found.length >= rowsMax) {
      return { rows, readTo: keyAfter(found.at(-1)!.key), summaries: index };
    }
  }
  const isAll = index.length < SUMMARIES_MAX;
  const readTo = isAll
    ? range.to
    : lowerBoundKey(bucketStartMs(index.at(-1)!.bucket + 1, bucketMs));
  return { rows, readTo, summaries: index };
}

/**
 * Rows of one bucket that may be unfinished, in key order: all its exceptions in the range, and as
 * many of the rows from the low key on as `rowsMax` leaves, one at the least. Fewer than `rowsMax`
 * rows means that there are no more.
 */
export async function loadBucket(
  context: ReadContext,
  read: { bucket: number; summary: BucketSummary; from: TaskKey; to: TaskKey; rowsMax: number },
): Promise<readonly TaskRow[]> {
  const { bucket, summary, from, to, rowsMax } = read;
  const { partition, bucketMs, store } = context;
  const rows: TaskRow[] = [];
  const keys = summary.exceptions.filter(
    (key) => compareTaskKeys(key, from) >= 0 && compareTaskKeys(key, to) < 0,
  );
  if (keys.length > 0) {
    rows.push(
      ...(await context.read("findTasks", () => store.findTasks({ partition, bucket, keys }))),
    );
  }
  const { lowKey } = summary;
  if (lowKey === null || compareTaskKeys(lowKey, to) >= 0) return rows;
  const first = compareTaskKeys(lowKey, from) > 0 ? lowKey : from;
  const isWhole = to.scheduledTimeMs >= bucketStartMs(bucket + 1, bucketMs);
  const loaded = await context.read("loadTasks", () =>
    store.loadTasks({
      partition,
      bucket,
      from: first,
      to: isWhole ? null : to,
      rowsMax: Math.max(1, rowsMax - rows.length),
    }),
  );
  return [...rows, ...loaded];
}

/** The smallest key at or above `from` that may be unfinished; null when there is none. */
export async function findNextUnfinished(
  context: ReadContext,
  from: TaskKey,
): Promise<TaskKey | null> {
  const { partition, bucketMs, store } = context;
  let fromBucket = bucketOf(from, bucketMs);
  for (;;) {
    const index = await context.read("loadSummaries", () =>
      store.loadSummaries({ partition, fromBucket, toBucket: null, rowsMax: 16 }),
    );
    for (const { bucket, summary } of index) {
      const key = isDone(summary) ? null : await firstOf(context, { bucket, summary, from });
      if (key !== null) return key;
    }
    const last = index.at(-1);
    if (last === undefined) return null;
    fromBucket = last.bucket + 1;
  }
}

async function firstOf(
  context: ReadContext,
  read: { bucket: number; summary: BucketSummary; from: TaskKey },
): Promise<TaskKey | null> {
  const { bucket, summary, from } = read;
  const end = lowerBoundKey(bucketStartMs(bucket + 1, context.bucketMs));
  if (compareTaskKeys(from, lowerBoundKey(bucketStartMs(bucket, context.bucketMs))) <= 0) {
    // A whole bucket ahead: its summary is enough, its rows are read when their time comes.
    return summary.exceptions[0] ?? summary.lowKey;
  }
  const rows = await loadBucket(context, { bucket, summary, from, to: end, rowsMax: 1 });
  return rows[0]?.key ?? null;
}
