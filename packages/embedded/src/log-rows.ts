import type { LogBounds, LogRecord } from "@horae/core";
import { numberOf, numbersKey, partitionRange } from "./key-bytes.ts";
import type { LogRow, Tables } from "./tables.ts";

/** A record that has no offset yet. */
export type NewRecord = Omit<LogRecord, "offset">;

export function putRecord({ log }: Tables, record: NewRecord, offset: number): void {
  const { partition, timestampMs, key, value, headers } = record;
  log.put(numbersKey(partition, offset), [timestampMs, key, value, headers]);
}

/**
 * The offset that the next record gets. Trimming keeps the last record, so that the log remembers
 * how far it has come without a counter that every append would have to write.
 */
export function nextOffset({ log }: Tables, partition: number): number {
  const last = log.lastKey(partitionRange(partition));
  return last === null ? 0 : numberOf(last, 0) + 1;
}

export function boundsOf(tables: Tables, partition: number): LogBounds {
  const [first] = tables.log.range(partitionRange(partition), 1);
  const startOffset = first === undefined ? 0 : numberOf(first.key, 0);
  return { startOffset, endOffset: nextOffset(tables, partition) };
}

export function findRecord(
  { log }: Tables,
  { partition, offset }: { partition: number; offset: number },
): LogRecord | null {
  if (offset < 0) return null;
  const row = log.get(numbersKey(partition, offset));
  return row === undefined ? null : recordOf(row, partition, offset);
}

/** Records from an offset on: at least one if there is any, whatever its size. */
export function readRecords(
  { log }: Tables,
  position: { partition: number; fromOffset: number },
  limits: { recordsMax: number; bytesMax: number },
): LogRecord[] {
  const { partition, fromOffset } = position;
  let records = 0;
  let bytes = 0;
  const range = { ...partitionRange(partition), from: numbersKey(partition, fromOffset) };
  const entries = log.rangeWhile(range, ({ row }) => {
    bytes += (row[1]?.length ?? 0) + (row[2]?.length ?? 0);
    return records++ === 0 || (records <= limits.recordsMax && bytes <= limits.bytesMax);
  });
  return entries.map(({ key, row }) => recordOf(row, partition, numberOf(key, 0)));
}

/**
 * Removes the oldest records below `offset`, at most `recordsMax`, and never the last one; answers
 * how many they were.
 */
export function trimRecords(
  tables: Tables,
  position: { partition: number; offset: number },
  recordsMax: number,
): number {
  const { partition, offset } = position;
  const end = Math.min(offset, nextOffset(tables, partition) - 1);
  if (end <= 0) return 0;
  const range = { ...partitionRange(partition), to: numbersKey(partition, end) };
  const entries = tables.log.range(range, recordsMax);
  for (const { key } of entries) tables.log.remove(key);
  return entries.length;
}

export function recordOf(row: LogRow, partition: number, offset: number): LogRecord {
  const [timestampMs, key, value, headers] = row;
  return { partition, offset, key, value, headers, timestampMs };
}
