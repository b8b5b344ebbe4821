/** Identity and sort order of a task. Keys compare by time, then by the UTF-8 bytes of the ids. */
export interface TaskKey {
  /** Epoch milliseconds, a safe integer >= 0. */
  readonly scheduledTimeMs: number;
  /** The user's serial scope and the message key on the log; 1-255 bytes of UTF-8. */
  readonly orderingId: string;
  /** Distinguishes tasks of one ordering id at one time; 1-255 bytes of UTF-8. */
  readonly uniquenessKey: string;
}

/** What happens to later tasks of an ordering id while one waits for its next attempt. */
export type OnRetry = "block" | "skip";

export interface BackoffOptions {
  /** Delay before the second attempt, in milliseconds. Default 1,000. */
  readonly initialMs?: number;
  /** Growth per attempt. Default 2. */
  readonly factor?: number;
  /** Longest delay, in milliseconds. Default 600,000. */
  readonly maxMs?: number;
  /** Random share of the delay, 0 to 1. Default 0.1. */
  readonly jitter?: number;
}

/** Options of a task as a caller gives them; what is absent takes its default when it is used. */
export interface TaskOptions {
  /** 1 to 1,000. Default 5. */
  readonly maxAttempts?: number;
  /** Milliseconds, up to 7 days. Default 300,000. */
  readonly attemptTimeoutMs?: number;
  /** Default `block`. */
  readonly onRetry?: OnRetry;
  readonly backoff?: BackoffOptions;
}

export interface ResolvedTaskOptions {
  readonly maxAttempts: number;
  readonly attemptTimeoutMs: number;
  readonly onRetry: OnRetry;
  readonly backoff: Required<BackoffOptions>;
}

export const DEFAULT_TASK_OPTIONS: ResolvedTaskOptions = Object.freeze({
  maxAttempts: 5,
  attemptTimeoutMs: 300_000,
  onRetry: "block",
  backoff: Object.freeze({ initialMs: 1_000, factor: 2, maxMs: 600_000, jitter: 0.1 }),
});

/** Fills in the defaults. A task without options, the usual one, costs no object. */
export function resolveTaskOptions(options: TaskOptions): ResolvedTaskOptions {
  if (Object.keys(options).length === 0) return DEFAULT_TASK_OPTIONS;
  return {
    ...DEFAULT_TASK_OPTIONS,
    ...options,
    backoff: { ...DEFAULT_TASK_OPTIONS.backoff, ...options.backoff },
  };
}

/** Metadata that travels beside a task (`traceparent`, `tracestate`, `horae-*`); never identity. */
export type TaskHeaders = Readonly<Record<string, string>>;

/**
 * The request part of a task: everything a schedule record says, and where the log has it.
 * `dataJson` is JSON text; it stays text until the handler is called, so that it costs one parse.
 */
export interface TaskRequest {
  readonly type: string;
  readonly dataJson: string;
  readonly options: TaskOptions;
  readonly headers: TaskHeaders;
  /** When the log took the record, epoch milliseconds. */
  readonly appendedAtMs: number;
  /** Offset of the record in the log's partition. */
  readonly offset: number;
}

/** What is stored about a task once something happened to it; no status means pending. */
export type StoredStatus = "retrying" | "succeeded" | "failed";

export interface AttemptError {
  readonly code: string;
  readonly message: string;
}

/** All status cells of a row. They are written together, with one timestamp, or not at all. */
export interface StatusCells {
  readonly status: StoredStatus;
  /** The highest attempt number that was ever claimed. Numbers only grow. */
  readonly attempts: number;
  /** How many of those were given back before they started and do not count against `maxAttempts`. */
  readonly withdrawn: number;
  /** True while the latest attempt has no outcome yet: after a crash the task is a suspect. */
  readonly claimOpen: boolean;
  /** Epoch milliseconds; null when no further attempt is due. */
  readonly nextAttemptAtMs: number | null;
  readonly lastError: AttemptError | null;
  /** JSON text of what the handler returned; null when there is none. */
  readonly resultJson: string | null;
  /** Epoch milliseconds; null while unfinished. For a failed task it is also its dead letter's key. */
  readonly finishedAtMs: number | null;
}

/** A row of the store. A row without request is not a task (an update that met no row). */
export interface TaskRow {
  readonly key: TaskKey;
  readonly request: TaskRequest | null;
  readonly status: StatusCells | null;
}

export function isFinished(status: StatusCells | null): boolean {
  return status !== null && status.status !== "retrying";
}
