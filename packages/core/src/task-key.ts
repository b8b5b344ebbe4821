import { formatIso8601 } from "./iso8601.ts";
import type { TaskKey } from "./task.ts";
import { checkId, checkScheduledTime } from "./task-fields.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem, taskInvalid } from "./task-problem.ts";
import { compareUtf8 } from "./utf8.ts";

/** Negative, 0 or positive. The order of the store: by time, then by the UTF-8 bytes of the ids. */
export function compareTaskKeys(a: TaskKey, b: TaskKey): number {
  return (
    a.scheduledTimeMs - b.scheduledTimeMs ||
    compareUtf8(a.orderingId, b.orderingId) ||
    compareUtf8(a.uniquenessKey, b.uniquenessKey)
  );
}

/** A bound, not a task: sorts before every key of that instant and after every earlier one. */
export function lowerBoundKey(timeMs: number): TaskKey {
  return { scheduledTimeMs: timeMs, orderingId: "", uniquenessKey: "" };
}

/** The smallest key above `key`: ids hold no NUL, so nothing lies in between. */
export function keyAfter(key: TaskKey): TaskKey {
  return { ...key, uniquenessKey: `${key.uniquenessKey}\u0000` };
}

/** A short exact text for Map keys, of no other use; ids hold no NUL, so that it is unambiguous. */
export function taskKeyToken(key: TaskKey): string {
  return `${key.scheduledTimeMs}/${key.orderingId}\u0000${key.uniquenessKey}`;
}

/**
 * The key for people, logs, command line and URLs: `2026-12-01T09:00:00.000Z/customer-42/invoice-7`,
 * ids as encodeURIComponent writes them. Throws `TASK_INVALID` for a time outside the years 0000 to
 * 9999, which no valid key has.
 */
export function formatTaskKey(key: TaskKey): string {
  const { scheduledTimeMs, orderingId, uniquenessKey } = key;
  const ids = `${encodeURIComponent(orderingId)}/${encodeURIComponent(uniquenessKey)}`;
  return `${formatIso8601(scheduledTimeMs)}/${ids}`;
}

/**
 * Reads what `formatTaskKey` writes, and what people make of it: any time of `parseIso8601`, more
 * or less percent-encoding than needed. Throws `TASK_INVALID`; `details.problems` says where.
 */
export function parseTaskKey(text: string): TaskKey {
  const problems: TaskProblem[] = [];
  const parts = text.split("/");
  const decoded = parts.map(decodePart);
  if (parts.length !== 3 || decoded.includes(null)) {
    const expected = "<scheduled time>/<ordering id>/<uniqueness key>, percent-encoded";
    addProblem(problems, { code: "FIELD_TYPE", path: "key", expected });
    throw taskInvalid(problems);
  }
  const scheduledTimeMs = checkScheduledTime(decoded[0], null, problems);
  const orderingId = checkId(decoded[1], "orderingId", problems);
  const uniquenessKey = checkId(decoded[2], "uniquenessKey", problems);
  if (scheduledTimeMs === null || orderingId === null || uniquenessKey === null) {
    throw taskInvalid(problems);
  }
  return { scheduledTimeMs, orderingId, uniquenessKey };
}

function decodePart(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
