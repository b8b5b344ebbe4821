import { type Cells, wins } from "../memory-cells.ts";

/** A group of cells on each of the replicas; on each of them the highest timestamp wins. */
export class ReplicatedCell<T> {
  readonly #cells: (Cells<T> | null)[];

  constructor(replicas: number) {
    this.#cells = Array.from({ length: replicas }, () => null);
  }

  /** False when there was a newer one. */
  write(replica: number, cell: Cells<T>): boolean {
    if (!wins(cell.timestamp, this.#cells[replica])) return false;
    this.#cells[replica] = cell;
    return true;
  }

  at(replica: number): Cells<T> | null {
    return this.#cells[replica] ?? null;
  }

  /** What a read of these replicas finds. */
  newest(replicas: readonly number[]): Cells<T> | null {
    let newest: Cells<T> | null = null;
    for (const replica of replicas) {
      const cell = this.#cells[replica];
      if (cell != null && wins(cell.timestamp, newest)) newest = cell;
    }
    return newest;
  }

  /** What a read finds, written back to the replicas that were read: blocking read repair. */
  repaired(replicas: readonly number[]): Cells<T> | null {
    const newest = this.newest(replicas);
    if (newest !== null) for (const replica of replicas) this.write(replica, newest);
    return newest;
  }
}
