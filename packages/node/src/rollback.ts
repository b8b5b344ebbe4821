/** What has been started, to be undone in reverse order, whatever of it fails. */
export class Rollback {
  readonly #steps: (() => Promise<void> | void)[] = [];

  add(undo: () => Promise<void> | void): void {
    this.#steps.push(undo);
  }

  /** Undoes everything once. Rejects with an AggregateError of what failed. */
  async undoAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#steps.pop(); undo !== undefined; undo = this.#steps.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "not everything stopped cleanly");
  }
}
