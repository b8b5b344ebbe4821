import {
  type BucketSummary,
  compareJournalPositions,
  compareTaskKeys,
  type DeadLetter,
  type IndexedSummary,
  type JournalPosition,
  type JournalRow,
  type LoadTasks,
  type PersistTasks,
  type QueueSettings,
  type RecordStatuses,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRequest,
  type TaskRow,
  type TaskStore,
} from "@horae/core";
import { type Intercept, intercepted } from "./intercept.ts";

/** A group of cells that are written together; the highest timestamp wins. */
interface Cells<T> {
  readonly value: T;
  readonly timestamp: number;
}

interface StoredTask {
  readonly key: TaskKey;
  request: Cells<TaskRequest> | null;
  status: Cells<StatusCells> | null;
}

interface StoredBucket {
  readonly tasks: Map<string, StoredTask>;
  /** In key order; null when it has to be sorted again. */
  sorted: StoredTask[] | null;
  /** Timestamp of the latest deletion of the whole bucket. */
  deletedAt: number;
}

interface StoredPartition {
  readonly buckets: Map<number, StoredBucket>;
  readonly summaries: Map<number, Cells<BucketSummary | null>>;
  readonly journal: Map<string, Cells<JournalRow>>;
  trimmedBelow: Cells<JournalPosition> | null;
  readonly deadLetters: Map<string, Cells<DeadLetter>>;
}

function wins(timestamp: number, present: { timestamp: number } | null | undefined): boolean {
  return timestamp >= (present?.timestamp ?? -1);
}

/** Rows of one queue in memory, with the timestamps that decide which write counts. */
export class MemoryStore implements TaskStore {
  readonly #partitions = new Map<number, StoredPartition>();
  #settings: QueueSettings | null = null;
  intercept: Intercept | undefined;

  constructor(options: { intercept?: Intercept } = {}) {
    this.intercept = options.intercept;
  }

  persistTasks(write: PersistTasks): Promise<void> {
    return this.#do("persistTasks", write, () => {
      const { timestamp } = write;
      const bucket = this.#bucket(write);
      if (timestamp <= bucket.deletedAt) return;
      for (const { key, request } of write.rows) {
        const row = rowOf(bucket, key);
        if (wins(timestamp, row.request))
          row.request = { value: structuredClone(request), timestamp };
      }
    });
  }

  recordStatuses(write: RecordStatuses): Promise<void> {
    return this.#do("recordStatuses", write, () => {
      const { timestamp } = write;
      const bucket = this.#bucket(write);
      if (timestamp <= bucket.deletedAt) return;
      for (const { key, status } of write.rows) {
        const row = rowOf(bucket, key);
        if (wins(timestamp, row.status)) row.status = { value: structuredClone(status), timestamp };
      }
    });
  }

  loadTasks(read: LoadTasks): Promise<readonly TaskRow[]> {
    return this.#do("loadTasks", read, () => {
      const bucket = this.#bucket(read);
      bucket.sorted ??= [...bucket.tasks.values()].toSorted((a, b) =>
        compareTaskKeys(a.key, b.key),
      );
      const rows: TaskRow[] = [];
      for (const stored of bucket.sorted) {
        if (compareTaskKeys(stored.key, read.from) < 0) continue;
        if (read.to !== null && compareTaskKeys(stored.key, read.to) >= 0) break;
        if (rows.length >= read.rowsMax) break;
        rows.push(taskRowOf(stored));
      }
      return rows;
    });
  }

  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    return this.#do("findTasks", read, () => {
      const { tasks } = this.#bucket(read);
      return read.keys.flatMap((key) => {
        const stored = tasks.get(taskKeyToken(key));
        return stored === undefined ? [] : [taskRowOf(stored)];
      });
    });
  }

  loadSummaries(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]> {
    return this.#do("loadSummaries", read, () =>
      [...this.#partition(read.partition).summaries]
        .flatMap(([bucket, { value }]) => (value === null ? [] : [{ bucket, summary: value }]))
        .filter(({ bucket }) => bucket >= read.fromBucket && bucket <= (read.toBucket ?? Infinity))
        .toSorted((a, b) => a.bucket - b.bucket)
        .slice(0, read.rowsMax),
    );
  }

  findSummary(read: { partition: number; bucket: number }): Promise<BucketSummary | null> {
    return this.#do(
      "findSummary",
      read,
      () => this.#partition(read.partition).summaries.get(read.bucket)?.value ?? null,
    );
  }

  writeSummary(write: {
    partition: number;
    bucket: number;
    timestamp: number;
    summary: BucketSummary;
  }): Promise<void> {
    return this.#do("writeSummary", write, () => this.#setSummary(write, write.summary));
  }

  appendClaims(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void> {
    return this.#do("appendClaims", write, () => {
      const { journal, trimmedBelow } = this.#partition(write.partition);
      const { row, timestamp } = write;
      const isTrimmed =
        trimmedBelow !== null &&
        trimmedBelow.timestamp >= timestamp &&
        compareJournalPositions(row, trimmedBelow.value) < 0;
      if (isTrimmed) return;
      const at = `${row.epoch}/${row.sequence}`;
      if (wins(timestamp, journal.get(at)))
        journal.set(at, { value: structuredClone(row), timestamp });
    });
  }

  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    return this.#do("loadClaims", read, () =>
      [...this.#partition(read.partition).journal.values()]
        .map(({ value }) => value)
        .filter((row) => compareJournalPositions(row, read.from) >= 0)
        .toSorted(compareJournalPositions)
        .slice(0, read.rowsMax),
    );
  }

  trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    return this.#do("trimClaims", write, () => {
      const partition = this.#partition(write.partition);
      const { below, timestamp } = write;
      for (const [at, { value, timestamp: written }] of partition.journal) {
        const isBelow = compareJournalPositions(value, below) < 0;
        if (isBelow && written <= timestamp) partition.journal.delete(at);
      }
      if (wins(timestamp, partition.trimmedBelow)) {
        partition.trimmedBelow = { value: below, timestamp };
      }
    });
  }

  writeDeadLetter(write: {
    partition: number;
    timestamp: number;
    letter: DeadLetter;
  }): Promise<void> {
    return this.#do("writeDeadLetter", write, () => {
      const { deadLetters } = this.#partition(write.partition);
      const { letter, timestamp } = write;
      const at = `${letter.failedAtMs}/${taskKeyToken(letter.key)}`;
      if (!wins(timestamp, deadLetters.get(at))) return;
      deadLetters.set(at, { value: structuredClone(letter), timestamp });
    });
  }

  loadDeadLetters(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]> {
    return this.#do("loadDeadLetters", read, () =>
      [...this.#partition(read.partition).deadLetters.values()]
        .map(({ value }) => value)
        .filter(({ failedAtMs }) => failedAtMs >= read.fromMs && failedAtMs < read.toMs)
        .toSorted((a, b) => a.failedAtMs - b.failedAtMs || compareTaskKeys(a.key, b.key))
        .slice(0, read.rowsMax),
    );
  }

  deleteBucketTasks(write: {
    partition: number;
    bucket: number;
    timestamp: number;
  }): Promise<void> {
    return this.#do("deleteBucketTasks", write, () => {
      const bucket = this.#bucket(write);
      const { timestamp } = write;
      bucket.deletedAt = Math.max(bucket.deletedAt, timestamp);
      bucket.sorted = null;
      for (const [token, stored] of bucket.tasks) {
        if (stored.request !== null && stored.request.timestamp <= timestamp) stored.request = null;
        if (stored.status !== null && stored.status.timestamp <= timestamp) stored.status = null;
        if (stored.request === null && stored.status === null) bucket.tasks.delete(token);
      }
    });
  }

  deleteSummary(write: { partition: number; bucket: number; timestamp: number }): Promise<void> {
    return this.#do("deleteSummary", write, () => this.#setSummary(write, null));
  }

  ensureQueueSettings(settings: QueueSettings): Promise<QueueSettings> {
    return this.#do("ensureQueueSettings", settings, () => {
      this.#settings ??= { ...settings };
      return this.#settings;
    });
  }

  /** Every row of a partition, in no order: what a test looks at when all is over. */
  allTasks(partition: number): TaskRow[] {
    const { buckets } = this.#partition(partition);
    return [...buckets.values()].flatMap(({ tasks }) => [...tasks.values()].map(taskRowOf));
  }

  #do<T>(operation: string, args: unknown, execute: () => T): Promise<T> {
    return intercepted(this.intercept, { operation, args: [args] }, execute);
  }

  #setSummary(
    write: { partition: number; bucket: number; timestamp: number },
    summary: BucketSummary | null,
  ): void {
    const { summaries } = this.#partition(write.partition);
    const { bucket, timestamp } = write;
    if (!wins(timestamp, summaries.get(bucket))) return;
    summaries.set(bucket, { value: structuredClone(summary), timestamp });
  }

  #partition(partition: number): StoredPartition {
    let stored = this.#partitions.get(partition);
    if (stored === undefined) {
      stored = {
        buckets: new Map(),
        summaries: new Map(),
        journal: new Map(),
        trimmedBelow: null,
        deadLetters: new Map(),
      };
      this.#partitions.set(partition, stored);
    }
    return stored;
  }

  #bucket(at: { partition: number; bucket: number }): StoredBucket {
    const { buckets } = this.#partition(at.partition);
    let bucket = buckets.get(at.bucket);
    if (bucket === undefined) {
      bucket = { tasks: new Map(), sorted: null, deletedAt: -1 };
      buckets.set(at.bucket, bucket);
    }
    return bucket;
  }
}

function rowOf(bucket: StoredBucket, key: TaskKey): StoredTask {
  const token = taskKeyToken(key);
  let stored = bucket.tasks.get(token);
  if (stored === undefined) {
    stored = { key, request: null, status: null };
    bucket.tasks.set(token, stored);
    bucket.sorted = null;
  }
  return stored;
}

function taskRowOf({ key, request, status }: StoredTask): TaskRow {
  return { key, request: request?.value ?? null, status: status?.value ?? null };
}
