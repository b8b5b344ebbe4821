import {
  bucketOf,
  bucketStartMs,
  type BucketSummary,
  EMPTY_SUMMARY,
  isDone,
  type TaskKey,
  type TaskRow,
} from "@horae/core";
import type { OwnerContext } from "./owner-context.ts";
import { covers, type OpenKey, planLowering, planRaising } from "./summary-rules.ts";
import type { TaskMemory } from "./task-memory.ts";

/** One bucket as its owner sees it. */
interface Bucket {
  /** What the store holds, acknowledged; null until it was read in this epoch. */
  acked: BucketSummary | null;
  /** Written with a timestamp of this epoch: a late write of an earlier owner can change nothing. */
  isOwn: boolean;
  /** The one write (or first read) of this summary under way. */
  busy: Promise<void> | null;
  /** Something was written or finished here since the last raise. */
  hasChanged: boolean;
  /** When the last task finished here, as far as this owner knows. */
  lastFinishMs: number | null;
}

/**
 * Where unfinished work is, bucket by bucket. Every task of an applied record is finished, or at or
 * above its bucket's acknowledged low key, or one of its exceptions. At most one write of a
 * bucket's summary is under way, always of the whole summary: so a key is compared with what is
 * acknowledged only, and what flies never uncovers a key that came meanwhile.
 */
export class BucketSummaries {
  readonly #context: OwnerContext;
  readonly #memory: TaskMemory;
  readonly #buckets = new Map<number, Bucket>();
  readonly #deletions = new Map<number, Promise<void>>();

  constructor(context: OwnerContext, memory: TaskMemory) {
    this.#context = context;
    this.#memory = memory;
  }

  /** Buckets whose summary may have to be raised. */
  known(): IterableIterator<number> {
    return this.#buckets.keys();
  }

  /** Resolves when no write that is under way now is under way any more, however it ended. */
  async settled(): Promise<void> {
    const entries = [...this.#buckets.values()];
    await Promise.allSettled(entries.flatMap(({ busy }) => busy ?? []));
  }

  /**
   * A load met this bucket's summary in the index. Each time anew until this owner has written it: a raise
   * of an earlier owner may have landed since, and says when the tasks finished that are not read then.
   */
  noteRead(bucket: number, summary: BucketSummary): void {
    if (isDone(summary) && !this.#buckets.has(bucket)) return;
    const entry = this.#bucket(bucket);
    if (entry.isOwn || entry.busy !== null) return;
    entry.acked = summary;
    entry.lastFinishMs = maxOrNull(entry.lastFinishMs, summary.lastFinishMs);
  }

  /** A task of the bucket finished, acknowledged. */
  noteFinish(bucket: number, finishedAtMs: number): void {
    const entry = this.#bucket(bucket);
    entry.lastFinishMs = Math.max(entry.lastFinishMs ?? 0, finishedAtMs);
    entry.hasChanged = true;
  }

  /**
   * A row that was read says that it has finished: its owner may have died before the summary said when, and
   * retention would keep the bucket for ever.
   */
  noteFinishedRow({ key, status }: TaskRow): void {
    const finishedAtMs = status?.finishedAtMs ?? null;
    if (finishedAtMs === null) return;
    this.noteFinish(bucketOf(key, this.#context.bucketMs), finishedAtMs);
  }

  /** Pending while the bucket's rows are being deleted: what was persisted now might go with them. */
  deletion(bucket: number): Promise<void> | undefined {
    return this.#deletions.get(bucket);
  }

  /** What the store says of the bucket. */
  async summaryOf(bucket: number): Promise<BucketSummary> {
    const entry = this.#bucket(bucket);
    while (entry.busy !== null) await entry.busy;
    if (entry.acked === null) {
      await this.#exclusively(entry, async () => {
        entry.acked = await this.#read(bucket);
        entry.lastFinishMs = maxOrNull(entry.lastFinishMs, entry.acked.lastFinishMs);
      });
    }
    return entry.acked!;
  }

  /**
   * Deletes the rows of a bucket, and its summary, if `mayGo` says so of what the store has. Nothing may
   * be on its way to the bucket, and whoever wants to persist into it waits for `deletion`. Resolves with
   * whether it is gone.
   */
  async delete(bucket: number, mayGo: (summary: BucketSummary) => boolean): Promise<boolean> {
    const entry = this.#bucket(bucket);
    if (entry.busy !== null) return false;
    let isGone = false;
    const deletion = this.#exclusively(entry, async () => {
      const current = entry.acked ?? (await this.#read(bucket));
      if (!mayGo(current)) return;
      await this.#deleteAll(bucket, entry, current);
      isGone = true;
    }).finally(() => this.#deletions.delete(bucket));
    this.#deletions.set(bucket, deletion);
    // Whoever waits for it goes on all the same: the epoch is over then.
    deletion.catch(() => undefined);
    await deletion;
    return isGone;
  }

  async #deleteAll(bucket: number, entry: Bucket, current: BucketSummary): Promise<void> {
    const { partition, store } = this.#context;
    // Dying here: the bucket is as it was, or marked, and the next owner goes on from the mark.
    await this.#write(bucket, entry, { ...current, state: "deleting" });
    // Dying here: some rows are gone, and the mark says why.
    await this.#context.write("deleteBucketTasks", (timestamp) =>
      store.deleteBucketTasks({ partition, bucket, timestamp }),
    );
    // Dying here: the mark is left, without rows; deleting them again changes nothing.
    await this.#context.write("deleteSummary", (timestamp) =>
      store.deleteSummary({ partition, bucket, timestamp }),
    );
    // Whoever waits finds the bucket as if it had never been.
    Object.assign(entry, { acked: null, isOwn: false, hasChanged: true, lastFinishMs: null });
  }

  /** Forgets a bucket that nobody uses. */
  forget(bucket: number): void {
    if (this.#buckets.get(bucket)?.busy === null) this.#buckets.delete(bucket);
  }

  /** Resolves when the acknowledged summary, written by this owner, covers all the keys. */
  async cover(bucket: number, keys: readonly TaskKey[]): Promise<void> {
    const entry = this.#bucket(bucket);
    for (;;) {
      while (entry.busy !== null) await entry.busy;
      const { acked } = entry;
      // Compared after every wait: a raise may have flown while the row was written.
      if (acked !== null && entry.isOwn && keys.every((key) => covers(acked, key))) return;
      await this.#exclusively(entry, async () => {
        const current = acked ?? (await this.#read(bucket));
        entry.hasChanged = true;
        entry.lastFinishMs = maxOrNull(entry.lastFinishMs, current.lastFinishMs);
        await this.#write(bucket, entry, this.#lowered(bucket, current, keys) ?? current);
      });
    }
  }

  /** Resolves when the acknowledged summary says when the last task of the bucket finished. */
  async tellFinish(bucket: number): Promise<void> {
    const entry = this.#bucket(bucket);
    for (;;) {
      while (entry.busy !== null) await entry.busy;
      const { acked, lastFinishMs } = entry;
      if (acked !== null && maxOrNull(acked.lastFinishMs, lastFinishMs) === acked.lastFinishMs)
        return;
      await this.#exclusively(entry, async () => {
        const current = acked ?? (await this.#read(bucket));
        entry.lastFinishMs = maxOrNull(entry.lastFinishMs, current.lastFinishMs);
        await this.#write(bucket, entry, { ...current, lastFinishMs: entry.lastFinishMs });
      });
    }
  }

  /**
   * Raises the low key, if that changes anything and no write is under way. What was not read in this
   * epoch is read first, for the next time. `readToMs`: how far memory is complete, apart from this
   * bucket's sleepers, which may hold `top` below it. `isLast`: in this epoch, so that the present, which
   * earlier ones stayed behind, is worth a write.
   */
  raise(
    bucket: number,
    state: { open: readonly OpenKey[]; top: TaskKey; readToMs: number; isLast: boolean },
  ): Promise<void> {
    const entry = this.#buckets.get(bucket);
    if (entry === undefined || entry.busy !== null) return Promise.resolve();
    const { acked } = entry;
    // Forgotten while it lay ahead and its rows were on their way to memory: it is raised the next time.
    if (acked === null) return this.summaryOf(bucket).then(() => undefined);
    if (isDone(acked) && acked.lastFinishMs === entry.lastFinishMs && state.open.length === 0) {
      this.#buckets.delete(bucket);
      return Promise.resolve();
    }
    const endMs = bucketStartMs(bucket + 1, this.#context.bucketMs);
    // Without a change only the end of a bucket is worth a write.
    if (!entry.hasChanged && !state.isLast && state.readToMs < endMs) return Promise.resolve();
    const { lastFinishMs } = entry;
    const limits = this.#context.settings;
    const raised = planRaising({ current: acked, ...state, endMs, lastFinishMs, limits });
    entry.hasChanged = false;
    if (raised === null) return Promise.resolve();
    return this.#exclusively(entry, () => this.#write(bucket, entry, raised));
  }

  /** Forgets buckets ahead of the read position, beyond a number of them; they are read again when needed. */
  trim(): void {
    const { idleBucketsMax } = this.#context.settings;
    if (this.#buckets.size <= idleBucketsMax) return;
    for (const [bucket, entry] of this.#buckets) {
      if (entry.busy === null && this.#isAhead(bucket)) this.#buckets.delete(bucket);
      if (this.#buckets.size <= idleBucketsMax) return;
    }
  }

  #bucket(bucket: number): Bucket {
    let entry = this.#buckets.get(bucket);
    if (entry === undefined) {
      entry = { acked: null, isOwn: false, busy: null, hasChanged: true, lastFinishMs: null };
      this.#buckets.set(bucket, entry);
    }
    return entry;
  }

  #isAhead(bucket: number): boolean {
    const startMs = bucketStartMs(bucket, this.#context.bucketMs);
    const { readPosition, announcedTo } = this.#memory;
    const read = Math.max(readPosition.scheduledTimeMs, announcedTo?.scheduledTimeMs ?? 0);
    return startMs > read;
  }

  #lowered(bucket: number, current: BucketSummary, keys: readonly TaskKey[]): BucketSummary | null {
    const startMs = bucketStartMs(bucket, this.#context.bucketMs);
    const isAhead = this.#isAhead(bucket);
    return planLowering({ current, keys, startMs, isAhead, limits: this.#context.settings });
  }

  #exclusively(entry: Bucket, work: () => Promise<void>): Promise<void> {
    const busy = work().finally(() => {
      entry.busy = null;
    });
    entry.busy = busy;
    // Waiters see the failure through their own await; nobody may be waiting.
    busy.catch(() => undefined);
    return busy;
  }

  async #read(bucket: number): Promise<BucketSummary> {
    const { partition, store } = this.#context;
    const found = await this.#context.read("findSummary", () =>
      store.findSummary({ partition, bucket }),
    );
    return found ?? EMPTY_SUMMARY;
  }

  async #write(bucket: number, entry: Bucket, summary: BucketSummary): Promise<void> {
    const { partition, store, telemetry } = this.#context;
    // Dying here is safe: the store has the old summary or the new one, and both cover every
    // unfinished row of the records up to the checkpointed offset.
    await this.#context.write("writeSummary", (timestamp) =>
      store.writeSummary({ partition, bucket, timestamp, summary }),
    );
    entry.acked = summary;
    entry.isOwn = true;
    telemetry.emit({ type: "summaryWritten", partition, bucket, done: isDone(summary) });
  }
}

function maxOrNull(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
