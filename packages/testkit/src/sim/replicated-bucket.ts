import {
  compareTaskKeys,
  type StatusCells,
  type TaskKey,
  taskKeyToken,
  type TaskRequest,
  type TaskRow,
} from "@horae/core";
import { firstIndex } from "../first-index.ts";
import { getOrMake } from "../get-or-make.ts";
import { ReplicatedCell } from "./replicated-cell.ts";

interface ReplicatedRow {
  readonly key: TaskKey;
  readonly request: ReplicatedCell<TaskRequest>;
  readonly status: ReplicatedCell<StatusCells>;
}

/** The rows of one bucket on all replicas. */
export class ReplicatedBucket {
  readonly #replicas: number;
  readonly #rows = new Map<string, ReplicatedRow>();
  #sorted: ReplicatedRow[] | null = null;
  /** Per replica: rows that are not newer are deleted. */
  readonly #deletedAt: number[];

  constructor(replicas: number) {
    this.#replicas = replicas;
    this.#deletedAt = Array.from({ length: replicas }, () => -1);
  }

  writeRequest(
    replica: number,
    key: TaskKey,
    cell: { value: TaskRequest; timestamp: number },
  ): boolean {
    return this.#row(key).request.write(replica, cell);
  }

  writeStatus(
    replica: number,
    key: TaskKey,
    cell: { value: StatusCells; timestamp: number },
  ): boolean {
    return this.#row(key).status.write(replica, cell);
  }

  deleteUpTo(replica: number, timestamp: number): void {
    this.#deletedAt[replica] = Math.max(this.#deletedAt[replica]!, timestamp);
  }

  /** A quorum read; what it finds is repaired on the replicas it has read. */
  find(keys: readonly TaskKey[], replicas: readonly number[]): TaskRow[] {
    return keys
      .map((key) => this.#rows.get(taskKeyToken(key)))
      .filter((row) => row !== undefined)
      .map((row) => this.#read(row, replicas, true))
      .filter((row) => row !== null);
  }

  /** Rows from `from` (inclusive) to `to` (exclusive; null: the end), at most `rowsMax`. */
  load(
    range: { from: TaskKey; to: TaskKey | null; rowsMax: number },
    replicas: readonly number[],
  ): TaskRow[] {
    const { from, to, rowsMax } = range;
    const rows: TaskRow[] = [];
    const sorted = this.#inOrder();
    const first = firstIndex(sorted, ({ key }) => compareTaskKeys(key, from) < 0);
    for (let at = first; rows.length < rowsMax; at++) {
      const row = sorted[at];
      if (row === undefined || (to !== null && compareTaskKeys(row.key, to) >= 0)) break;
      const read = this.#read(row, replicas, true);
      if (read !== null) rows.push(read);
    }
    return rows;
  }

  /** What these replicas have, without any repair: for those who watch. */
  peek(replicas: readonly number[]): TaskRow[] {
    return this.#inOrder()
      .map((row) => this.#read(row, replicas, false))
      .filter((row) => row !== null);
  }

  peekOne(key: TaskKey, replicas: readonly number[]): TaskRow | null {
    const row = this.#rows.get(taskKeyToken(key));
    return row === undefined ? null : this.#read(row, replicas, false);
  }

  #read(row: ReplicatedRow, replicas: readonly number[], isRepairing: boolean): TaskRow | null {
    let deletedAt = -1;
    for (const replica of replicas) deletedAt = Math.max(deletedAt, this.#deletedAt[replica]!);
    if (isRepairing && deletedAt >= 0) {
      for (const replica of replicas) this.deleteUpTo(replica, deletedAt);
    }
    const request = isRepairing ? row.request.repaired(replicas) : row.request.newest(replicas);
    const status = isRepairing ? row.status.repaired(replicas) : row.status.newest(replicas);
    const hasRequest = request !== null && request.timestamp > deletedAt;
    const hasStatus = status !== null && status.timestamp > deletedAt;
    if (!hasRequest && !hasStatus) return null;
    return {
      key: row.key,
      request: hasRequest ? request.value : null,
      status: hasStatus ? status.value : null,
    };
  }

  #row(key: TaskKey): ReplicatedRow {
    return getOrMake(this.#rows, taskKeyToken(key), () => {
      this.#sorted = null;
      return {
        key,
        request: new ReplicatedCell<TaskRequest>(this.#replicas),
        status: new ReplicatedCell<StatusCells>(this.#replicas),
      };
    });
  }

  #inOrder(): readonly ReplicatedRow[] {
    this.#sorted ??= [...this.#rows.values()].toSorted((a, b) => compareTaskKeys(a.key, b.key));
    return this.#sorted;
  }
}
