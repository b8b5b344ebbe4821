/** How many rows a listing may still read, and how many it has read. */
export class ReadBudget {
  readonly #rowsMax: number;
  #rowsRead = 0;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
  }

  get rowsRead(): number {
    return this.#rowsRead;
  }

  /** As many rows as may be read, up to `wanted`; 0 when the budget is spent. */
  allow(wanted: number): number {
    return Math.max(0, Math.min(wanted, this.#rowsMax - this.#rowsRead));
  }

  spend(rows: number): void {
    this.#rowsRead += rows;
  }
}
