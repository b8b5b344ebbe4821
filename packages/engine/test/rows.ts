import type { StatusCells, TaskKey, TaskOptions, TaskRequest } from "@horae/core";
import { LoadedTask } from "../src/loaded-task.ts";

/** A key of ordering id `a` unless said otherwise. */
export function keyOf(scheduledTimeMs: number, uniquenessKey = "u", orderingId = "a"): TaskKey {
  return { scheduledTimeMs, orderingId, uniquenessKey };
}

export function requestOf(fields: Partial<TaskRequest> = {}): TaskRequest {
  return {
    type: "t",
    dataJson: "null",
    options: {},
    headers: {},
    appendedAtMs: 0,
    offset: 0,
    ...fields,
  };
}

export function statusOf(fields: Partial<StatusCells> = {}): StatusCells {
  return {
    status: "retrying",
    attempts: 1,
    withdrawn: 0,
    claimOpen: false,
    nextAttemptAtMs: null,
    lastError: null,
    resultJson: null,
    finishedAtMs: null,
    ...fields,
  };
}

export function loadedTask(
  key: TaskKey,
  fields: { options?: TaskOptions; status?: StatusCells; offset?: number } = {},
): LoadedTask {
  const request = requestOf({ options: fields.options ?? {}, offset: fields.offset ?? 0 });
  return new LoadedTask(key, request, fields.status ?? null);
}
