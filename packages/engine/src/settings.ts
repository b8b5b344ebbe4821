import { HoraeError } from "@horae/core";

/** Everything that can be tuned about an engine. Times are in milliseconds; every buffer has a maximum. */
export interface EngineSettings {
  /** Life of a lease without renewal. It is renewed every third of it. 500 to 600,000. */
  readonly leasePeriodMs: number;
  /** Attempts that run (or are claimed to run) at the same time in this process. 1 to 100,000. */
  readonly concurrency: number;
  /** How long before its due time a task may be claimed, so that lateness does not pay for the write. */
  readonly claimAheadMs: number;
  /** Tasks due within this time are held in memory. */
  readonly lookAheadMs: number;
  /** Tasks that wait in memory, per partition; those that run are bounded by `concurrency`. */
  readonly loadedTasksMax: number;
  /** Bytes of their request data, per partition. One task is held however large it is. */
  readonly loadedBytesMax: number;
  /** Tasks in memory of one ordering id. */
  readonly laneTasksMax: number;
  /** Rows that one load reads. */
  readonly loadRowsMax: number;
  /** Records that are received together. */
  readonly receiveRecordsMax: number;
  readonly receiveBytesMax: number;
  /** Claims in one journal row. */
  readonly claimsPerRowMax: number;
  /** Outcomes in one write. */
  readonly outcomesPerWriteMax: number;
  /** A claim that stays open for longer is moved from the journal to its task row. */
  readonly claimMoveMs: number;
  /** Keys of started tasks that are remembered per partition, so that a late duplicate costs no read. */
  readonly startedKeysMax: number;
  /** Exceptions of a bucket summary. */
  readonly exceptionsMax: number;
  /** Bytes of ids in the exceptions of a bucket summary. */
  readonly exceptionBytesMax: number;
  /** An unfinished task overdue for this long becomes an exception of its bucket's summary. */
  readonly exceptionAfterMs: number;
  /** A low key stays this far behind the present, so that slightly late tasks do not lower it again. */
  readonly lowKeyLagMs: number;
  /** Bucket summaries in memory that nothing needs just now. */
  readonly idleBucketsMax: number;
  /** How long a drain waits for handlers before it aborts them. */
  readonly drainMs: number;
  /** How long an aborted handler may take to end before it is a runaway. */
  readonly abortGraceMs: number;
  /** Runaways that still run at the same time, at which the node has to end. 1 or more. */
  readonly runawaysMax: number;
  /** How long a finished task is kept after its end. */
  readonly retentionMs: number;
  /** How often it is looked for what may be deleted. */
  readonly retentionEveryMs: number;
  /** How often the auditor reads a page of a partition's rows, and how many rows that are at the most. */
  readonly auditEveryMs: number;
  readonly auditRowsMax: number;
  /** What a partition does whose log no longer holds what its checkpoint means. */
  readonly onLogGap: "stop" | "continue-from-earliest";
}

export const DEFAULT_ENGINE_SETTINGS: EngineSettings = Object.freeze({
  leasePeriodMs: 3_000,
  concurrency: 200,
  claimAheadMs: 100,
  lookAheadMs: 10_000,
  loadedTasksMax: 300,
  loadedBytesMax: 8 * 1024 * 1024,
  laneTasksMax: 50,
  loadRowsMax: 150,
  receiveRecordsMax: 200,
  receiveBytesMax: 256 * 1024,
  claimsPerRowMax: 100,
  outcomesPerWriteMax: 200,
  claimMoveMs: 30_000,
  startedKeysMax: 500,
  exceptionsMax: 100,
  exceptionBytesMax: 16 * 1024,
  exceptionAfterMs: 30_000,
  lowKeyLagMs: 5_000,
  idleBucketsMax: 200,
  drainMs: 30_000,
  abortGraceMs: 10_000,
  runawaysMax: 100,
  retentionMs: 7 * 86_400_000,
  retentionEveryMs: 3_600_000,
  auditEveryMs: 10_000,
  auditRowsMax: 1_000,
  onLogGap: "stop",
});

/** Fills in the defaults. Throws `SETTINGS_INVALID` for what cannot work. */
export function resolveEngineSettings(given: Partial<EngineSettings> = {}): EngineSettings {
  const settings = { ...DEFAULT_ENGINE_SETTINGS, ...given };
  for (const [name, value] of Object.entries(settings)) {
    if (name === "onLogGap") continue;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw invalid(name, value, "a whole number of 0 or more");
    }
  }
  if (settings.leasePeriodMs < 500)
    throw invalid("leasePeriodMs", settings.leasePeriodMs, ">= 500");
  for (const name of AT_LEAST_ONE) {
    if (settings[name] < 1) throw invalid(name, settings[name], "1 or more");
  }
  if (settings.claimAheadMs > settings.lookAheadMs) {
    throw invalid("claimAheadMs", settings.claimAheadMs, "at most lookAheadMs");
  }
  return settings;
}

const AT_LEAST_ONE = [
  "concurrency",
  "loadedTasksMax",
  "loadedBytesMax",
  "laneTasksMax",
  "loadRowsMax",
  "receiveRecordsMax",
  "runawaysMax",
  "auditRowsMax",
  "claimsPerRowMax",
  "outcomesPerWriteMax",
] as const;

function invalid(name: string, value: unknown, expected: string): HoraeError {
  return new HoraeError("SETTINGS_INVALID", `${name} is ${String(value)}, expected ${expected}`, {
    details: { name, value, expected },
  });
}
