import type {
  LoadTasks,
  PersistTasks,
  RecordStatuses,
  StatusCells,
  TaskKey,
  TaskRequest,
  TaskRow,
} from "@horae/core";
import { bucketRange, numbersKey, taskKeyBytes, taskKeyOf } from "./key-bytes.ts";
import type { Entry } from "./lmdb.ts";
import type { RequestRow, StatusRow, Tables } from "./tables.ts";

/** Within a transaction. Each row counts for itself: a newer one that is there stays. */
export function persistTasks(tables: Tables, write: PersistTasks): void {
  const { partition, bucket, timestamp } = write;
  if (timestamp <= deletedAt(tables, write)) return;
  for (const { key, request } of write.rows) {
    const at = taskKeyBytes(partition, bucket, key);
    if (wins(timestamp, tables.requests.get(at))) {
      tables.requests.put(at, requestRowOf(timestamp, request));
    }
  }
}

/** Within a transaction. */
export function recordStatuses(tables: Tables, write: RecordStatuses): void {
  const { partition, bucket, timestamp } = write;
  if (timestamp <= deletedAt(tables, write)) return;
  for (const { key, status } of write.rows) {
    const at = taskKeyBytes(partition, bucket, key);
    if (wins(timestamp, tables.statuses.get(at))) {
      tables.statuses.put(at, statusRowOf(timestamp, status));
    }
  }
}

export function loadTasks(tables: Tables, read: LoadTasks): TaskRow[] {
  const { partition, bucket, from, to, rowsMax } = read;
  const range = {
    from: taskKeyBytes(partition, bucket, from),
    to: to === null ? bucketRange(partition, bucket).to : taskKeyBytes(partition, bucket, to),
  };
  const requests = tables.requests.range(range, rowsMax);
  const statuses = tables.statuses.range(range, rowsMax);
  return mergedRows(requests, statuses, rowsMax);
}

export function findTasks(
  tables: Tables,
  read: { partition: number; bucket: number; keys: readonly TaskKey[] },
): TaskRow[] {
  return read.keys.flatMap((key) => {
    const at = taskKeyBytes(read.partition, read.bucket, key);
    const request = tables.requests.get(at);
    const status = tables.statuses.get(at);
    return request === undefined && status === undefined ? [] : [taskRowOf(key, request, status)];
  });
}

/**
 * Within a transaction. From now on no row of the bucket that is not newer is accepted; two nodes
 * of one process may be at work on it.
 */
export function markDeleted(
  tables: Tables,
  at: { partition: number; bucket: number; timestamp: number },
): void {
  const { partition, bucket, timestamp } = at;
  if (timestamp <= deletedAt(tables, at)) return;
  tables.deletions.put(numbersKey(partition, bucket), [timestamp]);
}

/**
 * Within a transaction. Removes cells of the bucket that are not newer, of at most `rowsMax` rows
 * from `from` on; answers where to go on, null at the end.
 */
export function removeDeleted(
  tables: Tables,
  at: { partition: number; bucket: number; timestamp: number },
  part: { from: Uint8Array | null; rowsMax: number },
): Uint8Array | null {
  const bucket = bucketRange(at.partition, at.bucket);
  const range = { ...bucket, from: part.from ?? bucket.from };
  const requests = tables.requests.range(range, part.rowsMax);
  const statuses = tables.statuses.range(range, part.rowsMax);
  const next = firstBeyond([requests, statuses], part.rowsMax);
  const isInPart = ({ key }: Entry<unknown>): boolean =>
    next === null || Buffer.compare(key, next) < 0;
  for (const entry of requests.filter(isInPart)) {
    if (entry.row[0] <= at.timestamp) tables.requests.remove(entry.key);
  }
  for (const entry of statuses.filter(isInPart)) {
    if (entry.row[0] <= at.timestamp) tables.statuses.remove(entry.key);
  }
  return next;
}

/** The last key of a part that is full: rows behind it may be missing in the other table's part. */
function firstBeyond(parts: readonly Entry<unknown>[][], rowsMax: number): Uint8Array | null {
  const ends = parts.flatMap((part) => (part.length < rowsMax ? [] : [part.at(-1)!.key]));
  return ends.toSorted((a, b) => Buffer.compare(a, b))[0] ?? null;
}

function deletedAt(tables: Tables, at: { partition: number; bucket: number }): number {
  return tables.deletions.get(numbersKey(at.partition, at.bucket))?.[0] ?? -1;
}

/** Equal timestamps are a repetition of the same write. */
function wins(timestamp: number, present: readonly [number, ...unknown[]] | undefined): boolean {
  return present === undefined || timestamp >= present[0];
}

/** Two sorted lists of cells as one list of rows. */
function mergedRows(
  requests: readonly Entry<RequestRow>[],
  statuses: readonly Entry<StatusRow>[],
  rowsMax: number,
): TaskRow[] {
  const rows: TaskRow[] = [];
  let r = 0;
  let s = 0;
  while (rows.length < rowsMax) {
    const request = requests[r];
    const status = statuses[s];
    const key = request?.key ?? status?.key;
    if (key === undefined) break;
    const order =
      request === undefined || status === undefined
        ? Number(request === undefined) - Number(status === undefined)
        : Buffer.compare(request.key, status.key);
    if (order <= 0) r++;
    if (order >= 0) s++;
    const smaller = order > 0 ? status!.key : key;
    rows.push(
      taskRowOf(
        taskKeyOf(smaller),
        order <= 0 ? request?.row : undefined,
        order >= 0 ? status?.row : undefined,
      ),
    );
  }
  return rows;
}

function taskRowOf(
  key: TaskKey,
  request: RequestRow | undefined,
  status: StatusRow | undefined,
): TaskRow {
  return {
    key,
    request: request === undefined ? null : requestOf(request),
    status: status === undefined ? null : statusOf(status),
  };
}

function requestRowOf(timestamp: number, request: TaskRequest): RequestRow {
  const { type, dataJson, options, headers, appendedAtMs, offset } = request;
  return [timestamp, type, dataJson, options, headers, appendedAtMs, offset];
}

function requestOf(row: RequestRow): TaskRequest {
  const [, type, dataJson, options, headers, appendedAtMs, offset] = row;
  return { type, dataJson, options, headers, appendedAtMs, offset };
}

function statusRowOf(timestamp: number, cells: StatusCells): StatusRow {
  const { status, attempts, withdrawn, claimOpen, nextAttemptAtMs, lastError } = cells;
  return [
    timestamp,
    status,
    attempts,
    withdrawn,
    claimOpen,
    nextAttemptAtMs,
    lastError?.code ?? null,
    lastError?.message ?? null,
    cells.resultJson,
    cells.finishedAtMs,
  ];
}

function statusOf(row: StatusRow): StatusCells {
  const [, status, attempts, withdrawn, claimOpen, nextAttemptAtMs, code, message] = row;
  return {
    status,
    attempts,
    withdrawn,
    claimOpen,
    nextAttemptAtMs,
    lastError: code === null ? null : { code, message: message ?? "" },
    resultJson: row[8],
    finishedAtMs: row[9],
  };
}
