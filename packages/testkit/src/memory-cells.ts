/** A group of cells that are written together; the highest timestamp wins. */
export interface Cells<T> {
  readonly value: T;
  readonly timestamp: number;
}

/** Equal timestamps are a repetition of the same write. */
export function wins(timestamp: number, present: Cells<unknown> | null | undefined): boolean {
  return timestamp >= (present?.timestamp ?? -1);
}
