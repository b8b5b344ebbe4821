import { compareTaskKeys, type TaskKey } from "@horae/core";
import type { LoadedTask } from "./loaded-task.ts";

export interface LaneOffer {
  readonly task: LoadedTask;
  /** When the task may be offered, epoch milliseconds. */
  readonly atMs: number;
}

/** An attempt that runs for so long holds its lane back noticeably. */
const BLOCKED_MS = 1_000;

/**
 * The tasks of one ordering id that are in memory, in key order. It offers one at a time: never a
 * later one before an earlier one, except past a task that waits for a retry under `skip`.
 */
export class Lane {
  readonly orderingId: string;
  readonly tasks: LoadedTask[] = [];
  /**
   * The first key that was left out for lack of room: from here to the read position memory is not
   * complete, so nothing at or above it enters or is offered. null: nothing was left out.
   */
  leftOutFrom: TaskKey | null = null;
  /** The highest key that was left out so far: above it nothing is missing. */
  leftOutTo: TaskKey | null = null;
  /** The task with a claim, an attempt or an outcome under way; the lane is busy while there is one. */
  active: LoadedTask | null = null;
  /** When it became busy, epoch milliseconds. */
  activeSinceMs = 0;
  /** A refill is of no use before this time, because its head sleeps outside memory. */
  refillAtMs = 0;
  /** A refill under way takes rows at or above `leftOutFrom` for this lane. */
  isRefilling = false;
  /** The lowest key that came while a page of that refill was read: the page may lack its row. */
  missedFrom: TaskKey | null = null;
  /** Its next task is a suspect that waits for another one to end. */
  isParked = false;
  /** Number of its valid entry in the schedule; entries with another one are stale. */
  ticket = 0;
  /** When the present head became the head, epoch milliseconds. */
  headSinceMs = 0;

  constructor(orderingId: string) {
    this.orderingId = orderingId;
  }

  get last(): LoadedTask | undefined {
    return this.tasks.at(-1);
  }

  /**
   * What is behind its blocker will not run soon: that has been running for long, or waits for a retry, for a
   * handler or for another suspect.
   */
  isBlocked(nowMs: number): boolean {
    const { active, blocker } = this;
    if (active !== null) return nowMs >= this.blockedAtMs;
    if (blocker === undefined) return false;
    const isRetry = blocker.status !== null || blocker.postponements > 0;
    return this.isParked || (isRetry && blocker.offerAtMs > nowMs);
  }

  /** The task that those behind it have to wait for. */
  get blocker(): LoadedTask | undefined {
    if (this.active !== null) return this.active;
    return this.isParked ? this.tasks[0] : this.tasks.find(({ blocksLane }) => blocksLane);
  }

  /** When the attempt under way will have run for long, epoch milliseconds; Infinity when there is none. */
  get blockedAtMs(): number {
    return this.active === null ? Infinity : this.activeSinceMs + BLOCKED_MS;
  }

  insert(task: LoadedTask, nowMs: number): void {
    let at = this.tasks.length;
    while (at > 0 && compareTaskKeys(this.tasks[at - 1]!.key, task.key) > 0) at--;
    this.tasks.splice(at, 0, task);
    if (at === 0) this.headSinceMs = nowMs;
  }

  remove(task: LoadedTask, nowMs: number): void {
    const at = this.tasks.indexOf(task);
    if (at < 0) return;
    this.tasks.splice(at, 1);
    if (at === 0) this.headSinceMs = nowMs;
  }

  /** What may run next: only tasks below `bound`, below which memory is complete. */
  offer(bound: TaskKey, nowMs: number): LaneOffer | null {
    if (this.active !== null) return null;
    let best: LaneOffer | null = null;
    for (const task of this.tasks) {
      if (task.state === "held" || this.isLeftOut(task.key)) break;
      if (compareTaskKeys(task.key, bound) >= 0) break;
      const atMs = task.offerAtMs;
      if (best === null || Math.max(atMs, nowMs) < Math.max(best.atMs, nowMs))
        best = { task, atMs };
      if (task.blocksLane) break;
    }
    return best;
  }

  /** Does the key lie where memory is not complete for this lane? */
  isLeftOut(key: TaskKey): boolean {
    return this.leftOutFrom !== null && compareTaskKeys(key, this.leftOutFrom) >= 0;
  }
}
