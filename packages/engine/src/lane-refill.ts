import { compareTaskKeys, keyAfter, type TaskKey, type TaskRow } from "@horae/core";
import type { Lane } from "./lane.ts";
import { type LoadedRange, loadRange, type ReadContext } from "./load-rows.ts";
import type { Loader } from "./loader.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { RoomMaker } from "./make-room.ts";
import { type ReadGuard, type TaskMemory } from "./task-memory.ts";
import { minKey } from "./key-order.ts";

/** A scan begins when waiting tasks take this share of the room at the most: a page is for more than one row. */
const REFILL_SHARE = 0.75;

export interface LaneRefillOptions {
  readonly context: ReadContext & Pick<OwnerContext, "settings" | "wake">;
  readonly memory: TaskMemory;
  readonly roomMaker: RoomMaker;
  readonly loader: Pick<Loader, "takeRow">;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings back what lanes had to leave out. One scan at a time reads the rows between the smallest
 * key left out and the read position, serves every lane that has room for them, and ends when none
 * has, when it has reached the read position, or when memory has no more room.
 */
export class LaneRefill {
  readonly #options: LaneRefillOptions;
  #isScanning = false;

  constructor(options: LaneRefillOptions) {
    this.#options = options;
  }

  /** Starts a scan if a lane needs one; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { memory, context, roomMaker } = this.#options;
    if (this.#isScanning || memory.leftOutLanes.size === 0) return Infinity;
    const lanes = [...memory.leftOutLanes].filter((lane) => this.#hasRoom(lane, nowMs));
    const hungry = lanes.filter(({ tasks }) => tasks.length <= context.settings.laneTasksMax / 2);
    if (hungry.length === 0) return this.#nextRefillAt(nowMs);
    const roomAtMs = roomMaker.dropBlocked(REFILL_SHARE);
    if (memory.room.isAbove(REFILL_SHARE)) return Math.min(roomAtMs, this.#nextRefillAt(nowMs));
    const from = lanes.reduce<TaskKey | null>((low, lane) => minKey(low, lane.leftOutFrom), null)!;
    for (const lane of lanes) lane.isRefilling = true;
    this.#isScanning = true;
    this.#scan(from)
      .catch(this.#options.onError)
      .finally(() => {
        for (const lane of lanes) lane.isRefilling = false;
        this.#isScanning = false;
        context.wake();
      });
    return Infinity;
  }

  #hasRoom(lane: Lane, nowMs: number): boolean {
    const { context, memory } = this.#options;
    const { laneTasksMax } = context.settings;
    // What is above the read position is the loader's.
    if (compareTaskKeys(lane.leftOutFrom!, memory.readPosition) >= 0) return false;
    const isAwake = lane.refillAtMs <= nowMs && !lane.isBlocked(nowMs);
    return isAwake && lane.tasks.length < laneTasksMax;
  }

  #nextRefillAt(nowMs: number): number {
    let next = Infinity;
    for (const { refillAtMs } of this.#options.memory.leftOutLanes) {
      if (refillAtMs > nowMs) next = Math.min(next, refillAtMs);
    }
    return next;
  }

  async #scan(start: TaskKey): Promise<void> {
    const { memory, context } = this.#options;
    let from = start;
    while (this.#isWanted() && compareTaskKeys(from, memory.readPosition) < 0) {
      for (const lane of memory.leftOutLanes) lane.missedFrom = null;
      const guard = memory.beginRead();
      try {
        // Whole pages, however little room is left: most of their rows are of other lanes.
        const rowsMax = context.settings.loadRowsMax;
        const range = await loadRange(context, { from, to: memory.readPosition, rowsMax });
        // What lies above a read position that moved down meanwhile is loaded again.
        const readTo = minKey(range.readTo, memory.readPosition)!;
        this.#take({ ...range, readTo }, guard);
        from = readTo;
      } finally {
        memory.endRead(guard);
      }
    }
  }

  /** Not all the way to the read position when every lane has enough: it may be far. */
  #isWanted(): boolean {
    const { memory } = this.#options;
    return !memory.room.isFull && [...memory.leftOutLanes].some(({ isRefilling }) => isRefilling);
  }

  #take({ rows, readTo }: LoadedRange, guard: ReadGuard): void {
    const { memory } = this.#options;
    let hasTaken = false;
    for (const row of rows) {
      if (compareTaskKeys(row.key, readTo) >= 0) break;
      const lane = memory.laneById(row.key.orderingId);
      if (lane === undefined || !this.#wants(lane, row)) continue;
      // One finds room in any case: a load that began with the scan may have filled memory each time.
      const hasRoom = !hasTaken || !memory.room.isFull;
      if (this.#takeRow(lane, row, { guard, hasRoom })) hasTaken = true;
    }
    for (const lane of [...memory.leftOutLanes]) {
      if (!lane.isRefilling) continue;
      const complete = minKey(readTo, lane.missedFrom)!;
      if (compareTaskKeys(complete, lane.leftOutFrom!) > 0) lane.leftOutFrom = complete;
      if (lane.missedFrom !== null) lane.isRefilling = false;
      // A load under way may not bring what the lane refused above the read position meanwhile.
      const isLoading = memory.announcedTo !== null;
      const isComplete = compareTaskKeys(complete, memory.readPosition) >= 0;
      if (isComplete && !isLoading) memory.clearLeftOut(lane);
      else memory.touch(lane);
    }
  }

  #wants(lane: Lane, { key }: TaskRow): boolean {
    if (!lane.isRefilling || compareTaskKeys(key, lane.leftOutFrom!) < 0) return false;
    return lane.missedFrom === null || compareTaskKeys(key, lane.missedFrom) < 0;
  }

  /** True when the row is in memory now. */
  #takeRow(lane: Lane, row: TaskRow, page: { guard: ReadGuard; hasRoom: boolean }): boolean {
    const { loader, context } = this.#options;
    if (!page.hasRoom || lane.tasks.length >= context.settings.laneTasksMax) {
      lane.leftOutFrom = row.key;
      lane.isRefilling = false;
      return false;
    }
    lane.leftOutFrom = keyAfter(row.key);
    return loader.takeRow(row, page.guard);
  }
}
