import { murmur2 } from "./partitioner.ts";

/** Header values are text; binary values are read as UTF-8. */
export type RecordHeaders = Readonly<Record<string, string>>;

/** A record as the log delivers it: untrusted bytes, because anybody may write to the log. */
export interface LogRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** When the log took it, epoch milliseconds. */
  readonly timestampMs: number;
}

/**
 * Tells whether the log still holds the record that a checkpoint means: a topic that was made
 * anew, or truncated, has another record (or none) at that offset.
 */
export function fingerprintOf(record: LogRecord): string {
  const value = record.value ?? new Uint8Array();
  const hash = (murmur2(value) >>> 0).toString(16);
  return `${record.timestampMs}:${value.length}:${hash}`;
}
