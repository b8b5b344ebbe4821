import type { TaskHeaders } from "./task.ts";

/** A task as its handler sees it. */
export interface HandlerTask<Data = unknown> {
  /** The task key as text. */
  readonly key: string;
  readonly type: string;
  readonly orderingId: string;
  readonly scheduledTime: Date;
  readonly uniquenessKey: string;
  readonly data: Data;
  readonly headers: TaskHeaders;
}

export interface HandlerLogger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
}

export interface TaskContext {
  /** Number of this attempt, from 1; numbers of a task only grow and may have gaps. */
  readonly attempt: number;
  /** Epoch of the lease under which the attempt runs. */
  readonly epoch: number;
  readonly partition: number;
  /**
   * Fencing token: a safe integer, strictly greater than every fence given out before for this
   * ordering id, on whatever node (`UPDATE ... SET fence = $1 WHERE fence < $1`).
   */
  readonly fence: number;
  /** Aborts at the time-out of the attempt, when ownership is lost, and when a drain has run out of time. */
  readonly signal: AbortSignal;
  readonly logger: HandlerLogger;
}

/** The user's function. Throwing means retry by policy; see `TaskFailedError`, `RetryLaterError`. */
export type TaskHandler<Data = unknown> = (
  task: HandlerTask<Data>,
  context: TaskContext,
) => unknown;

/** Maps a task type to its handler. */
export interface TaskHandlers {
  get(type: string): TaskHandler | undefined;
}
