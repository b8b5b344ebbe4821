import type { HoraeEvent } from "@horae/core";
import { formatTaskKey } from "@horae/core";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/**
 * Level and message of each event. What happens once per task or per read is `debug`, whatever its
 * outcome: at a thousand tasks a second nothing else can be read. `warn` is for what an operator
 * should look at when it repeats, `error` for what does not heal by itself.
 */
const LINES: Readonly<Record<HoraeEvent["type"], readonly [LogLevel, string]>> = {
  leaseAcquired: ["debug", "lease acquired"],
  leaseAdopted: ["warn", "lease of a silent node adopted"],
  takeOverEnded: ["info", "partition taken over"],
  leaseRenewed: ["debug", "lease renewed"],
  leaseSuspended: ["warn", "lease not renewed in time: nothing is started"],
  leaseResumed: ["info", "lease renewed again"],
  leaseReleased: ["info", "lease released"],
  leaseLost: ["warn", "lease lost"],
  leaseRefused: ["error", "lease refused"],
  partitionStopped: ["error", "partition stopped"],
  recordsReceived: ["debug", "records received"],
  tasksPersisted: ["debug", "tasks persisted"],
  duplicatesDropped: ["debug", "duplicates dropped"],
  recordQuarantined: ["warn", "record quarantined"],
  recordForwarded: ["debug", "record forwarded"],
  tasksLoaded: ["debug", "tasks loaded"],
  tasksEvicted: ["debug", "tasks dropped from memory"],
  laneOverflowed: ["debug", "more tasks of an ordering id than memory holds"],
  rowWithoutRequest: ["debug", "row without a request"],
  summaryWritten: ["debug", "bucket summary written"],
  claimsAppended: ["debug", "attempts claimed"],
  attemptStarted: ["debug", "attempt started"],
  attemptEnded: ["debug", "attempt ended"],
  attemptRanAway: ["warn", "handler did not end after its signal had aborted"],
  runawaysReached: ["error", "too many handlers do not end: the node has to"],
  outcomesRecorded: ["debug", "outcomes recorded"],
  audited: ["debug", "rows audited"],
  taskForgotten: ["error", "an overdue task that nobody knew of: it is loaded"],
  bucketDeleted: ["debug", "bucket past its retention deleted"],
  handlerMissing: ["debug", "no handler for this type: the task waits"],
  portFailed: ["warn", "log or store failed: tried again"],
  groupChanged: ["info", "partitions assigned"],
  unexpectedError: ["error", "unexpected error"],
};

/** The level of an event's line. */
export function levelOf(event: HoraeEvent): LogLevel {
  return LINES[event.type][0];
}

/** An event as a line of the log. Ids stay values of fields: the writer of the line escapes them. */
export function logLineOf(event: HoraeEvent): LogLine {
  const [level, message] = LINES[event.type];
  const { type, ...rest } = event;
  const fields: Record<string, unknown> = { event: type, ...rest };
  if ("key" in event) fields["key"] = formatTaskKey(event.key);
  if (event.type === "unexpectedError") {
    delete fields["error"];
    fields["err"] = event.error;
  }
  return { level, fields, message };
}
