import { HEADERS_BYTES_MAX } from "./limits.ts";
import type { RecordHeaders } from "./log-record.ts";
import type { TaskHeaders } from "./task.ts";
import { isFields } from "./task-fields.ts";
import type { TaskProblem } from "./task-problem.ts";
import { addProblem, memberPath } from "./task-problem.ts";
import { isWellFormed, utf8Length } from "./utf8.ts";

const HEADER_NAME = /^(?:traceparent|tracestate|horae-[A-Za-z0-9._-]{1,100})$/;

const NO_HEADERS: TaskHeaders = Object.freeze({});

/** The headers that a caller gives: anything but a task header is a problem. */
export function checkTaskHeaders(value: unknown, problems: TaskProblem[]): TaskHeaders {
  if (value === undefined) return NO_HEADERS;
  if (!isFields(value)) {
    addProblem(problems, { code: "FIELD_TYPE", path: "headers", expected: "an object" });
    return NO_HEADERS;
  }
  const headers: Record<string, string> = {};
  for (const name of Object.keys(value)) {
    const header = value[name];
    if (header === undefined) continue;
    const path = memberPath("headers", name);
    if (!HEADER_NAME.test(name)) {
      addProblem(problems, {
        code: "HEADERS_INVALID",
        path,
        expected: "the name traceparent, tracestate or horae-*",
      });
    } else if (typeof header !== "string" || !isWellFormed(header)) {
      addProblem(problems, {
        code: "HEADERS_INVALID",
        path,
        expected: "a string without lone surrogates",
      });
    } else {
      headers[name] = header;
    }
  }
  checkSize(headers, problems);
  return headers;
}

/**
 * The task's headers among those of a record. Others are no problem: brokers, proxies and tracing
 * agents add what they like.
 */
export function pickTaskHeaders(recorded: RecordHeaders, problems: TaskProblem[]): TaskHeaders {
  let headers: Record<string, string> | null = null;
  for (const name of Object.keys(recorded)) {
    if (HEADER_NAME.test(name)) (headers ??= {})[name] = recorded[name]!;
  }
  if (headers === null) return NO_HEADERS;
  checkSize(headers, problems);
  return headers;
}

function checkSize(headers: TaskHeaders, problems: TaskProblem[]): void {
  let bytes = 0;
  for (const name of Object.keys(headers)) bytes += name.length + utf8Length(headers[name]!);
  if (bytes <= HEADERS_BYTES_MAX) return;
  const expected = `at most ${HEADERS_BYTES_MAX} bytes of names and values together`;
  addProblem(problems, { code: "HEADERS_TOO_LARGE", path: "headers", expected });
}
