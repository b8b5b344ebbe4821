import { jsonTextOf } from "./json-value.ts";
import type { Random } from "./ports/random.ts";
import type { TaskHeaders, TaskKey, TaskOptions } from "./task.ts";
import { checkId, checkScheduledTime, checkType, isFields } from "./task-fields.ts";
import { checkTaskHeaders } from "./task-headers.ts";
import { checkTaskOptions } from "./task-options.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem, memberPath } from "./task-problem.ts";

/** A task that may be scheduled, in the form in which it travels. */
export interface ValidTask {
  readonly key: TaskKey;
  readonly type: string;
  /** JSON text; `null` when the caller gave no data. */
  readonly dataJson: string;
  /** Only what the caller gave. */
  readonly options: TaskOptions;
  readonly headers: TaskHeaders;
}

export type TaskValidation =
  | { readonly ok: true; readonly task: ValidTask }
  | { readonly ok: false; readonly problems: readonly TaskProblem[] };

export interface ValidationContext {
  /** Wall clock, epoch milliseconds, for the horizon; null leaves the upper bound unchecked. */
  readonly nowMs: number | null;
  /** Makes the uniqueness key of a task that has none. */
  readonly random: Random;
}

const FIELD_NAMES: readonly string[] = [
  "orderingId",
  "scheduledTime",
  "uniquenessKey",
  "type",
  "data",
  "options",
  "headers",
];

/**
 * Checks what a caller of `scheduleTask()` gives, and reports every problem, not only the first
 * (at most `PROBLEMS_MAX`). A field that is undefined counts as absent. Throws nothing of its own.
 */
export function validateTask(input: unknown, context: ValidationContext): TaskValidation {
  const problems: TaskProblem[] = [];
  if (!isFields(input)) {
    addProblem(problems, { code: "FIELD_TYPE", path: "", expected: "an object" });
    return { ok: false, problems };
  }
  const orderingId = checkId(input["orderingId"], "orderingId", problems);
  const scheduledTimeMs = checkScheduledTime(input["scheduledTime"], context.nowMs, problems);
  const uniquenessKey =
    input["uniquenessKey"] === undefined
      ? context.random.token()
      : checkId(input["uniquenessKey"], "uniquenessKey", problems);
  const type = checkType(input["type"], problems);
  const dataJson =
    input["data"] === undefined ? "null" : jsonTextOf(input["data"], "data", problems);
  const options = checkTaskOptions(input["options"], problems);
  const headers = checkTaskHeaders(input["headers"], problems);
  for (const name of Object.keys(input)) {
    if (!FIELD_NAMES.includes(name)) {
      addProblem(problems, {
        code: "FIELD_UNKNOWN",
        path: memberPath("", name),
        expected: "no such field",
      });
    }
  }
  if (
    problems.length > 0 ||
    orderingId === null ||
    scheduledTimeMs === null ||
    uniquenessKey === null ||
    type === null ||
    dataJson === null
  ) {
    return { ok: false, problems };
  }
  const key = { scheduledTimeMs, orderingId, uniquenessKey };
  return { ok: true, task: { key, type, dataJson, options, headers } };
}
