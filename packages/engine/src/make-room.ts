import { compareTaskKeys } from "@horae/core";
import type { Lane } from "./lane.ts";
import type { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";
import type { TaskMemory } from "./task-memory.ts";

/** Room is made in steps of this share of the limit, so that it is seldom made. */
const KEPT_SHARE = 0.75;

/**
 * Drops what cannot run soon from memory until at most `sizeMax` tasks are there: what waits behind
 * a stuck head (a stuck ordering id must not hold others back), then heads that sleep beyond the
 * look-ahead. Their lanes remember where they go on, and are refilled.
 */
export function dropBlocked(memory: TaskMemory, context: OwnerContext, sizeMax: number): void {
  if (memory.size <= sizeMax) return;
  const nowMs = context.clock.nowMs();
  const blocked = [...memory.lanes()].filter((lane) => lane.isBlocked(nowMs));
  const before = memory.size;
  for (const lane of blocked) dropFollowers(memory, lane);
  for (const lane of blocked) {
    if (memory.size <= sizeMax) break;
    dropSleepingHead(memory, lane, nowMs + context.settings.lookAheadMs);
  }
  report(context, before - memory.size);
}

/**
 * Makes room in a full memory. After what cannot run soon, the tasks with the largest keys go: the
 * read position moves down to them, and they are loaded again later.
 */
export function makeRoom(memory: TaskMemory, context: OwnerContext): void {
  if (!memory.isFull) return;
  const sizeMax = Math.floor(context.settings.loadedTasksMax * KEPT_SHARE);
  dropBlocked(memory, context, sizeMax);
  const before = memory.size;
  if (memory.size > sizeMax || memory.isFull) dropLargest(memory, sizeMax);
  report(context, before - memory.size);
}

function report({ telemetry, partition }: OwnerContext, tasks: number): void {
  if (tasks > 0) telemetry.emit({ type: "tasksEvicted", partition, tasks });
}

function dropFollowers(memory: TaskMemory, lane: Lane): void {
  const keep = lane.active ?? lane.tasks[0]!;
  const first = lane.tasks.find((task) => compareTaskKeys(task.key, keep.key) > 0);
  if (first !== undefined) memory.leaveOut(lane, first.key);
}

function dropSleepingHead(memory: TaskMemory, lane: Lane, soonMs: number): void {
  const head = lane.tasks[0];
  if (lane.active !== null || head === undefined || head.offerAtMs <= soonMs) return;
  lane.refillAtMs = head.offerAtMs;
  memory.leaveOut(lane, head.key);
}

function dropLargest(memory: TaskMemory, sizeMax: number): void {
  const unclaimed = [...memory.tasks()]
    .filter((task) => !task.isActive)
    .toSorted((a, b) => compareTaskKeys(b.key, a.key));
  let lowest: LoadedTask | null = null;
  for (const task of unclaimed) {
    if (memory.size <= sizeMax && !memory.isFull) break;
    memory.remove(task);
    lowest = task;
  }
  if (lowest !== null) memory.lowerTo(lowest.key);
}
