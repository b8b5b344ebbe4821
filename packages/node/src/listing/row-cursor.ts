import type { TaskKey, TaskRow, TaskStore } from "@horae/core";
import { bucketOf, compareTaskKeys, lowerBoundKey } from "@horae/core";
import type { Cursor, Step } from "./merge-cursors.ts";
import type { ReadBudget } from "./read-budget.ts";

/** Summaries that are read at once; they are small. */
const SUMMARIES_MAX = 200;

export interface RowRange {
  readonly partition: number;
  readonly bucketMs: number;
  /** Epoch milliseconds, inclusive. */
  readonly fromMs: number;
  /** Exclusive. */
  readonly toMs: number;
  /** Rows at or below this key are left out. */
  readonly after: TaskKey | null;
  /** Rows that are read at once. */
  readonly rowsMax: number;
}

export interface ListedRow {
  readonly partition: number;
  readonly row: TaskRow;
}

/**
 * The rows of one partition in key order. The index says which buckets there are, so that an empty
 * time costs nothing.
 */
export class RowCursor implements Cursor<ListedRow> {
  readonly #store: Pick<TaskStore, "loadSummaries" | "loadTasks">;
  readonly #range: RowRange;
  readonly #budget: ReadBudget;
  #buckets: number[] = [];
  #nextBucket: number;
  #hasMoreBuckets = true;
  #rows: TaskRow[] = [];
  /** Everything below it has been read; exclusive of `#after`. */
  #from: TaskKey;
  #after: TaskKey | null;

  constructor(
    store: Pick<TaskStore, "loadSummaries" | "loadTasks">,
    range: RowRange,
    budget: ReadBudget,
  ) {
    this.#store = store;
    this.#range = range;
    this.#budget = budget;
    this.#after = range.after;
    const from = lowerBoundKey(range.fromMs);
    this.#from =
      range.after !== null && compareTaskKeys(range.after, from) > 0 ? range.after : from;
    this.#nextBucket = bucketOf(this.#from, range.bucketMs);
  }

  async next(): Promise<Step<ListedRow>> {
    for (;;) {
      const row = this.#rows.shift();
      if (row !== undefined)
        return { kind: "item", item: { partition: this.#range.partition, row } };
      const bucket = this.#buckets[0] ?? (await this.#readBuckets());
      if (bucket === null) return { kind: "end" };
      if (!(await this.#readRows(bucket))) return { kind: "spent" };
    }
  }

  /** The next bucket that has rows; null when there is none below the end. */
  async #readBuckets(): Promise<number | null> {
    const { partition, bucketMs, toMs } = this.#range;
    const toBucket = bucketOf({ scheduledTimeMs: toMs - 1 }, bucketMs);
    if (!this.#hasMoreBuckets || this.#nextBucket > toBucket) return null;
    const read = { partition, fromBucket: this.#nextBucket, toBucket, rowsMax: SUMMARIES_MAX };
    const found = await this.#store.loadSummaries(read);
    this.#buckets = found.map(({ bucket }) => bucket);
    this.#hasMoreBuckets = found.length === SUMMARIES_MAX;
    this.#nextBucket = (found.at(-1)?.bucket ?? toBucket) + 1;
    return this.#buckets[0] ?? null;
  }

  /** False when the budget is spent. */
  async #readRows(bucket: number): Promise<boolean> {
    const { partition, bucketMs, toMs } = this.#range;
    // The key after which to go on comes once more, and is not counted.
    const repeated = this.#after !== null && bucketOf(this.#after, bucketMs) === bucket ? 1 : 0;
    const rowsMax = this.#budget.allow(this.#range.rowsMax);
    if (rowsMax === 0) return false;
    const to = lowerBoundKey(toMs);
    const isLast = bucket === bucketOf({ scheduledTimeMs: toMs - 1 }, bucketMs);
    const from =
      bucket === bucketOf(this.#from, bucketMs) ? this.#from : lowerBoundKey(bucket * bucketMs);
    const found = await this.#store.loadTasks({
      partition,
      bucket,
      from,
      to: isLast ? to : null,
      rowsMax: rowsMax + repeated,
    });
    this.#rows = found.filter(
      ({ key }) => this.#after === null || compareTaskKeys(key, this.#after) > 0,
    );
    this.#budget.spend(this.#rows.length);
    const last = found.at(-1);
    if (last === undefined || found.length < rowsMax + repeated) this.#buckets.shift();
    if (last !== undefined) {
      this.#from = last.key;
      this.#after = last.key;
    }
    return true;
  }
}
