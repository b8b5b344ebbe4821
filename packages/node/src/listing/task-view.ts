import type { AttemptError, TaskKey, TaskOptions, TaskRow, TaskStore } from "@horae/core";
import { bucketOf, formatIso8601, formatTaskKey, isFinished, partitionOf } from "@horae/core";

/** `running` is never stored: an attempt is under way on the node that was asked. */
export const TASK_STATUSES = ["pending", "retrying", "running", "succeeded", "failed"] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

/** A task as people and programs see it. Times are ISO 8601 in UTC. */
export interface TaskView {
  readonly key: string;
  readonly type: string;
  readonly orderingId: string;
  readonly scheduledTime: string;
  readonly uniquenessKey: string;
  readonly status: TaskStatus;
  /** Attempts so far that count against `maxAttempts`, one that is running included. */
  readonly attempts: number;
  /** Null while an attempt runs and when the task has finished. */
  readonly nextAttemptTime: string | null;
  readonly lastError: AttemptError | null;
  /** What the handler returned; null when it returned nothing, or has not yet. */
  readonly result: unknown;
  readonly finishedTime: string | null;
  readonly data: unknown;
  readonly options: TaskOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly partition: number;
  readonly offset: number;
  /** When the log took the latest record of the task that counts. */
  readonly appendedTime: string;
}

export interface TaskSource {
  readonly store: Pick<TaskStore, "findTasks">;
  readonly queue: { readonly partitions: number; readonly bucketMs: number };
  /** Is an attempt of the task under way? */
  readonly isRunning: (key: TaskKey) => boolean;
}

/**
 * Reads a task; null when the store has none. A task that was scheduled just now may still be on
 * its way from the log to the store. Throws `STORE_UNAVAILABLE`.
 */
export async function findTask(source: TaskSource, key: TaskKey): Promise<TaskView | null> {
  const { partitions, bucketMs } = source.queue;
  const partition = partitionOf(key.orderingId, partitions);
  const bucket = bucketOf(key, bucketMs);
  const [row] = await source.store.findTasks({ partition, bucket, keys: [key] });
  return row === undefined ? null : taskView(row, { partition, isRunning: source.isRunning(key) });
}

/** Null for a row without a request, which is not a task. */
export function taskView(
  row: TaskRow,
  about: { partition: number; isRunning: boolean },
): TaskView | null {
  const { key, request, status } = row;
  if (request === null) return null;
  // A task that has just finished may still be in the executor's hands; what is stored is final.
  const isRunning = about.isRunning && !isFinished(status);
  return {
    key: formatTaskKey(key),
    type: request.type,
    orderingId: key.orderingId,
    scheduledTime: formatIso8601(key.scheduledTimeMs),
    uniquenessKey: key.uniquenessKey,
    status: isRunning ? "running" : (status?.status ?? "pending"),
    attempts: attemptsOf(row, isRunning),
    nextAttemptTime: isRunning ? null : nextAttemptTimeOf(row),
    lastError: status?.lastError ?? null,
    result: parsed(status?.resultJson ?? null),
    finishedTime: timeText(status?.finishedAtMs ?? null),
    data: parsed(request.dataJson),
    options: request.options,
    headers: request.headers,
    partition: about.partition,
    offset: request.offset,
    appendedTime: formatIso8601(request.appendedAtMs),
  };
}

function attemptsOf({ status }: TaskRow, isRunning: boolean): number {
  if (status === null) return isRunning ? 1 : 0;
  // The claim of the attempt that runs is in the journal, and in the row only when it takes long.
  const unseen = isRunning && !status.claimOpen ? 1 : 0;
  return status.attempts - status.withdrawn + unseen;
}

function nextAttemptTimeOf({ key, status }: TaskRow): string | null {
  return timeText(status === null ? key.scheduledTimeMs : status.nextAttemptAtMs);
}

function timeText(timeMs: number | null): string | null {
  return timeMs === null ? null : formatIso8601(timeMs);
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
