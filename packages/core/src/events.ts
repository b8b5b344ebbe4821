import type { TaskKey } from "./task.ts";

/** Why a record was counted and not persisted. */
export type DuplicateReason =
  /** The task has finished. */
  | "finished"
  /** An attempt of the task was claimed: its data are frozen. */
  | "claimed"
  /** The store or memory has a record of a higher or the same offset (a replay). */
  | "replayed"
  /** A later record of the same received batch has the same key. */
  | "superseded";

export type OutcomeKind = "succeeded" | "retry" | "failed" | "withdrawn";

interface OfPartition {
  readonly partition: number;
}

interface OfEpoch extends OfPartition {
  readonly epoch: number;
}

/** Everything worth knowing about a running system, as data. Times are in milliseconds. */
export type HoraeEvent =
  // Ownership
  | (OfEpoch & { readonly type: "leaseAcquired" })
  | (OfEpoch & {
      readonly type: "takeOverEnded";
      readonly openClaims: number;
      readonly elapsedMs: number;
    })
  | (OfEpoch & { readonly type: "leaseRenewed"; readonly elapsedMs: number })
  | (OfEpoch & { readonly type: "leaseSuspended" })
  | (OfEpoch & { readonly type: "leaseResumed" })
  /** A watcher has taken an expired lease before the group has named the next owner. */
  | (OfEpoch & { readonly type: "leaseAdopted" })
  /** `elapsedMs`: since the owner began to drain, and claims no more; handlers that ran are in it. */
  | (OfEpoch & { readonly type: "leaseReleased"; readonly elapsedMs: number })
  | (OfEpoch & { readonly type: "leaseLost" })
  | (OfPartition & {
      readonly type: "leaseRefused";
      readonly code: string;
      readonly message: string;
    })
  | (OfPartition & {
      readonly type: "partitionStopped";
      readonly code: string;
      readonly message: string;
    })
  // From the log into the store
  | (OfPartition & { readonly type: "recordsReceived"; readonly records: number })
  | (OfPartition & { readonly type: "tasksPersisted"; readonly tasks: number })
  | (OfPartition & {
      readonly type: "duplicatesDropped";
      readonly reason: DuplicateReason;
      readonly records: number;
    })
  | (OfPartition & {
      readonly type: "recordQuarantined";
      readonly offset: number;
      readonly reason: string;
    })
  | (OfPartition & {
      readonly type: "recordForwarded";
      readonly offset: number;
      readonly toPartition: number;
    })
  // From the store into memory
  | (OfPartition & { readonly type: "tasksLoaded"; readonly rows: number; readonly loaded: number })
  | (OfPartition & { readonly type: "tasksEvicted"; readonly tasks: number })
  | (OfPartition & { readonly type: "laneOverflowed"; readonly orderingId: string })
  | (OfPartition & { readonly type: "rowWithoutRequest"; readonly key: TaskKey })
  | (OfPartition & {
      readonly type: "summaryWritten";
      readonly bucket: number;
      readonly done: boolean;
    })
  // Attempts
  | (OfEpoch & { readonly type: "claimsAppended"; readonly claims: number })
  | (OfEpoch & {
      readonly type: "attemptStarted";
      readonly key: TaskKey;
      readonly taskType: string;
      readonly attempt: number;
      /**
       * First attempts: start - max(scheduledTime, appended_at). Later ones: start - next attempt.
       * Never negative.
       */
      readonly latenessMs: number;
      /** Part of the lateness spent behind an earlier task of the ordering id. */
      readonly laneWaitMs: number;
    })
  | (OfEpoch & {
      readonly type: "attemptEnded";
      readonly key: TaskKey;
      readonly taskType: string;
      readonly attempt: number;
      readonly outcome: OutcomeKind;
      /** Code of the error; null when the attempt succeeded. */
      readonly code: string | null;
      readonly durationMs: number;
    })
  /** So many handlers run on although they were given up that the node has to end. */
  | { readonly type: "runawaysReached"; readonly runaways: number }
  | (OfEpoch & { readonly type: "attemptRanAway"; readonly key: TaskKey; readonly attempt: number })
  | (OfEpoch & { readonly type: "outcomesRecorded"; readonly outcomes: number })
  /** The auditor has read a page. `overdueMs`: of the task that has been due for longest; 0: none is. */
  | (OfPartition & { readonly type: "audited"; readonly rows: number; readonly overdueMs: number })
  /** An unfinished, overdue task that nobody knew of: a bug. It is loaded now. */
  | (OfPartition & {
      readonly type: "taskForgotten";
      readonly key: TaskKey;
      readonly overdueMs: number;
    })
  /** Retention has removed the rows of a bucket. */
  | (OfPartition & { readonly type: "bucketDeleted"; readonly bucket: number })
  | (OfPartition & {
      readonly type: "handlerMissing";
      readonly taskType: string;
      readonly key: TaskKey;
    })
  // Trouble
  | {
      readonly type: "portFailed";
      /** Null: it concerns all partitions of the node. */
      readonly partition: number | null;
      readonly operation: string;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly type: "groupChanged";
      readonly state: string;
      readonly partitions: readonly number[];
    }
  | { readonly type: "unexpectedError"; readonly where: string; readonly error: unknown };
