/** Counts how often interesting states are reached. */
export class Reach {
  readonly counts = new Map<string, number>();

  add(state: string, count = 1): void {
    this.counts.set(state, (this.counts.get(state) ?? 0) + count);
  }

  merge(other: ReadonlyMap<string, number>): void {
    for (const [state, count] of other) this.add(state, count);
  }
}
