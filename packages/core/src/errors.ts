/**
 * Every code an error of Horae can carry. Codes are stable: programs may switch on them.
 * Codes of bad input (why a record or a call was refused) are in `TaskProblemCode`.
 */
export type HoraeErrorCode =
  | "TASK_INVALID"
  | "SETTINGS_INVALID"
  | "LOG_UNAVAILABLE"
  | "LOG_GAP"
  | "RECORD_TOO_LARGE"
  | "APPEND_UNKNOWN"
  | "CLIENT_SATURATED"
  | "CLIENT_CLOSED"
  | "STORE_UNAVAILABLE"
  | "STORE_UNKNOWN"
  | "QUEUE_SETTINGS_MISMATCH"
  | "QUEUE_UNKNOWN"
  | "REQUEST_INVALID"
  | "DIRECTORY_IN_USE"
  | "CLOCK_AHEAD"
  | "LEASE_LOST"
  | "RUNAWAYS_MAX"
  | "TASK_FAILED"
  | "RETRY_LATER"
  | "INTERNAL";

export interface HoraeErrorFields {
  /** Ids and values that a program may want; never the data of a task. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** False when the refused operation may have happened all the same. Default true. */
  readonly certain?: boolean;
  /** True when the same call may succeed later. Default false. */
  readonly retryable?: boolean;
}

/** The one error class of Horae. Tell errors apart by `code`, not by class: packages may be loaded twice. */
export class HoraeError extends Error {
  readonly code: HoraeErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly certain: boolean;
  readonly retryable: boolean;

  constructor(code: HoraeErrorCode, message: string, fields: HoraeErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "HoraeError";
    this.code = code;
    this.details = fields.details ?? {};
    this.certain = fields.certain ?? true;
    this.retryable = fields.retryable ?? false;
  }
}

/** Thrown by a handler: the task fails now, whatever attempts are left. */
export class TaskFailedError extends HoraeError {
  constructor(message: string, fields: HoraeErrorFields = {}) {
    super("TASK_FAILED", message, fields);
    this.name = "TaskFailedError";
  }
}

/** Thrown by a handler: the next attempt is due after `delayMs` (0 to 2^31-1). The attempt counts. */
export class RetryLaterError extends HoraeError {
  readonly delayMs: number;

  constructor(options: { delayMs: number; message?: string; cause?: unknown }) {
    super("RETRY_LATER", options.message ?? `retry in ${options.delayMs} ms`, {
      cause: options.cause,
    });
    this.name = "RetryLaterError";
    this.delayMs = options.delayMs;
  }
}

/** True for an error of Horae with one of these codes, whichever copy of the class made it. */
export function hasCode(error: unknown, ...codes: HoraeErrorCode[]): boolean {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && (codes as string[]).includes(code);
}

/** For bugs: a thing that cannot be is. Ends the partition or the process, never a task. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new HoraeError("INTERNAL", message);
}
