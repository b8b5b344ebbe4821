import { compareJournalPositions, type JournalPosition, type JournalRow } from "@horae/core";
import { type Cells, wins } from "../memory-cells.ts";
import { getOrMake } from "../get-or-make.ts";
import { ReplicatedCell } from "./replicated-cell.ts";

interface Entry {
  readonly position: JournalPosition;
  readonly row: ReplicatedCell<JournalRow>;
}

/** The attempt journal of one partition on all replicas. */
export class ReplicatedJournal {
  readonly #replicas: number;
  readonly #entries = new Map<string, Entry>();
  /** Per replica: the range deletions that it knows. */
  readonly #trims: Cells<JournalPosition>[][];

  constructor(replicas: number) {
    this.#replicas = replicas;
    this.#trims = Array.from({ length: replicas }, () => []);
  }

  append(replica: number, row: JournalRow, timestamp: number): void {
    const at = `${row.epoch}/${row.sequence}`;
    const { epoch, sequence } = row;
    const entry = getOrMake(this.#entries, at, () => ({
      position: { epoch, sequence },
      row: new ReplicatedCell<JournalRow>(this.#replicas),
    }));
    entry.row.write(replica, { value: row, timestamp });
  }

  trim(replica: number, below: JournalPosition, timestamp: number): void {
    const trims = this.#trims[replica]!;
    const covers = (a: Cells<JournalPosition>, b: Cells<JournalPosition>): boolean =>
      wins(a.timestamp, b) && compareJournalPositions(a.value, b.value) >= 0;
    const trim = { value: below, timestamp };
    if (trims.some((known) => covers(known, trim))) return;
    this.#trims[replica] = [...trims.filter((known) => !covers(trim, known)), trim];
    this.#forgetDeleted();
  }

  load(from: JournalPosition, rowsMax: number, replicas: readonly number[]): JournalRow[] {
    const trims = replicas.flatMap((replica) => this.#trims[replica]!);
    for (const replica of replicas) {
      for (const { value, timestamp } of trims) this.trim(replica, value, timestamp);
    }
    return [...this.#entries.values()]
      .filter(({ position }) => compareJournalPositions(position, from) >= 0)
      .map(({ row }) => row.repaired(replicas))
      .filter((cell) => cell !== null && !isTrimmed(cell, trims))
      .map((cell) => cell!.value)
      .toSorted(compareJournalPositions)
      .slice(0, rowsMax);
  }

  /** What these replicas have: for those who watch. */
  peek(replicas: readonly number[]): JournalRow[] {
    const trims = replicas.flatMap((replica) => this.#trims[replica]!);
    return [...this.#entries.values()]
      .map(({ row }) => row.newest(replicas))
      .filter((cell) => cell !== null && !isTrimmed(cell, trims))
      .map((cell) => cell!.value);
  }

  /** Rows that every replica has deleted can be let go of. */
  #forgetDeleted(): void {
    for (const [at, { row }] of this.#entries) {
      const isGone = this.#trims.every((trims, replica) => {
        const cell = row.at(replica);
        return cell !== null && isTrimmed(cell, trims);
      });
      if (isGone) this.#entries.delete(at);
    }
  }
}

function isTrimmed(cell: Cells<JournalRow>, trims: readonly Cells<JournalPosition>[]): boolean {
  return trims.some(
    ({ value: below, timestamp }) =>
      compareJournalPositions(cell.value, below) < 0 && timestamp >= cell.timestamp,
  );
}
