import {
  resolveTaskOptions,
  type ResolvedTaskOptions,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRequest,
  type TaskRow,
} from "@horae/core";

/** A task whose type has no handler is offered again after this time, doubled each time. */
const POSTPONED_FIRST_MS = 1_000;
const POSTPONED_MAX_MS = 60_000;

/**
 * `waiting` for its time; `held` while newer data for it are written; `claimed`: a claim is on its
 * way to the journal, or there; `running`; `recording` its outcome.
 */
export type TaskState = "waiting" | "held" | "claimed" | "running" | "recording";

/** The claim that a task has now. */
export interface TaskClaim {
  readonly sequence: number;
  /** Write timestamp of the journal row; 0 until it is acknowledged. */
  fence: number;
  /** It is being moved from the journal to the task's row. */
  isMoving: boolean;
}

/** A task in memory. Only its partition changes it. */
export class LoadedTask {
  readonly key: TaskKey;
  readonly token: string;
  request: TaskRequest;
  /** Status cells as the store has them; null while nothing happened to the task. */
  status: StatusCells | null;
  state: TaskState = "waiting";
  /** Highest attempt number that was ever claimed. */
  attempts: number;
  claim: TaskClaim | null = null;
  /** Not offered before this time, though it is due: no handler for its type was there. */
  postponedUntilMs = 0;
  postponements = 0;

  constructor(key: TaskKey, request: TaskRequest, status: StatusCells | null) {
    this.key = key;
    this.token = taskKeyToken(key);
    this.request = request;
    this.status = status;
    this.attempts = status?.attempts ?? 0;
  }

  /** From a row of the store; null when the row is no task, or a finished one. */
  static fromRow(row: TaskRow): LoadedTask | null {
    if (row.request === null) return null;
    return new LoadedTask(row.key, row.request, row.status);
  }

  get options(): ResolvedTaskOptions {
    return resolveTaskOptions(this.request.options);
  }

  /** How many of the attempts count against `maxAttempts`. */
  get countedAttempts(): number {
    return this.attempts - (this.status?.withdrawn ?? 0);
  }

  /** When the next attempt is due, epoch milliseconds. */
  get dueAtMs(): number {
    return Math.max(this.key.scheduledTimeMs, this.status?.nextAttemptAtMs ?? 0);
  }

  /** When it may be offered. */
  get offerAtMs(): number {
    return Math.max(this.dueAtMs, this.postponedUntilMs);
  }

  /** There is no handler for its type now: it waits, longer each time, and its lane with it. */
  postpone(nowMs: number): void {
    const pauseMs = POSTPONED_FIRST_MS * 2 ** Math.min(this.postponements++, 16);
    this.postponedUntilMs = nowMs + Math.min(pauseMs, POSTPONED_MAX_MS);
  }

  /** Its last attempt ended with its process: it runs alone among its like, without claim-ahead. */
  get isSuspect(): boolean {
    return this.status?.claimOpen ?? false;
  }

  /** A claim exists, or an attempt was made: the data are frozen. */
  get isClaimed(): boolean {
    return this.attempts > 0 || this.isActive;
  }

  /** Its claim is durable: it may start. */
  get isClaimAcknowledged(): boolean {
    return this.claim !== null && this.claim.fence > 0;
  }

  /** Its lane is busy with it. */
  get isActive(): boolean {
    return this.state !== "waiting" && this.state !== "held";
  }

  /** Does a wait of this task, for its next attempt or for a handler, hold back the tasks behind it? */
  get blocksLane(): boolean {
    const isRetry = this.status !== null && this.postponements === 0;
    return !isRetry || this.request.options.onRetry !== "skip";
  }

  /** Is it a sleeper that is not needed in memory until then (epoch milliseconds)? */
  sleepsBeyond(timeMs: number): boolean {
    return !this.blocksLane && this.dueAtMs > timeMs;
  }

  get bytes(): number {
    return this.request.dataJson.length;
  }
}
