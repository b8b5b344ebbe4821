import {
  bucketOf,
  type Claim,
  compareJournalPositions,
  compareTaskKeys,
  isFinished,
  type JournalPosition,
  type Random,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRow,
} from "@horae/core";
import { LoadedTask } from "./loaded-task.ts";
import { decideOutcome, openClaimStatus } from "./outcome.ts";
import type { OwnerContext } from "./owner-context.ts";
import { maxKey } from "./key-order.ts";

const JOURNAL_ROWS_MAX = 500;

export interface TakeOver {
  /** No task above this key was started by an earlier owner. */
  readonly highestStartedKey: TaskKey | null;
}

/**
 * What a new owner does before anything is received, loaded or claimed: it settles every claim without
 * outcome that earlier owners have left in the journal.
 */
export async function takeOver(context: OwnerContext): Promise<TakeOver> {
  const startedMs = context.clock.monotonicMs();
  const { checkpoint } = context.lease;
  const claims = await readClaims(context, checkpoint.journal);
  await settleClaims(context, claims.open);
  const { telemetry, partition, epoch } = context;
  const elapsedMs = context.clock.monotonicMs() - startedMs;
  telemetry.emit({
    type: "takeOverEnded",
    partition,
    epoch,
    openClaims: claims.open.size,
    elapsedMs,
  });
  const { highestStartedKey } = checkpoint;
  return { highestStartedKey: maxKey(highestStartedKey, claims.highestKey) };
}

/** A claim found in the journal. */
export interface InheritedClaim extends Claim {
  /** Of the owner that made it. */
  readonly epoch: number;
}

interface OpenClaims {
  /** The claim with the highest attempt number of each task, by token. */
  readonly open: Map<string, InheritedClaim>;
  readonly highestKey: TaskKey | null;
}

async function readClaims(context: OwnerContext, from: JournalPosition): Promise<OpenClaims> {
  const { partition, store } = context;
  const open = new Map<string, InheritedClaim>();
  let highestKey: TaskKey | null = null;
  let next = from;
  for (;;) {
    const read = { partition, from: next, rowsMax: JOURNAL_ROWS_MAX };
    const rows = await context.read("loadClaims", () => store.loadClaims(read));
    for (const claim of rows.flatMap(({ epoch, claims }) =>
      claims.map((of) => ({ ...of, epoch })),
    )) {
      const token = taskKeyToken(claim.key);
      if (claim.attempt >= (open.get(token)?.attempt ?? 0)) open.set(token, claim);
      highestKey = maxKey(highestKey, claim.key);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < JOURNAL_ROWS_MAX) return { open, highestKey };
    next = { epoch: last.epoch, sequence: last.sequence + 1 };
    if (compareJournalPositions(next, from) <= 0) return { open, highestKey };
  }
}

async function settleClaims(
  context: OwnerContext,
  open: Map<string, InheritedClaim>,
): Promise<void> {
  const buckets = new Map<number, InheritedClaim[]>();
  for (const claim of open.values()) {
    const bucket = bucketOf(claim.key, context.bucketMs);
    buckets.set(bucket, [...(buckets.get(bucket) ?? []), claim]);
  }
  for (const [bucket, claims] of buckets) await settleBucket(context, bucket, claims);
}

async function settleBucket(
  context: OwnerContext,
  bucket: number,
  claims: readonly InheritedClaim[],
): Promise<void> {
  const { partition, store, clock, random, epoch } = context;
  const sorted = claims.toSorted((a, b) => compareTaskKeys(a.key, b.key));
  const keys = sorted.map(({ key }) => key);
  const found = await context.read("findTasks", () => store.findTasks({ partition, bucket, keys }));
  const byToken = new Map(claims.map((claim) => [taskKeyToken(claim.key), claim]));
  const settled: { key: TaskKey; row: TaskRow; status: StatusCells }[] = [];
  for (const row of found) {
    const claim = byToken.get(taskKeyToken(row.key))!;
    const status = settleClaim(row, claim, { epoch, nowMs: clock.nowMs(), random });
    if (status !== null) settled.push({ key: row.key, row, status });
  }
  if (settled.length === 0) return;
  // Dying here is safe: the journal position has not moved, so the next owner settles them again.
  await context.write("settleClaims", (timestamp) =>
    store.recordStatuses({ partition, bucket, timestamp, rows: settled }),
  );
  for (const { row, status } of settled) {
    if (status.status === "failed") await writeDeadLetter(context, { ...row, status });
  }
}

/**
 * The status cells that settle a claim found in the journal; null when the row says enough about it. A
 * claim without outcome counts as an attempt. What the row says is written again with this owner's
 * timestamp when something that is still on its way would undo it: the `retry` of a later attempt, or
 * what an owner between wrote when it settled the same claim.
 */
export function settleClaim(
  row: TaskRow,
  { attempt, epoch }: InheritedClaim,
  at: { epoch: number; nowMs: number; random: Random },
): StatusCells | null {
  const { status } = row;
  if (status !== null && status.attempts >= attempt) {
    const wasNobodyBetween = epoch >= at.epoch - 1;
    return wasNobodyBetween ? null : status;
  }
  if (status !== null && isFinished(status)) return { ...status, attempts: attempt };
  const task = LoadedTask.fromRow(row);
  if (task === null) return null;
  task.attempts = attempt;
  const message = "the process ended while the attempt was under way";
  const end = decideOutcome(task, { kind: "aborted", code: "ATTEMPTS_CRASHED", message }, at);
  if (end.status === "failed") return end;
  return {
    ...openClaimStatus(task),
    nextAttemptAtMs: end.nextAttemptAtMs,
    lastError: end.lastError,
  };
}

/** The letter's key comes from the row, so that writing it again changes nothing. */
export async function writeDeadLetter(context: OwnerContext, row: TaskRow): Promise<void> {
  const { partition, store } = context;
  const { key, request, status } = row;
  if (request === null || status === null || status.finishedAtMs === null) return;
  const letter = { failedAtMs: status.finishedAtMs, key, request, status };
  await context.write("writeDeadLetter", (timestamp) =>
    store.writeDeadLetter({ partition, timestamp, letter }),
  );
}
