import type { JournalPosition, JournalRow } from "../journal.ts";
import type { BucketSummary, IndexedSummary } from "../summary.ts";
import type { StatusCells, TaskKey, TaskRequest, TaskRow } from "../task.ts";

/** Rows of one bucket, written with one timestamp. The adapter splits them as its store needs. */
export interface PersistTasks {
  readonly partition: number;
  readonly bucket: number;
  /** Microseconds, from the owner's granted range. */
  readonly timestamp: number;
  readonly rows: readonly { readonly key: TaskKey; readonly request: TaskRequest }[];
}

export interface RecordStatuses {
  readonly partition: number;
  readonly bucket: number;
  readonly timestamp: number;
  readonly rows: readonly { readonly key: TaskKey; readonly status: StatusCells }[];
}

export interface LoadTasks {
  readonly partition: number;
  readonly bucket: number;
  /** Inclusive. */
  readonly from: TaskKey;
  /** Exclusive; null is the end of the bucket. */
  readonly to: TaskKey | null;
  /** At most this many rows, 1 or more. */
  readonly rowsMax: number;
}

export interface DeadLetter {
  /** `finishedAtMs` of the failed row; with the task key the letter's key. */
  readonly failedAtMs: number;
  readonly key: TaskKey;
  readonly request: TaskRequest;
  readonly status: StatusCells;
}

export interface QueueSettings {
  readonly partitions: number;
  /** Width of a bucket, milliseconds. */
  readonly bucketMs: number;
}

/**
 * Rows of one queue. Every write carries an explicit timestamp, and per group of cells (request,
 * status, summary, journal row, dead letter) the highest timestamp wins whatever the order of
 * arrival: that is the fence between owners. Repeating a write is harmless. All methods throw
 * `STORE_UNAVAILABLE` (certain: not written) or `STORE_UNKNOWN` (may have been written); both may
 * be repeated with the same timestamp.
 */
export interface TaskStore {
  /** Writes the request cells only, never a status. */
  persistTasks(write: PersistTasks): Promise<void>;
  /** Writes all status cells of each row. */
  recordStatuses(write: RecordStatuses): Promise<void>;
  /** Rows in key order, those without request cells included. */
  loadTasks(read: LoadTasks): Promise<readonly TaskRow[]>;
  /** The rows that exist, in the order of `keys`. */
  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]>;

  /** Summaries in bucket order from `fromBucket` (inclusive) to `toBucket` (inclusive; null: no end). */
  loadSummaries(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]>;
  findSummary(read: { partition: number; bucket: number }): Promise<BucketSummary | null>;
  writeSummary(write: {
    partition: number;
    bucket: number;
    timestamp: number;
    summary: BucketSummary;
  }): Promise<void>;

  appendClaims(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void>;
  /** Journal rows at or above `from`, in order. */
  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]>;
  /** Deletes the journal rows below `below`. */
  trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void>;

  writeDeadLetter(write: {
    partition: number;
    timestamp: number;
    letter: DeadLetter;
  }): Promise<void>;
  /** Dead letters in order of failure from `fromMs` (inclusive) to `toMs` (exclusive). */
  loadDeadLetters(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]>;

  /** Deletes all rows of a bucket that are not newer than `timestamp`. */
  deleteBucketTasks(write: { partition: number; bucket: number; timestamp: number }): Promise<void>;
  /** Deletes a bucket's summary unless it is newer than `timestamp`. */
  deleteSummary(write: { partition: number; bucket: number; timestamp: number }): Promise<void>;

  /** Stores the settings if the queue has none yet; answers those that hold. */
  ensureQueueSettings(settings: QueueSettings): Promise<QueueSettings>;
}
