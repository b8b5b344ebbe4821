import { compareTaskKeys } from "@horae/core";
import type { Lane } from "./lane.ts";
import type { LoadedTask } from "./loaded-task.ts";
import type { MemoryContext, TaskMemory } from "./task-memory.ts";

/** Room is made in steps of this share of the limits, so that it is seldom made. */
const KEPT_SHARE = 0.75;
/** How often lanes are looked through again for tasks that cannot run soon. */
const DROP_EVERY_MS = 250;

/** Lets go of tasks in memory, so that those that can run find room. */
export class RoomMaker {
  readonly #memory: TaskMemory;
  readonly #context: MemoryContext;
  /** Lanes become blocked slowly, and are asked for often (monotonic). */
  #dropAfterMs = 0;

  constructor(memory: TaskMemory, context: MemoryContext) {
    this.#memory = memory;
    this.#context = context;
  }

  /**
   * Drops what cannot run soon while more than this share of the room is taken. Answers when it may find
   * more to drop although nothing has happened, epoch milliseconds.
   */
  dropBlocked(share: number): number {
    const memory = this.#memory;
    const { clock } = this.#context;
    if (!memory.room.isAbove(share)) return Infinity;
    const waitMs = this.#dropAfterMs - clock.monotonicMs();
    // Rounded, because a small fraction is lost beside the epoch: the loop would not wait at all.
    if (waitMs > 0) return clock.nowMs() + Math.ceil(waitMs);
    this.#dropAfterMs = clock.monotonicMs() + DROP_EVERY_MS;
    this.#reported(() => dropBehindBlocked(memory, this.#context, share));
    return nextBlockedAt(memory, clock.nowMs());
  }

  /**
   * Makes room in a memory that holds too much. After what cannot run soon, the tasks with the largest
   * keys go: the read position moves down to them, and they are loaded again later.
   */
  makeRoom(): void {
    if (!this.#memory.room.isAbove(1)) return;
    this.#reported(() => {
      dropBehindBlocked(this.#memory, this.#context, KEPT_SHARE);
      dropLargest(this.#memory);
    });
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
 * Drops what waits behind a stuck task (a stuck ordering id must not hold others back), then heads that
 * sleep beyond the look-ahead. Their lanes remember where they go on, and are refilled.
 */
function dropBehindBlocked(memory: TaskMemory, context: MemoryContext, share: number): void {
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
  const { key } = lane.blocker!;
  const first = lane.tasks.find((task) => compareTaskKeys(task.key, key) > 0);
  if (first !== undefined) memory.leaveOut(lane, first.key);
}

function dropSleepingHead(memory: TaskMemory, lane: Lane, soonMs: number): void {
  const head = lane.tasks[0];
  if (lane.active !== null || head === undefined || head.offerAtMs <= soonMs) return;
  memory.leaveOut(lane, head.key);
  lane.refillAtMs = head.offerAtMs;
}

function nextBlockedAt(memory: TaskMemory, nowMs: number): number {
  let next = Infinity;
  for (const { blockedAtMs } of memory.lanes()) {
    if (blockedAtMs > nowMs) next = Math.min(next, blockedAtMs);
  }
  return next;
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
