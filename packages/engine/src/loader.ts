import {
  bucketStartMs,
  compareTaskKeys,
  isFinished,
  lowerBoundKey,
  type TaskKey,
  type TaskRow,
} from "@horae/core";
import type { BucketSummaries } from "./bucket-summaries.ts";
import { findNextUnfinished, type LoadedRange, loadRange } from "./load-rows.ts";
import { LoadedTask } from "./loaded-task.ts";
import type { RoomMaker } from "./make-room.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Sleepers } from "./sleepers.ts";
import { type ReadGuard, type TaskMemory } from "./task-memory.ts";
import { minKey } from "./key-order.ts";

/** A load begins when waiting tasks take this share of the room at the most. */
const LOAD_SHARE = 0.5;
/** Rows of an epoch's first load at the most: what is due starts before the rest is read. */
const FIRST_ROWS_MAX = 32;
/** The rest is read so much later, unless it is needed: other partitions may be taken over just now. */
const REST_AFTER_MS = 250;

export interface LoaderOptions {
  readonly context: OwnerContext;
  readonly memory: TaskMemory;
  readonly roomMaker: RoomMaker;
  readonly summaries: BucketSummaries;
  readonly sleepers: Sleepers;
  /** Is a newer version of this row being written? */
  readonly isInserting: (token: string) => boolean;
  /** A failed row above the read position: an earlier owner may have died before its dead letter. */
  readonly onFailedRow: (row: TaskRow) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings tasks from the store into memory: the schedule is read once, in key order. The owner is
 * the only writer of its rows, so it knows the next key beyond its read position and sleeps until
 * that is needed; an idle partition costs no reads.
 */
export class Loader {
  readonly #options: LoaderOptions;
  #isLoading = false;
  /** When the rest is read after the first load, epoch milliseconds; null before that. */
  #restAtMs: number | null = null;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** Starts a load if one is needed; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { memory, context, roomMaker } = this.#options;
    if (this.#isLoading) return Infinity;
    const { lookAheadMs } = context.settings;
    const limit = lowerBoundKey(nowMs + lookAheadMs);
    // Nothing unread lies below `unloadedFrom`: the read position moves up without a read.
    memory.advanceTo(minKey(memory.unloadedFrom, limit)!);
    const next = memory.unloadedFrom;
    if (next === null) return Infinity;
    // Half the look-ahead early at the latest: one read then serves the other half.
    const neededAtMs = next.scheduledTimeMs - lookAheadMs / 2;
    if (neededAtMs > nowMs) return neededAtMs;
    const restAtMs = this.#restAtMs ?? 0;
    if (restAtMs > nowMs && next.scheduledTimeMs > restAtMs + REST_AFTER_MS) return restAtMs;
    const roomAtMs = roomMaker.dropBlocked(LOAD_SHARE);
    if (memory.room.isAbove(LOAD_SHARE)) return roomAtMs;
    this.#isLoading = true;
    this.#load(limit)
      .catch(this.#options.onError)
      .finally(() => {
        this.#isLoading = false;
        context.wake();
      });
    return Infinity;
  }

  async #load(to: TaskKey): Promise<void> {
    const { memory, context } = this.#options;
    const from = memory.readPosition;
    const rowsMax = Math.min(this.#rowsMax, memory.room.left);
    // Announced before the first read: a row written from now on may or may not be seen by it, so
    // below this bound it goes to memory when it is acknowledged.
    memory.announcedTo = to;
    memory.unloadedFrom = null;
    const guard = memory.beginRead();
    let isDone = false;
    try {
      const range = await loadRange(context, { from, to, rowsMax });
      const next = await this.#nextAfter(range.readTo, to);
      if (memory.announcedTo === null) return;
      await this.#recoverFailed(range.rows);
      if (memory.announcedTo === null) return;
      // Memory may have become too full meanwhile for all that was announced.
      const readTo = minKey(range.readTo, memory.announcedTo)!;
      this.#take({ ...range, readTo }, guard);
      // Rows that were persisted meanwhile above the bound, or dropped, are in `unloadedFrom` already.
      memory.unloadedFrom = minKey(memory.unloadedFrom, next);
      isDone = true;
      this.#restAtMs ??= context.clock.nowMs() + REST_AFTER_MS;
    } finally {
      memory.endRead(guard);
      memory.announcedTo = null;
      // A load that was overtaken, or failed, starts again from where it began.
      if (!isDone) memory.noteUnloaded(minKey(from, memory.readPosition)!);
      // What was persisted meanwhile, above what it has brought, is loaded again.
      memory.dropFrom(memory.readPosition);
    }
  }

  get #rowsMax(): number {
    const { loadRowsMax } = this.#options.context.settings;
    return this.#restAtMs === null ? Math.min(loadRowsMax, FIRST_ROWS_MAX) : loadRowsMax;
  }

  #nextAfter(readTo: TaskKey, to: TaskKey): Promise<TaskKey | null> | TaskKey {
    return compareTaskKeys(readTo, to) < 0 ? readTo : findNextUnfinished(this.#options.context, to);
  }

  async #recoverFailed(rows: readonly TaskRow[]): Promise<void> {
    const { onFailedRow, memory } = this.#options;
    const failed = rows.filter(
      ({ key, status }) => status?.status === "failed" && memory.started.find(key) !== "finished",
    );
    for (const row of failed) await onFailedRow(row);
  }

  #take(range: LoadedRange, guard: ReadGuard): void {
    const { memory, context, summaries, roomMaker } = this.#options;
    let loaded = 0;
    const boundMs = memory.announcedTo!.scheduledTimeMs;
    for (const { bucket, summary } of range.summaries) {
      // One that lies ahead by now may have been written and forgotten since the index was read.
      if (bucketStartMs(bucket, context.bucketMs) <= boundMs) summaries.noteRead(bucket, summary);
    }
    for (const row of range.rows) {
      if (compareTaskKeys(row.key, range.readTo) >= 0) continue;
      if (this.takeRow(row, guard)) loaded++;
    }
    memory.announcedTo = null;
    memory.advanceTo(range.readTo);
    const { telemetry, partition } = context;
    if (range.rows.length > 0) {
      telemetry.emit({ type: "tasksLoaded", partition, rows: range.rows.length, loaded });
    }
    roomMaker.makeRoom();
  }

  /** Takes one row that a read has brought; true when it is in memory now. */
  takeRow(row: TaskRow, guard: ReadGuard): boolean {
    const { memory, context, summaries, sleepers, isInserting } = this.#options;
    if (isFinished(row.status)) {
      summaries.noteFinishedRow(row);
      return false;
    }
    const task = LoadedTask.fromRow(row);
    if (task === null) {
      const { telemetry, partition } = context;
      telemetry.emit({ type: "rowWithoutRequest", partition, key: row.key });
      return false;
    }
    // It left memory, or was looked at, after the read was announced: the row is old.
    if (guard.left.has(task.token) || memory.get(task.token) !== undefined) return false;
    if (sleepers.takes(task)) {
      memory.started.add(task.key, false);
      return false;
    }
    if (isInserting(task.token)) task.state = "held";
    return memory.add(task) === "added";
  }
}
