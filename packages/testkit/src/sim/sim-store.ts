import {
  type BucketSummary,
  compareTaskKeys,
  type DeadLetter,
  type IndexedSummary,
  type JournalPosition,
  type JournalRow,
  keyAfter,
  type LoadTasks,
  type PersistTasks,
  type QueueSettings,
  type RecordStatuses,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRow,
  type TaskStore,
} from "@horae/core";
import type { SimHost } from "./exchange.ts";
import type { SimProcess } from "./sim-process.ts";
import type { ReplicatedWrite, StoreTraffic } from "./store-traffic.ts";

/** A write when it is sent, as far as those who watch want to know it. */
export interface StoreWrite {
  readonly process: SimProcess;
  readonly operation: string;
  readonly partition: number;
  readonly timestamp: number;
  readonly bucket?: number;
  readonly rows?: PersistTasks["rows"];
  readonly statuses?: readonly StatusCells[];
  readonly summary?: BucketSummary;
}

/** Those who watch the store. */
export interface StoreWatcher {
  onWrite(write: StoreWrite): void;
  /** Requests were written at a quorum. */
  onPersisted(partition: number, rows: PersistTasks["rows"]): void;
  /** A summary was written at a quorum. */
  onSummary(partition: number, bucket: number): void;
  /** A write met a newer one of the same cells. */
  onBeaten(process: SimProcess, partition: number): void;
  /** A read of rows begins, or is over. */
  onLoad(process: SimProcess, by: 1 | -1): void;
}

export interface SimStoreOptions {
  readonly traffic: StoreTraffic;
  readonly host: SimHost;
  readonly process: SimProcess;
  readonly watcher?: StoreWatcher;
}

/** The store as one process sees it. */
export class SimStore implements TaskStore {
  readonly #options: SimStoreOptions;

  constructor(options: SimStoreOptions) {
    this.#options = options;
  }

  persistTasks({ partition, bucket, timestamp, rows }: PersistTasks): Promise<void> {
    const at = this.#partition(partition).bucket(bucket);
    const write = { operation: "persistTasks", partition, timestamp, bucket, rows };
    return this.#write(write, {
      rows: rows.length,
      apply: (replica, row) => {
        const { key, request } = rows[row]!;
        return at.writeRequest(replica, key, { value: request, timestamp });
      },
      onAcked: () => this.#options.watcher?.onPersisted(partition, rows),
    });
  }

  recordStatuses({ partition, bucket, timestamp, rows }: RecordStatuses): Promise<void> {
    const at = this.#partition(partition).bucket(bucket);
    const statuses = rows.map(({ status }) => status);
    const write = { operation: "recordStatuses", partition, timestamp, bucket, statuses };
    return this.#write(write, {
      rows: rows.length,
      apply: (replica, row) => {
        const { key, status } = rows[row]!;
        return at.writeStatus(replica, key, { value: status, timestamp });
      },
    });
  }

  async loadTasks(read: LoadTasks): Promise<readonly TaskRow[]> {
    const { watcher, process } = this.#options;
    watcher?.onLoad(process, 1);
    try {
      return await this.#loadPages(read);
    } finally {
      watcher?.onLoad(process, -1);
    }
  }

  /** Now and then in two pages, between which the rows may change. */
  async #loadPages(read: LoadTasks): Promise<readonly TaskRow[]> {
    const bucket = this.#partition(read.partition).bucket(read.bucket);
    const { traffic } = this.#options;
    const pageMax =
      read.rowsMax > 1 && traffic.isInParts() ? Math.ceil(read.rowsMax / 2) : read.rowsMax;
    const load = (from: TaskKey, rowsMax: number): Promise<TaskRow[]> =>
      this.#read("loadTasks", (replicas) => bucket.load({ ...read, from, rowsMax }, replicas));
    const rows = await load(read.from, pageMax);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageMax || pageMax === read.rowsMax) return rows;
    return [...rows, ...(await load(keyAfter(last.key), read.rowsMax - pageMax))];
  }

  findTasks(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    const bucket = this.#partition(read.partition).bucket(read.bucket);
    return this.#read("findTasks", (replicas) => bucket.find(read.keys, replicas));
  }

  loadSummaries(read: {
    partition: number;
    fromBucket: number;
    toBucket: number | null;
    rowsMax: number;
  }): Promise<readonly IndexedSummary[]> {
    return this.#read("loadSummaries", (replicas) =>
      this.#partition(read.partition).summaries(read, replicas),
    );
  }

  findSummary(read: { partition: number; bucket: number }): Promise<BucketSummary | null> {
    const cell = this.#partition(read.partition).summary(read.bucket);
    return this.#read("findSummary", (replicas) => cell.repaired(replicas)?.value ?? null);
  }

  writeSummary(write: {
    partition: number;
    bucket: number;
    timestamp: number;
    summary: BucketSummary;
  }): Promise<void> {
    const { partition, bucket, timestamp, summary } = write;
    const cell = this.#partition(partition).summary(bucket);
    return this.#write(
      { operation: "writeSummary", partition, timestamp, bucket, summary },
      {
        rows: 1,
        apply: (replica) => cell.write(replica, { value: summary, timestamp }),
        onAcked: () => this.#options.watcher?.onSummary(partition, bucket),
      },
    );
  }

  appendClaims(write: { partition: number; timestamp: number; row: JournalRow }): Promise<void> {
    const { partition, timestamp, row } = write;
    const { journal } = this.#partition(partition);
    return this.#write(
      { operation: "appendClaims", partition, timestamp },
      {
        rows: 1,
        apply: (replica) => journal.append(replica, row, timestamp),
      },
    );
  }

  loadClaims(read: {
    partition: number;
    from: JournalPosition;
    rowsMax: number;
  }): Promise<readonly JournalRow[]> {
    const { journal } = this.#partition(read.partition);
    return this.#read("loadClaims", (replicas) => journal.load(read.from, read.rowsMax, replicas));
  }

  trimClaims(write: {
    partition: number;
    timestamp: number;
    below: JournalPosition;
  }): Promise<void> {
    const { partition, timestamp, below } = write;
    const { journal } = this.#partition(partition);
    return this.#write(
      { operation: "trimClaims", partition, timestamp },
      {
        rows: 1,
        apply: (replica) => journal.trim(replica, below, timestamp),
      },
    );
  }

  writeDeadLetter(write: {
    partition: number;
    timestamp: number;
    letter: DeadLetter;
  }): Promise<void> {
    const { partition, timestamp, letter } = write;
    const name = `${letter.failedAtMs}/${taskKeyToken(letter.key)}`;
    const cell = this.#partition(partition).letter(name);
    return this.#write(
      { operation: "writeDeadLetter", partition, timestamp },
      {
        rows: 1,
        apply: (replica) => cell.write(replica, { value: letter, timestamp }),
      },
    );
  }

  loadDeadLetters(read: {
    partition: number;
    fromMs: number;
    toMs: number;
    rowsMax: number;
  }): Promise<readonly DeadLetter[]> {
    const { fromMs, toMs, rowsMax } = read;
    return this.#read("loadDeadLetters", (replicas) =>
      [...this.#partition(read.partition).letters.values()]
        .map((cell) => cell.repaired(replicas)?.value)
        .filter((letter) => letter !== undefined)
        .filter(({ failedAtMs }) => failedAtMs >= fromMs && failedAtMs < toMs)
        .toSorted(compareLetters)
        .slice(0, rowsMax),
    );
  }

  deleteBucketTasks(write: {
    partition: number;
    bucket: number;
    timestamp: number;
  }): Promise<void> {
    const { partition, timestamp } = write;
    const bucket = this.#partition(partition).bucket(write.bucket);
    return this.#write(
      { operation: "deleteBucketTasks", partition, timestamp, bucket: write.bucket },
      {
        rows: 1,
        apply: (replica) => bucket.deleteUpTo(replica, timestamp),
      },
    );
  }

  deleteSummary(write: { partition: number; bucket: number; timestamp: number }): Promise<void> {
    const { partition, bucket, timestamp } = write;
    const cell = this.#partition(partition).summary(bucket);
    return this.#write(
      { operation: "deleteSummary", partition, timestamp },
      {
        rows: 1,
        apply: (replica) => cell.write(replica, { value: null, timestamp }),
      },
    );
  }

  ensureQueueSettings(settings: QueueSettings): Promise<QueueSettings> {
    const { cluster } = this.#options.traffic;
    return this.#read("ensureQueueSettings", () => (cluster.settings ??= { ...settings }));
  }

  #partition(number: number): ReturnType<StoreTraffic["cluster"]["partition"]> {
    return this.#options.traffic.cluster.partition(number);
  }

  #write(sent: Omit<StoreWrite, "process">, write: RowsWrite): Promise<void> {
    const { traffic, host, process, watcher } = this.#options;
    const { operation, partition } = sent;
    watcher?.onWrite({ ...sent, process });
    const from = { host, process, operation };
    return traffic.write(from, {
      ...write,
      apply: (replica, row) => {
        if (write.apply(replica, row) === false) watcher?.onBeaten(process, partition);
      },
    });
  }

  #read<T>(operation: string, compute: (replicas: readonly number[]) => T): Promise<T> {
    const { traffic, host, process } = this.#options;
    return traffic.read({ host, process, operation }, compute);
  }
}

/** A write whose rows say whether they were newer than what was there. */
type RowsWrite = Omit<ReplicatedWrite, "apply"> & {
  readonly apply: (replica: number, row: number) => boolean | void;
};

function compareLetters(a: DeadLetter, b: DeadLetter): number {
  return a.failedAtMs - b.failedAtMs || compareTaskKeys(a.key, b.key);
}
