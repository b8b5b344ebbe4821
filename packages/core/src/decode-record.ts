import { checkJsonValue, dataTooDeep, dataTooLarge } from "./json-value.ts";
import { DATA_BYTES_MAX, DATA_LEVELS_MAX, WIRE_VERSION } from "./limits.ts";
import type { LogRecord } from "./log-record.ts";
import type { TaskKey, TaskRequest } from "./task.ts";
import type { Fields } from "./task-fields.ts";
import { checkId, checkScheduledTime, checkString, checkType, isFields } from "./task-fields.ts";
import { pickTaskHeaders } from "./task-headers.ts";
import { checkTaskOptions } from "./task-options.ts";
import type { TaskProblem, TaskProblemCode } from "./task-problem.ts";
import { addProblem, describeProblems, memberPath } from "./task-problem.ts";
import { decodeUtf8, equalsUtf8, utf8Length } from "./utf8.ts";
import { scanRecord } from "./scan-record.ts";

/**
 * Reads a record of unknown origin. It throws nothing: a record that is refused is an outcome (it
 * goes to the quarantine). `nowMs` is epoch milliseconds at first receipt; null (a replay, or a
 * caller that asks `isBeyondHorizon` itself) leaves the horizon unchecked.
 */
export function decodeRecord(record: LogRecord, context: { nowMs: number | null }): DecodedRecord {
  if (record.value === null) return refuse("VALUE_MISSING", "", "a value");
  const text = decodeUtf8(record.value);
  if (text === null) return refuse("RECORD_NOT_UTF8", "", "valid UTF-8");
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return refuse("RECORD_NOT_JSON", "", "JSON");
  }
  if (!isFields(fields)) return refuse("RECORD_NOT_OBJECT", "", "a JSON object");
  const problems: TaskProblem[] = [];
  checkVersion(fields["version"], problems);
  checkCommand(fields["command"], problems);
  // What another version or command means by the other fields is not known here.
  if (problems.length > 0) return refuseFor(problems);
  return decodeSchedule(record, { text, fields }, context.nowMs);
}

export type DecodedRecord =
  | {
      readonly ok: true;
      readonly command: "schedule";
      readonly key: TaskKey;
      readonly request: TaskRequest;
    }
  | RefusedRecord;

/** What is wrong with a record: code and path of its first problem, and a line about all. */
export interface RefusedRecord {
  readonly ok: false;
  readonly code: TaskProblemCode;
  readonly path: string;
  readonly message: string;
}

function checkVersion(version: unknown, problems: TaskProblem[]): void {
  if (version === WIRE_VERSION) return;
  const expected = `an integer from 1 to ${WIRE_VERSION}`;
  if (version === undefined)
    addProblem(problems, { code: "FIELD_MISSING", path: "version", expected });
  else if (Number.isInteger(version)) {
    addProblem(problems, { code: "VERSION_UNSUPPORTED", path: "version", expected });
  } else addProblem(problems, { code: "FIELD_TYPE", path: "version", expected });
}

function checkCommand(command: unknown, problems: TaskProblem[]): void {
  if (!checkString(command, "command", problems) || command === "schedule") return;
  addProblem(problems, { code: "COMMAND_UNKNOWN", path: "command", expected: '"schedule"' });
}

function decodeSchedule(
  record: LogRecord,
  { text, fields }: { readonly text: string; readonly fields: Fields },
  nowMs: number | null,
): DecodedRecord {
  const problems: TaskProblem[] = [];
  const orderingId = checkId(fields["orderingId"], "orderingId", problems);
  const scheduledTimeMs = checkScheduledTime(fields["scheduledTime"], nowMs, problems);
  const uniquenessKey = checkId(fields["uniquenessKey"], "uniquenessKey", problems);
  const type = checkType(fields["type"], problems);
  const dataJson = checkText(text, fields, problems);
  const options = checkTaskOptions(fields["options"], problems);
  checkNames(fields, problems);
  const headers = pickTaskHeaders(record.headers, problems);
  if (orderingId !== null) checkMessageKey(record.key, orderingId, problems);
  if (
    problems.length > 0 ||
    orderingId === null ||
    scheduledTimeMs === null ||
    uniquenessKey === null ||
    type === null
  ) {
    return refuseFor(problems);
  }
  const { offset, timestampMs: appendedAtMs } = record;
  return {
    ok: true,
    command: "schedule",
    key: { scheduledTimeMs, orderingId, uniquenessKey },
    request: { type, dataJson, options, headers, appendedAtMs, offset },
  };
}

/** Checks what only the text of the record tells, and answers the text of `data`. */
function checkText(text: string, fields: Fields, problems: TaskProblem[]): string {
  const { dataJson, dataLevels, members, suspicious } = scanRecord(text);
  if (members !== Object.keys(fields).length) {
    addProblem(problems, { code: "FIELD_DUPLICATE", path: "", expected: "each field once" });
  }
  if (dataJson === null) return "null";
  if (dataJson.length > DATA_BYTES_MAX || utf8Length(dataJson) > DATA_BYTES_MAX) {
    addProblem(problems, dataTooLarge("data"));
  } else if (dataLevels > DATA_LEVELS_MAX) {
    addProblem(problems, dataTooDeep("data"));
  } else if (suspicious) {
    checkJsonValue(fields["data"], "data", problems);
  }
  return dataJson;
}

function checkNames(fields: Fields, problems: TaskProblem[]): void {
  for (const name of Object.keys(fields)) {
    switch (name) {
      case "version":
      case "command":
      case "orderingId":
      case "scheduledTime":
      case "uniquenessKey":
      case "type":
      case "data":
      case "options":
        break;
      default:
        addProblem(problems, {
          code: "FIELD_UNKNOWN",
          path: memberPath("", name),
          expected: "no such field",
        });
    }
  }
}

/** The log has chosen the partition by the message key: with another key, order would be lost. */
function checkMessageKey(
  key: Uint8Array | null,
  orderingId: string,
  problems: TaskProblem[],
): void {
  if (key === null)
    addProblem(problems, { code: "KEY_MISSING", path: "", expected: "a message key" });
  else if (!equalsUtf8(key, orderingId)) {
    addProblem(problems, {
      code: "KEY_MISMATCH",
      path: "",
      expected: "the ordering id in UTF-8 as message key",
    });
  }
}

function refuse(code: TaskProblemCode, path: string, expected: string): RefusedRecord {
  return refuseFor([{ code, path, expected }]);
}

function refuseFor(problems: readonly TaskProblem[]): RefusedRecord {
  const { code, path } = problems[0]!;
  return { ok: false, code, path, message: describeProblems(problems) };
}
