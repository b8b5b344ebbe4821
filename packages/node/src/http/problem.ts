import type { HoraeErrorCode, TaskProblem } from "@horae/core";
import type { OutcomeView } from "./outcome-view.ts";

/** Codes of the HTTP interface's own problems, beside those of HoraeError. Stable. */
export type HttpProblemCode =
  | HoraeErrorCode
  | "BODY_NOT_UTF8"
  | "BODY_NOT_JSON"
  | "BODY_TOO_LARGE"
  | "MEDIA_TYPE_UNSUPPORTED"
  | "ROUTE_UNKNOWN"
  | "UNAUTHORIZED"
  | "TASK_UNKNOWN";

/** A problem as RFC 9457 has it, with a stable code. */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code: HttpProblemCode;
  readonly detail: string;
  /** What is wrong with a task, everything at once. */
  readonly problems?: readonly TaskProblem[];
  /** The key of the task; after `APPEND_UNKNOWN`, repeating with its uniqueness key is safe. */
  readonly key?: string;
  /** False when the task may have been appended all the same. */
  readonly certain?: boolean;
  /** Of a batch that was appended in part: what became of each task, in order. */
  readonly outcomes?: readonly OutcomeView[];
}

export const PROBLEM_MEDIA_TYPE = "application/problem+json; charset=utf-8";

/** Thrown inside a route; the error handler sends it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

const STATUSES: Partial<Record<HoraeErrorCode, readonly [number, string]>> = {
  TASK_INVALID: [400, "The task is not valid"],
  RECORD_TOO_LARGE: [413, "The task is too large"],
  CLIENT_SATURATED: [429, "Too many tasks at once"],
  LOG_UNAVAILABLE: [503, "The log is not available"],
  APPEND_UNKNOWN: [503, "The log did not say whether it has the task"],
  CLIENT_CLOSED: [503, "The node is stopping"],
  REQUEST_INVALID: [400, "The request is not valid"],
  STORE_UNAVAILABLE: [503, "The store is not available"],
};

interface ErrorFields {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly certain?: unknown;
  readonly details?: { readonly problems?: unknown; readonly key?: unknown };
}

/** What a caller is told about an error. An error that nobody foresaw shows nothing of itself. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { code, message, statusCode, certain, details } = (error ?? {}) as ErrorFields;
  const known = typeof code === "string" ? STATUSES[code as HoraeErrorCode] : undefined;
  if (known !== undefined) {
    return {
      status: known[0],
      title: known[1],
      code: code as HoraeErrorCode,
      detail: String(message),
      ...(Array.isArray(details?.problems) && { problems: details.problems as TaskProblem[] }),
      ...(typeof details?.key === "string" && { key: details.key }),
      ...(certain === false && { certain }),
    };
  }
  if (statusCode === 413) {
    return { status: 413, title: "Too large", code: "BODY_TOO_LARGE", detail: String(message) };
  }
  if (statusCode === 415) {
    const detail = "send application/json";
    return { status: 415, title: "Not JSON", code: "MEDIA_TYPE_UNSUPPORTED", detail };
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    const title = "The request is not valid";
    return { status: statusCode, title, code: "REQUEST_INVALID", detail: String(message) };
  }
  return { status: 500, title: "Internal error", code: "INTERNAL", detail: "see the node's log" };
}
