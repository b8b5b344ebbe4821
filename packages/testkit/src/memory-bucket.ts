import {
  compareTaskKeys,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRequest,
  type TaskRow,
} from "@horae/core";
import { firstIndex } from "./first-index.ts";
import { type Cells, wins } from "./memory-cells.ts";

interface StoredTask {
  readonly key: TaskKey;
  request: Cells<TaskRequest> | null;
  status: Cells<StatusCells> | null;
}

/** The rows of one bucket, with the timestamps of their cells and of the bucket's deletion. */
export class MemoryBucket {
  readonly #tasks = new Map<string, StoredTask>();
  /** In key order; null when it has to be sorted again. */
  #sorted: StoredTask[] | null = null;
  /** Timestamp of the latest deletion of the whole bucket. */
  #deletedAt = -1;

  putRequest(key: TaskKey, request: TaskRequest, timestamp: number): void {
    if (timestamp <= this.#deletedAt) return;
    const task = this.#task(key);
    if (wins(timestamp, task.request))
      task.request = { value: structuredClone(request), timestamp };
  }

  putStatus(key: TaskKey, status: StatusCells, timestamp: number): void {
    if (timestamp <= this.#deletedAt) return;
    const task = this.#task(key);
    if (wins(timestamp, task.status)) task.status = { value: structuredClone(status), timestamp };
  }

  find(key: TaskKey): TaskRow | null {
    const task = this.#tasks.get(taskKeyToken(key));
    return task === undefined ? null : rowOf(task);
  }

  /** Rows from `from`, inclusive, to `to`, exclusive; null is the end. */
  load(from: TaskKey, to: TaskKey | null, rowsMax: number): TaskRow[] {
    this.#sorted ??= [...this.#tasks.values()].toSorted((a, b) => compareTaskKeys(a.key, b.key));
    const rows: TaskRow[] = [];
    const isBelow = ({ key }: StoredTask): boolean => compareTaskKeys(key, from) < 0;
    for (let at = firstIndex(this.#sorted, isBelow); rows.length < rowsMax; at++) {
      const task = this.#sorted[at];
      if (task === undefined || (to !== null && compareTaskKeys(task.key, to) >= 0)) break;
      rows.push(rowOf(task));
    }
    return rows;
  }

  /** Removes what is not newer, and refuses from now on what is not newer. */
  deleteUpTo(timestamp: number): void {
    this.#deletedAt = Math.max(this.#deletedAt, timestamp);
    this.#sorted = null;
    for (const [token, task] of this.#tasks) {
      if (task.request !== null && task.request.timestamp <= timestamp) task.request = null;
      if (task.status !== null && task.status.timestamp <= timestamp) task.status = null;
      if (task.request === null && task.status === null) this.#tasks.delete(token);
    }
  }

  all(): TaskRow[] {
    return [...this.#tasks.values()].map(rowOf);
  }

  #task(key: TaskKey): StoredTask {
    const token = taskKeyToken(key);
    let task = this.#tasks.get(token);
    if (task === undefined) {
      task = { key, request: null, status: null };
      this.#tasks.set(token, task);
      this.#sorted = null;
    }
    return task;
  }
}

function rowOf({ key, request, status }: StoredTask): TaskRow {
  return { key, request: request?.value ?? null, status: status?.value ?? null };
}
