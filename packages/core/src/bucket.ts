import type { TaskKey } from "./task.ts";

/** A bucket is named by the start of its slice of time divided by the bucket width. */
export function bucketOf(key: Pick<TaskKey, "scheduledTimeMs">, bucketMs: number): number {
  return Math.floor(key.scheduledTimeMs / bucketMs);
}

/** First instant of a bucket, epoch milliseconds. */
export function bucketStartMs(bucket: number, bucketMs: number): number {
  return bucket * bucketMs;
}
