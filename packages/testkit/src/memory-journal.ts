import { compareJournalPositions, type JournalPosition, type JournalRow } from "@horae/core";
import { type Cells, wins } from "./memory-cells.ts";

/** The attempt journal of one partition. */
export class MemoryJournal {
  readonly #rows = new Map<string, Cells<JournalRow>>();
  #trimmedBelow: Cells<JournalPosition> | null = null;

  append(row: JournalRow, timestamp: number): void {
    const trim = this.#trimmedBelow;
    if (
      trim !== null &&
      trim.timestamp >= timestamp &&
      compareJournalPositions(row, trim.value) < 0
    ) {
      return;
    }
    const at = `${row.epoch}/${row.sequence}`;
    if (wins(timestamp, this.#rows.get(at))) {
      this.#rows.set(at, { value: structuredClone(row), timestamp });
    }
  }

  load(from: JournalPosition, rowsMax: number): JournalRow[] {
    return [...this.#rows.values()]
      .map(({ value }) => value)
      .filter((row) => compareJournalPositions(row, from) >= 0)
      .toSorted(compareJournalPositions)
      .slice(0, rowsMax);
  }

  trim(below: JournalPosition, timestamp: number): void {
    for (const [at, { value, timestamp: written }] of this.#rows) {
      const isBelow = compareJournalPositions(value, below) < 0;
      if (isBelow && written <= timestamp) this.#rows.delete(at);
    }
    if (wins(timestamp, this.#trimmedBelow)) {
      this.#trimmedBelow = { value: { ...below }, timestamp };
    }
  }
}
