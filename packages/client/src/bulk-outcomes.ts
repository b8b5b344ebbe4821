import type { ScheduleOutcome } from "./task-input.ts";

/** Collects the outcomes of a bulk call in the order of its tasks, with one promise for all. */
export class BulkOutcomes {
  readonly #outcomes: ScheduleOutcome[] = [];
  #begun = 0;
  #settled = 0;
  #onSettled: (() => void) | undefined;

  /** A place for the outcome of the next task. */
  next(): (outcome: ScheduleOutcome) => void {
    const place = this.#begun++;
    return (outcome) => {
      this.#outcomes[place] = outcome;
      this.#settled++;
      if (this.#settled === this.#begun) this.#onSettled?.();
    };
  }

  /** Resolves when every place has its outcome; there are no further ones then. */
  all(): Promise<ScheduleOutcome[]> {
    return new Promise((resolve) => {
      if (this.#settled === this.#begun) resolve(this.#outcomes);
      else this.#onSettled = () => resolve(this.#outcomes);
    });
  }
}
