import type { BucketSummary, IndexedSummary } from "@horae/core";
import { numberOf, numbersKey, partitionRange } from "./key-bytes.ts";
import type { Tables } from "./tables.ts";

export function loadSummaries(
  { summaries }: Tables,
  read: { partition: number; fromBucket: number; toBucket: number | null; rowsMax: number },
): IndexedSummary[] {
  const { partition, fromBucket, toBucket, rowsMax } = read;
  const found: IndexedSummary[] = [];
  const range = {
    from: numbersKey(partition, fromBucket),
    to: toBucket === null ? partitionRange(partition).to : numbersKey(partition, toBucket + 1),
  };
  if (rowsMax <= 0) return found;
  summaries.rangeWhile(range, ({ key, row: [, summary] }) => {
    if (summary !== null) found.push({ bucket: numberOf(key, 0), summary });
    return found.length < rowsMax;
  });
  return found;
}

export function findSummary(
  { summaries }: Tables,
  { partition, bucket }: { partition: number; bucket: number },
): BucketSummary | null {
  return summaries.get(numbersKey(partition, bucket))?.[1] ?? null;
}

/** Within a transaction. null deletes; what is there stays when it is newer. */
export function putSummary(
  { summaries }: Tables,
  at: { partition: number; bucket: number; timestamp: number },
  summary: BucketSummary | null,
): void {
  const key = numbersKey(at.partition, at.bucket);
  const present = summaries.get(key);
  if (present !== undefined && present[0] > at.timestamp) return;
  summaries.put(key, [at.timestamp, summary]);
}
