import {
  bucketOf,
  bucketStartMs,
  compareTaskKeys,
  isFinished,
  keyAfter,
  lowerBoundKey,
  type TaskKey,
  type TaskRow,
} from "@horae/core";
import type { BucketSummaries } from "./bucket-summaries.ts";
import { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Sleepers } from "./sleepers.ts";
import type { ReadGuard, TaskMemory } from "./task-memory.ts";

/** A task that has been due for less may be on its way: a load, a refill, a re-read. */
const OVERDUE_MS = 10_000;

/** So many buckets end a page as well, however few rows they have: each costs two reads. */
const BUCKETS_MAX = 8;

export interface AuditorOptions {
  readonly context: OwnerContext;
  readonly memory: TaskMemory;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
  /** Is a newer version of this row being written? */
  readonly isInserting: (token: string) => boolean;
  /** Records up to here are persisted and led to by the index; what lies above is still to come. */
  readonly appliedOffset: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Proves from the store, never from memory, that no unfinished task is overdue without anybody knowing of
 * it. A page of rows at a time it goes through all buckets up to the present, whatever their summaries
 * say, and begins again. What it finds is a bug: an error event each time, and the task is loaded.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  /** Where the next page begins. */
  #from: TaskKey = lowerBoundKey(0);
  #nextAtMs: number | null = null;
  #isReading = false;
  /** Of the unfinished rows of this round the one that is due for longest, epoch milliseconds. */
  #oldestDueMs = Infinity;
  /** What the last round has found: it counts until this round is over. */
  #lastOldestDueMs = Infinity;

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  /** Starts a page if one is due; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { context, onError } = this.#options;
    if (this.#isReading) return Infinity;
    const inOnePeriodMs = nowMs + context.settings.auditEveryMs;
    // A clock that was ahead when this was set must not put the page off for as long.
    this.#nextAtMs = Math.min(this.#nextAtMs ?? Infinity, inOnePeriodMs);
    if (nowMs < this.#nextAtMs) return this.#nextAtMs;
    this.#nextAtMs = inOnePeriodMs;
    this.#isReading = true;
    this.#page()
      .catch(onError)
      .finally(() => {
        this.#isReading = false;
        context.wake();
      });
    return Infinity;
  }

  async #page(): Promise<void> {
    const { memory, context } = this.#options;
    const { telemetry, partition, clock } = context;
    const guard = memory.beginRead();
    try {
      const { rows, next } = await this.#read(lowerBoundKey(clock.nowMs() - OVERDUE_MS));
      // Memory is not kept up any more: a re-read that the end cut short has forgotten its sleepers.
      if (context.isOver) return;
      const forgotten = rows.filter((row) => this.#isForgotten(row, guard));
      for (const { key } of forgotten) await this.#heal(key);
      this.#from = next ?? lowerBoundKey(0);
      if (next === null) this.#endRound();
      const oldestDueMs = Math.min(this.#oldestDueMs, this.#lastOldestDueMs);
      const overdueMs = Math.max(0, clock.nowMs() - oldestDueMs);
      telemetry.emit({ type: "audited", partition, rows: rows.length, overdueMs });
    } finally {
      memory.endRead(guard);
    }
  }

  #endRound(): void {
    this.#lastOldestDueMs = this.#oldestDueMs;
    this.#oldestDueMs = Infinity;
  }

  /** A page of rows from `#from` to `to` (exclusive); `next` is null at the end of the round. */
  async #read(to: TaskKey): Promise<{ rows: TaskRow[]; next: TaskKey | null }> {
    const { context } = this.#options;
    const { partition, store, bucketMs, settings } = context;
    const rows: TaskRow[] = [];
    let from = this.#from;
    for (let buckets = 0; compareTaskKeys(from, to) < 0; buckets++) {
      if (buckets === BUCKETS_MAX) return { rows, next: from };
      const [indexed] = await context.read("loadSummaries", () =>
        store.loadSummaries({
          partition,
          fromBucket: bucketOf(from, bucketMs),
          toBucket: bucketOf(to, bucketMs),
          rowsMax: 1,
        }),
      );
      if (indexed === undefined) break;
      const { bucket } = indexed;
      const start = lowerBoundKey(bucketStartMs(bucket, bucketMs));
      const first = compareTaskKeys(start, from) > 0 ? start : from;
      const rowsMax = settings.auditRowsMax - rows.length;
      const read = await context.read("auditTasks", () =>
        store.loadTasks({ partition, bucket, from: first, to, rowsMax }),
      );
      rows.push(...read);
      if (read.length >= rowsMax) return { rows, next: keyAfter(read.at(-1)!.key) };
      from = lowerBoundKey(bucketStartMs(bucket + 1, bucketMs));
    }
    return { rows, next: null };
  }

  #isForgotten(row: TaskRow, guard: ReadGuard): boolean {
    const { context, appliedOffset } = this.#options;
    if (row.request === null || isFinished(row.status)) return false;
    // An earlier owner has written it and died: its record is received again, by whoever receives.
    if (row.request.offset > appliedOffset()) return false;
    const task = LoadedTask.fromRow(row);
    const nowMs = context.clock.nowMs();
    if (task === null || task.dueAtMs > nowMs - OVERDUE_MS) return false;
    this.#oldestDueMs = Math.min(this.#oldestDueMs, task.dueAtMs);
    if (this.#isKnown(task, guard)) return false;
    const { telemetry, partition } = context;
    const overdueMs = nowMs - task.dueAtMs;
    telemetry.emit({ type: "taskForgotten", partition, key: row.key, overdueMs });
    return true;
  }

  /** Leads the index to the task, and loads it. */
  async #heal(key: TaskKey): Promise<void> {
    const { memory, summaries, context } = this.#options;
    await summaries.cover(bucketOf(key, context.bucketMs), [key]);
    memory.lowerTo(key);
  }

  /** Memory has it, or knows where it is. */
  #isKnown({ key, token, dueAtMs }: LoadedTask, guard: ReadGuard): boolean {
    const { memory, sleepers, context, isInserting } = this.#options;
    if (guard.left.has(token) || isInserting(token) || memory.get(token) !== undefined) return true;
    const bucket = bucketOf(key, context.bucketMs);
    if (sleepers.isRereading(bucket) || sleepers.wakesBy(bucket, dueAtMs)) return true;
    if (compareTaskKeys(key, memory.readPosition) >= 0) {
      // A load has to bring it: one that is under way, or the next one.
      const { unloadedFrom, announcedTo } = memory;
      if (announcedTo !== null) return true;
      return unloadedFrom !== null && compareTaskKeys(unloadedFrom, key) <= 0;
    }
    return memory.laneById(key.orderingId)?.isLeftOut(key) ?? false;
  }
}
