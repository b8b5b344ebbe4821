import type { LogRecord, RecordHeaders } from "../log-record.ts";

export interface AppendRequest {
  readonly partition: number;
  /** The ordering id in UTF-8. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: RecordHeaders;
}

export interface AppendAck {
  readonly partition: number;
  readonly offset: number;
}

/** The half of the log that a client needs. */
export interface LogAppender {
  /** Number of partitions of the queue; asks the log once. Throws `LOG_UNAVAILABLE`. */
  partitionCount(): Promise<number>;
  /**
   * Resolves when the record is durable (a quorum of brokers; a synced commit). Calls made while
   * a request is under way join the next one. Throws `LOG_UNAVAILABLE` (certain: not appended),
   * `APPEND_UNKNOWN` (may have been appended) or `RECORD_TOO_LARGE` (certain).
   */
  append(request: AppendRequest): Promise<AppendAck>;
  close(): Promise<void>;
}

/** What the log's group says now. Assignment is a hint: the lease decides who owns a partition. */
export interface GroupView {
  readonly partitions: readonly number[];
  /** Partitions of others whose leases this member watches. */
  readonly watched: readonly number[];
  /**
   * `joining`: a rebalance is under way, `partitions` is what was last assigned.
   * `settled`: a member of a settled group. `lost`: the group cannot be reached.
   */
  readonly state: "joining" | "settled" | "lost";
}

export interface GroupMembership {
  /** Leaves the group so that others are assigned this member's partitions. Idempotent. */
  leave(): Promise<void>;
}

export interface LogReader {
  /**
   * The next records in offset order; waits until there is at least one. Resolves with an empty
   * list only after `close()`. At most one call at a time. Throws `LOG_UNAVAILABLE` (try again)
   * or `LOG_GAP` (the wanted offset is not there any more).
   */
  read(limits: { recordsMax: number; bytesMax: number }): Promise<readonly LogRecord[]>;
  close(): Promise<void>;
}

export interface LogBounds {
  /** Offset of the oldest record that is still there (or of the next one, when empty). */
  readonly startOffset: number;
  /** Offset that the next record will get at the least. */
  readonly endOffset: number;
}

export interface QuarantineEntry {
  readonly record: LogRecord;
  /** Stable code that says what is wrong with the record. */
  readonly reason: string;
  readonly message: string;
}

/** The log as a node uses it. */
export interface Log extends LogAppender {
  /** Joins the queue's group; `onView` hears of each change, first when the group has answered. */
  join(onView: (view: GroupView) => void): Promise<GroupMembership>;
  bounds(partition: number): Promise<LogBounds>;
  /** Identity of the record at an offset (see `fingerprintOf`); null when there is none. */
  fingerprint(position: { partition: number; offset: number }): Promise<string | null>;
  /** Reads from the first record at or above `fromOffset`. */
  openReader(position: { partition: number; fromOffset: number }): LogReader;
  /** Everything up to `offset` is applied and checkpointed. Serves lag monitoring and trimming only. */
  markApplied(position: { partition: number; offset: number }): Promise<void>;
  /** Keeps a bad record, with reason. Repeating with the same partition and offset is harmless. */
  quarantine(entry: QuarantineEntry): Promise<void>;
}
