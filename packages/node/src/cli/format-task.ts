import type { TaskView } from "../listing/task-view.ts";
import { printable } from "./printable.ts";

/** A task for people: one line per thing worth knowing. */
export function formatTask(task: TaskView): string {
  const { lastError, result, options, headers } = task;
  const lines: (readonly [name: string, value: string | null])[] = [
    ["key", task.key],
    ["type", task.type],
    ["status", task.status],
    ["attempts", String(task.attempts)],
    ["next attempt", task.nextAttemptTime],
    ["finished", task.finishedTime],
    ["last error", lastError === null ? null : `${lastError.code}: ${lastError.message}`],
    ["result", result === null ? null : JSON.stringify(result)],
    ["data", JSON.stringify(task.data)],
    ["options", isEmpty(options) ? null : JSON.stringify(options)],
    ["headers", isEmpty(headers) ? null : JSON.stringify(headers)],
    ["appended", `${task.appendedTime}, partition ${task.partition}, offset ${task.offset}`],
  ];
  return lines
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.padEnd(14)}${printable(value!)}\n`)
    .join("");
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}
