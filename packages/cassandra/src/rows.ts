import {
  assert,
  type BucketSummary,
  type Checkpoint,
  type Claim,
  type Lease,
  type StatusCells,
  type TaskHeaders,
  type TaskKey,
  type TaskOptions,
  type TaskRequest,
  type TaskRow,
} from "@horae/core";
import type { Row } from "./session.ts";

/**
 * What is written together is one text cell of JSON: two writes can then never mix, whatever
 * arrives when, and `cqlsh` shows it to people. Keys are arrays, there are many of them.
 */
type KeyJson = readonly [scheduledTimeMs: number, orderingId: string, uniquenessKey: string];
type ClaimJson = readonly [...key: KeyJson, attempt: number];

interface RequestJson {
  readonly type: string;
  readonly options: TaskOptions;
  readonly headers: TaskHeaders;
  readonly appendedAtMs: number;
  readonly offset: number;
}

interface SummaryJson {
  readonly lowKey: KeyJson | null;
  readonly exceptions: readonly KeyJson[];
  readonly state: BucketSummary["state"];
  readonly lastFinishMs: number | null;
}

interface CheckpointJson extends Omit<Checkpoint, "highestStartedKey"> {
  readonly highestStartedKey: KeyJson | null;
}

/** The data stand in a cell of their own, as they are: they can be large and are never looked into. */
export function requestText(request: TaskRequest): string {
  const { type, options, headers, appendedAtMs, offset } = request;
  const json: RequestJson = { type, options, headers, appendedAtMs, offset };
  return JSON.stringify(json);
}

export function requestOf(row: Row): TaskRequest | null {
  const text: unknown = row["request"];
  const dataJson: unknown = row["data"];
  if (typeof text !== "string" || typeof dataJson !== "string") return null;
  return { ...(JSON.parse(text) as RequestJson), dataJson };
}

export function statusText(status: StatusCells): string {
  const { status: name, attempts, withdrawn, claimOpen, nextAttemptAtMs } = status;
  const { lastError, resultJson, finishedAtMs } = status;
  const json: StatusCells = {
    status: name,
    attempts,
    withdrawn,
    claimOpen,
    nextAttemptAtMs,
    lastError,
    resultJson,
    finishedAtMs,
  };
  return JSON.stringify(json);
}

export function statusOf(row: Row): StatusCells | null {
  const text: unknown = row["status"];
  return typeof text === "string" ? (JSON.parse(text) as StatusCells) : null;
}

export function keyOf(row: Row): TaskKey {
  return {
    scheduledTimeMs: millisecondsOf(row, "scheduled_time"),
    orderingId: row["ordering_id"] as string,
    uniquenessKey: row["uniqueness_key"] as string,
  };
}

export function taskRowOf(row: Row): TaskRow {
  return { key: keyOf(row), request: requestOf(row), status: statusOf(row) };
}

export function summaryText(summary: BucketSummary): string {
  const { lowKey, exceptions, state, lastFinishMs } = summary;
  const json: SummaryJson = {
    lowKey: keyJson(lowKey),
    exceptions: exceptions.map(keyArray),
    state,
    lastFinishMs,
  };
  return JSON.stringify(json);
}

export function summaryOf(row: Row): BucketSummary {
  const json = JSON.parse(row["summary"] as string) as SummaryJson;
  const exceptions = json.exceptions.map(keyOfArray);
  return { ...json, lowKey: keyOfJson(json.lowKey), exceptions };
}

export function claimsText(claims: readonly Claim[]): string {
  return JSON.stringify(claims.map(({ key, attempt }): ClaimJson => [...keyArray(key), attempt]));
}

export function claimsOf(row: Row): Claim[] {
  const json = JSON.parse(row["claims"] as string) as ClaimJson[];
  return json.map(([scheduledTimeMs, orderingId, uniquenessKey, attempt]) => ({
    key: { scheduledTimeMs, orderingId, uniquenessKey },
    attempt,
  }));
}

/** The values of a lease in the order of `createLease` and `changeLease`. */
export function leaseValues(lease: Lease): unknown[] {
  return [
    BigInt(lease.epoch),
    BigInt(lease.renewal),
    lease.owner,
    lease.ownerUrl,
    lease.periodMs,
    BigInt(lease.tsUpper),
    lease.wantedBy,
    checkpointText(lease.checkpoint),
  ];
}

export function leaseOf(row: Row): Lease {
  return {
    epoch: numberOf(row, "epoch"),
    renewal: numberOf(row, "renewal"),
    owner: (row["owner"] as string | null) ?? null,
    ownerUrl: (row["owner_url"] as string | null) ?? null,
    periodMs: row["period_ms"] as number,
    tsUpper: numberOf(row, "ts_upper"),
    wantedBy: (row["wanted_by"] as string | null) ?? null,
    checkpoint: checkpointOf(row["checkpoint"] as string),
  };
}

function checkpointText(checkpoint: Checkpoint): string {
  const json: CheckpointJson = {
    ...checkpoint,
    highestStartedKey: keyJson(checkpoint.highestStartedKey),
  };
  return JSON.stringify(json);
}

function checkpointOf(text: string): Checkpoint {
  const json = JSON.parse(text) as CheckpointJson;
  return { ...json, highestStartedKey: keyOfJson(json.highestStartedKey) };
}

/** A `bigint` column as a number: everything stored is a safe integer. */
export function numberOf(row: Row, column: string): number {
  const value = Number(row[column] as bigint | number);
  assert(Number.isSafeInteger(value), `column ${column} holds no safe integer`);
  return value;
}

/** A `timestamp` column. */
export function millisecondsOf(row: Row, column: string): number {
  return (row[column] as Date).getTime();
}

function keyArray({ scheduledTimeMs, orderingId, uniquenessKey }: TaskKey): KeyJson {
  return [scheduledTimeMs, orderingId, uniquenessKey];
}

function keyOfArray([scheduledTimeMs, orderingId, uniquenessKey]: KeyJson): TaskKey {
  return { scheduledTimeMs, orderingId, uniquenessKey };
}

function keyJson(key: TaskKey | null): KeyJson | null {
  return key === null ? null : keyArray(key);
}

function keyOfJson(json: KeyJson | null): TaskKey | null {
  return json === null ? null : keyOfArray(json);
}
