import { HoraeError, type QueueSettings } from "@horae/core";
import type { Tables } from "./tables.ts";

/** Of the rows and keys; a directory with a higher one was written by a later version. */
const FORMAT = 1;

const PARTITIONS_MAX = 65_534;

const FORMAT_KEY = Buffer.from("format");
const QUEUE_KEY = Buffer.from("queue");

export interface NamedQueue extends QueueSettings {
  readonly name: string;
}

/** What a caller knows of the queue: what is missing is taken from the directory. */
export type WantedQueue = Pick<NamedQueue, "name"> & Partial<QueueSettings>;

/**
 * The queue of a directory, stored with its first opening: one directory holds one queue, and
 * partitions and bucket width are part of where its rows lie. Inside a transaction.
 *
 * Throws `QUEUE_SETTINGS_MISMATCH`; `SETTINGS_INVALID`; `QUEUE_UNKNOWN` when the directory is new and the caller does
 * not know how to make the queue.
 */
export function ensureQueue({ settings }: Tables, dir: string, wanted: WantedQueue): NamedQueue {
  const format = settings.get(FORMAT_KEY)?.[0] as number | undefined;
  if (format !== undefined && format > FORMAT) {
    const message = `${dir} was written by a later version (format ${format}, this one knows ${FORMAT})`;
    throw new HoraeError("STORE_UNAVAILABLE", message, { details: { dir, format } });
  }
  const stored = settings.get(QUEUE_KEY)?.[0] as NamedQueue | undefined;
  if (stored !== undefined) {
    checkSame(dir, stored, wanted);
    return stored;
  }
  const { name, partitions, bucketMs } = wanted;
  checkPossible(wanted);
  if (partitions === undefined || bucketMs === undefined) {
    const message = `${dir} holds no queue yet; start a node on it, or say its partitions and bucketMs`;
    throw new HoraeError("QUEUE_UNKNOWN", message, { details: { dir, name } });
  }
  const queue = { name, partitions, bucketMs };
  settings.put(FORMAT_KEY, [FORMAT]);
  settings.put(QUEUE_KEY, [queue]);
  return queue;
}

/** Throws `QUEUE_SETTINGS_MISMATCH` unless the caller wants the queue that is there. */
export function checkSame(dir: string, stored: NamedQueue, wanted: WantedQueue): void {
  const differs = (["name", "partitions", "bucketMs"] as const).some(
    (field) => wanted[field] !== undefined && wanted[field] !== stored[field],
  );
  if (!differs) return;
  const message = `${dir} holds ${described(stored)}, not ${described(completed(wanted, stored))}`;
  throw new HoraeError("QUEUE_SETTINGS_MISMATCH", message, { details: { dir, stored, wanted } });
}

/** Keys hold the partition in 16 bits, and the one behind the last bounds its range. */
function checkPossible({ partitions, bucketMs }: WantedQueue): void {
  const problems = [
    isWithin(partitions, PARTITIONS_MAX) ? null : `partitions: expected 1 to ${PARTITIONS_MAX}`,
    isWithin(bucketMs, Number.MAX_SAFE_INTEGER) ? null : "bucketMs: expected 1 or more",
  ];
  const problem = problems.find((text) => text !== null);
  if (problem != null) throw new HoraeError("SETTINGS_INVALID", problem);
}

function isWithin(value: number | undefined, max: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= 1 && value <= max);
}

function completed(wanted: WantedQueue, stored: NamedQueue): NamedQueue {
  const { name, partitions = stored.partitions, bucketMs = stored.bucketMs } = wanted;
  return { name, partitions, bucketMs };
}

function described({ name, partitions, bucketMs }: NamedQueue): string {
  return `the queue ${name} with ${partitions} partitions and buckets of ${bucketMs} ms`;
}
