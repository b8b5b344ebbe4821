/** What one answer of Cassandra should hold, bytes. */
const PAGE_BYTES = 2 * 1024 * 1024;
const PAGE_ROWS_MAX = 500;
/** Before the first row is seen: cautious, rows can have 256 KiB. */
const FIRST_ROW_BYTES = 16 * 1024;
/** How fast a time of large rows is forgotten, per page. */
const DECAY = 0.7;
const FAILURE_FACTOR = 4;
/** Failures mean an outage more often than a page that is too large: four rows are few enough. */
const ROW_BYTES_MAX = PAGE_BYTES / 4;

/**
 * How many rows to ask for in one statement. Cassandra counts pages in rows, not in bytes, and an
 * answer of hundreds of large rows hurts both sides: so the size of recent rows decides.
 */
export class PageSize {
  #rowBytes = FIRST_ROW_BYTES;

  /** At least one, at most `rowsMax`. */
  rows(rowsMax: number): number {
    const fitting = Math.floor(PAGE_BYTES / this.#rowBytes);
    return Math.max(1, Math.min(rowsMax, PAGE_ROWS_MAX, fitting));
  }

  /** A page came: `rows` rows with `bytes` in all. */
  seen(rows: number, bytes: number): void {
    if (rows === 0) return;
    this.#rowBytes = Math.max(1, bytes / rows, this.#rowBytes * DECAY);
  }

  /** A page did not come: maybe it was too large, the next one is smaller. */
  failed(): void {
    this.#rowBytes = Math.min(ROW_BYTES_MAX, this.#rowBytes * FAILURE_FACTOR);
  }
}
