import { bucketOf, bucketStartMs, type BucketSummary, isDone } from "@horae/core";
import type { BucketPersister } from "./bucket-persister.ts";
import type { BucketSummaries } from "./bucket-summaries.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Receiver } from "./receiver.ts";

/** Index rows that one sweep looks at. */
const SUMMARIES_MAX = 100;

/** Renewals that must have been acknowledged since: the second one began after the first. */
const RENEWALS = 2;

export interface RetentionOptions {
  readonly context: OwnerContext;
  readonly summaries: BucketSummaries;
  readonly persister: BucketPersister;
  readonly receiver: Receiver;
  readonly onError: (error: unknown) => void;
}

/** Buckets that may go once what was known when they were found is checkpointed. */
interface Candidates {
  readonly buckets: readonly number[];
  readonly renewals: number;
}

/**
 * Deletes what has been finished for longer than the retention, whole buckets at a time. The one dangerous
 * operation: a bucket goes only when it is done, its last finish is old enough, nothing of it is in flight,
 * a checkpoint taken after all that is acknowledged, and every record that was on the log at the acquire
 * has been applied. First the mark in the index, then the rows, then the index row.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #candidates: Candidates | null = null;
  /** Where the next sweep goes on, from the oldest bucket at the end. */
  #fromBucket = 0;
  #nextAtMs = 0;
  #isWorking = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Starts a sweep, or what it has led to; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { context, receiver } = this.#options;
    if (this.#isWorking || !receiver.hasCaughtUp) return Infinity;
    if (this.#candidates === null) {
      // A clock that was ahead when this was set must not put the sweep off for as long.
      const { retentionEveryMs } = context.settings;
      this.#nextAtMs = Math.min(this.#nextAtMs, nowMs + retentionEveryMs);
      if (nowMs < this.#nextAtMs) return this.#nextAtMs;
      this.#work(() => this.#sweep(nowMs));
    } else if (context.lease.renewals >= this.#candidates.renewals + RENEWALS) {
      const { buckets } = this.#candidates;
      this.#candidates = null;
      this.#work(() => this.#delete(buckets));
    }
    // Each renewal wakes the partition's loop.
    return Infinity;
  }

  #work(work: () => Promise<void>): void {
    const { context, onError } = this.#options;
    this.#isWorking = true;
    work()
      .catch(onError)
      .finally(() => {
        this.#isWorking = false;
        context.wake();
      });
  }

  async #sweep(nowMs: number): Promise<void> {
    const { context } = this.#options;
    const { partition, store, bucketMs, settings } = context;
    const oldMs = nowMs - settings.retentionMs;
    const fromBucket = this.#fromBucket;
    const toBucket = bucketOf({ scheduledTimeMs: Math.max(0, oldMs) }, bucketMs);
    const { renewals } = context.lease;
    const index = await context.read("loadSummaries", () =>
      store.loadSummaries({ partition, fromBucket, toBucket, rowsMax: SUMMARIES_MAX }),
    );
    const old = index.filter((row) => this.#mayGo(row.bucket, row.summary));
    const isAll = index.length < SUMMARIES_MAX;
    this.#fromBucket = isAll ? 0 : index.at(-1)!.bucket + 1;
    if (isAll) this.#nextAtMs = nowMs + settings.retentionEveryMs;
    if (old.length > 0) this.#candidates = { buckets: old.map(({ bucket }) => bucket), renewals };
  }

  async #delete(buckets: readonly number[]): Promise<void> {
    const { context, summaries, persister } = this.#options;
    const { telemetry, partition } = context;
    for (const bucket of buckets) {
      if (persister.isUsing(bucket)) continue;
      const isGone = await summaries.delete(bucket, (summary) => this.#mayGo(bucket, summary));
      if (isGone && !persister.isUsing(bucket)) summaries.forget(bucket);
      if (isGone) telemetry.emit({ type: "bucketDeleted", partition, bucket });
    }
  }

  #mayGo(bucket: number, summary: BucketSummary): boolean {
    const { bucketMs, clock, settings } = this.#options.context;
    const oldMs = clock.nowMs() - settings.retentionMs;
    if (!isDone(summary) || bucketStartMs(bucket + 1, bucketMs) > oldMs) return false;
    if (summary.state === "deleting") return true;
    return summary.lastFinishMs !== null && summary.lastFinishMs < oldMs;
  }
}
