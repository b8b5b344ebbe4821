/** Everything that can be known about one partition at a moment. Plain data: it is copied and compared as JSON. */
export interface State {
  instant: number;
  /** Records that are in the log. */
  logEnd: number;
  lease: StoredLease;
  /** By bucket. */
  summaries: StoredSummary[];
  /** By key. */
  rows: StoredRow[];
  journal: JournalEntry[];
  /** Writes under way: each may land at any later time, or never. */
  flying: Write[];
  /** The last owner, and the one before while it goes on as a zombie. */
  owners: Owner[];
  seen: History;
  /** The first promise that a step has broken. */
  broken: string | null;
}

/** (epoch, sequence) */
export type JournalPosition = readonly [epoch: number, sequence: number];

export interface StoredLease {
  epoch: number;
  applied: number;
  journal: JournalPosition;
  highestStarted: number;
}

/** Each column with its own write timestamp; 0: never written. */
export interface StoredSummary {
  /** A position; END: nothing is unfinished from here on. */
  low: number;
  exceptions: readonly number[];
  lowAt: number;
  exceptionsAt: number;
}

export type Status = "succeeded" | "failed" | "retrying";

export interface StoredRow {
  data: string | null;
  offset: number;
  dataAt: number;
  status: Status | null;
  attempts: number;
  nextAttempt: number;
  statusAt: number;
  /** The epoch of the lease when the status landed. */
  landedUnder: number;
}

export interface JournalEntry {
  epoch: number;
  sequence: number;
  key: number;
  attempt: number;
}

export type Write = { epoch: number } & (
  | { kind: "row"; key: number; data: string; offset: number; at: number }
  /** Null: that column is not in this statement. */
  | {
      kind: "summary";
      bucket: number;
      low: number | null;
      exceptions: readonly number[] | null;
      at: number;
    }
  | StatusWrite
  /** Says that the attempt of a claim is under way: no outcome. */
  | (StatusCells & { kind: "move"; sequence: number })
  | { kind: "claim"; key: number; attempt: number; sequence: number }
  | { kind: "trim"; below: JournalPosition }
  | { kind: "checkpoint"; applied: number; journal: JournalPosition; highestStarted: number }
);

export interface StatusWrite extends StatusCells {
  kind: "status";
}

interface StatusCells {
  key: number;
  status: Status;
  attempts: number;
  nextAttempt: number;
  at: number;
}

/** A process that holds the lease, or held it. */
export interface Owner {
  epoch: number;
  /** Its deadline has not passed. */
  isLive: boolean;
  /** Instant of the acquire. */
  since: number;
  /** Write timestamps used. */
  timestamps: number;
  /** It has read the journal. */
  hasTakenOver: boolean;
  logEndSeen: number;
  /** Highest keys: found at the acquire, claimed here, finished here and forgotten. */
  highestFound: number;
  highestClaimed: number;
  highestForgotten: number;
  nextOffset: number;
  applied: number;
  insert: Insert | null;
  readPosition: number;
  load: Load | null;
  /** By key: what is in memory. */
  tasks: (Task | null)[];
  /** By key: the next attempt of a sleeper out of memory. */
  sleepers: (number | null)[];
  /** By bucket. */
  summaries: KnownSummary[];
  nextSequence: number;
  journalFound: JournalPosition;
  /** By key: an attempt of a former epoch that is being settled. */
  inherited: (number | null)[];
  /** Claims of this epoch without outcome. */
  open: { sequence: number; key: number }[];
  isCheckpointing: boolean;
}

/** A record that is being persisted. */
export interface Insert {
  key: number;
  data: string;
  offset: number;
  isDuplicate: boolean;
  isRowAcked: boolean;
  /** Whether it passes through has been decided. */
  isDecided: boolean;
  /** Was it below the read position when it was received? */
  wasBelow: boolean;
}

export interface Load {
  /** Announced: everything below this position. */
  to: number;
  summaries: { low: number; exceptions: readonly number[] }[];
  /** Null: not read yet. */
  rows: LoadedRow[] | null;
  /** Keys that left memory, or were looked at, since the load was announced. */
  left: number[];
}

export interface LoadedRow {
  key: number;
  data: string | null;
  offset: number;
  status: Status | null;
  attempts: number;
  nextAttempt: number;
}

export interface Task {
  state: "held" | "waiting" | "claiming" | "claimed" | "running" | "recording";
  attempts: number;
  nextAttempt: number;
  data: string | null;
  offset: number;
  /** What is being recorded. */
  outcome: Status | null;
}

/** What an owner knows of a bucket's summary. */
export interface KnownSummary {
  /** `own`: written with this owner's timestamp. */
  stage: "unread" | "read" | "own";
  low: number;
  exceptions: readonly number[];
  flying: { low: number; exceptions: readonly number[]; at: number } | null;
}

/** What has happened, by key: nothing that a process could know. */
export interface History {
  starts: number[];
  /** The epoch of the lease when the task was finished, and the epoch of the owner that did; -1: it is not. */
  finishedUnder: number[];
  finishedBy: number[];
  /** The last record that was counted as a duplicate of a finished task. */
  duplicateOf: number[];
  /** The latest data that a live owner has had acknowledged. */
  ackedData: string[];
}

export function isFinished(status: Status | null): boolean {
  return status === "succeeded" || status === "failed";
}
