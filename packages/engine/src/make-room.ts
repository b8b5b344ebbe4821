import { compareTaskKeys } from "@horae/core";
import type { Lane } from "./lane.ts";
import type { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { TaskMemory } from "./task-memory.ts";

/** Room is made in steps of this share of the limits, so that it is seldom made. */
const KEPT_SHARE = 0.75;
/** How often lanes are looked through again for tasks that cannot run soon. */
const DROP_EVERY_MS = 250;

/** Lets go of tasks in memory, so that those that can run find room. */
export class RoomMaker {
  readonly #memory: TaskMemory;
  readonly #context: OwnerContext;
  /** Lanes become blocked slowly, and are asked for often (monotonic). */
  #dropAfterMs = 0;

  constructor(memory: TaskMemory, context: OwnerContext) {
    this.#memory = memory;
    this.#context = context;
  }

  /** Drops what cannot run soon while more than this share of the room is taken. */
  dropBlocked(share: number): void {
    const memory = this.#memory;
    const nowMs = this.#context.clock.monotonicMs();
    if (!memory.room.isAbove(share) || nowMs < this.#dropAfterMs) return;
    this.#dropAfterMs = nowMs + DROP_EVERY_MS;
    this.#reported(() => {
      // The read position was lowered below them: they would keep the load from coming that they wait for.
      if (memory.announcedTo === null) memory.dropUnread();
      dropBlocked(memory, this.#context, share);
    });
  }

  /**
   * Makes room in a memory that holds too much. After what cannot run soon, the tasks with the largest
   * keys go: the read position moves down to them, and they are loaded again later.
   */
  makeRoom(): void {
    if (!this.#memory.room.isAbove(1)) return;
    this.#reported(() => {
      dropBlocked(this.#memory, this.#context, KEPT_SHARE);
      dropLargest(this.#memory);
    });
  }

  /** A refill finds no room at all: only what cannot run soon may go for it. */
  makeRoomForRefill(): void {
    if (this.#memory.room.isFull) this.dropBlocked(KEPT_SHARE);
  }

  #reported(drop: () => void): void {
    const { telemetry, partition } = this.#context;
    const before = this.#memory.size;
    drop();
    const tasks = before - this.#memory.size;
    if (tasks > 0) telemetry.emit({ type: "tasksEvicted", partition, tasks });
  }
}

/**
 * Drops what waits behind a stuck head (a stuck ordering id must not hold others back), then heads that
 * sleep beyond the look-ahead. Their lanes remember where they go on, and are refilled.
 */
function dropBlocked(memory: TaskMemory, context: OwnerContext, share: number): void {
  if (!memory.room.isAbove(share)) return;
  const nowMs = context.clock.nowMs();
  const blocked = [...memory.lanes()].filter((lane) => lane.isBlocked(nowMs));
  for (const lane of blocked) dropFollowers(memory, lane);
  for (const lane of blocked) {
    if (!memory.room.isAbove(share)) break;
    dropSleepingHead(memory, lane, nowMs + context.settings.lookAheadMs);
  }
}

function dropFollowers(memory: TaskMemory, lane: Lane): void {
  const keep = lane.active ?? lane.tasks[0]!;
  const first = lane.tasks.find((task) => compareTaskKeys(task.key, keep.key) > 0);
  if (first !== undefined) memory.leaveOut(lane, first.key);
}

function dropSleepingHead(memory: TaskMemory, lane: Lane, soonMs: number): void {
  const head = lane.tasks[0];
  if (lane.active !== null || head === undefined || head.offerAtMs <= soonMs) return;
  memory.leaveOut(lane, head.key);
  lane.refillAtMs = head.offerAtMs;
}

function dropLargest(memory: TaskMemory): void {
  const { room } = memory;
  const waiting = [...memory.tasks()]
    .filter((task) => !task.isActive)
    .toSorted((a, b) => compareTaskKeys(b.key, a.key));
  let lowest: LoadedTask | null = null;
  for (const task of waiting) {
    // One stays however large it is: it would be loaded and dropped for ever.
    if (room.tasks <= 1 || !room.isAbove(KEPT_SHARE)) break;
    memory.remove(task);
    lowest = task;
  }
  if (lowest !== null) memory.lowerTo(lowest.key);
}
