import {
  type BucketSummary,
  compareTaskKeys,
  type DeadLetter,
  type IndexedSummary,
  type JournalPosition,
  type JournalRow,
  type LoadTasks,
  type PersistTasks,
  type QueueSettings,
  type RecordStatuses,
  type TaskKey,
  taskKeyToken,
  type TaskRow,
  type TaskStore,
} from "@horae/core";
import { type Intercept, intercepted } from "./intercept.ts";
import { MemoryBucket } from "./memory-bucket.ts";
import { type Cells, wins } from "./memory-cells.ts";
import { MemoryJournal } from "./memory-journal.ts";

interface StoredPartition {
  readonly buckets: Map<number, MemoryBucket>;
  readonly summaries: Map<number, Cells<BucketSummary | null>>;
  readonly journal: MemoryJournal;
  readonly deadLetters: Map<string, Cells<DeadLetter>>;
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
      const bucket = this.#bucket(write);
      for (const { key, request } of write.rows) bucket.putRequest(key, request, write.timestamp);
    });
  }

  recordStatuses(write: RecordStatuses): Promise<void> {
    return this.#do("recordStatuses", write, () => {
      const bucket = this.#bucket(write);
      for (const { key, status } of write.rows) bucket.putStatus(key, status, write.timestamp);
    });
  }

  loadTasks(read: LoadTasks): Promise<readonly TaskRow[]> {
    return this.#do("loadTasks", read, () =>
      this.#bucket(read).load(read.from, read.to, read.rowsMax),
    );
  }

  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    return this.#do("findTasks", read, () => {
      const bucket = this.#bucket(read);
      return read.keys.flatMap((key) => bucket.find(key) ?? []);
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
    return this.#do("appendClaims", write, () =>
      this.#partition(write.partition).journal.append(write.row, write.timestamp),
    );
  }

  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    return this.#do("loadClaims", read, () =>
      this.#partition(read.partition).journal.load(read.from, read.rowsMax),
    );
  }

  trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    return this.#do("trimClaims", write, () =>
      this.#partition(write.partition).journal.trim(write.below, write.timestamp),
    );
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
    return this.#do("deleteBucketTasks", write, () =>
      this.#bucket(write).deleteUpTo(write.timestamp),
    );
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
    return [...buckets.values()].flatMap((bucket) => bucket.all());
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
        journal: new MemoryJournal(),
        deadLetters: new Map(),
      };
      this.#partitions.set(partition, stored);
    }
    return stored;
  }

  #bucket(at: { partition: number; bucket: number }): MemoryBucket {
    const { buckets } = this.#partition(at.partition);
    let bucket = buckets.get(at.bucket);
    if (bucket === undefined) {
      bucket = new MemoryBucket();
      buckets.set(at.bucket, bucket);
    }
    return bucket;
  }
}
