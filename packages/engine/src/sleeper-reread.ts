import { bucketStartMs, compareTaskKeys, lowerBoundKey } from "@horae/core";
import { loadRange, type ReadContext } from "./load-rows.ts";
import type { Loader } from "./loader.ts";
import type { RoomMaker } from "./make-room.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { Sleepers } from "./sleepers.ts";
import { type TaskMemory } from "./task-memory.ts";
import { minKey } from "./key-order.ts";

export interface SleeperRereadOptions {
  readonly context: ReadContext & Pick<OwnerContext, "settings" | "wake">;
  readonly memory: TaskMemory;
  readonly roomMaker: RoomMaker;
  readonly sleepers: Sleepers;
  readonly loader: Pick<Loader, "takeRow">;
  readonly onError: (error: unknown) => void;
}

/** Reads a bucket again when the first of its sleepers comes within the look-ahead. */
export class SleeperReread {
  readonly #options: SleeperRereadOptions;
  #isReading = false;

  constructor(options: SleeperRereadOptions) {
    this.#options = options;
  }

  /** Starts a re-read if one is due; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { sleepers, context } = this.#options;
    const next = sleepers.next();
    if (this.#isReading || next === null) return Infinity;
    const dueAtMs = next.wakeAtMs - context.settings.lookAheadMs;
    if (dueAtMs > nowMs) return dueAtMs;
    this.#isReading = true;
    this.#reread(next.bucket)
      .catch(this.#options.onError)
      .finally(() => {
        this.#isReading = false;
        context.wake();
      });
    return Infinity;
  }

  async #reread(bucket: number): Promise<void> {
    const { context, memory, roomMaker, sleepers, loader } = this.#options;
    const endReread = sleepers.beginReread(bucket);
    const guard = memory.beginRead();
    try {
      const end = lowerBoundKey(bucketStartMs(bucket + 1, context.bucketMs));
      // Up to the bound of a load under way: it takes no task for its own that has left memory since.
      const to = minKey(end, memory.passBound)!;
      const rowsMax = context.settings.loadRowsMax;
      let from = lowerBoundKey(bucketStartMs(bucket, context.bucketMs));
      while (compareTaskKeys(from, to) < 0) {
        const range = await loadRange(context, { from, to, rowsMax });
        for (const row of range.rows) {
          // What is above a read position that moved down meanwhile is loaded again.
          if (memory.passes(row.key)) loader.takeRow(row, guard);
        }
        from = range.readTo;
        roomMaker.makeRoom();
      }
    } finally {
      memory.endRead(guard);
      endReread();
    }
  }
}
