import { type Database, open, type RootDatabase } from "lmdb";

/**
 * Where the map begins; LMDB maps anew, at double the size, when the file outgrows it. Address space
 * costs nothing, and a map that never moves keeps no old maps beside it.
 */
const MAP_BYTES = 2 ** 36;

const TABLES_MAX = 24;

/** From `from`, inclusive, to `to`, exclusive. */
export interface KeyRange {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

export interface Entry<Row> {
  readonly key: Uint8Array;
  readonly row: Row;
}

/**
 * One sorted table: keys are bytes in `memcmp` order, rows are tuples in MessagePack. Tuples name no
 * fields, so that a row of 200 bytes does not carry 100 bytes of field names; they may only grow at
 * the end. `put` and `remove` are for transactions only.
 */
export class LmdbTable<Row extends readonly unknown[]> {
  readonly #database: Database<Row, Uint8Array>;
  readonly #touched: TouchCounter;

  constructor(database: Database<Row, Uint8Array>, touched: TouchCounter) {
    this.#database = database;
    this.#touched = touched;
  }

  get(key: Uint8Array): Row | undefined {
    this.#touched.rows++;
    return this.#database.get(key);
  }

  put(key: Uint8Array, row: Row): void {
    this.#touched.rows++;
    // Inside a transaction this has happened when it returns, and its promise says nothing.
    void this.#database.put(key, row);
  }

  remove(key: Uint8Array): void {
    this.#touched.rows++;
    void this.#database.remove(key);
  }

  /** The first `rowsMax` entries of the range. */
  range({ from, to }: KeyRange, rowsMax: number): Entry<Row>[] {
    const entries: Entry<Row>[] = [];
    if (rowsMax <= 0) return entries;
    for (const { key, value } of this.#database.getRange({ start: from, end: to })) {
      entries.push({ key, row: value });
      if (entries.length >= rowsMax) break;
    }
    this.#touched.rows += entries.length;
    return entries;
  }

  /** The first entries of the range while `wants` says so. */
  rangeWhile({ from, to }: KeyRange, wants: (entry: Entry<Row>) => boolean): Entry<Row>[] {
    const entries: Entry<Row>[] = [];
    for (const { key, value } of this.#database.getRange({ start: from, end: to })) {
      const entry = { key, row: value };
      if (!wants(entry)) break;
      entries.push(entry);
    }
    this.#touched.rows += entries.length;
    return entries;
  }

  /** The last key of the range, whose bounds must be no keys themselves. */
  lastKey({ from, to }: KeyRange): Uint8Array | null {
    this.#touched.rows++;
    const keys = this.#database.getKeys({ start: to, end: from, reverse: true, limit: 1 });
    for (const key of keys) return key;
    return null;
  }
}

/** Rows read and written since the file was opened: how much of it may have become resident. */
export interface TouchCounter {
  rows: number;
}

/**
 * The one LMDB file of a directory, and the only code that knows the driver. A transaction that
 * resolves is synced: the data pages first, then the page that makes them valid, so that a crash of
 * process or machine at any instant leaves the last committed state.
 */
export class LmdbFile {
  readonly touched: TouchCounter = { rows: 0 };
  readonly #root: RootDatabase<readonly unknown[], Uint8Array>;

  /** Opens the file, or makes it. Throws what LMDB throws. */
  constructor(path: string) {
    this.#root = open<readonly unknown[], Uint8Array>({
      path,
      noSubdir: true,
      maxDbs: TABLES_MAX,
      mapSize: MAP_BYTES,
      // A commit is visible only when it is durable; a failed sync is a failed commit. With
      // overlapping syncs readers would see what a failed sync takes back.
      overlappingSync: false,
      // Commits are grouped by our own queue. The driver's batching would add a promise of its own
      // for each turn, which nobody handles when the commit fails.
      eventTurnBatching: false,
      // No writemap: a full disk would be a SIGBUS instead of an error.
      useWritemap: false,
      ...TABLE_OPTIONS,
    });
  }

  /** A table, made when it does not exist. */
  table<Row extends readonly unknown[]>(name: string): LmdbTable<Row> {
    const database = this.#root.openDB<Row, Uint8Array>({ name, ...TABLE_OPTIONS });
    return new LmdbTable(database, this.touched);
  }

  /** Runs `work` in a transaction; resolves when it is synced. `work` must not throw. */
  async transact(work: () => void): Promise<void> {
    try {
      await this.#root.transaction(work);
    } catch (error) {
      throw await reasonOf(error);
    }
  }

  /** Runs `work` in a transaction that blocks the process until it is synced. */
  transactSync<T>(work: () => T): T {
    return this.#root.transactionSync(work);
  }

  close(): Promise<void> {
    return this.#root.close();
  }
}

const TABLE_OPTIONS = { encoding: "msgpack", keyEncoding: "binary", useRecords: false } as const;

/** The driver rejects with an error that promises the real one. */
async function reasonOf(error: unknown): Promise<unknown> {
  try {
    await (error as { commitError?: Promise<unknown> }).commitError;
    return error;
  } catch (reason) {
    return reason;
  }
}
