import type { DeadLetter, TaskKey, TaskStore } from "@horae/core";
import { compareTaskKeys } from "@horae/core";
import type { Cursor, Step } from "./merge-cursors.ts";
import type { ReadBudget } from "./read-budget.ts";

/** Where a dead letter stands: in order of failure. */
export interface LetterPosition {
  readonly failedAtMs: number;
  readonly key: TaskKey;
}

export interface ListedLetter {
  readonly partition: number;
  readonly letter: DeadLetter;
}

export interface LetterRange {
  readonly partition: number;
  /** Of the failure, epoch milliseconds, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Letters at or below this position are left out. */
  readonly after: LetterPosition | null;
  /** Letters that are read at once. */
  readonly rowsMax: number;
}

/** The dead letters of one partition in order of failure. */
export class LetterCursor implements Cursor<ListedLetter> {
  readonly #store: Pick<TaskStore, "loadDeadLetters">;
  readonly #range: LetterRange;
  readonly #budget: ReadBudget;
  #letters: DeadLetter[] = [];
  #after: LetterPosition | null;
  #hasMore = true;

  constructor(store: Pick<TaskStore, "loadDeadLetters">, range: LetterRange, budget: ReadBudget) {
    this.#store = store;
    this.#range = range;
    this.#budget = budget;
    this.#after = range.after;
  }

  async next(): Promise<Step<ListedLetter>> {
    for (;;) {
      const letter = this.#letters.shift();
      if (letter !== undefined) {
        return { kind: "item", item: { partition: this.#range.partition, letter } };
      }
      if (!this.#hasMore) return { kind: "end" };
      if (!(await this.#read())) return { kind: "spent" };
    }
  }

  /**
   * Letters can only be read from an instant on: those of the last one come again, and where they fill
   * the whole answer more are asked for. False when the budget is spent.
   */
  async #read(): Promise<boolean> {
    const { partition, fromMs, toMs } = this.#range;
    const wanted = this.#budget.allow(this.#range.rowsMax);
    if (wanted === 0) return false;
    const after = this.#after;
    const from = Math.max(fromMs, after?.failedAtMs ?? fromMs);
    for (let rowsMax = wanted + 1; ; rowsMax *= 2) {
      const read = { partition, fromMs: from, toMs, rowsMax };
      const found = await this.#store.loadDeadLetters(read);
      const fresh = found.filter((letter) => after === null || compareLetters(letter, after) > 0);
      this.#hasMore = found.length === rowsMax;
      if (fresh.length === 0 && this.#hasMore) continue;
      this.#letters = fresh;
      this.#after = fresh.at(-1) ?? after;
      this.#budget.spend(fresh.length);
      return true;
    }
  }
}

export function compareLetters(a: LetterPosition, b: LetterPosition): number {
  return a.failedAtMs - b.failedAtMs || compareTaskKeys(a.key, b.key);
}
