import {
  formatTaskKey,
  type HandlerTask,
  type HoraeEvent,
  type OutcomeKind,
  type StatusCells,
} from "@horae/core";
import type { LoadedTask } from "./loaded-task.ts";
import type { OwnerContext } from "./owner-context.ts";

/** What a handler gets to see of a task. */
export function handlerTaskOf({ key, request }: LoadedTask): HandlerTask {
  return {
    key: formatTaskKey(key),
    type: request.type,
    orderingId: key.orderingId,
    scheduledTime: new Date(key.scheduledTimeMs),
    uniquenessKey: key.uniquenessKey,
    data: JSON.parse(request.dataJson) as unknown,
    headers: request.headers,
  };
}

/** `headSinceMs`: when the task became the head of its lane. */
export function attemptStarted(
  context: OwnerContext,
  task: LoadedTask,
  headSinceMs: number,
): HoraeEvent {
  // Lateness of a first attempt starts when the log had the task; that of a later one when it was due.
  const isFirst = task.status === null;
  const fromMs = isFirst ? Math.max(task.dueAtMs, task.request.appendedAtMs) : task.dueAtMs;
  const latenessMs = Math.max(0, context.clock.nowMs() - fromMs);
  return {
    type: "attemptStarted",
    ...attemptOf(context, task),
    latenessMs,
    laneWaitMs: Math.min(latenessMs, Math.max(0, headSinceMs - fromMs)),
  };
}

export function attemptEnded(
  context: OwnerContext,
  ended: { task: LoadedTask; status: StatusCells; startedMs: number },
): HoraeEvent {
  const { task, status, startedMs } = ended;
  const outcome: OutcomeKind = status.status === "retrying" ? "retry" : status.status;
  return {
    type: "attemptEnded",
    ...attemptOf(context, task),
    outcome,
    code: status.lastError?.code ?? null,
    durationMs: context.clock.monotonicMs() - startedMs,
  };
}

export function attemptRanAway({ partition, epoch }: OwnerContext, task: LoadedTask): HoraeEvent {
  return { type: "attemptRanAway", partition, epoch, key: task.key, attempt: task.attempts };
}

function attemptOf(
  { partition, epoch }: OwnerContext,
  task: LoadedTask,
): Pick<
  Extract<HoraeEvent, { type: "attemptStarted" }>,
  "partition" | "epoch" | "key" | "taskType" | "attempt"
> {
  return { partition, epoch, key: task.key, taskType: task.request.type, attempt: task.attempts };
}
