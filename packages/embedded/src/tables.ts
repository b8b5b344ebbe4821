import type {
  BucketSummary,
  Claim,
  DeadLetter,
  Lease,
  RecordHeaders,
  StoredStatus,
  TaskHeaders,
  TaskOptions,
} from "@horae/core";
import type { LmdbFile, LmdbTable } from "./lmdb.ts";

/** Key: partition, offset. */
export type LogRow = readonly [
  timestampMs: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders,
];

/** Key: partition, bucket, task key. Finishing a task does not touch it: its data are not rewritten. */
export type RequestRow = readonly [
  timestamp: number,
  type: string,
  dataJson: string,
  options: TaskOptions,
  headers: TaskHeaders,
  appendedAtMs: number,
  offset: number,
];

/** Key: partition, bucket, task key. */
export type StatusRow = readonly [
  timestamp: number,
  status: StoredStatus,
  attempts: number,
  withdrawn: number,
  claimOpen: boolean,
  nextAttemptAtMs: number | null,
  errorCode: string | null,
  errorMessage: string | null,
  resultJson: string | null,
  finishedAtMs: number | null,
];

/** Key: partition, bucket. null is what a deletion leaves: an older write that comes late loses to it. */
export type SummaryRow = readonly [timestamp: number, summary: BucketSummary | null];

/** Key: partition, bucket. Rows of the bucket that are not newer are deleted, also if written later. */
export type DeletionRow = readonly [timestamp: number];

/** Key: partition, epoch, sequence. */
export type JournalRowTuple = readonly [timestamp: number, claims: readonly Claim[]];

/** Key: partition. Journal rows below the position that are not newer are gone. */
export type TrimRow = readonly [timestamp: number, epoch: number, sequence: number];

/** Key: partition, time of the failure, task key. */
export type LetterRow = readonly [
  timestamp: number,
  request: DeadLetter["request"],
  status: DeadLetter["status"],
];

/** Key: partition, offset. Earlier builds wrote neither when, nor whether it was replayed. */
export type QuarantineRow = readonly [
  ...LogRow,
  reason: string,
  message: string,
  quarantinedAtMs?: number,
  isReplayed?: boolean,
];

/** Key: partition. */
export type LeaseRow = readonly [lease: Lease];

/** Key: a name. */
export type SettingRow = readonly [value: unknown];

export interface Tables {
  readonly log: LmdbTable<LogRow>;
  readonly quarantine: LmdbTable<QuarantineRow>;
  readonly requests: LmdbTable<RequestRow>;
  readonly statuses: LmdbTable<StatusRow>;
  readonly summaries: LmdbTable<SummaryRow>;
  readonly deletions: LmdbTable<DeletionRow>;
  readonly journal: LmdbTable<JournalRowTuple>;
  readonly journalTrims: LmdbTable<TrimRow>;
  readonly deadLetters: LmdbTable<LetterRow>;
  readonly leases: LmdbTable<LeaseRow>;
  readonly settings: LmdbTable<SettingRow>;
}

export function openTables(file: LmdbFile): Tables {
  return {
    log: file.table("log"),
    quarantine: file.table("quarantine"),
    requests: file.table("requests"),
    statuses: file.table("statuses"),
    summaries: file.table("summaries"),
    deletions: file.table("deletions"),
    journal: file.table("journal"),
    journalTrims: file.table("journal-trims"),
    deadLetters: file.table("dead-letters"),
    leases: file.table("leases"),
    settings: file.table("settings"),
  };
}
