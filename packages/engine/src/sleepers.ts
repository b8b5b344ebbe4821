import { bucketOf, type TaskKey } from "@horae/core";
import { minKey } from "./key-order.ts";
import type { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";

interface BucketSleepers {
  /** The earliest next attempt among them, epoch milliseconds. */
  wakeAtMs: number;
  /** Their keys, as far as they fit. */
  readonly keys: Map<string, TaskKey>;
  /** The lowest key of those that did not fit. */
  lowestBeyond: TaskKey | null;
}

/**
 * Unfinished tasks outside memory whose next attempt lies beyond the look-ahead (policy `skip`).
 * Per bucket it is known when one of them is due, and which keys a raise of the summary must not
 * pass.
 */
export class Sleepers {
  readonly #context: Pick<OwnerContext, "bucketMs" | "settings" | "clock">;
  readonly #buckets = new Map<number, BucketSleepers>();
  /** Buckets that are being read again; they are not raised meanwhile. */
  readonly #rereading = new Set<number>();

  constructor(context: Pick<OwnerContext, "bucketMs" | "settings" | "clock">) {
    this.#context = context;
  }

  /**
   * Remembers the task if it is not needed in memory before the look-ahead comes to it. Call it only when
   * its outcome is acknowledged, or its row was read like that.
   */
  takes(task: LoadedTask): boolean {
    const { clock, settings, bucketMs } = this.#context;
    if (!task.sleepsBeyond(clock.nowMs() + settings.lookAheadMs)) return false;
    const { key, token, dueAtMs } = task;
    const bucket = bucketOf(key, bucketMs);
    let entry = this.#buckets.get(bucket);
    if (entry === undefined) {
      entry = { wakeAtMs: dueAtMs, keys: new Map(), lowestBeyond: null };
      this.#buckets.set(bucket, entry);
    }
    entry.wakeAtMs = Math.min(entry.wakeAtMs, dueAtMs);
    const { keys } = entry;
    if (keys.has(token) || keys.size < settings.exceptionsMax) keys.set(token, key);
    else entry.lowestBeyond = minKey(entry.lowestBeyond, key);
    return true;
  }

  /** The bucket whose sleepers are due first; null when there is none. */
  next(): { bucket: number; wakeAtMs: number } | null {
    let next: { bucket: number; wakeAtMs: number } | null = null;
    for (const [bucket, { wakeAtMs }] of this.#buckets) {
      if (next === null || wakeAtMs < next.wakeAtMs) next = { bucket, wakeAtMs };
    }
    return next;
  }

  /** Is the bucket read again when a task is due then, at the latest? It may wait for the store. */
  wakesBy(bucket: number, dueAtMs: number): boolean {
    const entry = this.#buckets.get(bucket);
    return entry !== undefined && entry.wakeAtMs <= dueAtMs;
  }

  isRereading(bucket: number): boolean {
    return this.#rereading.has(bucket);
  }

  /**
   * What is remembered of a bucket is taken when its re-read is announced, not when it returns: a
   * retry that is acknowledged meanwhile is kept. Call the result when the read has returned.
   */
  beginReread(bucket: number): () => void {
    this.#buckets.delete(bucket);
    this.#rereading.add(bucket);
    return () => this.#rereading.delete(bucket);
  }

  /** Keys of the bucket's sleepers that a raise may make exceptions. */
  keys(bucket: number): Iterable<TaskKey> {
    return this.#buckets.get(bucket)?.keys.values() ?? [];
  }

  /** The low key must not pass this; null when it may pass all that are not in `keys`. */
  bound(bucket: number): TaskKey | null {
    return this.#buckets.get(bucket)?.lowestBeyond ?? null;
  }
}
