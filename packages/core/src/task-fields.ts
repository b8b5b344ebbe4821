import { isBeyondHorizon } from "./horizon.ts";
import { parseIso8601 } from "./iso8601.ts";
import { ID_BYTES_MAX, NAME_PATTERN, SCHEDULED_TIME_MAX_MS } from "./limits.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem } from "./task-problem.ts";
import { isWellFormed, utf8Length } from "./utf8.ts";

/** An object of unknown origin. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when there is a string; else a problem is added. */
export function checkString(
  value: unknown,
  path: string,
  problems: TaskProblem[],
): value is string {
  if (typeof value === "string") return true;
  if (value === undefined)
    addProblem(problems, { code: "FIELD_MISSING", path, expected: "a string" });
  else addProblem(problems, { code: "FIELD_TYPE", path, expected: "a string" });
  return false;
}

/** Each checker answers the value, or null after adding a problem. */
export function checkType(value: unknown, problems: TaskProblem[]): string | null {
  if (!checkString(value, "type", problems)) return null;
  if (NAME_PATTERN.test(value)) return value;
  addProblem(problems, {
    code: "TYPE_INVALID",
    path: "type",
    expected: `a name that matches ${NAME_PATTERN.source}`,
  });
  return null;
}

export function checkId(value: unknown, path: string, problems: TaskProblem[]): string | null {
  if (!checkString(value, path, problems)) return null;
  if (isId(value)) return value;
  const expected = `1 to ${ID_BYTES_MAX} bytes of UTF-8, no NUL, no lone surrogates, not "." or ".."`;
  addProblem(problems, { code: "ID_INVALID", path, expected });
  return null;
}

/** True for what may be an ordering id or a uniqueness key. */
export function isId(text: string): boolean {
  if (text === "" || text === "." || text === ".." || text.length > ID_BYTES_MAX) return false;
  return isWellFormed(text) && !text.includes("\u0000") && utf8Length(text) <= ID_BYTES_MAX;
}

/**
 * The time in epoch milliseconds. Takes an ISO 8601 text, an integer or a Date; `nowMs` null
 * leaves the horizon unchecked.
 */
export function checkScheduledTime(
  value: unknown,
  nowMs: number | null,
  problems: TaskProblem[],
): number | null {
  const path = "scheduledTime";
  const timeMs = timeOf(value);
  if (timeMs === undefined) {
    const expected = "an ISO 8601 time or epoch milliseconds";
    addProblem(problems, {
      code: value === undefined ? "FIELD_MISSING" : "FIELD_TYPE",
      path,
      expected,
    });
    return null;
  }
  if (timeMs === null || !Number.isInteger(timeMs)) {
    const expected =
      "a time that exists, YYYY-MM-DDThh:mm:ss with Z or offset and at most 3 fraction digits, or integer epoch milliseconds";
    addProblem(problems, { code: "TIME_INVALID", path, expected });
    return null;
  }
  if (timeMs < 0 || timeMs > SCHEDULED_TIME_MAX_MS) {
    addProblem(problems, { code: "TIME_OUT_OF_RANGE", path, expected: "a time from 1970 to 9999" });
    return null;
  }
  if (nowMs !== null && isBeyondHorizon({ scheduledTimeMs: timeMs }, nowMs)) {
    addProblem(problems, {
      code: "TIME_OUT_OF_RANGE",
      path,
      expected: "a time at most ten years from now",
    });
    return null;
  }
  // Not -0: it would be another key to Object.is and to a Map.
  return timeMs + 0;
}

/** Null: the right type and no time. Undefined: another type. */
function timeOf(value: unknown): number | null | undefined {
  if (typeof value === "string") return parseIso8601(value);
  if (typeof value === "number") return value;
  return isDate(value) ? value.getTime() : undefined;
}

function isDate(value: unknown): value is Date {
  // Not instanceof: a Date of another realm (a vm context) counts.
  return Object.prototype.toString.call(value) === "[object Date]";
}
