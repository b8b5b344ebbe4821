import { readFileSync } from "node:fs";

/** How much of the file may become resident before its map is dropped. */
const RESIDENT_BYTES_MAX = 8 * 2 ** 20;

/** Rows between two looks at how much it is: a look costs twenty microseconds. */
const ROWS_PER_LOOK = 100;

const PAGE_BYTES = 4_096;

/**
 * Says when a mapped file has taken enough memory. Pages that were read through a map count as
 * resident until it is dropped or the kernel needs them: ingesting 300,000 tasks would show as
 * 150 MB that nobody uses. Opening the file again costs about two milliseconds and takes them back.
 *
 * Where `/proc` does not tell, the answer is always no.
 */
export class ResidentPages {
  #rowsLooked = 0;
  /** Resident pages of all mapped files when this file was opened; null where nobody tells. */
  readonly #pagesBefore = sharedPages();

  #isTooMuch = false;

  /** `rowsTouched` since the file was opened. Once it is too much it stays so. */
  isTooMuch(rowsTouched: number): boolean {
    const isTimeToLook = rowsTouched - this.#rowsLooked >= ROWS_PER_LOOK;
    if (this.#isTooMuch || !isTimeToLook || this.#pagesBefore === null) return this.#isTooMuch;
    this.#rowsLooked = rowsTouched;
    const pages = sharedPages();
    this.#isTooMuch =
      pages !== null && (pages - this.#pagesBefore) * PAGE_BYTES > RESIDENT_BYTES_MAX;
    return this.#isTooMuch;
  }
}

/** The third field of statm: resident pages that are backed by files. */
function sharedPages(): number | null {
  try {
    const pages = Number(readFileSync("/proc/self/statm", "utf8").split(" ")[2]);
    return Number.isFinite(pages) ? pages : null;
  } catch {
    // No such file: another operating system.
    return null;
  }
}
