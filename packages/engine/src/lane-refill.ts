import { compareTaskKeys, keyAfter, lowerBoundKey, type TaskKey, type TaskRow } from "@horae/core";
import type { Lane } from "./lane.ts";
import { type LoadedRange, loadRange, type ReadContext } from "./load-rows.ts";
import type { Loader } from "./loader.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { RoomMaker } from "./make-room.ts";
import { type ReadGuard, type TaskMemory } from "./task-memory.ts";
import { maxKey, minKey } from "./key-order.ts";

/** A page is read when waiting tasks take this share of the room at the most: it is for more than one row. */
const REFILL_SHARE = 0.75;

export interface LaneRefillOptions {
  readonly context: ReadContext & Pick<OwnerContext, "settings" | "wake">;
  readonly memory: TaskMemory;
  readonly roomMaker: RoomMaker;
  readonly loader: Pick<Loader, "takeRow">;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings back what lanes had to leave out: a page of rows at a time, from the first key that a hungry lane has
 * left out, for every lane that has room.
 */
export class LaneRefill {
  readonly #options: LaneRefillOptions;
  #isReading = false;
  #pageEnd: TaskKey = lowerBoundKey(0);

  constructor(options: LaneRefillOptions) {
    this.#options = options;
  }

  /** Reads a page if a lane needs one; answers when to look again, epoch milliseconds. */
  tick(nowMs: number): number {
    const { memory, context, roomMaker } = this.#options;
    if (this.#isReading || memory.leftOutLanes.size === 0) return Infinity;
    const lanes = [...memory.leftOutLanes].filter((lane) => this.#hasRoom(lane, nowMs));
    const hungry = lanes.filter(({ tasks }) => tasks.length <= context.settings.laneTasksMax / 2);
    if (hungry.length === 0) return this.#nextRefillAt(nowMs);
    const roomAtMs = roomMaker.dropBlocked(REFILL_SHARE);
    if (memory.room.isAbove(REFILL_SHARE)) return Math.min(roomAtMs, this.#nextRefillAt(nowMs));
    const from = this.#next(hungry);
    // What lies below it is not read now.
    const served = lanes.filter(({ leftOutFrom }) => compareTaskKeys(leftOutFrom!, from) >= 0);
    for (const lane of served) {
      lane.isRefilling = true;
      lane.missedFrom = null;
    }
    this.#isReading = true;
    this.#page(from, served)
      .catch(this.#options.onError)
      .finally(() => {
        for (const lane of served) lane.isRefilling = false;
        this.#isReading = false;
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

  /** The first key left out from where the last page ended, or else of all: lanes take turns. */
  #next(hungry: readonly Lane[]): TaskKey {
    const keys = hungry.map(({ leftOutFrom }) => leftOutFrom!);
    const ahead = keys.filter((key) => compareTaskKeys(key, this.#pageEnd) >= 0);
    return (ahead.length > 0 ? ahead : keys).reduce((a, b) => minKey(a, b)!);
  }

  async #page(from: TaskKey, lanes: readonly Lane[]): Promise<void> {
    const { memory, context } = this.#options;
    const top = lanes.reduce<TaskKey | null>((high, lane) => maxKey(high, lane.leftOutTo), null)!;
    const to = minKey(memory.readPosition, keyAfter(top))!;
    const guard = memory.beginRead();
    try {
      // Whole pages, however little room is left: most of their rows are of other lanes.
      const rowsMax = context.settings.loadRowsMax;
      const range = await loadRange(context, { from, to, rowsMax });
      this.#pageEnd = range.readTo;
      // What lies above a read position that moved down meanwhile is loaded again.
      this.#take({ ...range, readTo: minKey(range.readTo, memory.readPosition)! }, guard);
    } finally {
      memory.endRead(guard);
    }
  }

  #take({ rows, readTo }: LoadedRange, guard: ReadGuard): void {
    const { memory } = this.#options;
    let hasTaken = false;
    for (const row of rows) {
      if (compareTaskKeys(row.key, readTo) >= 0) break;
      const lane = memory.laneById(row.key.orderingId);
      if (lane === undefined || !this.#wants(lane, row)) continue;
      // One finds room in any case: a load that began with the page may have filled memory each time.
      const hasRoom = !hasTaken || !memory.room.isFull;
      if (this.#takeRow(lane, row, { guard, hasRoom })) hasTaken = true;
    }
    for (const lane of [...memory.leftOutLanes]) {
      if (!lane.isRefilling) continue;
      const complete = minKey(readTo, lane.missedFrom)!;
      if (compareTaskKeys(complete, lane.leftOutFrom!) > 0) lane.leftOutFrom = complete;
      if (compareTaskKeys(complete, lane.leftOutTo!) > 0) memory.clearLeftOut(lane);
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
