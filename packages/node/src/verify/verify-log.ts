import type { LogReader, LogRecord, TaskKey } from "@horae/core";
import { bucketOf, bucketStartMs, decodeRecord, partitionOf, taskKeyToken } from "@horae/core";
import type { PartitionTally, VerifySource } from "./verify-source.ts";

const LIMITS = { recordsMax: 500, bytesMax: 4 * 1024 * 1024 };

/** Looks for each record of the log that is applied: it must have become something. */
export async function verifyLog(source: VerifySource, tally: PartitionTally): Promise<void> {
  const { log } = source;
  const { partition, appliedOffset } = tally;
  const { startOffset } = await log.bounds(partition);
  if (startOffset > appliedOffset) return;
  const reader = log.openReader({ partition, fromOffset: startOffset });
  try {
    await verifyRecords(source, tally, reader);
  } finally {
    await reader.close();
  }
}

async function verifyRecords(
  source: VerifySource,
  tally: PartitionTally,
  reader: LogReader,
): Promise<void> {
  for (;;) {
    const read = await reader.read(LIMITS);
    const applied = read.filter(({ offset }) => offset <= tally.appliedOffset);
    await verifyBatch(source, tally, applied);
    // The last applied record is there, or one above it: the reader does not wait for new ones.
    if (read.length === 0 || read.at(-1)!.offset >= tally.appliedOffset) return;
  }
}

interface SoughtTask {
  readonly record: LogRecord;
  readonly key: TaskKey;
  readonly token: string;
  /** Where its row must be. */
  readonly partition: number;
}

async function verifyBatch(
  source: VerifySource,
  tally: PartitionTally,
  records: readonly LogRecord[],
): Promise<void> {
  const { queue, quarantined } = source;
  const byBucket = new Map<string, SoughtTask[]>();
  for (const record of records) {
    tally.records++;
    const name = nameOf(record);
    const decoded = decodeRecord(record, { nowMs: null });
    if (quarantined.has(name)) tally.quarantined++;
    else if (!decoded.ok) tally.noteMissing(name);
    else {
      const { key } = decoded;
      const partition = partitionOf(key.orderingId, queue.partitions);
      const place = `${partition}/${bucketOf(key, queue.bucketMs)}`;
      const tasks = byBucket.get(place) ?? [];
      tasks.push({ record, key, token: taskKeyToken(key), partition });
      byBucket.set(place, tasks);
    }
  }
  for (const tasks of byBucket.values()) await verifyTasks(source, tally, tasks);
}

/** All of them have their row in one bucket. */
async function verifyTasks(
  source: VerifySource,
  tally: PartitionTally,
  tasks: readonly SoughtTask[],
): Promise<void> {
  const { store, queue, retiredBeforeMs } = source;
  const { partition, key } = tasks[0]!;
  const bucket = bucketOf(key, queue.bucketMs);
  const keys = tasks.map((task) => task.key);
  const rows = await store.findTasks({ partition, bucket, keys });
  const found = new Set(rows.filter(({ request }) => request !== null).map(tokenOfRow));
  const isRetired = bucketStartMs(bucket + 1, queue.bucketMs) <= retiredBeforeMs;
  for (const { record, token } of tasks) {
    if (!found.has(token) && isRetired) tally.retired++;
    else if (record.partition !== partition) {
      if (found.has(token) || (await isOnItsWay(source, partition))) tally.forwarded++;
      else tally.noteMissing(nameOf(record));
    } else if (found.has(token)) tally.persisted++;
    else tally.noteMissing(nameOf(record));
  }
}

/** A record that was sent on may still be waiting in the log of its own partition. */
async function isOnItsWay({ log, leases }: VerifySource, partition: number): Promise<boolean> {
  const { endOffset } = await log.bounds(partition);
  const lease = await leases.read(partition);
  return (lease?.checkpoint.appliedOffset ?? -1) + 1 < endOffset;
}

function tokenOfRow({ key }: { readonly key: TaskKey }): string {
  return taskKeyToken(key);
}

function nameOf({ partition, offset }: LogRecord): string {
  return `${partition}/${offset}`;
}
