import {
  keyAfter,
  type LoadTasks,
  type PersistTasks,
  type RecordStatuses,
  type TaskKey,
  taskKeyToken,
  type TaskRow,
} from "@horae/core";
import { tupleOf } from "./driver.ts";
import { PageSize } from "./page-size.ts";
import { keyOf, requestText, statusText, taskRowOf } from "./rows.ts";
import type { Batch, Row, Session, Statement } from "./session.ts";
import { splitRows } from "./split-rows.ts";
import type { Statements } from "./statements.ts";

/** Keys that one statement looks for. */
const KEYS_MAX = 100;

/** Table `tasks`: the rows of a queue, per partition and bucket, sorted by task key. */
export class TaskTable {
  readonly #queue: string;
  readonly #session: Session;
  readonly #cql: Statements;
  readonly #page = new PageSize();

  constructor(queue: string, session: Session, cql: Statements) {
    this.#queue = queue;
    this.#session = session;
    this.#cql = cql;
  }

  async persist({ partition, bucket, timestamp, rows }: PersistTasks): Promise<void> {
    const stamp = BigInt(timestamp);
    const values = rows.map(({ key, request }) => [
      ...this.#rowKey(partition, bucket, key),
      requestText(request),
      request.dataJson,
      stamp,
    ]);
    await this.#session.writeBatches(this.#batches("persistTasks", this.#cql.persistTask, values));
  }

  async recordStatuses({ partition, bucket, timestamp, rows }: RecordStatuses): Promise<void> {
    const stamp = BigInt(timestamp);
    const values = rows.map(({ key, status }) => [
      stamp,
      statusText(status),
      ...this.#rowKey(partition, bucket, key),
    ]);
    await this.#session.writeBatches(
      this.#batches("recordStatuses", this.#cql.recordStatus, values),
    );
  }

  /** Page by page, each from where the last one ended: no state of a page is kept at a server. */
  async load(read: LoadTasks): Promise<readonly TaskRow[]> {
    const loaded: TaskRow[] = [];
    let { from } = read;
    for (;;) {
      const rowsMax = this.#page.rows(read.rowsMax - loaded.length);
      const rows = await this.#readPage({ ...read, from, rowsMax });
      loaded.push(...rows);
      if (rows.length < rowsMax || loaded.length >= read.rowsMax) return loaded;
      from = keyAfter(rows.at(-1)!.key);
    }
  }

  /** One statement for many keys: about five times as fast as one for each. */
  async find(read: {
    partition: number;
    bucket: number;
    keys: readonly TaskKey[];
  }): Promise<readonly TaskRow[]> {
    const { partition, bucket, keys } = read;
    const found = new Map<string, TaskRow>();
    const distinct = [...new Map(keys.map((key) => [taskKeyToken(key), key])).values()];
    const size = this.#page.rows(KEYS_MAX);
    for (let start = 0; start < distinct.length; start += size) {
      const tuples = distinct.slice(start, start + size).map((key) => tupleOf(...keyValues(key)));
      const rows = await this.#rows({
        operation: "findTasks",
        cql: this.#cql.findTasks,
        values: [...this.#bucketKey(partition, bucket), tuples],
      });
      for (const row of rows) found.set(taskKeyToken(keyOf(row)), taskRowOf(row));
    }
    return keys.flatMap((key) => found.get(taskKeyToken(key)) ?? []);
  }

  /** One tombstone for the bucket; cells that are newer than it stay. */
  async deleteBucket(write: {
    partition: number;
    bucket: number;
    timestamp: number;
  }): Promise<void> {
    const { partition, bucket, timestamp } = write;
    // Dying here is safe: the bucket's summary says `deleting`, and the next owner finishes it.
    await this.#session.write({
      operation: "deleteBucketTasks",
      cql: this.#cql.deleteBucketTasks,
      values: [BigInt(timestamp), ...this.#bucketKey(partition, bucket)],
    });
  }

  async #readPage({ partition, bucket, from, to, rowsMax }: LoadTasks): Promise<TaskRow[]> {
    const bounds = to === null ? keyValues(from) : [...keyValues(from), ...keyValues(to)];
    const rows = await this.#rows({
      operation: "loadTasks",
      cql: to === null ? this.#cql.loadTasksFrom : this.#cql.loadTasksBetween,
      values: [...this.#bucketKey(partition, bucket), ...bounds, rowsMax],
    });
    return rows.map(taskRowOf);
  }

  async #rows(statement: Statement): Promise<readonly Row[]> {
    try {
      const rows = await this.#session.read(statement);
      this.#page.seen(
        rows.length,
        rows.reduce((sum, row) => sum + bytesOf(row), 0),
      );
      return rows;
    } catch (error) {
      this.#page.failed();
      throw error;
    }
  }

  #batches(operation: string, cql: string, values: readonly (readonly unknown[])[]): Batch[] {
    return splitRows(values).map((rows) => ({ operation, cql, rows }));
  }

  #bucketKey(partition: number, bucket: number): unknown[] {
    return [this.#queue, partition, BigInt(bucket)];
  }

  #rowKey(partition: number, bucket: number, key: TaskKey): unknown[] {
    return [...this.#bucketKey(partition, bucket), ...keyValues(key)];
  }
}

/** The ids may be empty in a bound: '' is a text like others, and the smallest. */
export function keyValues(key: TaskKey): unknown[] {
  return [key.scheduledTimeMs, key.orderingId, key.uniquenessKey];
}

/** UTF-16 units are near enough to bytes for the size of a page. */
function bytesOf(row: Row): number {
  const data = row["data"] as string | null;
  const status = row["status"] as string | null;
  return 200 + (data?.length ?? 0) + (status?.length ?? 0);
}
